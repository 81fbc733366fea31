/* Reads a QR code with the camera. `qrCamera(root, accept)`: `root` holds a button [data-camera], a video, the
   messages [data-no-camera] and [data-camera-failed], and the address of the reader in data-qr-reader.
   `accept(text)` is asked about each code read; the camera closes once it answers true. */
(function () {
  "use strict";
  const EVERY_MS = 250;
  const WIDTH = 640;       // of the picture that is read: a cheap phone needs some 70 ms for it
  /* The middle of what the camera sees, in turn: a code far away needs more pixels, and a code that is not read
     at one size often is at another. */
  const SHARES = [1, 0.9, 0.67, 0.5];

  window.qrCamera = function (root, accept) {
    const button = root.querySelector("[data-camera]");
    const video = root.querySelector("video");
    const canvas = document.createElement("canvas");
    const show = (name, isShown) => { root.querySelector("[data-" + name + "]").hidden = !isShown; };
    let run = 0;           // counts the times the camera was opened or closed
    let isOpen = false;

    /* The browser's own reader, which some phones have without QR codes, or the one that is loaded now. */
    async function loadDetector() {
      const own = window.BarcodeDetector;
      const formats = own ? await own.getSupportedFormats().catch(() => []) : [];
      const Detector = formats.includes("qr_code") ? own : (await import(root.dataset.qrReader)).BarcodeDetector;
      return new Detector({ formats: ["qr_code"] });
    }

    async function open() {
      const mine = ++run;
      show("camera-failed", false);
      setOpen(true);
      try {
        const [detector, stream] = await Promise.all([loadDetector(), navigator.mediaDevices.getUserMedia({
          video: { facingMode: "environment", width: { ideal: 1280 } },
        })]);
        if (mine !== run) {  // it was closed meanwhile
          stream.getTracks().forEach((track) => track.stop());
          return;
        }
        video.srcObject = stream;
        video.hidden = false;
        await video.play();
        read(detector, mine, 0);
      } catch (error) {
        if (mine !== run) return;
        close();
        show("camera-failed", true);
      }
    }

    async function read(detector, mine, count) {
      draw(SHARES[count % SHARES.length]);
      const codes = await detector.detect(canvas).catch(() => []);
      if (mine !== run) return;
      if (codes.some((code) => accept(code.rawValue))) close();
      else setTimeout(() => { if (mine === run) read(detector, mine, count + 1); }, EVERY_MS);
    }

    /* Draws this share of the picture, the middle of it. */
    function draw(share) {
      const width = video.videoWidth * share;
      const height = video.videoHeight * share;
      canvas.width = WIDTH;
      canvas.height = Math.round(WIDTH * video.videoHeight / video.videoWidth);
      canvas.getContext("2d", { willReadFrequently: true }).drawImage(
        video, (video.videoWidth - width) / 2, (video.videoHeight - height) / 2, width, height,
        0, 0, canvas.width, canvas.height);
    }

    function close() {
      run++;
      if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
      video.hidden = true;
      setOpen(false);
    }

    function setOpen(value) {
      isOpen = value;
      show("start-camera", !isOpen);
      show("stop-camera", isOpen);
    }

    const hasCamera = Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
    show("camera", hasCamera);
    show("no-camera", !hasCamera);
    button.addEventListener("click", () => { if (isOpen) close(); else open(); });
    return { open: open, close: close, isOpen: () => isOpen };
  };
})();
