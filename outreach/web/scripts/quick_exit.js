/* Quick exit: a link, or the Shift key three times, replaces the page (requirement S19). Only on
   pages that have the link. Works for links without this file; then the page stays in the history. */
(function () {
  "use strict";
  var PRESSES = 3;
  var PRESSES_WITHIN_MS = 5000;
  var exitLink = null;

  function leave(event) {
    if (event) event.preventDefault();
    document.title = "…";
    document.body.replaceChildren();    // the screen is blank before the network answers
    location.replace(exitLink.href);    // this page leaves the Back list
  }

  function countShift() {
    var presses = 0;
    var timer = 0;
    document.addEventListener("keyup", function (event) {
      if (event.key !== "Shift") {
        presses = 0;
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(function () { presses = 0; }, PRESSES_WITHIN_MS);
      presses += 1;
      if (presses >= PRESSES) leave();
    }, true);
  }

  /* Going on from here removes this page from the Back list too: a link takes over its entry, and a
     form, which makes an entry of its own, leaves the entry of the list of workshops behind. */
  function followLink(event) {
    var link = event.target.closest("a[href]");
    if (link && link.hasAttribute("data-quick-exit")) {
      leave(event);
      return;
    }
    if (!link || event.defaultPrevented || event.button) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.hash || link.target || /\.ics$/.test(link.pathname)) return;
    event.preventDefault();
    location.replace(link.href);
  }

  function hideBehindList(event) {
    // A download does not change the page.
    if (event.defaultPrevented || /\.ics$/.test(event.target.getAttribute("action"))) return;
    history.replaceState(null, "", document.querySelector(".brand").href);
  }

  function protect() {
    var isProtected = exitLink !== null;
    exitLink = document.querySelector("[data-quick-exit]") || exitLink;
    if (isProtected || !exitLink) return;
    countShift();
    window.addEventListener("pageshow", function (event) { if (event.persisted) location.reload(); });
    document.addEventListener("click", followLink);
    document.addEventListener("submit", hideBehindList);
  }

  protect();
  document.addEventListener("contentreplaced", protect);
})();
