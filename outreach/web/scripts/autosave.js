/* Saves what is typed into a workshop's form, as a draft on the server; the browser stores nothing.
   Without this script the form is saved on submit only. */
(function () {
  "use strict";
  var WAIT_MS = 2000;
  var RETRY_MS = 20000;
  var form = document.querySelector("form[data-autosave]");
  var status = document.getElementById("autosave-status");
  if (!form || !status || !window.fetch || !window.AbortController) return;
  var timer = 0;
  var savedText = null;
  var request = null;
  var hasRenewedToken = false;
  var isBeingSent = false;

  function typedFields() {
    return new URLSearchParams(new FormData(form));
  }

  /* All fields but the form token and how the preview is looked at. */
  function typedText() {
    var fields = typedFields();
    fields.delete("token");
    fields.delete("preview_language");
    return fields.toString();
  }

  function say(words, address, linkWords) {
    status.replaceChildren(words);
    if (!address) return;
    var link = document.createElement("a");
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = linkWords;
    status.append(" ", link);
  }

  function saveLater(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  }

  /* Takes over the form token of a session that was started in another tab. */
  function renewToken() {
    return fetch(location.href, { headers: { Accept: "text/html" } }).then(function (answer) {
      return answer.text();
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      var token = page.querySelector("main input[name=token]");
      if (!token) throw new Error("signed out");
      document.querySelectorAll("input[name=token]").forEach(function (input) { input.value = token.value; });
    });
  }

  function handle(answer, text) {
    if (answer.ok) {
      return answer.json().then(function (saved) {
        savedText = text;
        hasRenewedToken = false;
        say(status.dataset.saved + " " + saved.at);
      });
    }
    if (answer.status === 422 || answer.status === 413) {
      savedText = text;
      return say(status.dataset.tooLong);
    }
    if (answer.status >= 500) throw answer;
    if (answer.status === 403 && !hasRenewedToken) {
      hasRenewedToken = true;
      return renewToken().then(save);
    }
    hasRenewedToken = false;
    say(status.dataset.signedOut, "/org/entrar", status.dataset.signIn);
    return saveLater(RETRY_MS);
  }

  function save() {
    clearTimeout(timer);
    var text = typedText();
    if (isBeingSent || text === savedText) return;
    if (request) request.abort();
    var own = request = new AbortController();
    var options = { method: "POST", body: typedFields(), keepalive: true, signal: own.signal };
    fetch(form.dataset.autosave, options).then(function (answer) {
      return handle(answer, text);
    }).catch(function () {
      if (own !== request || own.signal.aborted) return;
      hasRenewedToken = false;
      say(status.dataset.failed);
      saveLater(RETRY_MS);
    });
  }

  savedText = typedText();
  form.addEventListener("input", function () { saveLater(WAIT_MS); });
  form.addEventListener("change", function () { saveLater(WAIT_MS); });
  document.addEventListener("visibilitychange", function () { save(); });
  window.addEventListener("focus", function () { save(); });
  window.addEventListener("pageshow", function (event) { if (event.persisted) isBeingSent = false; });
  form.addEventListener("submit", function () {
    isBeingSent = true;
    clearTimeout(timer);
    if (request) request.abort();
  });
})();
