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
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import keyring
from outreach.db.base import Base
from outreach.db.store import took_effect
from outreach.db.types import Codes
from outreach.domain import notices
from outreach.domain.notices import Cause
from outreach.domain.text import code
from outreach.domain.workshops import Standing as WorkshopStanding
from outreach.domain.workshops import Workshop
from outreach.errors import Closed, Forgotten, Full, NotFound, TooMany
from outreach.keyring import Keyring

LIVE_PER_CONTACT: Final = 3  # safety.md S26
NO_PROMOTION_BEFORE: Final = timedelta(hours=3)  # nobody is told of a place they cannot reach


class Standing(StrEnum):
    SEATED = "seated"
    WAITING = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"


LIVE: Final = (Standing.SEATED, Standing.WAITING, Standing.OFFERED)


class Contact(StrEnum):
    NONE = "none"
    EMAIL = "email"
    PHONE = "phone"


class Need(StrEnum):
    STEP_FREE = "step_free"
    CHILDCARE = "childcare"
    INTERPRETER = "interpreter"
    SIGN_LANGUAGE = "sign_language"


@dataclass(frozen=True, kw_only=True, repr=False)
class Applicant:
    """What a person tells us about themselves. There is nothing else we need to know."""

    name: str
    people: int = 1
    contact: Contact = Contact.NONE
    address: str = ""  # the e-mail or the phone (E.164), by `contact`
    may_leave_message: bool = False
    wants_reminder: bool = False
    language: str = "es"
    needs: Codes = field(default_factory=Codes)


@dataclass(frozen=True, kw_only=True, repr=False)
class Person:
    """What only the key can read."""

    name: str
    address: str


class Registration(Base):
    __tablename__ = "registration"
    __table_args__ = (
        sa.UniqueConstraint("workshop_id", "door_code"),
        sa.Index(None, "workshop_id", "standing", "queued_at", "id"),
        sa.CheckConstraint("people >= 1", name="people"),
    )

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id"))
    workshop: Mapped[Workshop] = relationship(init=False)
    standing: Mapped[Standing]
    people: Mapped[int]
    contact: Mapped[Contact]
    may_leave_message: Mapped[bool]
    wants_reminder: Mapped[bool]
    language: Mapped[str] = mapped_column(sa.String(2))
    needs: Mapped[Codes]
    key_id: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), unique=True)
    sealed: Mapped[bytes | None]
    manage: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256
    entry: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256
    door_code: Mapped[str | None] = mapped_column(sa.String(6))
    nonce: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256 of the form's
    registered_at: Mapped[datetime]
    queued_at: Mapped[datetime]  # the order of the waiting list
    arrived: Mapped[int] = mapped_column(default=0)  # of `people`

    @property
    def is_live(self) -> bool:
        return self.standing in LIVE


@dataclass(frozen=True, kw_only=True, repr=False)
class Ticket:
    """What a registration is made of besides what the person said; see `prepare`."""

    id: str
    key_id: bytes
    key: bytes
    sealed: bytes


def prepare(ring: Keyring, workshop: Workshop, applicant: Applicant) -> Ticket:
    """Puts a key in the ring and seals the name with it; before, and outside, the transaction
    that takes the place. A crash in between leaves a key that opens nothing."""
    contact = applicant.address or None
    key_id, key = ring.new(workshop.id, workshop.forget_on, contact)
    mine = code(26)
    person = json.dumps({"name": applicant.name, "address": applicant.address})
    return Ticket(id=mine, key_id=key_id, key=key, sealed=keyring.seal(key, person, _about(mine)))


def check_contact(ring: Keyring, workshop: Workshop, applicant: Applicant) -> None:
    """Raises TooMany when this e-mail or phone holds as many registrations here as one may."""
    if applicant.address and len(ring.find(applicant.address, workshop.id)) >= LIVE_PER_CONTACT:
        raise TooMany(f"workshop {workshop.public_id}")


def saved_before(session: Session, nonce: str) -> Registration | None:
    """The registration that this form made already. Raises NotFound if it has been cancelled or
    forgotten since: the form is worth nothing any more."""
    found = session.scalar(sa.select(Registration).where(Registration.nonce == digest(nonce)))
    if found is not None and found.key_id is None:
        raise NotFound("registration")
    return found


