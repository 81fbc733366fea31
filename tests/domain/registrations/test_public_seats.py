"""How full the public sees a discreet workshop: in three states, late, and never exactly (S28)."""

import random
from datetime import datetime, timedelta

import pytest

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations.public_seats import MAX_DELAY, MIN_DELAY, DelayedStates, StateKey
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.seat_states import (
    FEW,
    FULL,
    MANY,
    compute_appears_free,
    compute_shown,
)
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat

pytestmark = pytest.mark.any_database("what the public sees")


@pytest.mark.parametrize(
    ("seats_left", "shown", "state"),
    [
        (30, MANY, MANY),
        (6, MANY, MANY),
        (5, MANY, FEW),
        (6, FEW, FEW),  # a cancellation does not show at once
        (7, FEW, FEW),
        (8, FEW, MANY),
        (0, FEW, FULL),
        (0, MANY, FULL),
        (1, FULL, FULL),
        (2, FULL, FEW),
        (8, FULL, MANY),
    ],
)
def test_state_is_left_only_with_clearly_more_seats(
    seats_left: int, shown: int, state: int
) -> None:
    assert compute_shown(seats_left, shown) == state


@pytest.mark.parametrize(
    ("seats_left", "capacity", "was_free", "is_free"),
    [
        (1, 1, True, True),
        (0, 1, True, False),
        (1, 1, False, True),
        (1, 3, False, False),  # one of three is not clearly more
        (2, 3, False, True),
        (0, 0, False, False),
    ],
)
def test_hour_is_shown_again_only_with_clearly_more_places(
    seats_left: int, capacity: int, was_free: bool, is_free: bool
) -> None:
    assert compute_appears_free(seats_left, capacity, was_free=was_free) is is_free


def until_shown(delayed: DelayedStates, began: datetime) -> timedelta:
    """How long a workshop that has just become full is not shown as full."""
    now = began
    while not delayed.find_due({StateKey(1): (FULL, MANY)}, now=now):
        now += timedelta(seconds=5)
    return now - began


def test_delay_is_random_and_at_most_an_hour() -> None:
    began = clock.now()
    delays = [until_shown(DelayedStates(generator=random.Random(n)), began) for n in range(40)]
    assert all(MIN_DELAY <= each <= MAX_DELAY + timedelta(seconds=5) for each in delays)
    assert len(set(delays)) > 30
    assert max(delays) - min(delays) > timedelta(minutes=40)


def test_state_that_changed_back_is_not_shown() -> None:
    delayed, now = DelayedStates(), clock.now()
    assert delayed.find_due({StateKey(1): (FULL, MANY)}, now=now) == {}
    assert delayed.find_due({StateKey(1): (MANY, MANY)}, now=now + MAX_DELAY) == {}
    assert delayed.due_at == {}


def test_watcher_sees_a_registration_only_after_the_delay(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind
) -> None:
    with store.change() as session:
        discreet = make_workshop(session, chicago, women, capacity=6)
        ordinary = make_workshop(session, chicago, rights, capacity=6)
    delayed, now = DelayedStates(), clock.now()

    def shown(workshop: Workshop) -> int:
        with store.read() as session:
            return session.get_one(Workshop, workshop.id).public_seats_left

    assert (shown(discreet), shown(ordinary)) == (MANY, 6)
    for workshop in (discreet, ordinary):
        seat(store, key_store, workshop)
    assert scheduled_jobs.show_seats(store, delayed, now=now) == 0
    assert (shown(discreet), shown(ordinary)) == (MANY, 5)
    for _ in range(5):
        seat(store, key_store, discreet)
    assert scheduled_jobs.show_seats(store, delayed, now=now + MAX_DELAY) == 1
    assert shown(discreet) == FULL
