"""The registration: its table, its status, its encrypted personal data and its links.

Name and contact are encrypted under a key of their own, which only the key store has. The links of
a registration are derived from that key; the row stores their hashes.
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
from outreach.errors import DataErased, NotFound
from outreach.keystore import KeyStore, RegistrationKey


class RegistrationStatus(StrEnum):
    CONFIRMED = "seated"
    WAITLISTED = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    EXPIRED = "lapsed"  # did not answer in time; may join the waitlist again


STATUSES_WITH_SEATS: Final = (RegistrationStatus.CONFIRMED, RegistrationStatus.OFFERED)
ACTIVE_STATUSES: Final = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)


class ContactMethod(StrEnum):
    NONE = "none"
    EMAIL = "email"
    PHONE = "phone"


class SeatClaim(StrEnum):
    """On a seat that is kept for proven contacts (`kept_seats.py`)."""

    NONE = "none"
    OPEN = "open"  # only kept seats were left
    PROVEN = "proven"  # the contact is proven


class AccessNeed(StrEnum):
    STEP_FREE = "step_free"
    CHILDCARE = "childcare"
    SIGN_LANGUAGE = "sign_language"


INTERPRETER: Final = "interpreter-"  # prefix of a need; the language follows: interpreter-nah


@dataclass(frozen=True, kw_only=True, repr=False)
class RegistrationData:
    """What a registration form says of a party, before it is stored."""

    name: str
    people: int = 1
    contact: ContactMethod = ContactMethod.NONE
    address: str = ""  # the e-mail or the phone (E.164), by `contact`
    may_leave_message: bool = False
    wants_reminder: bool = False
    wants_entry: bool = False  # a calendar entry attached to each letter
    language: str = "es"
    needs: Codes = field(default_factory=Codes)
    slot: str = ""  # the start of a time slot, as `10:20`; empty without slots


@dataclass(frozen=True, kw_only=True, repr=False)
class PersonalData:
    """Name and contact of a person, decrypted for one reader."""

    name: str
    address: str


class Registration(Base):
    __tablename__ = "registration"
    __table_args__ = (
        sa.UniqueConstraint("workshop_id", "door_code"),
        sa.Index(None, "workshop_id", "standing", "queued_at", "id"),
        sa.CheckConstraint("people >= 1", name="people"),
        # Partial indexes: they stay small over the years and cost an ordinary registration little.
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
    # HMACs of the tokens of its links (`KeyStore.link_digest`).
    manage_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True, unique=True)
    entry_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True, unique=True)
    door_code: Mapped[str | None] = mapped_column(sa.String(6))
    nonce: Mapped[bytes] = mapped_column(
        sa.LargeBinary(32), unique=True
    )  # SHA-256 of the form's id, which is keyed
    registered_at: Mapped[datetime]
    queued_at: Mapped[datetime]  # the order of the waitlist
    arrived: Mapped[int] = mapped_column(default=0)  # of `people`
    slot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("slot.id"), default=None)
    slot: Mapped[TimeSlot | None] = relationship(init=False, lazy="joined")
    offered_until: Mapped[datetime | None] = mapped_column(default=None)
    lapses: Mapped[int] = mapped_column(default=0)  # offers that expired
    approved_at: Mapped[datetime | None] = mapped_column(default=None)
    # Staff decided that the address is said by phone only; the person's page does not tell.
    is_declined: Mapped[bool] = mapped_column(default=False)
    # A group registration, one row for each date of a series, shares the id of its first row.
    joint_id: Mapped[str | None] = mapped_column(sa.String(26), default=None)
    asked_at: Mapped[datetime | None] = mapped_column(default=None)  # «are you still coming?»
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)  # «yes»
    wants_entry: Mapped[bool] = mapped_column(default=False)
    changes: Mapped[int] = mapped_column(
        default=0
    )  # of the time slot: added to the SEQUENCE of iCalendar
    # SHA-256 of the tokens, of registrations that an earlier version stored (`key_links`).
    manage: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True, default=None)
    entry: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True, default=None)
    # Beyond the share of its network (S29, `review.py`): waitlisted, and gets no offer until staff
    # have looked at it. At a discreet workshop its pages and letters show a confirmed seat.
    needs_review: Mapped[bool] = mapped_column(default=False)
    appears_confirmed: Mapped[bool] = mapped_column(default=False)
    # Staff released its seat as doubtful (`doubtful.py`): it enters like a walk-in.
    is_released: Mapped[bool] = mapped_column(default=False)
    claim: Mapped[SeatClaim] = mapped_column(default=SeatClaim.NONE)

    @property
    def apparent_status(self) -> RegistrationStatus:
        """What the person's own pages and letters show."""
        is_waiting = self.status is RegistrationStatus.WAITLISTED
        shows_seat = is_waiting and self.appears_confirmed
        return RegistrationStatus.CONFIRMED if shows_seat else self.status

    @property
    def is_live(self) -> bool:
        return self.status in ACTIVE_STATUSES

    @property
    def sees_address(self) -> bool:
        """Whether this person may read the address; pages and letters ask only this."""
        has_seat = self.apparent_status is RegistrationStatus.CONFIRMED
        return {
            Visibility.PUBLIC: True,
            Visibility.REGISTERED: has_seat,
            Visibility.APPROVED: has_seat and self.approved_at is not None,
            Visibility.PHONE_ONLY: False,
        }[self.workshop.visibility]

    @property
    def is_undecided(self) -> bool:
        """Whether they have a seat and staff have not decided on the address; see
        `address_approval`."""
        has_seat = self.status is RegistrationStatus.CONFIRMED
        return has_seat and self.approved_at is None and not self.is_declined

    @property
    def day(self) -> date:
        slot = self.slot
        return self.workshop.day if slot is None else time_slots.get_day(self.workshop, slot.minute)

    @property
    def starts(self) -> time:
        """When the party is expected: at the start of its time slot if it has one."""
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


