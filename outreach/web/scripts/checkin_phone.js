/* The door on a phone: a code or a square says who came, with a network or without. What it keeps,
   and how that goes up, is in checkin_store.js. */
(function () {
  "use strict";
  const d = document, root = d.getElementById("puerta"), READ = 12000, EVERY = 20000, SHOWN = 12;
  const able = window.puerta && window.indexedDB && window.crypto && crypto.subtle && navigator.serviceWorker;

  d.querySelectorAll("form[data-lleva]").forEach((form) => {
    form.hidden = !able;
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      form.querySelector("button").disabled = true;
      puerta.take(form).then((id) => { location.href = "/org/puerta/telefono#" + id; }, () => {
        const said = d.getElementById("no-se-pudo");
        form.querySelector("button").disabled = false;
        said.hidden = false;
        said.focus();
      });
    });
  });
  if (!root) return;

  const one = (name) => root.querySelector("[data-" + name + "]"), say = root.dataset;
  const show = (name, is) => { one(name).hidden = !is; };
  const hour = (t) => (t.getHours() % 12 || 12) + ":" + String(t.getMinutes()).padStart(2, "0") + (t.getHours() < 12 ? "\u00a0a.\u00a0m." : "\u00a0p.\u00a0m.");
  const people = (n) => n === 1 ? say.persona : say.personas.replace("{n}", n);
  const input = root.querySelector("#q"), video = root.querySelector("video");
  let here = null, found = null, reading = 0, looking = 0, soon = 0, ready = Promise.resolve();

  if (!able) { show("no-puede", true); return; }
  /* From here on the page is there without a network; only while the phone holds a door. */
  function stay() {
    navigator.serviceWorker.register("/org/puerta/sw.js", { scope: "/org/puerta/" })
      .then(() => navigator.serviceWorker.ready).then(() => { show("sin-red", true); root.dataset.lista = ""; }, () => undefined);
  }

  /* One thing after the other: what is being erased is gone before anything else looks. */
  function queue(work) { ready = ready.then(work).catch((error) => { console.error(error); }); return ready; }
  const start = () => queue(begin);
  async function begin() {
    const over = await puerta.expire(), held = await puerta.bundles();
    const wanted = held.find((b) => b.id === location.hash.slice(1)) || held.find((b) => here && b.id === here.id) || held[0];
    here = wanted || null;
    show("vacia", !here); show("abierta", Boolean(here));
    if (over.lost) {
      one("perdio").textContent = (over.lost === 1 ? say.perdida : say.perdidas).replace("{n}", over.lost);
      show("perdio", true);
    }
    if (!here) return;
    if (!("lista" in root.dataset)) stay();
    one("titulo").textContent = here.title;
    one("cuando").textContent = [here.when.charAt(0).toUpperCase() + here.when.slice(1), here.place].filter(Boolean).join(" · ");
    one("hasta-cuando").textContent = say.hasta.replace("{date}", here.last_day);
    const list = one("talleres");
    list.replaceChildren(...held.map((b) => new Option(b.title + " · " + b.when, b.id, false, b.id === here.id)));
    show("cual", held.length > 1);
    await draw();
    send();
  }

  /* What the site last said, and what it has not been told yet. */
  async function draw() {
    if (!here) return;
    const b = await puerta.bundle(here.id), all = await puerta.marks(here.id);
    if (!b) return;
    here = b;
    const live = all.filter((m) => !m.undone), fresh = live.filter((m) => !m.sent), c = b.counts;
    const back = all.filter((m) => m.undone && m.sent && !m.undoSent);
    const sum = (some, what) => some.filter((m) => m.what === what).reduce((n, m) => n + m.people, 0);
    const came = Math.max(0, c.arrived + sum(fresh, "came") - sum(back, "came"));
    const loose = Math.max(0, c.walk_ins + sum(fresh, "walk_in") - sum(back, "walk_in"));
    one("llegaron").textContent = came;
    one("esperadas").textContent = say.de.replace("{n}", c.expected) + (loose ? " · " + say.y.replace("{n}", loose) : "");
    one("barra").setAttribute("width", c.expected ? Math.min(100, 100 * came / c.expected) : 0);
    one("sueltas").textContent = loose;
    const left = all.filter(puerta.isUnsent).length;
    one("estado").textContent = !left ? say.enviado : left === 1 ? say.falta : say.faltan.replace("{n}", left);
    one("estado").dataset.faltan = left;
    show("nota", Boolean(c.strangers));
    one("nota").textContent = c.strangers === 1 ? say.estrana : say.estranas.replace("{n}", c.strangers);
    const rows = live.slice(-SHOWN).reverse().map(row);
    one("marcas").replaceChildren(...rows);
    show("marcas", rows.length);
  }
  function row(m) {
    const li = d.createElement("li"), what = d.createElement("div"), b = d.createElement("b"), s = d.createElement("small"), button = d.createElement("button");
    b.textContent = people(m.people) + (m.what === "walk_in" ? " " + say.sinRegistro : "");
    s.textContent = hour(new Date(m.at)) + (m.sent ? "" : " · " + say.porEnviar);
    what.append(b, s);
    button.type = "button"; button.className = "button button-quiet"; button.textContent = say.deshacer;
    const hidden = d.createElement("span");
    hidden.className = "visually-hidden"; hidden.textContent = " " + b.textContent + ", " + s.textContent;
    button.append(hidden);
    button.addEventListener("click", () => takeBack(m.id));
    li.append(what, button);
    return li;
  }

  /* A card about what was just read. A name leaves it after a few seconds, or with the next one. */
  function card(words, detail, buttons) {
    clearTimeout(reading);
    show("hallado", true);
    one("nombre").textContent = words;
    one("detalle").textContent = detail || "";
    show("detalle", Boolean(detail));
    one("cuantas").hidden = true;
    ["llego", "quitar", "sumar", "abrir"].forEach((name) => { show(name, name in buttons); one(name).onclick = buttons[name] || null; });
  }
  function forgetName() {
    if (found && found.name) { found.name = ""; one("nombre").textContent = say.esta.replace("{people}", people(found.people)); show("detalle", false); }
  }

  async function find(typed) {
    const token = puerta.tokenIn(typed);
    found = token ? await puerta.byToken(here, token) : await puerta.byCode(here, typed);
    if (found) { await offer(); return; }
    const sum = () => add("walk_in", null, 1, say.suelto);
    if (!token && here.is_discreet) { card(say.cuadro, "", { sumar: sum }); return; }
    for (const b of await puerta.bundles()) {
      if (b.id !== here.id && (token ? await puerta.byToken(b, token) : await puerta.byCode(b, typed))) {
        card(say.otro.replace("{date}", b.when), "", { abrir: () => { location.hash = b.id; } });
        return;
      }
    }
    card(say.no, "", { sumar: sum });
  }
  async function offer() {
    const before = (await puerta.marks(here.id)).find((m) => m.t === found.t && !m.undone);
    const words = found.name || say.esta.replace("{people}", people(found.people));
    if (before) {
      card(words, say.ya, { quitar: () => takeBack(before.id) });
    } else {
      const t = found.t, choose = one("cuantas").querySelector("select");
      choose.replaceChildren(...Array.from({ length: found.people }, (_, i) => new Option(found.people - i)));
      card(words, [found.name ? people(found.people) : "", ...found.needs].filter(Boolean).join(" · "), {
        llego: () => add("came", t, Number(choose.value), say.anotado.replace("{people}", people(Number(choose.value)))),
      });
      show("cuantas", found.people > 1);
      one("llego").focus();
    }
    reading = setTimeout(forgetName, READ);
  }
  async function add(what, t, n, words) {
    const m = await puerta.mark(here.id, what, t, n);
    found = null;
    card(words, "", { quitar: () => takeBack(m.id) });
    await changed();
  }
  async function takeBack(id) {
    await puerta.undo(id);
    found = null;
    card(say.deshecho, "", {});
    await changed();
  }
  async function changed() {
    await draw();
    if (!looking) input.focus();
    clearTimeout(soon);
    soon = setTimeout(send, 1500);
  }

  async function send() {
    if (!here) return "ok";
    const how = await puerta.send(here.id);
    await draw();
    if (how !== "ok" && await puerta.unsent(here.id)) one("estado").textContent += " " + say[how];
    return how;
  }
  async function finish() {
    await ready;
    await send();
    if (await puerta.unsent(here.id)) { show("falta-enviar", true); one("falta-enviar").focus(); return; }
    await erase();
  }
  async function erase() {
    await puerta.erase(here.id);
    show("falta-enviar", false); show("hallado", false);
    here = null;
    history.replaceState(null, "", location.pathname);
    await start();
  }

  /* The phone's camera, where the browser reads squares. */
  async function watch() {
    if (looking) { stop(); return; }
    show("camara-no", false);
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) { show("camara-no", true); return; }
    const eye = new BarcodeDetector({ formats: ["qr_code"] });
    video.hidden = false;
    await video.play();
    show("mirar", false); show("dejar", true);
    looking = setInterval(async () => {
      const seen = (await eye.detect(video).catch(() => [])).map((each) => each.rawValue).find(puerta.tokenIn);
      if (seen && looking) { stop(); queue(() => find(seen)); }
    }, 250);
  }
  function stop() {
    clearInterval(looking);
    looking = 0;
    if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    video.hidden = true;
    show("mirar", true); show("dejar", false);
  }
  const canRead = "BarcodeDetector" in window && navigator.mediaDevices;
  show("camara", canRead); show("sin-camara", !canRead);

  one("busca").addEventListener("submit", (e) => {
    e.preventDefault();
    const typed = input.value;
    input.value = "";
    queue(() => find(typed));
  });
  one("camara").addEventListener("click", watch);
  one("mas").addEventListener("click", () => queue(() => add("walk_in", null, 1, say.suelto)));
  one("enviar").addEventListener("click", send);
  one("terminar").addEventListener("click", finish);
  one("borrar").addEventListener("click", erase);
  one("talleres").addEventListener("change", (e) => { location.hash = e.target.value; });
  window.addEventListener("hashchange", () => { show("hallado", false); start(); });
  window.addEventListener("online", send);
  d.addEventListener("visibilitychange", () => { if (d.hidden) { stop(); forgetName(); } else start(); });
  setInterval(async () => {
    if (here && here.until <= Date.now()) await start();
    else if (here && !d.hidden) await send();
  }, EVERY);
  start();
})();
