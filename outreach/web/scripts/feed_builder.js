/* The page that builds a calendar feed follows each tick: it fetches itself and replaces what
   depends on the choice. Until then the old addresses cannot be used. */
(function () {
  "use strict";
  var WAIT_MS = 200;
  var REPLACED = ["body>nav", ".languages", ".action-bar", "#tu-calendario"];
  var form = document.querySelector("form[data-feed-builder]");
  if (!form || !window.AbortController) return;
  var status = document.getElementById("count-status");
  var timer = 0;
  var request = null;

  function result(page) {
    return (page || document).querySelector("#tu-calendario");
  }

  /* A discreet choice is not put into the address bar, and so not into the history. */
  function showAddress(query) {
    var isDiscreet = document.querySelector("[data-quick-exit]");
    history.replaceState(null, "", isDiscreet || !query ? location.pathname : "?" + query);
  }

  function chosen() {
    var query = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      if (value && value !== "red") query.append(name, value);
    });
    return query.toString();
  }

  function replaceWith(page) {
    var newExit = page.querySelector(".exit-fixed");
    var oldExit = document.querySelector(".exit-fixed");
    var wasOpen = result().querySelector("details[open]");
    var details = result(page).querySelector("details");
    if (wasOpen && details) details.open = true;
    REPLACED.forEach(function (selector) {
      document.querySelector(selector).replaceWith(page.querySelector(selector));
    });
    if (oldExit) oldExit.remove();
    if (newExit) document.querySelector("main").prepend(newExit);
    document.dispatchEvent(new Event("contentreplaced"));
  }

  function update(focusResult) {
    var query = chosen();
    if (request) request.abort();
    var own = request = new AbortController();
    result().inert = true;
    fetch(form.getAttribute("action") + "?" + query, { signal: own.signal }).then(function (answer) {
      if (!answer.ok) throw answer;
      return answer.text();
    }).then(function (text) {
      replaceWith(new DOMParser().parseFromString(text, "text/html"));
      showAddress(query);
      status.className = "visually-hidden";
      status.textContent = result().querySelector("p").textContent;
      if (focusResult) result().focus();
    }).catch(function () {
      if (own !== request || own.signal.aborted) return;
      status.className = "error-message";
      status.textContent = status.dataset.failed;
    });
  }

  if (document.querySelector("[data-quick-exit]")) showAddress();
  document.addEventListener("click", function (event) {
    if (!event.target.closest("a[href='#tu-calendario']")) return;
    event.preventDefault();             // no entry of its own in the Back list
    result().scrollIntoView();
    result().focus();
  });
  form.addEventListener("change", function () {
    result().inert = true;
    clearTimeout(timer);
    timer = setTimeout(update, WAIT_MS);
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    clearTimeout(timer);
    update(true);
  });
})();
