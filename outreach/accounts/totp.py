"""The second factor that is typed: six digits of an application, or a code from paper.

Each works once. Tries are counted before they are looked at, so a hundred at once are counted too.
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
from outreach.db.store import took_effect
from outreach.domain import text
from outreach.domain.audit import audit_log
from outreach.errors import Forgotten

log = logging.getLogger(__name__)

STEP: Final = 30  # seconds
TRIES: Final = 10  # an hour: six digits and three steps give one chance in 33,000
WINDOW: Final = timedelta(hours=1)
PAPER: Final = 10  # codes on a sheet
_LETTERS: Final = 12  # of a paper code: 60 bits


class TotpSecret(Base):
    """The secret that someone's application shares with us."""

    __tablename__ = "totp"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    tries_since: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(default=0)  # the last one that was used
    tries: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code that was not used yet. Its use is its end."""

    __tablename__ = "paper_code"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True
    )
    mark: Mapped[str] = mapped_column(sa.String(64), primary_key=True)


class CodeVerdict(StrEnum):
    """What becomes of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    REPLAYED = "replayed"  # was right, and was used before
    TOO_MANY = "too many"


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, email: str, issuer: str) -> str:
    """What the square says that an application reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def at(secret: str, moment: datetime) -> str:
    """The six digits of a moment."""
    return pyotp.TOTP(secret).generate_otp(_step(moment))


def is_enrolled(session: Session, organizer_id: int) -> bool:
    return session.get(TotpSecret, organizer_id) is not None


def enrolled(session: Session) -> frozenset[int]:
    """Who has an application that gives codes, by the account's id."""
    return frozenset(session.scalars(sa.select(TotpSecret.organizer_id)))


def enrol(
    session: Session,
    organizer_id: int,
    secret: str,
    typed: str,
    key: ServerEncryption,
    *,
    now: datetime,
    instead: bool = False,
) -> bool:
    """The first application, or another `instead` of it. False when the code does not belong to
    the secret, or somebody else was faster. The code it was shown with works no more."""
    step = _matching_step(secret, text.read_code(typed), now)
    if step is None:
        return False
    try:
        with session.begin_nested():
            if instead:
                session.execute(
                    sa.delete(TotpSecret).where(TotpSecret.organizer_id == organizer_id)
                )
            # Of several who set up a first one, the row lets one in.
            keep(session, organizer_id, secret, key, now=now, last_step=step)
    except IntegrityError:
        return False
    return True


def keep(
    session: Session,
    organizer_id: int,
    secret: str,
    key: ServerEncryption,
    *,
    now: datetime,
    last_step: int = 0,
) -> None:
    """Someone's secret, without asking for a code."""
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


def forget(session: Session, organizer_id: int) -> None:
    """No application and no paper opens anything any more."""
    session.execute(sa.delete(TotpSecret).where(TotpSecret.organizer_id == organizer_id))
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer_id))


def check(
    session: Session, organizer_id: int, typed: str, key: ServerEncryption, *, now: datetime
) -> CodeVerdict:
    """Uses a code up. Whatever comes of it is in the journal, and has to be kept: the caller's
    block must end well though the code was wrong."""
    totp = session.get(TotpSecret, organizer_id)
    if totp is None:
        return CodeVerdict.WRONG
    mine = TotpSecret.organizer_id == organizer_id
    if not _may_try(session, organizer_id, now=now):
        # Said once an hour, not once a try.
        once = sa.update(TotpSecret).where(mine, TotpSecret.tries == TRIES).values(tries=TRIES + 1)
        if took_effect(session, once):
            audit_log.record(session, organizer_id, "too many codes tried", now=now)
        return CodeVerdict.TOO_MANY
    bare = text.read_code(typed)
    if len(bare) == 6:
        verdict = _use_step(session, totp, bare, key, now=now)
    else:
        verdict = _use_paper(session, organizer_id, bare, key, now=now)
    if verdict is CodeVerdict.RIGHT:
        session.execute(sa.update(TotpSecret).where(mine).values(tries=0))
    elif verdict is CodeVerdict.REPLAYED:
        audit_log.record(session, organizer_id, "used code refused", now=now)
    else:
        audit_log.record(session, organizer_id, "wrong code", now=now)
    return verdict


