"""Every library and program shows each event at its hour, with today's zone rules of the system and
with those of older devices."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar import feed_query
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import PUBLIC_STATUSES, DeliveryMode, Workshop
from outreach.errors import Refusal
from outreach.feeds import ics_feed
from outreach.imports import demo
from outreach.keystore import KeyStore
from outreach.zone_rules import choose_calendar_zone
from tests.calendar_readers import (
    EventHours,
    by_calcurse,
    by_ical,
    by_ical_js,
    by_icalendar,
    by_kcalendarcore,
    by_khal,
    by_libecal,
    by_libical,
    by_node_ical,
    by_thunderbird,
    by_vobject,
)
from tests.calendar_readers.stories import AWKWARD
from tests.conftest import kind, make_workshop, office, venue
from tests.feeds.test_vtimezone import zones_of_the_network
from tests.support.feed_reader import SITE

pytestmark = [
    pytest.mark.long,
    pytest.mark.parametrize("config", ["sqlite"], indirect=True),
]
Read = Callable[[Path, Sequence[bytes]], list[set[EventHours]]]
NASTY_ROWS: Final = 708
YEARS: Final = range(2026, 2031)
HOURS: Final = (time(0, 30), time(1, 30), time(2, 30), time(3, 30), time(10), time(23, 30))
# Proven faults of readers, of which no feed is free.
FAULTS: Final[Mapping[str, str]] = {
    "libecal": "The end of an event over a clock change is an hour off: "
    "e_cal_recur_generate_instances_sync adds the seconds that pass to the clock of the start "
    "(evolution-data-server, src/calendar/libecal/e-cal-recur.c; no ticket found).",
}
# Zones that stopped changing their clocks in 2026, and one whose clocks still change as theirs did.
EARLIER_RULES: Final = {
    "America/Vancouver": "America/Los_Angeles",
    "America/Edmonton": "America/Denver",
    "America/Inuvik": "America/Denver",
    "America/Winnipeg": "America/Chicago",
}


@dataclass(frozen=True)
class PublishedFeed:
    """A feed, and the hours of its events in the database."""

    name: str
    body: bytes
    hours: frozenset[EventHours]
    over_change: frozenset[str]  # the UIDs of events during which the clocks of their zone change


@pytest.fixture
def feeds(store: Store, key_store: KeyStore) -> list[PublishedFeed]:
    return publish_feeds(store, key_store)


def publish_feeds(store: Store, key_store: KeyStore) -> list[PublishedFeed]:
    """The feeds of the demo; of random workshops in every zone of the network; of those about clock
    changes there."""
    demo.fill(store, key_store, now=clock.now())
    found = list(_publish(store, _office_slugs(store), clock.now().date()))
    rights = _add_kind(store)
    zones = zones_of_the_network()
    random_offices = [_add_office(store, f"azar-{index}", key) for index, key in enumerate(zones)]
    _add_nasty_rows(store, random_offices, rights)
    nasty = list(_publish(store, [each.slug for each in random_offices], clock.now().date()))
    assert sum(len(feed.hours) for feed in nasty) == NASTY_ROWS
    return [*found, *nasty, *_publish_around_changes(store, rights, zones)]


def test_readers_show_every_event_at_its_hour(feeds: list[PublishedFeed], tmp_path: Path) -> None:
    bodies = [feed.body for feed in feeds]
    print(f"\n{len(feeds)} feeds, {sum(len(feed.hours) for feed in feeds)} events")
    wrong = {}
    for name, read in _readers(tmp_path).items():
        found = read(tmp_path / name, bodies)
        wrong[name] = _find_wrong(feeds, found, is_with_ends=name not in FAULTS)
        print(f"{name:14} {len(wrong[name])} wrong; {FAULTS.get(name, '')}")
        if name in FAULTS:
            assert _find_wrong(feeds, found), f"{name} is mended: take it out of the table"
    assert {name: found[:5] for name, found in wrong.items() if found} == {}


def test_programs_with_older_zone_rules_show_the_same_hours(store: Store, tmp_path: Path) -> None:
    """As they do on a phone of 2025."""
    rules = _earlier_rules(tmp_path / "zones")
    feeds = _publish_around_changes(store, _add_kind(store), list(EARLIER_RULES))
    for program in (by_calcurse, by_khal):
        folder = tmp_path / program.__name__
        found = program.read_hours(folder, [feed.body for feed in feeds], rules=rules)
        assert _find_wrong(feeds, found)[:5] == [], program.__name__


def _readers(tmp_path: Path) -> Mapping[str, Read]:
    kcalendarcore = by_kcalendarcore.build(tmp_path)
    return {
        "icalendar": _from_events(by_icalendar),
        "vobject": _from_events(by_vobject),
        "libical": _from_events(by_libical),
        "ical": _from_events(by_ical),
        "ical.js": lambda _folder, bodies: [
            {EventHours(each.uid, each.starts, each.ends) for each in events}
            for events in by_ical_js.read(bodies)
        ],
        "node-ical": lambda _folder, bodies: by_node_ical.read_hours(bodies),
        "libecal": lambda _folder, bodies: by_libecal.read_hours(bodies),
        "KCalendarCore": lambda _folder, bodies: by_kcalendarcore.read_hours(kcalendarcore, bodies),
        "calcurse": by_calcurse.read_hours,
        "khal": by_khal.read_hours,
        "Thunderbird": by_thunderbird.read_hours,
    }


def _from_events(reader: ModuleType) -> Read:
    return lambda _folder, bodies: [
        {EventHours(each.uid, each.starts, each.ends) for each in reader.read(body)}
        for body in bodies
    ]


def _find_wrong(
    feeds: Sequence[PublishedFeed], found: Sequence[set[EventHours]], *, is_with_ends: bool = True
) -> list[tuple[str, EventHours]]:
    """The events that a reader missed or shows at another hour, with the name of their feed.
    `is_with_ends`: including the ends of events over a clock change."""
    wrong = []
    for feed, seen in zip(feeds, found, strict=True):
        expected: set[EventHours] = set(feed.hours)
        if not is_with_ends:
            expected, seen = (_without_ends(each, feed.over_change) for each in (expected, seen))
        if seen and not any(each.uid for each in seen):
            expected = {each._replace(uid="") for each in expected}
        wrong += [(feed.name, each) for each in sorted(expected ^ seen)]
    return wrong


def _without_ends(hours: set[EventHours], uids: frozenset[str]) -> set[EventHours]:
    return {each._replace(ends=each.starts) if each.uid in uids else each for each in hours}


def _earlier_rules(folder: Path) -> Path:
    """Zones from before the laws of 2026."""
    with resources.as_file(resources.files("tzdata") / "zoneinfo") as now:
        shutil.copytree(now, folder)
    for key, other in EARLIER_RULES.items():
        shutil.copy(folder / other, folder / key)
    return folder


def _office_slugs(store: Store) -> list[str | None]:
    with store.read() as session:
        return [None, *session.scalars(sa.select(Office.slug).order_by(Office.slug))]


def _publish(store: Store, slugs: Sequence[str | None], today: date) -> Iterator[PublishedFeed]:
    """The feeds of these offices, or of the network (None), on a day."""
    with store.read() as session:
        rows = session.scalars(sa.select(Workshop).where(Workshop.status.in_(PUBLIC_STATUSES)))
        by_uid = {f"taller-{row.uid}@{SITE.host}": row for row in rows}
        for slug in slugs:
            choice = feed_query.parse(session, slug)
            body = ics_feed.write_bytes(session, choice, "es", SITE, today=today)
            uids = re.findall(r"^UID:(\S+)", body.decode(), re.MULTILINE)
            there = {uid: by_uid[uid] for uid in uids}
            yield PublishedFeed(
                name=f"{slug} {today}",
                body=body,
                hours=frozenset(
                    EventHours(uid, row.starts_at, row.ends_at) for uid, row in there.items()
                ),
                over_change=frozenset(uid for uid, row in there.items() if _is_over_change(row)),
            )


def _is_over_change(workshop: Workshop) -> bool:
    zone = workshop.calendar_zone
    starts, ends = (each.astimezone(zone) for each in (workshop.starts_at, workshop.ends_at))
    return starts.utcoffset() != ends.utcoffset()


def _publish_around_changes(
    store: Store, rights: Kind, zones: Sequence[str]
) -> list[PublishedFeed]:
    """An office's feed for each of the zones and years."""
    offices = [_add_office(store, f"cambio-{index}", key) for index, key in enumerate(zones)]
    for each in offices:
        _add_around_changes(store, each, rights)
    slugs = [each.slug for each in offices]
    return [feed for year in YEARS for feed in _publish(store, slugs, date(year, 2, 1))]


