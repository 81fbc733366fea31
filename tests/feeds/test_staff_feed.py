"""The private feed of a staff member, with drafts and the number of seats taken."""

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.accounts import credentials
from outreach.accounts.calendar_tokens import CalendarToken
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from outreach.domain.registrations import Registration, service
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.feeds import labels, staff_feed
from outreach.keystore import KeyStore
from tests.calendar_readers.by_icalendar import read as read_occurrences
from tests.conftest import make_workshop, seat, venue
from tests.support.feed_reader import (
    SITE,
    by_icalendar,
    by_vobject,
    events_of,
    feed,
    parsed,
    unfolded,
)
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database

PAGE = "/org/mi-calendario"
NEXT_WEEK = clock.now().date() + timedelta(days=7)


class Phone:
    """A calendar program that knows only the address of the feed."""

    def __init__(self, client: FlaskClient, path: str) -> None:
        self.client, self.path = client, path

    def read(self) -> bytes:
        answer = self.client.get(self.path)
        assert answer.status_code == 200, answer.text
        body: bytes = answer.data
        return body

    def tag(self) -> str:
        return str(self.client.head(self.path).headers["ETag"])

    def event(self, title: str = "") -> Any:
        [found] = [each for each in events_of(self.read()) if title in each["SUMMARY"]]
        return found

    def titles(self) -> list[str]:
        return [str(each["SUMMARY"]) for each in events_of(self.read())]


def find_address(text: str) -> str:
    [found] = set(re.findall(r"https?://[^\s\"]+/org/cal/[\w-]+\.ics", text))
    return str(found)


def subscribed_phone(app: Flask, store: Store, organizer: int) -> Phone:
    created = signed_in_as(app, store, organizer).post(PAGE, do="make")
    assert created.status_code == 200
    path = "/org/" + find_address(created.text).partition("/org/")[2]
    return Phone(app.test_client(use_cookies=False), path)


@pytest.fixture
def ana(store: Store, chicago: Office) -> int:
    return employ(store)


@pytest.fixture
def phone(app: Flask, store: Store, ana: int) -> Phone:
    return subscribed_phone(app, store, ana)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=NEXT_WEEK, capacity=40)


# Address


def test_address_is_shown_once_and_only_its_hash_is_stored(
    app: Flask, store: Store, ana: int
) -> None:
    staff_client = signed_in_as(app, store, ana)
    created = staff_client.post(PAGE, do="make")
    address = find_address(created.text)
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert len(token) >= 43  # 256 bits
    assert f'href="webcal:{address.partition(":")[2]}"' in created.text
    assert created.headers["Cache-Control"] == "no-store"
    assert token not in staff_client.get(PAGE).text
    with store.read() as session:
        [row] = session.execute(sa.select(CalendarToken.__table__)).all()
    assert token not in repr(row)


def test_new_address_replaces_the_old_one_and_can_be_revoked(
    app: Flask, store: Store, ana: int, phone: Phone, workshop: Workshop
) -> None:
    newer = subscribed_phone(app, store, ana)
    assert phone.client.get(phone.path).status_code == 404
    assert newer.titles() == ["Conoce tus derechos · 0 de 40 lugares"]
    staff_client = signed_in_as(app, store, ana)
    revoked = staff_client.post(f"{PAGE}/quitar")
    assert revoked.status_code == 303
    assert "La dirección ya no sirve." in staff_client.get(revoked.location).text
    assert newer.client.get(newer.path).status_code == 404
    with store.read() as session:
        actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["own calendar made", "own calendar replaced", "own calendar stopped"]


