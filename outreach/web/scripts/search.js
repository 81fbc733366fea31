/* The search of everything in a dialog: arrows move among what is found, Enter in the field opens the
   first, Escape closes. Without this script the link in the frame leads to the page, which finds the
   same. `shortcuts.js` has the keys that open it. */
(function () {
  "use strict";
  const WAIT_MS = 150;
  const link = document.querySelector("a[data-search]");
  const dialog = document.getElementById("search-dialog");
  if (!link || !dialog || !dialog.showModal || !window.fetch || !window.AbortController) return;
  const form = dialog.querySelector("form");
  const input = form.querySelector("input[type=search]");
  const results = dialog.querySelector(".found");
  const status = dialog.querySelector("[role=status]");
  let timer = 0;
  let request = null;
  let shown = null; /* the text whose results are shown */

  /* In the body, since an address stays in logs: people type names and phones in any search. */
  function ask(signal) {
    const body = new URLSearchParams(new FormData(form));
    body.set("parte", "1");
    return fetch(form.action, { method: "POST", body, signal });
  }

  function show(html, typed) {
    const page = new DOMParser().parseFromString(html, "text/html");
    results.replaceChildren(...page.body.childNodes);
    results.scrollTop = 0;
    shown = typed;
    const count = results.querySelectorAll("section a, button").length;
    const words = { 0: status.dataset.none, 1: status.dataset.one };
    status.textContent = words[count] || status.dataset.several.replace("{n}", count);
  }

  async function update() {
    clearTimeout(timer);
    const typed = input.value;
    if (request) request.abort();
    const own = (request = new AbortController());
    try {
      const answer = await ask(own.signal);
      /* The session has ended or is another: the page leads to the sign-in or has its own form. */
      if (!answer.ok || answer.redirected) return void location.assign(form.action);
      const html = await answer.text();
      if (!own.signal.aborted) show(html, typed);
    } catch (error) {
      if (!own.signal.aborted) status.textContent = status.dataset.failed;
    }
  }

  function open() {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    dialog.showModal(); /* gives the focus back when it closes */
    input.select();
    if (shown === null) update();
  }

  function move(step) {
    const stops = [input, ...results.querySelectorAll("a, button")];
    const at = stops.indexOf(document.activeElement);
    const next = stops[Math.max(0, Math.min(stops.length - 1, at + step))];
    next.focus();
    if (next === input) results.scrollTop = 0;
  }

  link.addEventListener("click", function (event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  input.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(update, WAIT_MS);
  });
  form.addEventListener("submit", function (event) {
    const first = results.querySelector("section a, button");
    if (!first || shown !== input.value) return; /* the page, with all that is found */
    event.preventDefault();
    first.click();
  });
  dialog.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { /* in a field with a text it would only empty the field */
      event.preventDefault();
      return dialog.close();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  });
})();
