"""Eight processes compete for the same seats of a workshop of two dates: they register, move from
one date to the other, cancel, and accept or miss offers.

The longer one, on both databases:

    tests/run --long -- tests/faults/test_crowd.py -s
"""

import multiprocessing
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, wait
from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.workshops import series
from outreach.keystore import KeyStore
from outreach.privacy import reconcile
from tests.conftest import make_workshop
from tests.faults.crowd import BEGAN, Done, Scene, act, begin_together
from tests.support.scenario import faults, stranded

PROCESSES = 8
SHORT, LONG = 15, 400  # steps of each process
CONSULTATIONS = {
    "way": Way.SLOTS,
    "slot_minutes": 20,
    "slot_places": 3,
    "ends": time(19, 0),
    "party_limit": 3,
}


@pytest.mark.races
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("workshop_changes", "steps"),
    [
        pytest.param({"capacity": 10}, SHORT, id="places"),
        pytest.param(CONSULTATIONS, SHORT, id="consultations", marks=pytest.mark.long),
        pytest.param({"capacity": 10}, LONG, id="places, long", marks=pytest.mark.long),
        pytest.param(CONSULTATIONS, LONG, id="consultations, long", marks=pytest.mark.long),
    ],
)
def test_eight_processes_never_oversell_or_leave_a_seat_empty(
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    workshop_changes: dict[str, Any],
    steps: int,
) -> None:
    scene = _scene(config, store, chicago, rights, workshop_changes)
    key_store.index(
        "rosa@example.org"
    )  # the key store makes its own keys before the processes start
    done, looks = _crowd(store, scene, steps)
    assert [error for each in done for error in each.errors] == []
    with store.read() as session:
        assert _wrong(session, scene) == []
        found = session.execute(
            sa.select(
                Registration.id,
                Registration.status,
                Registration.key_id,
                Registration.workshop_id,
            )
        ).all()
        rows = {row.id: row.status for row in found}
        places = {row.key_id: row.workshop_id for row in found if row.key_id is not None}
    of_keys = key_store.list_workshops()
    # A process that was overtaken writes the workshop of an earlier move last.
    reconcile.correct_workshops(store, key_store)
    assert {key: of_keys[key] for key in places}.keys() == places.keys(), "each has its key"
    assert {key: key_store.list_workshops()[key] for key in places} == places
    moves = sum(each.moves for each in done)
    assert moves or steps < LONG, "of so many steps one moves somebody"
    registered = {registration_id for each in done for registration_id in each.registered}
    cancelled = {registration_id for each in done for registration_id in each.cancelled}
    assert set(rows) == registered, "nobody is lost"
    gone = {
        registration_id
        for registration_id, status in rows.items()
        if status is RegistrationStatus.CANCELLED
    }
    assert gone == cancelled, "nobody is cancelled but by themselves"
    step_counts = sum((each.steps for each in done), Counter[str]())
    database = store.engine.dialect.name
    print(
        f"\n{database}: {step_counts.total()} steps, looked at {looks} times, 0 violations; "
        f"{moves} moves; "
        f"{step_counts}"
    )


def _scene(
    config: Config, store: Store, office: Office, kind: Kind, workshop_changes: dict[str, Any]
) -> Scene:
    shared = {
        "has_childcare": True,
        "support": {"childcare": 3},
        "now": BEGAN,
        "confirm_days": 14,
        "frees_silence": True,
    }
    # Room at the second date: or most moves find it full.
    roomy = {"capacity": 60} if "capacity" in workshop_changes else {"slot_places": 20}
    with store.change() as session:
        both = series.find_or_create(session, session.merge(office), "Curso", is_joint=True)
        days = [BEGAN.date() + timedelta(days=60 + more) for more in (0, 7)]
        made = [
            make_workshop(
                session, office, kind, day=day, series=both, **shared | workshop_changes | room
            )
            for day, room in zip(days, ({}, roomy), strict=True)
        ]
        ids = tuple(workshop.id for workshop in made)
    has_slots = workshop_changes.get("way") is Way.SLOTS
    return Scene(config.database_url, config.keyring_url, config.keys, ids, has_slots)


def _crowd(store: Store, scene: Scene, steps: int) -> tuple[list[Done], int]:
    """Runs the processes, and checks the counters meanwhile."""
    spawn = multiprocessing.get_context("spawn")
    looks = 0
    with ProcessPoolExecutor(
        PROCESSES, spawn, initializer=begin_together, initargs=(spawn.Barrier(PROCESSES),)
    ) as pool:
        running: set[Future[Done]] = {pool.submit(act, scene, n, steps) for n in range(PROCESSES)}
        ended: set[Future[Done]] = set()
        while running:
            with store.read() as session:
                if not store.is_sqlite:
                    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                assert _wrong(session, scene) == []
            looks += 1
            some, running = wait(running, timeout=0.05)
            ended |= some
    return [each.result() for each in ended], looks


def _wrong(session: Session, scene: Scene) -> list[str]:
    """What must not hold after any commit: a seat taken twice, or free while a waitlisted party
    fits."""
    return [
        fault
        for each in scene.workshop_ids
        for fault in (*faults(session, each), *(f"stranded {n}" for n in stranded(session, each)))
    ]
