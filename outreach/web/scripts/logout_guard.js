/* Signing out erases what this browser keeps of the site. Check-ins that wait on this phone are sent
   first; while the phone still holds a list, the page asks before it goes on. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-sign-out]");
  const question = document.getElementById("sign-out-question");
  if (!form || !window.checkinStore || !window.indexedDB) return;
  checkinStore.expire();

  /* The question to ask, or "" when nothing is left on the phone. */
  async function questionWords() {
    const bundles = await checkinStore.bundles();
    for (const bundle of bundles) await checkinStore.send(bundle.id);
    const unsent = await checkinStore.unsent();
    if (!bundles.length) return "";
    if (!unsent) return question.dataset.none;
    return (unsent === 1 ? question.dataset.one : question.dataset.several).replace("{n}", unsent);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // A browser that refuses to store has nothing left.
    questionWords().catch(() => "").then((words) => {
      if (!words) {
        form.submit();
        return;
      }
      question.hidden = false;
      question.querySelector("h2").textContent = words;
      question.focus();
    });
  });
  question.querySelector("[data-anyway]").addEventListener("click", () => form.submit());
})();
