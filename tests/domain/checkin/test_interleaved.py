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
from tests.conftest import make_workshop, seat
from tests.support.arrivals import forget_arrivals

SIZES: Final = (1, 2, 4)  # people of the three parties
Event = Arrival | UndoneArrival
Mark = tuple[int, int, int, bool]
slow_settings = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class CheckinScene:
    store: Store
    workshop: Workshop
    parties: list[str]

    def reset(self) -> None:
        with self.store.change() as session:
            session.execute(sa.delete(CheckinEvent))
            forget_arrivals(session)
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
            arrivals = [session.get_one(Registration, each).arrived_count for each in self.parties]
            return arrivals, session.get_one(Workshop, self.workshop.id).walk_ins

    @contextmanager
    def online(self, party: int) -> Iterator[tuple[sa.orm.Session, Registration]]:
        with self.store.change() as session:
            yield session, session.get_one(Registration, self.parties[party])


@pytest.fixture
def evening(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> CheckinScene:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=20)
    parties = [seat(store, key_store, workshop, people=people).id for people in SIZES]
    return CheckinScene(store, workshop, parties)


@st.composite
def random_marks(draw: st.DrawFn) -> list[Mark]:
    """Draws marks: number, party (3 for a walk-in), people who arrived, whether it is undone."""
    number = draw(st.integers(1, 8))
    return [
        (each, draw(st.integers(0, 3)), draw(st.integers(1, 4)), draw(st.booleans()))
        for each in range(number)
    ]


def make_events(evening: CheckinScene, marks: Sequence[Mark]) -> list[Event]:
    events: list[Event] = []
    for number, party, people, is_slip in marks:
        name = number.to_bytes(16, "big")
        registration_id = evening.parties[party] if party < 3 else None
        events.append(Arrival(name, people if registration_id else 1, registration_id))
        events += [UndoneArrival(name)] if is_slip else []
    return events


def expected(marks: Sequence[Mark]) -> tuple[list[int], int]:
    """Returns the totals that the marks give in any order of their events."""
    remaining = [(party, people) for _, party, people, is_slip in marks if not is_slip]
    arrivals = [
        min(
            size,
            max(
                (people for registration_id, people in remaining if registration_id == party),
                default=0,
            ),
        )
        for party, size in enumerate(SIZES)
    ]
    return arrivals, sum(1 for party, _people in remaining if party == 3)


@pytest.mark.long
@slow_settings
@given(random_marks(), st.data())
def test_events_in_any_order_and_repeated_give_the_same_totals(
    evening: CheckinScene, marks: list[Mark], data: st.DataObject
) -> None:
    evening.reset()
    events = make_events(evening, marks)
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=6))
    shuffled = data.draw(st.permutations(events + repeated))
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        piece, shuffled = shuffled[:size], shuffled[size:]
        arrivals, _ = evening.send(piece)
        assert all(each <= size for each, size in zip(arrivals, SIZES, strict=True))
    assert evening.totals() == expected(marks)


STEPS: Final = st.one_of(
    st.tuples(st.just("mark"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("undo"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("phone"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("take back"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("walk-in"), st.just(3), st.just(1)),
    st.tuples(st.just("more"), st.just(3), st.just(1)),
)


@pytest.mark.long
@slow_settings
@given(st.lists(STEPS, max_size=12))
def test_checkin_page_and_phones_count_the_same(
    evening: CheckinScene, steps: list[tuple[str, int, int]]
) -> None:
    """A party counts as arrived while one of its marks is not undone. The page undoes all marks of
    a party, a phone only its own."""
    evening.reset()
    marks: dict[bytes, tuple[int, int]] = {}  # party and people of marks that are not undone
    by_phone: list[bytes] = []
    walk_ins_on_page = 0
    for number, (step, party, people) in enumerate(steps):
        name = number.to_bytes(16, "big")
        if step in {"phone", "walk-in"}:
            registration_id = evening.parties[party] if party < 3 else None
            evening.send([Arrival(name, people, registration_id)])
            marks[name] = party, people
            by_phone.append(name)
        elif step == "take back":
            if party < len(by_phone):
                evening.send([UndoneArrival(by_phone[party])])
                marks.pop(by_phone[party], None)
        elif step == "more":
            with evening.store.change() as session:
                checkin.count_walk_in(session, session.get_one(Workshop, evening.workshop.id), 1)
            walk_ins_on_page += 1
        else:
            with evening.online(party) as (session, row):
                if step == "undo":
                    checkin.mark_not_arrived(session, row)
                    marks = {name: each for name, each in marks.items() if each[0] != party}
                else:
                    checkin.mark_arrived(session, row, people)
                    if people <= SIZES[party]:
                        marks[name] = party, people
        arrivals = [
            min(
                size,
                max(
                    (n for registration_id, n in marks.values() if registration_id == each),
                    default=0,
                ),
            )
            for each, size in enumerate(SIZES)
        ]
        walk_ins = walk_ins_on_page + sum(
            1 for registration_id, _ in marks.values() if registration_id == 3
        )
        assert evening.totals() == (arrivals, walk_ins)


@pytest.mark.long
def test_requests_of_two_phones_give_the_same_totals_in_every_order(evening: CheckinScene) -> None:
    rosa, luz, _ = evening.parties
    mark_one, mark_two, undone_mark, walk_in_mark = (bytes([n]) * 16 for n in range(1, 5))
    posts: list[list[Event]] = [
        [Arrival(mark_one, 1, rosa), Arrival(undone_mark, 2, luz)],
        [Arrival(mark_two, 1, rosa), Arrival(walk_in_mark, 1)],
        [UndoneArrival(undone_mark), Arrival(mark_one, 1, rosa)],
        [Arrival(walk_in_mark, 1), UndoneArrival(mark_two)],
    ]
    for order in permutations(posts):
        evening.reset()
        for post in order:
            evening.send(post)
        assert evening.totals() == ([1, 0, 0], 1)
