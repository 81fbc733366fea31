/* «Aviso en este teléfono»: offers push messages where the browser has them, and asks for the
   permission when the form is sent. Nothing is asked before that, and without this file the choice
   stays hidden. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-push-key]");
  const isSupported = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!form || !isSupported) return;
  const WORKER = "/avisame/sw.js";
  const SCOPE = "/avisame/";

  form.querySelectorAll("[data-push]").forEach((part) => { part.hidden = false; });
  form.querySelectorAll("[data-no-push]").forEach((part) => { part.hidden = true; });

  const isChosen = () => form.querySelector("[name=contact][value=push]:checked") !== null;
  const field = (name) => form.querySelector("[name=" + name + "]");

  function bytesOf(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }

  function textOf(buffer) {
    return btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function untilActive(registration) {
    const worker = registration.installing || registration.waiting || registration.active;
    if (!worker || worker.state === "activated") return registration;
    return new Promise((resolve) => {
      worker.addEventListener("statechange", () => {
        if (worker.state === "activated") resolve(registration);
      });
    });
  }

  /* A subscription with another key cannot be used: of an installation that lost its own. */
  async function subscribe() {
    const registration = await untilActive(await navigator.serviceWorker.register(WORKER, { scope: SCOPE }));
    const options = { userVisibleOnly: true, applicationServerKey: bytesOf(form.dataset.pushKey) };
    try {
      return await registration.pushManager.subscribe(options);
    } catch (error) {
      const old = await registration.pushManager.getSubscription();
      if (!old) throw error;
      await old.unsubscribe();
      return registration.pushManager.subscribe(options);
    }
  }

  function showFault(isDenied) {
    const fault = form.querySelector(isDenied ? "[data-push-denied]" : "[data-push-failed]");
    form.querySelectorAll("[data-push-denied], [data-push-failed]").forEach((each) => {
      each.hidden = each !== fault;
    });
    fault.focus();
  }

  async function askAndSend() {
    // In the same step as the press: some browsers ask at no other moment.
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return showFault(true);
    const subscription = await subscribe();
    field("push_endpoint").value = subscription.endpoint;
    field("push_key").value = textOf(subscription.getKey("p256dh"));
    field("push_auth").value = textOf(subscription.getKey("auth"));
    form.submit();
    return undefined;
  }

  form.addEventListener("submit", (event) => {
    if (!isChosen()) return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    askAndSend().catch(() => showFault(false)).finally(() => { button.disabled = false; });
  });
})();