def test_invalid_addresses_get_identical_answers(
    app: Flask, store: Store, ana: int, phone: Phone
) -> None:
    with store.change() as session:
        credentials.disable(session, session.get_one(StaffMember, ana), now=clock.now())
    answers = [phone.client.get(p) for p in (phone.path, "/org/cal/x.ics", "/org/cal/ñ.ics")]
    assert {each.status_code for each in answers} == {404}
    assert {each.mimetype for each in answers} == {"text/plain"}
    assert len({each.data for each in answers}) == 1
    assert len({str(sorted(each.headers.items())) for each in answers}) == 1
    assert answers[0].text.count(".") == 1


def test_reset_account_needs_a_new_address(store: Store, ana: int, phone: Phone) -> None:
    with store.change() as session:
        organizer = session.get_one(StaffMember, ana)
        credentials.disable(session, organizer, now=clock.now())
        credentials.reset(session, organizer, now=clock.now())
    assert phone.client.get(phone.path).status_code == 404


@pytest.mark.parametrize("reason", ["account deleted", "role removed"])
def test_staff_feed_ends_with_its_account_and_role(
    store: Store, ana: int, phone: Phone, workshop: Workshop, reason: str
) -> None:
    with store.change() as session:
        if reason == "account deleted":
            session.delete(session.get_one(StaffMember, ana))
        else:
            session.execute(sa.delete(RoleAssignment).where(RoleAssignment.organizer_id == ana))
    assert phone.client.get(phone.path).status_code == 404


# HTTP responses