def _add_kind(store: Store) -> Kind:
    made = kind("husos", "Derechos")
    with store.change() as session:
        session.add(made)
    return made


def _add_office(store: Store, slug: str, key: str) -> Office:
    made = office(slug, "Springfield", "IL", key)
    with store.change() as session:
        session.add(made)
    return made


def _add_nasty_rows(store: Store, offices: Sequence[Office], rights: Kind) -> None:
    """Workshops at any hour, about the clock changes most of all, with long and awkward texts."""
    rng = Random(20)
    today = clock.now().date()
    number = 0
    while number < NASTY_ROWS:
        here = offices[number % len(offices)]
        values: dict[str, Any] = {
            "day": _nasty_day(rng, today),
            "starts": _nasty_hour(rng),
            "ends": _nasty_hour(rng),
            "is_second_hour": rng.random() < 0.5,
            "title": {"es": _nasty_text(rng, 400)},
            "summary": {"es": _nasty_text(rng, 400)},
            "mode": rng.choice(list(DeliveryMode)),
            "visibility": rng.choice(list(Visibility)),
        }
        with store.change() as session:
            try:
                made = make_workshop(session, here, rights, **values)
            except Refusal:
                session.rollback()  # clocks skip that hour, or it has no length
                continue
            if rng.random() < 0.2:
                workshop_service.cancel(session, made, now=clock.now())
        number += 1


