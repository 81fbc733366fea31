"""Delivery from any outbox: claim, look whether it is still wanted, write, count, send, record.

One message at a time, looked up and written after it is claimed, so that nobody gets a letter
whose data were erased before. Each outcome is stored in the transaction that claims the next
message. A worker that is killed leaves one claimed message, which is sent once more after its
lease.

What differs between outboxes is an `Outlet`: letters and texts of notifications (`delivery.py`),
to those who follow (`follow_messages.py`, `outreach/push`), mailings with letters to staff, letters
to the roster, and replies to texts (`outreach/answers`).
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.mail.delivery_errors import (
    AlreadySaid,
    Delayed,
    DeliveryDropped,
    DeliveryRefused,
    DeliveryUncertain,
    Postponed,
    ServerUnavailable,
)
from outreach.mail.recipient_limits import RecipientLimits

log = logging.getLogger(__name__)

Written = TypeVar("Written")
Claim = TypeVar("Claim")
Transport = Callable[[], AbstractContextManager[Callable[[Written], None]]]
RecordOutcome = Callable[[sa.Connection], None]  # stores the outcome of a message

MAX_ROUND: Final = timedelta(seconds=60)  # then the worker does its other steps


class Outbox(Protocol[Claim]):
    """Rows that are claimed and whose outcome is recorded, as `OutboxTable` does it."""

    def has_due(self, session: Session, *, now: datetime) -> bool: ...

    def claim(
        self, connection: sa.Connection, *, now: datetime, after: Claim | None = None
    ) -> Claim | None: ...

    def mark_done(self, connection: sa.Connection, claimed: Claim, now: datetime) -> None: ...

    def discard(self, connection: sa.Connection, claimed: Claim) -> None: ...

    def release(self, connection: sa.Connection, claimed: Claim) -> None: ...

    def postpone(self, connection: sa.Connection, claimed: Claim, until: datetime) -> None: ...

    def delay(self, connection: sa.Connection, claimed: Claim, until: datetime) -> None: ...

    def mark_refused(
        self, connection: sa.Connection, claimed: Claim, now: datetime, *, is_final: bool
    ) -> None: ...

    def mark_uncertain(self, connection: sa.Connection, claimed: Claim, now: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True, repr=False)
class Prepared(Generic[Written]):
    """A message that is written and can be sent."""

    message: Written
    limited: str = ""  # the e-mail or phone in whose limit it counts (S30); empty: in none


def _never_waits() -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Outlet(Generic[Claim, Written]):
    """One outbox, and how its messages are made and sent.

    `prepare` looks a claimed row up as of an instant and writes its message; None means that
    nothing needs to be sent. It may raise AlreadySaid, Delayed and DeliveryDropped. `explain_wait`
    is called before each claim: the reason, for the log, why nothing more is sent now, as a budget
    that is used up.
    """

    plural: str  # what it delivers, for the log
    store: Store  # the database that the outbox is in
    outbox: Outbox[Claim]
    prepare: Callable[[Claim, datetime], Prepared[Written] | None]
    transport: Transport[Written]
    limits: RecipientLimits
    explain_wait: Callable[[], str] = _never_waits


def deliver(
    outlets: Sequence[Outlet[Any, Any]],
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = log.warning,
) -> int:
    """Delivers what is due and returns how many messages were sent. Most outlets need an
    application context.

    Several outlets are rounds one after the other, until one is cut short: together they take as
    long as a single one may, and end for a message that is due in the first of them, so that
    nothing else is sent before a warning. `should_stop` is called before each claim, `warn` with
    the reason why messages wait."""
    sent_count, ends = 0, should_stop
    if not outlets:
        return 0
    later_ends = _WarningWatch(outlets[0], now, should_stop)
    for outlet in outlets:
        delivery_round = _DeliveryRound(outlet, later_ends.get_time(), ends, warn)
        sent_count += delivery_round.run()
        if delivery_round.is_cut:
            break
        ends = later_ends
    return sent_count


def deliver_in_parallel(
    outlets: Sequence[Outlet[Any, Any]],
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = log.warning,
) -> int:
    """Delivers as `deliver` does, but each outlet in a thread of its own. All are outlets of one
    outbox: a server that does not answer delays no other message."""
    with outlets[0].store.read() as session:
        if not outlets[0].outbox.has_due(session, now=now):
            return 0

    def run(outlet: Outlet[Any, Any]) -> int:
        return deliver([outlet], now=now, should_stop=should_stop, warn=warn)

    with ThreadPoolExecutor(len(outlets), thread_name_prefix="delivery") as pool:
        return sum(pool.map(run, outlets))


class _WarningWatch:
    """Whether a round ends before its next message: also for a warning that is due, for which it
    looks once a second."""

    def __init__(
        self, warnings: Outlet[Any, Any], now: datetime, should_stop: Callable[[], bool]
    ) -> None:
        self._warnings, self._now, self._should_stop = warnings, now, should_stop
        self._started = self._asked = monotonic()

    def __call__(self) -> bool:
        at = self.get_time()
        if self._should_stop() or at - self._now > MAX_ROUND:
            return True
        if monotonic() - self._asked < 1:
            return False
        self._asked = monotonic()
        with self._warnings.store.read() as session:
            return self._warnings.outbox.has_due(session, now=at)

    def get_time(self) -> datetime:
        """The instant `now` and the time that has passed since."""
        return self._now + timedelta(seconds=monotonic() - self._started)


class _DeliveryRound(Generic[Claim, Written]):
    """Delivers what is due in the outbox of one outlet."""

    def __init__(
        self,
        outlet: Outlet[Claim, Written],
        now: datetime,
        should_stop: Callable[[], bool],
        warn: Callable[[str], None],
    ) -> None:
        self.outlet, self.outbox = outlet, outlet.outbox
        self.now, self.should_stop, self.warn = now, should_stop, warn
        self.sent_count, self.is_cut = 0, False
        self._started = monotonic()

    def run(self) -> int:
        """Returns the number of messages sent.

        A round ends when nothing is due, after `MAX_ROUND`, when the server cannot be reached, or
        when `should_stop` or the outlet says so.
        """
        with self.outlet.store.read() as session:
            if not self.outbox.has_due(session, now=self.now):
                return 0
        try:
            # Before anything is claimed: a server that is away costs no attempt.
            with self.outlet.transport() as send:
                self._send_all(send)
        except ServerUnavailable as error:
            self._cut(error)
        return self.sent_count

    def _send_all(self, send: Callable[[Written], None]) -> None:
        claimed: Claim | None = None
        record_outcome: RecordOutcome = _record_nothing
        while True:
            # One transaction a message: the outcome of the last one and the claim of the next.
            with self.outlet.store.change_rows() as connection:
                record_outcome(connection)
                claimed = (
                    None
                    if self._has_ended()
                    else self.outbox.claim(connection, now=self._current_time(), after=claimed)
                )
            if claimed is None:
                return
            record_outcome = self._deliver(claimed, send)

    def _deliver(self, claimed: Claim, send: Callable[[Written], None]) -> RecordOutcome:
        try:
            prepared = self.outlet.prepare(claimed, self._current_time())
            if prepared is not None:
                self._count(prepared)
        except Delayed as hours:
            return partial(self.outbox.delay, claimed=claimed, until=hours.until)
        except Postponed as limit:
            return partial(self.outbox.postpone, claimed=claimed, until=limit.until)
        except AlreadySaid:
            return partial(self.outbox.mark_done, claimed=claimed, now=self._current_time())
        except DeliveryDropped as dropped:
            self.warn(str(dropped))
            return partial(self.outbox.discard, claimed=claimed)
        except Exception as error:
            # Only this one cannot be written. The type only: the error's text may hold a name.
            log.error(
                "%s: row %s cannot be written: %s",
                self.outlet.plural,
                getattr(claimed, "id", ""),
                type(error).__name__,
            )
            return self._record_refusal(claimed, DeliveryRefused(is_final=False))
        if prepared is None:
            return partial(self.outbox.discard, claimed=claimed)
        try:
            send(prepared.message)
        except DeliveryRefused as refusal:
            self._give_back(prepared)
            return self._record_refusal(claimed, refusal)
        except DeliveryUncertain:
            return partial(self.outbox.mark_uncertain, claimed=claimed, now=self._current_time())
        except ServerUnavailable as error:
            self._give_back(prepared)
            self._cut(error)
            return partial(self.outbox.release, claimed=claimed)
        self.sent_count += 1
        return partial(self.outbox.mark_done, claimed=claimed, now=self._current_time())

    def _count(self, prepared: Prepared[Written]) -> None:
        """Counts the message for its recipient. Raises Postponed where the recipient has had too
        many."""
        if prepared.limited:
            until = self.outlet.limits.count(prepared.limited)
            if until is not None:
                raise Postponed(until)

    def _give_back(self, prepared: Prepared[Written]) -> None:
        """Takes the count of a message back that was not sent."""
        if prepared.limited:
            self.outlet.limits.give_back(prepared.limited)

    def _cut(self, error: ServerUnavailable) -> None:
        self.warn(f"{self.outlet.plural} wait: {error}")
        self.is_cut = True

    def _record_refusal(self, claimed: Claim, refusal: DeliveryRefused) -> RecordOutcome:
        self.is_cut = self.is_cut or refusal.ends_round
        return partial(
            self.outbox.mark_refused,
            claimed=claimed,
            now=self._current_time(),
            is_final=refusal.is_final,
        )

    def _current_time(self) -> datetime:
        return self.now + timedelta(seconds=monotonic() - self._started)

    def _has_ended(self) -> bool:
        if self.is_cut or self.should_stop() or self._current_time() - self.now > MAX_ROUND:
            return True
        reason = self.outlet.explain_wait()
        if reason:
            self.warn(reason)
        return bool(reason)


def _record_nothing(_connection: sa.Connection) -> None:
    """Records no outcome: none exists before the first message of a round."""
