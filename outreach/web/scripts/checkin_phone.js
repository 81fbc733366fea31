/* Check-in on a phone, with or without a network: a door code or a QR code identifies a party. What is
   stored and sent is in checkin_store.js. */
(function () {
  "use strict";
  const NAME_SHOWN_MS = 12000;
  const SEND_EVERY_MS = 20000;
  const SEND_AFTER_EVENT_MS = 1500;
  const EVENTS_SHOWN = 12;
  const root = document.getElementById("checkin-phone");
  const isSupported = window.checkinStore && window.indexedDB && window.crypto && crypto.subtle
    && navigator.serviceWorker;

  /* The page that downloads manifests. */
  document.querySelectorAll("form[data-take]").forEach((form) => {
    form.hidden = !isSupported;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      checkinStore.take(form).then((id) => { location.href = "/org/puerta/telefono#" + id; }, () => {
        const error = document.getElementById("take-failed");
        button.disabled = false;
        error.hidden = false;
        error.focus();
      });
    });
  });
  if (!root) return;

  /* The check-in page. Its texts are data attributes of its root element. */
  const words = root.dataset;
  const part = (name) => root.querySelector("[data-" + name + "]");
  const show = (name, isShown) => { part(name).hidden = !isShown; };
  const peopleWords = (count) => count === 1 ? words.person : words.people.replace("{n}", count);
  const partyWords = (count) => words.found.replace("{people}", peopleWords(count));
  const input = root.querySelector("#q");
  let manifest = null;    // the open one
  let party = null;       // the party of the last code
  let nameTimer = 0;
  let sendTimer = 0;
  let work = Promise.resolve();

  if (!isSupported) {
    show("unsupported", true);
    return;
  }

  function hourWords(time) {
    const half = time.getHours() < 12 ? "\u00a0a.\u00a0m." : "\u00a0p.\u00a0m.";
    return (time.getHours() % 12 || 12) + ":" + String(time.getMinutes()).padStart(2, "0") + half;
  }

  /* The page opens without a network from here on, while the phone has a manifest. */
  function installWorker() {
    navigator.serviceWorker.register("/org/puerta/sw.js", { scope: "/org/puerta/" })
      .then(() => navigator.serviceWorker.ready)
      .then(() => {
        show("works-offline", true);
        root.dataset.ready = "";
      }, () => undefined);
  }

  /* Runs one task after the other, so that none reads what another is erasing. */
  function queue(task) {
    work = work.then(task).catch((error) => { console.error(error); });
    return work;
  }
  const start = () => queue(openManifest);

  async function openManifest() {
    const expired = await checkinStore.expire();
    const manifests = await checkinStore.manifests();
    manifest = manifests.find((each) => each.id === location.hash.slice(1))
      || manifests.find((each) => manifest && each.id === manifest.id)
      || manifests[0] || null;
    show("empty", !manifest);
    show("open", Boolean(manifest));
    if (expired.lost) {
      part("lost").textContent = (expired.lost === 1 ? words.oneLost : words.manyLost).replace("{n}", expired.lost);
      show("lost", true);
    }
    if (!manifest) return;
    if (!("ready" in root.dataset)) installWorker();
    const when = manifest.when.charAt(0).toUpperCase() + manifest.when.slice(1);
    part("title").textContent = manifest.title;
    part("when").textContent = [when, manifest.place].filter(Boolean).join(" · ");
    part("kept-until").textContent = words.until.replace("{date}", manifest.last_day);
    part("workshops").replaceChildren(...manifests.map((each) => (
      new Option(each.title + " · " + each.when, each.id, false, each.id === manifest.id)
    )));
    show("choose", manifests.length > 1);
    await draw();
    send();
  }

  /* The counts of the server and the events it does not have yet. */
  async function draw() {
    if (!manifest) return;
    const current = await checkinStore.manifest(manifest.id);
    const all = await checkinStore.marks(manifest.id);
    if (!current) return;
    manifest = current;
    drawClosed();
    drawCounts(all);
    const unsent = all.filter(checkinStore.isUnsent).length;
    const unsentWords = unsent === 1 ? words.oneUnsent : words.manyUnsent.replace("{n}", unsent);
    const networkWords = navigator.onLine ? words.withNetwork : words.withoutNetwork;
    part("status").textContent = networkWords + " " + (unsent ? unsentWords : words.allSent);
    part("status").dataset.network = navigator.onLine ? "on" : "off";
    part("status").dataset.unsent = unsent;
    const rows = all.filter((event) => !event.undone).slice(-EVENTS_SHOWN).reverse().map(eventRow);
    part("events").replaceChildren(...rows);
    show("events", rows.length);
  }

  /* Nobody is let in where the entry was closed: only the counts and what was noted stay. */
  function drawClosed() {
    const isClosed = Boolean(manifest.is_closed);
    if (isClosed && part("closed").hidden) {
      camera.close();
      show("result", false);
    }
    show("closed", isClosed);
    show("search", !isClosed);
    show("without-registration", !isClosed);
  }

  function drawCounts(all) {
    const counts = manifest.counts;
    const added = all.filter((event) => !event.undone && !event.sent);
    const removed = all.filter((event) => event.undone && event.sent && !event.undoSent);
    const sum = (events, what) => events.filter((event) => event.what === what)
      .reduce((total, event) => total + event.people, 0);
    const came = Math.max(0, counts.arrived + sum(added, "came") - sum(removed, "came"));
    const walkIns = Math.max(0, counts.walk_ins + sum(added, "walk_in") - sum(removed, "walk_in"));
    const expected = words.ofExpected.replace("{n}", counts.expected);
    const strangers = counts.strangers === 1 ? words.oneStranger : words.manyStrangers.replace("{n}", counts.strangers);
    part("arrived").textContent = came;
    part("expected").textContent = expected + (walkIns ? " · " + words.andWalkIns.replace("{n}", walkIns) : "");
    part("bar").setAttribute("width", counts.expected ? Math.min(100, 100 * came / counts.expected) : 0);
    part("walk-ins").textContent = walkIns;
    part("note").textContent = strangers;
    show("note", Boolean(counts.strangers));
  }

  function eventRow(event) {
    const item = document.createElement("li");
    const what = document.createElement("div");
    const people = document.createElement("b");
    const details = document.createElement("small");
    const button = document.createElement("button");
    const hidden = document.createElement("span");
    people.textContent = peopleWords(event.people) + (event.what === "walk_in" ? " " + words.unregistered : "");
    details.textContent = hourWords(new Date(event.at)) + (event.sent ? "" : " · " + words.unsentEvent);
    what.append(people, details);
    hidden.className = "visually-hidden";
    hidden.textContent = " " + people.textContent + ", " + details.textContent;
    button.type = "button";
    button.className = "button button-quiet";
    button.textContent = words.undo;
    button.append(hidden);
    button.addEventListener("click", () => takeBack(event.id));
    item.append(what, button);
    return item;
  }

  /* A card about the last code, with these buttons: {name of the part: action}. */
  function card(heading, detail, buttons) {
    clearTimeout(nameTimer);
    show("result", true);
    part("name").textContent = heading;
    part("detail").textContent = detail || "";
    show("detail", Boolean(detail));
    show("how-many", false);
    ["came", "take-back", "add", "open-other"].forEach((name) => {
      show(name, name in buttons);
      part(name).onclick = buttons[name] || null;
    });
  }

  /* Removes a name from the screen after some seconds or at the next code. */
  function forgetName() {
    if (!party || !party.name) return;
    party.name = "";
    part("name").textContent = partyWords(party.people);
    show("detail", false);
  }

  async function find(typed) {
    const token = checkinStore.tokenIn(typed);
    const lookUp = (each) => token ? checkinStore.byToken(each, token) : checkinStore.byCode(each, typed);
    party = await lookUp(manifest);
    if (party) {
      await offer();
      return;
    }
    const addOne = () => add("walk_in", null, 1, words.notedWalkIn);
    if (!token && manifest.is_discreet) {
      card(words.qrOnly, "", { add: addOne });
      return;
    }
    for (const each of await checkinStore.manifests()) {
      if (each.id !== manifest.id && await lookUp(each)) {
        card(words.otherWorkshop.replace("{date}", each.when), "", { "open-other": () => { location.hash = each.id; } });
        return;
      }
    }
    card(words.unknown, "", { add: addOne });
  }

  async function offer() {
    const earlier = (await checkinStore.marks(manifest.id)).find((event) => event.t === party.t && !event.undone);
    const heading = party.name || partyWords(party.people);
    if (earlier) {
      card(heading, words.already, { "take-back": () => takeBack(earlier.id) });
    } else {
      offerCheckin(heading);
    }
    nameTimer = setTimeout(forgetName, NAME_SHOWN_MS);
  }

  function offerCheckin(heading) {
    const t = party.t;
    const count = party.people;
    const select = part("how-many").querySelector("select");
    select.replaceChildren(...Array.from({ length: count }, (_, index) => new Option(count - index)));
    card(heading, [party.name ? peopleWords(count) : "", ...party.needs].filter(Boolean).join(" · "), {
      came: () => {
        const people = Number(select.value);
        return add("came", t, people, words.noted.replace("{people}", peopleWords(people)));
      },
    });
    show("how-many", count > 1);
    part("came").focus();
  }

  async function add(what, t, people, heading) {
    const event = await checkinStore.mark(manifest.id, what, t, people);
    party = null;
    card(heading, "", { "take-back": () => takeBack(event.id) });
    await afterEvent();
  }

  async function takeBack(id) {
    await checkinStore.undo(id);
    party = null;
    card(words.undone, "", {});
    await afterEvent();
  }

  async function afterEvent() {
    await draw();
    if (!camera.isOpen()) input.focus();
    clearTimeout(sendTimer);
    sendTimer = setTimeout(send, SEND_AFTER_EVENT_MS);
  }

  async function send() {
    if (!manifest) return;
    const outcome = await checkinStore.send(manifest.id);
    await draw();
    if (!(outcome in words) || !await checkinStore.unsent(manifest.id)) return;
    part("status").textContent += " " + words[outcome];
  }

  async function finish() {
    await work;
    await send();
    if (await checkinStore.unsent(manifest.id)) {
      show("still-unsent", true);
      part("still-unsent").focus();
      return;
    }
    await erase();
  }

  async function erase() {
    await checkinStore.erase(manifest.id);
    show("still-unsent", false);
    show("result", false);
    manifest = null;
    history.replaceState(null, "", location.pathname);
    await start();
  }

  const camera = qrCamera(root, (text) => {
    if (!checkinStore.tokenIn(text)) return false;
    queue(() => find(text));
    return true;
  });

  part("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = input.value;
    input.value = "";
    queue(() => find(typed));
  });
  part("add-walk-in").addEventListener("click", () => queue(() => add("walk_in", null, 1, words.notedWalkIn)));
  part("send").addEventListener("click", send);
  part("finish").addEventListener("click", finish);
  part("erase").addEventListener("click", erase);
  part("workshops").addEventListener("change", (event) => { location.hash = event.target.value; });
  window.addEventListener("hashchange", () => {
    show("result", false);
    start();
  });
  window.addEventListener("online", send);
  window.addEventListener("offline", draw);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      camera.close();
      forgetName();
    } else {
      start();
    }
  });
  setInterval(async () => {
    if (manifest && manifest.until <= Date.now()) await start();
    else if (manifest && !document.hidden) await send();
  }, SEND_EVERY_MS);
  start();
})();
