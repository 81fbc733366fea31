"""The brake: finds an unusual number of registrations from few networks (S29).

The registrations of each network are counted in slots of ten seconds. The brake is on for LASTS
after the last save at which, within a minute, more than the usual number and most of all came from
fewer than FEW_NETWORKS networks, or so few took all seats of a workshop. It ends by itself.

A network is an HMAC under the key of the day, and a slot loses its networks within two hours: what
stays for a month is how many registrations each hour had.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.keystore.models import SaveBrake, SaveHour, SaveRate

FEW_NETWORKS: Final = 10  # fewer of them are no crowd
# Some honest people at the same time do not hide an attack: a network does not count that has this
# many times fewer saves than the largest, and those that count need this part of all saves.
NEGLIGIBLE: Final = 20
FROM_FEW: Final = 0.75
MIN_SAVES_A_MINUTE: Final = 200  # up to so many are never unusual
TIMES_THE_BUSIEST: Final = 20  # of the saves per minute of the busiest hour
BUSIEST_OF: Final = timedelta(days=30)
LASTS: Final = timedelta(minutes=10)
# Counted of one network in an hour. Fewer than FEW_NETWORKS of them then reach fewer than 600, so
# that nobody raises what is usual before an attack: 20 * 540 / 60 is less than MIN_SAVES_A_MINUTE.
MAX_OF_NETWORK: Final = 60
SLOT_SECONDS: Final = 10
SLOTS_A_MINUTE: Final = 60 // SLOT_SECONDS
# More than MIN_SAVES_A_MINUTE of fewer than FEW_NETWORKS: one of them has so many in one slot.
_SUSPICIOUS: Final = MIN_SAVES_A_MINUTE // ((FEW_NETWORKS - 1) * SLOTS_A_MINUTE) + 1
_CACHED_FOR: Final = timedelta(seconds=1)
_PRECISION: Final = timedelta(seconds=5)  # a later end by less is not worth a write


class SaveRates:
    """The counts and the brake, shared by all processes and hosts.

    They may be lost in a power cut, so `store` need not be durable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = _count_statement(is_sqlite=store.is_sqlite)
        self._extend = _extend_statement(is_sqlite=store.is_sqlite)
        # When the brake was read and when it ends: read at most once a second.
        self._known: tuple[datetime, datetime | None] | None = None

    def ends_at(self, now: datetime) -> datetime | None:
        """When the brake ends; None while it is off."""
        ends = self.last_end(now)
        return ends if ends is not None and now < ends else None

    def last_end(self, now: datetime) -> datetime | None:
        """When the brake ends, or ended the last time; None if it was never on."""
        known = self._known
        if known is None or not timedelta() <= now - known[0] < _CACHED_FOR:
            with self._store.read() as session:
                known = self._known = now, session.scalar(sa.select(SaveBrake.ends_at))
        return known[1]

    def count(self, connection: sa.Connection, network: bytes, *, now: datetime) -> None:
        """Counts a save in the caller's transaction, and turns on the brake where there are
        unusually many. One statement, and a second one where a network has many."""
        slot = _get_slot(now)
        saves = connection.execute(self._count, {"slot": slot, "network": network}).scalar_one()
        if saves >= _SUSPICIOUS and self._is_unusual(connection, slot, now):
            self.start_brake(connection, now=now)

    def start_brake(self, connection: sa.Connection, *, now: datetime) -> None:
        """Turns on the brake for LASTS from now."""
        ends = now + LASTS
        connection.execute(self._extend, {"ends": ends, "enough": ends - _PRECISION})
        self._known = now, ends

    def _is_unusual(self, connection: sa.Connection, slot: int, now: datetime) -> bool:
        rows = connection.execute(_LAST_MINUTE, {"slot": slot}).all()
        large = [row.saves for row in rows if row.saves * NEGLIGIBLE >= rows[0].saves]
        saves = sum(large)
        if len(large) >= FEW_NETWORKS or saves <= MIN_SAVES_A_MINUTE:
            return False
        if saves <= int(rows[0].total) * FROM_FEW:
            return False
        since = _get_hour(now - BUSIEST_OF)
        busiest = connection.execute(_BUSIEST, {"since": since}).scalar_one_or_none() or 0
        return bool(saves > busiest * TIMES_THE_BUSIEST / 60)


def tidy(session: Session, *, is_sqlite: bool, now: datetime) -> None:
    """Adds up the slots of past hours and deletes them with their networks, and hours older than
    BUSIEST_OF. Of several processes, each adds what it deleted itself."""
    this_hour = _get_hour(now)
    gone = session.execute(
        sa.delete(SaveRate)
        .where(SaveRate.slot < this_hour * 3600 // SLOT_SECONDS)
        .returning(SaveRate.slot, SaveRate.network, SaveRate.saves)
    )
    of_network: Counter[tuple[int, bytes]] = Counter()
    for slot, network, saves in gone:
        of_network[slot * SLOT_SECONDS // 3600, network] += saves
    hours: Counter[int] = Counter()
    for (hour, _network), saves in of_network.items():
        hours[hour] += min(saves, MAX_OF_NETWORK)
    insert = sqlite.insert if is_sqlite else postgresql.insert
    for hour, saves in sorted(hours.items()):
        session.execute(
            insert(SaveHour)
            .values(hour=hour, saves=saves)
            .on_conflict_do_update(index_elements=["hour"], set_={"saves": SaveHour.saves + saves})
        )
    session.execute(sa.delete(SaveHour).where(SaveHour.hour < _get_hour(now - BUSIEST_OF)))


def _get_slot(now: datetime) -> int:
    return int(now.timestamp()) // SLOT_SECONDS


def _get_hour(now: datetime) -> int:
    return int(now.timestamp()) // 3600


_SAVES: Final = sa.func.sum(SaveRate.saves)
# The networks with most saves, and the saves of all.
_LAST_MINUTE: Final = (
    sa.select(_SAVES.label("saves"), sa.func.sum(_SAVES).over().label("total"))
    .where(SaveRate.slot > sa.bindparam("slot", type_=sa.Integer) - SLOTS_A_MINUTE)
    .group_by(SaveRate.network)
    .order_by(_SAVES.desc())
    .limit(FEW_NETWORKS)
)
_BUSIEST: Final = sa.select(sa.func.max(SaveHour.saves)).where(
    SaveHour.hour >= sa.bindparam("since", type_=sa.Integer)
)


def _count_statement(*, is_sqlite: bool) -> sa.Executable:
    """The statement that counts; built once, since every registration runs it."""
    insert = sqlite.insert if is_sqlite else postgresql.insert
    return (
        insert(SaveRate)
        .values(slot=sa.bindparam("slot"), network=sa.bindparam("network"), saves=1)
        .on_conflict_do_update(
            index_elements=["slot", "network"], set_={"saves": SaveRate.saves + 1}
        )
        .returning(SaveRate.saves)
    )


def _extend_statement(*, is_sqlite: bool) -> sa.Executable:
    insert = sqlite.insert if is_sqlite else postgresql.insert
    instant = SaveBrake.ends_at.type
    ends = sa.bindparam("ends", type_=instant)
    return (
        insert(SaveBrake)
        .values(id=1, ends_at=ends)
        .on_conflict_do_update(
            index_elements=["id"],
            set_={"ends_at": ends},
            where=SaveBrake.ends_at < sa.bindparam("enough", type_=instant),
        )
    )
