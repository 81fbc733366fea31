"""The worker: runs the steps of `worker_steps` in rounds, and those of each extension beside them.

Of several workers, only the leader runs the steps that are led. All of them deliver: messages are
claimed one by one.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from itertools import chain
from typing import Final

from flask import Flask

from outreach.interrupts import Interrupt
from outreach.keystore import Keeper, KeyStore
from outreach.maintenance import round_thread, steps
from outreach.maintenance.leader import Leader
from outreach.maintenance.round_thread import RoundThread
from outreach.maintenance.step_runner import StepRunner
from outreach.maintenance.steps import DAY, HasSteps, Step, StepContext
from outreach.maintenance.worker_steps import PURGE, STEPS
from outreach.privacy import retention

PAUSE_SECONDS: Final = 5.0  # between rounds


def _list_steps(
    extensions: Iterable[HasSteps], keepers: Iterable[Keeper]
) -> dict[str, tuple[Step, ...]]:
    """Returns the steps beside those of the core, by the extension that has them: its own, and
    one for each thing that it stores about people. What the extensions that are off have left is
    erased too, in rounds of its own."""
    found, left = dict[str, tuple[Step, ...]](), list(keepers)
    for each in extensions:
        own = tuple(map(_make_purge, each.keepers))
        if own or each.steps:
            found[each.name] = own + each.steps
        left = [keeper for keeper in left if keeper not in each.keepers]
    return found | {keeper.noun: (_make_purge(keeper),) for keeper in left}


def _make_purge(keeper: Keeper) -> Step:
    def run(context: StepContext, now: datetime) -> int:
        count = keeper.purge(context.store, context.key_store, now)
        retention.delete_letters(context.store, context.key_store, context.config)
        return count

    return Step(f"purge of {keeper.noun}", run, is_led=True, every=DAY, is_retried_at_once=True)


class Worker(StepRunner):
    """Runs rounds over the databases of one application. `purged_on` is the day of the last purge
    by a worker before this one.

    Each extension has rounds of its own, in a thread: one that hangs delays no erasure and no
    letter of the core."""

    def __init__(
        self,
        app: Flask,
        *,
        purged_on: date | None = None,
        make_leader: Callable[..., Leader] = Leader,
    ) -> None:
        key_store: KeyStore = app.extensions["outreach_key_store"]
        more = _list_steps(app.extensions["outreach_extensions"], key_store.keepers)
        leader = make_leader(
            app.extensions["outreach_store"],
            steps.name_led(chain(STEPS, *more.values())),
            warn=lambda text: self.context.warn(text),
        )
        super().__init__(app, STEPS, leader)
        self.extensions = {name: StepRunner(app, some, leader) for name, some in more.items()}
        if purged_on is not None:
            self.ran_at[PURGE] = datetime.combine(purged_on, time_of_day(), UTC)

    @property
    def purged_on(self) -> date | None:
        """The day of the last purge, of this worker or one before it, in UTC."""
        ran_at = self.ran_at.get(PURGE)
        return None if ran_at is None else ran_at.date()

    def round(self) -> int:
        """Runs all steps that are due once, those of extensions last; returns how many letters and
        texts were sent."""
        return self._run_core() + sum(each.run_due() for each in self.extensions.values())

    def _run_core(self) -> int:
        try:
            self.leader.acquire()
        except Exception as error:
            self._log_failure("leases", error)
        return self.run_due()

    def once(self) -> int:
        """Runs rounds until one sends nothing."""
        sent = 0
        with self.leader.renewing():
            while count := self.round():
                sent += count
        return sent

    def run(
        self,
        stop: Interrupt,
        *,
        after: Callable[[int], None] = lambda sent: None,
        ends_after_purge: bool = False,
    ) -> None:
        """Runs rounds until `stop` is set; a message that is being sent is finished first. With
        `ends_after_purge` it returns after a round in which it purged, too."""
        purged_on = self.purged_on
        everyone = (self, *self.extensions.values())
        for each in everyone:
            each.context.is_stopping = stop
        threads = [thread for each in everyone for thread in each.threads]
        threads += [self._run_beside(name, each) for name, each in self.extensions.items()]
        with self.leader.renewing(), round_thread.running(threads):
            while not stop.is_set():
                after(self._run_core())
                if ends_after_purge and self.purged_on != purged_on:
                    return
                stop.wait(PAUSE_SECONDS)

    def _run_beside(self, name: str, runner: StepRunner) -> RoundThread:
        return RoundThread(self.leader, name, lambda _is_over: runner, pause=PAUSE_SECONDS)
