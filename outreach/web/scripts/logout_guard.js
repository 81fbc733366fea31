/* Signing out erases what this browser stores of the site. Unsent check-in events are sent
   first; while the phone has a manifest, the page asks for confirmation. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-sign-out]");
  const question = document.getElementById("sign-out-question");
  if (!form || !window.checkinStore || !window.indexedDB) return;
  checkinStore.expire();

  /* The question to ask, or "" when the phone has no manifest. */
  async function questionWords() {
    const manifests = await checkinStore.manifests();
    for (const manifest of manifests) await checkinStore.send(manifest.id);
    const unsent = await checkinStore.unsent();
    if (!manifests.length) return "";
    if (!unsent) return question.dataset.none;
    return (unsent === 1 ? question.dataset.one : question.dataset.several).replace("{n}", unsent);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // A browser that refuses storage has stored nothing.
    questionWords().catch(() => "").then((words) => {
      if (!words) {
        form.submit();
        return;
      }
      form.closest("details").open = false;
      question.hidden = false;
      question.querySelector("h2").textContent = words;
      question.focus();
    });
  });
  question.querySelector("[data-anyway]").addEventListener("click", () => form.submit());
})();
