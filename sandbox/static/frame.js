// The LMS side of the tool's frame: resizing, and LTI platform storage (put_data, get_data).
// It runs before the frame is there, so that no message of a fast tool is lost. Where a frame of its own keeps the data, it runs there too.
const { origins: listed, storage } = document.currentScript.dataset;
const origins = listed.split(" ");
const storageOn = storage === "on";
const STORAGE_FRAME = "lti_storage";
const MIN_HEIGHT_PX = 640;
const MAX_HEIGHT_PX = 20000;
const MAX_KEYS = 500;
const MAX_VALUE_LENGTH = 4096;
const kept = new Map(); // origin -> Map(key -> value): one tool never reads another's.

const SUPPORTED = [{ subject: "lti.capabilities" }, { subject: "lti.frameResize" }];
for (const subject of ["lti.put_data", "lti.get_data"]) {
  if (storageOn) SUPPORTED.push({ subject });
  if (storage === "frame") SUPPORTED.push({ subject, frame: STORAGE_FRAME });
}

function toolFrame() {
  return document.getElementById("tool") ?? window.parent.document.getElementById("tool");
}

function isInOurFrame(source) {
  const frame = toolFrame();
  if (!frame) return false;
  for (let window_ = source; window_; window_ = window_.parent) {
    if (window_ === frame.contentWindow) return true;
    if (window_ === window_.parent) return false;
  }
  return false;
}

function refusal(code, message) {
  return { error: { code, message } };
}

function putData(origin, { key, value }) {
  if (typeof key !== "string" || !key) return refusal("bad_request", "key must be a text");
  const mine = kept.get(origin) ?? new Map();
  if (value === null || value === undefined) {
    mine.delete(key);
    return { key };
  }
  if (typeof value !== "string") return { key, ...refusal("bad_request", "value must be a text") };
  if (value.length > MAX_VALUE_LENGTH || (mine.size >= MAX_KEYS && !mine.has(key))) {
    return { key, ...refusal("storage_exhaustion", "the storage is full") };
  }
  mine.set(key, value);
  kept.set(origin, mine);
  return { key, value };
}

function getData(origin, { key }) {
  if (typeof key !== "string" || !key) return refusal("bad_request", "key must be a text");
  return { key, value: kept.get(origin)?.get(key) ?? null };
}

function resize({ height }) {
  const wanted = Number.parseFloat(height);
  if (!Number.isFinite(wanted)) return refusal("bad_request", "height must be a number");
  toolFrame().style.height = `${Math.min(Math.max(wanted, MIN_HEIGHT_PX), MAX_HEIGHT_PX)}px`;
  return {};
}

function answerTo(origin, data) {
  switch (data.subject) {
    case "lti.capabilities":
      return { supported_messages: SUPPORTED };
    case "lti.put_data":
      return storageOn ? putData(origin, data) : refusal("unsupported_subject", "storage is off");
    case "lti.get_data":
      return storageOn ? getData(origin, data) : refusal("unsupported_subject", "storage is off");
    case "lti.frameResize":
      return resize(data);
    default:
      return refusal("unsupported_subject", `${data.subject} is not supported here`);
  }
}

window.addEventListener("message", (event) => {
  let data = event.data;
  if (typeof data === "string") {
    try {
      data = JSON.parse(data);
    } catch {
      return;
    }
  }
  if (typeof data !== "object" || data === null) return;
  if (typeof data.subject !== "string" || !data.subject.startsWith("lti.")) return;
  if (!event.source || !isInOurFrame(event.source)) return;
  const reply = origins.includes(event.origin)
    ? answerTo(event.origin, data)
    : refusal("wrong_origin", "this origin is not registered");
  const message = { subject: `${data.subject}.response`, message_id: data.message_id, ...reply };
  if (event.origin !== "null") event.source.postMessage(message, event.origin);
});
