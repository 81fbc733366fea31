"""How many messages anybody can cause to one recipient: 3 in an hour and 6 in a day (S30).

Whoever knows an address can register it, ask for its links and change contacts to it. What exceeds
the limit is not dropped: it waits, and one message then says all (`domain/outbox/summaries.py`).
"""

from datetime import UTC, datetime
from typing import Final

from limits import RateLimitItemPerDay, RateLimitItemPerHour
from limits.strategies import FixedWindowRateLimiter

from outreach.keystore import KeyStore
from outreach.keystore.rate_counters import RateCounters

PER_HOUR: Final = RateLimitItemPerHour(3)
PER_DAY: Final = RateLimitItemPerDay(6)


class RecipientLimits:
    """Counts by HMAC of the recipient under the key of the day."""

    def __init__(self, key_store: KeyStore) -> None:
        self._key_store = key_store
        self._counters = RateCounters(key_store.store)
        self._limiter = FixedWindowRateLimiter(self._counters)

    def count(self, address: str) -> datetime | None:
        """Counts a message to this e-mail or phone. Returns None, or the instant until which it has
        to wait because there were too many."""
        who = self._name(address)
        for limit in (PER_HOUR, PER_DAY):
            if not self._limiter.hit(limit, who):
                ends = self._limiter.get_window_stats(limit, who).reset_time
                return datetime.fromtimestamp(ends, UTC)
        return None

    def give_back(self, address: str) -> None:
        """Takes a count back: the message was not sent."""
        for limit in (PER_HOUR, PER_DAY):
            key = limit.key_for(self._name(address))
            self._counters.incr(key, limit.get_expiry(), amount=-1)

    def _name(self, address: str) -> str:
        return self._key_store.digest_of_today(f"messages to {address.lower()}").hex()
