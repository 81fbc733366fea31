"""The link in a letter by which a member answers, without a sign-in.

It is derived from the member's key, and signs the assignment and what the workshop was when it was
written: once the workshop moves, an earlier link answers nothing, and it dies with the key. It is
good until the workshop starts.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from outreach import keystore
from outreach.domain.roster.models import AssignmentState, RosterAssignment
from outreach.domain.workshops import facts
from outreach.errors import DataErased
from outreach.keystore import KeyStore

_MAX_DIGITS: Final = 9
_FACTS_BYTES: Final = 16


@dataclass(frozen=True)
class AnswerLink:
    """The assignment that a link belongs to."""

    assignment: RosterAssignment
    is_current: bool  # the workshop is what it was when the link was written


def make_token(assignment: RosterAssignment, key: bytes) -> str:
    """Makes the end of the link by which a member answers."""
    known = facts.compute_facts(assignment.workshop)
    return f"{assignment.id}.{_encode(known)}.{_sign(assignment, key, known)}"


def read_token(session: Session, key_store: KeyStore, token: str) -> AnswerLink | None:
    """Returns the assignment that a link belongs to, or None.

    It is None, alike, for a link that is not ours, of an erased or retired member, and of an
    assignment that is gone.
    """
    number, _dot, rest = token.partition(".")
    encoded, _dot, signature = rest.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS):
        return None
    assignment = session.get(RosterAssignment, int(number))
    known = _decode(encoded)
    if assignment is None or known is None or assignment.member.retired_at is not None:
        return None
    try:
        key = key_store.get(assignment.member.key_id)
    except DataErased:
        return None
    if not hmac.compare_digest(signature.encode(), _sign(assignment, key, known).encode()):
        return None
    is_same = known == facts.compute_facts(assignment.workshop)
    return AnswerLink(assignment, is_same and assignment.state is not AssignmentState.RELEASED)


def _sign(assignment: RosterAssignment, key: bytes, known: bytes) -> str:
    return _encode(keystore.derive(key, f"roster answer {assignment.id} {known.hex()}"))


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    try:
        value = base64.urlsafe_b64decode(text.encode() + b"==")
    except ValueError:
        return None
    return value if len(value) <= _FACTS_BYTES else None
