/* The keys of a call: 1, 2 and 3 hold a date, N begins another call; not while somebody types. And
   how long the call has lasted. Each key presses a button or a link that is on the page. */
(function () {
  "use strict";
  const OFF = "single-keys-off"; // as in shortcuts.js
  const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select";

  function areSingleKeysOff() {
    try {
      return localStorage.getItem(OFF) !== null;
    } catch (error) {
      return false;
    }
  }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches(TYPING) || areSingleKeysOff()) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const pressed = /^[1-3n]$/.test(key) && document.querySelector("[data-key='" + key + "']");
    if (!pressed) return;
    event.preventDefault();
    pressed.click();
  });

  // In a list, «Enter» would open it: there it searches, as in the field before it. Space opens it.
  document.querySelectorAll(".call-question select").forEach(function (list) {
    list.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || event.altKey) return;
      event.preventDefault();
      list.form.requestSubmit();
    });
  });

  const clock = document.querySelector("[data-seconds]");
  if (!clock) return;
  const began = Date.now() - 1000 * Number(clock.dataset.seconds);
  setInterval(function () {
    const seconds = Math.floor((Date.now() - began) / 1000);
    clock.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  }, 1000);
})();
