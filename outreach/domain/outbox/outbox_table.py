"""A transactional outbox over one table: claim a row, record its outcome, retry with back-off.

Delivery is at least once. A worker claims one row for `LEASE` and records its outcome afterwards;
a row whose lease has expired is claimed again, and the outcome of the previous attempt is then
unknown.
PostgreSQL workers skip rows that another one is claiming; SQLite has one writer at a time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.outbox_row import OutboxRow

LEASE: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=3)
FIRST_RETRY_DELAY: Final = timedelta(minutes=2)
MAX_RETRY_DELAY: Final = timedelta(hours=6)
_LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ClaimedMessage:
    """A row that one worker may deliver until `leased_until`."""

    id: int
    reason: StrEnum  # the column that says why we write
    due_at: datetime
    leased_until: datetime
    expired_lease_at: datetime | None  # end of a claim without outcome: it may have been delivered


@dataclass(frozen=True)
class Backlog:
    """Messages that are due and not delivered."""

    count: int
    oldest_due_at: datetime | None

    def __add__(self, other: "Backlog") -> "Backlog":
        oldest = [each for each in (self.oldest_due_at, other.oldest_due_at) if each is not None]
        return Backlog(self.count + other.count, min(oldest, default=None))


class OutboxTable:
    """The outbox over the table of `model`.

    The table has the columns of `OutboxRow`, `id` and `reason_column`, which says why we
    write. `source` and `conditions` limit the outbox to some of its rows. `max_overdue`:
    rows due longer ago are not claimed. `never_stale`: reasons that are retried whatever the
    age of their row. `claimed_values`: what a row is given besides when it is claimed.
    `instants`: how far from now the instants are that the conditions name as parameters.
    `max_retry_delay`: how long a refused message waits at most. `postpones_to_hour`: a
    message beyond the limit of its recipient waits for a whole hour, since the limit began
    with what somebody did (S33).

    Statements are built once: each delivery executes three of them.
    """

    def __init__(
        self,
        model: type[OutboxRow],
        reason_column: str,
        *,
        source: sa.FromClause | None = None,
        conditions: Collection[sa.ColumnElement[bool]] = (),
        max_overdue: timedelta | None = None,
        never_stale: Collection[StrEnum] = (),
        claimed_values: Mapping[str, sa.ColumnElement[Any]] = MappingProxyType({}),
        instants: Mapping[str, timedelta] = MappingProxyType({}),
        max_retry_delay: timedelta = MAX_RETRY_DELAY,
        postpones_to_hour: bool = False,
    ) -> None:
        table = sa.inspect(model).local_table
        assert isinstance(table, sa.Table)
        self._table, self._columns = table, table.c
        self._source = table if source is None else source
        self._conditions = conditions
        self._max_overdue, self._never_stale = max_overdue, never_stale
        self._instants, self._max_retry_delay = instants, max_retry_delay
        self._postpones_to_hour = postpones_to_hour
        columns = self._columns
        # Working moments end with the work (S33).
        self._settled: dict[str, object] = {"leased_until": None, "due_at": columns.made_at}
        instant = columns.due_at.type
        now, after = sa.bindparam("now", type_=instant), sa.bindparam("after", type_=instant)
        is_pending = columns.done_at.is_(None)
        is_free = sa.or_(columns.leased_until.is_(None), columns.leased_until <= now)
        self._select_next = (
            sa.select(
                columns.id,
                columns[reason_column].label("reason"),
                columns.due_at,
                columns.leased_until,
            )
            .select_from(self._source)
            .where(
                *conditions,
                is_pending,
                columns.due_at <= now,
                columns.due_at >= after,
                sa.or_(columns.due_at > after, columns.id > sa.bindparam("after_id")),
                is_free,
            )
            .order_by(columns.due_at, columns.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=table)
        )
        self._lease = (
            sa.update(table)
            .where(columns.id == sa.bindparam("row_id"), is_pending, is_free)
            .values(
                leased_until=sa.bindparam("until", type_=instant),
                tries=columns.tries + 1,
                **claimed_values,
            )
        )
        done_at = sa.bindparam("done_at", type_=columns.done_at.type)
        self._finish = (
            sa.update(table)
            .where(columns.id == sa.bindparam("row_id"))
            .values(done_at=done_at, **self._settled)
        )

    def claim(
        self, connection: sa.Connection, *, now: datetime, after: ClaimedMessage | None = None
    ) -> ClaimedMessage | None:
        """Leases the longest overdue row to the caller; None when there is none left.

        `after` is the row claimed before it in this round: a round claims each row once.
        """
        row = self._find_next(connection, now, after)
        if row is None:
            return None
        until = now + LEASE
        values = {"row_id": row.id, "now": now, "until": until}
        if connection.execute(self._lease, values).rowcount != 1:
            return None
        return ClaimedMessage(row.id, row.reason, row.due_at, until, row.leased_until)

    def has_due(self, session: Session, *, now: datetime) -> bool:
        return self._find_next(session.connection(), now, None) is not None

    def mark_done(self, connection: sa.Connection, claimed: ClaimedMessage, now: datetime) -> None:
        """Notes that the message was delivered, also when the lease has expired meanwhile."""
        connection.execute(self._finish, {"row_id": claimed.id, "done_at": now})

    def discard(self, connection: sa.Connection, claimed: ClaimedMessage) -> None:
        """Deletes a message that no longer needs to be sent."""
        connection.execute(sa.delete(self._table).where(self._columns.id == claimed.id))

    def release(self, connection: sa.Connection, claimed: ClaimedMessage) -> None:
        """Undoes the claim, because there was no server to try."""
        self._change(
            connection,
            claimed,
            leased_until=claimed.expired_lease_at,
            tries=self._columns.tries - 1,
        )

    def postpone(self, connection: sa.Connection, claimed: ClaimedMessage, until: datetime) -> None:
        """Undoes the claim, because the recipient has had enough messages until then."""
        due_at = clock.next_hour(until) if self._postpones_to_hour else until
        self._make_due(connection, claimed, due_at)

    def delay(self, connection: sa.Connection, claimed: ClaimedMessage, until: datetime) -> None:
        """Undoes the claim, because it is not the hour for this message."""
        self._make_due(connection, claimed, until)

    def mark_refused(
        self, connection: sa.Connection, claimed: ClaimedMessage, now: datetime, *, is_final: bool
    ) -> None:
        """Retries later, with a delay that doubles; gives up after `GIVE_UP_AFTER`, or at once
        when the refusal is final."""
        columns = self._columns
        row = connection.execute(
            sa.select(columns.tries, columns.made_at).where(columns.id == claimed.id)
        ).first()
        if row is None:  # deleted meanwhile, for example by an erasure
            return
        # One attempt is not enough to give up, however long the server was away before it.
        # `made_at` may be the hour only.
        is_stale = row.tries > 1 and now - row.made_at > GIVE_UP_AFTER + HOUR
        if is_final or (is_stale and claimed.reason not in self._never_stale):
            self._give_up(connection, claimed, now)
            return
        delay = min(FIRST_RETRY_DELAY * 2 ** min(row.tries, 10), self._max_retry_delay)
        # An earlier attempt with unknown outcome stays recorded: this one did not clear it up.
        self._change(connection, claimed, due_at=now + delay, leased_until=claimed.expired_lease_at)

    def mark_uncertain(
        self, connection: sa.Connection, claimed: ClaimedMessage, now: datetime
    ) -> None:
        """Notes that the message may have arrived.

        It is sent once more, with the same Message-ID, and after a second unknown outcome given up.
        """
        if claimed.expired_lease_at is not None:
            self._give_up(connection, claimed, now)
            return
        self._change(connection, claimed, due_at=now + 2 * FIRST_RETRY_DELAY, leased_until=now)

    def backlog(self, session: Session, *, now: datetime) -> Backlog:
        due_at = self._columns.due_at
        count, oldest = session.execute(
            self._select_pending(sa.func.count(), sa.func.min(due_at)).where(due_at <= now)
        ).one()
        return Backlog(count, oldest)

    def count_late(self, session: Session, before: datetime) -> int:
        """Counts the messages that were due before that instant and are not delivered."""
        late = self._select_pending(sa.func.count()).where(self._columns.due_at < before)
        return session.scalar(late) or 0

    def count_dead(self, session: Session) -> int:
        """Counts the messages that were given up."""
        dead = (
            sa.select(sa.func.count())
            .select_from(self._source)
            .where(*self._conditions, self._columns.is_dead.is_(True))
        )
        return session.scalar(dead) or 0

    def _find_next(
        self, connection: sa.Connection, now: datetime, after: ClaimedMessage | None
    ) -> sa.Row[Any] | None:
        since = now - self._max_overdue if self._max_overdue else _LONG_AGO
        values = {
            "now": now,
            "after": after.due_at if after else since,
            "after_id": after.id if after else 0,
        } | {name: now + distance for name, distance in self._instants.items()}
        return connection.execute(self._select_next, values).first()

    def _select_pending(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        return (
            sa.select(*columns)
            .select_from(self._source)
            .where(*self._conditions, self._columns.done_at.is_(None))
        )

    def _make_due(
        self, connection: sa.Connection, claimed: ClaimedMessage, until: datetime
    ) -> None:
        self._change(
            connection,
            claimed,
            due_at=until,
            leased_until=claimed.expired_lease_at,
            tries=self._columns.tries - 1,
        )

    def _give_up(self, connection: sa.Connection, claimed: ClaimedMessage, now: datetime) -> None:
        self._change(connection, claimed, done_at=now, is_dead=True, **self._settled)

    def _change(self, connection: sa.Connection, claimed: ClaimedMessage, **values: object) -> None:
        """Sets these values of a claimed row, unless another worker has claimed it meanwhile."""
        columns = self._columns
        connection.execute(
            sa.update(self._table)
            .where(columns.id == claimed.id, columns.leased_until == claimed.leased_until)
            .values(**values)
        )
