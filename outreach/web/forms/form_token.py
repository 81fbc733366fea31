"""The signed token of a form: its purpose, when it was made, and its nonce (S26).

It needs no cookie and no database row. It rejects programs that post faster than a person reads,
and forms that this site did not make. A registration is stored with its form's nonce, so that one
token is good for one registration. The form field is named `stamp`.
"""

import secrets
from dataclasses import dataclass
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


@dataclass(frozen=True)
class FormToken:
    """What a posted token says."""

    age: TokenAge
    nonce: str = ""  # empty where the token is not one of ours for this purpose, or has none


def make(purpose: str, *, nonce: str = "", now: datetime | None = None) -> str:
    """Returns a token for a form; `purpose` is the public id of a workshop or a form's name."""
    token: str = _signer().dumps([purpose, _milliseconds(now or clock.now()), nonce])
    return token


def read(token: str, purpose: str, *, now: datetime) -> FormToken:
    """Checks a token's signature, purpose and age."""
    try:
        token_purpose, made_at, nonce = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return FormToken(TokenAge.TOO_OLD)
    if token_purpose != purpose:
        return FormToken(TokenAge.TOO_OLD)
    return FormToken(_age(timedelta(milliseconds=_milliseconds(now) - made_at)), nonce)


def _age(elapsed: timedelta) -> TokenAge:
    if elapsed < -MAX_CLOCK_SKEW:
        return TokenAge.TOO_OLD  # made by a host whose clock was wrong
    if elapsed < SOONEST:
        return TokenAge.TOO_YOUNG
    return TokenAge.GOOD if elapsed <= LATEST else TokenAge.TOO_OLD


def nonce() -> str:
    """Returns 128 random bits that identify a form, so that posting it twice registers once."""
    return secrets.token_urlsafe(16)


def make_pass(registration_id: str) -> str:
    """Returns the signed text with which a ticket's page lets its holder register another person
    (`ticket_sharing`). It opens no registration."""
    made: str = _passes().dumps(registration_id)
    return made


def read_pass(text: str) -> str:
    """Returns the id of the registration that `make_pass` signed; empty where the signature is not
    ours."""
    try:
        return str(_passes().loads(text))
    except BadSignature:
        return ""


def _passes() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["outreach_secret"], salt="another person")


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["outreach_secret"], salt="form")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
