/* A login in a frame: goes on where the frame may keep a cookie, else where the platform keeps the proof; else offers a new tab. */
(function () {
  "use strict";
  var PATIENCE_MS = 2000;
  var TRY = "__Host-pacemate-try";
  var way = document.getElementById("way");
  var offer = document.getElementById("offer");
  var opened = document.getElementById("opened");
  var left = false;

  function keepsCookies() {
    try {
      document.cookie = TRY + "=1; path=/; secure; samesite=none; partitioned";
      if (document.cookie.indexOf(TRY + "=") < 0) return false;
      document.cookie = TRY + "=; max-age=0; path=/; secure; samesite=none; partitioned";
      return true;
    } catch (e) { return false; /* a sandboxed frame without an origin of its own */ }
  }
  function goOn() { if (!left) { left = true; location.replace(way.dataset.next); } }
  function show(part) {
    [way, offer, opened].forEach(function (one) { one.hidden = one !== part; });
    document.getElementById("main").focus({ preventScroll: true });
  }
  function offerTab() { if (!left && !way.hidden) show(offer); }

  if (keepsCookies()) { goOn(); return; }
  window.platformStorage(way.dataset).put(way.dataset.proof).then(goOn, offerTab);
  setTimeout(offerTab, PATIENCE_MS);
  document.getElementById("tab").addEventListener("submit", function () {
    left = true;
    setTimeout(function () { show(opened); }, 0);
  });
})();
