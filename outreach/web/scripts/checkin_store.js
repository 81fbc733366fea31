/* What a phone stores for check-in without a network: the encrypted manifests it downloaded, and the
   check-in events until the server has them (IndexedDB "puerta"). No name is stored that could be
   read. A manifest is erased the day after its workshop, when a staff page is next opened on the phone:
   with none open, no browser lets a site erase. The service worker runs this file too, so it uses
   nothing of a window. */
(function () {
  "use strict";
  const DATABASE = "puerta";
  const EVENTS_PER_REQUEST = 100;
  const CLOSED_STATUS = 423;
  const REFUSED_STATUSES = [400, 409, 413, 422];
  const encoder = new TextEncoder();
  const sending = {};
  let opening = null;

  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const fromBase64url = (text) => (
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0))
  );
  const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(text)));

  /* IndexedDB with promises. */
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  /* The database; null where there is none and `create` is false. */
  function open(create) {
    if (!self.indexedDB) return Promise.resolve(null);
    opening = opening || new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        if (!create) {
          request.transaction.abort();
          return;
        }
        request.result.createObjectStore("bundle", { keyPath: "id" });
        request.result.createObjectStore("mark", { keyPath: "id" }).createIndex("bundle", "bundle");
      };
      request.onsuccess = () => {
        request.result.onversionchange = close;
        resolve(request.result);
      };
      request.onerror = (event) => {
        event.preventDefault();
        opening = null;
        if (create) reject(request.error);
        else resolve(null);
      };
    });
    return opening;
  }

  async function close() {
    const closing = opening;
    opening = null;
    const database = closing ? await closing : null;
    if (database) database.close();
  }

  async function run(store, mode, work) {
    const database = await open(mode === "readwrite");
    if (!database) return undefined;
    const transaction = database.transaction(store, mode);
    const end = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const result = await work(transaction.objectStore(store));
    await end;
    return result;
  }

  const get = (store, id) => run(store, "readonly", (rows) => done(rows.get(id)));
  const put = (store, row) => run(store, "readwrite", (rows) => done(rows.put(row)));

  /* Reads and writes in one transaction, since another page may change the same row. */
  const alter = (store, id, change) => run(store, "readwrite", async (rows) => {
    const row = await done(rows.get(id));
    if (row) {
      change(row);
      await done(rows.put(row));
    }
    return row;
  });

  const manifests = async () => (await run("bundle", "readonly", (rows) => done(rows.getAll()))) || [];
  const marks = async (id) => (
    (await run("mark", "readonly", (rows) => done(rows.index("bundle").getAll(id)))) || []
  ).sort((first, second) => first.at - second.at);
  const isUnsent = (mark) => !mark.sent || (mark.undone && !mark.undoSent);

  /* How many events the server does not have, of one manifest or of all. */
  async function unsent(id) {
    const ids = id ? [id] : (await manifests()).map((manifest) => manifest.id);
    const all = await Promise.all(ids.map(marks));
    return all.flat().filter(isUnsent).length;
  }

  /* Submits the form that requests the manifest of a workshop and stores it; the id of the manifest. */
  async function take(form) {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    const type = answer.headers.get("Content-Type") || "";
    if (!answer.ok || !type.startsWith("application/json")) throw new Error(answer.status);
    const manifest = await answer.json();
    await put("bundle", manifest);
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    return manifest.id;
  }

  /* The party with this check-in token, with the name, which only its own token decrypts; or null. */
  async function byToken(manifest, token) {
    const t = (await sha256("puerta " + token)).slice(0, 32);
    const row = manifest.rows.find((each) => each.t === t);
    if (!row) return null;
    const secret = await crypto.subtle.importKey("raw", fromBase64url(token), "HKDF", false, ["deriveKey"]);
    const derivation = {
      name: "HKDF", hash: "SHA-256", salt: fromBase64url(manifest.salt), info: encoder.encode("puerta nombre"),
    };
    const key = await crypto.subtle.deriveKey(derivation, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const sealed = fromBase64url(row.s);
    const cipher = { name: "AES-GCM", iv: sealed.slice(0, 12), additionalData: encoder.encode(t) };
    const opened = await crypto.subtle.decrypt(cipher, key, sealed.slice(12));
    const person = JSON.parse(new TextDecoder().decode(opened));
    return { t: t, people: row.p || person.people, name: person.name, needs: person.needs };
  }

  const plainCode = (typed) => (
    typed.toUpperCase().replace(/[^0-9A-Z]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1")
  );

  /* The party with this door code, without its name; or null. */
  async function byCode(manifest, typed) {
    const code = (await sha256("puerta " + manifest.salt + plainCode(typed))).slice(0, 16);
    const row = manifest.rows.find((each) => each.c === code);
    return row ? { t: row.t, people: row.p, name: "", needs: [] } : null;
  }

  /* A check-in token, out of the address in a QR code or alone; "" for anything else. */
  function tokenIn(typed) {
    const match = /(?:^|\/q\/)([A-Za-z0-9_-]{22})$/.exec(typed.trim());
    return match ? match[1] : "";
  }

  async function mark(manifestId, what, t, people) {
    const event = {
      id: hex(crypto.getRandomValues(new Uint8Array(16))), bundle: manifestId, what: what, t: t, people: people,
      at: Date.now(), undone: false, sent: false, undoSent: false,
    };
    await put("mark", event);
    return event;
  }

  const undo = (id) => alter("mark", id, (event) => { event.undone = true; });

  /* Sends what the server does not have and stores the counts it answers. The result is "ok", "later"
     (no network, or the server asks to wait), "over" (the token has expired), "closed" (nobody enters any
     more, which is stored: a phone that is opened again without a network says so too) or "refused". The
     server counts an event once, however often it is sent. */
  function send(id) {
    sending[id] = sending[id] || sendAll(id).finally(() => { sending[id] = null; });
    return sending[id];
  }

  async function sendAll(id) {
    for (let isFirst = true; ; isFirst = false) {
      const manifest = await get("bundle", id);
      const some = (await marks(id)).filter(isUnsent).slice(0, EVENTS_PER_REQUEST);
      if (!manifest || (!some.length && !isFirst)) return "ok";
      const answer = await post(manifest, some);
      if (!answer) return "later";
      if (answer.status === 404) return "over";
      if (answer.status === CLOSED_STATUS) {
        await alter("bundle", id, (row) => { row.is_closed = true; });
        return "closed";
      }
      if (REFUSED_STATUSES.includes(answer.status)) return "refused";
      if (!answer.ok) return "later";
      const counts = await answer.json();
      await noteSent(some);
      await alter("bundle", id, (row) => {
        row.counts = counts;
        row.is_closed = false;
      });
    }
  }

  /* The answer; null without a network. */
  async function post(manifest, some) {
    const events = some.flatMap((each) => [
      ...(each.sent ? [] : [{ id: each.id, do: each.what, t: each.t, people: each.people }]),
      ...(each.undone ? [{ id: each.id, do: "undo" }] : []),
    ]);
    try {
      return await fetch("/org/puerta/" + manifest.id + "/llegadas", {
        method: "POST", credentials: "omit", body: JSON.stringify({ marks: events }),
        headers: { "Content-Type": "application/json", Authorization: "Bearer " + manifest.door_pass },
      });
    } catch (error) {
      return null;
    }
  }

  const noteSent = (some) => run("mark", "readwrite", (rows) => Promise.all(some.map(async (each) => {
    const row = await done(rows.get(each.id));
    if (!row) return;
    row.sent = true;
    row.undoSent = each.undone;
    await done(rows.put(row));
  })));

  /* Erases a manifest and its events; with the last manifest, everything. */
  async function erase(id) {
    await run("mark", "readwrite", async (rows) => {
      const keys = await done(rows.index("bundle").getAllKeys(id));
      await Promise.all(keys.map((key) => done(rows.delete(key))));
    });
    await run("bundle", "readwrite", (rows) => done(rows.delete(id)));
    if (!(await manifests()).length) await eraseAll();
  }

  async function eraseAll() {
    await close();
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(DATABASE);
      request.onsuccess = request.onerror = resolve;
    });
    if (self.caches) {
      for (const name of await caches.keys()) if (name.startsWith("puerta-")) await caches.delete(name);
    }
    if (self.registration) {
      await self.registration.unregister();
    } else if (navigator.serviceWorker) {
      for (const worker of await navigator.serviceWorker.getRegistrations()) {
        if (worker.scope.endsWith("/org/puerta/")) await worker.unregister();
      }
    }
  }

  /* Erases expired manifests. Returns how many, and how many events were lost with them. */
  async function expire() {
    let lost = 0, gone = 0;
    for (const manifest of await manifests()) {
      if (manifest.until > Date.now()) continue;
      lost += await unsent(manifest.id);
      gone += 1;
      await erase(manifest.id);
    }
    return { lost: lost, gone: gone };
  }

  self.checkinStore = {
    take: take, manifests: manifests, manifest: (id) => get("bundle", id), marks: marks, unsent: unsent,
    isUnsent: isUnsent, byToken: byToken, byCode: byCode, tokenIn: tokenIn, mark: mark, undo: undo,
    send: send, erase: erase, expire: expire,
  };
})();
