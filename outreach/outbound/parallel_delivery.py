"""A round over an outbox whose rows are delivered to addresses of strangers, several at once.

A round is bounded in time, and one address that does not answer delays no other.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.outbox import ClaimedMessage, OutboxTable

log = logging.getLogger(__name__)

MAX_PARALLEL: Final = 6  # a subscriber that does not answer must not delay the others
MAX_ROUND_SECONDS: Final = 30.0
RecordOutcome = Callable[[sa.Connection], None]
Deliver = Callable[[ClaimedMessage, datetime], RecordOutcome]


def work(
    store: Store,
    outbox: OutboxTable,
    deliver: Deliver,
    *,
    now: datetime,
    should_stop: Callable[[], bool],
) -> int:
    """Delivers what is due; returns how many rows were tried."""
    with store.read() as session:
        if not outbox.has_due(session, now=now):
            return 0
    began = monotonic()

    def work_through(_number: int) -> int:
        """Claims row after row. Each outcome is recorded before the next row is claimed."""
        count, claimed = 0, None
        while True:
            spent = monotonic() - began
            if should_stop() or spent > MAX_ROUND_SECONDS:
                return count
            at = now + timedelta(seconds=spent)
            with store.change_rows() as connection:
                claimed = outbox.claim(connection, now=at, after=claimed)
            if claimed is None:
                return count
            count += 1
            try:
                record_outcome = deliver(claimed, at)
            except Exception as error:
                # The type only: the text may have an address.
                log.error("delivery of row %s failed: %s", claimed.id, type(error).__name__)
                record_outcome = record_refusal(outbox, claimed, at)
            with store.change_rows() as connection:
                record_outcome(connection)

    with ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="delivery") as pool:
        return sum(pool.map(work_through, range(MAX_PARALLEL)))


def record_refusal(
    outbox: OutboxTable, claimed: ClaimedMessage, now: datetime, *, is_final: bool = False
) -> RecordOutcome:
    """Records that the row is tried again later, or that it is given up."""
    return partial(outbox.mark_refused, claimed=claimed, now=now, is_final=is_final)


def record_nothing(_connection: sa.Connection) -> None:
    """Records no outcome: the row is gone already, or will be."""
