"""Limits how often one network address may post, look up codes and sign in (S09).

Counts are rows of the key store's database, shared by all processes and hosts. Their key is an HMAC
of the address, the link or the account under a key of the day, which is destroyed the next day.
"""

import math
from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto
from functools import cache
from threading import Lock
from typing import Final

from cachetools import LRUCache
from flask import current_app
from limits import (
    RateLimitItem,
    RateLimitItemPerDay,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
)
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import Conflict, TooManyRequests

from outreach import clock
from outreach.keystore.rate_counters import RateCounters
from outreach.mail import text_budget
from outreach.web.context import config, key_store
from outreach.web.middleware import client_address, request_retry

MINUTES: Final = 10
MAX_CHECKIN_POSTS: Final = 240  # by one phone at the door
MAX_LINK_POSTS: Final = 60  # with one manage link
MAX_NEW_LINKS: Final = 3  # for one registration in a day
MAX_MOVES: Final = 10  # by one registration to another date in a day
MAX_CONTACT_CHANGES: Final = 2  # in one registration in a day
MAX_FRAUD_REPORTS: Final = 10  # by one address in a day: staff read the sums
MAX_PICTURES: Final = 60  # drawn for one address: each takes as long as 20 pages
# One address is a waiting room of 200 people who each type two names in ten minutes.
MAX_SUGGESTIONS: Final = 6000
MAX_COUNTED_ADDRESSES: Final = 10_000
INVITATIONS_AN_HOUR: Final = 30  # by one staff member
INVITATIONS_A_DAY: Final = 5  # to one address, whoever invites
CONTACTS_AN_HOUR: Final = 40  # seen by one staff member
MORE_CONTACTS_AN_HOUR: Final = 200  # after the second factor was shown again
PERSON_SEARCHES_AN_HOUR: Final = 60  # by code, by one staff member
CALENDAR_READINGS_AN_HOUR: Final = 60  # for all addresses that one office gave
CALL_LOOK_UPS_AN_HOUR: Final = 90  # by code, by one agent of the call centre
CODE_TRIES_AN_HOUR: Final = 5  # with one registration code
CODES_AN_HOUR: Final = 60  # tried by one address
_CALL_NAME_TRY: Final = "call name try"
ACCOUNTS: Final = 10  # sign-ins of one address without naming an account, in those of one account
_suggestions_lock: Final = Lock()


def count_post(*, is_well_formed: bool = True) -> None:
    """Counts a POST of this address. Malformed ones have a limit of their own: they use up nothing
    that others behind the same address need. Raises TooManyRequests with the seconds to wait."""
    limits = config().limits
    if is_well_formed:
        count_request("post", limits.posts)
    else:
        count_request("malformed post", limits.malformed_posts)


def count_link_post(token: str) -> None:
    """Counts a POST of a manage link: who holds one is not limited by the neighbours' posts. Raises
    TooManyRequests."""
    _hit("link", _per_ten_minutes(MAX_LINK_POSTS), key_store().digest_of_today(token).hex())


def count_new_link(registration_id: str) -> None:
    """Counts a renewal of the links of a registration. Raises TooManyRequests."""
    who = key_store().digest_of_today(f"new link of {registration_id}").hex()
    _hit("new link", RateLimitItemPerDay(MAX_NEW_LINKS), who)


def count_contact_change(registration_id: str) -> None:
    """Counts a new contact of a registration, since each causes a message (S30). Raises
    TooManyRequests."""
    who = key_store().digest_of_today(f"contact of {registration_id}").hex()
    _hit("contact", RateLimitItemPerDay(MAX_CONTACT_CHANGES), who)


def count_move(registration_id: str) -> None:
    """Counts a move of a registration to another date: each causes a message (S30), and an offer to
    the waitlist of the date before. Raises TooManyRequests."""
    who = key_store().digest_of_today(f"move of {registration_id}").hex()
    _hit("move", RateLimitItemPerDay(MAX_MOVES), who)


