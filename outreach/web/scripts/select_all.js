/* Enhancement only. Says how many rows are ticked, and ticks them all at once; without it a link and
   the page itself do the same. Nothing is stored, nobody is asked. */
(function () {
  "use strict";
  var d = document;
  function casillas(f) { return Array.prototype.slice.call(f.querySelectorAll("tbody .table-pick input")); }
  d.querySelectorAll("form").forEach(function (f) {
    if (!casillas(f).length) return;
    var todos = f.querySelector("[data-todos]"), enlace = f.querySelector(".without-script");
    function contar() {
      var c = casillas(f), n = c.filter(function (x) { return x.checked; }).length;
      f.querySelectorAll("[data-cuenta]").forEach(function (b) {
        b.textContent = b.textContent.replace(/^\d+ elegid([oa])s?$/, function (_, fin) {
          return n + " elegid" + fin + (n === 1 ? "" : "s");
        });
      });
      if (todos) {
        todos.firstChild.checked = n === c.length;
        todos.firstChild.indeterminate = n > 0 && n < c.length;
      }
    }
    if (todos) {
      todos.hidden = false;
      if (enlace) enlace.classList.add("narrow-only");   // a table that folds has no head
      todos.firstChild.addEventListener("change", function () {
        casillas(f).forEach(function (x) { x.checked = todos.firstChild.checked; });
        contar();
      });
    }
    f.addEventListener("change", contar);
    contar();
  });
})();