def _nasty_day(rng: Random, today: date) -> date:
    """A day within the feed of an office; half of them at a clock change of the United States."""
    near = (today - timedelta(days=4), today + timedelta(days=350))
    changes = [day for year in range(today.year, today.year + 2) for day in _change_days(year)]
    within = [day for day in changes if near[0] <= day <= near[1]]
    if within and rng.random() < 0.5:
        return rng.choice(within) + timedelta(days=rng.choice((-1, 0, 0, 0, 1)))
    return near[0] + timedelta(days=rng.randrange((near[1] - near[0]).days))


def _nasty_hour(rng: Random) -> time:
    return time(rng.choice((0, 1, 1, 1, 2, 3, 23, rng.randrange(24))), rng.choice((0, 1, 30, 59)))


def _nasty_text(rng: Random, length: int) -> str:
    words = (*(each.replace("\x00", "") for each in AWKWARD), "taller ", "información ")
    return "".join(rng.choices(words, k=rng.randrange(length // 2)))[:length]


def _add_around_changes(store: Store, here: Office, rights: Kind) -> None:
    """Workshops of two hours on the Sundays and Mondays about the clock changes of five years, at
    each hour that there is; of an hour that comes twice both."""
    with store.change() as session:
        place = venue(session, here)
        model = make_workshop(session, here, rights, venue=place)
        names = [each.key for each in sa.inspect(Workshop).column_attrs if each.key != "id"]
        plain = {name: getattr(model, name) for name in names}
        rows = []
        days = [each for year in YEARS for each in _change_days(year)]
        for day in [*days, *(each + timedelta(days=1) for each in days)]:
            for starts in HOURS:
                for is_second in (False, True):
                    rows.append(plain | _row(day, starts, here.zone, is_second=is_second))
        rows = [row for row in rows if row["uid"]]
        session.execute(sa.insert(Workshop), rows)
        session.delete(model)


def _row(day: date, starts: time, zone: ZoneInfo, *, is_second: bool) -> dict[str, Any]:
    """The columns of time and identity; no UID for an hour that there is not."""
    ends = (datetime.combine(day, starts) + timedelta(hours=2)).time()
    exists = not clock.is_skipped(day, starts, zone) and (
        not is_second or clock.is_doubled(day, starts, zone)
    )
    starts_at, ends_at = clock.span(day, starts, ends, zone, is_second=is_second)
    code = f"{day:%y%m%d}{starts:%H%M}{is_second:d}{zone.key}"
    return {
        "public_id": code,
        "uid": re.sub(r"\W", "", code) if exists else "",
        "day": day,
        "starts": starts,
        "ends": ends,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "calendar_zone": choose_calendar_zone(zone, starts_at, ends_at),
        "is_second_hour": is_second,
    }


def _change_days(year: int) -> tuple[date, date]:
    """The second Sunday of March and the first of November."""
    return _sunday(date(year, 3, 8)), _sunday(date(year, 11, 1))


def _sunday(first: date) -> date:
    return first + timedelta(days=(6 - first.weekday()) % 7)
