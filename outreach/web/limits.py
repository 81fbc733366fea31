"""How often one address may ask (safety.md S09).

A row of the keyring counts for an address as it is called today: an HMAC under a key that is
destroyed with the day. All processes and hosts share it, and nothing of it leads to the address.
"""

import hashlib
import math
from datetime import timedelta
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import sqlalchemy as sa
from flask import request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.keyring import Attempt, Keyring
from outreach.web.context import config, ring

MINUTES: Final = 10


def count_post() -> None:
    """Counts a post of this address. Raises TooManyRequests, with the seconds to wait."""
    _count("post", config().limits.posts)


def count_look_up() -> None:
    """Counts the look-up of a code."""
    _count("look-up", config().limits.look_ups)


def count_sign_in() -> None:
    """Counts an attempt to sign in."""
    _count("sign-in", config().limits.sign_ins)


def address() -> str:
    """Where the request comes from; of IPv6 the /64, which is what one household has.

    Only as many proxies are believed as the settings say: what is further to the left in
    X-Forwarded-For was written by whoever asked.
    """
    found = request.remote_addr or ""
    proxies = config().trusted_proxies
    if proxies:
        chain = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
        found = chain[-proxies].strip() if len(chain) >= proxies else found
    try:
        parsed = ip_address(found.strip("[]"))
    except ValueError:
        return request.remote_addr or ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


class RingStorage(Storage):
    """Counts kept in the keyring's database, for the windows of `limits`."""

    STORAGE_SCHEME = None

    def __init__(self, ring: Keyring) -> None:
        super().__init__()
        self._store = ring.store

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One statement counts, and starts a new window where the old one has ended."""
        now = clock.now()
        ends = now + timedelta(seconds=expiry)
        insert = sqlite.insert if self._store.is_sqlite else postgresql.insert
        is_over = Attempt.ends_at <= now
        counting = (
            insert(Attempt)
            .values(bucket=_bucket(key), count=amount, ends_at=ends)
            .on_conflict_do_update(
                index_elements=["bucket"],
                set_={
                    "count": sa.case((is_over, amount), else_=Attempt.count + amount),
                    "ends_at": sa.case((is_over, ends), else_=Attempt.ends_at),
                },
            )
            .returning(Attempt.count)
        )
        with self._store.change() as session:
            return session.execute(counting).scalar_one()

    def get(self, key: str) -> int:
        with self._store.read() as session:
            found = session.scalar(
                sa.select(Attempt.count).where(
                    Attempt.bucket == _bucket(key), Attempt.ends_at > clock.now()
                )
            )
        return found or 0

    def get_expiry(self, key: str) -> float:
        with self._store.read() as session:
            ends = session.scalar(sa.select(Attempt.ends_at).where(Attempt.bucket == _bucket(key)))
        return (ends or clock.now()).timestamp()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._store.change() as session:
            session.execute(sa.delete(Attempt))
        return None

    def clear(self, key: str) -> None:
        with self._store.change() as session:
            session.execute(sa.delete(Attempt).where(Attempt.bucket == _bucket(key)))


def _count(what: str, most: int) -> None:
    limit, who = _per_ten_minutes(most), ring().address_of_today(address()).hex()
    limiter = FixedWindowRateLimiter(RingStorage(ring()))
    if not limiter.hit(limit, what, who):
        ends = limiter.get_window_stats(limit, what, who).reset_time
        raise TooManyRequests(retry_after=max(1, math.ceil(ends - clock.now().timestamp())))


@cache
def _per_ten_minutes(most: int) -> RateLimitItem:
    return RateLimitItemPerMinute(most, MINUTES)


def _bucket(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:16]
