"""Steps of extensions beside those of the core, what they erase, and what steps keep."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.interrupts import Interrupt
from outreach.keystore import Keeper, KeyStore
from outreach.maintenance import round_thread
from outreach.maintenance import worker as worker_module
from outreach.maintenance.steps import Step, StepContext
from outreach.maintenance.worker import Worker
from outreach.maintenance.worker_steps import STEPS

pytestmark = pytest.mark.any_database("which steps run")


@dataclass(frozen=True)
class Declared:
    """What an extension adds to the worker."""

    name: str
    steps: tuple[Step, ...] = ()
    keepers: tuple[Keeper, ...] = ()


def employ(app: Flask, *extensions: Declared) -> Worker:
    app.extensions["outreach_extensions"] = extensions
    return Worker(app)


def make_keeper(purge: Callable[[Store, KeyStore, datetime], int]) -> Keeper:
    return Keeper(
        noun="wishes",
        held="wishes of people",
        count=lambda _store, _key_store: 3,
        count_due=lambda _store, _key_store, _now: 1,
        purge=purge,
    )


def list_things(_context: StepContext) -> list[str]:
    return []


def test_worker_runs_the_steps_of_its_extensions_after_its_own(app: Flask) -> None:
    ran = []

    def run(context: StepContext, now: datetime) -> int:
        ran.append(context.remember(list_things))
        return 1

    worker = employ(app, Declared("own", (Step("own", run, is_led=True, sends=True),)))
    with worker.leader.renewing():
        assert worker.round() == 1
        assert worker.round() == 1
    assert len(ran) == 2
    assert ran[0] is ran[1], "it is remembered"
    assert worker.steps == STEPS


def test_an_extension_that_hangs_delays_no_step_of_the_core_nor_of_another(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_thread, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(worker_module, "PAUSE_SECONDS", 0.01)
    stop, never = Interrupt(), threading.Event()
    heard: list[int] = []

    def hang(_context: StepContext, _now: datetime) -> int:
        never.wait()
        return 0

    def count(_context: StepContext, _now: datetime) -> int:
        heard.append(1)
        return 0

    def after(_sent: int) -> None:
        if worker.purged_on is not None and len(heard) > 2:
            stop.set()

    worker = employ(
        app,
        Declared("hangs", (Step("hang", hang, is_led=True), Step("later", count, is_led=True))),
        Declared("works", (Step("count", count, is_led=True),)),
    )
    try:
        worker.run(stop, after=after)
        assert "later" not in worker.extensions["hangs"].ran_at
    finally:
        never.set()


def test_what_extensions_store_is_erased_each_day_and_again_until_it_is_done(app: Flask) -> None:
    tries: list[datetime] = []

    def purge(_store: Store, _key_store: KeyStore, now: datetime) -> int:
        tries.append(now)
        if len(tries) < 3:
            raise OSError("full")
        return 1

    worker = employ(app, Declared("wishes", keepers=(make_keeper(purge),)))
    with worker.leader.renewing():
        for _ in range(5):
            worker.round()
    assert len(tries) == 3
    assert worker.purged_on is not None


def test_what_an_extension_has_left_that_is_off_is_erased_too(
    app: Flask, key_store: KeyStore
) -> None:
    tries: list[datetime] = []

    def purge(_store: Store, _key_store: KeyStore, now: datetime) -> int:
        tries.append(now)
        return 1

    app.extensions["outreach_key_store"] = KeyStore(
        key_store.store,
        key_store.envelope.master_keys,
        find_keepers=lambda: (make_keeper(purge),),
    )
    employ(app).once()
    assert len(tries) == 1
