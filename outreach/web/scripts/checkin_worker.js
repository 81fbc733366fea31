/* Answers for the door's page on a phone without a network: with the page, its style, its scripts and
   its font, and with nothing else. The line above, written by the server, says which these are. */
"use strict";
const PAGE = FILES[0], DOOR = "/org/puerta/";
importScripts(FILES.find((path) => path.includes("checkin_store")));
/* What is over goes, also where nobody is signed in. The page on the phone sees to its own: it says how many were lost. */
const expire = () => puerta.expire().catch(() => undefined);
self.addEventListener("install", (e) => e.waitUntil(
  caches.open(CACHE).then((c) => c.addAll(FILES)).then(() => self.skipWaiting())));
self.addEventListener("activate", (e) => e.waitUntil(
  caches.keys().then((names) => Promise.all(
    names.filter((n) => n.startsWith("puerta-") && n !== CACHE).map((n) => caches.delete(n))))
    .then(() => self.clients.claim()).then(expire)));
const kept = (path) => caches.open(CACHE).then((c) => c.match(path));
self.addEventListener("fetch", (e) => {
  const path = new URL(e.request.url).pathname;
  if (e.request.method !== "GET") return;
  if (FILES.includes(path)) e.respondWith(kept(path).then((r) => r || fetch(e.request)));
  else if (path === DOOR) e.respondWith(fetch(e.request).then((r) => { e.waitUntil(expire()); return r; }, () => kept(PAGE)));
});