def count_fraud_report() -> None:
    """Counts a report of fraud, so that nobody alarms staff by a script. Raises TooManyRequests."""
    who = key_store().digest_of_today(client_address.get_address()).hex()
    _hit("fraud report", RateLimitItemPerDay(MAX_FRAUD_REPORTS), who)


def count_invitation(organizer_id: int, email: str) -> None:
    """Counts an invitation by a staff member to an address, so that nobody fills a mailbox with
    them (S30). Raises TooManyRequests."""
    of_today = key_store().digest_of_today
    invited = of_today(f"invitations to {email.strip().lower()}").hex()
    inviter = of_today(f"invitations by {organizer_id}").hex()
    _hit("invitation by", RateLimitItemPerHour(INVITATIONS_AN_HOUR), inviter)
    _hit("invitation to", RateLimitItemPerDay(INVITATIONS_A_DAY), invited)


def count_domain(domain: str, limit: int) -> None:
    """Counts a request, in ten minutes, that names a host of this domain
    (`guarded_client.get_domain`), which will be asked: the site is no tool to flood others. Raises
    TooManyRequests."""
    who = key_store().digest_of_today(f"hosts of {domain}").hex()
    _hit("domain", _per_ten_minutes(limit), who)


def count_text(address: str = "") -> bool:
    """Counts a text that this address causes today, or a caller of the phone line by that name
    (S31). False where it is one too many: what the text would say is on the page."""
    try:
        _hit("text", text_budget.limit_of_address(config()), _of_texts(address))
    except TooManyRequests:
        return False
    return True


def has_text_left() -> bool:
    """Whether `count_text` would count one more."""
    limiter = FixedWindowRateLimiter(_counters())
    return limiter.test(text_budget.limit_of_address(config()), "text", _of_texts())


def _of_texts(address: str = "") -> str:
    who = address or client_address.get_address()
    return key_store().digest_of_today(f"texts caused by {who}").hex()


def require_text() -> None:
    """Counts a text as `count_text` does. Raises TooManyRequests with the seconds until the day is
    over."""
    if not count_text():
        midnight = datetime.combine(clock.now().date() + timedelta(days=1), time(), UTC)
        raise TooManyRequests(retry_after=math.ceil((midnight - clock.now()).total_seconds()))


def count_picture() -> None:
    """Counts a picture that has to be drawn. Raises TooManyRequests."""
    count_request("picture", MAX_PICTURES)


def count_suggestion() -> None:
    """Counts suggestions of places asked for by this address. Raises TooManyRequests.

    Each letter typed asks for some, so they are counted in the memory of this process and not in
    the key store: several processes allow so many times as much."""
    window, seconds = divmod(clock.now().timestamp(), MINUTES * 60)
    who = key_store().digest_of_today(client_address.get_address()), window
    counts: LRUCache[tuple[bytes, float], int] = current_app.extensions.setdefault(
        "outreach_suggestions", LRUCache(MAX_COUNTED_ADDRESSES)
    )
    with _suggestions_lock:
        counts[who] = asked = counts.get(who, 0) + 1
    if asked > MAX_SUGGESTIONS:
        raise TooManyRequests(retry_after=math.ceil(MINUTES * 60 - seconds))


class ContactAllowance(Enum):
    USUAL = auto()
    MORE = auto()  # after the second factor
    NEEDS_FACTOR = auto()


def count_contact_view(owner_id: int, *, is_fresh: bool) -> ContactAllowance:
    """Counts a look at a registered person's contact for the account whose allowance it uses up
    (`staff.find_allowance_owner`): CONTACTS_AN_HOUR as usual, and MORE_CONTACTS_AN_HOUR with a
    fresh second factor (S23). Raises TooManyRequests beyond."""
    limiter = FixedWindowRateLimiter(_counters())
    if limiter.hit(RateLimitItemPerHour(CONTACTS_AN_HOUR), "contacts", _viewer(owner_id)):
        return ContactAllowance.USUAL
    if not is_fresh:
        return ContactAllowance.NEEDS_FACTOR
    _hit("more contacts", RateLimitItemPerHour(MORE_CONTACTS_AN_HOUR), _viewer(owner_id))
    return ContactAllowance.MORE


