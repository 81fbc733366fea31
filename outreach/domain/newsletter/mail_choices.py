"""Which letters staff want, at what hour the digest comes, and the link that turns them off.

An account without a row gets everything at the usual hour. Letters about the account itself (S35)
are no choice. Only an address that has been proven is written to: its account has signed in.
"""

import base64
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import Codes
from outreach.domain.network.staff import StaffMember
from outreach.keystore import KeyStore

USUAL_HOUR: Final = 7
HOURS: Final = range(5, 13)  # in the morning; clocks change earlier in every zone
_TOKEN_BYTES: Final = 16
_PURPOSE: Final = "staff letters off"


class StaffLetter(StrEnum):
    """A letter that staff may turn off; stored in `MailChoice.unwanted`."""

    DIGEST = "digest"
    APPROVAL = "approval"  # somebody awaits approval at a workshop where nobody did
    FULL = "full"  # a workshop is full
    BURST = "burst"  # registrations of one network beyond its share


class LetterGroup(StrEnum):
    """The letters that one link turns off."""

    DIGEST = "digest"
    ALERTS = "alerts"


LETTERS: Final[Mapping[LetterGroup, frozenset[StaffLetter]]] = {
    LetterGroup.DIGEST: frozenset({StaffLetter.DIGEST}),
    LetterGroup.ALERTS: frozenset({StaffLetter.APPROVAL, StaffLetter.FULL, StaffLetter.BURST}),
}
CAN_BE_WRITTEN_TO: Final = sa.and_(
    StaffMember.disabled_at.is_(None), StaffMember.signed_in_at.is_not(None)
)


class MailChoice(Base):
    """The letters that one account wants, and the hour of its digest."""

    __tablename__ = "mail_choice"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    digest_hour: Mapped[int] = mapped_column(default=USUAL_HOUR)  # by the office's clock
    unwanted: Mapped[Codes] = mapped_column(default=Codes())

    def wants(self, letter: StaffLetter) -> bool:
        return letter not in self.unwanted

    def wants_any(self, group: LetterGroup) -> bool:
        return any(self.wants(each) for each in LETTERS[group])


def read(session: Session, organizer_id: int) -> MailChoice:
    """Returns the choice of an account; the usual one, which is not stored, where it has made
    none.
    """
    return session.get(MailChoice, organizer_id) or MailChoice(organizer_id=organizer_id)


def read_all(session: Session, organizer_ids: Collection[int]) -> dict[int, MailChoice]:
    """Returns the choices of several accounts by their ids, as `read` does for one."""
    rows = session.scalars(sa.select(MailChoice).where(MailChoice.organizer_id.in_(organizer_ids)))
    stored = {row.organizer_id: row for row in rows}
    return {each: stored.get(each) or MailChoice(organizer_id=each) for each in set(organizer_ids)}


def choose(
    session: Session, organizer_id: int, *, digest_hour: int, unwanted: Iterable[StaffLetter]
) -> bool:
    """Stores what an account wants, and tells whether anything changed.

    Raises ValueError for an hour that is not in HOURS.
    """
    if digest_hour not in HOURS:
        raise ValueError(f"hour {digest_hour}")
    choice = _lock(session, organizer_id)
    # In the order of the enumeration: the same choice is stored alike.
    wanted_off = set(unwanted)
    codes = Codes(each.value for each in StaffLetter if each in wanted_off)
    if (choice.digest_hour, choice.unwanted) == (digest_hour, codes):
        return False
    choice.digest_hour, choice.unwanted = digest_hour, codes
    session.add(choice)
    return True


def switch_off(session: Session, organizer_id: int, group: LetterGroup) -> bool:
    """Turns the letters of a group off, and tells whether one of them was on."""
    choice = _lock(session, organizer_id)
    unwanted = {StaffLetter(each) for each in choice.unwanted} | LETTERS[group]
    return choose(session, organizer_id, digest_hour=choice.digest_hour, unwanted=unwanted)


def _lock(session: Session, organizer_id: int) -> MailChoice:
    """Locks an account and returns its choice.

    Of two requests that store a first choice, the second sees that of the other.
    """
    session.execute(
        sa.select(StaffMember.id)
        .where(StaffMember.id == organizer_id)
        .with_for_update(key_share=True)
    ).all()
    row = session.get(MailChoice, organizer_id, populate_existing=True)
    return row or MailChoice(organizer_id=organizer_id)


@dataclass(frozen=True)
class LetterLink:
    """The account that a link belongs to, and the letters that it turns off."""

    organizer_id: int
    group: LetterGroup


def make_token(key_store: KeyStore, staff_member: StaffMember, group: LetterGroup) -> str:
    """Makes the end of the link that turns these letters off without a sign-in (RFC 8058).

    It is signed by the key store, and good as long as the account has this address.
    """
    signature = _sign(key_store, staff_member, group)
    return f"{staff_member.id}.{group}.{signature}"


def read_token(session: Session, key_store: KeyStore, token: str) -> LetterLink | None:
    """Returns what the link of this token turns off.

    None for one that is not ours, and for an account that has another address now or is disabled.
    """
    number, _dot, rest = token.partition(".")
    name, _dot, signature = rest.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    if name not in set(LetterGroup):
        return None
    staff_member = session.get(StaffMember, int(number))
    if staff_member is None or staff_member.disabled_at is not None:
        return None
    group = LetterGroup(name)
    expected = _sign(key_store, staff_member, group)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    return LetterLink(staff_member.id, group)


def _sign(key_store: KeyStore, staff_member: StaffMember, group: LetterGroup) -> str:
    text = f"{staff_member.id} {group} {staff_member.email}"
    digest = key_store.digest_for(_PURPOSE, text)[:_TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