def register(
    session: Session,
    workshop: Workshop,
    applicant: Applicant,
    ticket: Ticket,
    nonce: str,
    *,
    now: datetime,
) -> Registration:
    """Gives the party its places or, when too few are left, its turn in the waiting list.

    Raises Closed, or Full where the organizer wants no list. A second registration with the same
    nonce breaks a constraint (IntegrityError): the first one stands.
    """
    if not workshop.is_open(now):
        raise Closed(f"workshop {workshop.public_id}")
    has_place = take_seats(session, workshop.id, applicant.people)
    if not has_place and not _may_wait(session, workshop.id):
        raise Full(f"workshop {workshop.public_id}")
    registration = Registration(
        id=ticket.id,
        workshop_id=workshop.id,
        standing=Standing.SEATED if has_place else Standing.WAITING,
        people=applicant.people,
        contact=applicant.contact,
        may_leave_message=applicant.may_leave_message,
        wants_reminder=applicant.wants_reminder,
        language=applicant.language,
        needs=applicant.needs,
        key_id=ticket.key_id,
        sealed=ticket.sealed,
        manage=hashlib.sha256(keyring.derive(ticket.key, "manage")).digest(),
        entry=hashlib.sha256(keyring.derive(ticket.key, "entry")).digest(),
        door_code=code(6),
        nonce=digest(nonce),
        registered_at=now,
        queued_at=now,
    )
    session.add(registration)
    if applicant.contact is not Contact.NONE:
        session.flush()
        notices.owe(session, ticket.id, Cause.SAVED if has_place else Cause.WAITING, now=now)
    return registration


def take_seats(session: Session, workshop_id: int, people: int) -> bool:
    """Takes seats if there are as many, in one statement: no two parties get the same one."""
    return took_effect(
        session,
        sa.update(Workshop)
        .where(
            Workshop.id == workshop_id,
            Workshop.seats_left >= people,
            Workshop.standing == WorkshopStanding.PUBLISHED,
        )
        .values(seats_left=Workshop.seats_left - people),
    )


def give_back_seats(session: Session, workshop_id: int, people: int) -> None:
    session.execute(
        sa.update(Workshop)
        .where(Workshop.id == workshop_id)
        .values(seats_left=Workshop.seats_left + people)
        .execution_options(synchronize_session=False)
    )


def _may_wait(session: Session, workshop_id: int) -> bool:
    return bool(
        session.scalar(
            sa.select(Workshop.has_waiting_list).where(
                Workshop.id == workshop_id, Workshop.standing == WorkshopStanding.PUBLISHED
            )
        )
    )


# Finding one's own


def find(session: Session, token: str) -> Registration:
    """The registration a manage link leads to. Raises NotFound."""
    return _found(session, Registration.manage, token)


def find_by_entry(session: Session, token: str) -> Registration:
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


def key_of(ring: Keyring, registration: Registration) -> bytes:
    """Raises NotFound when the person has been forgotten."""
    if registration.key_id is None:
        raise NotFound("registration")
    try:
        return ring.get(registration.key_id)
    except Forgotten:
        raise NotFound("registration") from None


def manage_token(key: bytes) -> str:
    return _text_of(keyring.derive(key, "manage"))


def entry_token(key: bytes) -> str:
    return _text_of(keyring.derive(key, "entry"))


def read_person(registration: Registration, key: bytes) -> Person:
    """The name and address. Raises Forgotten."""
    if registration.sealed is None:
        raise Forgotten("registration")
    opened = json.loads(keyring.unseal(key, registration.sealed, _about(registration.id)))
    return Person(name=opened["name"], address=opened["address"])


def people_of(ring: Keyring, registrations: Iterable[Registration]) -> dict[str, Person]:
    """Those who can still be read, by the id of their registration."""
    wanted = {row.key_id: row for row in registrations if row.key_id is not None}
    keys = ring.get_all(wanted)
    return {wanted[key_id].id: read_person(wanted[key_id], key) for key_id, key in keys.items()}


