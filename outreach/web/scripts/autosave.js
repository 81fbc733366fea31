/* Keeps what is typed into a workshop's form as it is typed; nothing is stored in the browser. The
   form works without this file: then it is kept when it is sent. */
(function () {
  "use strict";
  var d = document, f = d.querySelector("form[data-borrador]"), said = d.getElementById("borrador");
  if (!f || !said || !window.fetch || !window.AbortController) return;
  var WAIT = 2000, AGAIN = 20000;
  var clock = 0, kept = null, pending = null, renewed = false, isGoing = false;
  function typed() {
    return new URLSearchParams(new FormData(f));
  }
  function say(words, address, link) {
    said.replaceChildren(words);
    if (!address) return;
    var a = d.createElement("a");
    a.href = address; a.target = "_blank"; a.rel = "noopener"; a.textContent = link;
    said.append(" ", a);
  }
  function later(wait) {
    clearTimeout(clock);
    clock = setTimeout(keep, wait);
  }
  function what() {                       // all but the token, which is not part of what was typed
    var body = typed();
    body.delete("token");
    return body.toString();
  }
  // Whoever has signed in again in another tab has a new token: this page takes it over.
  function renew() {
    return fetch(location.href, { headers: { Accept: "text/html" } }).then(function (r) { return r.text(); }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html"), token = page.querySelector("main input[name=token]");
      if (!token) throw new Error("signed out");
      d.querySelectorAll("input[name=token]").forEach(function (i) { i.value = token.value; });
    });
  }
  function keep() {
    clearTimeout(clock);
    var now = what();
    if (isGoing || now === kept) return;
    if (pending) pending.abort();
    var mine = pending = new AbortController();
    fetch(f.dataset.borrador, { method: "POST", body: typed(), keepalive: true, signal: mine.signal }).then(function (r) {
      if (r.ok) return r.json().then(function (a) { kept = now; renewed = false; say(said.dataset.guardado + " " + a.at); });
      if (r.status === 422 || r.status === 413) { kept = now; return say(said.dataset.lleno); }
      if (r.status >= 500) throw r;
      if (r.status === 403 && !renewed) { renewed = true; return renew().then(keep); }
      renewed = false;
      say(said.dataset.sesion, "/org/entrar", said.dataset.entrar);
      later(AGAIN);
    }).catch(function () {
      if (mine !== pending || mine.signal.aborted) return;
      renewed = false;
      say(said.dataset.falla);
      later(AGAIN);
    });
  }
  kept = what();
  f.addEventListener("input", function () { later(WAIT); });
  f.addEventListener("change", function () { later(WAIT); });
  d.addEventListener("visibilitychange", function () { keep(); });
  window.addEventListener("focus", function () { keep(); });
  window.addEventListener("pageshow", function (e) { if (e.persisted) isGoing = false; });
  f.addEventListener("submit", function () {  // it goes where it belongs
    isGoing = true;
    clearTimeout(clock);
    if (pending) pending.abort();
  });
})();
