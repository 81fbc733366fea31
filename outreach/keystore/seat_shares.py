"""Counts the seats that one network takes at one workshop on one day (S29).

A network is an HMAC under the key of the day (`KeyStore.digest_of_today`): the counts go with that
key, and so does what says which registrations came from it. Those of a network beyond its share are
a burst (`bursts.py`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.db.store import Store
from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import Burst, Key, SeatParty, SeatShare
from outreach.keystore.save_rates import FEW_NETWORKS, SaveRates

MINUTE: Final = timedelta(minutes=1)

_UPDATE: Final = sa.update(SeatShare)
_NAME: Final = sa.update(Key)


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many seats of one workshop a network may take."""

    address: int  # from one IPv4 address or one /64 network of IPv6
    network: int  # from one /24 of IPv4, one /56 or one /48 of IPv6
    first_party: int  # people of the first party of a network, which is always within its share
    seats: int  # of the workshop


class SeatShares:
    """The counts of all workshops, shared by all processes and hosts.

    They may be lost in a power cut, so `store` need not be durable."""

    def __init__(self, store: Store, key_store: KeyStore, rates: SaveRates) -> None:
        self._store, self._key_store, self._rates = store, key_store, rates
        self._count = _count_statement(store)
        insert = sqlite.insert if store.is_sqlite else postgresql.insert
        # A party may ask twice on a day for the same workshop: by moving there again.
        self._remember = insert(SeatParty).on_conflict_do_nothing()

    def take(
        self,
        workshop: int,
        networks: Sequence[str],
        people: int,
        share: Share,
        *,
        now: datetime,
        key_id: bytes | None = None,
    ) -> bool:
        """Counts seats for a party, and returns whether it is within the share of its networks;
        where it is not, none is counted. The save counts for the brake in any case.

        `networks` are the address itself and the networks around it, the widest last. Those around
        it are limited while the brake is on, once an address in them has wanted more than its
        share, or once few networks took more than `share.network` seats of the workshop within a
        minute. `key_id` is the key of the registration, which a burst names; a party that is not
        new has none."""
        buckets = self._buckets(workshop, networks)
        saver = self._key_store.digest_of_today(f"saves of {networks[-1]}")
        is_braking = self._rates.ends_at(now) is not None
        with self._store.change_rows() as connection:
            rows = [
                connection.execute(
                    self._count,
                    {
                        "bucket": bucket,
                        "workshop": workshop,
                        "is_widest": bucket == buckets[-1],
                        "people": people,
                        "now": now,
                        "before": now - MINUTE,
                        "day": self._key_store.today(),
                    },
                ).one()
                for bucket in buckets
            ]
            own, *around = rows
            is_own_over = _is_over(own, people, share.address, share)
            wide_over = [row for row in around if _is_over(row, people, share.network, share)]
            is_rush = bool(wide_over) and self._is_from_few(
                connection, workshop, share.network + 1, now
            )
            if is_own_over or is_rush:
                connection.execute(
                    _UPDATE.where(SeatShare.bucket.in_(buckets[1:])).values(is_over=True)
                )
            is_wide_limited = is_rush or is_braking
            too_many = [row for row in wide_over if row.is_over or is_wide_limited]
            if is_own_over:
                too_many.insert(0, own)
            if too_many:
                connection.execute(_subtract(buckets, people))
            if key_id is not None:
                burst = own.burst
                if too_many:
                    burst = next((row.burst for row in rows if row.burst), None) or self._begin(
                        connection, workshop, too_many[0].bucket, now
                    )
                self._name(connection, key_id, burst, buckets)
            # Last, since many transactions change this row and the next.
            self._rates.count(connection, saver, now=now)
            if not too_many and self._is_filled_by_few(connection, workshop, rows[-1], share, now):
                self._rates.start_brake(connection, now=now)
        return not too_many

    def _begin(
        self, connection: sa.Connection, workshop: int, bucket: bytes, now: datetime
    ) -> bytes:
        """Begins a burst, which names what this network took before, and returns its id."""
        burst = secrets.token_bytes(16)
        connection.execute(
            sa.insert(Burst).values(
                id=burst,
                workshop=workshop,
                began_at=now.replace(minute=0, second=0, microsecond=0),
                day=self._key_store.today(),
            )
        )
        connection.execute(_UPDATE.where(SeatShare.bucket == bucket).values(burst=burst))
        before = sa.select(SeatParty.key_id).where(SeatParty.bucket == bucket)
        connection.execute(_NAME.where(Key.id.in_(before)).values(burst=burst))
        named = sa.select(Key.id).where(Key.burst == burst)
        connection.execute(sa.delete(SeatParty).where(SeatParty.key_id.in_(named)))
        return burst

    def _name(
        self,
        connection: sa.Connection,
        key_id: bytes,
        burst: bytes | None,
        buckets: Sequence[bytes],
    ) -> None:
        """Names the burst of a registration; where it has none, keeps its networks for the day."""
        if burst is not None:
            connection.execute(_NAME.where(Key.id == key_id).values(burst=burst))
            return
        today = self._key_store.today()
        connection.execute(
            self._remember,
            [{"key_id": key_id, "bucket": bucket, "day": today} for bucket in buckets],
        )

    def give_back(self, workshop: int, networks: Sequence[str], people: int) -> None:
        """Takes a count back: the party was not registered."""
        with self._store.change_rows() as connection:
            connection.execute(_subtract(self._buckets(workshop, networks), people))

    def _buckets(self, workshop: int, networks: Sequence[str]) -> list[bytes]:
        return [
            self._key_store.digest_of_today(f"seats of {workshop} {network}")
            for network in networks
        ]

    def _is_filled_by_few(
        self, connection: sa.Connection, workshop: int, widest: Any, share: Share, now: datetime
    ) -> bool:
        """Whether few networks took all seats of this workshop within the last minute. One with
        fewer than FEW_NETWORKS seats is always filled by few."""
        # One of them then took at least its part, so that seldom more than this is looked at.
        is_possible = widest.minute_seats * (FEW_NETWORKS - 1) >= share.seats >= FEW_NETWORKS
        return is_possible and self._is_from_few(connection, workshop, share.seats, now)

    def _is_from_few(
        self, connection: sa.Connection, workshop: int, seats: int, now: datetime
    ) -> bool:
        """Whether few networks took so many seats of this workshop within the last minute."""
        row = connection.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(SeatShare.minute_seats), 0))
            .select_from(SeatShare)
            .where(
                SeatShare.workshop == workshop,
                SeatShare.is_widest,
                SeatShare.minute_from > now - MINUTE,
                SeatShare.minute_seats > 0,
            )
        ).one()
        return bool(row[0] < FEW_NETWORKS and row[1] >= seats)


