"""Passkeys: python-fido2 checks the cryptography; the keys and the one-time challenges are ours.

A passkey is both factors at once: something one has, which asks for a finger or a number.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts import webauthn_challenges
from outreach.db.base import Base
from outreach.db.store import took_effect

MOST: Final = 20  # keys a person
LONGEST: Final = 40  # letters of a key's name
_REQUIRED: Final = UserVerificationRequirement.REQUIRED


class Passkey(Base):
    __tablename__ = "passkey"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), index=True
    )
    public_key: Mapped[bytes]  # with its id, as the authenticator gave them
    # Four bytes without a sign: more than an integer of PostgreSQL holds.
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(LONGEST))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True)
class RelyingParty:
    """Where keys are made for and used at."""

    host: str  # the «relying party»: our host's name, without a port
    origin: str

    def server(self) -> Fido2Server:
        return Fido2Server(
            PublicKeyCredentialRpEntity(id=self.host, name="Outreach"),
            verify_origin=lambda origin: origin == self.origin,
        )


def offer(
    session: Session,
    organizer_id: int,
    email: str,
    bound_to: str,
    site: RelyingParty,
    *,
    now: datetime,
) -> dict[str, Any]:
    """What a browser needs to make a key. Only the session `bound_to` can bring it."""
    challenge = secrets.token_bytes(32)
    webauthn_challenges.give(session, challenge, f"new {bound_to}", now=now)
    options, _ = site.server().register_begin(
        PublicKeyCredentialUserEntity(id=_handle(organizer_id), name=email, display_name=email),
        [
            PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=each.id)
            for each in of(session, organizer_id)
        ],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
        challenge=challenge,
    )
    return dict(options.public_key)


def keep(
    session: Session,
    organizer_id: int,
    name: str,
    answer: str,
    bound_to: str,
    site: RelyingParty,
    *,
    now: datetime,
) -> bool:
    """Whether the browser's answer was a key, made for what we asked."""
    said = _read(answer)
    state = _state(session, said, f"new {bound_to}", now)
    if state is None:
        return False
    try:
        seen = site.server().register_complete(state, said)
    except Exception:  # the library raises whatever its parts do, of an answer that is none
        return False
    made = seen.credential_data
    if made is None or session.get(Passkey, made.credential_id) is not None:
        return False
    session.add(
        Passkey(
            id=made.credential_id,
            organizer_id=organizer_id,
            public_key=bytes(made),
            sign_count=seen.counter,
            name=name,
            made_at=now,
        )
    )
    return True


def ask(session: Session, bound_to: str, site: RelyingParty, *, now: datetime) -> dict[str, Any]:
    """What a browser needs to answer with a key: for anyone who wants to sign in (`bound_to` is
    empty), or for a session to prove who it is."""
    challenge = secrets.token_bytes(32)
    webauthn_challenges.give(session, challenge, f"ask {bound_to}", now=now)
    options, _ = site.server().authenticate_begin(user_verification=_REQUIRED, challenge=challenge)
    return dict(options.public_key)


def recognize(
    session: Session, answer: str, bound_to: str, site: RelyingParty, *, now: datetime
) -> int | None:
    """The organizer whose key answered, once. Who asks a session to prove itself still has to
    compare it with whose session it is."""
    said = _read(answer)
    state = _state(session, said, f"ask {bound_to}", now)
    if state is None:
        return None
    try:
        given = AuthenticationResponse.from_dict(said)
        key = session.get(Passkey, given.raw_id)
        if key is None:
            return None
        site.server().authenticate_complete(state, [AttestedCredentialData(key.public_key)], given)
        handle, count = given.response.user_handle, given.response.authenticator_data.counter
    except Exception:  # the same
        return None
    if handle not in {None, b"", _handle(key.organizer_id)}:
        return None
    # The library leaves the count to us. One that does not rise is a copy; keys that are kept in
    # a cloud always say 0.
    counted = took_effect(
        session,
        sa.update(Passkey)
        .where(
            Passkey.id == key.id,
            sa.or_(Passkey.sign_count < count, Passkey.sign_count + count == 0),
        )
        .values(sign_count=count, used_at=now),
    )
    return key.organizer_id if counted else None


def of(session: Session, organizer_id: int) -> Sequence[Passkey]:
    """Someone's keys, the oldest first."""
    return session.scalars(
        sa.select(Passkey)
        .where(Passkey.organizer_id == organizer_id)
        .order_by(Passkey.made_at, Passkey.id)
    ).all()


def owners(session: Session) -> frozenset[int]:
    """Who has a key, by the account's id."""
    return frozenset(session.scalars(sa.select(Passkey.organizer_id)))


def rename(session: Session, organizer_id: int, key: bytes, name: str) -> bool:
    return took_effect(
        session, sa.update(Passkey).where(*_mine(organizer_id, key)).values(name=name)
    )


def remove(session: Session, organizer_id: int, key: bytes) -> bool:
    return took_effect(session, sa.delete(Passkey).where(*_mine(organizer_id, key)))


def forget(session: Session, organizer_id: int) -> None:
    """None of someone's keys opens anything any more."""
    session.execute(sa.delete(Passkey).where(Passkey.organizer_id == organizer_id))


def _mine(organizer_id: int, key: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return (Passkey.id == key, Passkey.organizer_id == organizer_id)


def _read(answer: str) -> Mapping[str, Any]:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _state(
    session: Session, said: Mapping[str, Any], purpose: str, now: datetime
) -> dict[str, str | None] | None:
    """What the library calls its state, if the challenge was ours and nobody answered it yet."""
    try:
        client = json.loads(websafe_decode(said["response"]["clientDataJSON"]))
        challenge = websafe_decode(client["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if webauthn_challenges.take_back(session, challenge, purpose, now=now) is None:
        return None
    return {"challenge": websafe_encode(challenge), "user_verification": _REQUIRED}


def _handle(organizer_id: int) -> bytes:
    return hashlib.sha256(b"outreach organizer %d" % organizer_id).digest()
