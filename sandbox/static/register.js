// Waits for the registering tool to say that it is done, from its frame or its window.
const frame = document.querySelector("iframe");
const button = document.querySelector("[data-window]");
let opened = null;

button?.addEventListener("click", () => {
  opened = window.open(button.dataset.window, "registration", "width=800,height=600");
});

window.addEventListener("message", (event) => {
  const ours = (frame && event.source === frame.contentWindow) || (opened && event.source === opened);
  if (!ours || event.data?.subject !== "org.imsglobal.lti.close") return;
  opened?.close();
  location.assign((frame ?? button).dataset.done);
});
