"""The typed second factor: TOTP codes (RFC 6238) and recovery codes.

Each code works once. A try is counted before the code is compared, so that tries at the same moment
are counted too.
"""

import hmac
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import pyotp
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.server_encryption import ServerEncryption
from outreach.db.base import Base
from outreach.db.store import changes_one_row
from outreach.domain import text
from outreach.domain.audit import audit_log
from outreach.errors import DataErased

log = logging.getLogger(__name__)

STEP_SECONDS: Final = 30
MAX_TRIES: Final = 10  # in TRIES_WINDOW: with 6 digits and 3 steps, a chance of 1 in 33,000
TRIES_WINDOW: Final = timedelta(hours=1)
RECOVERY_CODES: Final = 10  # on a sheet
_CODE_LENGTH: Final = 12  # characters in a recovery code: 60 bits


class TotpSecret(Base):
    """The secret shared with a staff member's authenticator application."""

    __tablename__ = "totp_secret"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    tries_since: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(default=0)  # the last time step whose code was used
    tries: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """An unused recovery code, stored as a keyed hash. Using it deletes the row."""

    __tablename__ = "recovery_code"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    mark: Mapped[str] = mapped_column(sa.String(64), primary_key=True)


class CodeVerdict(StrEnum):
    """The outcome of a typed code."""

    RIGHT = "right"
    WRONG = "wrong"
    REPLAYED = "replayed"  # right, but used before
    TOO_MANY = "too many"


def new_secret() -> str:
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str, issuer: str) -> str:
    """The otpauth:// address that a QR code shows to an application."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def code_at(secret: str, moment: datetime) -> str:
    """The six digits of an instant."""
    return pyotp.TOTP(secret).generate_otp(_step(moment))


def is_enrolled(session: Session, organizer_id: int) -> bool:
    return session.get(TotpSecret, organizer_id) is not None


def enrolled_ids(session: Session) -> frozenset[int]:
    """The ids of the accounts that have a TOTP secret."""
    return frozenset(session.scalars(sa.select(TotpSecret.organizer_id)))


def enrol(
    session: Session,
    organizer_id: int,
    secret: str,
    typed: str,
    key: ServerEncryption,
    *,
    now: datetime,
    replaces: bool = False,
) -> bool:
    """Stores the secret of a first application, or of another that replaces it (`replaces`), when
    the typed code matches; that code counts as used. False when it does not match, or a first
    secret exists already."""
    step = _matching_step(secret, text.read_code(typed), now)
    if step is None:
        return False
    try:
        with session.begin_nested():
            if replaces:
                session.execute(
                    sa.delete(TotpSecret).where(TotpSecret.organizer_id == organizer_id)
                )
            # The primary key lets one of several first enrolments succeed.
            store_secret(session, organizer_id, secret, key, now=now, last_step=step)
    except IntegrityError:
        return False
    return True


def store_secret(
    session: Session,
    organizer_id: int,
    secret: str,
    key: ServerEncryption,
    *,
    now: datetime,
    last_step: int = 0,
) -> None:
    """Stores a secret without checking a code."""
    sealed = key.seal(secret, _about(organizer_id))
    session.add(
        TotpSecret(
            organizer_id=organizer_id,
            sealed=sealed,
            made_at=now,
            tries_since=now,
            last_step=last_step,
        )
    )


def delete_all(session: Session, organizer_id: int) -> None:
    """Deletes the TOTP secret and the recovery codes of an account."""
    session.execute(sa.delete(TotpSecret).where(TotpSecret.organizer_id == organizer_id))
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer_id))


def check(
    session: Session, organizer_id: int, typed: str, key: ServerEncryption, *, now: datetime
) -> CodeVerdict:
    """Checks a code and uses it up. The outcome is in the audit log: the caller must commit, also
    when the code is wrong."""
    totp = session.get(TotpSecret, organizer_id)
    if totp is None:
        return CodeVerdict.WRONG
    is_own = TotpSecret.organizer_id == organizer_id
    if not _count_try(session, organizer_id, now=now):
        # Logged once an hour, not once a try.
        once = (
            sa.update(TotpSecret)
            .where(is_own, TotpSecret.tries == MAX_TRIES)
            .values(tries=MAX_TRIES + 1)
        )
        if changes_one_row(session, once):
            audit_log.record(session, organizer_id, "too many codes tried", now=now)
        return CodeVerdict.TOO_MANY
    bare = text.read_code(typed)
    if len(bare) == 6:
        verdict = _use_step(session, totp, bare, key, now=now)
    else:
        verdict = _use_recovery_code(session, organizer_id, bare, key, now=now)
    if verdict is CodeVerdict.RIGHT:
        session.execute(sa.update(TotpSecret).where(is_own).values(tries=0))
    elif verdict is CodeVerdict.REPLAYED:
        audit_log.record(session, organizer_id, "used code refused", now=now)
    else:
        audit_log.record(session, organizer_id, "wrong code", now=now)
    return verdict


def create_recovery_codes(session: Session, organizer_id: int, key: ServerEncryption) -> list[str]:
    """Returns new recovery codes, to be shown once; earlier ones stop working."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer_id))
    codes = [text.code(_CODE_LENGTH) for _ in range(RECOVERY_CODES)]
    store_recovery_codes(session, organizer_id, codes, key)
    return [f"{code[:4]} {code[4:8]} {code[8:]}" for code in codes]


