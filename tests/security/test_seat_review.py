"""The review of parties beyond the share of their network: when it is, and whom it seats (S29)."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Way
from outreach.domain.registrations import Registration, review
from outreach.domain.registrations.message_types import REMINDERS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import seat
from tests.security.test_seat_share import (
    CONFIRMED,
    HOSTILE,
    OFFERED,
    WAITLISTED,
    begin_another_day,
    client,
    daca,
    make,
    masked,
    post,
    run_reviews,
    taken,
)
from tests.support.registration_forms import (
    everyone,
    link_of,
    now_of,
    own_address,
    status_of,
)
from tests.support.staff_client import employ, signed_in_as

__all__ = ["client", "daca", "make"]


def beyond_share(client: FlaskClient, store: Store, workshop: Workshop) -> Registration:
    """A registration for review, after five confirmed ones of the same address."""
    for _ in range(6):
        post(client, workshop, HOSTILE)
    [found] = [each for each in everyone(store) if each.is_beyond_share]
    return found


@pytest.mark.parametrize(
    ("registered", "day_before", "expected"),
    [
        ("08:30", 3, "next 09:00"),
        ("23:59", 3, "next 09:00"),
        ("00:10", 3, "next 09:00"),
        ("19:20", 1, "20:00"),  # within the last day
        ("08:30", 0, "09:00"),
        ("17:30", 1, "18:00"),  # 24.5 hours before
    ],
)
def test_review_is_at_nine_of_the_next_day_or_at_the_next_hour(
    make: Callable[..., Workshop], registered: str, day_before: int, expected: str
) -> None:
    workshop = make(starts=time(18, 0), ends=time(20, 0))
    zone = workshop.office.zone
    if clock.instant(workshop.day - timedelta(days=1), time(18), zone) != (
        workshop.starts_at - timedelta(days=1)
    ):  # clocks change that night, and «24 hours before» is another hour
        workshop = make(day=workshop.day + timedelta(days=7))
    day = workshop.day - timedelta(days=day_before)
    found = review.compute_review(
        workshop, clock.instant(day, time.fromisoformat(registered), zone)
    ).astimezone(zone)
    if expected.startswith("next"):
        assert (found.date(), found.time()) == (day + timedelta(days=1), time(9))
    elif day_before == 1 and registered == "17:30":  # nine is before the start
        assert (found.date(), found.time()) == (workshop.day, time(9))
    else:
        assert (found.date(), f"{found:%H:%M}") == (day, expected)


def test_who_came_on_the_last_day_is_reviewed_before_who_came_the_evening_before(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make()
    for _ in range(7):
        post(client, workshop, HOSTILE)
    first, second = [each for each in everyone(store) if each.is_beyond_share]
    with store.change() as session:
        for each, hours in ((first, 26), (second, 23)):
            came = clock.hour_of(workshop.starts_at - timedelta(hours=hours))
            session.get_one(Registration, each.id).registered_at = came
    with store.read() as session:
        due = [
            review.compute_review(workshop, session.get_one(Registration, each.id).registered_at)
            for each in (first, second)
        ]
        assert due[1] < due[0], "of the later one first"
        assert review.list_workshops_due(session, due[1] - timedelta(minutes=1)) == []
        assert review.list_workshops_due(session, due[1]) == [workshop.id]


def test_review_is_never_after_the_start(make: Callable[..., Workshop]) -> None:
    workshop = make(starts=time(8, 30), ends=time(10, 0))
    for minutes in range(1, 60 * 72, 7):
        came = workshop.starts_at - timedelta(minutes=minutes)
        due = review.compute_review(workshop, came)
        assert came < due <= came + timedelta(hours=34)  # a day of 25 hours and nine
        assert due <= clock.next_hour(workshop.starts_at)
        if minutes > 60:
            assert due <= workshop.starts_at


def cancel(client: FlaskClient, answers_of: list[TestResponse]) -> None:
    for each in answers_of:
        client.post(f"{each.headers['Location']}/cancelar")


def test_each_run_gets_a_seat_before_another_gets_two(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    """Who wants many seats does not come before a family that wants one more."""
    workshop = make(seats=40)
    hostile = [post(client, workshop, HOSTILE) for _ in range(20)]
    family = [post(client, workshop, "198.51.100.7") for _ in range(12)]
    rows = everyone(store)
    cancel(client, [*hostile[:2], *family[:2]])
    assert taken(store, workshop) == 16
    run_reviews(store, key_store, workshop)
    assert taken(store, workshop) == 20  # half stays free
    statuses = [status_of(store, each) for each in rows]
    assert [each is CONFIRMED for each in statuses[10:20]] == [True] * 2 + [False] * 8
    assert [each is CONFIRMED for each in statuses[30:]] == [True] * 2


def test_review_gives_a_quarter_over_all_days(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    """Also to who cancels what was within the share, so that half of the seats is free again."""
    workshop = make(seats=40)
    for address in ("203.0.113.9", "198.51.100.7", "192.0.2.5"):
        cancel(client, [post(client, workshop, address) for _ in range(24)][:10])
        run_reviews(store, key_store, workshop)
        begin_another_day(key_store)
        assert taken(store, workshop) == 10


def test_who_is_left_gets_no_offer_and_stands_behind_all(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    workshop = make()
    party = beyond_share(client, store, workshop)
    for _ in range(15):
        seat(store, key_store, workshop)
    waiting = seat(store, key_store, workshop)
    run_reviews(store, key_store, workshop)
    assert now_of(store, party).is_released
    client.post(f"{link_of(key_store, everyone(store)[0])}/cancelar")
    assert status_of(store, party) is WAITLISTED
    assert status_of(store, waiting) is OFFERED
    assert "Puedes venir" in client.get(link_of(key_store, party)).text


def test_seated_party_is_written_to_once(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    workshop = make()
    for number in range(6):
        typed = {"contact": "email", "email": f"rosa{number}@example.org", "remind": "yes"}
        post(client, workshop, HOSTILE, **typed)
    [party] = [each for each in everyone(store) if each.is_beyond_share]
    run_reviews(store, key_store, workshop)
    with store.read() as session:
        causes = session.scalars(
            sa.select(Notification.cause).where(Notification.registration_id == party.id)
        ).all()
    assert status_of(store, party) is CONFIRMED
    assert sorted(causes) == sorted([NotificationType.REGISTERED, *REMINDERS])


def test_hour_is_held_by_who_has_a_seat_only(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    """At nine each gets the hour that she asked for; where it is taken, the nearest is offered."""
    workshop = make(way=Way.SLOTS, ends=time(20), slot_minutes=10, slot_places=1)
    assert workshop.capacity == 12
    for hour in ("18:00", "18:10", "18:20", "18:30", "18:40"):
        assert post(client, workshop, HOSTILE, slot=hour).status_code == 303
    rows = everyone(store)
    assert [each.status for each in rows] == [CONFIRMED] * 3 + [WAITLISTED] * 2
    assert taken(store, workshop) == 3
    page = client.get(link_of(key_store, rows[4])).text
    assert "6:40" in page
    post(client, workshop, own_address(1), slot="18:40")  # nobody held it
    run_reviews(store, key_store, workshop)
    after = everyone(store)
    assert (after[3].status, f"{after[3].starts:%H:%M}") == (CONFIRMED, "18:30")
    assert (after[4].status, f"{after[4].starts:%H:%M}") == (OFFERED, "18:50")


def test_released_party_of_a_discreet_hour_is_not_offered_another(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    workshop = make("discreet", way=Way.SLOTS, ends=time(20), slot_minutes=10, slot_places=1)
    for hour in ("18:00", "18:10", "18:20", "18:30"):
        post(client, workshop, HOSTILE, slot=hour)
    post(client, workshop, own_address(1), slot="18:30")
    party = everyone(store)[3]
    before = masked(client.get(link_of(key_store, party)).text, party)
    run_reviews(store, key_store, workshop)
    assert now_of(store, party).is_released
    assert masked(client.get(link_of(key_store, party)).text, party) == before


def test_staff_seat_by_hand_ends_the_review(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    party = beyond_share(client, store, make("discreet"))
    with store.change() as session:
        registration = session.get_one(Registration, party.id)
        registrations.grant_seat(session, registration, now=clock.now())
    after = now_of(store, party)
    assert (after.status, after.is_beyond_share) == (CONFIRMED, False)


def test_entry_says_what_her_page_shows(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    """So that nobody at the entry tells her that she is waiting."""
    party = beyond_share(client, store, make("discreet"))
    token = registrations.derive_entry_token(registrations.get_key(key_store, party))
    ana = signed_in_as(client.application, store, employ(store))
    assert "Su página dice que tiene lugar" in ana.get(f"/q/{token}").text
