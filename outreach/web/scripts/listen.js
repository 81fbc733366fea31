/* The button «Escuchar» reads the parts of the page marked data-speak, with a voice of the device
   itself. It shows only where there is one for the language of the page: a voice of the network would
   send the page to a company. Nothing is sent and nothing is remembered. */
(function () {
  "use strict";
  var synthesis = window.speechSynthesis;
  var button = document.querySelector("[data-listen]");
  if (!synthesis || !window.SpeechSynthesisUtterance || !button) return;
  var label = button.querySelector("span");
  var words = label.textContent;
  var waiting = [];

  function findVoice(language) {
    var wanted = language.toLowerCase().replace("_", "-");
    var voices = synthesis.getVoices().filter(function (voice) {
      return voice.localService && voice.lang.slice(0, 2).toLowerCase() === wanted.slice(0, 2);
    });
    return voices.filter(function (voice) {
      return voice.lang.toLowerCase().replace("_", "-") === wanted;
    })[0] || voices[0];
  }

  function showButton() { button.hidden = !findVoice(document.documentElement.lang); }

  /* The text of one part, with a pause between its blocks; what is hidden from eyes only is said. */
  function collect(part) {
    var blocks = part.querySelectorAll("p, li, dt, dd, h1, h2, h3");
    var all = blocks.length ? Array.prototype.slice.call(blocks) : [part];
    return all.filter(function (block) {
      // A page may show the same facts in two places, one of them for phones.
      return block.getClientRects().length > 0 && !block.querySelector("p, li, dt, dd") &&
        !block.closest("[aria-hidden], [data-unspoken]");
    }).map(function (block) {
      var copy = block.cloneNode(true);
      copy.querySelectorAll("[aria-hidden], [data-unspoken], button").forEach(function (each) { each.remove(); });
      copy.querySelectorAll("span, br").forEach(function (each) { each.before(", "); });
      var marked = block.querySelector("[lang]") || block.closest("[lang]");
      var text = copy.textContent.replace(/\s+/g, " ").replace(/( ?,)+/g, ",").replace(/([.:;!?…]),/g, "$1").replace(/^[, ]+/, "").trim();
      return { text: text, lang: marked.lang };
    }).filter(function (each) { return each.text; });
  }

  function stop() {
    waiting = [];
    synthesis.cancel();
    label.textContent = words;
    button.setAttribute("aria-pressed", "false");
  }

  function sayNext() {
    var next = waiting.shift();
    if (!next) { stop(); return; }
    var voice = findVoice(next.lang) || findVoice(document.documentElement.lang);
    var said = new window.SpeechSynthesisUtterance(next.text);
    said.voice = voice;
    said.lang = voice.lang;
    said.rate = 0.95;
    said.onend = function () { if (button.getAttribute("aria-pressed") === "true") sayNext(); };
    said.onerror = stop;
    synthesis.speak(said);
  }

  function start() {
    var parts = Array.prototype.slice.call(document.querySelectorAll("[data-speak]"));
    waiting = [].concat.apply([], parts.map(collect));
    label.textContent = button.dataset.stop;
    button.setAttribute("aria-pressed", "true");
    sayNext();
  }

  button.addEventListener("click", function () {
    if (button.getAttribute("aria-pressed") === "true") stop();
    else start();
  });
  window.addEventListener("pagehide", stop);
  if (synthesis.addEventListener) synthesis.addEventListener("voiceschanged", showButton);
  showButton();
})();
