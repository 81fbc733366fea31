/* «¿A qué hora sales de tu casa?»: kept in this browser only, under the day; nothing is sent. What is
   of a past day is deleted at the next visit. */
(function () {
  "use strict";
  const PREFIX = "salida ";
  const section = document.querySelector("[data-leave-home]");
  const shown = document.querySelector("[data-leave-shown]");
  if (!section || !shown) return;
  const input = section.querySelector("input");
  const key = PREFIX + section.dataset.leaveHome;

  /* A browser that keeps nothing, as in a private window, may refuse any of this. */
  function tryWith(store) {
    try {
      return store();
    } catch {
      return null;
    }
  }

  function deletePast() {
    const now = new Date();
    const today = new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
    Object.keys(localStorage)
      .filter((each) => each.startsWith(PREFIX) && each.slice(PREFIX.length) < today)
      .forEach((each) => localStorage.removeItem(each));
  }

  function show(value) {
    const isTime = /^\d\d:\d\d$/.test(value);
    shown.hidden = !isTime;
    if (!isTime) return;
    const time = new Date("2020-01-01T" + value + ":00");
    const hour = time.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
    shown.textContent = section.dataset.words.replace("{hora}", hour);
  }

  if (tryWith(() => { deletePast(); return true; }) === null) return;
  input.value = localStorage.getItem(key) || "";
  show(input.value);
  section.hidden = false;
  input.addEventListener("input", () => {
    tryWith(() => {
      if (input.value) localStorage.setItem(key, input.value);
      else localStorage.removeItem(key);
    });
    show(input.value);
  });
})();
