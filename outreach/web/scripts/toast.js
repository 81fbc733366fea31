/* Counts down until people are told of a change, which can be undone until then; closes the toast.
   Without this script the toast is a box in the page that says the minutes. */
(function () {
  "use strict";
  var FLOATING = "undo-floating";
  document.querySelectorAll("[data-toast]").forEach(function (toast) {
    var endsAt = Date.now() + toast.dataset.toast * 1000;
    var left = toast.querySelector("[data-left]");
    var bar = toast.querySelector(".undo-left rect");
    var close = toast.querySelector("[data-close]");
    var timer = setInterval(tick, 1000);

    function hide() {
      clearInterval(timer);
      document.documentElement.classList.remove(FLOATING);
      var hasFocus = toast.contains(document.activeElement);
      toast.hidden = true;
      if (hasFocus) document.getElementById("contenido").focus();
    }

    function tick() {
      var seconds = Math.ceil((endsAt - Date.now()) / 1000);
      if (seconds <= 0) return hide();
      if (!left) return;
      var clock = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
      left.textContent = left.dataset.left.replace("{n}", clock);
      bar.setAttribute("width", seconds);
    }

    close.hidden = false;
    close.addEventListener("click", hide);
    document.documentElement.classList.add(FLOATING);
    tick();
  });
})();
