/* An open menu closes by Escape, by a press beside it, and when another is opened. */
(function () {
  "use strict";
  const MENUS = "details.menu, details.account-menu";

  function closeOthers(kept) {
    document.querySelectorAll(MENUS).forEach(function (menu) {
      if (menu !== kept) menu.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    closeOthers(event.target.closest(MENUS));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const menu = document.querySelector("details.menu[open], details.account-menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
