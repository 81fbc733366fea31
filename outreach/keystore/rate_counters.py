"""Rate counters in the key store's database, shared by all processes and hosts.

A network address is an HMAC under the key of the day (`KeyStore.digest_of_today`).
"""

import hashlib
from datetime import timedelta

import sqlalchemy as sa
from limits.storage import Storage
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.keystore.models import RateCounter


class RateCounters(Storage):
    """A storage for the library `limits`."""

    STORAGE_SCHEME = None

    def __init__(self, store: Store) -> None:
        """`store` is the key store's database. A count may be lost in a power cut, so it need not
        be durable."""
        super().__init__()
        store.use_change_sessions(Session)
        self.store = store
        self._increment = _increment_statement(self.store)

    def close(self) -> None:
        self.store.close()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counts in one statement, which begins a new window if the old one has ended."""
        now = clock.now()
        values = {
            "bucket": _bucket(key),
            "amount": amount,
            "ends": now + timedelta(seconds=expiry),
            "now": now,
        }
        with self.store.change_rows() as connection:
            return int(connection.execute(self._increment, values).scalar_one())

    def get(self, key: str) -> int:
        with self.store.read() as session:
            count = session.scalar(
                sa.select(RateCounter.count).where(
                    RateCounter.bucket == _bucket(key), RateCounter.ends_at > clock.now()
                )
            )
        return count or 0

    def get_expiry(self, key: str) -> float:
        with self.store.read() as session:
            ends = session.scalar(
                sa.select(RateCounter.ends_at).where(RateCounter.bucket == _bucket(key))
            )
        return (ends or clock.now()).timestamp()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self.store.change() as session:
            session.execute(sa.delete(RateCounter))
        return None

    def clear(self, key: str) -> None:
        with self.store.change() as session:
            session.execute(sa.delete(RateCounter).where(RateCounter.bucket == _bucket(key)))


def _increment_statement(store: Store) -> sa.Executable:
    """The statement that counts; built once, since every POST runs it."""
    instant, number = RateCounter.ends_at.type, sa.Integer()
    amount, ends = sa.bindparam("amount", type_=number), sa.bindparam("ends", type_=instant)
    insert = sqlite.insert if store.is_sqlite else postgresql.insert
    is_over = RateCounter.ends_at <= sa.bindparam("now", type_=instant)
    return (
        insert(RateCounter)
        .values(bucket=sa.bindparam("bucket"), count=amount, ends_at=ends)
        .on_conflict_do_update(
            index_elements=["bucket"],
            set_={
                "count": sa.case((is_over, amount), else_=RateCounter.count + amount),
                "ends_at": sa.case((is_over, ends), else_=RateCounter.ends_at),
            },
        )
        .returning(RateCounter.count)
    )


def _bucket(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:16]
