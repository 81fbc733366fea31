"""Members of the roster: speakers, interpreters, volunteers and mobile units.

Name and e-mail are encrypted under a key of the member's own, as those of a registration. A year
after a member is retired the key is destroyed, and the purge deletes the row with its assignments.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keystore
from outreach.db.types import Codes, has_code
from outreach.domain.network.offices import Office
from outreach.domain.roster.models import RosterAbsence, RosterMember, RosterRole, WorkingHours
from outreach.errors import DataErased, NotFound
from outreach.keystore import KeyStore

NO_WORKSHOP: Final = 0  # in the key store, in place of a workshop's id
ALWAYS: Final = date.max  # until they are retired
KEPT_RETIRED: Final = timedelta(days=365)  # as the audit log, which has their id
MAX_NAME: Final = 80


@dataclass(frozen=True, kw_only=True, repr=False)
class MemberDetails:
    """Name and e-mail of a member, decrypted for one reader."""

    name: str
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class MemberData:
    """The data that staff set for a member, except for name and e-mail.

    Hours are (weekday, start, end); none mean any hour. Absences are (first day, last day).
    """

    office_id: int | None
    role: RosterRole
    languages: Codes = field(default_factory=Codes)
    is_by_phone: bool = False
    lang: str = "es"
    hours: Sequence[tuple[int, time, time]] = ()
    absences: Sequence[tuple[date, date]] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class SealedDetails:
    """Encrypted details, ready to be stored."""

    key_id: bytes
    sealed: bytes
    has_email: bool


def seal(
    key_store: KeyStore, details: MemberDetails, member: RosterMember | None = None
) -> SealedDetails:
    """Encrypts the details under the member's key, or a new one. Call it before the transaction
    that stores them. Raises DataErased where the member's key is gone."""
    if member is None:
        key_id, key = key_store.new(NO_WORKSHOP, ALWAYS)
    else:
        key_id, key = member.key_id, key_store.get(member.key_id)
    text = json.dumps({"name": details.name, "email": details.email}, ensure_ascii=False)
    return SealedDetails(
        key_id=key_id,
        sealed=keystore.encrypt(key, text, _about(key_id)),
        has_email=bool(details.email),
    )


def open_details(key_store: KeyStore, members: Iterable[RosterMember]) -> dict[int, MemberDetails]:
    """Decrypts the details of these members, by id, without those whose key is gone."""
    listed = list(members)
    keys = key_store.get_all([each.key_id for each in listed])
    return {
        each.id: decrypt_details(each, keys[each.key_id]) for each in listed if each.key_id in keys
    }


def read_details(key_store: KeyStore, member: RosterMember) -> MemberDetails:
    """Reads the member's key and decrypts the details. Raises DataErased."""
    return decrypt_details(member, key_store.get(member.key_id))


def decrypt_details(member: RosterMember, key: bytes) -> MemberDetails:
    """Decrypts the details of a member with its key. Raises DataErased."""
    return MemberDetails(**json.loads(keystore.decrypt(key, member.sealed, _about(member.key_id))))


def add(session: Session, sealed: SealedDetails, data: MemberData) -> RosterMember:
    """Stores a new member."""
    member = RosterMember(
        office_id=data.office_id,
        role=data.role,
        languages=data.languages,
        is_by_phone=data.is_by_phone,
        lang=data.lang,
        key_id=sealed.key_id,
        sealed=sealed.sealed,
        has_email=sealed.has_email,
    )
    _set_availability(member, data)
    session.add(member)
    session.flush()
    return member


def change(session: Session, member: RosterMember, sealed: SealedDetails, data: MemberData) -> None:
    """Stores the data that staff have changed of a member; the office stays."""
    member.role, member.languages = data.role, data.languages
    member.is_by_phone, member.lang = data.is_by_phone, data.lang
    member.sealed, member.has_email = sealed.sealed, sealed.has_email
    member.hours.clear()
    member.absences.clear()
    session.flush()  # the new rows may have the keys of the former ones
    _set_availability(member, data)
    session.flush()


