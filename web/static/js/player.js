/* The player: active seconds, keyboard, answers that survive a lost network, worked-example steps, the celebration. */
(function () {
  "use strict";
  var script = document.currentScript;
  var IDLE_MS = 30000;
  var CARRIED = ["csrf_token", "launch_id"];
  var still = window.matchMedia("(prefers-reduced-motion: reduce)");
  var form = null;      /* the answer form on the page */
  var key = "";         /* the presentation id, which is the response key */
  var activeMs = 0;
  var sent = null;      /* the entries of an answer that was sent and not yet acknowledged */
  var attempt = 0;
  var timer = 0;
  var arrival = 0;
  var lastInput = Date.now();
  var lastTick = Date.now();

  /* ----- kept on this device ----- */
  function load() {
    try { return JSON.parse(sessionStorage.getItem("pacemate:" + key)) || {}; } catch (e) { return {}; }
  }
  function save() {
    if (!key) return;
    try {
      sessionStorage.setItem("pacemate:" + key, JSON.stringify({ draft: pairs(new FormData(form)), sent: sent, ms: activeMs }));
    } catch (e) { /* storage may be closed to a frame: memory still holds the answer */ }
  }
  function forget(id) {
    try { sessionStorage.removeItem("pacemate:" + id); } catch (e) { /* nothing kept */ }
  }
  function pairs(data) {
    return Array.from(data.entries()).filter(function (pair) {
      return typeof pair[1] === "string" && CARRIED.indexOf(pair[0]) < 0;
    });
  }
  function fill(kept) {
    kept.forEach(function (pair) {
      form.querySelectorAll("[name]").forEach(function (field) {
        if (field.name !== pair[0] || field.name === "active_s") return;
        if (field.type === "radio" || field.type === "checkbox") { if (field.value === pair[1]) field.checked = true; }
        else if (field.type !== "hidden") field.value = pair[1];
      });
    });
  }

  /* ----- active seconds: visible, and not idle for 30 s ----- */
  function tick() {
    var now = Date.now();
    if (form && !sent && document.visibilityState === "visible" && now - lastInput < IDLE_MS) {
      activeMs += Math.min(now - lastTick, 2000);
    }
    lastTick = now;
  }
  function stirred() { tick(); lastInput = Date.now(); }

  /* ----- one line that says what is happening ----- */
  function say(text, done) {
    document.querySelectorAll("[data-status]").forEach(function (line) {
      line.textContent = text;
      line.classList.toggle("status-done", Boolean(done));
    });
  }

  /* ----- sending, and sending again: the same entries under the same key are harmless ----- */
  function later(text) {
    attempt += 1;
    clearTimeout(timer);
    say(text);
    timer = setTimeout(resend, Math.min(60000, 1000 * Math.pow(2, attempt)) * (0.8 + 0.4 * Math.random()));
  }
  function resend() {
    clearTimeout(timer);
    if (form && sent && document.contains(form)) form.requestSubmit();
  }
  function freeze(on) {
    form.classList.toggle("frozen", on);
    form.querySelectorAll("fieldset, [data-fields]").forEach(function (part) { part.inert = on; });
  }
  function ours(event) { return form && event.detail.elt === form; }

  document.addEventListener("htmx:configRequest", function (event) {
    if (!ours(event)) return;
    var data = event.detail.formData;
    if (!sent) {
      tick();
      data.set("active_s", (activeMs / 1000).toFixed(1));
      sent = pairs(data);
      save();
    }
    sent.forEach(function (pair) { data.delete(pair[0]); });
    sent.forEach(function (pair) { data.append(pair[0], pair[1]); });
  });
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (!ours(event)) { say("The network did not answer. Try again in a moment."); return; }
      freeze(true);
      later("Saved on this device, will send when you are back online");
    });
  });
  document.addEventListener("htmx:responseError", function (event) {
    var status = event.detail.xhr.status;
    if (!ours(event)) { say(status === 409 ? "That is not possible just now. Open the course to see why." : "That did not work (" + status + "). Reload the page and try again."); return; }
    if (status >= 500 || status === 408 || status === 429) {
      freeze(true);
      later("Saved on this device. The server is busy; sending again shortly");
      return;
    }
    sent = null;
    freeze(false);
    if (status === 409) { forget(key); say("This question was answered before. Reload the page to go on."); return; }
    save();
    say(status === 401 || status === 403
      ? "This page is no longer signed in. Reopen it from your course; your answer is kept on this device."
      : "The answer was not accepted (" + status + "). It is kept on this device; reload the page.");
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (!form || event.detail.requestConfig.elt !== form || !event.detail.shouldSwap) return;
    if (event.detail.xhr.status === 422) { sent = null; save(); } else { forget(key); }
    clearTimeout(timer);
    attempt = 0;
  });
  window.addEventListener("online", resend);

  /* ----- worked examples: one step at a time ----- */
  function hiddenStep() { return document.querySelector("[data-steps] > .step:not(.is-open)"); }
  function label() {
    var step = hiddenStep();
    document.querySelectorAll("[data-primary] [data-label]").forEach(function (words) {
      if (!words.dataset.words) words.dataset.words = words.textContent;
      words.textContent = step ? step.dataset.label : words.dataset.words;
    });
  }
  function reveal() {
    var step = hiddenStep();
    if (!step) return false;
    step.classList.add("is-open");
    step.tabIndex = -1;
    step.focus({ preventScroll: true });
    step.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    label();
    return true;
  }
  document.addEventListener("submit", function (event) {
    if (event.target === form && !sent && reveal()) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  /* ----- keyboard: 1-9 choose, Enter sends; off with data-shortcuts="off" on the body ----- */
  function typing(at) { return at.closest("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])"); }
  document.addEventListener("keydown", function (event) {
    var at = event.target;
    if (event.key === "Escape" && dismiss()) return;
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.body.dataset.shortcuts === "off" || !at.closest || typing(at)) return;
    if (/^[1-9]$/.test(event.key) && form && !sent) {
      var option = form.querySelectorAll(".option input")[Number(event.key) - 1];
      if (option) { option.focus(); option.click(); event.preventDefault(); }
    } else if (event.key === "Enter" && !at.closest("a, button, summary, input")) {
      var primary = document.querySelector("[data-primary]:not([disabled])");
      if (primary) { event.preventDefault(); primary.click(); }
    } else if (event.key === "Enter" && form && at.closest(".option") && form.contains(at)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  /* ----- celebration: the dot crosses its tick, then confetti in two tints ----- */
  function tint(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function confetti() {
    var canvas = document.createElement("canvas");
    canvas.className = "celebration-canvas";
    canvas.setAttribute("aria-hidden", "true");
    document.body.appendChild(canvas);
    window.confetti.create(canvas, { resize: true, useWorker: false })({
      particleCount: 90, spread: 75, startVelocity: 38, ticks: 160, origin: { y: 0.45 }, colors: [tint("--teal"), tint("--ochre")]
    }).then(function () { canvas.remove(); });
  }
  function travel(box) {
    if (still.matches) return;
    box.querySelectorAll("[data-from]").forEach(function (part) {
      var name = part.tagName === "circle" ? "cx" : "x2", to = part.getAttribute(name);
      part.classList.add("no-travel");
      part.setAttribute(name, part.dataset.from);
      part.getBoundingClientRect();
      part.classList.remove("no-travel");
      requestAnimationFrame(function () { part.setAttribute(name, to); });
    });
  }
  function celebrate(box) {
    if (box.dataset.celebrated) return;
    box.dataset.celebrated = "yes";
    if (still.matches) return;
    travel(box);
    setTimeout(function () {
      if (!document.contains(box) || box.hidden) return;
      if (window.confetti) { confetti(); return; }
      var extra = document.createElement("script");
      extra.src = script.dataset.confetti;
      extra.onload = confetti;
      document.head.appendChild(extra);
    }, 450);
  }
  function dismiss() {
    var box = document.querySelector("[data-celebrate]:not([hidden])");
    if (!box) return false;
    var inside = box.contains(document.activeElement);
    box.hidden = true;
    document.querySelectorAll(".celebration-canvas").forEach(function (canvas) { canvas.remove(); });
    if (inside) document.getElementById("main").focus();
    return true;
  }
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-dismiss]")) dismiss();
    var copy = event.target.closest("[data-copy]");
    if (copy) copied(document.getElementById(copy.dataset.copy));
  });

  /* ----- copying a link; where a frame may not write to the clipboard, the link is selected for the keyboard ----- */
  function copied(source) {
    getSelection().selectAllChildren(source);
    navigator.clipboard.writeText(source.textContent.trim()).then(function () { say("Copied", true); }, function () { say("Press Ctrl and C to copy"); });
  }

  /* ----- a page, or the part of it that htmx put in ----- */
  function start(swapped) {
    var steps = document.querySelector("[data-steps] > .step");
    form = document.querySelector("form[data-answer]");
    key = form ? form.dataset.presentation : "";
    sent = null;
    activeMs = 0;
    attempt = 0;
    lastTick = lastInput = Date.now();
    if (steps) steps.classList.add("is-open");
    if (form) {
      var kept = load();
      activeMs = kept.ms || 0;
      if (kept.draft) fill(kept.draft);
      if (kept.sent) {
        fill(kept.sent);
        sent = kept.sent;
        freeze(true);
        document.querySelectorAll("[data-steps] > .step").forEach(function (step) { step.classList.add("is-open"); });
        later("Saved on this device, sending your answer");
      }
    }
    label();
    document.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = !navigator.clipboard; });
    document.querySelectorAll("[data-celebrate]").forEach(celebrate);
    document.querySelectorAll("[data-travel]").forEach(travel);
    var first = swapped && (document.querySelector("[data-focus]") || document.getElementById("main"));
    if (first) {
      first.focus({ preventScroll: true });
      var low = first.getBoundingClientRect().top > window.innerHeight / 2;
      if (first.id === "main") window.scrollTo(0, 0); else first.scrollIntoView({ block: low ? "center" : "nearest" });
    }
    /* on a small screen news would begin below the fold; of two, both begin with the first */
    var party = document.querySelector("[data-celebrate]"), moment = document.querySelector("[data-travel]");
    if (party && moment) moment.scrollIntoView({ block: "start" });
    else if (party || (swapped && moment)) (party || moment).scrollIntoView({ block: "nearest" });
  }
  /* ----- instants by the reader's own clock, and the zone in which a form's times are meant ----- */
  function localise() {
    document.querySelectorAll("time[data-local]").forEach(function (time) {
      var when = new Date(time.dateTime);
      if (isNaN(when)) return;
      time.textContent = when.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
    });
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.querySelectorAll("[data-zone]").forEach(function (place) {
      if (place.tagName === "INPUT") place.value = zone; else place.textContent = zone;
    });
  }
  ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll"].forEach(function (name) {
    document.addEventListener(name, stirred, { passive: true, capture: true });
  });
  document.addEventListener("visibilitychange", function () { if (document.visibilityState === "visible") stirred(); else { tick(); save(); } });
  window.addEventListener("pagehide", function () { tick(); save(); });
  document.addEventListener("input", function (event) { if (form && form.contains(event.target) && !sent) save(); });
  document.addEventListener("htmx:afterSwap", localise);
  document.addEventListener("htmx:afterSwap", function (event) {
    if (!event.detail.target || event.detail.target.id !== "screen") return;
    clearTimeout(arrival);
    arrival = setTimeout(start, 0, true);
  });
  setInterval(tick, 1000);
  start(false);
  localise();
})();
