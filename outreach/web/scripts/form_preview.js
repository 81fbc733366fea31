/* While the form of a workshop is typed: what people would see, what is odd, and buttons that fill the form.
   The server draws all of it, from the fields as they stand, and stores nothing. Without this script the
   button «Vista previa» shows the same. */
(function () {
  "use strict";
  const WAIT_MS = 350;
  const FILL = "fill ";
  const PARTS = ["form-hours", "form-remarks", "form-look"];
  const form = document.querySelector("form[data-preview]");
  if (!form || !window.fetch || !window.AbortController) return;
  const side = document.getElementById("vista");
  const wide = matchMedia("(min-width: 72rem)");
  let timer = 0;
  let request = null;
  let shown = fields().toString();

  /* What is typed, without the token of the form. */
  function fields() {
    const typed = new URLSearchParams(new FormData(form));
    typed.delete("token");
    return typed;
  }

  function replace(part, page) {
    const before = document.getElementById(part);
    const after = page.getElementById(part);
    /* A field or button that has the focus stays. */
    if (!after || before.contains(document.activeElement)) return false;
    if (before.innerHTML !== after.innerHTML) before.replaceChildren(...after.childNodes);
    return true;
  }

  function show(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll("#form-summaries [data-summary]").forEach((words) => {
      const target = form.querySelector("#" + words.dataset.summary + " [data-summary]");
      if (target) target.textContent = words.textContent;
    });
    return PARTS.map((part) => replace(part, page)).every(Boolean);
  }

  async function update() {
    const typed = fields().toString();
    if (typed === shown) return;
    if (request) request.abort();
    const own = (request = new AbortController());
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: own.signal });
      /* The session has ended or the server is away: saving says so. */
      if (!answer.ok || answer.redirected) return;
      const html = await answer.text();
      if (!own.signal.aborted) shown = show(html) ? typed : null;
    } catch (error) {
      if (!own.signal.aborted) shown = null;
    }
  }

  function updateSoon() {
    clearTimeout(timer);
    timer = setTimeout(update, WAIT_MS);
  }

  function fill(values) {
    let first = null;
    new URLSearchParams(values).forEach((value, name) => {
      const field = form.elements[name];
      if (!field) return;
      field.value = value;
      first = first || field;
    });
    if (!first) return;
    first.focus();
    first.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=action]");
    if (!button || !button.value.startsWith(FILL)) return;
    event.preventDefault();
    fill(button.value.slice(FILL.length));
  });
  form.addEventListener("input", updateSoon);
  form.addEventListener("change", updateSoon);
  form.addEventListener("focusout", updateSoon);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    if (request) request.abort();
  });

  form.querySelectorAll("[data-preview-button]").forEach((button) => { button.hidden = true; });
  function unfold() {
    if (wide.matches) side.open = true;
  }
  wide.addEventListener("change", unfold);
  unfold();
})();
