/* Says how many rows of a table are ticked, ticks all of them at once, and a stretch of them with
   the shift key (a click, or the space bar); without this file a link and the page itself do the
   same, one by one. */
(function () {
  "use strict";
  function boxesOf(form) {
    return Array.prototype.slice.call(form.querySelectorAll("tbody .table-pick input"));
  }

  // With shift, the boxes from the one before to this one become as this one.
  function addStretch(form) {
    var before = null, isShift = false;
    ["keydown", "keyup", "mousedown"].forEach(function (name) {
      form.addEventListener(name, function (event) { isShift = event.shiftKey; });
    });
    form.addEventListener("mousedown", function (event) {   // no text is selected on the way
      if (event.shiftKey && event.target.closest(".table-pick")) event.preventDefault();
    });
    form.addEventListener("change", function (event) {
      var boxes = boxesOf(form), to = boxes.indexOf(event.target), from = boxes.indexOf(before);
      if (to < 0) return;
      if (isShift && from >= 0) {
        boxes.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (box) {
          box.checked = event.target.checked;
        });
      }
      before = event.target;
    });
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
    addStretch(form);
    form.addEventListener("change", showCount);
    showCount();
  }

  document.querySelectorAll("form").forEach(function (form) {
    if (boxesOf(form).length) addTo(form);
  });
})();
