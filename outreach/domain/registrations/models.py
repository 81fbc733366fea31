"""The registration: its table, its status, its encrypted personal data and its links.

Name, contact and details are encrypted under a key of their own, which only the key store has. The
links of a registration are derived from that key; the row stores HMACs of them and of its code.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final, Unpack, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import keystore, reader_zone
from outreach.db.base import Base
from outreach.db.types import Codes, Hour
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import party_details
from outreach.domain.registrations.party_details import DetailChanges, PartyDetails
from outreach.domain.text import code, read_code
from outreach.domain.workshops import Channel, Workshop, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import DataErased, NotFound
from outreach.keystore import KeyStore, RegistrationKey


class RegistrationStatus(StrEnum):
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # did not answer in time; may join the waitlist again


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


class TicketSharing(StrEnum):
    """Whether a ticket may be used to register one more party, «apartar para otra persona».

    See `ticket_sharing.py`.
    """

    OPEN = "open"  # its ticket may be used for another person, once
    GIVEN = "given"  # it has been
    RECEIVED = "received"  # it was made by another ticket, and offers nothing


class AccessNeed(StrEnum):
    STEP_FREE = "step_free"
    CHILDCARE = "childcare"
    SIGN_LANGUAGE = "sign_language"
    REMOTE_INTERPRETER = "remote_interpreter"  # by phone, from another region


CODE_LENGTH: Final = 6  # for check-in codes
UNNAMED: Final = "–"  # the name of a party that left none, by telephone; it opens nothing
INTERPRETER: Final = "interpreter-"  # prefix of a need; the language follows: interpreter-nah


@dataclass(frozen=True, kw_only=True, repr=False)
class RegistrationData:
    """The data of a party as a registration form gives them, before they are stored."""

    name: str
    people: int = 1
    contact: ContactMethod = ContactMethod.NONE
    address: str = ""  # the e-mail or the phone (E.164), by `contact`
    may_leave_message: bool = False
    takes_calls: bool = False  # also where a text or a message may be left
    is_only_reader: bool = False  # nobody else reads this phone
    wants_reminder: bool = False
    wants_entry: bool = False  # a calendar entry attached to each letter
    language: str = "es"
    needs: Codes = field(default_factory=Codes)
    slot: str = ""  # the start of a time slot, as `10:20`; empty without slots
    channel: str = ""  # a `Channel`, where the workshop has several
    zone: str = ""  # the key of the time zone of who fills the form in, where it is known
    code: str = ""  # for check-in, where it was said before; empty: a random one


@dataclass(frozen=True, kw_only=True, repr=False)
class PersonalData:
    """Name and contact of a person, decrypted for one reader."""

    name: str
    address: str


class Registration(Base):
    __tablename__ = "registration"
    __table_args__ = (
        sa.Index(None, "workshop_id", "status", "queue_number", "id"),
        sa.CheckConstraint("people >= 1", name="people"),
        # Partial indexes: they stay small over the years and cost an ordinary registration little.
        *(
            sa.Index(
                None,
                name,
                sqlite_where=sa.text(f"{name} IS NOT NULL"),
                postgresql_where=sa.text(f"{name} IS NOT NULL"),
            )
            for name in ("key_id", "offered_until", "joint_id", "approval_undo_until")
        ),
        # Has the few rows of IS_FOR_REVIEW.
        sa.Index(
            "ix_registration_beyond_share",
            "workshop_id",
            sqlite_where=sa.text("is_beyond_share IS 1"),
            postgresql_where=sa.text("is_beyond_share IS true"),
        ),
        # Has the few rows of IS_UNCLEARED, each for half a day.
        sa.Index(
            None,
            "registered_at",
            sqlite_where=sa.text("key_id IS NULL AND queue_number <> 0"),
            postgresql_where=sa.text("key_id IS NULL AND queue_number <> 0"),
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id"))
    workshop: Mapped[Workshop] = relationship(init=False)
    status: Mapped[RegistrationStatus]
    people: Mapped[int]
    contact: Mapped[ContactMethod]
    may_leave_message: Mapped[bool]
    # Calls are allowed besides; without `may_leave_message` they are in any case.
    takes_calls: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    wants_reminder: Mapped[bool]
    key_id: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16))
    sealed: Mapped[bytes | None]
    # HMACs of the tokens of its links (`KeyStore.link_digest`).
    manage_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True, unique=True)
    entry_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True, unique=True)
    nonce: Mapped[bytes] = mapped_column(
        sa.LargeBinary(32), unique=True
    )  # SHA-256 of the form's id, which is keyed
    registered_at: Mapped[datetime] = mapped_column(Hour)
    # The order of a workshop's registrations and of its waitlist (`next_queue_number`).
    queue_number: Mapped[int] = mapped_column(default=0)
    slot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("time_slot.id"), default=None)
    slot: Mapped[TimeSlot | None] = relationship(init=False, lazy="joined")
    offered_until: Mapped[datetime | None] = mapped_column(default=None)
    lapses: Mapped[int] = mapped_column(default=0)  # offers that expired
    approved_at: Mapped[datetime | None] = mapped_column(Hour, default=None)
    # Staff decided that the address is said by phone only; the person's page does not tell.
    is_declined: Mapped[bool] = mapped_column(default=False)
    # A decision of staff on the address that can be undone: nobody knows of it until then.
    approval_undo_until: Mapped[datetime | None] = mapped_column(default=None)
    # A group registration, one row for each date of a series, shares the id of its first row.
    joint_id: Mapped[str | None] = mapped_column(sa.String(26), default=None)
    asked_at: Mapped[datetime | None] = mapped_column(Hour, default=None)  # «are you still coming?»
    confirmed_at: Mapped[datetime | None] = mapped_column(Hour, default=None)  # «yes»
    wants_entry: Mapped[bool] = mapped_column(default=False)
    changes: Mapped[int] = mapped_column(
        default=0
    )  # how often its time slot changed: added to the SEQUENCE of iCalendar
    sealed_details: Mapped[bytes | None] = mapped_column(default=None)  # `PartyDetails`
    # HMAC of the check-in code (`KeyStore.code_digest`).
    code_digest: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary(32), index=True, unique=True, default=None
    )
    # Beyond the share of its network (S29, `review.py`): waitlisted, and gets no offer; after its
    # review it has a seat or is released. At a workshop of high sensitivity its pages and letters
    # show a confirmed seat all the time.
    is_beyond_share: Mapped[bool] = mapped_column(default=False)
    appears_confirmed: Mapped[bool] = mapped_column(default=False)
    # The review left it, or staff released its seat (`doubtful.py`): it enters like a walk-in.
    is_released: Mapped[bool] = mapped_column(default=False)
    sharing: Mapped[TicketSharing] = mapped_column(default=TicketSharing.OPEN)
    # What the party was last told, where that no longer holds (`change_notifications.py`).
    known_facts: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)

    _key_store = cast("KeyStore | None", None)  # the one of the session that loaded it
    # The ciphertext of the details, and what it says; None where the key is gone.
    _opened = cast("tuple[bytes | None, PartyDetails | None] | None", None)

    @property
    def details(self) -> PartyDetails:
        """The decrypted details; empty ones where the key is gone. `open_details` reads many keys
        at once.
        """
        return self._read_details() or PartyDetails()

    @property
    def is_readable(self) -> bool:
        """Whether the details can be read: the person has not been erased."""
        return self.key_id is not None and self._read_details() is not None

    @property
    def door_code(self) -> str:
        return self.details.code

    @property
    def language(self) -> str:
        return self.details.language

    @property
    def needs(self) -> Codes:
        return self.details.needs

    @property
    def arrived_count(self) -> int:
        """How many people of the party have come."""
        return self.details.arrived

    @property
    def channel(self) -> Channel:
        """How the party takes part: by the channel it chose, or by the first where the workshop
        has that one no more.
        """
        channels = self.workshop.mode.channels
        return next((each for each in channels if each == self.details.channel), channels[0])

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of the person's clock; None where it is not known, or they come to a venue."""
        return reader_zone.parse(self.details.zone)

    def open_with(self, key: bytes | None) -> None:
        """Decrypts the details with the key of this registration. None stands for a key that is
        gone.
        """
        details = None
        if self.sealed_details is not None and key is not None:
            details = party_details.decrypt(key, self.id, self.sealed_details)
        self._opened = self.sealed_details, details

    def copy_details(self, other: "Registration") -> None:
        """Takes the decrypted details from an instance of the same row that was read before."""
        self._opened = other._opened

    def set_fictitious_details(self, details: PartyDetails) -> None:
        """Gives these details to a registration that nothing stores, as in a preview."""
        self._opened = self.sealed_details, details

    def change_details(self, **changes: Unpack[DetailChanges]) -> None:
        """Encrypts changed details. Raises DataErased where the key is gone."""
        key = self._get_key_store().get(self.key_id or b"")
        self.open_with(key)
        self.seal(replace(self.details, **changes), key)

    def seal(self, details: PartyDetails, key: bytes) -> None:
        """Stores these details, encrypted with the key of this registration."""
        self.sealed_details = party_details.encrypt(key, self.id, details)
        self._opened = self.sealed_details, details

    def _read_details(self) -> PartyDetails | None:
        if self._opened is None or self._opened[0] != self.sealed_details:
            is_sealed = self.key_id is not None and self.sealed_details is not None
            keys = self._get_key_store().get_all([self.key_id or b""]) if is_sealed else {}
            self.open_with(keys.get(self.key_id or b""))
        assert self._opened is not None
        return self._opened[1]

    def _get_key_store(self) -> KeyStore:
        if self._key_store is None:
            session = sa.orm.object_session(self)
            assert session is not None, "the registration was neither loaded nor added"
            self._key_store = keystore.of_session(session)
        return self._key_store

    @property
    def apparent_status(self) -> RegistrationStatus:
        """The status that the person's own pages and letters show."""
        is_waiting = self.status is RegistrationStatus.WAITLISTED
        shows_seat = is_waiting and self.appears_confirmed
        return RegistrationStatus.CONFIRMED if shows_seat else self.status

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the person's own pages say that they have no seat yet because others registered
        from their network. They never say so at a workshop of high sensitivity.
        """
        is_waiting = self.status is RegistrationStatus.WAITLISTED
        return is_waiting and self.is_beyond_share and not self.workshop.is_sensitive

    @property
    def gets_texts(self) -> bool:
        """Whether texts may be sent to their phone."""
        return self.contact is ContactMethod.PHONE and self.may_leave_message

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
            Visibility.APPROVED: has_seat and self.is_approved,
            Visibility.PHONE_ONLY: False,
        }[self.workshop.visibility]

    @property
    def is_approved(self) -> bool:
        """Whether staff allowed the person to read the address, and their undo window is over."""
        return self.approved_at is not None and self.approval_undo_until is None

    @property
    def appears_declined(self) -> bool:
        """Whether the person's page says that the address is given by phone only."""
        return self.is_declined and self.approval_undo_until is None

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