def _is_over(row: Any, people: int, most: int, share: Share) -> bool:
    """Whether a network has more seats than its share, this party included."""
    is_first = row.seats == people and people <= share.first_party
    return bool(row.seats > most and not is_first)


def _subtract(buckets: Sequence[bytes], people: int) -> sa.Update:
    return _UPDATE.where(SeatShare.bucket.in_(buckets)).values(
        seats=SeatShare.seats - people, minute_seats=SeatShare.minute_seats - people
    )


def _count_statement(store: Store) -> sa.Executable:
    """The statement that counts; built once, since every registration runs it."""
    insert = sqlite.insert if store.is_sqlite else postgresql.insert
    instant = SeatShare.minute_from.type
    people, now = sa.bindparam("people", type_=sa.Integer), sa.bindparam("now", type_=instant)
    is_past = SeatShare.minute_from <= sa.bindparam("before", type_=instant)
    return (
        insert(SeatShare)
        .values(
            bucket=sa.bindparam("bucket"),
            workshop=sa.bindparam("workshop"),
            is_widest=sa.bindparam("is_widest"),
            seats=people,
            is_over=False,
            minute_from=now,
            minute_seats=people,
            day=sa.bindparam("day"),
        )
        .on_conflict_do_update(
            index_elements=["bucket"],
            set_={
                "seats": SeatShare.seats + people,
                "minute_from": sa.case((is_past, now), else_=SeatShare.minute_from),
                "minute_seats": sa.case((is_past, people), else_=SeatShare.minute_seats + people),
            },
        )
        .returning(
            SeatShare.bucket,
            SeatShare.seats,
            SeatShare.is_over,
            SeatShare.burst,
            SeatShare.minute_seats,
        )
    )
