/* Says how many rows of a table are ticked and ticks all of them at once; without this file a link
   and the page itself do the same. */
(function () {
  "use strict";
  function boxesOf(form) {
    return Array.prototype.slice.call(form.querySelectorAll("tbody .table-pick input"));
  }

  function addTo(form) {
    var label = form.querySelector("[data-select-all]");
    var link = form.querySelector(".without-script");
    var selectAll = label && label.firstElementChild;

    function showCount() {
      var boxes = boxesOf(form);
      var count = boxes.filter(function (box) { return box.checked; }).length;
      form.querySelectorAll("[data-count]").forEach(function (words) {
        words.textContent = words.textContent.replace(/^\d+ elegid([oa])s?$/, function (_, ending) {
          return count + " elegid" + ending + (count === 1 ? "" : "s");
        });
      });
      if (!selectAll) return;
      selectAll.checked = count === boxes.length;
      selectAll.indeterminate = count > 0 && count < boxes.length;
    }

    if (selectAll) {
      label.hidden = false;
      if (link) link.classList.add("narrow-only");   // a table that folds has no head
      selectAll.addEventListener("change", function () {
        boxesOf(form).forEach(function (box) { box.checked = selectAll.checked; });
        showCount();
      });
    }
    form.addEventListener("change", showCount);
    showCount();
  }

  document.querySelectorAll("form").forEach(function (form) {
    if (boxesOf(form).length) addTo(form);
  });
})();
