"""The worker: runs the steps of `worker_steps` and those of the extensions that are on, in rounds.
A step that fails stops no other.

Of several workers, only the leader runs the steps that are led. All of them deliver: messages are
claimed one by one.
"""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from functools import partial
from typing import Final

from flask import Flask

from outreach import clock, logs
from outreach.db import error_classes
from outreach.interrupts import Interrupt
from outreach.maintenance import steps
from outreach.maintenance.leader import Leader
from outreach.maintenance.round_thread import RoundThread
from outreach.maintenance.steps import InThread, Step, StepContext
from outreach.maintenance.worker_steps import PURGE, STEPS

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 5.0  # between rounds


class Worker:
    """Runs rounds over the databases of one application. `purged_on` is the day of the last purge
    by a worker before this one."""

    def __init__(self, app: Flask, *, purged_on: date | None = None) -> None:
        self.context = StepContext(app)
        self.steps = steps.join(STEPS, app.extensions["outreach_extensions"])
        self.leader = Leader(self.context.store, steps.name_led(self.steps), warn=self.context.warn)
        self.ran_at: dict[str, datetime] = {}  # by name of the step
        if purged_on is not None:
            self.ran_at[PURGE] = datetime.combine(purged_on, time_of_day(), UTC)
        self._threads = {
            step.name: RoundThread(self.leader, step.name, partial(step.run.make, app))
            for step in self.steps
            if isinstance(step.run, InThread)
        }
        self._repeats = logs.Repeats()

    @property
    def purged_on(self) -> date | None:
        """The day of the last purge, of this worker or one before it, in UTC."""
        ran_at = self.ran_at.get(PURGE)
        return None if ran_at is None else ran_at.date()

    def round(self) -> int:
        """Runs all steps that are due once; returns how many letters and texts were sent."""
        sent = 0
        try:
            self.leader.acquire()
        except Exception as error:
            self._log_failure("leases", error)
        for step in self.steps:
            if self.context.should_stop():
                break
            if step.is_led and not self.leader.leads(step.name):
                continue
            try:
                done = self.run_step(step, clock.now())
            except Exception as error:
                self._log_failure(step.name, error)
                continue
            sent += done if step.sends else 0
        return sent

    def run_step(self, step: Step, now: datetime) -> int:
        """Runs the step if it is due, whoever leads; returns how many things it did."""
        if not step.is_due(self.ran_at.get(step.name), now):
            return 0
        if not step.is_retried_at_once:
            self.ran_at[step.name] = now
        if isinstance(step.run, InThread):
            thread = self._threads[step.name]
            done = 0 if thread.is_running else thread.run_round(now)
        else:
            done = step.run(self.context, now)
        self.ran_at[step.name] = now
        return done

    def _log_failure(self, name: str, error: Exception) -> None:
        """Logs the failure of a step, an identical one once a minute: with a full disk each step of
        each round fails. The text of the error is left out, since it may hold an address."""
        what = error_classes.describe(error)
        key = error_classes.classify(error) or (name, what)
        more = self._repeats.admit(key, now=time.monotonic())
        if more is not None:
            log.error("%s failed: %s%s", name, what, logs.say_left_out(more))
            logs.tracebacks.debug("%s failed", name, exc_info=error)

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
        self.context.is_stopping = stop
        purged_on = self.purged_on
        with ExitStack() as running:
            running.enter_context(self.leader.renewing())
            for thread in self._threads.values():
                running.enter_context(thread.running())
            while not stop.is_set():
                after(self.round())
                if ends_after_purge and self.purged_on != purged_on:
                    return
                stop.wait(PAUSE_SECONDS)
