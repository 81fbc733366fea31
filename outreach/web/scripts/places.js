/* «¿Dónde estás?»: suggestions while one types (a combobox of the ARIA practices), and the town where
   the phone is. Without this script the field is a plain one, which finds the same places. */
(function () {
  "use strict";
  var WAIT_MS = 180;
  var MIN_LETTERS = 2;
  var input = document.querySelector("input[data-places]");
  if (!input || !window.fetch || !window.AbortController) return;
  var address = input.getAttribute("data-places");
  var form = input.form;
  var list = document.createElement("ul");
  var timer = 0;
  var request = null;
  var chosen = -1;

  list.id = "lugares";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("data-list"));
  list.hidden = true;
  input.parentNode.insertAdjacentElement("afterend", list);
  input.removeAttribute("list");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  close();

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(number) {
    var options = list.children;
    if (options[chosen]) options[chosen].setAttribute("aria-selected", "false");
    chosen = (number + options.length) % options.length;
    options[chosen].setAttribute("aria-selected", "true");
    options[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function search(words) {
    input.value = words;
    close();
    form.requestSubmit ? form.requestSubmit() : form.submit();
  }

  function show(places) {
    list.textContent = "";
    places.forEach(function (place, number) {
      var option = document.createElement("li");
      option.id = "lugar-" + number;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = place.name;
      /* Before the field loses the focus. */
      option.addEventListener("mousedown", function (event) {
        event.preventDefault();
        search(place.words);
      });
      option.words = place.words;
      list.appendChild(option);
    });
    chosen = -1;
    list.hidden = !places.length;
    input.setAttribute("aria-expanded", String(!!places.length));
  }

  function update() {
    var typed = input.value.trim();
    if (request) request.abort();
    if (typed.length < MIN_LETTERS) return close();
    var own = request = new AbortController();
    fetch(address + "?q=" + encodeURIComponent(typed), { signal: own.signal, credentials: "omit" })
      .then(function (answer) { return answer.ok ? answer.json() : { places: [] }; })
      .then(function (found) { if (document.activeElement === input) show(found.places); })
      .catch(function () {});
  }

  input.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(update, WAIT_MS);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", function (event) {
    if (list.hidden) return;
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen < 0 ? list.children.length - 1 : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) search(list.children[chosen].words);
    else return;
    event.preventDefault();
  });

  /* The button is in the page without the script, hidden. */
  var button = document.querySelector("[data-locate]");
  if (!button || !navigator.geolocation) return;
  var status = document.getElementById(button.getAttribute("aria-describedby"));
  button.hidden = false;
  status.hidden = false;

  function fail() {
    button.disabled = false;
    status.textContent = button.getAttribute("data-failed");
    status.setAttribute("role", "status");
  }

  button.addEventListener("click", function () {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(function (found) {
      var body = new URLSearchParams();
      body.append("lat", found.coords.latitude.toFixed(2));
      body.append("lon", found.coords.longitude.toFixed(2));
      fetch(address, { method: "POST", body: body, credentials: "omit" })
        .then(function (answer) { return answer.json(); })
        .then(function (answer) {
          if (!answer.places.length) return fail();
          button.disabled = false;
          search(answer.places[0].words);
        }).catch(fail);
    }, fail, { maximumAge: 600000, timeout: 15000 });
  });
})();
