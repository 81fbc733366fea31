"""Events of two off-line phones and of the check-in page, in any order: the totals are the same,
nobody is counted twice, and a party never has more arrivals than people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.db.store import Store
from outreach.domain.checkin import checkin, checkin_events
from outreach.domain.checkin.checkin_events import Arrival, CheckinEvent, UndoneArrival
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import hold, seat

SIZES: Final = (1, 2, 4)  # people of the three parties
Event = Arrival | UndoneArrival
Mark = tuple[int, int, int, bool]
patient = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Evening:
    store: Store
    workshop: Workshop
    parties: list[str]

    def reset(self) -> None:
        with self.store.change() as session:
            session.execute(sa.delete(CheckinEvent))
            session.execute(sa.update(Registration).values(arrived=0))
            session.execute(sa.update(Workshop).values(walk_ins=0))

    def send(self, events: Sequence[Event]) -> tuple[list[int], int]:
        """Merges the events; returns the arrivals of each party and the walk-ins."""
        with self.store.change() as session:
            workshop = session.get_one(Workshop, self.workshop.id)
            counted = checkin_events.merge_offline_events(session, workshop, events)
        now = self.totals()
        assert (sum(now[0]), now[1]) == (counted.arrived, counted.walk_ins)
        return now

    def totals(self) -> tuple[list[int], int]:
        with self.store.read() as session:
            came = [session.get_one(Registration, each).arrived for each in self.parties]
            return came, session.get_one(Workshop, self.workshop.id).walk_ins

    @contextmanager
    def online(self, party: int) -> Iterator[tuple[sa.orm.Session, Registration]]:
        with self.store.change() as session:
            yield session, session.get_one(Registration, self.parties[party])


@pytest.fixture
def evening(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Evening:
    with store.change() as session:
        workshop = hold(session, chicago, rights, capacity=20)
    parties = [seat(store, key_store, workshop, people=people).id for people in SIZES]
    return Evening(store, workshop, parties)


@st.composite
def drawn_marks(draw: st.DrawFn) -> list[Mark]:
    """Marks: number, party (3: a walk-in), people who arrived, whether it is undone."""
    number = draw(st.integers(1, 8))
    return [
        (each, draw(st.integers(0, 3)), draw(st.integers(1, 4)), draw(st.booleans()))
        for each in range(number)
    ]


def make_events(evening: Evening, marks: Sequence[Mark]) -> list[Event]:
    events: list[Event] = []
    for number, party, people, is_slip in marks:
        name = number.to_bytes(16, "big")
        whose = evening.parties[party] if party < 3 else None
        events.append(Arrival(name, people if whose else 1, whose))
        events += [UndoneArrival(name)] if is_slip else []
    return events


def expected(marks: Sequence[Mark]) -> tuple[list[int], int]:
    """Computed from the marks, whatever the order of their events."""
    meant = [(party, people) for _, party, people, is_slip in marks if not is_slip]
    came = [
        min(size, max((people for whose, people in meant if whose == party), default=0))
        for party, size in enumerate(SIZES)
    ]
    return came, sum(1 for party, _people in meant if party == 3)


@patient
@given(drawn_marks(), st.data())
def test_events_in_any_order_and_repeated_give_the_same_totals(
    evening: Evening, marks: list[Mark], data: st.DataObject
) -> None:
    evening.reset()
    events = make_events(evening, marks)
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=6))
    shuffled = data.draw(st.permutations(events + repeated))
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        piece, shuffled = shuffled[:size], shuffled[size:]
        came, _ = evening.send(piece)
        assert all(each <= size for each, size in zip(came, SIZES, strict=True))
    assert evening.totals() == expected(marks)


STEPS: Final = st.one_of(
    st.tuples(st.just("mark"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("undo"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("phone"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("take back"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("walk-in"), st.just(3), st.just(1)),
    st.tuples(st.just("more"), st.just(3), st.just(1)),
)


@patient
@given(st.lists(STEPS, max_size=12))
def test_checkin_page_and_phones_count_the_same(
    evening: Evening, steps: list[tuple[str, int, int]]
) -> None:
    """A party has arrived while one of its marks is not undone. The page undoes all marks that it
    knows, a phone its own only."""
    evening.reset()
    live: dict[bytes, tuple[int, int]] = {}  # marks that are not undone: party, people
    by_phone: list[bytes] = []
    more = 0
    for number, (what, party, people) in enumerate(steps):
        name = number.to_bytes(16, "big")
        if what in {"phone", "walk-in"}:
            whose = evening.parties[party] if party < 3 else None
            evening.send([Arrival(name, people, whose)])
            live[name] = party, people
            by_phone.append(name)
        elif what == "take back":
            if party < len(by_phone):
                evening.send([UndoneArrival(by_phone[party])])
                live.pop(by_phone[party], None)
        elif what == "more":
            with evening.store.change() as session:
                checkin.count_walk_in(session, session.get_one(Workshop, evening.workshop.id), 1)
            more += 1
        else:
            with evening.online(party) as (session, row):
                if what == "undo":
                    checkin.mark_not_arrived(session, row)
                    live = {name: each for name, each in live.items() if each[0] != party}
                else:
                    checkin.mark_arrived(session, row, people)
                    if people <= SIZES[party]:
                        live[name] = party, people
        came = [
            min(size, max((n for whose, n in live.values() if whose == each), default=0))
            for each, size in enumerate(SIZES)
        ]
        loose = more + sum(1 for whose, _ in live.values() if whose == 3)
        assert evening.totals() == (came, loose)


def test_requests_of_two_phones_give_the_same_totals_in_every_order(evening: Evening) -> None:
    rosa, luz, _ = evening.parties
    one, two, slip, alone = (bytes([n]) * 16 for n in range(1, 5))
    posts: list[list[Event]] = [
        [Arrival(one, 1, rosa), Arrival(slip, 2, luz)],
        [Arrival(two, 1, rosa), Arrival(alone, 1)],
        [UndoneArrival(slip), Arrival(one, 1, rosa)],
        [Arrival(alone, 1), UndoneArrival(two)],
    ]
    for order in permutations(posts):
        evening.reset()
        for post in order:
            evening.send(post)
        assert evening.totals() == ([1, 0, 0], 1)