def is_first_beyond_usual(owner_id: int) -> bool:
    """Whether an allowance shows more contacts than usual for the first time in an hour."""
    limiter = FixedWindowRateLimiter(_counters())
    return limiter.hit(RateLimitItemPerHour(1), "many contacts", _viewer(owner_id))


def _viewer(owner_id: int) -> str:
    return key_store().digest_of_today(f"contacts seen by {owner_id}").hex()


def count_once(what: str) -> None:
    """Refuses a signed request of the telephone gateway that was answered before: a replay. Raises
    Conflict (409)."""
    who = key_store().digest_of_today(what).hex()
    counted: set[tuple[str, str]] = request_retry.keep("counted", set)
    if ("once", who) in counted:
        return  # counted by an earlier attempt of the same request
    limiter = FixedWindowRateLimiter(_counters())
    if not limiter.hit(RateLimitItemPerDay(1), "once", who):
        raise Conflict
    counted.add(("once", who))


def count_look_up() -> None:
    """Counts the look-up of a registration code. Raises TooManyRequests."""
    count_request("look-up", config().limits.look_ups)


def count_person_search(organizer_id: int) -> None:
    """Counts the search of a staff member for a door code, by address as any look-up of a code, and
    by account: an office shares an address. Raises TooManyRequests."""
    count_look_up()
    who = key_store().digest_of_today(f"persons searched by {organizer_id}").hex()
    _hit("person search", RateLimitItemPerHour(PERSON_SEARCHES_AN_HOUR), who)


def count_calendar_reading(office: str) -> None:
    """Counts a reading of a calendar by its address. The readings are counted by office, since the
    server of somebody else answers them. Raises TooManyRequests."""
    who = key_store().digest_of_today(f"calendars of {office}").hex()
    _hit("calendar reading", RateLimitItemPerHour(CALENDAR_READINGS_AN_HOUR), who)


def count_call_look_up(organizer_id: int) -> None:
    """Counts the look-up of a code by an agent of the call centre, by account only: the agents
    share an address. Raises TooManyRequests."""
    who = key_store().digest_of_today(f"codes looked up by {organizer_id}").hex()
    _hit("call look-up", RateLimitItemPerHour(CALL_LOOK_UPS_AN_HOUR), who)


def count_call_name_try(code: str) -> None:
    """Counts a name that an agent typed for a code, whichever agent, before it is compared: once
    the tries are used up the right name opens nothing either. Raises TooManyRequests."""
    who = key_store().digest_of_today(f"call code {code}").hex()
    _hit(_CALL_NAME_TRY, RateLimitItemPerHour(CODE_TRIES_AN_HOUR), who)


def take_back_call_name_try(code: str) -> None:
    """Takes back the try whose name was right."""
    who = key_store().digest_of_today(f"call code {code}").hex()
    limiter = FixedWindowRateLimiter(_counters())
    limiter.hit(RateLimitItemPerHour(CODE_TRIES_AN_HOUR), _CALL_NAME_TRY, who, cost=-1)
    request_retry.keep("counted", set).discard((_CALL_NAME_TRY, who))


def count_code_try(code: str, *, by: str = "") -> bool:
    """Counts a try to open a registration with its code, by code and by address, or the caller
    `by` of the phone line. False where one of them is used up; who tries is not told (S07). The
    neighbours behind an address try codes of their own."""
    is_left = [_is_code_try_left(*each) for each in _of_code_try(code, by)]  # each is counted
    return all(is_left)


