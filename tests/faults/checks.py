"""Compares what people were told with the databases and the letters.

Each check gives one line for each fault. All but `missing_letters` can run during the load: the
book is read first, and what was acknowledged by then must be in the databases after it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.registrations import (
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
    RegistrationStatus,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import OutreachError
from outreach.keystore import KeyStore
from outreach.privacy import audit_verification
from tests.faults.book import Book, Person
from tests.faults.mailbox import Letter
from tests.support.scenario import faults

# A letter written before an erasure was acknowledged may still arrive for this many seconds:
# the worker decrypts the address, writes the letter and sends it at once.
ON_THE_WIRE = 10.0


@dataclass(frozen=True)
class CheckResult:
    """How much was checked, and the faults."""

    saved: int = 0
    left: int = 0
    rows: int = 0
    letters: int = 0
    twice: int = 0  # letters delivered a second time
    lost: tuple[str, ...] = ()
    oversold: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()  # letters to erased people
    others: tuple[str, ...] = ()

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.oversold, *self.doubled, *self.unwanted, *self.others]


def check(
    book: Book,
    store: Store,
    key_store: KeyStore,
    letters: Sequence[Letter],
    *,
    is_over: bool = False,
) -> CheckResult:
    """Checks at any moment. `is_over`: the load has ended and a purge has run."""
    saved = [_Known(each, bool(each.left_at), each.is_leaving) for each in book.saved]
    edits = [each for each in list(book.edits.values()) if each.is_sure]
    known = list(book.everyone)
    with store.read() as session:
        if not store.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        rows = _Rows(session, book, key_store)
        lost = [fault for each in saved for fault in _of_person(each, rows, key_store, is_over)]
        lost += [
            f"{each.workshop}: an organizer was told it has {each.capacity} places and begins at "
            f"{each.starts}"
            for each in edits
            if each.is_sure
            and not _matches_edit(session, each.workshop, each.capacity, each.starts)
        ]
        full = list(oversold(session))
    doubled = list(_doubled(rows, key_store))
    chain = audit_verification.find_errors(store, key_store)
    unwanted = list(_unwanted(known, letters))
    return CheckResult(
        saved=len(saved),
        left=sum(each.has_left for each in saved),
        rows=len(rows.every),
        letters=len(letters),
        twice=sum(count - 1 for count in Counter(each.name for each in letters).values()),
        lost=tuple(lost),
        oversold=tuple(full),
        doubled=tuple(doubled),
        unwanted=tuple(unwanted),
        others=(*(f"journal: {each}" for each in chain), *book.wrong),
    )


@dataclass(frozen=True)
class _Known:
    """What was acknowledged to a person before the databases were read."""

    person: Person
    has_left: bool
    is_leaving: bool


class _Rows:
    """All registrations. A purge half a day after an erasure also changes the nonce of the form:
    such a row belongs to its workshop only."""

    def __init__(self, session: Session, book: Book, key_store: KeyStore) -> None:
        workshop = sa.orm.joinedload(Registration.workshop)
        self.every = session.scalars(sa.select(Registration).options(workshop)).all()
        self.by_nonce = {row.nonce: row for row in self.every}
        # People who opened a form after the book was read are in it by now.
        known = {_nonce(each, key_store) for each in list(book.everyone)}
        unknown = [row for row in self.every if row.nonce not in known]
        self.strangers = sum(row.key_id is not None for row in unknown)
        self.nameless = Counter(row.workshop.public_id for row in unknown if row.key_id is None)

    def take_nameless(self, workshop: str) -> bool:
        self.nameless[workshop] -= 1
        return self.nameless[workshop] >= 0


def _nonce(person: Person, key_store: KeyStore) -> bytes:
    return registrations.digest(key_store.form_id(person.nonce))


def _of_person(known: _Known, rows: _Rows, key_store: KeyStore, is_over: bool) -> Iterator[str]:
    person = known.person
    about = f"p{person.number} of {person.workshop}"
    row = rows.by_nonce.get(_nonce(person, key_store))
    if row is None and known.has_left and rows.take_nameless(person.workshop):
        return
    if row is None:
        yield f"{about}: was told the place is saved, and there is no row"
    elif known.has_left:
        if row.key_id is not None and not _is_forgotten(row, key_store):
            yield f"{about}: was told it is erased, and it can be read"
        # The process was killed between key and row: the person is erased, and the next purge
        # frees the seat.
        if row.status is not RegistrationStatus.CANCELLED and not (
            person.link_was_dead and not is_over
        ):
            yield f"{about}: was told the place is given back, and is {row.status}"
    elif not (known.is_leaving or person.is_leaving):
        yield from (f"{about}: {fault}" for fault in _unreadable(person, row, key_store))


def _is_forgotten(row: Registration, key_store: KeyStore) -> bool:
    try:
        registrations.get_key(key_store, row)
    except OutreachError:
        return True
    return False


def _unreadable(person: Person, row: Registration, key_store: KeyStore) -> Iterator[str]:
    if row.status is RegistrationStatus.CANCELLED:
        yield "has given nothing back, and is cancelled"
        return
    try:
        key = registrations.get_key(key_store, row)
        read = registrations.decrypt_person(row, key)
    except OutreachError:
        if not person.is_leaving:  # they may have requested erasure a moment ago
            yield "asked for nothing, and is forgotten"
        return
    if registrations.derive_manage_token(key) != person.token:
        yield "has a link that leads to nothing"
    if (read.address, row.people) != (person.email, person.people):
        yield "is kept with other answers than theirs"


def _matches_edit(session: Session, public_id: str, capacity: int, starts: str) -> bool:
    workshop = session.scalars(sa.select(Workshop).where(Workshop.public_id == public_id)).one()
    return (workshop.capacity, f"{workshop.starts:%H:%M}") == (capacity, starts)


def oversold(session: Session) -> Iterator[str]:
    for workshop in session.scalars(sa.select(Workshop)):
        held = session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0)).where(
                Registration.workshop_id == workshop.id,
                Registration.status.in_(STATUSES_WITH_SEATS),
            )
        )
        most = workshop.capacity + workshop.overbooked
        if (held or 0) > most:
            yield f"{workshop.public_id}: {held} people have a place, and there are {most}"
        is_alone = (
            session.scalar(sa.select(TimeSlot.id).where(TimeSlot.workshop_id == workshop.id))
            is None
        )
        if is_alone:
            yield from (f"{workshop.public_id}: {fault}" for fault in faults(session, workshop.id))


def _doubled(rows: _Rows, key_store: KeyStore) -> Iterator[str]:
    people = registrations.decrypt_people(
        key_store, [row for row in rows.every if row.key_id is not None]
    )
    addresses = Counter(person.address for person in people.values() if person.address)
    for address, count in addresses.items():
        if count > 1:
            yield f"{address} is registered {count} times by one form"
    if strangers := rows.strangers + sum(max(0, count) for count in rows.nameless.values()):
        yield f"{strangers} registrations are of nobody who asked for one"


def _unwanted(people: Sequence[Person], letters: Sequence[Letter]) -> Iterator[str]:
    left = {each.email: each.left_at for each in people if each.email and each.left_at}
    for letter in letters:
        acknowledged_at = left.get(letter.to)
        if acknowledged_at is None:
            continue
        # A Date has whole seconds: a letter of the same second may be older than the answer.
        is_later = letter.written.timestamp() > acknowledged_at
        is_late = letter.came > acknowledged_at + ON_THE_WIRE
        if is_later or is_late:
            seconds = letter.came - acknowledged_at
            yield f"{letter.to} had a letter {seconds:.1f} s after being told they are forgotten"


def missing_letters(
    book: Book,
    store: Store,
    key_store: KeyStore,
    letters: Sequence[Letter],
    *,
    kills: int,
    at: datetime,
) -> list[str]:
    """Faults at the end, when all letters due by `at` are sent: missing and repeated ones. An offer
    that had ended by then needs no letter."""
    found = list[str]()
    had = Counter(each.to for each in letters)
    named = Counter(each.name for each in letters)
    with store.read() as session:
        ended = set(
            session.scalars(
                sa.select(Registration.nonce).where(
                    Registration.status == RegistrationStatus.OFFERED,
                    Registration.offered_until <= at,
                )
            )
        )
        for person in book.saved:
            has_to_know = not person.is_leaving and _nonce(person, key_store) not in ended
            if person.email and has_to_know and not had[person.email]:
                found.append(f"{person.email} has a place or a turn, and never had a letter")
        notices = session.scalars(
            sa.select(Notification)
            .join(Notification.registration)
            .where(Registration.contact == ContactMethod.EMAIL, Registration.key_id.is_not(None))
        ).all()
    for notice in notices:
        name = f"<{key_store.letter_id(notice.id, notice.registration_id.lower())}@example.org>"
        if notice.is_dead:
            found.append(f"letter {notice.id} ({notice.cause}) was given up")
        elif notice.done_at is None and notice.tries:
            found.append(f"letter {notice.id} ({notice.cause}) was tried and not sent")
        elif notice.done_at is not None and not named[name]:
            found.append(f"letter {notice.id} ({notice.cause}) is called sent, and never came")
    found += [f"{name} came {count} times" for name, count in named.items() if count > 2]
    repeats = sum(count - 1 for count in named.values())
    if repeats > kills:
        found.append(f"{repeats} letters came twice, and there were {kills} kills")
    return found
