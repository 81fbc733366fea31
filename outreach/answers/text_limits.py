"""How many texts one number may send us, and how many we reply (S30, S31, S41).

A forged sender must not turn us on the owner of a number, nor use up the texts of a day. Texts are
counted by HMAC of the number under the key of the day.
"""

from typing import Final

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour
from limits.strategies import FixedWindowRateLimiter

from outreach.config import Config
from outreach.keystore import KeyStore
from outreach.keystore.rate_counters import RateCounters
from outreach.mail.text_budget import limit_of_address, limit_of_stop_replies

INBOUND: Final = (RateLimitItemPerHour(30), RateLimitItemPerDay(100))
REPLIES: Final = (RateLimitItemPerHour(6), RateLimitItemPerDay(12))
# That anybody can cause at any number, by forging it as the sender. Apart from messages (S30):
# whoever holds a phone must not see by a missing reply that others were sent.
UNASKED_REPLIES: Final = (RateLimitItemPerHour(3), RateLimitItemPerDay(6))
# Apart from the others: or whoever uses those up first stops a phone's texts, and it never tells.
STOP_REPLIES: Final = (RateLimitItemPerDay(2),)
CHALLENGES: Final = (RateLimitItemPerDay(3),)  # whoever guesses digits has nine tries in a million
SHARE_OF_BUDGET: Final = 4  # replies that anybody can cause take at most one text of so many


class TextLimits:
    def __init__(self, config: Config, key_store: KeyStore) -> None:
        self._config, self._key_store = config, key_store
        self._limiter = FixedWindowRateLimiter(RateCounters(key_store.store))

    def count_inbound(self, number: str) -> bool:
        """Counts a text of this number. Returns False where it is one too many, as the other
        methods do."""
        return self._count("texts from", number, INBOUND)

    def count_challenge(self, number: str) -> bool:
        return self._count("digits to", number, CHALLENGES)

    def count_reply(self, number: str, *, is_of_anybody: bool) -> bool:
        """Counts a reply to this number. Replies that anybody can cause (`is_of_anybody`) have the
        limit of texts that one network address causes, and together a share of the day's budget
        (S31). Returns False where it is one too many."""
        if not is_of_anybody:
            return self._count("replies to", number, REPLIES)
        limits = (*UNASKED_REPLIES, limit_of_address(self._config))
        is_left = self._count("unasked replies to", number, limits)
        share = RateLimitItemPerDay(self._config.texts.a_day // SHARE_OF_BUDGET)
        return is_left and self._limiter.hit(share, "unasked replies")

    def count_stop_reply(self, number: str) -> bool:
        is_left = self._count("replies to stop to", number, STOP_REPLIES)
        return is_left and self._limiter.hit(
            limit_of_stop_replies(self._config),
            "replies to stop",
            self._key_store.today().isoformat(),
        )

    def _count(self, what: str, number: str, limits: tuple[RateLimitItem, ...]) -> bool:
        who = self._key_store.digest_of_today(f"{what} {number}").hex()
        return all(self._limiter.hit(limit, who) for limit in limits)
