/* Forms: focuses the error summary, sends a form once, filters a list while typing. */
(function () {
  "use strict";
  var alert = document.querySelector("[data-alert]");
  if (alert) alert.focus();

  document.querySelectorAll("form[data-send-once]").forEach(function (form) {
    form.addEventListener("submit", function () {
      var button = form.querySelector("[type=submit]");
      setTimeout(function () { button.disabled = true; }, 0);  // after its value is in the form
    });
  });

  var filter = document.querySelector("[data-filters]");
  if (filter) filter.addEventListener("input", function () {
    var typed = filter.value.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    document.querySelectorAll(filter.dataset.filters).forEach(function (item) {
      item.hidden = item.dataset.filterText.indexOf(typed) < 0;
    });
  });
})();
