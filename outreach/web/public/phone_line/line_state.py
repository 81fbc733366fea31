"""What the phone line remembers of a call from key to key: it is in the next address, signed.

Nothing is stored, so a caller who hangs up leaves nothing. Each address is good once and for ten
minutes. It holds no number: a call is an HMAC of the id that the gateway gives it.
"""

import hmac
import secrets
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from outreach.domain.registrations.models import CODE_LENGTH
from outreach.domain.text import SPOKEN
from outreach.i18n import get_default_language

GOOD_SECONDS: Final = 600
MAX_MISSES: Final = 3  # keys that mean nothing, one after the other: it asks three times
MAX_ANSWERS: Final = 25  # in one call


class LineStep(StrEnum):
    """What the next key means."""

    LANGUAGE = "language"
    PLACE = "place"
    CITY = "canada"  # a stored word
    KIND = "kind"
    HOUR = "hour"
    PEOPLE = "people"
    CODE = "code"


class StateInvalid(Exception):
    """The address is not ours, too old, or of another call."""


@dataclass(frozen=True, kw_only=True)
class LineState:
    step: LineStep = LineStep.LANGUAGE
    lang: str = field(default_factory=get_default_language)
    where: str = ""  # the spelling of a place
    choices: tuple[str, ...] = ()  # what the keys 1, 2, 3 … stand for
    workshop: str = ""  # its public id
    heard: str = ""  # digest of when and where it is, as it was said
    taken: tuple[str, ...] = ()  # hours that this call asked for and found taken
    misses: int = 0
    answers: int = 0
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(9))

    def go(self, step: LineStep, **changes: Any) -> "LineState":
        """The state after a key that meant something."""
        return self._next(step=step, misses=0, **changes)

    def miss(self) -> "LineState":
        """The state after no key, or one that means nothing here."""
        return self._next(misses=self.misses + 1)

    def _next(self, **changes: Any) -> "LineState":
        return replace(self, answers=self.answers + 1, nonce=secrets.token_urlsafe(9), **changes)

    def with_misses(self, misses: int) -> "LineState":
        return replace(self, misses=misses)

    @property
    def is_over(self) -> bool:
        return self.misses >= MAX_MISSES or self.answers >= MAX_ANSWERS


def renew(state: LineState) -> LineState:
    """Returns the same state in another address, since an address is good once."""
    return replace(state, nonce=secrets.token_urlsafe(9))


def write(state: LineState, call: str) -> str:
    """The state as part of an address, for this call only."""
    written: str = _signer(call).dumps(asdict(state))
    return written


def read(text: str, call: str) -> LineState:
    """Returns the state that `write` put into an address. Raises StateInvalid for one that is not
    ours, too old, or of another call."""
    try:
        values = _signer(call).loads(text, max_age=GOOD_SECONDS)
    except BadSignature:
        raise StateInvalid from None
    values |= {
        "step": LineStep(values["step"]),
        "choices": tuple(values["choices"]),
        "taken": tuple(values["taken"]),
    }
    return LineState(**values)


def identify(gateway_id: str) -> str:
    """The id of a call: what the gateway calls it is said nowhere else."""
    return _derive("call", gateway_id, "").hex()


def derive_code(call: str, public_id: str) -> str:
    """The check-in code of what this call saves at a workshop: it is said before it is saved, and
    is in no address."""
    digest = _derive("code", call, public_id)
    return "".join(SPOKEN[byte & 15] for byte in digest[:CODE_LENGTH])


def derive_number(call: str, public_id: str) -> int:
    """Returns four digits that tell parties without a name apart, and which nobody can guess."""
    return 1000 + int.from_bytes(_derive("number", call, public_id)[:4]) % 9000


def derive_nonce(call: str, public_id: str) -> str:
    """Returns the nonce of the registration, so that a call saves once at a workshop."""
    return _derive("nonce", call, public_id).hex()


def _derive(purpose: str, call: str, public_id: str) -> bytes:
    key = current_app.extensions["outreach_secret"]
    text = f"phone line {purpose} {call} {public_id}".encode()
    return hmac.digest(key if isinstance(key, bytes) else key.encode(), text, "sha256")


def _signer(call: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.extensions["outreach_secret"], salt=f"phone line {call}"
    )
