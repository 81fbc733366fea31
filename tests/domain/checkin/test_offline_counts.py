"""Events of off-line phones, late and in any order: each party is counted once, and all but the
counts is deleted after the day of the workshop."""

from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import checkin_events
from outreach.domain.checkin.checkin_events import CheckinEvent
from outreach.domain.checkin.checkin_tokens import CheckinToken, CheckinTokenRow
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import Registration
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.conftest import seat
from tests.support.arrivals import store_arrival
from tests.support.checkin_phone import (
    TOMAS,
    counts,
    held_today,
    take_along,
    token_of,
    undo,
    walk_in,
)
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, TOMAS, Role.DOOR))


@pytest.fixture
def tonight(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return held_today(store, chicago, rights)


# Counts


def test_event_sent_twice_late_or_out_of_order_counts_once(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    token = token_of(store, key_store, seat(store, key_store, tonight, people=2))
    first_phone, second_phone = take_along(tomas, tonight), take_along(tomas, tonight)
    first, second, walk_in_event, undone_event = (
        first_phone.came(token, 1),
        second_phone.came(token, 2),
        walk_in(),
        walk_in(),
    )
    first_phone.tell(undo(undone_event), first)
    second_phone.tell(second, walk_in_event)
    first_phone.tell(first, undone_event, undo(undone_event))
    second_phone.tell(walk_in_event, second)
    assert counts(store, tonight) == (2, 1)
    second_phone.tell(undo(second))
    assert counts(store, tonight) == (1, 1), "the second phone repeats one of the events"
    first_phone.tell(undo(first))
    second_phone.tell(second)
    assert counts(store, tonight) == (0, 1)


def test_checkin_page_and_phones_count_the_same_people(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    rosa = seat(store, key_store, tonight, people=2)
    phone, path = take_along(tomas, tonight), f"/org/talleres/{tonight.public_id}/entrada"
    mark = phone.came(token_of(store, key_store, rosa), 2)
    phone.tell(mark, walk_in())
    page = words(tomas.get(path))
    assert "2 de 2 ya llegaron" in page
    page_after = tomas.post(path, do="arrived", registration=rosa.id).headers["Location"]
    assert "Ya estaba registrada su llegada." in words(tomas.get(page_after))
    phone.tell(undo(mark))
    assert counts(store, tonight) == (2, 1), "the same person is marked on the page"
    tomas.post(path, do="undo", registration=rosa.id)
    phone.tell(mark)
    assert counts(store, tonight) == (0, 1), "the page undoes both marks"
    phone.tell(phone.came(token_of(store, key_store, rosa), 1))
    tomas.post(path, do="more")
    assert counts(store, tonight) == (1, 2)


def test_arrival_of_a_cancelled_registration_counts_as_walk_in(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    rosa, luz = (
        seat(store, key_store, tonight, people=3),
        seat(store, key_store, tonight, name="Luz"),
    )
    first_phone, second_phone = take_along(tomas, tonight), take_along(tomas, tonight)
    token, token_of_luz = token_of(store, key_store, rosa), token_of(store, key_store, luz)
    mark = first_phone.came(token, 3)
    give_up(store, key_store, rosa)
    assert first_phone.tell(mark).get_json() == {
        "arrived": 0, "expected": 1, "walk_ins": 3, "strangers": 1
    }  # fmt: skip
    second_phone.tell(second_phone.came(token, 2), second_phone.came(token_of_luz))
    assert counts(store, tonight) == (1, 3), "one party, marked on two phones"
    first_phone.tell(undo(mark))
    assert counts(store, tonight) == (1, 2)


def test_erased_party_that_came_counts_once(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    begins = clock.now().astimezone(chicago.zone) - timedelta(hours=1)
    workshop = held_today(
        store, chicago, rights, day=begins.date(), starts=begins.time(), ends=time(0)
    )
    rosa = seat(store, key_store, workshop, people=2, now=workshop.starts_at - timedelta(days=2))
    first_phone, second_phone = take_along(tomas, workshop), take_along(tomas, workshop)
    token = token_of(store, key_store, rosa)
    first_phone.tell(first_phone.came(token, 2))
    give_up(store, key_store, rosa)
    retention.purge(store, key_store, now=clock.now())  # the erased row gets a new id
    second_phone.tell(second_phone.came(token, 2), walk_in())
    assert counts(store, workshop) == (2, 1)


def give_up(store: Store, key_store: KeyStore, registration: Registration) -> None:
    assert registration.key_id
    key_store.destroy(registration.key_id)
    with store.change() as session:
        page_after = session.get_one(Registration, registration.id)
        registrations.cancel(session, page_after, now=clock.now())


def test_arrival_stored_without_events_is_kept(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    rosa = seat(store, key_store, tonight, people=2)
    with store.change() as session:
        store_arrival(session, session.get_one(Registration, rosa.id), 1)
    phone = take_along(tomas, tonight)
    mark = phone.came(token_of(store, key_store, rosa), 2)
    phone.tell(mark)
    assert counts(store, tonight) == (2, 0)
    phone.tell(undo(mark))
    assert counts(store, tonight) == (1, 0)


def test_cancelled_workshop_refuses_arrivals(
    tomas: StaffClient, store: Store, tonight: Workshop
) -> None:
    phone = take_along(tomas, tonight)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, tonight.id), now=clock.now())
    assert phone.tell(walk_in()).status_code == 422


# Retention


def test_only_counts_are_kept_after_checkin_ends(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    token = token_of(store, key_store, seat(store, key_store, tonight))
    phone = take_along(tomas, tonight)
    phone.tell(phone.came(token), walk_in())
    ends = checkin_events.checkin_ends_at(tonight)
    for moment, expected_rows in ((ends - timedelta(minutes=1), [2, 1, 1]), (ends, [0, 0, 0])):
        retention.purge(store, key_store, now=moment)
        with store.read() as session:
            rows = [
                session.scalar(sa.select(sa.func.count()).select_from(table))
                for table in (CheckinEvent, CheckinToken, CheckinTokenRow)
            ]
        assert rows == expected_rows
    assert counts(store, tonight) == (1, 1)
