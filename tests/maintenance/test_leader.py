"""One worker leads at a time, also after a crash and with a wrong clock."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db import job_locks
from outreach.db.job_locks import JobLock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.interrupts import Interrupt
from outreach.keystore import KeyStore
from outreach.maintenance import steps
from outreach.maintenance.leader import Leader
from outreach.maintenance.steps import DAY, HOUR, Step, StepContext
from outreach.maintenance.worker import Worker
from outreach.maintenance.worker_steps import STEPS
from tests.conftest import make_workshop, seat

NAMES = ("purge", "offers")
SHORT = 3.0  # seconds: a lease for whoever is killed here
UNDO_WINDOW = """
import sys, threading
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.maintenance.leader import Leader
store = Store(sys.argv[1])
change_sessions.install(store)
leader = Leader(store, sys.argv[3:], length=float(sys.argv[2]))
leader.acquire()
with leader.renewing():
    print("leads" if leader.leads(sys.argv[3]) else "follows", flush=True)
    sys.stdin.readline()
"""


def test_every_step_is_led_or_claims_its_messages() -> None:
    sending = {step.name for step in STEPS if step.sends}
    unled = {step.name for step in STEPS if not step.is_led}
    assert unled == sending | {"host", "sign of life"}
    assert len({step.name for step in STEPS}) == len(STEPS)


def test_second_worker_leads_when_the_first_stops(store: Store) -> None:
    one, other = Leader(store, NAMES), Leader(store, NAMES)
    with one.renewing():
        one.acquire()
        other.acquire()
        assert [one.leads(name) for name in NAMES] == [True, True]
        assert [other.leads(name) for name in NAMES] == [False, False]
    assert not one.leads("purge")
    other.acquire()
    assert other.leads("purge")
    one.acquire()
    assert not one.leads("purge")


@pytest.mark.races
def test_one_of_many_simultaneous_workers_leads(store: Store) -> None:
    leaders, start = [Leader(store, NAMES) for _ in range(8)], threading.Barrier(8)

    def ask(leader: Leader) -> None:
        start.wait()
        leader.acquire()

    threads = [threading.Thread(target=ask, args=(each,)) for each in leaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in NAMES:
        assert sum(each.leads(name) for each in leaders) == 1
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(JobLock)) == len(NAMES)


@pytest.mark.long
def test_lease_is_renewed_during_a_long_step(store: Store) -> None:
    one, other = Leader(store, NAMES, length=1), Leader(store, NAMES, length=1)
    one.acquire()
    with one.renewing():
        end = time.monotonic() + 3
        while time.monotonic() < end:
            other.acquire()
            assert not other.leads("purge")
            assert one.leads("purge")


def test_worker_without_renewal_does_not_lead(store: Store) -> None:
    one, other = Leader(store, NAMES, length=0.4), Leader(store, NAMES, length=0.4)
    one.acquire()
    assert one.leads("purge")
    while not other.leads("purge"):
        other.acquire()
    assert not one.leads("purge"), "never two at once"


@pytest.mark.thorough
@pytest.mark.races
def test_killed_leader_is_succeeded_when_its_lease_ends(config: Config, store: Store) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", UNDO_WINDOW, config.database_url, str(SHORT), *NAMES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == "leads\n"
        heir = Leader(store, NAMES, length=SHORT)
        heir.acquire()
        assert not heir.leads("purge")
        held.send_signal(signal.SIGKILL)
        held.wait()
        began = time.monotonic()
        while not heir.leads("purge"):
            assert time.monotonic() < began + SHORT + 5
            heir.acquire()
        took = time.monotonic() - began
        print(f"\nkilled; succeeded after {took:.1f} s, with leases of {SHORT:.0f} s")
    finally:
        held.kill()
        held.wait()
        for pipe in (held.stdin, held.stdout):
            if pipe is not None:
                pipe.close()


def test_lease_lasts_a_minute_by_the_database_clock(store: Store) -> None:
    with store.change() as session:
        job_locks.prepare(session, NAMES)
        assert job_locks.acquire(session, NAMES, "ana") == set(NAMES)
    with store.read() as session:
        until = session.scalars(sa.select(JobLock.until)).first()
        assert until is not None
        left = until - (clock.now() - job_locks.clock_difference(session, now=clock.now()))
    assert timedelta(seconds=50) < left <= timedelta(seconds=61)


@pytest.mark.parametrize("days", [1, -1])
def test_host_with_a_wrong_clock_does_not_lead(store: Store, days: int) -> None:
    messages: list[str] = []
    astray = Leader(
        store, NAMES, now=lambda: clock.now() + timedelta(days=days), warn=messages.append
    )
    right = Leader(store, NAMES)
    astray.acquire()
    assert not any(astray.leads(name) for name in NAMES), "though nobody else holds them"
    assert f"{days * 86400:+d} s" in messages[0]
    right.acquire()
    astray.acquire()
    assert all(right.leads(name) for name in NAMES)
    with store.read() as session:
        assert set(session.scalars(sa.select(JobLock.holder))) == {right.holder}


def test_worker_whose_clock_jumps_releases_its_leases(store: Store) -> None:
    ahead = timedelta()
    jumping = Leader(store, NAMES, now=lambda: clock.now() + ahead, warn=lambda _words: None)
    right = Leader(store, NAMES)
    jumping.acquire()
    assert jumping.leads("purge")
    ahead = timedelta(days=1)
    jumping._acquire()
    right.acquire()
    assert not jumping.leads("purge")
    assert right.leads("purge")


@pytest.mark.races
def test_two_simultaneous_workers_run_each_step_once(
    make_app: Callable[..., Flask], config: Config, store: Store, key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    key_store.request_link("rosa@example.org")
    folder = config.data / "letters"
    workers = [Worker(make_app(mail_folder=folder)) for _ in range(2)]
    start, stop = threading.Barrier(2), Interrupt()
    runs_done = [0, 0]

    def work(number: int) -> None:
        def after(_sent: int) -> None:
            runs_done[number] += 1
            if min(runs_done) >= 1:
                stop.set()

        start.wait()
        workers[number].run(stop, after=after)

    working = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    assert sorted(worker.purged_on is None for worker in workers) == [False, True]
    with store.read() as session:
        links = (
            sa.select(sa.func.count())
            .select_from(Notification)
            .where(Notification.cause == NotificationType.LINK_RECOVERY)
        )
        assert session.scalar(links) == 1
        assert set(session.scalars(sa.select(JobLock.holder))) == {""}, "given back at the stop"


def test_worker_that_does_not_lead_sends_letters_and_deletes_its_files(
    make_app: Callable[..., Flask], config: Config, store: Store, key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:  # fmt: skip
    folder = config.data / "letters"
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    worker = Worker(make_app(mail_folder=folder))
    elsewhere = Leader(store, steps.name_led(STEPS))
    elsewhere.acquire()
    assert worker.once() == 1
    assert worker.purged_on is None
    assert len(list(folder.glob("*.eml"))) == 1
    with store.change() as session:
        session.execute(
            sa.text("UPDATE registration SET key_id = NULL, sealed = NULL WHERE id = :id"),
            {"id": rosa.id},
        )
    worker.ran_at.clear()
    worker.once()
    assert list(folder.glob("*.eml")) == []


def test_worker_of_a_server_ends_after_its_purge(make_app: Callable[..., Flask]) -> None:
    worker, began_on = Worker(make_app()), clock.now().date()
    worker.run(Interrupt(), ends_after_purge=True)
    assert worker.purged_on in {began_on, clock.now().date()}


def test_step_runs_at_most_once_in_its_time() -> None:
    at = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)
    hourly = Step("hourly", lambda context, now: 0, is_led=False, every=HOUR)
    assert hourly.is_due(None, at)
    assert not hourly.is_due(at, at + timedelta(minutes=59))
    assert hourly.is_due(at, at + HOUR)
    daily = Step("daily", lambda context, now: 0, is_led=False, every=DAY)
    assert not daily.is_due(at, at + timedelta(minutes=29))
    assert daily.is_due(at, at + timedelta(minutes=30)), "another day in UTC"
    always = Step("always", lambda context, now: 0, is_led=False)
    assert always.is_due(at, at)


@pytest.mark.parametrize("is_retried_at_once", [True, False])
def test_failed_step_waits_for_its_time_unless_it_is_retried_at_once(
    app: Flask, is_retried_at_once: bool
) -> None:
    runs: list[datetime] = []

    def fail(_context: StepContext, now: datetime) -> int:
        runs.append(now)
        raise OSError("full")

    step = Step(
        "fails", fail, is_led=False, every=HOUR, is_retried_at_once=is_retried_at_once
    )  # fmt: skip
    worker, at = Worker(app), datetime(2027, 3, 1, 12, tzinfo=UTC)
    for now in (at, at + timedelta(seconds=5), at + HOUR):
        with suppress(OSError):
            worker.run_step(step, now)
    assert len(runs) == (3 if is_retried_at_once else 2)
