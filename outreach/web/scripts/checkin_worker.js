/* Service worker: answers for the check-in page on a phone without a network, with that page, its
   style, scripts and font, and with nothing else. The server writes the line above, which names them. */
"use strict";
const PAGE = FILES[0];
const SCOPE = "/org/puerta/";
importScripts(FILES.find((path) => path.includes("checkin_store")));

const expire = () => checkinStore.expire().catch(() => undefined);
const cached = (path) => caches.open(CACHE).then((cache) => cache.match(path));

self.addEventListener("install", (event) => event.waitUntil(
  caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting())));

self.addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith("puerta-") && name !== CACHE).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()).then(expire)));

self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET") return;
  if (FILES.includes(path)) {
    event.respondWith(cached(path).then((answer) => answer || fetch(event.request)));
  } else if (path === SCOPE) {
    // Erases expired manifests without a session. The check-in page erases its own and says so.
    event.respondWith(fetch(event.request).then((answer) => {
      event.waitUntil(expire());
      return answer;
    }, () => cached(PAGE)));
  }
});