def _set_availability(member: RosterMember, data: MemberData) -> None:
    member.hours = [
        WorkingHours(weekday=weekday, starts=starts, ends=ends)
        for weekday, starts, ends in data.hours
    ]
    member.absences = [
        RosterAbsence(first_day=first, last_day=last) for first, last in data.absences
    ]


def list_members(
    session: Session,
    office_ids: Collection[int],
    *,
    role: RosterRole | None = None,
    language: str = "",
    is_retired: bool = False,
) -> Sequence[RosterMember]:
    """Returns the members of these offices and of the network, by id.

    They are those of one role, and those with one language, if given; with `is_retired`, the
    retired ones.
    """
    found = sa.select(RosterMember).where(
        _is_of_offices(office_ids),
        RosterMember.retired_at.is_not(None) if is_retired else RosterMember.retired_at.is_(None),
    )
    if role is not None:
        found = found.where(RosterMember.role == role)
    if language:
        found = found.where(has_code(RosterMember.languages, language))
    return session.scalars(found.order_by(RosterMember.id)).unique().all()


def find(session: Session, office_ids: Collection[int], member_id: int) -> RosterMember:
    """Finds a member of one of these offices, or of the network. Raises NotFound."""
    member = session.scalar(
        sa.select(RosterMember).where(RosterMember.id == member_id, _is_of_offices(office_ids))
    )
    if member is None:
        raise NotFound("roster member")
    return member


def get_office_slug(session: Session, member_id: int) -> str:
    """Returns the slug of a member's office; empty for one of the network. Raises NotFound."""
    row = session.execute(
        sa.select(Office.slug)
        .select_from(RosterMember)
        .outerjoin(Office, Office.id == RosterMember.office_id)
        .where(RosterMember.id == member_id)
    ).first()
    if row is None:
        raise NotFound("roster member")
    return row[0] or ""


def lock(session: Session, member: RosterMember) -> None:
    """Locks the member until the transaction ends, and refreshes it.

    Of two assignments of one mobile unit at once, the second sees the first.
    """
    row = sa.select(RosterMember.id).where(RosterMember.id == member.id)
    session.execute(row.with_for_update(key_share=True))
    session.refresh(member)


def _is_of_offices(office_ids: Collection[int]) -> sa.ColumnElement[bool]:
    return sa.or_(RosterMember.office_id.is_(None), RosterMember.office_id.in_(office_ids))


def retire(member: RosterMember, *, now: datetime) -> None:
    """Retires a member, who is chosen no more and loses the calendar feed.

    `KeyStore.expire_by` with `compute_forget_day` has to follow.
    """
    member.retired_at = now
    revoke_feed(member)


def reinstate(member: RosterMember) -> None:
    """Lets a retired member be chosen again.

    `KeyStore.keep` has to be called before: for a member who is erased it returns False.
    """
    member.retired_at = None


def compute_forget_day(now: datetime) -> date:
    """Returns the day on which the data of a member who is retired now are erased."""
    return now.date() + KEPT_RETIRED


def make_feed(member: RosterMember, *, now: datetime) -> str:
    """Returns a new token of the member's calendar feed; an earlier one stops working."""
    token = secrets.token_urlsafe(32)
    member.feed_hash, member.feed_made_at = _digest(token), now
    return token


def revoke_feed(member: RosterMember) -> None:
    member.feed_hash = member.feed_made_at = None


def find_by_feed(session: Session, token: str) -> RosterMember | None:
    """Finds the member whose calendar feed has this token; None for an unknown one."""
    return session.scalar(sa.select(RosterMember).where(RosterMember.feed_hash == _digest(token)))


def list_recipient_ids(session: Session) -> set[str]:
    """The `recipient_id` of all members."""
    return {f"roster{key_id.hex()}" for key_id in session.scalars(sa.select(RosterMember.key_id))}


def is_readable(key_store: KeyStore, member: RosterMember) -> bool:
    """Tells whether the member's data can be read, so are not erased."""
    try:
        key_store.get(member.key_id)
    except DataErased:
        return False
    return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _about(key_id: bytes) -> str:
    return f"roster member {key_id.hex()}"
