"""Passkeys (WebAuthn): registration, authentication and the list of an account's keys.

python-fido2 verifies the cryptography; keys and one-time challenges are stored here. User
verification is required, so that a passkey is both factors at once. The library is imported by the
functions that need it: it takes 3 MB in each process, and most sign in without a key.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts import webauthn_challenges
from outreach.db.base import Base
from outreach.db.store import changes_one_row

if TYPE_CHECKING:
    from fido2.server import Fido2Server

MAX_PASSKEYS: Final = 20  # an account
MAX_NAME_LENGTH: Final = 40  # characters
_REQUIRED: Final = "required"  # UserVerificationRequirement


class Passkey(Base):
    __tablename__ = "passkey"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    public_key: Mapped[bytes]  # with its id, as the authenticator gave them
    # An unsigned 32-bit number: more than PostgreSQL's integer holds.
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME_LENGTH))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True)
class RelyingParty:
    """The site that keys are created for and used at (WebAuthn, 4: relying party)."""

    host: str  # name of the host, without a port
    origin: str

    def server(self) -> "Fido2Server":
        from fido2.server import Fido2Server
        from fido2.webauthn import PublicKeyCredentialRpEntity

        return Fido2Server(
            PublicKeyCredentialRpEntity(id=self.host, name="Outreach"),
            verify_origin=lambda origin: origin == self.origin,
        )


def registration_options(
    session: Session,
    organizer_id: int,
    email: str,
    bound_to: str,
    site: RelyingParty,
    *,
    now: datetime,
) -> dict[str, Any]:
    """The options with which a browser creates a key, as JSON data. The answer is accepted from
    the session `bound_to` only."""
    from fido2.webauthn import (
        PublicKeyCredentialDescriptor,
        PublicKeyCredentialType,
        PublicKeyCredentialUserEntity,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    challenge = secrets.token_bytes(32)
    webauthn_challenges.issue(session, challenge, f"new {bound_to}", now=now)
    options, _ = site.server().register_begin(
        PublicKeyCredentialUserEntity(
            id=_user_handle(organizer_id), name=email, display_name=email
        ),
        [
            PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=each.id)
            for each in list_for(session, organizer_id)
        ],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return dict(options.public_key)


def register(
    session: Session,
    organizer_id: int,
    name: str,
    answer: str,
    bound_to: str,
    site: RelyingParty,
    *,
    now: datetime,
) -> bool:
    """Stores the key that a browser created (`answer`, JSON). Returns False when the answer does
    not belong to an open challenge, does not verify, or the key is known."""
    answer_data = _read(answer)
    state = _redeem_challenge(session, answer_data, f"new {bound_to}", now)
    if state is None:
        return False
    try:
        seen = site.server().register_complete(state, answer_data)
    except Exception:  # malformed input raises errors of many kinds in the library
        return False
    credential = seen.credential_data
    if credential is None or session.get(Passkey, credential.credential_id) is not None:
        return False
    session.add(
        Passkey(
            id=credential.credential_id,
            organizer_id=organizer_id,
            public_key=bytes(credential),
            sign_count=seen.counter,
            name=name,
            made_at=now,
        )
    )
    return True


def authentication_options(
    session: Session, bound_to: str, site: RelyingParty, *, now: datetime
) -> dict[str, Any]:
    """The options with which a browser answers with a key, as JSON data: to sign in (`bound_to`
    empty), or for the session of that digest to confirm its second factor."""
    from fido2.webauthn import UserVerificationRequirement

    challenge = secrets.token_bytes(32)
    webauthn_challenges.issue(session, challenge, f"ask {bound_to}", now=now)
    options, _ = site.server().authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    return dict(options.public_key)


def authenticate(
    session: Session, answer: str, bound_to: str, site: RelyingParty, *, now: datetime
) -> int | None:
    """The id of the account whose key answered; each challenge works once. None when it does not
    verify. For a session, the caller must compare the id with the session's."""
    from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

    answer_data = _read(answer)
    state = _redeem_challenge(session, answer_data, f"ask {bound_to}", now)
    if state is None:
        return None
    try:
        given = AuthenticationResponse.from_dict(answer_data)
        key = session.get(Passkey, given.raw_id)
        if key is None:
            return None
        site.server().authenticate_complete(state, [AttestedCredentialData(key.public_key)], given)
        handle, count = given.response.user_handle, given.response.authenticator_data.counter
    except Exception:  # as in `register`
        return None
    if handle not in {None, b"", _user_handle(key.organizer_id)}:
        return None
    # A signature counter that does not rise means a copied key (WebAuthn, 6.1.1). Keys that are
    # synchronized always send 0.
    counted = changes_one_row(
        session,
        sa.update(Passkey)
        .where(
            Passkey.id == key.id,
            sa.or_(Passkey.sign_count < count, Passkey.sign_count + count == 0),
        )
        .values(sign_count=count, used_at=now),
    )
    return key.organizer_id if counted else None


def list_for(session: Session, organizer_id: int) -> Sequence[Passkey]:
    """The keys of an account, the oldest first."""
    return session.scalars(
        sa.select(Passkey)
        .where(Passkey.organizer_id == organizer_id)
        .order_by(Passkey.made_at, Passkey.id)
    ).all()


def owner_ids(session: Session) -> frozenset[int]:
    """The ids of the accounts that have a key."""
    return frozenset(session.scalars(sa.select(Passkey.organizer_id)))


def rename(session: Session, organizer_id: int, key: bytes, name: str) -> bool:
    return changes_one_row(
        session, sa.update(Passkey).where(*_is_own(organizer_id, key)).values(name=name)
    )


def remove(session: Session, organizer_id: int, key: bytes) -> bool:
    return changes_one_row(session, sa.delete(Passkey).where(*_is_own(organizer_id, key)))


def delete_all(session: Session, organizer_id: int) -> None:
    """Deletes all keys of an account."""
    session.execute(sa.delete(Passkey).where(Passkey.organizer_id == organizer_id))


def _is_own(organizer_id: int, key: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return (Passkey.id == key, Passkey.organizer_id == organizer_id)


def _read(answer: str) -> Mapping[str, Any]:
    try:
        answer_data = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return answer_data if isinstance(answer_data, dict) else {}


def _redeem_challenge(
    session: Session, answer_data: Mapping[str, Any], purpose: str, now: datetime
) -> dict[str, str | None] | None:
    """Uses up the challenge of an answer. Returns the state that the library needs to verify it;
    None when the challenge is unknown, used or of another purpose."""
    from fido2.utils import websafe_decode, websafe_encode

    try:
        client = json.loads(websafe_decode(answer_data["response"]["clientDataJSON"]))
        challenge = websafe_decode(client["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if webauthn_challenges.redeem(session, challenge, purpose, now=now) is None:
        return None
    return {"challenge": websafe_encode(challenge), "user_verification": _REQUIRED}


def _user_handle(organizer_id: int) -> bytes:
    return hashlib.sha256(b"outreach organizer %d" % organizer_id).digest()
