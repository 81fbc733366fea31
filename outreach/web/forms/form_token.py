"""The signed token of a form: its purpose and when it was made (S26).

It needs no cookie and no database row. It rejects programs that post faster than a person reads,
and forms that this site did not make. Its form field is named `stamp`.
"""

import secrets
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from outreach import clock

SOONEST: Final = timedelta(seconds=2)  # no person reads and fills the form faster
LATEST: Final = timedelta(hours=12)
MAX_CLOCK_SKEW: Final = timedelta(seconds=10)  # largest clock difference between two hosts


class TokenAge(Enum):
    GOOD = auto()
    TOO_YOUNG = auto()
    TOO_OLD = auto()  # or from the future, or not a valid token for this purpose


def make(purpose: str, *, now: datetime | None = None) -> str:
    """Return a token for a form; `purpose` is the public id of a workshop or a form's name."""
    token: str = _signer().dumps([purpose, _milliseconds(now or clock.now())])
    return token


def age(token: str, purpose: str, *, now: datetime) -> TokenAge:
    """Classify a token by its age and its purpose."""
    try:
        token_purpose, made_at = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return TokenAge.TOO_OLD
    if token_purpose != purpose:
        return TokenAge.TOO_OLD
    elapsed = timedelta(milliseconds=_milliseconds(now) - made_at)
    if elapsed < -MAX_CLOCK_SKEW:
        return TokenAge.TOO_OLD  # made by a host whose clock was wrong
    if elapsed < SOONEST:
        return TokenAge.TOO_YOUNG
    return TokenAge.GOOD if elapsed <= LATEST else TokenAge.TOO_OLD


def nonce() -> str:
    """Return 128 random bits that identify a form, so that posting it twice registers once."""
    return secrets.token_urlsafe(16)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["outreach_secret"], salt="form")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
