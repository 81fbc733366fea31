/* What a phone at the door keeps: the sealed lists it took along, and who came until that has gone
   up (IndexedDB «puerta»). No name is kept that could be read. What is over, the day after, goes when
   a page of the desk is next opened on the phone: with none open, no browser lets us erase. The worker
   runs this too, so it asks nothing of a window. */
(function () {
  "use strict";
  const AT_ONCE = 100, text = new TextEncoder();
  let opening = null, sending = {};

  const hex = (b) => Array.from(new Uint8Array(b), (x) => x.toString(16).padStart(2, "0")).join("");
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const sha = async (s) => hex(await crypto.subtle.digest("SHA-256", text.encode(s)));
  const done = (q) => new Promise((ok, no) => { q.onsuccess = () => ok(q.result); q.onerror = () => no(q.error); });

  /* The database; null where there is none and none is to be made. */
  function open(make) {
    if (!self.indexedDB) return Promise.resolve(null);
    opening = opening || new Promise((ok, no) => {
      const q = indexedDB.open("puerta", 1);
      q.onupgradeneeded = () => {
        if (!make) { q.transaction.abort(); return; }
        q.result.createObjectStore("bundle", { keyPath: "id" });
        q.result.createObjectStore("mark", { keyPath: "id" }).createIndex("bundle", "bundle");
      };
      q.onsuccess = () => { q.result.onversionchange = close; ok(q.result); };
      q.onerror = (e) => { e.preventDefault(); opening = null; if (make) no(q.error); else ok(null); };
    });
    return opening;
  }
  async function close() {
    const was = opening;
    opening = null;
    if (was) { const db = await was; if (db) db.close(); }
  }
  async function run(store, mode, work) {
    const db = await open(mode === "readwrite");
    if (!db) return undefined;
    const t = db.transaction(store, mode), end = new Promise((ok, no) => { t.oncomplete = ok; t.onabort = t.onerror = () => no(t.error); });
    const found = await work(t.objectStore(store));
    await end;
    return found;
  }
  const get = (store, id) => run(store, "readonly", (s) => done(s.get(id)));
  const put = (store, row) => run(store, "readwrite", (s) => done(s.put(row)));
  /* Reads and writes in one transaction: another page may have the same row open. */
  const alter = (store, id, change) => run(store, "readwrite", async (s) => {
    const row = await done(s.get(id));
    if (row) { change(row); await done(s.put(row)); }
    return row;
  });

  const bundles = async () => (await run("bundle", "readonly", (s) => done(s.getAll()))) || [];
  const marks = async (id) => ((await run("mark", "readonly", (s) => done(s.index("bundle").getAll(id)))) || [])
    .sort((a, b) => a.at - b.at);
  const isUnsent = (m) => !m.sent || (m.undone && !m.undoSent);
  async function unsent(id) {
    const all = id ? await marks(id) : (await Promise.all((await bundles()).map((b) => marks(b.id)))).flat();
    return all.filter(isUnsent).length;
  }

  async function take(form) {
    const r = await fetch(form.action, { method: "POST", body: new FormData(form) });
    if (!r.ok || !(r.headers.get("Content-Type") || "").startsWith("application/json")) throw new Error(r.status);
    const b = await r.json();
    await put("bundle", b);
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    return b.id;
  }

  /* The party whose square this is, with the name: it opens with its own token only. */
  async function byToken(b, token) {
    const t = (await sha("puerta " + token)).slice(0, 32), row = b.rows.find((r) => r.t === t);
    if (!row) return null;
    const k = await crypto.subtle.importKey("raw", bytes(token), "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: bytes(b.salt), info: text.encode("puerta nombre") };
    const key = await crypto.subtle.deriveKey(how, k, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const s = bytes(row.s), open = { name: "AES-GCM", iv: s.slice(0, 12), additionalData: text.encode(t) };
    const told = JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(open, key, s.slice(12))));
    return { t: t, people: row.p || told.people, name: told.name, needs: told.needs };
  }
  const plain = (typed) => typed.toUpperCase().replace(/[^0-9A-Z]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  async function byCode(b, typed) {
    const c = (await sha("puerta " + b.salt + plain(typed))).slice(0, 16), row = b.rows.find((r) => r.c === c);
    return row ? { t: row.t, people: row.p, name: "", needs: [] } : null;
  }
  /* A token, out of a square's address or alone; empty for anything else. */
  function tokenIn(typed) {
    const m = /(?:^|\/q\/)([A-Za-z0-9_-]{22})$/.exec(typed.trim());
    return m ? m[1] : "";
  }

  async function mark(bundle, what, t, people) {
    const m = {
      id: hex(crypto.getRandomValues(new Uint8Array(16))), bundle: bundle, what: what, t: t, people: people,
      at: Date.now(), undone: false, sent: false, undoSent: false,
    };
    await put("mark", m);
    return m;
  }
  const undo = (id) => alter("mark", id, (m) => { m.undone = true; });

  /* Tells what has not been told yet, and hears the counts. «ok», «later» (no network, or it has to wait), «over» (the pass
     is no good any more) or «refused». Told twice, it counts once. */
  function send(id) {
    sending[id] = sending[id] || sendAll(id).finally(() => { sending[id] = null; });
    return sending[id];
  }
  async function sendAll(id) {
    for (let hears = true; ; hears = false) {
      const b = await get("bundle", id), some = (await marks(id)).filter(isUnsent).slice(0, AT_ONCE);
      if (!b || (!some.length && !hears)) return "ok";
      const told = some.flatMap((m) => [
        ...(m.sent ? [] : [{ id: m.id, do: m.what, t: m.t, people: m.people }]),
        ...(m.undone ? [{ id: m.id, do: "undo" }] : []),
      ]);
      let r;
      try {
        r = await fetch("/org/puerta/" + id + "/llegadas", {
          method: "POST", credentials: "omit", body: JSON.stringify({ marks: told }),
          headers: { "Content-Type": "application/json", Authorization: "Bearer " + b.door_pass },
        });
      } catch (e) { return "later"; }
      if (r.status === 404) return "over";
      if ([400, 409, 413, 422].includes(r.status)) return "refused";
      if (!r.ok) return "later";
      const counts = await r.json();
      await run("mark", "readwrite", (s) => Promise.all(some.map(async (m) => {
        const now = await done(s.get(m.id));
        if (now) { now.sent = true; now.undoSent = m.undone; await done(s.put(now)); }
      })));
      await alter("bundle", id, (row) => { row.counts = counts; });
    }
  }

  /* Nothing is left of this door; nothing at all when it was the last one. */
  async function erase(id) {
    await run("mark", "readwrite", async (s) => Promise.all((await done(s.index("bundle").getAllKeys(id))).map((k) => done(s.delete(k)))));
    await run("bundle", "readwrite", (s) => done(s.delete(id)));
    if (!(await bundles()).length) await eraseAll();
  }
  async function eraseAll() {
    await close();
    await new Promise((ok) => { const q = indexedDB.deleteDatabase("puerta"); q.onsuccess = q.onerror = ok; });
    if (self.caches) for (const n of await caches.keys()) if (n.startsWith("puerta-")) await caches.delete(n);
    if (self.registration) await self.registration.unregister();
    else if (navigator.serviceWorker) for (const r of await navigator.serviceWorker.getRegistrations()) if (r.scope.endsWith("/org/puerta/")) await r.unregister();
  }
  /* Erases the doors whose time is over; says how many marks had not gone up. */
  async function expire() {
    let lost = 0, gone = 0;
    for (const b of await bundles()) if (b.until <= Date.now()) { lost += await unsent(b.id); gone += 1; await erase(b.id); }
    return { lost: lost, gone: gone };
  }

  self.puerta = {
    take: take, bundles: bundles, bundle: (id) => get("bundle", id), marks: marks, unsent: unsent, isUnsent: isUnsent,
    byToken: byToken, byCode: byCode, tokenIn: tokenIn, mark: mark, undo: undo, send: send, erase: erase, expire: expire,
  };
})();
