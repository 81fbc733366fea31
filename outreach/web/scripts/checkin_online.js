/* The check-in page of a signed-in account: reads QR codes with the camera, and says when there is no network. */
(function () {
  "use strict";
  const offline = document.getElementById("no-network");
  const camera = qrCamera(document.getElementById("qr-camera"), (text) => {
    const token = checkinStore.tokenIn(text);
    if (token) location.assign("/q/" + token);
    return Boolean(token);
  });
  const sayOffline = () => { offline.hidden = navigator.onLine; };

  window.addEventListener("online", sayOffline);
  window.addEventListener("offline", sayOffline);
  document.addEventListener("visibilitychange", () => { if (document.hidden) camera.close(); });
  sayOffline();
  if (location.hash === "#camara") camera.open();
})();
