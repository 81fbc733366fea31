"""Content of iCalendar feeds, parsed by icalendar and vobject."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import workshops
from outreach.domain.network import offices
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from tests.calendar_readers.by_icalendar import read as read_occurrences
from tests.conftest import LONG_AGO, kind, make_workshop, office, venue
from tests.support.feed_reader import (
    by_icalendar,
    by_vobject,
    events_of,
    feed,
    parsed,
    unfolded,
    utc_today,
)

pytestmark = [pytest.mark.core, pytest.mark.any_database]


def events(
    store: Store, office: str | None = "chicago", lang: str = "es", **query: Any
) -> list[Any]:
    return events_of(feed(store, office, lang, **query))


def only_event(store: Store, lang: str = "es", **query: Any) -> Any:
    [found] = events(store, lang=lang, **query)
    return found


def change_later(store: Store, workshop: Workshop, **changes: Any) -> None:
    """Changes a workshop a day after it was created."""
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(stored), **changes)
        workshop_service.change(session, stored, data, now=LONG_AGO + timedelta(days=1))


def test_two_parsers_read_the_hours_that_the_database_has(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    created = []
    with store.change() as session:
        for place in (chicago, calgary):
            for weeks in range(1, 50):
                day = utc_today() + timedelta(weeks=weeks)
                created.append(
                    make_workshop(session, place, rights, day=day, starts=time(23), ends=time(1))
                )
    for slug in ("chicago", "calgary"):
        body = feed(store, slug)
        expected = {
            (f"taller-{w.uid}@talleres.example.org", w.starts_at, w.ends_at)
            for w in created
            if w.office.slug == slug
        }
        assert by_icalendar(body) == expected
        assert by_vobject(body) == expected


def test_calgary_in_january_2027_is_midnight_in_utc(
    store: Store, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(
            session, calgary, rights, day=date(2027, 1, 21), starts=time(18), ends=time(20)
        )
    body = feed(store, "calgary", today=date(2027, 1, 10))

    # Programs with older rules than ours take America/Edmonton for UTC-7 in January.
    assert b"DTSTART;TZID=America/Regina:20270121T180000\r\n" in body
    assert b"hora de Edmonton" in body or b"hora de Calgary" in body
    assert b"TZID=America/Edmonton" not in body
    for read in (by_icalendar, by_vobject):
        [(_uid, start, _end)] = read(body)
        assert start == datetime(2027, 1, 22, 0, 0, tzinfo=UTC)


def test_calendar_with_an_hour_that_clocks_show_twice_has_no_zone_of_its_own(
    store: Store, chicago: Office, rights: Kind
) -> None:
    """The entry is in UTC, and recurring-ical-events would take the first of the two hours in the
    zone of the calendar."""
    with store.change() as session:
        make_workshop(
            session, chicago, rights, day=date(2027, 11, 7), starts=time(1, 30), ends=time(4),
            is_second_hour=True,
        )  # fmt: skip
    alone = feed(store, "chicago", today=date(2027, 11, 1))
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2027, 11, 8))
    beside_another = feed(store, "chicago", today=date(2027, 11, 1))
    for body in (alone, beside_another):
        assert b"DTSTART:20271107T073000Z\r\n" in body
        assert b"X-WR-TIMEZONE" not in body
        assert body.count(b"BEGIN:VTIMEZONE") == 1
        starts = {each.starts for each in read_occurrences(body)}
        assert datetime(2027, 11, 7, 7, 30, tzinfo=UTC) in starts


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("es", "18:00, hora de Chicago, UTC-6"),
        ("en", "18:00, Chicago time, UTC-6"),
        ("fr", "18:00, heure de Chicago, UTC-6"),
    ],
)
def test_description_ends_with_the_local_time_and_the_address(
    store: Store, chicago: Office, rights: Kind, lang: str, words: str
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=date(2027, 1, 12))
    lines = str(only_event(store, lang, today=date(2027, 1, 1))["DESCRIPTION"]).splitlines()

    assert lines[-2:] == [words, f"https://talleres.example.org/{lang}/t/{workshop.public_id}"]


def test_local_time_has_half_hour_offsets_and_elisions(
    store: Store, rights: Kind, calgary: Office
) -> None:
    with store.change() as session:
        session.add(office("terranova", "St. John's", "NL", "America/St_Johns", country="CA"))
        session.flush()
    with store.change() as session:
        make_workshop(session, offices.find(session, "terranova"), rights, day=date(2027, 1, 12))
        make_workshop(session, calgary, rights, day=date(2027, 1, 12))
    january = date(2027, 1, 1)
    [far_east] = events(store, "terranova", "fr", today=january)
    [alberta] = events(store, "calgary", "fr", today=january)
    assert "heure de St. John’s, UTC-3:30" in far_east["DESCRIPTION"]
    assert "heure d’Edmonton, UTC-6" in alberta["DESCRIPTION"]


def test_calendar_properties_have_the_expected_order(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    body = feed(store)
    header = unfolded(body.partition(b"BEGIN:VTIMEZONE")[0])
    names = [re.split("[:;]", line)[0] for line in header.splitlines()]

    assert names == [
        "BEGIN",
        "VERSION",
        "PRODID",
        "CALSCALE",
        "NAME",
        "X-WR-CALNAME",
        "DESCRIPTION",
        "X-WR-CALDESC",
        "LAST-MODIFIED",
        "URL",
        "SOURCE",
        "REFRESH-INTERVAL",
        "X-PUBLISHED-TTL",
        "COLOR",
        "X-APPLE-CALENDAR-COLOR",
        "X-WR-TIMEZONE",
    ]
    assert "SOURCE;VALUE=URI:https://talleres.example.org/es/cal/chicago.ics\r\n" in header
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in header
    assert "X-WR-TIMEZONE:America/Chicago\r\n" in header
    assert b"METHOD" not in body
    assert b"\r\nUID" not in header.encode()


def test_calendar_has_a_time_zone_only_if_its_events_share_it(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
        make_workshop(session, calgary, rights)
    network = feed(store, None)
    assert b"X-WR-TIMEZONE" not in network
    assert network.count(b"BEGIN:VTIMEZONE") == 2

    with store.change() as session:
        stored = make_workshop(session, chicago, rights)
        workshop_service.change(
            session,
            stored,
            replace(workshop_service.get_data(stored), zone=calgary.zone),
            now=clock.now(),
        )
    assert b"X-WR-TIMEZONE" not in feed(store)


def test_office_without_workshops_has_an_empty_feed(store: Store, chicago: Office) -> None:
    body = feed(store)
    assert not parsed(body).events
    assert b"X-WR-TIMEZONE:America/Chicago" in body
    parsed(body).validate()


def test_moved_workshop_keeps_its_uid_and_raises_sequence(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    before = only_event(store)
    change_later(store, workshop, starts=time(19), ends=time(21))
    after = only_event(store)

    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    assert after["DTSTAMP"].dt == after["LAST-MODIFIED"].dt
    assert after.start - before.start == timedelta(hours=1)


def test_new_title_does_not_raise_sequence(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    before = only_event(store)
    change_later(store, workshop, title={"es": "Tus derechos, con café"})
    after = only_event(store)

    assert after["SEQUENCE"] == before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt


def test_moved_venue_raises_the_version_of_its_events(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    before = only_event(store)["LAST-MODIFIED"].dt
    with store.change() as session:
        place = workshops.find(session, workshop.public_id).venue
        assert place is not None
        place.address = "200 W. Otra St."
        place.changed_at = LONG_AGO + timedelta(days=3)

    after = only_event(store)
    assert after["LAST-MODIFIED"].dt > before
    assert "200 W. Otra St." in after["LOCATION"]


def test_cancelled_workshop_stays_in_the_feed_and_can_be_reinstated(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    with store.change() as session:
        workshop_service.cancel(
            session, workshops.find(session, workshop.public_id), now=clock.now()
        )
    cancelled = only_event(store)
    with store.change() as session:
        workshop_service.reinstate(
            session, workshops.find(session, workshop.public_id), now=clock.now()
        )
    reinstated = only_event(store)

    assert (cancelled["STATUS"], cancelled["SUMMARY"]) == (
        "CANCELLED",
        "CANCELADO: Conoce tus derechos",
    )
    assert (reinstated["STATUS"], reinstated["SUMMARY"]) == ("CONFIRMED", "Conoce tus derechos")
    assert cancelled["UID"] == reinstated["UID"]
    assert (cancelled["SEQUENCE"], reinstated["SEQUENCE"]) == (1, 2)


def test_cancelled_prefix_is_in_the_language_of_the_feed(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, status=WorkshopStatus.CANCELLED)
    assert str(only_event(store, "en")["SUMMARY"]) == "CANCELLED: Know your rights"
    assert str(only_event(store, "fr")["SUMMARY"]) == "ANNULÉ\u00a0: Vos droits"


@pytest.mark.parametrize(
    ("cancelled_before_its_day", "days_after", "is_listed"),
    [(20, 7, True), (20, 9, False), (1, 10, True), (1, 14, False)],
)
def test_cancelled_workshop_stays_in_the_feed_for_slow_clients(
    store: Store,
    chicago: Office,
    rights: Kind,
    cancelled_before_its_day: int,
    days_after: int,
    is_listed: bool,
) -> None:
    day = date(2026, 6, 10)
    cancelled_at = datetime(2026, 6, 10, tzinfo=UTC) - timedelta(days=cancelled_before_its_day)
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=day, starts=time(12), ends=time(14))
        workshop_service.cancel(session, workshop, now=cancelled_at)
    found = events(store, today=day + timedelta(days=days_after))
    assert bool(found) == is_listed


@pytest.mark.parametrize("status", [WorkshopStatus.HELD, WorkshopStatus.NOT_HELD])
def test_report_of_a_workshop_does_not_change_the_feed(
    store: Store, chicago: Office, rights: Kind, status: WorkshopStatus
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=utc_today() - timedelta(days=3), status=status)
    assert only_event(store)["STATUS"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("office", "days", "is_listed"),
    [
        ("chicago", -89, True),
        ("chicago", -92, False),
        ("chicago", 364, True),
        ("chicago", 367, False),
        (None, -29, True),
        (None, -32, False),
        (None, 119, True),
        (None, 122, False),
    ],
)
def test_span_of_a_feed(
    store: Store, chicago: Office, rights: Kind, office: str | None, days: int, is_listed: bool
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=utc_today() + timedelta(days=days))
    assert bool(events(store, office)) == is_listed


def test_drafts_and_unlisted_workshops_are_in_no_feed(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        make_workshop(session, chicago, rights, way=Way.UNLISTED)
        make_workshop(session, chicago, women, way=Way.UNLISTED)
    assert not events(store)
    assert not events(store, kind_codes=["derechos", "mujeres"])


def test_filters_of_a_feed(store: Store, chicago: Office, calgary: Office, rights: Kind) -> None:
    with store.change() as session:
        daca = kind("daca", "DACA")
        session.add(daca)
        session.flush()
        make_workshop(session, chicago, rights, title={"es": "uno"}, languages=Codes(["es", "en"]))
        make_workshop(session, chicago, daca, title={"es": "dos"}, languages=Codes(["mxt"]))
        make_workshop(
            session,
            calgary,
            rights,
            title={"es": "tres"},
            mode=DeliveryMode.LIVE_STREAM,
            venue=None,
        )
        milwaukee = venue(session, chicago, name="Parroquia", city="Milwaukee", region="WI")
        make_workshop(session, chicago, rights, title={"es": "cuatro"}, venue=milwaukee)

    def titles(**query: Any) -> set[str]:
        return {str(event["SUMMARY"]) for event in events(store, None, **query)}

    assert titles() == {"uno", "dos", "tres", "cuatro"}
    assert titles(kind_codes=["daca"]) == {"dos"}
    assert titles(kind_codes=["daca", "derechos"]) == {"uno", "dos", "tres", "cuatro"}
    assert titles(languages=["en", "mxt"]) == {"uno", "dos"}
    assert titles(languages=["en"]) == {"uno"}
    assert titles(places=["il"]) == {"uno", "dos"}
    assert titles(places=["Illinois", "WI"]) == {"uno", "dos", "cuatro"}
    assert titles(places=["AB"]) == {"tres"}, "without a venue, the region of the office counts"
    assert titles(places=["milwaukee"]) == {"cuatro"}
    assert titles(modes=["virtual_en_vivo"]) == {"tres"}
    assert titles(modes=["virtual_en_vivo"], places=["IL"]) == set()


@pytest.mark.parametrize(
    ("lang", "words"), [("es", "En línea"), ("en", "Online"), ("fr", "En ligne")]
)
def test_online_workshop_has_no_position_and_no_link(
    store: Store, chicago: Office, rights: Kind, lang: str, words: str
) -> None:
    with store.change() as session:
        make_workshop(
            session,
            chicago,
            rights,
            mode=DeliveryMode.VIDEO_CALL,
            venue=None,
            online_url="https://sala.example/canario",
        )
    event = only_event(store, lang)
    assert event["LOCATION"] == words
    assert "GEO" not in event
    assert b"canario" not in event.to_ical()


def test_feed_is_reproducible_and_sorted_by_time(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for days in range(30):
            make_workshop(session, chicago, rights, day=utc_today() + timedelta(days=days))
    assert feed(store) == feed(store)
    starts = [event.start for event in events(store)]
    assert starts == sorted(starts)
