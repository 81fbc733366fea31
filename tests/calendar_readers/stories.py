"""Hypothesis strategies for edits of an office's workshops, in any order."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.workshops import DeliveryMode

FURTHER_ZONES: Final = (
    *("America/St_Johns", "America/Halifax", "America/Moncton", "America/Iqaluit"),
    *("America/Vancouver", "America/Edmonton", "America/Winnipeg", "America/Inuvik"),
    *("America/Regina", "America/Whitehorse", "America/Phoenix", "America/Anchorage"),
    *("America/Adak", "America/Mexico_City", "America/Tijuana", "America/Ciudad_Juarez"),
    *("America/Cancun", "America/Mazatlan", "America/Puerto_Rico", "America/Havana"),
    *("America/Indiana/Indianapolis", "America/North_Dakota/Beulah", "Pacific/Honolulu"),
    *("Pacific/Guam", "Europe/Madrid"),
)
FIRST, LAST = date(2025, 1, 1), date(2028, 12, 31)
# Texts that parsers have misread: escapes, line folds, right-to-left text, four-byte characters,
# combining characters and invisible ones.
AWKWARD: Final = (
    *(
        ",",
        ";",
        "\\",
        "\\n",
        "\\N",
        "\\,",
        ":",
        '"',
        "^n",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\x00",
        "\x07",
    ),
    *("\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\ufffd"),
    *("🎉", "👩🏽‍👧", "🇲🇽", "é", "e\u0301", "a\u0323\u0302", "n\u0303", "ñ", "שלום", "مرحبا"),
    *("BEGIN:VEVENT", "END:VCALENDAR", "\r\nATTENDEE:mailto:x", "=C3=B1", "&amp;", "<b>", "%41"),
    *("\u00a0", "\u200b", "\u200d", "…", "—", "漢字", "ﷺ", "Z\u0351\u0352\u0353\u0354", "  "),
)


@cache
def zones() -> list[str]:
    """The time zones of the network's offices and of `FURTHER_ZONES`."""
    text = resources.files("outreach.imports").joinpath("data/offices.csv").read_text("utf-8")
    found = set(FURTHER_ZONES)
    for row in csv.DictReader(text.splitlines()):
        found |= {row["timezone"], *row["extra_timezones"].split()}
    return sorted(found)


@cache
def transition_days(key: str) -> list[date]:
    """The days of clock changes in that zone, with the days before and after."""
    zone, found = ZoneInfo(key), []
    day = FIRST
    while day <= LAST:
        noon = datetime.combine(day, time(12), zone)
        if noon.utcoffset() != (noon - timedelta(days=1)).utcoffset():
            found += [day + timedelta(days=days) for days in (-1, 0, 1)]
        day += timedelta(days=1)
    return found


def texts(max_length: int) -> st.SearchStrategy[str]:
    """Any text that can be typed or pasted, up to `max_length` characters."""
    pieces = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=40), st.just("taller "))
    return st.lists(pieces, max_size=max_length // 8).map(lambda parts: "".join(parts)[:max_length])


def line(max_length: int) -> st.SearchStrategy[str]:
    """Text that a PostgreSQL column can store: no NUL."""
    return texts(max_length).map(lambda text: text.replace("\x00", ""))


def words(max_length: int) -> st.SearchStrategy[dict[str, str]]:
    """A text in Spanish, and optionally in the other languages."""
    return st.fixed_dictionaries(
        {"es": texts(max_length)}, optional={"en": texts(max_length), "fr": texts(max_length)}
    )


def hours() -> st.SearchStrategy[time]:
    """Any minute of the day, often one near a clock change."""
    about = [time(h, m) for h in (0, 1, 2, 3, 23) for m in (0, 1, 30, 59)]
    return st.one_of(
        st.sampled_from(about),
        st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45))),
    )


@dataclass(frozen=True)
class When:
    zone: str
    day: date
    starts: time
    ends: time


@st.composite
def moments(draw: st.DrawFn, around: date) -> When:
    """A time within the span of an office's feed on that day."""
    zone = draw(st.sampled_from(zones()))
    reach = (around - timedelta(days=80), around + timedelta(days=350))
    transitions = [day for day in transition_days(zone) if reach[0] <= day <= reach[1]]
    days = st.dates(*reach)
    if transitions:
        days = st.one_of(days, st.sampled_from(transitions))
    return When(zone, draw(days), draw(hours()), draw(hours()))


def places() -> st.SearchStrategy[dict[str, Any]]:
    """The columns of a venue."""
    return st.fixed_dictionaries(
        {
            "name": line(120),
            "address": line(200),
            "city": st.sampled_from(("Chicago", "St. John's", "Montréal", "Río; Grande, TX")),
            "latitude": st.one_of(st.none(), st.floats(-90, 90)),
            "longitude": st.floats(-180, 180),
        }
    )


def workshop_values() -> st.SearchStrategy[dict[str, Any]]:
    """The other values of a workshop."""
    return st.fixed_dictionaries(
        {
            "title": words(400),
            "summary": words(400),
            "bring": words(120),
            "mode": st.sampled_from(DeliveryMode),
            "way": st.sampled_from((Way.PLACE, Way.OPEN, Way.PHONE, Way.SLOTS)),
            "visibility": st.sampled_from(Visibility),
            "phone": line(40),
        }
    )


def edits(around: date) -> dict[str, st.SearchStrategy[Any]]:
    """A strategy for the argument of each edit, by name."""
    return {
        "create": st.tuples(moments(around), places(), workshop_values()),
        "move": moments(around),
        "rename": words(400),
        "reword": words(400),
        "mode": st.sampled_from(DeliveryMode),
        "visibility": st.sampled_from(Visibility),
        "another venue": places(),
        "address": places(),
        "office phone": line(40),
        "office closes": st.just(around),
        "cancel": st.none(),
        "reinstate": st.none(),
        "discreet": st.none(),
        "plain again": st.none(),
        "unlist": st.none(),
        "list again": st.none(),
        "report": st.one_of(st.none(), st.integers(0, 200)),
        "unseen": st.integers(1, 9),
        "nothing": st.none(),
    }


@dataclass(frozen=True)
class Story:
    """An office and its edits: index of the workshop (modulo their number), seconds since the last
    edit, name and argument."""

    zone: str
    today: date
    lang: str
    first: tuple[When, dict[str, Any], dict[str, Any]]
    steps: list[tuple[int, int, str, Any]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    today = draw(st.dates(FIRST + timedelta(days=90), LAST - timedelta(days=360)))
    strategies = edits(today)
    # Uniformly chosen, since hypothesis prefers some.
    names = Random(draw(st.integers(0, 1 << 32))).choices(
        sorted(strategies), k=draw(st.integers(4, 9))
    )
    return Story(
        zone=draw(st.sampled_from(zones())),
        today=today,
        lang=draw(st.sampled_from(("es", "en", "fr"))),
        first=draw(st.tuples(moments(today), places(), workshop_values())),
        steps=[
            (
                draw(st.integers(0, 5)),
                draw(st.sampled_from((1, 1, 2, 60))),
                name,
                draw(strategies[name]),
            )
            for name in names
        ],
    )
