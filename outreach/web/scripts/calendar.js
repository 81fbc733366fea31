/* Moves a workshop of the calendar: by dragging it to another day or hour, by dragging its lower edge
   (week), or by the arrow keys (with Shift: its end). It sends what the form of «Mover» sends, which asks
   whom to tell. Without this file a workshop is moved by «Mover». */
(function () {
  "use strict";
  var calendar = document.querySelector("[data-calendar]");
  var toast = document.getElementById("moving");
  if (!calendar || !toast) return;
  var isWeek = calendar.dataset.calendar === "week";
  var firstHour = Number(calendar.dataset.firstHour || 0);
  var HALF_HOUR = 30, DAY = 24 * 60;

  function minutes(text) {
    var parts = text.split(":");
    return Number(parts[0]) * 60 + Number(parts[1]);
  }

  function clock(total) {
    var minute = ((total % DAY) + DAY) % DAY;
    return String(Math.floor(minute / 60)).padStart(2, "0") + ":" + String(minute % 60).padStart(2, "0");
  }

  function shiftDay(day, days) {
    var date = new Date(day + "T12:00:00Z");
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
  }

  // Where an entry is now: its day, its start and its end in minutes; an end of the next day is above 24 h.
  function placeOf(entry) {
    var starts = minutes(entry.dataset.starts), ends = minutes(entry.dataset.ends);
    return { day: entry.dataset.day, starts: starts, ends: ends > starts ? ends : ends + DAY };
  }

  function send(entry, place) {
    var was = placeOf(entry);
    if (place.day === was.day && place.starts === was.starts && place.ends === was.ends) return;
    var form = document.createElement("form");
    var fields = {
      token: toast.dataset.token, vista: toast.dataset.view, oficina: toast.dataset.office,
      dia: place.day, hora: clock(place.starts), hasta: clock(place.ends), visto: entry.dataset.seen
    };
    form.method = "post";
    form.action = entry.dataset.move;
    Object.keys(fields).forEach(function (name) {
      var input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = fields[name];
      form.appendChild(input);
    });
    document.body.appendChild(form);
    form.submit();
  }

  // Dragging

  var dragged = null, grabbedAt = 0;

  function targetOf(event) {
    return event.target.closest(isWeek ? ".week-list" : "td[data-day]");
  }

  function mark(target) {
    calendar.querySelectorAll(".is-target").forEach(function (each) { each.classList.remove("is-target"); });
    if (target) target.classList.add("is-target");
  }

  // The minute of the day, by half hours, at a height of a day's list.
  function minuteAt(list, y) {
    var row = 1.6 * parseFloat(getComputedStyle(document.documentElement).fontSize);   // as calendar.css has it
    var rows = Math.round((y - list.getBoundingClientRect().top) / row);
    return Math.max(0, firstHour * 60 + rows * HALF_HOUR);
  }

  calendar.addEventListener("dragstart", function (event) {
    dragged = event.target.closest("[data-move]");
    if (!dragged) return;
    grabbedAt = event.clientY - dragged.getBoundingClientRect().top;
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("event-moving");
  });

  calendar.addEventListener("dragover", function (event) {
    var target = dragged && targetOf(event);
    if (!target) return;
    event.preventDefault();
    mark(target);
  });

  calendar.addEventListener("dragend", function () {
    if (dragged) dragged.classList.remove("event-moving");
    dragged = null;
    mark(null);
  });

  calendar.addEventListener("drop", function (event) {
    var target = dragged && targetOf(event);
    if (!target) return;
    event.preventDefault();
    var place = placeOf(dragged), length = place.ends - place.starts;
    if (isWeek) place.starts = Math.min(minuteAt(target, event.clientY - grabbedAt), DAY - HALF_HOUR);
    send(dragged, { day: target.dataset.day, starts: place.starts, ends: place.starts + length });
  });

  // The lower edge of an entry

  if (isWeek && matchMedia("(min-width: 56rem)").matches) {
    calendar.querySelectorAll("[data-move]").forEach(function (entry) {
      var edge = document.createElement("span");
      edge.className = "event-end";
      entry.appendChild(edge);
      edge.addEventListener("pointerdown", function (event) {
        event.preventDefault();
        entry.draggable = false;
        edge.setPointerCapture(event.pointerId);
      });
      edge.addEventListener("pointermove", function (event) {
        if (!edge.hasPointerCapture(event.pointerId)) return;
        var place = lengthened(entry, event.clientY);
        entry.classList.add("event-moving");
        say(entry, place);
      });
      edge.addEventListener("pointerup", function (event) {
        edge.releasePointerCapture(event.pointerId);
        send(entry, lengthened(entry, event.clientY));
        entry.draggable = true;
        reset(entry);
      });
      edge.addEventListener("click", function (event) { event.preventDefault(); });
    });
  }

  function lengthened(entry, y) {
    var place = placeOf(entry);
    var end = minuteAt(entry.closest(".week-list"), y);
    return { day: place.day, starts: place.starts, ends: Math.max(end, place.starts + HALF_HOUR) };
  }

  // Arrow keys: nothing is sent before Enter

  var moving = new Map();
  var words = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit", timeZone: "UTC"
  });

  function say(entry, place) {
    var starts = new Date(place.day + "T" + clock(place.starts) + ":00Z");
    var ends = new Date(starts.getTime() + (place.ends - place.starts) * 60000);
    toast.textContent = toast.dataset.ask.replace("{when}", words.formatRange(starts, ends));
    toast.hidden = false;
  }

  function reset(entry) {
    moving.delete(entry);
    entry.classList.remove("event-moving");
    toast.hidden = true;
  }

  function step(place, event) {
    var days = { ArrowLeft: -1, ArrowRight: 1 }[event.key] || 0;
    var down = { ArrowUp: -1, ArrowDown: 1 }[event.key] || 0;
    if (!isWeek) return { day: shiftDay(place.day, days + 7 * down), starts: place.starts, ends: place.ends };
    var starts = place.starts + (event.shiftKey ? 0 : down * HALF_HOUR);
    starts = Math.min(Math.max(starts, 0), DAY - HALF_HOUR);
    var length = place.ends - place.starts + (event.shiftKey ? down * HALF_HOUR : 0);
    return {
      day: shiftDay(place.day, days), starts: starts,
      ends: starts + Math.min(Math.max(length, HALF_HOUR), DAY - HALF_HOUR)
    };
  }

  calendar.addEventListener("keydown", function (event) {
    var entry = event.target.closest("[data-move]");
    if (!entry || event.altKey || event.ctrlKey || event.metaKey) return;
    if (/^Arrow/.test(event.key)) {
      event.preventDefault();
      var place = step(moving.get(entry) || placeOf(entry), event);
      moving.set(entry, place);
      entry.classList.add("event-moving");
      say(entry, place);
    } else if (event.key === "Enter" && moving.has(entry)) {
      event.preventDefault();
      var to = moving.get(entry);
      reset(entry);
      send(entry, to);
    } else if (event.key === "Escape" && moving.has(entry)) {
      reset(entry);
    }
  });
  calendar.addEventListener("focusout", function (event) {
    if (moving.has(event.target)) reset(event.target);
  });

  // An empty hour of the week opens the form of a new workshop there

  calendar.addEventListener("click", function (event) {
    var list = event.target;
    if (!isWeek || !list.dataset.new) return;
    var at = minuteAt(list, event.clientY - 12);
    location.href = list.dataset.new + "&hora=" + clock(Math.min(at, DAY - HALF_HOUR));
  });
})();
