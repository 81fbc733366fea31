"""Counts the seats that one network takes at one workshop on one day (S29).

A network is an HMAC under the key of the day (`KeyStore.digest_of_today`): the counts go with that
key, and so does what says which registrations came from it. Those of a network beyond its share are
a burst (`bursts.py`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.db.store import Store
from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import Burst, Key, SeatParty, SeatShare

_UPDATE: Final = sa.update(SeatShare)
_NAME: Final = sa.update(Key)


class NetworkSize(Enum):
    """How much is behind a network, from which its share of the seats follows."""

    ADDRESS = auto()  # one IPv4 address, one /64 network of IPv6, one caller
    SITE = auto()  # a /56 network of IPv6
    PROVIDER = auto()  # a /24 network of IPv4, a /48 network of IPv6
    PHONE_LINE = auto()  # all callers together


@dataclass(frozen=True)
class ClientNetwork:
    name: str
    size: NetworkSize


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many seats of one workshop a network of each size may take in a day."""

    address: int
    site: int
    provider: int
    phone_line: int
    first_party: int  # people of the first party of an address, which is within its share

    def is_exceeded(self, size: NetworkSize, seats: int, people: int) -> bool:
        """Whether a network has more seats than its share, a new party of `people` included."""
        if size is NetworkSize.ADDRESS:
            return seats > self.address and not seats == people <= self.first_party
        most = {
            NetworkSize.SITE: self.site,
            NetworkSize.PROVIDER: self.provider,
            NetworkSize.PHONE_LINE: self.phone_line,
        }
        return seats > most[size]


class SeatShares:
    """The counts of all workshops, shared by all processes and hosts.

    They may be lost in a power cut, so `store` need not be durable."""

    def __init__(self, store: Store, key_store: KeyStore) -> None:
        self._store, self._key_store = store, key_store
        self._count = _count_statement(store)
        insert = sqlite.insert if store.is_sqlite else postgresql.insert
        # A party may ask twice on a day for the same workshop: by moving there again.
        self._remember = insert(SeatParty).on_conflict_do_nothing()

    def take(
        self,
        subject: str,
        networks: Sequence[ClientNetwork],
        people: int,
        share: Share,
        *,
        now: datetime,
        key_ids: Sequence[bytes] = (),
    ) -> bool:
        """Counts seats for a party, and returns whether it is within the share of all its networks,
        the smallest first; where it is not, none is counted.

        `subject` is the workshop or the course. `key_ids` are the keys of the party's
        registrations, which a burst names; a party that is not new has none."""
        buckets = self._buckets(subject, networks)
        with self._store.change_rows() as connection:
            rows = [
                connection.execute(
                    self._count,
                    {"bucket": bucket, "people": people, "day": self._key_store.counting_day()},
                ).one()
                for bucket in buckets
            ]
            exceeded = [
                row.bucket
                for network, row in zip(networks, rows, strict=True)
                if share.is_exceeded(network.size, row.seats, people)
            ]
            if exceeded:
                connection.execute(_subtract(buckets, people))
            if key_ids:
                # The burst of the smallest network that has one.
                burst = next((row.burst for row in rows if row.burst is not None), None)
                if exceeded and burst is None:
                    burst = self._begin(connection, exceeded[0], now)
                if burst is not None and (exceeded or burst == rows[0].burst):
                    connection.execute(_NAME.where(Key.id.in_(key_ids)).values(burst=burst))
                else:
                    self._remember_networks(connection, key_ids, buckets)
        return not exceeded

    def give_back(self, subject: str, networks: Sequence[ClientNetwork], people: int) -> None:
        """Takes a count back: the party was not registered."""
        with self._store.change_rows() as connection:
            connection.execute(_subtract(self._buckets(subject, networks), people))

    def _begin(self, connection: sa.Connection, bucket: bytes, now: datetime) -> bytes:
        """Begins a burst, which names what this network took before, and returns its id."""
        burst = secrets.token_bytes(16)
        connection.execute(
            sa.insert(Burst).values(
                id=burst,
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

    def _remember_networks(
        self, connection: sa.Connection, key_ids: Sequence[bytes], buckets: Sequence[bytes]
    ) -> None:
        """Keeps the networks of registrations until the day ends."""
        day = self._key_store.counting_day()
        connection.execute(
            self._remember,
            [
                {"key_id": key_id, "bucket": bucket, "day": day}
                for key_id in key_ids
                for bucket in buckets
            ],
        )

    def _buckets(self, subject: str, networks: Sequence[ClientNetwork]) -> list[bytes]:
        of_today = self._key_store.digest_of_today
        return [of_today(f"seats of {subject} {network.name}") for network in networks]


def _subtract(buckets: Sequence[bytes], people: int) -> sa.Update:
    return _UPDATE.where(SeatShare.bucket.in_(buckets)).values(seats=SeatShare.seats - people)


def _count_statement(store: Store) -> Any:
    """The statement that counts; built once, since every registration runs it."""
    insert = sqlite.insert if store.is_sqlite else postgresql.insert
    people = sa.bindparam("people", type_=sa.Integer)
    return (
        insert(SeatShare)
        .values(bucket=sa.bindparam("bucket"), seats=people, day=sa.bindparam("day"))
        .on_conflict_do_update(index_elements=["bucket"], set_={"seats": SeatShare.seats + people})
        .returning(SeatShare.bucket, SeatShare.seats, SeatShare.burst)
    )