# The condition of a query for those whose `apparent_status` is CONFIRMED.
APPARENTLY_CONFIRMED: Final = sa.or_(
    Registration.status == RegistrationStatus.CONFIRMED,
    sa.and_(
        Registration.status == RegistrationStatus.WAITLISTED,
        Registration.appears_confirmed.is_(True),
    ),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class SealedRegistration:
    """The id, key and encrypted personal data of a new registration; see `prepare`."""

    id: str
    key_id: bytes
    key: bytes
    sealed: bytes
    manage_digest: bytes
    entry_digest: bytes


def prepare(key_store: KeyStore, workshop: Workshop, data: RegistrationData) -> SealedRegistration:
    """Creates a key in the key store and encrypts name and contact with it.

    Called before the transaction that stores the registration, and outside of it: a crash in
    between leaves an unused key, which `reconcile` removes. A contact may have any number of
    registrations: a limit would tell whoever tries it that this contact is registered (S26)."""
    key_id, key = key_store.new(workshop.id, workshop.forget_on, data.address or None)
    registration_id = code(26)
    person = PersonalData(name=data.name, address=data.address)
    return SealedRegistration(
        id=registration_id,
        key_id=key_id,
        key=key,
        sealed=encrypt_person(key, registration_id, person),
        manage_digest=key_store.link_digest(_hash(keystore.derive(key, "manage"))),
        entry_digest=key_store.link_digest(_hash(keystore.derive(key, "entry"))),
    )


def encrypt_person(key: bytes, registration_id: str, person: PersonalData) -> bytes:
    """The personal data as the row stores it, encrypted and bound to the registration's id."""
    text = json.dumps({"name": person.name, "address": person.address})
    return keystore.encrypt(key, text, _about(registration_id))


_BY_NONCE: Final = sa.select(Registration.id, Registration.key_id).where(
    Registration.nonce == sa.bindparam("nonce")
)


def find_duplicate(session: Session, form_id: str) -> Registration | None:
    """The registration that this form made already; None if there is none. `form_id` is what
    `KeyStore.form_id` returns for the form's nonce. Raises NotFound where the registration has been
    erased since."""
    row = session.connection().execute(_BY_NONCE, {"nonce": digest(form_id)}).first()
    if row is None:
        return None
    if row.key_id is None:
        raise NotFound("registration")
    return session.get_one(Registration, row.id)


def is_of_party(registration: Registration, key: bytes, data: RegistrationData) -> bool:
    """Whether the registration has the name, contact and number of people of this form."""
    person = decrypt_person(registration, key)
    stored = person.name, person.address, registration.contact, registration.people
    return stored == (data.name, data.address, data.contact, data.people)


def find(session: Session, key_store: KeyStore, token: str) -> Registration:
    """The registration of a manage link. Raises NotFound."""
    hashed = _hash(_bytes_of(token))
    is_its = Registration.manage_digest == key_store.link_digest(hashed)
    return _find(session, sa.or_(is_its, Registration.manage == hashed))


def find_by_entry_token(session: Session, key_store: KeyStore, token: str) -> Registration:
    """The registration of the QR code that is shown at check-in. Raises NotFound."""
    hashed = _hash(_bytes_of(token))
    is_its = Registration.entry_digest == key_store.link_digest(hashed)
    return _find(session, sa.or_(is_its, Registration.entry == hashed))


def key_links(session: Session, key_store: KeyStore, *, limit: int) -> int:
    """Replaces the plain hashes that an earlier version stored by HMACs, of so many registrations
    at most; returns of how many."""
    rows = session.execute(
        sa.select(Registration.id, Registration.manage, Registration.entry)
        .where(sa.or_(Registration.manage.is_not(None), Registration.entry.is_not(None)))
        .limit(limit)
    ).all()
    for row in rows:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == row.id, Registration.key_id.is_not(None))
            .values(
                manage_digest=row.manage and key_store.link_digest(row.manage),
                entry_digest=row.entry and key_store.link_digest(row.entry),
            )
            .execution_options(synchronize_session=False)
        )
        session.execute(
            sa.update(Registration)
            .where(Registration.id == row.id)
            .values(manage=None, entry=None)
            .execution_options(synchronize_session=False)
        )
    return len(rows)