def create_recovery_codes(session: Session, organizer_id: int, key: ServerEncryption) -> list[str]:
    """New codes, to be shown once; earlier ones stop working."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer_id))
    made = [text.code(_LETTERS) for _ in range(PAPER)]
    store_recovery_codes(session, organizer_id, made, key)
    return [f"{code[:4]} {code[4:8]} {code[8:]}" for code in made]


def store_recovery_codes(
    session: Session, organizer_id: int, printed: Sequence[str], key: ServerEncryption
) -> None:
    session.add_all(
        RecoveryCode(organizer_id=organizer_id, mark=_mark(organizer_id, code, key))
        for code in printed
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
    """For the demo, which prints it. Raises Forgotten when it was sealed under another secret."""
    totp = session.get(TotpSecret, organizer_id)
    return key.unseal(totp.sealed, _about(organizer_id)) if totp else None


def next_code(session: Session, organizer_id: int, key: ServerEncryption, *, now: datetime) -> str:
    """For the demo: the code that works now; empty where there is none, or none yet."""
    totp, secret = session.get(TotpSecret, organizer_id), secret_of(session, organizer_id, key)
    if totp is None or secret is None:
        return ""
    step = max(_step(now), totp.last_step + 1)
    return pyotp.TOTP(secret).generate_otp(step) if step <= _step(now) + 1 else ""


def _may_try(session: Session, organizer_id: int, *, now: datetime) -> bool:
    mine, old = TotpSecret.organizer_id == organizer_id, now - WINDOW
    anew = (
        sa.update(TotpSecret)
        .where(mine, TotpSecret.tries_since <= old)
        .values(tries=1, tries_since=now)
    )
    once_more = (
        sa.update(TotpSecret)
        .where(mine, TotpSecret.tries < TRIES)
        .values(tries=TotpSecret.tries + 1)
    )
    return took_effect(session, anew) or took_effect(session, once_more)


def _use_step(
    session: Session, totp: TotpSecret, code: str, key: ServerEncryption, *, now: datetime
) -> CodeVerdict:
    try:
        secret = key.unseal(totp.sealed, _about(totp.organizer_id))
    except Forgotten:
        log.error("a second factor does not open: is OUTREACH_SECRET_KEY another one?")
        return CodeVerdict.WRONG
    step = _matching_step(secret, code, now)
    if step is None:
        return CodeVerdict.WRONG
    used = took_effect(
        session,
        sa.update(TotpSecret)
        .where(TotpSecret.organizer_id == totp.organizer_id, TotpSecret.last_step < step)
        .values(last_step=step),
    )
    return CodeVerdict.RIGHT if used else CodeVerdict.REPLAYED


def _use_paper(
    session: Session, organizer_id: int, code: str, key: ServerEncryption, *, now: datetime
) -> CodeVerdict:
    gone = took_effect(
        session,
        sa.delete(RecoveryCode).where(
            RecoveryCode.organizer_id == organizer_id,
            RecoveryCode.mark == _mark(organizer_id, code, key),
        ),
    )
    if not gone:
        return CodeVerdict.WRONG
    left = recovery_codes_left(session, organizer_id)
    audit_log.record(session, organizer_id, "paper code used", now=now, detail=f"{left} left")
    return CodeVerdict.RIGHT


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The half-minute a code belongs to: this one, the one before or the one after."""
    totp, this = pyotp.TOTP(secret), _step(now)
    for step in (this, this - 1, this + 1):
        # As bytes: text that is not ASCII cannot be compared this way.
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def _step(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def _mark(organizer_id: int, code: str, key: ServerEncryption) -> str:
    return key.mark(f"paper {organizer_id} {text.read_code(code)}")


def _about(organizer_id: int) -> str:
    return f"totp {organizer_id}"
