"""Totals of a workshop's people: how many have each need and language, and how many came.

The details of a party are encrypted with its own key, so no query can add them up. Each total is a
counter that changes in the transaction of its cause, while the workshop's row is locked. Numbers
below MIN_PLAIN are encrypted under a key of the key store: in a copy of the database they would say
what few people, perhaps one, need (S33).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import keystore
from outreach.db.base import Amounts, Base
from outreach.domain.registrations.models import (
    STATUSES_WITH_SEATS,
    Registration,
    RegistrationStatus,
    open_details,
)
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased

MIN_PLAIN: Final = 5
PADDED_BYTES: Final = 512  # before encryption, or a multiple
ARRIVED: Final = "arrived"  # people, cancelled registrations and people of the waitlist included
SEATED: Final = "arrived seated"  # those of them whose registration is confirmed
NEED, LANGUAGE = "need ", "language "  # prefixes; the code follows
_SLOT: Final = "arrived slot "


class PeopleTotals(Base):
    __tablename__ = "people_totals"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    numbers: Mapped[Amounts]  # those of MIN_PLAIN and more, by name
    sealed: Mapped[bytes]  # the smaller ones


def of_party(needs: Iterable[str], language: str) -> Counter[str]:
    """Returns what a party with a seat adds to the totals of its workshop, by name of total."""
    names = [*map(need_name, needs), *([f"{LANGUAGE}{language}"] if language else [])]
    return Counter(names)


def of_arrival(registration: Registration, people: int) -> Counter[str]:
    """Returns what is added to the totals when `people` of the party come, by name of total."""
    changes = Counter({ARRIVED: people})
    if registration.status is RegistrationStatus.CONFIRMED:
        changes[SEATED] = people
    if registration.slot_id is not None:
        changes[slot_name(registration.slot_id)] = people
    return changes


def need_name(need: str) -> str:
    return f"{NEED}{need}"


def slot_name(slot_id: int) -> str:
    """Names the total of the people who came to a time slot."""
    return f"{_SLOT}{slot_id}"


def read(session: Session, workshop_id: int) -> Counter[str]:
    """Returns the totals of a workshop by name; what is absent is 0."""
    return read_all(session, [workshop_id])[workshop_id]


def read_all(session: Session, workshop_ids: Iterable[int]) -> dict[int, Counter[str]]:
    """Returns the totals of each of these workshops, by id of workshop."""
    ids = list(workshop_ids)
    found = {workshop_id: Counter[str]() for workshop_id in ids}
    for start in range(0, len(ids), 500):
        for row in session.execute(_SELECT, {"ids": ids[start : start + 500]}):
            found[row.workshop_id] = open_row(session, *row)
    return found


def read_where(session: Session, *conditions: sa.ColumnElement[bool]) -> dict[int, Counter[str]]:
    """Returns the totals of all workshops with these conditions, by id of workshop, in one
    statement.
    """
    rows = session.execute(SELECT_WITH_WORKSHOP.where(*conditions))
    return {row.workshop_id: open_row(session, *row) for row in rows}


def open_row(
    session: Session, workshop_id: int, numbers: Mapping[str, int], sealed: bytes
) -> Counter[str]:
    """Returns the totals of one row that `SELECT_WITH_WORKSHOP` found, with the sealed ones
    decrypted.
    """
    counted = Counter(numbers)
    counted.update(_decrypt(session, workshop_id, sealed))
    return counted


def add(session: Session, workshop_id: int, changes: Mapping[str, int]) -> None:
    """Adds to the totals of a workshop, whose row the caller has locked. None falls below 0."""
    counted = read(session, workshop_id)
    for name, number in changes.items():
        counted[name] = max(0, counted[name] + number)
    _write(session, workshop_id, counted)


def recount(session: Session, workshop_id: int) -> bool:
    """Computes the totals from the registrations, and tells whether they have changed.

    The caller has locked the workshop's row.

    What erased people added stays: nobody can read it any more, so a total that includes them is
    not lowered. Erased people hold no seat before the workshop, so limits are exact then.
    """
    rows = session.scalars(
        sa.select(Registration)
        .where(Registration.workshop_id == workshop_id)
        .execution_options(populate_existing=True)
    ).all()
    open_details(keystore.of_session(session), rows)
    counted = Counter[str]()
    has_erased = has_erased_with_seat = False
    for row in rows:
        has_seat = row.status in STATUSES_WITH_SEATS
        if row.arrived_count:
            counted.update(of_arrival(row, row.arrived_count))
        if not row.is_readable:
            has_erased, has_erased_with_seat = True, has_erased_with_seat or has_seat
        elif has_seat:
            counted.update(of_party(row.needs, row.language))
    stored = read(session, workshop_id)
    for name, number in stored.items():
        if has_erased if name.startswith(ARRIVED) else has_erased_with_seat:
            counted[name] = max(counted[name], number)
    if is_wrong := +counted != +stored:
        _write(session, workshop_id, counted)
    return is_wrong


_COLUMNS: Final = (PeopleTotals.workshop_id, PeopleTotals.numbers, PeopleTotals.sealed)
_SELECT: Final = sa.select(*_COLUMNS).where(
    PeopleTotals.workshop_id.in_(sa.bindparam("ids", expanding=True))
)
SELECT_WITH_WORKSHOP: Final = sa.select(*_COLUMNS).join(
    Workshop, Workshop.id == PeopleTotals.workshop_id
)


def _write(session: Session, workshop_id: int, counted: Counter[str]) -> None:
    values = {
        "numbers": {name: number for name, number in counted.items() if number >= MIN_PLAIN},
        "sealed": _encrypt(session, workshop_id, counted),
    }
    connection = session.connection()  # without the ORM, which takes as long as all the rest
    updated = connection.execute(_UPDATE, values | {"of_workshop": workshop_id})
    if not updated.rowcount:
        connection.execute(_INSERT, values | {"workshop_id": workshop_id})


_TABLE: Final = cast("sa.Table", PeopleTotals.__table__)
_INSERT: Final = sa.insert(_TABLE)
_UPDATE: Final = sa.update(_TABLE).where(
    _TABLE.c.workshop_id == sa.bindparam("of_workshop", type_=sa.Integer)
)


def _encrypt(session: Session, workshop_id: int, counted: Counter[str]) -> bytes:
    small = {name: number for name, number in counted.items() if 0 < number < MIN_PLAIN}
    text = json.dumps(small)
    text += " " * (-len(text) % PADDED_BYTES)
    return keystore.encrypt(_key(session), text, _about(workshop_id))


def _decrypt(session: Session, workshop_id: int, sealed: bytes) -> dict[str, int]:
    """Decrypts the small numbers of a workshop; without the key store they are lost, and none is
    returned.
    """
    try:
        text = keystore.decrypt(_key(session), sealed, _about(workshop_id))
    except DataErased:
        return {}
    numbers: dict[str, int] = json.loads(text)
    return numbers


def _key(session: Session) -> bytes:
    return keystore.of_session(session).own_key("totals")


def _about(workshop_id: int) -> str:
    return f"totals {workshop_id}"
