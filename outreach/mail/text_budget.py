"""The number of texts that a day may cost (S31): `OUTREACH_TEXTS_A_DAY`.

Texts beyond it wait until the day is over. `outreach doctor` and the first page of the staff warn
from half of it on.
"""

from dataclasses import dataclass

from limits import RateLimitItemPerDay
from limits.strategies import FixedWindowRateLimiter

from outreach.config import Texts
from outreach.keystore import KeyStore
from outreach.keystore.rate_counters import RateCounters


@dataclass(frozen=True)
class Usage:
    """How many texts were sent of those that are allowed."""

    sent: int
    a_day: int

    @property
    def is_high(self) -> bool:
        return self.sent * 2 >= self.a_day

    @property
    def is_used_up(self) -> bool:
        return self.sent >= self.a_day


class TextBudget:
    """Counts texts in the key store's database; a day begins with its first text."""

    def __init__(self, texts: Texts, key_store: KeyStore) -> None:
        self._limit = RateLimitItemPerDay(texts.a_day)
        self._limiter = FixedWindowRateLimiter(RateCounters(key_store.store))

    def count(self) -> None:
        self._limiter.hit(self._limit, "texts")

    def usage(self) -> Usage:
        left = self._limiter.get_window_stats(self._limit, "texts").remaining
        return Usage(self._limit.amount - left, self._limit.amount)
