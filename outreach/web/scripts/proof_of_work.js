/* The proof of work of a registration form (requirement S29). The form has a challenge while very many
   registrations come from few networks. This finds a number such that the SHA-256 of the challenge
   followed by the number begins with so many zero bits. It works in slices, begins while one types, and
   sends the form when it is ready if the button was pressed already. When it takes too long, the form
   gets the wait of browsers without JavaScript; then it is sent after the wait.

   SHA-256 is written out: crypto.subtle exists only on https and answers later, which for texts this
   short takes several times as long. Only the first block is computed: 55 characters at most. */
(function () {
  "use strict";
  var SLICE_MS = 25;             // below 50, so that the quick exit answers at once
  var HASHES_PER_LOOK = 100;     // at the clock
  var GIVE_UP_MS = 5000;         // after the button was pressed
  var BATTERY_MS = 60000;        // of work while one types
  var K = [];                    // the first 32 bits of the cube roots of the first 64 primes
  var START = [];                // and of the square roots of the first 8

  (function () {
    for (var number = 2; K.length < 64; number += 1) {
      var isPrime = true;
      for (var divisor = 2; divisor * divisor <= number; divisor += 1) {
        if (number % divisor === 0) isPrime = false;
      }
      if (!isPrime) continue;
      if (START.length < 8) START.push((Math.sqrt(number) % 1) * 4294967296 | 0);
      K.push((Math.cbrt(number) % 1) * 4294967296 | 0);
    }
  })();

  var words = new Int32Array(64);

  /* Puts a text of ASCII, at most 55 characters, into the first 16 words, padded. */
  function fill(text) {
    words.fill(0, 0, 16);
    for (var index = 0; index < text.length; index += 1) {
      words[index >> 2] |= text.charCodeAt(index) << (24 - (index & 3) * 8);
    }
    words[text.length >> 2] |= 128 << (24 - (text.length & 3) * 8);
    words[15] = text.length * 8;
  }

  /* The first 32 bits of the SHA-256 of the text that `fill` has put there. */
  function hash() {
    var a = START[0], b = START[1], c = START[2], d = START[3];
    var e = START[4], f = START[5], g = START[6], h = START[7];
    for (var i = 0; i < 64; i += 1) {
      if (i > 15) {
        var x = words[i - 15], y = words[i - 2];
        words[i] = words[i - 16] + words[i - 7]
          + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
          + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
      }
      var first = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7))
        + (e & f ^ ~e & g) + K[i] + words[i] | 0;
      var second = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10))
        + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + first | 0;
      d = c; c = b; b = a; a = first + second | 0;
    }
    return START[0] + a | 0;
  }

  var form = document.querySelector("form[data-pow]");
  if (!form || !form.elements.pow || form.elements.pow.value) return;
  var challenge = form.dataset.pow;
  var bits = Number(form.dataset.powBits);
  var working = document.querySelector("[data-pow-working]");
  var notice = document.querySelector("[data-pow-notice]");
  var waitMs = Number(form.dataset.powWait || 0) * 1000;
  var openedAt = performance.now();
  var startedAt = 0;
  var pressedAt = 0;
  var isDone = false;            // solved or given up: the form may go
  var number = 0;

  function work() {
    var now = performance.now();
    var until = now + SLICE_MS;
    if (pressedAt ? now - pressedAt > GIVE_UP_MS : now - startedAt > BATTERY_MS) {
      giveUp();
      return;
    }
    do {
      for (var count = 0; count < HASHES_PER_LOOK; count += 1) {
        fill(challenge + number);
        if (hash() >>> (32 - bits) === 0) {
          form.elements.pow.value = String(number);
          finish();
          return;
        }
        number += 1;
      }
    } while (performance.now() < until);
    setTimeout(work, 0);
  }

  function start() {
    if (startedAt) return;
    startedAt = performance.now();
    setTimeout(work, 0);
  }

  function finish() {
    isDone = true;
    if (pressedAt) send();
  }

  /* Without a wait the form is sent, and the answer has one. */
  function giveUp() {
    isDone = true;
    if (!pressedAt) return;
    if (!waitMs) {
      send();
      return;
    }
    show(false);
    form.querySelector("[type=submit]").disabled = false;
    setTimeout(send, Math.max(0, openedAt + waitMs - performance.now()));
  }

  /* As the button does it: `submit` alone would not tell the other scripts. */
  function send() {
    var event = new Event("submit", { bubbles: true, cancelable: true });
    if (form.dispatchEvent(event)) form.submit();
  }

  function show(isWorking) {
    working.hidden = !isWorking;
    if (notice) notice.hidden = isWorking;
  }

  function press() {
    if (!pressedAt) pressedAt = performance.now();
    show(true);
    start();
  }

  // The buttons of other languages and dates send the form to be shown again, not to be saved.
  var isSwitching = false;
  document.querySelectorAll("button[formaction]").forEach(function (button) {
    button.addEventListener("click", function () { isSwitching = true; });
  });
  form.addEventListener("input", start);
  form.addEventListener("focusin", start);
  form.addEventListener("submit", function (event) {
    if (isDone || isSwitching) return;
    event.preventDefault();
    press();
  });
  if ("powPressed" in form.dataset) press();
})();