def turn(session: Session, registration: Registration) -> int:
    """The place in the waiting list; the first is 1."""
    before = session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.workshop_id == registration.workshop_id,
            Registration.standing == Standing.WAITING,
            sa.tuple_(Registration.queued_at, Registration.id)
            < sa.tuple_(
                sa.literal(registration.queued_at, Registration.queued_at.type),
                sa.literal(registration.id),
            ),
        )
    )
    return (before or 0) + 1


def of_workshop(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """All who still have a place or a turn, in the order they came."""
    return session.scalars(
        sa.select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing.in_(LIVE))
        .order_by(Registration.queued_at, Registration.id)
    ).all()


# Changing one's mind


def change_party(
    session: Session, registration: Registration, people: int, *, now: datetime
) -> None:
    """More people or fewer. Raises Full, and changes nothing, when they do not fit."""
    workshop = registration.workshop
    if not workshop.is_open(now) or not registration.is_live:
        raise Closed(f"workshop {workshop.public_id}")
    more = people - registration.people
    if registration.standing is Standing.SEATED:
        if more > 0 and not take_seats(session, workshop.id, more):
            raise Full(f"workshop {workshop.public_id}")
        if more < 0:
            give_back_seats(session, workshop.id, -more)
    changed = took_effect(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.standing == registration.standing,
            Registration.people == registration.people,
        )
        .values(people=people),
    )
    if not changed:  # the same person, in another window, at the same moment
        raise Closed(f"workshop {workshop.public_id}")
    if more < 0:
        promote(session, workshop, now=now)


def release(session: Session, registration: Registration, *, now: datetime) -> None:
    """Cancels or forgets: before the day the places are free again at once; the row stays, empty.

    Its key is destroyed first (`ring.destroy`): from that moment no copy anywhere can be read.
    """
    workshop = registration.workshop
    is_ahead = now < workshop.starts_at
    values: dict[str, object] = {
        "key_id": None,
        "sealed": None,
        "manage": None,
        "entry": None,
        "door_code": None,
        "contact": Contact.NONE,
        "needs": Codes(),
        "may_leave_message": False,
        "wants_reminder": False,
    }
    if is_ahead:
        values["standing"] = Standing.CANCELLED
        # The workshop's row is locked first, always: two who cancel at once wait for each other.
        session.execute(sa.select(Workshop.id).where(Workshop.id == workshop.id).with_for_update())
    notices.drop_pending(session, registration.id)
    was = session.scalar(sa.select(Registration.standing).where(Registration.id == registration.id))
    emptied = took_effect(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.key_id.is_not(None))
        .values(**values),
    )
    if emptied and is_ahead and was in {Standing.SEATED, Standing.OFFERED}:
        give_back_seats(session, workshop.id, registration.people)
        promote(session, workshop, now=now)


def promote(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Gives free places to who waited longest and fits, and says to how many parties."""
    if now > workshop.starts_at - NO_PROMOTION_BEFORE:
        return 0
    promoted = 0
    waiting = session.execute(
        sa.select(Registration.id, Registration.people, Registration.contact)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.WAITING)
        .order_by(Registration.queued_at, Registration.id)
    ).all()
    for waiting_id, people, contact in waiting:
        if not take_seats(session, workshop.id, people):
            continue
        moved = took_effect(
            session,
            sa.update(Registration)
            .where(
                Registration.id == waiting_id,
                Registration.standing == Standing.WAITING,
                Registration.people == people,
            )
            .values(standing=Standing.SEATED),
        )
        if not moved:
            give_back_seats(session, workshop.id, people)
            continue
        promoted += 1
        if contact is not Contact.NONE:
            notices.owe(session, waiting_id, Cause.SEATED, now=now)
    return promoted


def tell_all(session: Session, workshop: Workshop, cause: Cause, *, now: datetime) -> int:
    """Owe a notice to each who has a place or a turn and left a way to be told; says how many."""
    reachable = session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id,
            Registration.standing.in_(LIVE),
            Registration.contact != Contact.NONE,
        )
    ).all()
    for registration_id in reachable:
        notices.owe(session, registration_id, cause, now=now)
    return len(reachable)


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
