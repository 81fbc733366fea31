/* Buttons that copy a field; they are hidden where the browser has no clipboard. */
(function () {
  "use strict";
  function showButtons() {
    if (!navigator.clipboard) return;
    document.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = false; });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    var field = button && document.getElementById(button.dataset.copy);
    if (!field) return;
    navigator.clipboard.writeText(field.value || field.textContent).then(function () {
      button.querySelector("span").textContent = button.dataset.copied;
      document.getElementById("copy-status").textContent = button.dataset.copied;
    });
  });

  showButtons();
  document.addEventListener("contentreplaced", showButtons);
})();
