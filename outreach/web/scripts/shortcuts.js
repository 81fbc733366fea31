/* «/» and Ctrl-K open the search, «?» the help of the screen; not while somebody types. The keys
   that are one letter can be switched off in the help, for who speaks to the browser. */
(function () {
  "use strict";
  const OFF = "single-keys-off";
  const searchLink = document.querySelector("a[data-search]");
  const helpLink = document.querySelector("a[data-help]");
  const dialog = document.getElementById("help-dialog");

  /* A browser may refuse storage: the keys are then on. */
  function areSingleKeysOff() {
    try {
      return localStorage.getItem(OFF) !== null;
    } catch (error) {
      return false;
    }
  }

  function offerSwitch(container) {
    const label = container.querySelector("[data-single-keys]");
    if (!label) return;
    const box = label.querySelector("input");
    label.hidden = false;
    box.checked = !areSingleKeysOff();
    box.addEventListener("change", function () {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    });
  }

  async function openHelp(event) {
    if (!dialog || !dialog.showModal || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (document.querySelector("dialog[open]")) return;
    const text = dialog.querySelector("[data-help-text]");
    try {
      const answer = await fetch(helpLink.href + "&parte=1");
      if (!answer.ok || answer.redirected) throw new Error("signed out");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      text.replaceChildren(...page.body.childNodes);
    } catch (error) {
      return void location.assign(helpLink.href);
    }
    offerSwitch(text);
    if (!document.querySelector("dialog[open]")) dialog.showModal();
  }

  function findTarget(event) {
    if (event.ctrlKey || event.metaKey) {
      return event.key.toLowerCase() === "k" && !event.shiftKey ? searchLink : null;
    }
    if (areSingleKeysOff()) return null;
    return { "/": searchLink, "?": helpLink }[event.key] || null;
  }

  document.addEventListener("keydown", function (event) {
    const element = event.target;
    const isTyping = element.matches("input, textarea, select") || element.isContentEditable;
    if (event.defaultPrevented || event.altKey || isTyping) return;
    if (document.querySelector("dialog[open]")) return;
    const link = findTarget(event);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
  if (helpLink) helpLink.addEventListener("click", openHelp);
  offerSwitch(document.querySelector("main") || document.body);
})();
