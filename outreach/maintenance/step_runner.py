"""Runs steps in rounds: those of the core, or those of one extension. A step that fails stops no
other."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from flask import Flask

from outreach import clock, logs
from outreach.db import error_classes
from outreach.maintenance.leader import Leader
from outreach.maintenance.round_thread import RoundThread
from outreach.maintenance.steps import InThread, Step, StepContext

log = logging.getLogger(__name__)


class StepRunner:
    """The steps of the core or of one extension, over the databases of one application."""

    def __init__(self, app: Flask, steps: Sequence[Step], leader: Leader) -> None:
        self.context = StepContext(app)
        self.steps = tuple(steps)
        self.leader = leader
        self.ran_at: dict[str, datetime] = {}  # by name of the step
        self._threads = {
            step.name: RoundThread(leader, step.name, partial(step.run.make, app))
            for step in self.steps
            if isinstance(step.run, InThread)
        }
        self._repeats = logs.Repeats()

    @property
    def threads(self) -> tuple[RoundThread, ...]:
        """The threads of the steps that have one."""
        return tuple(self._threads.values())

    def run_due(self) -> int:
        """Runs all steps that are due once; returns how many letters and texts were sent."""
        sent = 0
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

    def run_round(self, *, now: datetime, is_leading: bool) -> int:
        """As `run_due`, for a `RoundThread`: each step has its own time and its own lease."""
        return self.run_due()

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
