"""Two phones without a network and the door's own page, in whatever order it all comes to the site:
the totals are the same, nobody is counted twice, and never more of a party than they are."""

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
Told = Arrival | UndoneArrival
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

    def begin_again(self) -> None:
        with self.store.change() as session:
            session.execute(sa.delete(CheckinEvent))
            session.execute(sa.update(Registration).values(arrived=0))
            session.execute(sa.update(Workshop).values(walk_ins=0))

    def tell(self, told: Sequence[Told]) -> tuple[list[int], int]:
        """What the site counts then: of each party, and without a place."""
        with self.store.change() as session:
            workshop = session.get_one(Workshop, self.workshop.id)
            counted = checkin_events.merge_offline_events(session, workshop, told)
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
def what_is_told(draw: st.DrawFn) -> list[tuple[int, int, int, bool]]:
    """Marks: of which party (3: none), how many came, and whether it was a slip; by number."""
    number = draw(st.integers(1, 8))
    return [
        (each, draw(st.integers(0, 3)), draw(st.integers(1, 4)), draw(st.booleans()))
        for each in range(number)
    ]


def made(evening: Evening, told: Sequence[tuple[int, int, int, bool]]) -> list[Told]:
    found: list[Told] = []
    for number, party, people, is_slip in told:
        name = number.to_bytes(16, "big")
        whose = evening.parties[party] if party < 3 else None
        found.append(Arrival(name, people if whose else 1, whose))
        found += [UndoneArrival(name)] if is_slip else []
    return found


def expected(told: Sequence[tuple[int, int, int, bool]]) -> tuple[list[int], int]:
    """Worked out from what was meant, not from what was told in which order."""
    meant = [(party, people) for _, party, people, is_slip in told if not is_slip]
    came = [
        min(size, max((people for whose, people in meant if whose == party), default=0))
        for party, size in enumerate(SIZES)
    ]
    return came, sum(1 for party, _people in meant if party == 3)


@patient
@given(what_is_told(), st.data())
def test_any_order_any_pieces_and_any_repetition_come_to_the_same(
    evening: Evening, told: list[tuple[int, int, int, bool]], data: st.DataObject
) -> None:
    evening.begin_again()
    everything = made(evening, told)
    again = data.draw(st.lists(st.sampled_from(everything), max_size=6))
    shuffled = data.draw(st.permutations(everything + again))
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        piece, shuffled = shuffled[:size], shuffled[size:]
        came, _ = evening.tell(piece)
        assert all(each <= size for each, size in zip(came, SIZES, strict=True))
    assert evening.totals() == expected(told)


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
def test_the_doors_page_in_between_agrees_with_the_phones(
    evening: Evening, steps: list[tuple[str, int, int]]
) -> None:
    """A party has come while a mark of theirs stands; whoever undoes it on the page takes back
    all that are known there, and a phone its own."""
    evening.begin_again()
    live: dict[bytes, tuple[int, int]] = {}  # marks that stand: party, people
    by_phone: list[bytes] = []
    more = 0
    for number, (what, party, people) in enumerate(steps):
        name = number.to_bytes(16, "big")
        if what in {"phone", "walk-in"}:
            whose = evening.parties[party] if party < 3 else None
            evening.tell([Arrival(name, people, whose)])
            live[name] = party, people
            by_phone.append(name)
        elif what == "take back":
            if party < len(by_phone):
                evening.tell([UndoneArrival(by_phone[party])])
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


def test_all_orders_of_four_posts_of_two_phones(evening: Evening) -> None:
    rosa, luz, _ = evening.parties
    one, two, slip, alone = (bytes([n]) * 16 for n in range(1, 5))
    posts: list[list[Told]] = [
        [Arrival(one, 1, rosa), Arrival(slip, 2, luz)],
        [Arrival(two, 1, rosa), Arrival(alone, 1)],
        [UndoneArrival(slip), Arrival(one, 1, rosa)],
        [Arrival(alone, 1), UndoneArrival(two)],
    ]
    for order in permutations(posts):
        evening.begin_again()
        for post in order:
            evening.tell(post)
        assert evening.totals() == ([1, 0, 0], 1)
