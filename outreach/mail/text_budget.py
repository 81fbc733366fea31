"""The number of texts that a day may cost (S31): `OUTREACH_TEXTS_A_DAY`, and who may use how many.

Strangers cause texts: by registering, asking for links, writing to us and following workshops. All
of that together may use half of the day's texts, and one network address a fiftieth. Warnings
(`change_notifications.is_warning`) are counted and never wait. Reminders, which follow from a place
and not from what somebody does now, have as many again. Other texts beyond the limits wait until
the day is over, and staff call whom they would have told (`manual_calls.py`). `outreach doctor` and
the first page of the staff warn from half of the texts on.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from limits import RateLimitItemPerDay
from limits.strategies import FixedWindowRateLimiter

from outreach.config import Config
from outreach.keystore import KeyStore
from outreach.keystore.rate_counters import RateCounters

STRANGERS: Final = 2  # what strangers cause is at most one text of so many
# One text of so many of those is kept for replies to «stop», where phones can answer: otherwise
# whoever uses up the others could end a phone's texts, and nobody would tell it.
STOP_REPLIES: Final = 8
ADDRESS: Final = 50  # what one address causes is at most one text of so many
_ALL: Final = "texts"
_OF_STRANGERS: Final = "texts of strangers"
_REMINDERS: Final = "reminders"


@dataclass(frozen=True)
class Usage:
    """How many texts were sent of those that are allowed."""

    sent: int
    a_day: int
    is_left_to_strangers: bool

    @property
    def is_high(self) -> bool:
        return self.sent * 2 >= self.a_day

    @property
    def is_used_up(self) -> bool:
        return self.sent >= self.a_day


class TextPurse(Enum):
    """The part of the day's budget that pays a text."""

    WARNINGS = 1  # they are counted and never wait
    OF_STAFF = 2  # the whole day's budget
    OF_STRANGERS = 3  # the strangers' half of it
    OF_EXTENSIONS = 4  # the same, until half of the whole is used: the rest is for who has a place
    OF_REPLIES = 5  # the same as strangers'
    OF_STOP_REPLIES = 6  # the whole budget: they have a limit of their own
    OF_REMINDERS = 7  # as many again, beside the budget: no stranger can use them up at once

    @property
    def is_of_strangers(self) -> bool:
        return self in {TextPurse.OF_STRANGERS, TextPurse.OF_EXTENSIONS, TextPurse.OF_REPLIES}


_DROPPED: Final = "replies to texts are dropped: their part of OUTREACH_TEXTS_A_DAY is used up"
_WAIT_REASONS: Final = {
    TextPurse.OF_STAFF: "texts wait: OUTREACH_TEXTS_A_DAY is used up",
    TextPurse.OF_STRANGERS: (
        "texts that strangers cause wait: their half of OUTREACH_TEXTS_A_DAY is used up"
    ),
    TextPurse.OF_EXTENSIONS: "texts of extensions wait: half of OUTREACH_TEXTS_A_DAY is used",
    TextPurse.OF_REMINDERS: "reminders wait: as many were sent as OUTREACH_TEXTS_A_DAY says",
    TextPurse.OF_REPLIES: _DROPPED,
    TextPurse.OF_STOP_REPLIES: _DROPPED,
}


def limit_of_stop_replies(config: Config) -> RateLimitItemPerDay:
    return RateLimitItemPerDay(config.texts.a_day // STOP_REPLIES)


def limit_of_address(config: Config) -> RateLimitItemPerDay:
    """The texts that one network address may cause in a day; one at least, in a small budget."""
    return RateLimitItemPerDay(max(1, config.texts.a_day // ADDRESS))


class TextBudget:
    """Counts texts in the key store's database, by day of UTC: all counts begin at once, or what is
    left of one day and the next day's would add up."""

    def __init__(self, config: Config, key_store: KeyStore) -> None:
        self._today = key_store.today().isoformat()
        self._limit = RateLimitItemPerDay(config.texts.a_day)
        kept = limit_of_stop_replies(config).amount if config.answers.is_on else 0
        self._limit_of_strangers = RateLimitItemPerDay(config.texts.a_day // STRANGERS - kept)
        self._limiter = FixedWindowRateLimiter(RateCounters(key_store.store))

    def count(self, purse: TextPurse) -> None:
        """Counts a text that was sent."""
        if purse is TextPurse.OF_REMINDERS:
            self._limiter.hit(self._limit, _REMINDERS, self._today)
            return
        self._limiter.hit(self._limit, _ALL, self._today)
        if purse.is_of_strangers:
            self._limiter.hit(self._limit_of_strangers, _OF_STRANGERS, self._today)

    def explain_wait(self, purse: TextPurse) -> str:
        """Returns why no more texts are paid from this purse today, for the log; empty while they
        are."""
        if purse is TextPurse.WARNINGS:
            return ""
        if purse is TextPurse.OF_REMINDERS:
            left = self._count_left(self._limit, _REMINDERS)
            return "" if left else _WAIT_REASONS[purse]
        usage = self.usage()
        is_left = usage.is_left_to_strangers if purse.is_of_strangers else not usage.is_used_up
        if purse is TextPurse.OF_EXTENSIONS:
            is_left = is_left and not usage.is_high
        return "" if is_left else _WAIT_REASONS[purse]

    def usage(self) -> Usage:
        left = self._count_left(self._limit, _ALL)
        of_strangers = min(left, self._count_left(self._limit_of_strangers, _OF_STRANGERS))
        return Usage(self._limit.amount - left, self._limit.amount, of_strangers > 0)

    def _count_left(self, limit: RateLimitItemPerDay, name: str) -> int:
        return self._limiter.get_window_stats(limit, name, self._today).remaining
