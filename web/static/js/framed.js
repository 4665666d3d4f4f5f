/* A launch whose session no cookie holds: its bearer lives in this document's memory alone. htmx puts every page into the document
   and sends the bearer along, so that it stands in no address, history, Referer or log. A reload ends the session. */
(function () {
  "use strict";
  var PATIENCE_MS = 10000;
  var PAGES = /^\/(learn|cohort|bind|lti)\//;
  var form = document.getElementById("launch");
  var storage = window.platformStorage(form.dataset);
  var bearer = "";

  document.addEventListener("htmx:configRequest", function (event) {
    if (bearer) event.detail.headers.Authorization = "Bearer " + bearer;
  });
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    bearer = event.detail.xhr.getResponseHeader("X-Bearer") || bearer;
  });
  /* The answer to a link is a page, also where it says what is wrong. */
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.xhr.status < 400 || !event.detail.requestConfig.headers["HX-Boosted"]) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  /* Whatever is no page of the launch must not take this document's place. */
  document.addEventListener("htmx:beforeProcessNode", function (event) {
    var link = event.target;
    if (link.tagName !== "A" || link.target || link.getAttribute("href").charAt(0) === "#") return;
    if (link.origin !== location.origin || !PAGES.test(link.pathname)) { link.target = "_blank"; link.rel = "noopener"; }
  });
  /* A selection goes to the platform by a form, which navigates the frame and cannot carry a header. */
  document.addEventListener("submit", function (event) {
    if (!bearer || !event.target.hasAttribute("data-leaves")) return;
    var field = document.createElement("input");
    field.type = "hidden";
    field.name = "bearer";
    field.value = bearer;
    event.target.appendChild(field);
  }, true);

  /* Without a proof the launch is sent all the same: the refusal says what to do, and the administrator's log knows of it. */
  function launch(proof) {
    if (!form) return;
    bearer = typeof proof === "string" ? proof : "";
    form.requestSubmit();
    form = null;
    storage.put(null).catch(function () { /* it is used up, kept or not */ });
  }
  /* htmx takes the form up at this event, before us. */
  document.addEventListener("DOMContentLoaded", function () {
    storage.get().then(launch, launch);
    setTimeout(launch, PATIENCE_MS);
  });
})();