def test_staff_feed_is_revalidated(phone: Phone, workshop: Workshop) -> None:
    first = phone.client.get(phone.path, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    for unwanted in ("Last-Modified", "Set-Cookie", "Access-Control-Allow-Origin"):
        assert unwanted not in first.headers
    plain = phone.client.get(phone.path)
    assert plain.headers["ETag"] == first.headers["ETag"]
    revalidated = phone.client.get(phone.path, headers={"If-None-Match": first.headers["ETag"]})
    assert (revalidated.status_code, revalidated.data) == (304, b"")
    assert revalidated.headers["Cache-Control"] == "private, no-cache"
    head = phone.client.head(phone.path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]
    assert head.headers["Content-Length"] == plain.headers["Content-Length"]


def test_staff_feed_has_the_same_bytes_for_processes_and_colleagues(
    app: Flask, store: Store, make_app: Any, phone: Phone, workshop: Workshop
) -> None:
    colleague = subscribed_phone(app, store, employ(store, "luz@example.org", Role.READER))
    other_process = Phone(make_app().test_client(), phone.path)
    assert phone.read() == other_process.read() == colleague.read()


# Content


def test_title_has_the_seats_taken_and_the_waitlist(
    store: Store, key_store: KeyStore, phone: Phone, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        small = make_workshop(session, chicago, rights, capacity=4)
    seat(store, key_store, small, people=4)
    seat(store, key_store, small, people=3)
    event = phone.event()
    assert event["SUMMARY"] == "Conoce tus derechos · 4 de 4 lugares · 3 en espera"
    assert "hora de Chicago" in event["DESCRIPTION"]
    assert event["URL"] == f"http://localhost:8000/org/talleres/{small.public_id}"
    assert "Rosa" not in unfolded(phone.read())


def test_registration_raises_the_version_of_its_event_only(
    store: Store,
    key_store: KeyStore,
    phone: Phone,
    workshop: Workshop,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, title={"es": "Otro"})
    modified, tags = [phone.event("0 de 40")["LAST-MODIFIED"].dt], {phone.tag()}
    unchanged = phone.event("Otro")["LAST-MODIFIED"].dt
    rosa = seat(store, key_store, workshop)
    modified.append(phone.event("1 de 40")["LAST-MODIFIED"].dt)
    tags.add(phone.tag())
    with store.change() as session:
        service.cancel(session, session.get_one(Registration, rosa.id), now=clock.now())
    modified.append(phone.event("0 de 40")["LAST-MODIFIED"].dt)
    tags.add(phone.tag())
    assert modified[0] < modified[1] < modified[2]
    assert len(tags) == 3
    assert phone.event("derechos")["DTSTAMP"].dt == modified[2]
    assert phone.event("Otro")["LAST-MODIFIED"].dt == unchanged


def test_draft_is_tentative_until_published(
    store: Store, phone: Phone, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
    before = phone.event()
    assert before["SUMMARY"] == "BORRADOR: Conoce tus derechos"
    assert before["STATUS"] == "TENTATIVE"
    with store.change() as session:
        workshop_service.publish(session, session.get_one(Workshop, draft.id), now=clock.now())
    after = phone.event()
    assert after["SUMMARY"] == "Conoce tus derechos · 0 de 20 lugares"
    assert after["STATUS"] == "CONFIRMED"
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["UID"] == before["UID"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt


def test_cancelled_workshop_is_marked_in_the_staff_feed(
    store: Store, phone: Phone, workshop: Workshop
) -> None:
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())
    event = phone.event()
    assert (event["SUMMARY"], event["STATUS"]) == ("CANCELADO: Conoce tus derechos", "CANCELLED")


def test_staff_feed_has_the_workshops_of_the_roles_of_the_account(
    store: Store,
    app: Flask,
    ana: int,
    phone: Phone,
    workshop: Workshop,
    calgary: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        make_workshop(session, calgary, rights, title={"es": "En Calgary"})
    headquarters = subscribed_phone(
        app, store, employ(store, "elena@example.org", Role.READER, ALL_OFFICES)
    )
    assert len(headquarters.titles()) == 2
    assert len(phone.titles()) == 1
    with store.change() as session:
        session.get_one(StaffMember, ana).grants = [
            RoleAssignment(office="calgary", role=Role.DOOR)
        ]
    assert phone.titles() == ["En Calgary · 0 de 20 lugares"]


def test_discreet_workshop_in_the_staff_feed_is_neutral(
    store: Store, phone: Phone, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        house = venue(session, chicago, name="Casa Ejemplo", address="CANARIO 12")
        circle = make_workshop(
            session, chicago, women, venue=house, title={"es": "Círculo de mujeres"}
        )
    event = phone.event()
    assert event["SUMMARY"] == "Taller · 0 de 20 lugares"
    assert event["LOCATION"] == "Chicago, IL"
    assert not {"DESCRIPTION", "CATEGORIES", "GEO"} & {*event}
    assert event["URL"].endswith(f"/org/talleres?dia={circle.day}")
    text = unfolded(phone.read()).lower()
    for secret in ("mujer", "círculo", "k7qx", "casa ejemplo", "canario", circle.public_id.lower()):
        assert secret not in text


def test_staff_feed_has_no_hidden_address_and_no_unlisted_link(
    store: Store, phone: Phone, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        house = venue(session, chicago, name="Casa Ejemplo")
        secret = {"visibility": Visibility.REGISTERED, "way": Way.UNLISTED}
        hidden = make_workshop(session, chicago, rights, venue=house, **secret)
    assert phone.event()["LOCATION"] == "Chicago, IL"
    assert hidden.public_id not in unfolded(phone.read())


def test_staff_feed_does_not_collide_with_the_public_feed(
    store: Store, phone: Phone, workshop: Workshop
) -> None:
    private, [public] = phone.event(), events_of(feed(store))
    assert private["UID"] == f"mio-{workshop.uid}@talleres.example.org" != public["UID"]
    assert private["TRANSP"] == "TRANSPARENT"
    text = unfolded(phone.read())
    for unwanted in ("METHOD", "VALARM", "ATTENDEE", "ORGANIZER", "SOURCE", phone.path[9:40]):
        assert unwanted not in text
    whole = parsed(phone.read())
    assert (whole["X-WR-CALNAME"], whole["VERSION"]) == ("Mis talleres", "2.0")
    assert "UID" not in whole


def test_parsers_read_the_hours_of_the_staff_feed(
    app: Flask, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        created = [
            make_workshop(session, office, rights, day=clock.now().date() + timedelta(days=days))
            for office in (chicago, calgary)
            for days in (-80, -1, 20, 140, 250, 364)
        ]
    body = subscribed_phone(
        app, store, employ(store, "e@example.org", Role.READER, ALL_OFFICES)
    ).read()
    expected = {(f"mio-{w.uid}@talleres.example.org", w.starts_at, w.ends_at) for w in created}
    assert by_icalendar(body) == by_vobject(body) == expected
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")


def test_staff_feed_with_an_hour_that_comes_twice_has_no_zone_of_its_own(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(
            session, chicago, rights, day=date(2027, 11, 7), starts=time(1, 30), ends=time(4),
            is_second_hour=True,
        )  # fmt: skip
    with store.read() as session:
        now = datetime(2027, 11, 1, 12, tzinfo=UTC)
        body = staff_feed.write(session, None, SITE, "es", now=now).body
    assert b"DTSTART:20271107T073000Z\r\n" in body
    assert b"X-WR-TIMEZONE" not in body
    starts = {each.starts for each in read_occurrences(body)}
    assert starts == {datetime(2027, 11, 7, 7, 30, tzinfo=UTC)}


def test_empty_staff_feed_is_valid(phone: Phone) -> None:
    assert events_of(phone.read()) == []
    assert parsed(phone.read()).timezones


@pytest.mark.any_database("the limit is a number of bytes")
@pytest.mark.parametrize(
    ("count", "title"),
    [(900, "🌮" * 180), pytest.param(1800, "Derechos", marks=pytest.mark.long)],
    ids=["long ones", "many"],
)
def test_large_staff_feed_ends_with_a_whole_day_and_states_it(
    store: Store, workshop: Workshop, count: int, title: str
) -> None:
    a_day, today = 40, clock.now().date()
    with store.change() as session:
        session.get_one(Workshop, workshop.id).title = {"es": title}
    insert_copies(store, workshop, [today + timedelta(days=n // a_day - 5) for n in range(count)])
    with store.read() as session:
        body = staff_feed.write(session, None, SITE, "es", now=clock.now()).body
    assert 600_000 < len(body) <= 900_000
    text = unfolded(body)
    days = Counter(re.findall(r"DTSTART;TZID=America/Chicago:(\d{8})", text))
    assert min(days) == f"{today - timedelta(days=1):%Y%m%d}", "past days are dropped first"
    assert set(days.values()) <= {a_day, a_day + 1}, "days are whole"
    last = datetime.strptime(max(days), "%Y%m%d").replace(tzinfo=UTC).date()
    assert last < today + timedelta(days=count // a_day - 6)
    assert f"llega hasta el {labels.day(last, 'es')}." in text


def insert_copies(store: Store, workshop: Workshop, days: list[date]) -> None:
    """Inserts a copy of the workshop on each of these days."""
    table = Workshop.__table__
    with store.change() as session:
        [row] = session.execute(sa.select(table).where(table.c.id == workshop.id)).mappings()
        plain = {name: value for name, value in row.items() if name != "id"}
        created = []
        for number, day in enumerate(days):
            starts_at, ends_at = clock.span(day, workshop.starts, workshop.ends, workshop.zone)
            names = {"public_id": f"{number:010d}", "uid": f"{number:020d}"}
            created.append(plain | names | {"day": day, "starts_at": starts_at, "ends_at": ends_at})
        session.connection().execute(sa.insert(table), created)  # type: ignore[arg-type]  # a Table


def test_page_of_the_staff_feed_needs_a_role(app: Flask, store: Store, chicago: Office) -> None:
    with store.change() as session:
        nobody = staff.add(session, "nadie@example.org", Role.READER, ()).id
    staff_client = signed_in_as(app, store, nobody)
    assert staff_client.get(PAGE).status_code == 403
    assert staff_client.post(PAGE, do="make").status_code == 403
