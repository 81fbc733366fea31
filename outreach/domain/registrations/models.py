"""Registrations: who asked to come, and whether there is a place for them.

Name and contact are sealed under a key of their own, which is in the keyring; the row alone reads
nothing. The link to it is made from that key, and only its hash is here.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import keystore
from outreach.db.base import Base
from outreach.db.types import Codes, has_code
from outreach.domain.network.kinds import Visibility
from outreach.domain.text import code
from outreach.domain.workshops import Workshop, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import Forgotten, NotFound
from outreach.keystore import KeyStore

MAX_ACTIVE_PER_CONTACT: Final = 3  # S26


class RegistrationStatus(StrEnum):
    CONFIRMED = "seated"
    WAITLISTED = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    EXPIRED = "lapsed"  # they did not answer in time; they may ask again


SEAT_HOLDING_STATUSES: Final = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.OFFERED,
)  # places are kept for these
ACTIVE_STATUSES: Final = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)


class ContactMethod(StrEnum):
    NONE = "none"
    EMAIL = "email"
    PHONE = "phone"


class AccessNeed(StrEnum):
    STEP_FREE = "step_free"
    CHILDCARE = "childcare"
    SIGN_LANGUAGE = "sign_language"


INTERPRETER: Final = "interpreter-"  # and the language: interpreter-nah


@dataclass(frozen=True, kw_only=True, repr=False)
class RegistrationData:
    """What a person tells us about themselves. There is nothing else we need to know."""

    name: str
    people: int = 1
    contact: ContactMethod = ContactMethod.NONE
    address: str = ""  # the e-mail or the phone (E.164), by `contact`
    may_leave_message: bool = False
    wants_reminder: bool = False
    wants_entry: bool = False  # for the calendar, with each letter
    language: str = "es"
    needs: Codes = field(default_factory=Codes)
    slot: str = ""  # the hour of a consultation, as `10:20`; empty where there are none


@dataclass(frozen=True, kw_only=True, repr=False)
class PersonalData:
    """What only the key can read."""

    name: str
    address: str


class Registration(Base):
    __tablename__ = "registration"
    __table_args__ = (
        sa.UniqueConstraint("workshop_id", "door_code"),
        sa.Index(None, "workshop_id", "standing", "queued_at", "id"),
        sa.CheckConstraint("people >= 1", name="people"),
        # Only of those who can still be read, have an offer, or several dates: these stay small
        # however many years there are, and cost an ordinary registration next to nothing.
        *(
            sa.Index(
                None,
                name,
                sqlite_where=sa.text(f"{name} IS NOT NULL"),
                postgresql_where=sa.text(f"{name} IS NOT NULL"),
            )
            for name in ("key_id", "offered_until", "joint_id")
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id"))
    workshop: Mapped[Workshop] = relationship(init=False)
    status: Mapped[RegistrationStatus] = mapped_column("standing")
    people: Mapped[int]
    contact: Mapped[ContactMethod]
    may_leave_message: Mapped[bool]
    wants_reminder: Mapped[bool]
    language: Mapped[str] = mapped_column(sa.String(2))
    needs: Mapped[Codes]
    key_id: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16))
    sealed: Mapped[bytes | None]
    manage: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256
    entry: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256
    door_code: Mapped[str | None] = mapped_column(sa.String(6))
    nonce: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256 of the form's
    registered_at: Mapped[datetime]
    queued_at: Mapped[datetime]  # the order of the waiting list
    arrived: Mapped[int] = mapped_column(default=0)  # of `people`
    slot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("slot.id"), default=None)
    slot: Mapped[TimeSlot | None] = relationship(init=False, lazy="joined")
    offered_until: Mapped[datetime | None] = mapped_column(default=None)
    lapses: Mapped[int] = mapped_column(default=0)  # offers that were not answered
    approved_at: Mapped[datetime | None] = mapped_column(default=None)
    # Registrations made together, one for each date of a series, share the id of the first.
    joint_id: Mapped[str | None] = mapped_column(sa.String(26), default=None)
    asked_at: Mapped[datetime | None] = mapped_column(default=None)  # whether they still come
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)  # that they do
    wants_entry: Mapped[bool] = mapped_column(default=False)
    changes: Mapped[int] = mapped_column(default=0)  # of their own hour: makes SEQUENCE rise

    @property
    def is_live(self) -> bool:
        return self.status in ACTIVE_STATUSES

    @property
    def sees_address(self) -> bool:
        """Whether this person may read where it is: the one rule, for pages and letters."""
        has_place = self.status is RegistrationStatus.CONFIRMED
        return {
            Visibility.PUBLIC: True,
            Visibility.REGISTERED: has_place,
            Visibility.APPROVED: has_place and self.approved_at is not None,
            Visibility.PHONE_ONLY: False,
        }[self.workshop.visibility]

    @property
    def day(self) -> date:
        slot = self.slot
        return self.workshop.day if slot is None else time_slots.get_day(self.workshop, slot.minute)

    @property
    def starts(self) -> time:
        """When they are expected: at their own hour if they have one."""
        slot = self.slot
        return (
            self.workshop.starts
            if slot is None
            else time_slots.get_start(self.workshop, slot.minute)
        )

    @property
    def ends(self) -> time:
        slot = self.slot
        return (
            self.workshop.ends if slot is None else time_slots.get_end(self.workshop, slot.minute)
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class SealedRegistration:
    """What a registration is made of besides what the person said; see `prepare`."""

    id: str
    key_id: bytes
    key: bytes
    sealed: bytes


def prepare(
    key_store: KeyStore, workshop: Workshop, applicant: RegistrationData
) -> SealedRegistration:
    """Puts a key in the ring and seals the name with it; before, and outside, the transaction
    that takes the place. A crash in between leaves a key that opens nothing.

    Raises TooMany when this e-mail or phone holds as many registrations here as one may."""
    contact = applicant.address or None
    key_id, key = key_store.new(
        workshop.id, workshop.forget_on, contact, at_most=MAX_ACTIVE_PER_CONTACT
    )
    mine = code(26)
    person = PersonalData(name=applicant.name, address=applicant.address)
    return SealedRegistration(
        id=mine, key_id=key_id, key=key, sealed=encrypt_person(key, mine, person)
    )


def encrypt_person(key: bytes, registration_id: str, person: PersonalData) -> bytes:
    """What the row keeps of the person: nothing that can be read without the key."""
    said = json.dumps({"name": person.name, "address": person.address})
    return keystore.encrypt(key, said, _about(registration_id))


_BY_NONCE: Final = sa.select(Registration.id, Registration.key_id).where(
    Registration.nonce == sa.bindparam("nonce")
)


def find_duplicate(session: Session, nonce: str) -> Registration | None:
    """The registration that this form made already. Raises NotFound if it has been cancelled or
    forgotten since: the form is worth nothing any more."""
    row = session.connection().execute(_BY_NONCE, {"nonce": digest(nonce)}).first()
    if row is None:
        return None
    if row.key_id is None:
        raise NotFound("registration")
    return session.get_one(Registration, row.id)


# Finding one's own


def find(session: Session, token: str) -> Registration:
    """The registration a manage link leads to. Raises NotFound."""
    return _found(session, Registration.manage, token)


def find_by_calendar_token(session: Session, token: str) -> Registration:
    """The registration of the square shown at the door. Raises NotFound."""
    return _found(session, Registration.entry, token)


def _found(
    session: Session, column: sa.SQLColumnExpression[bytes | None], token: str
) -> Registration:
    registration = session.scalar(
        sa.select(Registration)
        .where(column == hashlib.sha256(_bytes_of(token)).digest())
        .options(sa.orm.joinedload(Registration.workshop))
    )
    if registration is None or registration.key_id is None:
        raise NotFound("registration")
    return registration


def get_key(key_store: KeyStore, registration: Registration) -> bytes:
    """Raises NotFound when the person has been forgotten."""
    if registration.key_id is None:
        raise NotFound("registration")
    try:
        return key_store.get(registration.key_id)
    except Forgotten:
        raise NotFound("registration") from None


def derive_manage_token(key: bytes) -> str:
    return _text_of(keystore.derive(key, "manage"))


def derive_calendar_token(key: bytes) -> str:
    return _text_of(keystore.derive(key, "entry"))


def decrypt_person(registration: Registration, key: bytes) -> PersonalData:
    """The name and address. Raises Forgotten."""
    if registration.sealed is None:
        raise Forgotten("registration")
    opened = json.loads(keystore.decrypt(key, registration.sealed, _about(registration.id)))
    return PersonalData(name=opened["name"], address=opened["address"])


def decrypt_people(
    key_store: KeyStore, registrations: Iterable[Registration]
) -> dict[str, PersonalData]:
    """Those who can still be read, by the id of their registration."""
    wanted = {row.key_id: row for row in registrations if row.key_id is not None}
    keys = key_store.get_all(wanted)
    return {wanted[key_id].id: decrypt_person(wanted[key_id], key) for key_id, key in keys.items()}


def list_active(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """All who still have a place or a turn, in the order they came."""
    return session.scalars(
        sa.select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES))
        .order_by(Registration.queued_at, Registration.id)
    ).all()


def list_group(session: Session, registration: Registration) -> Sequence[Registration]:
    """The dates that were saved together with this one and can still be read, this one too, in
    the order of the days."""
    if registration.joint_id is None:
        return [registration]
    return session.scalars(
        sa.select(Registration)
        .join(Registration.workshop)
        .where(Registration.joint_id == registration.joint_id, Registration.key_id.is_not(None))
        .order_by(Workshop.starts_at, Registration.id)
        .options(sa.orm.contains_eager(Registration.workshop))
    ).all()


def count_access_need(session: Session, workshop_id: int, need: str) -> int:
    """Parties with a place, or an offer of one, that have the need."""
    found = session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.workshop_id == workshop_id,
            Registration.status.in_(SEAT_HOLDING_STATUSES),
            has_code(Registration.needs, need),
        )
    )
    return found or 0


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _about(registration_id: str) -> str:
    return f"registration {registration_id}"


def _text_of(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _bytes_of(token: str) -> bytes:
    """Raises NotFound for what cannot be one of our tokens."""
    if len(token) != 22 or not token.isascii():
        raise NotFound("registration")
    try:
        token_bytes = base64.urlsafe_b64decode(token + "==")
    except (ValueError, binascii.Error):
        raise NotFound("registration") from None
    if _text_of(token_bytes) != token:  # the last letter holds four bits that nobody reads
        raise NotFound("registration")
    return token_bytes