@sa.event.listens_for(Registration, "load")
def _remember_key_store(registration: Registration, context: Any) -> None:
    registration._key_store = context.session.info.get("key_store")


# The condition of a query for those whose `apparent_status` is CONFIRMED.
APPARENTLY_CONFIRMED: Final = sa.or_(
    Registration.status == RegistrationStatus.CONFIRMED,
    sa.and_(
        Registration.status == RegistrationStatus.WAITLISTED,
        Registration.appears_confirmed.is_(True),
    ),
)
# Erased people whose row still has what an open form knows it by (`privacy.reconcile`). The number
# stands in the statement: SQLite takes a partial index for no other value.
IS_UNCLEARED: Final = sa.and_(
    Registration.key_id.is_(None), Registration.queue_number != sa.literal_column("0")
)
# Those who left a phone to which texts may be sent.
GETS_TEXTS: Final = sa.and_(
    Registration.contact == ContactMethod.PHONE, Registration.may_leave_message.is_(True)
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
    sealed_details: bytes
    code_digest: bytes


def prepare(key_store: KeyStore, workshop: Workshop, data: RegistrationData) -> SealedRegistration:
    """Creates a key in the key store and encrypts name and contact with it.

    Called before the transaction that stores the registration, and outside of it: a crash in
    between leaves an unused key, which `reconcile` removes. A contact may have any number of
    registrations: a limit would tell whoever tries it that this contact is registered (S26)."""
    key_id, key = key_store.new(workshop.id, workshop.forget_on, data.address or None)
    registration_id = code(26)
    person = PersonalData(name=data.name, address=data.address)
    details = PartyDetails(
        code=data.code or code(CODE_LENGTH),
        language=data.language,
        needs=data.needs,
        channel=data.channel,
        is_only_reader=data.is_only_reader,
        # Who comes to a venue is there.
        zone=data.zone if workshop.mode.is_from_anywhere and data.channel != Channel.VENUE else "",
    )
    return SealedRegistration(
        id=registration_id,
        key_id=key_id,
        key=key,
        sealed=encrypt_person(key, registration_id, person),
        manage_digest=key_store.link_digest(_hash(keystore.derive(key, "manage"))),
        entry_digest=key_store.link_digest(_hash(keystore.derive(key, "entry"))),
        sealed_details=party_details.encrypt(key, registration_id, details),
        code_digest=key_store.code_digest(workshop.id, details.code),
    )


def encrypt_person(key: bytes, registration_id: str, person: PersonalData) -> bytes:
    """The personal data as the row stores it, encrypted and bound to the registration's id."""
    text = json.dumps({"name": person.name, "address": person.address})
    return keystore.encrypt(key, text, _about(registration_id))


_BY_NONCE: Final = sa.select(Registration.id, Registration.key_id).where(
    Registration.nonce == sa.bindparam("nonce")
)


def find_duplicate(session: Session, form_id: str) -> Registration | None:
    """Returns the registration that this form made already; None if there is none.

    `form_id` is what `KeyStore.form_id` returns for the form's nonce. Raises NotFound where the
    registration has been erased since.
    """
    row = session.connection().execute(_BY_NONCE, {"nonce": digest(form_id)}).first()
    if row is None:
        return None
    if row.key_id is None:
        raise NotFound("registration")
    return session.get_one(Registration, row.id)


def is_of_party(registration: Registration, key: bytes, data: RegistrationData) -> bool:
    """Tells whether the registration has the name, contact and number of people of this form."""
    person = decrypt_person(registration, key)
    stored = person.name, person.address, registration.contact, registration.people
    return stored == (data.name, data.address, data.contact, data.people)


def find(session: Session, key_store: KeyStore, token: str) -> Registration:
    """Finds the registration of a manage link. Raises NotFound."""
    return _find(session, _BY_MANAGE_LINK, key_store.link_digest(_hash(_bytes_of(token))))


def find_by_entry_token(session: Session, key_store: KeyStore, token: str) -> Registration:
    """Finds the registration of a QR code that is shown at check-in. Raises NotFound."""
    return _find(session, _BY_ENTRY_LINK, key_store.link_digest(_hash(_bytes_of(token))))


def find_by_code(
    session: Session, key_store: KeyStore, typed: str, workshop_ids: Iterable[int]
) -> Sequence[Registration]:
    """Returns the registrations of these workshops with this check-in code, as somebody typed it.

    There is one in a workshop at most, and none of an erased person. The code alone is no
    permission: the caller compares the name too.
    """
    plain, found = read_code(typed), list[Registration]()
    ids = list(workshop_ids) if len(plain) == CODE_LENGTH else []
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        digests = [key_store.code_digest(workshop_id, plain) for workshop_id in some]
        found += session.scalars(_BY_CODE, {"digests": digests})
    return found


_BY_CODE: Final = (
    sa.select(Registration)
    .where(
        Registration.code_digest.in_(sa.bindparam("digests", expanding=True)),
        Registration.key_id.is_not(None),
    )
    .options(
        sa.orm.joinedload(Registration.workshop, innerjoin=True)
    )  # no statement more where one is found
)


def manage_digest_of(key_store: KeyStore, key: bytes) -> bytes:
    """Returns the digest that the row stores for the manage link that this key gives now."""
    return key_store.link_digest(_hash(keystore.derive_link(key, "manage")))


def store_links(
    session: Session, key_store: KeyStore, registration_id: str, key: RegistrationKey
) -> None:
    """Stores the links that this key gives now, and another door code.

    The links and the code of before lead nowhere any more.
    """
    registration = session.get(
        Registration,
        registration_id,
        populate_existing=True,
        with_for_update={"of": Registration},  # not its slot, which an outer join adds
    )
    if registration is None or registration.key_id is None:
        return
    registration.open_with(key)
    details = replace(registration.details, code=code(CODE_LENGTH))
    registration.manage_digest = manage_digest_of(key_store, key)
    registration.entry_digest = key_store.link_digest(_hash(keystore.derive_link(key, "entry")))
    registration.seal(details, key)
    registration.code_digest = key_store.code_digest(registration.workshop_id, details.code)
    session.flush()


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _find(session: Session, statement: sa.Select[Registration], link: bytes) -> Registration:
    registration = session.scalar(statement, {"link": link})
    if registration is None or registration.key_id is None:
        raise NotFound("registration")
    return registration


_WITH_WORKSHOP: Final = sa.select(Registration).options(
    sa.orm.joinedload(Registration.workshop, innerjoin=True)
)
_BY_MANAGE_LINK: Final = _WITH_WORKSHOP.where(Registration.manage_digest == sa.bindparam("link"))
_BY_ENTRY_LINK: Final = _WITH_WORKSHOP.where(Registration.entry_digest == sa.bindparam("link"))


def get_key(key_store: KeyStore, registration: Registration) -> RegistrationKey:
    """Returns the encryption key of a registration. Raises NotFound where the person has been
    erased.
    """
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
    """Decrypts name and contact. Raises DataErased where they have been erased."""
    if registration.sealed is None:
        raise DataErased("registration")
    data = json.loads(keystore.decrypt(key, registration.sealed, _about(registration.id)))
    return PersonalData(name=data["name"], address=data["address"])


def decrypt_people(
    key_store: KeyStore, registrations: Iterable[Registration]
) -> dict[str, PersonalData]:
    """Decrypts name and contact of those whose key is still there, by id of registration."""
    by_key = {row.key_id: row for row in registrations if row.key_id is not None}
    keys = open_details(key_store, by_key.values())
    return {by_key[key_id].id: decrypt_person(by_key[key_id], key) for key_id, key in keys.items()}


def open_details(
    key_store: KeyStore, registrations: Iterable[Registration]
) -> dict[bytes, RegistrationKey]:
    """Decrypts the details of these registrations; returns the keys that still exist, by id."""
    rows = list(registrations)
    keys = key_store.get_all(row.key_id for row in rows if row.key_id is not None)
    for row in rows:
        row.open_with(keys.get(row.key_id or b""))
    return keys


def next_queue_number(workshop_id: int | sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """Returns the expression for the number of a party that comes last in the order of a workshop.

    The caller has locked the workshop's row. A number says who was first, and no time (S33).
    """
    last = sa.func.coalesce(sa.func.max(_OTHERS.c.queue_number), 0)
    return sa.select(last + 1).where(_OTHERS.c.workshop_id == workshop_id).scalar_subquery()


_OTHERS: Final = Registration.__table__.alias()  # other registrations for the same workshop


def list_active(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """The confirmed, offered and waitlisted registrations, in the order of the waitlist."""
    return session.scalars(
        sa.select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES))
        .order_by(Registration.queue_number, Registration.id)
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
