"""Counts the seats that one network takes at one workshop on one day (S29).

A network is an HMAC under the key of the day (`KeyStore.digest_of_today`): the counts go with that
key, and nothing in them leads to a registration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.db.store import Store
from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import SeatShare

MINUTE: Final = timedelta(minutes=1)
FEW_NETWORKS: Final = 10  # fewer of them that fill a workshop within a minute are no crowd

_UPDATE: Final = sa.update(SeatShare.__table__)  # type: ignore[arg-type]  # it is a Table


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many seats of one workshop a network may take."""

    address: int  # from one IPv4 address or one /64 network of IPv6
    network: int  # from one /24 of IPv4, one /56 or one /48 of IPv6
    first_party: int  # people of the first party of a network, which is always within its share


class SeatShares:
    """The counts of all workshops, shared by all processes and hosts.

    They may be lost in a power cut, so `store` need not be durable."""

    def __init__(self, store: Store, key_store: KeyStore) -> None:
        self._store, self._key_store = store, key_store
        self._count = _count_statement(store)

    def take(
        self, workshop: int, networks: Sequence[str], people: int, share: Share, *, now: datetime
    ) -> bool:
        """Counts seats for a party, and returns whether it is within the share of its networks;
        where it is not, nothing is counted.

        `networks` are the address itself and the networks around it, the widest last. Those around
        it are limited once an address in them has wanted more than its share, or once few networks
        took more than `share.network` seats of the workshop within a minute."""
        buckets = self._buckets(workshop, networks)
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
            is_rush = bool(wide_over) and self._is_rush(connection, workshop, share, now)
            if is_own_over or is_rush:
                connection.execute(
                    _UPDATE.where(SeatShare.bucket.in_(buckets[1:])).values(is_over=True)
                )
            is_within = not is_own_over and not any(row.is_over or is_rush for row in wide_over)
            if not is_within:
                connection.execute(_subtract(buckets, people))
        return is_within

    def give_back(self, workshop: int, networks: Sequence[str], people: int) -> None:
        """Takes a count back: the party was not registered."""
        with self._store.change_rows() as connection:
            connection.execute(_subtract(self._buckets(workshop, networks), people))

    def _buckets(self, workshop: int, networks: Sequence[str]) -> list[bytes]:
        return [
            self._key_store.digest_of_today(f"seats of {workshop} {network}")
            for network in networks
        ]

    def _is_rush(
        self, connection: sa.Connection, workshop: int, share: Share, now: datetime
    ) -> bool:
        """Whether few networks took many seats of this workshop within the last minute."""
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
        return row[0] < FEW_NETWORKS and row[1] > share.network


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
        insert(SeatShare.__table__)  # type: ignore[arg-type]  # it is a Table
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
        .returning(SeatShare.seats, SeatShare.is_over)
    )
