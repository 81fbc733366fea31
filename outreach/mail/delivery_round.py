"""One round of delivery from an outbox: claim, write, send, record the outcome.

One message at a time, looked up and written after it is claimed, so that nobody gets a letter
whose data were erased before. Each outcome is stored in the transaction that claims the next
message. A worker that is killed leaves one claimed message, which is sent once more after its
lease.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final, Generic, TypeVar

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.mail.delivery_errors import (
    Delayed,
    DeliveryRefused,
    DeliveryUncertain,
    Postponed,
    ServerUnavailable,
)

log = logging.getLogger(__name__)

Written = TypeVar("Written")
Transport = Callable[[], AbstractContextManager[Callable[[Written], None]]]
RecordOutcome = Callable[[sa.Connection], None]  # stores the outcome of a message

MAX_ROUND: Final = timedelta(seconds=60)  # then the worker does its other steps


@dataclass
class DeliveryRound(Generic[Written]):
    """Delivers what is due in `outbox`.

    `write` makes the message of a claimed row as of an instant; None means that nothing needs to
    be sent. It may raise Delayed and Postponed. `should_stop` is called before each claim, `warn`
    with the reason why messages wait.
    """

    store: Store
    outbox: OutboxTable
    write: Callable[[ClaimedMessage, datetime], Written | None]
    now: datetime
    should_stop: Callable[[], bool]
    warn: Callable[[str], None]
    plural: str = "letters"  # what it delivers, for the log
    sent_count: int = 0
    is_cut: bool = False

    def __post_init__(self) -> None:
        self._started = monotonic()

    def run(self, transport: Transport[Written]) -> int:
        """Returns the number of messages sent.

        A round ends when nothing is due, after `MAX_ROUND`, when the server cannot be reached, or
        when `should_stop` says so.
        """
        with self.store.read() as session:
            if not self.outbox.has_due(session, now=self.now):
                return 0
        try:
            # Before anything is claimed: a server that is away costs no attempt.
            with transport() as send:
                self._send_all(send)
        except ServerUnavailable as error:
            self.warn(f"{self.plural} wait: {error}")
            self.is_cut = True
        return self.sent_count

    def _send_all(self, send: Callable[[Written], None]) -> None:
        claimed: ClaimedMessage | None = None
        record_outcome: RecordOutcome = _record_nothing
        while True:
            # One transaction a message: the outcome of the last one and the claim of the next.
            with self.store.change_rows() as connection:
                record_outcome(connection)
                claimed = (
                    None
                    if self._has_ended()
                    else self.outbox.claim(connection, now=self._current_time(), after=claimed)
                )
            if claimed is None:
                return
            record_outcome = self._deliver(claimed, send)

    def _deliver(self, claimed: ClaimedMessage, send: Callable[[Written], None]) -> RecordOutcome:
        try:
            message = self.write(claimed, self._current_time())
        except Delayed as hours:
            return partial(self.outbox.delay, claimed=claimed, until=hours.until)
        except Postponed as limit:
            return partial(self.outbox.postpone, claimed=claimed, until=limit.until)
        except Exception as error:
            # Only this one cannot be written. The type only: the error's text may hold a name.
            log.error(
                "%s: row %s cannot be written: %s", self.plural, claimed.id, type(error).__name__
            )
            return self._record_refusal(claimed, DeliveryRefused(is_final=False))
        if message is None:
            return partial(self.outbox.discard, claimed=claimed)
        try:
            send(message)
        except DeliveryRefused as refusal:
            return self._record_refusal(claimed, refusal)
        except DeliveryUncertain:
            return partial(self.outbox.mark_uncertain, claimed=claimed, now=self._current_time())
        except ServerUnavailable as error:
            self.warn(f"{self.plural} wait: {error}")
            self.is_cut = True
            return partial(self.outbox.release, claimed=claimed)
        self.sent_count += 1
        return partial(self.outbox.mark_done, claimed=claimed, now=self._current_time())

    def _record_refusal(self, claimed: ClaimedMessage, refusal: DeliveryRefused) -> RecordOutcome:
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
        return self.is_cut or self.should_stop() or self._current_time() - self.now > MAX_ROUND


def _record_nothing(_connection: sa.Connection) -> None:
    """The outcome before the first message of a round."""
