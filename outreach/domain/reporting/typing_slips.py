"""Numbers that may be typed wrong: ten times, or a tenth, of the number that they replace or of
what is usual. Pages ask about them once; nothing is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.workshops import Workshop, WorkshopStatus

TENFOLD: Final = 10
SMALL: Final = 5  # numbers so near to each other are never asked about
_YEAR: Final = timedelta(days=366)


def is_slip(value: int, references: Sequence[int]) -> bool:
    """Whether a number is ten times the largest of the references or more, or a tenth of the
    smallest or less. Without references nothing is a slip."""
    if not references:
        return False
    least, most = min(references), max(references)
    if least - SMALL <= value <= most + SMALL:
        return False
    return value >= TENFOLD * most or TENFOLD * value <= least


def list_head_counts(session: Session, workshop: Workshop) -> Sequence[int]:
    """How many came to other workshops of that office and kind in the year before, ascending."""
    found = session.scalars(
        sa.select(Workshop.head_count)
        .where(
            Workshop.office_id == workshop.office_id,
            Workshop.kind_id == workshop.kind_id,
            Workshop.id != workshop.id,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.head_count.is_not(None),
            Workshop.day >= workshop.day - _YEAR,
            Workshop.day <= workshop.day,
        )
        .order_by(Workshop.head_count)
    )
    return [count for count in found if count is not None]


class SlipReference(StrEnum):
    """What a typed number was compared with."""

    REPLACED = "replaced"  # the number that was reported before
    CHECK_IN = "check-in"  # who was marked at the door
    USUAL = "usual"  # other workshops of that office and kind
    SEATS = "seats"


@dataclass(frozen=True)
class AttendanceSlip:
    """The numbers with which a doubted one was compared, and what they are."""

    reference: SlipReference
    least: int
    most: int


def find_attendance_slip(
    session: Session, workshop: Workshop, people: int, *, came: int
) -> AttendanceSlip | None:
    """Why the number of people who came may be typed wrong; None where it is plausible.

    It is compared with the number that it replaces, which is the one reported before or the `came`
    of the check-in, with what came to others of that kind in a year, and, where neither is known,
    with the seats."""
    replaced, usual = workshop.head_count, list_head_counts(session, workshop)
    known: list[tuple[SlipReference, Sequence[int]]] = [(SlipReference.USUAL, usual)]
    if replaced is not None:
        known.insert(0, (SlipReference.REPLACED, [replaced]))
    elif came:
        known.insert(0, (SlipReference.CHECK_IN, [came]))
    elif not usual and workshop.takes_places and people > workshop.capacity:
        known = [(SlipReference.SEATS, [workshop.capacity])]
    for reference, numbers in known:
        if is_slip(people, numbers):
            return AttendanceSlip(reference, min(numbers), max(numbers))
    return None
