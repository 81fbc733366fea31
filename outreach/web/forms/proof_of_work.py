"""The proof that a registration form wants while the brake is on: some work, or a wait (S29).

The browser finds a number such that the SHA-256 of a challenge followed by the number, as ASCII
text, begins with BITS zero bits (`scripts/proof_of_work.js`). People without JavaScript wait for
WAIT, and post the same form again. Both are bound to the nonce of the form's token, which is good
for one registration: neither needs a row, and neither helps with another form. The challenge of a
form cannot be computed by others, so nobody works ahead for forms that were opened earlier.

A wait costs a script two posts and WAIT of time for each form. It can wait for many forms at once;
then the limit of posts and the share of its network still hold.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from flask import current_app
from itsdangerous import BadSignature, Signer, URLSafeSerializer
from wtforms import StringField

from outreach.web.context import save_rates

BITS: Final = 15  # 0.7 s on a slow phone: 47,000 numbers a second in Chromium at a sixth
WAIT: Final = timedelta(seconds=20)
_NUMBER: Final = re.compile(r"[0-9]{1,16}")


class ProvingForm(Protocol):
    """A form that may have to come with a proof."""

    is_assisted: bool

    @property
    def nonce(self) -> StringField: ...
    @property
    def pow(self) -> StringField: ...
    @property
    def wait(self) -> StringField: ...


@dataclass(frozen=True)
class WantedProof:
    """What the page of a form says while the brake is on."""

    challenge: str
    bits: int = BITS
    wait_seconds: int = 0  # until a post without the number is accepted; 0: no wait has begun
    is_pressed: bool = False  # the person has posted the form: the browser is to post it again


def find_wanted(
    filled: ProvingForm, now: datetime, *, is_posted: bool = False
) -> WantedProof | None:
    """What the page of this form has to ask for: None while the brake is off, and for an assisted
    registration. A wrong number is taken out of the form."""
    if filled.is_assisted or save_rates().ends_at(now) is None:
        return None
    challenge, number = make_challenge(filled.nonce.data or ""), filled.pow.data or ""
    if not is_number(challenge, number):
        filled.pow.data = ""
    ready_at, wait_seconds = _read_wait(filled), 0
    if ready_at is not None:
        wait_seconds = max(1, math.ceil((ready_at - now).total_seconds()))
    # A number that is wrong comes from a browser that cannot work it out: not once more.
    return WantedProof(challenge, BITS, wait_seconds, is_pressed=is_posted and not number)


def is_given(filled: ProvingForm, now: datetime) -> bool:
    """Whether the brake is off, or the form came with a number or after its wait. If not, its wait
    begins, or goes on if it has begun."""
    nonce = filled.nonce.data or ""
    if save_rates().ends_at(now) is None or is_number(make_challenge(nonce), filled.pow.data or ""):
        return True
    ready_at = _read_wait(filled)
    if ready_at is None:
        filled.wait.data = _waits().dumps([nonce, round((now + WAIT).timestamp() * 1000)])
        return False
    return ready_at <= now


def make_challenge(nonce: str) -> str:
    """The challenge of the form with this nonce."""
    key = current_app.extensions["outreach_secret"]
    return Signer(key, salt="proof of work").get_signature(nonce).decode()


def is_number(challenge: str, number: str, bits: int = BITS) -> bool:
    """Whether this number solves the challenge."""
    if not _NUMBER.fullmatch(number):
        return False
    found = hashlib.sha256(f"{challenge}{number}".encode("ascii")).digest()
    return int.from_bytes(found, "big") >> (256 - bits) == 0


def _read_wait(filled: ProvingForm) -> datetime | None:
    """When the wait of this form ends; None if it has none of ours."""
    try:
        nonce, ready_at = _waits().loads(filled.wait.data or "")
    except (BadSignature, ValueError, TypeError):
        return None
    if nonce != filled.nonce.data:
        return None
    return datetime.fromtimestamp(ready_at / 1000, UTC)


def _waits() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["outreach_secret"], salt="wait")
