/* Adds the reader's hour to hours of what is followed from elsewhere, where we do not know their clock:
   «6:00 a. m. tu hora · 9:00 a. m., hora del Este». The zone of the browser is sent with a registration
   only, and nothing is remembered. */
(function () {
  "use strict";
  var zone;
  try { zone = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch (_error) { return; }
  // A browser that hides where it is says UTC.
  if (!zone || zone === "UTC" || zone.indexOf("Etc/") === 0) return;
  var lang = document.documentElement.lang;

  /* A moment on the clock of a zone: its day and hour as numbers. */
  function read(moment, name) {
    var parts = {};
    new Intl.DateTimeFormat("en-US", {
      timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric"
    }).formatToParts(moment).forEach(function (part) { parts[part.type] = part.value; });
    return {day: parts.month + "/" + parts.day, hour: +parts.hour, minute: parts.minute};
  }

  /* As the server writes hours (`formats.hour`): 10:00 a. m. · 10:00 a.m. · 10 h 30 */
  function write(at) {
    var gap = "\u00a0";
    if (lang.slice(0, 2) === "fr") {
      return at.hour + gap + "h" + (at.minute === "00" ? "" : gap + at.minute);
    }
    var half = at.hour < 12 ? "a" : "p";
    return (at.hour % 12 || 12) + ":" + at.minute + gap + half
      + (lang.slice(0, 2) === "es" ? "." + gap + "m." : ".m.");
  }

  function find(field) {
    var moment = new Date(field.dataset.ownClock);
    var own = read(moment, zone);
    var there = read(moment, field.dataset.zone);
    if (own.day === there.day && own.hour === there.hour && own.minute === there.minute) return "";
    var words = write(own);
    if (own.day === there.day) return words;
    return new Intl.DateTimeFormat(lang, {timeZone: zone, weekday: "short", day: "numeric"})
      .format(moment) + ", " + words;
  }

  document.querySelectorAll("[data-own-clock]").forEach(function (field) {
    var words;
    try { words = find(field); } catch (_error) { return; }  // a zone that the browser does not know
    if (!words) return;
    if (!field.closest(".hour")) {
      field.prepend(field.dataset.ownWords.replace("%s", words) + " · ");
      return;
    }
    // An hour to choose: the own one first, and the office's below.
    var there = document.createElement("small");
    var own = document.createElement("b");
    there.textContent = field.firstChild.textContent.trim();
    own.textContent = words;
    field.firstChild.replaceWith(own, " ", there);
    document.querySelectorAll("[data-own-note]").forEach(function (note) { note.hidden = false; });
    // «Mañana» and «Tarde» are the office's.
    field.closest("fieldset").querySelector("legend").classList.add("visually-hidden");
  });

  document.querySelectorAll("input[name=zone]").forEach(function (field) {
    if (!field.value) field.value = zone;
  });
})();