def manage_digest_of(key_store: KeyStore, key: bytes) -> bytes:
    """What the row stores of the manage link that this key gives now."""
    return key_store.link_digest(_hash(keystore.derive_link(key, "manage")))


def store_links(
    session: Session, key_store: KeyStore, registration_id: str, key: RegistrationKey
) -> None:
    """Stores the links that this key gives now, and another door code: those of before lead nowhere
    any more."""
    session.execute(
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.key_id.is_not(None))
        .values(
            manage_digest=manage_digest_of(key_store, key),
            entry_digest=key_store.link_digest(_hash(keystore.derive_link(key, "entry"))),
            manage=None,
            entry=None,
            door_code=code(6),
        )
        .execution_options(synchronize_session=False)
    )


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _find(session: Session, condition: sa.ColumnElement[bool]) -> Registration:
    registration = session.scalar(
        sa.select(Registration).where(condition).options(sa.orm.joinedload(Registration.workshop))
    )
    if registration is None or registration.key_id is None:
        raise NotFound("registration")
    return registration


def get_key(key_store: KeyStore, registration: Registration) -> RegistrationKey:
    """The encryption key of a registration. Raises NotFound where the person has been erased."""
    if registration.key_id is None:
        raise NotFound("registration")
    try:
        return key_store.get(registration.key_id)
    except DataErased:
        raise NotFound("registration") from None


def derive_manage_token(key: bytes) -> str:
    return _text_of(keystore.derive_link(key, "manage"))


def derive_entry_token(key: bytes) -> str:
    return _text_of(keystore.derive_link(key, "entry"))


def decrypt_person(registration: Registration, key: bytes) -> PersonalData:
    """Name and contact. Raises DataErased where they have been erased."""
    if registration.sealed is None:
        raise DataErased("registration")
    data = json.loads(keystore.decrypt(key, registration.sealed, _about(registration.id)))
    return PersonalData(name=data["name"], address=data["address"])


def decrypt_people(
    key_store: KeyStore, registrations: Iterable[Registration]
) -> dict[str, PersonalData]:
    """Name and contact by id of registration, of those whose key is still there."""
    by_key = {row.key_id: row for row in registrations if row.key_id is not None}
    keys = key_store.get_all(by_key)
    return {by_key[key_id].id: decrypt_person(by_key[key_id], key) for key_id, key in keys.items()}


def list_active(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """The confirmed, offered and waitlisted registrations, in the order of the waitlist."""
    return session.scalars(
        sa.select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES))
        .order_by(Registration.queued_at, Registration.id)
    ).all()


def list_group(session: Session, registration: Registration) -> Sequence[Registration]:
    """The registrations of a group that are not erased, this one included, by start."""
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
    """How many parties that hold seats have this access need."""
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.workshop_id == workshop_id,
            Registration.status.in_(STATUSES_WITH_SEATS),
            has_code(Registration.needs, need),
        )
    )
    return count or 0


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _about(registration_id: str) -> str:
    return f"registration {registration_id}"


def _text_of(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _bytes_of(token: str) -> bytes:
    """The bytes of a token. Raises NotFound where the text is not a canonical token."""
    if len(token) != 22 or not token.isascii():
        raise NotFound("registration")
    try:
        token_bytes = base64.urlsafe_b64decode(token + "==")
    except (ValueError, binascii.Error):
        raise NotFound("registration") from None
    if _text_of(token_bytes) != token:  # the last character has four unused bits
        raise NotFound("registration")
    return token_bytes
