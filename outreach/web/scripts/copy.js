/* Buttons that copy a field or print the page; hidden without this file or without a clipboard. */
(function () {
  "use strict";
  function showButtons() {
    document.querySelectorAll("[data-print]").forEach(function (button) { button.hidden = false; });
    if (!navigator.clipboard) return;
    document.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = false; });
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) window.print();
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
