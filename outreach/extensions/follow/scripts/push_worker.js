/* Service worker: shows push messages and opens their address. It keeps nothing and answers no
   request. A message that comes twice replaces itself. */
"use strict";
self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data.json();
  } catch {
    return;
  }
  event.waitUntil(self.registration.showNotification(message.title, {
    body: message.body, lang: message.lang, tag: message.path, data: message.path,
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = String(event.notification.data);
  if (path.startsWith("/") && !path.startsWith("//")) event.waitUntil(self.clients.openWindow(path));
});
