"""What a step of the worker is, and what it works with.

A step of the core is in `worker_steps.py`, one of an extension in its declaration.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.interrupts import Interrupt
from outreach.keystore import Keeper, KeyStore
from outreach.mail import delivery, delivery_round
from outreach.mail.delivery import LetterTransport, TextTransport
from outreach.mail.delivery_round import Outlet
from outreach.maintenance.round_thread import RoundRunner

log = logging.getLogger(__name__)
Thing = TypeVar("Thing")

EVERY_ROUND: Final = timedelta(0)
HALF_MINUTE: Final = timedelta(seconds=30)
MINUTE: Final = timedelta(minutes=1)
TEN_MINUTES: Final = timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class StepContext:
    """What steps work with: the databases and the settings of one application, what they remember
    between rounds, and how they warn and learn that they have to end."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.config: Config = app.extensions["outreach_config"]
        self.store: Store = app.extensions["outreach_store"]
        self.key_store: KeyStore = app.extensions["outreach_key_store"]
        self.is_stopping = Interrupt()
        self._warned_at: dict[str, datetime] = {}
        self._remembered: dict[Callable[..., Any], Any] = {}

    @property
    def has_texts(self) -> bool:
        """Whether a gateway sends texts."""
        return bool(self.config.texts.url)

    def remember(self, make: Callable[["StepContext"], Thing]) -> Thing:
        """Returns what `make` returned at its first call: what a step keeps between rounds."""
        if make not in self._remembered:
            self._remembered[make] = make(self)
        made: Thing = self._remembered[make]
        return made

    def should_stop(self) -> bool:
        """Whether the worker was stopped: a step ends after the message that it is sending."""
        return self.is_stopping.is_set()

    def warn(self, text: str) -> None:
        """Logs why messages wait: at once, then once an hour."""
        now = clock.now()
        if text not in self._warned_at or now - self._warned_at[text] >= HOUR:
            self._warned_at[text] = now
            log.warning("%s", text)


@dataclass(frozen=True)
class InThread:
    """Rounds with other sites, which a thread of the worker runs each second: a site that does not
    answer delays no letter. `outreach worker --once` has no threads and runs a round as a step.

    `make` is given the application and a function that says that a round has to end. The thread
    runs also where this worker does not lead: every worker delivers, and the leader looks for what
    has changed."""

    make: Callable[[Flask, Callable[[], bool]], RoundRunner]


@dataclass(frozen=True)
class Step:
    """One task of the worker."""

    name: str
    """Its name in the log. Where `is_led`, also the name of its lease in `db.job_locks`."""
    run: Callable[[StepContext, datetime], int] | InThread
    """Is given the time of the call, and returns how many things it did."""
    is_led: bool
    """Whether, of several workers, only the one that holds its lease runs it. A step that is not
    led claims what it works on, or works on its own host."""
    every: timedelta = EVERY_ROUND
    """The shortest time between two runs of one worker. `DAY` means once on each day in UTC."""
    sends: bool = False
    """Whether it sends messages to people. `outreach worker --once` ends after a round in which no
    step sent any."""
    is_retried_at_once: bool = False
    """Whether it runs again in the next round after it failed, rather than after `every`."""

    def is_due(self, ran_at: datetime | None, now: datetime) -> bool:
        """Whether it runs at `now` when its last run was at `ran_at`."""
        if ran_at is None or self.every == EVERY_ROUND:
            return True
        if self.every == DAY:
            return ran_at.date() != now.date()
        return now - ran_at >= self.every


RunStep = Callable[[StepContext, datetime], int]
# Makes the outlets of some outboxes over what sends: letters, or texts.
MakeOutlets = Callable[[Store, KeyStore, Config, Thing], Sequence[Outlet[Any, Any]]]


def deliver(context: StepContext, now: datetime, outlets: Sequence[Outlet[Any, Any]]) -> int:
    """Delivers the messages of some outboxes that are due; returns how many."""
    with context.app.app_context():
        return delivery_round.deliver(
            outlets, now=now, should_stop=context.should_stop, warn=context.warn
        )


def by_mail(make_outlets: MakeOutlets[LetterTransport]) -> RunStep:
    """Returns a step that delivers the letters of some outboxes, where letters can be sent."""
    return _by(delivery.letter_transport, make_outlets)


def by_text(make_outlets: MakeOutlets[TextTransport]) -> RunStep:
    """Returns a step that delivers the texts of some outboxes, where texts can be sent."""
    return _by(delivery.text_transport, make_outlets)


def _by(find: Callable[[Config], Thing | None], make_outlets: MakeOutlets[Thing]) -> RunStep:
    def run(context: StepContext, now: datetime) -> int:
        transport = find(context.config)
        if transport is None:
            return 0
        given = context.store, context.key_store, context.config
        return deliver(context, now, make_outlets(*given, transport))

    return run


def name_led(steps: Iterable[Step]) -> frozenset[str]:
    """Returns the names of the steps that only the leader runs."""
    return frozenset(step.name for step in steps if step.is_led)


class HasSteps(Protocol):
    """What adds steps to those of the core: an extension."""

    @property
    def name(self) -> str: ...

    @property
    def steps(self) -> "tuple[Step, ...]": ...

    @property
    def keepers(self) -> tuple[Keeper, ...]: ...
