/* «Grabar aquí»: records with the microphone into the file field of the form, in a browser that can.
   Nothing leaves the page before the form is sent. */
(function () {
  "use strict";
  var box = document.querySelector("[data-recorder]");
  var field = document.getElementById("file");
  var media = navigator.mediaDevices;
  if (!box || !field || !window.MediaRecorder || !media || !media.getUserMedia || !window.DataTransfer) return;
  var button = box.querySelector("button");
  var label = button.querySelector("span");
  var words = label.textContent;
  var status = box.querySelector("[role=status]");
  var clock = box.querySelector("[data-clock]");
  var recorder = null;
  var timer = 0;
  var seconds = 0;

  function showSeconds() {
    clock.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  }

  function count() {
    seconds += 1;
    showSeconds();
    if (seconds >= Number(box.dataset.seconds) && recorder) recorder.stop();
  }

  function finish(stream, parts) {
    clearInterval(timer);
    stream.getTracks().forEach(function (track) { track.stop(); });
    var type = recorder.mimeType.split(";")[0] || "audio/webm";
    var chosen = new DataTransfer();
    chosen.items.add(new File(parts, "grabacion." + (type.split("/")[1] || "webm"), { type: type }));
    field.files = chosen.files;
    recorder = null;
    label.textContent = words;
    status.textContent = status.dataset.done;
  }

  function start() {
    media.getUserMedia({ audio: true }).then(function (stream) {
      var parts = [];
      recorder = new MediaRecorder(stream, { audioBitsPerSecond: 64000 });
      recorder.ondataavailable = function (event) { if (event.data.size) parts.push(event.data); };
      recorder.onstop = function () { finish(stream, parts); };
      recorder.start();
      seconds = 0;
      timer = setInterval(count, 1000);
      label.textContent = button.dataset.stop;
      showSeconds();
      status.textContent = status.dataset.recording;
    }, function () { status.textContent = status.dataset.refused; });
  }

  button.addEventListener("click", function () {
    if (recorder) recorder.stop();
    else start();
  });
  box.hidden = false;
})();
