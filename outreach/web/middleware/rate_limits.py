"""How often one address may ask (S09).

A row of the keyring counts for an address as it is called today: an HMAC under a key that is
destroyed with the day. All processes and hosts share it, and nothing of it leads to the address.
"""

import math
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from flask import current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.keystore.rate_counters import RateCounters
from outreach.web.context import config, key_store
from outreach.web.middleware import request_retry

MINUTES: Final = 10
DOOR: Final = 240  # times a phone at the door may tell who came


def count_post() -> None:
    """Counts a post of this address. Raises TooManyRequests, with the seconds to wait."""
    _count("post", config().limits.posts)


def count_look_up() -> None:
    """Counts the look-up of a code."""
    _count("look-up", config().limits.look_ups)


def count_door(door_pass: bytes) -> None:
    """Counts what a phone at the door tells: by its pass, since a whole venue has one address."""
    _hit("door", DOOR, door_pass.hex())


def count_sign_in() -> None:
    """Counts an attempt to sign in."""
    _count("sign-in", config().limits.sign_ins)


def is_first_refusal() -> bool:
    """Whether this address is refused for the first time in these minutes, so that it is written
    down once and not a thousand times."""
    limiter, who = FixedWindowRateLimiter(attempts()), key_store().address_of_today(address()).hex()
    return limiter.hit(_per_ten_minutes(1), "sign-in refused", who)


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


def _count(what: str, most: int) -> None:
    _hit(what, most, key_store().address_of_today(address()).hex())


def _hit(what: str, most: int, who: str) -> None:
    limit = _per_ten_minutes(most)
    limiter = FixedWindowRateLimiter(attempts())
    counted: set[tuple[str, str]] = request_retry.kept("counted", set)
    if (what, who) in counted:
        return  # by an earlier try of the same request
    if limiter.hit(limit, what, who):
        counted.add((what, who))
    else:
        ends = limiter.get_window_stats(limit, what, who).reset_time
        raise TooManyRequests(retry_after=max(1, math.ceil(ends - clock.now().timestamp())))


def attempts() -> RateCounters:
    found: RateCounters = current_app.extensions["outreach_attempts"]
    return found


@cache
def _per_ten_minutes(most: int) -> RateLimitItem:
    return RateLimitItemPerMinute(most, MINUTES)
