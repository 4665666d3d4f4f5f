/* Platform storage: a value that the LMS keeps for this tool (1EdTech LTI postMessage Storage 0.1, LTI Client Side postMessages 0.1).
   The value goes to the platform's registered origins alone, and only their messages count. */
window.platformStorage = function (at) {
  "use strict";
  var AGAIN_MS = 500;
  var hosts = at.hosts.split(" ");
  var senders = at.senders.split(" ");
  var asked = {};

  window.addEventListener("message", function (event) {
    var told = event.data;
    var question = told && typeof told === "object" && asked[told.message_id];
    if (!question || event.source !== question.to || question.from.indexOf(event.origin) < 0) return;
    if (told.subject !== question.subject + ".response") return;
    delete asked[told.message_id];
    clearInterval(question.again);
    question.take(told);
  });

  function ask(to, origins, from, message, take) {
    message.message_id = crypto.randomUUID();
    /* A window has one origin: of several copies at most one arrives. */
    function say() { origins.forEach(function (origin) { to.postMessage(message, origin); }); }
    /* Its frame may still be loading, so that nobody listens yet; to say the same again is harmless. */
    asked[message.message_id] = { to: to, from: from, subject: message.subject, take: take, again: setInterval(say, AGAIN_MS) };
    say();
  }

  function frame(name) {
    if (!name || name === "_parent") return window.parent;
    try { return window.parent.frames[name] || null; } catch (e) { return null; }
  }

  /* Where the platform names no frame, as Blackboard does not, its capabilities say who keeps things. They hold nothing secret. */
  function keeper(subject) {
    return new Promise(function (found, none) {
      var named = at.frame && frame(at.frame);
      if (named) { found(named); return; }
      ask(window.parent, ["*"], senders, { subject: "lti.capabilities" }, function (told) {
        var able = (told.supported_messages || []).filter(function (one) { return one && one.subject === subject; })[0];
        var window_ = able && frame(able.frame);
        if (window_) found(window_); else none(new Error("this platform keeps nothing"));
      });
    });
  }

  function talk(message) {
    return keeper(message.subject).then(function (to) {
      return new Promise(function (done, refused) {
        ask(to, hosts, hosts, message, function (told) {
          if (told.error || told.key !== message.key) refused(new Error("the platform refused")); else done(told.value);
        });
      });
    });
  }

  /* A promise may stay open for ever: not every LMS answers. */
  return {
    put: function (value) { return talk({ subject: "lti.put_data", key: at.key, value: value }); },
    get: function () { return talk({ subject: "lti.get_data", key: at.key }); }
  };
};
