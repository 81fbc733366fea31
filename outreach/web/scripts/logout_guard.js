/* Signing out erases all that this browser keeps of us: first what a door on this phone has counted
   goes up; then, while it still holds a door, whoever signs out is asked. What is over is erased. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-cierra]"), asked = document.getElementById("al-cerrar");
  if (!form || !window.puerta || !window.indexedDB) return;
  puerta.expire();
  async function left() {
    const held = await puerta.bundles();
    for (const b of held) await puerta.send(b.id);
    const n = await puerta.unsent();
    if (!held.length) return "";
    if (!n) return asked.dataset.ninguna;
    return (n === 1 ? asked.dataset.una : asked.dataset.varias).replace("{n}", n);
  }
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    left().catch(() => "").then((words) => {          // a browser that keeps nothing has nothing left
      if (!words) { form.submit(); return; }
      asked.hidden = false;
      asked.querySelector("h2").textContent = words;
      asked.focus();
    });
  });
  asked.querySelector("[data-aun-asi]").addEventListener("click", () => form.submit());
})();
