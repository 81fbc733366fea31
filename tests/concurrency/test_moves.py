"""People register, move between two dates and cancel at the same time: no seat is given twice,
nobody is lost, and nobody is on two dates (SEAT01)."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus, moving
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import reconcile
from tests.conftest import make_workshop, seat
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import answers, link_of, own_address, send
from tests.support.scenario import DAY, Stage, faults, stage

THREADS = 8
SEATS = 9
PEOPLE_PER_THREAD = 5
_addresses = count(1000)


@dataclass
class Visitor:
    """What one person was told."""

    workshops: list[Workshop]
    token: str = ""
    at: int = 0  # the id of the workshop
    is_cancelled: bool = False
    wrong: list[str] = field(default_factory=list)
    moves: int = 0


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(limits=UNLIMITED)


@pytest.fixture
def dates(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    with store.change() as session:
        first = make_workshop(session, chicago, rights, capacity=SEATS)
        return [first, make_workshop(session, chicago, rights, capacity=SEATS, day=first.day)]


def live(app: Flask, visitor: Visitor, pick: random.Random) -> None:
    """Registers, moves there and back, and sometimes cancels."""
    client, here = app.test_client(), pick.choice(visitor.workshops)
    saved = send(client, here, answers(app, here, people=str(pick.randint(1, 2))))
    if saved.status_code != 303:
        visitor.wrong.append(f"saved: {saved.status_code}")
        return
    path, visitor.at = saved.headers["Location"], here.id
    visitor.token = path.rpartition("/")[2]
    for _ in range(pick.randint(0, 3)):
        other = next(each for each in visitor.workshops if each.id != visitor.at)
        address = {"REMOTE_ADDR": own_address(next(_addresses))}
        moved = client.post(f"{path}/mover", data={"day": other.public_id}, environ_base=address)
        if moved.status_code == 303:
            visitor.at, visitor.moves = other.id, visitor.moves + 1
        elif moved.status_code != 409:
            visitor.wrong.append(f"moved: {moved.status_code}")
    if pick.random() < 0.4:
        visitor.is_cancelled = client.post(f"{path}/cancelar").status_code == 200


def test_people_register_move_and_cancel_at_once(
    app: Flask, store: Store, key_store: KeyStore, dates: list[Workshop]
) -> None:
    start = Barrier(THREADS)

    def run(thread: int) -> list[Visitor]:
        pick, people = random.Random(thread), [Visitor(dates) for _ in range(PEOPLE_PER_THREAD)]
        start.wait(timeout=30)
        for each in people:
            live(app, each, pick)
        return people

    with ThreadPoolExecutor(THREADS) as pool:
        everybody = [each for some in pool.map(run, range(THREADS)) for each in some]
    assert [each.wrong for each in everybody if each.wrong] == []
    assert sum(each.moves for each in everybody), "somebody moved"
    staying = [each for each in everybody if not each.is_cancelled]
    with store.read() as session:
        assert [fault for each in dates for fault in faults(session, each.id)] == []
        for each in staying:
            assert registrations.find(session, key_store, each.token).workshop_id == each.at
        rows = session.query(Registration).all()
    assert len(rows) == len(everybody)
    held = Counter(row.status is not RegistrationStatus.CANCELLED for row in rows)
    assert held[True] == len(staying), "nobody is lost, and nobody is on two dates"
    of_keys = key_store.list_workshops()
    assert {row.key_id: row.workshop_id for row in rows if row.key_id} == of_keys
    reconcile.correct_workshops(store, key_store)
    assert key_store.list_workshops() == of_keys


def test_place_moved_to_two_dates_at_once_is_on_one(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    dates: list[Workshop],
) -> None:  # fmt: skip
    with store.change() as session:
        third = make_workshop(session, chicago, rights, capacity=SEATS, day=dates[0].day)
    here, there = dates
    rosa = seat(store, key_store, here, people=2)
    path, start = f"{link_of(key_store, rosa)}/mover", Barrier(THREADS)

    def post(thread: int) -> int:
        target = (there, third)[thread % 2]
        start.wait(timeout=30)
        answer = app.test_client().post(
            path,
            data={"day": target.public_id},
            environ_base={"REMOTE_ADDR": own_address(next(_addresses))},
        )
        return answer.status_code

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(post, range(THREADS))) <= {303, 409, 429}
    with store.read() as session:
        assert [fault for each in (*dates, third) for fault in faults(session, each.id)] == []
        left = sorted(session.get_one(Workshop, each.id).seats_left for each in (*dates, third))
        assert left == [SEATS - 2, SEATS, SEATS]


# A registration that moves while another transaction waits for its workshop


@pytest.fixture
def here(store: Store, chicago: Office, rights: Kind) -> Stage:
    return stage(store, chicago, rights, capacity=4)


@pytest.fixture
def there(store: Store, chicago: Office, rights: Kind) -> Stage:
    return stage(store, chicago, rights, capacity=4, day=DAY + timedelta(days=7))


def act_during_a_move(
    here: Stage, there: Stage, registration_id: str, act: Callable[[], object]
) -> list[Exception]:
    """Moves the registration, and begins `act` before that transaction ends; what it raised."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)

    with here.store.change() as session:
        key_store: Any = session.info["key_store"]
        registration = session.get_one(Registration, registration_id)
        target = session.get_one(Workshop, there.workshop_id)
        moving.move(session, key_store, registration, target, now=here.now)
        other = Thread(target=run)
        other.start()
        other.join(timeout=0.5)  # it waits for the workshop's row
    other.join()
    with here.store.read() as session:
        assert faults(session, here.workshop_id) == faults(session, there.workshop_id) == []
    return raised


def test_cancellation_during_a_move_frees_the_new_seat(here: Stage, there: Stage) -> None:
    rosa = here.register(2)
    assert act_during_a_move(here, there, rosa, lambda: here.cancel(rosa)) == []
    assert here.status(rosa) is RegistrationStatus.CANCELLED
    assert (here.left(), there.left()) == (4, 4)


def test_change_during_a_move_is_one_of_the_new_date(here: Stage, there: Stage) -> None:
    rosa = here.register(2)
    assert act_during_a_move(here, there, rosa, lambda: here.change(rosa, 3)) == []
    assert (here.left(), there.left()) == (4, 1)


def test_door_that_marks_a_party_during_its_move_marks_nobody(here: Stage, there: Stage) -> None:
    rosa, marked = here.register(2), list[bool]()

    def mark() -> None:
        with here.store.change() as session:
            old = session.get_one(Workshop, here.workshop_id)
            party = checkin.find(session, old, rosa)
            marked.append(checkin.mark_arrived(session, party, 1))

    raised = act_during_a_move(here, there, rosa, mark)
    assert [type(each).__name__ for each in raised] == ([] if marked == [False] else ["NotFound"])
    with here.store.read() as session:
        assert session.get_one(Registration, rosa).arrived_count == 0
