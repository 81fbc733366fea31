"""The signed stamp of a form: for which workshop it was made, and when (S26).

It needs no cookie and no row. It tells a person from a program that posts without reading, and a
form of ours from one that another site made up.
"""

import secrets
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from outreach import clock

SOONEST: Final = timedelta(seconds=2)  # nobody reads and fills the form faster
LATEST: Final = timedelta(hours=12)
CLOCKS_DIFFER: Final = timedelta(seconds=10)  # of two hosts of ours, at most


class TokenAge(Enum):
    GOOD = auto()
    TOO_YOUNG = auto()
    TOO_OLD = auto()  # or of a day to come, or no stamp of ours for this workshop


def make(about: str, *, now: datetime | None = None) -> str:
    """A stamp for a form about a workshop, by its public id."""
    stamped: str = _signer().dumps([about, _milliseconds(now or clock.now())])
    return stamped


def age(stamp: str, about: str, *, now: datetime) -> TokenAge:
    try:
        made_for, made_at = _signer().loads(stamp)
    except (BadSignature, ValueError, TypeError):
        return TokenAge.TOO_OLD
    if made_for != about:
        return TokenAge.TOO_OLD
    passed = timedelta(milliseconds=_milliseconds(now) - made_at)
    if passed < -CLOCKS_DIFFER:
        return TokenAge.TOO_OLD  # our clock was wrong then: to wait for that hour would be for ever
    if passed < SOONEST:
        return TokenAge.TOO_YOUNG
    return TokenAge.GOOD if passed <= LATEST else TokenAge.TOO_OLD


def nonce() -> str:
    """What makes two posts of one form the same post: 128 random bits."""
    return secrets.token_urlsafe(16)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["outreach_secret"], salt="form")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