def take_back_code_try(code: str) -> None:
    """Takes back the try that opened a registration."""
    limiter = FixedWindowRateLimiter(_counters())
    for who, most in _of_code_try(code):
        limiter.hit(RateLimitItemPerHour(most), "code try", who, cost=-1)


def _of_code_try(code: str, by: str = "") -> tuple[tuple[str, int], tuple[str, int]]:
    """Returns who tries, and how often in an hour they may."""
    of_today = key_store().digest_of_today
    address = of_today(by or client_address.get_address()).hex()
    return (address, CODES_AN_HOUR), (of_today(f"code {code}").hex(), CODE_TRIES_AN_HOUR)


def _is_code_try_left(who: str, most: int) -> bool:
    """Counts a try and returns whether it is within the limit. The same statements are run in both
    cases."""
    limiter = FixedWindowRateLimiter(_counters())
    counted: dict[str, bool] = request_retry.keep("code tries", dict)
    if who not in counted:  # else by an earlier attempt of the same request
        counted[who] = limiter.hit(RateLimitItemPerHour(most), "code try", who)
    return counted[who]


def count_door(checkin_token: bytes) -> None:
    """Counts a POST of a phone at the door by its check-in token, since all phones of a venue
    share one address. Raises TooManyRequests."""
    _hit("door", _per_ten_minutes(MAX_CHECKIN_POSTS), checkin_token.hex())


def count_sign_in(account: str = "", *, browser: str = "") -> None:
    """Counts an attempt to sign in, by account and address together: an account is limited by its
    own attempts and by no others, whether there is such an account or not. `account` is empty
    where it is not known yet, as with a passkey; `browser` is one that has signed in before, which
    counts in place of the address. Raises TooManyRequests."""
    most = config().limits.sign_ins
    most = most if account else most * ACCOUNTS
    _hit("sign-in", _per_ten_minutes(most), _of_account(account, browser))


def is_first_refusal(account: str = "", *, browser: str = "") -> bool:
    """Whether this account at this address is refused for the first time in this window, so that
    the audit log gets one line."""
    limiter = FixedWindowRateLimiter(_counters())
    return limiter.hit(_per_ten_minutes(1), "sign-in refused", _of_account(account, browser))


def is_wrong_password_logged() -> bool:
    """Whether a wrong password from this address is written in the audit log. Only so many are
    logged in a window, whatever the account, since anybody can invent accounts."""
    limiter = FixedWindowRateLimiter(_counters())
    who = key_store().digest_of_today(client_address.get_address()).hex()
    return limiter.hit(_per_ten_minutes(config().limits.sign_ins * ACCOUNTS), "wrong", who)


def _of_account(account: str, browser: str) -> str:
    """Returns the key under which an attempt is counted. An address has 65,536 of these, so that
    invented accounts do not fill the database, and nobody gets that of a given account by
    chance."""
    of_today, source = key_store().digest_of_today, browser or client_address.get_address()
    number = of_today(f"account {account.lower()}")[:2].hex() if account else ""
    return f"{of_today(source).hex()} {number}"


def count_request(what: str, most: int) -> None:
    _hit(
        what,
        _per_ten_minutes(most),
        key_store().digest_of_today(client_address.get_address()).hex(),
    )


def _hit(what: str, limit: RateLimitItem, who: str) -> None:
    limiter = FixedWindowRateLimiter(_counters())
    counted: set[tuple[str, str]] = request_retry.keep("counted", set)
    if (what, who) in counted:
        return  # counted by an earlier attempt of the same request
    if limiter.hit(limit, what, who):
        counted.add((what, who))
    else:
        ends = limiter.get_window_stats(limit, what, who).reset_time
        raise TooManyRequests(retry_after=max(1, math.ceil(ends - clock.now().timestamp())))


def _counters() -> RateCounters:
    counters: RateCounters = current_app.extensions["outreach_attempts"]
    return counters


@cache
def _per_ten_minutes(most: int) -> RateLimitItem:
    return RateLimitItemPerMinute(most, MINUTES)