def store_recovery_codes(
    session: Session, organizer_id: int, codes: Sequence[str], key: ServerEncryption
) -> None:
    session.add_all(
        RecoveryCode(organizer_id=organizer_id, mark=_mark(organizer_id, code, key))
        for code in codes
    )


def recovery_codes_left(session: Session, organizer_id: int) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.organizer_id == organizer_id)
        )
        or 0
    )


def secret_of(session: Session, organizer_id: int, key: ServerEncryption) -> str | None:
    """The secret, for the demo. Raises DataErased when it was sealed under another server
    secret."""
    totp = session.get(TotpSecret, organizer_id)
    return key.unseal(totp.sealed, _about(organizer_id)) if totp else None


def next_code(session: Session, organizer_id: int, key: ServerEncryption, *, now: datetime) -> str:
    """The code that works now, for the demo; empty when there is none, or none before the next
    step."""
    totp, secret = session.get(TotpSecret, organizer_id), secret_of(session, organizer_id, key)
    if totp is None or secret is None:
        return ""
    step = max(_step(now), totp.last_step + 1)
    return pyotp.TOTP(secret).generate_otp(step) if step <= _step(now) + 1 else ""


def _count_try(session: Session, organizer_id: int, *, now: datetime) -> bool:
    is_own, old = TotpSecret.organizer_id == organizer_id, now - TRIES_WINDOW
    first_of_window = (
        sa.update(TotpSecret)
        .where(is_own, TotpSecret.tries_since <= old)
        .values(tries=1, tries_since=now)
    )
    next_of_window = (
        sa.update(TotpSecret)
        .where(is_own, TotpSecret.tries < MAX_TRIES)
        .values(tries=TotpSecret.tries + 1)
    )
    return changes_one_row(session, first_of_window) or changes_one_row(session, next_of_window)


def _use_step(
    session: Session, totp: TotpSecret, code: str, key: ServerEncryption, *, now: datetime
) -> CodeVerdict:
    try:
        secret = key.unseal(totp.sealed, _about(totp.organizer_id))
    except DataErased:
        log.error("a TOTP secret cannot be decrypted: was OUTREACH_SECRET_KEY changed?")
        return CodeVerdict.WRONG
    step = _matching_step(secret, code, now)
    if step is None:
        return CodeVerdict.WRONG
    used = changes_one_row(
        session,
        sa.update(TotpSecret)
        .where(TotpSecret.organizer_id == totp.organizer_id, TotpSecret.last_step < step)
        .values(last_step=step),
    )
    return CodeVerdict.RIGHT if used else CodeVerdict.REPLAYED


def _use_recovery_code(
    session: Session, organizer_id: int, code: str, key: ServerEncryption, *, now: datetime
) -> CodeVerdict:
    gone = changes_one_row(
        session,
        sa.delete(RecoveryCode).where(
            RecoveryCode.organizer_id == organizer_id,
            RecoveryCode.mark == _mark(organizer_id, code, key),
        ),
    )
    if not gone:
        return CodeVerdict.WRONG
    left = recovery_codes_left(session, organizer_id)
    audit_log.record(session, organizer_id, "paper code used", now=now, details={"left": left})
    return CodeVerdict.RIGHT


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step of a code: the current one, the one before or the one after; else None."""
    totp, current = pyotp.TOTP(secret), _step(now)
    for step in (current, current - 1, current + 1):
        # As bytes: compare_digest takes no text beyond ASCII.
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def _step(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def _mark(organizer_id: int, code: str, key: ServerEncryption) -> str:
    return key.mark(f"paper {organizer_id} {text.read_code(code)}")


def _about(organizer_id: int) -> str:
    return f"totp {organizer_id}"
