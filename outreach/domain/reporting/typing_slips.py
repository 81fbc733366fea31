"""Numbers that may be typed wrong: ten times, or a tenth, of the number that they replace or of
what is usual. Pages ask about them once; nothing is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import Workshop, WorkshopStatus

TENFOLD: Final = 10
SMALL: Final = 5  # numbers so near to each other are never asked about
_YEAR: Final = timedelta(days=366)


def is_slip(value: int, references: Sequence[int]) -> bool:
    """Tells whether a number is probably mistyped.

    It is ten times the largest of the references or more, or a tenth of the smallest or
    less. Without references nothing is a slip.
    """
    if not references:
        return False
    least, most = min(references), max(references)
    if least - SMALL <= value <= most + SMALL:
        return False
    return value >= TENFOLD * most or TENFOLD * value <= least


@dataclass(frozen=True, kw_only=True)
class OddHeadCount:
    """A reported number of people that may be mistyped, and the range of the others.

    The others are those of that office and kind. A workshop is named by its public id.
    """

    public_id: str
    office_id: int
    kind_id: int
    is_discreet: bool
    day: date
    people: int
    least: int
    most: int


def list_odd_head_counts(session: Session, month: Month) -> list[OddHeadCount]:
    """Returns the reported numbers of a month that are far from those of the year before it, by
    day.

    It takes two statements; an office that held none of that kind before has nothing to compare.
    """
    of_month = Workshop.month == month.number
    known = (Workshop.status == WorkshopStatus.HELD, Workshop.head_count.is_not(None))
    usual = {
        (row.office_id, row.kind_id): (row.least, row.most)
        for row in session.execute(
            sa.select(
                Workshop.office_id,
                Workshop.kind_id,
                sa.func.min(Workshop.head_count).label("least"),
                sa.func.max(Workshop.head_count).label("most"),
            )
            .where(
                Workshop.month.between(month.plus(-12).number, month.plus(-1).number),
                *known,
            )
            .group_by(Workshop.office_id, Workshop.kind_id)
        )
    }
    rows = session.execute(
        sa.select(
            Workshop.public_id,
            Workshop.office_id,
            Workshop.kind_id,
            sa.or_(Workshop.is_discreet, Kind.is_discreet),
            Workshop.day,
            Workshop.head_count,
        )
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(of_month, *known)
        .order_by(Workshop.day, Workshop.id)
    )
    found = []
    for public_id, office_id, kind_id, is_discreet, day, people in rows:
        least, most = usual.get((office_id, kind_id), (None, None))
        if least is None or most is None or people is None or not is_slip(people, [least, most]):
            continue
        odd = OddHeadCount(
            public_id=public_id,
            office_id=office_id,
            kind_id=kind_id,
            is_discreet=is_discreet,
            day=day,
            people=people,
            least=least,
            most=most,
        )
        found.append(odd)
    return found


def list_head_counts(session: Session, workshop: Workshop) -> Sequence[int]:
    """Returns how many came to other workshops of that office and kind in the year before,
    ascending.
    """
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
    """The numbers that a typed one was compared with."""

    REPLACED = "replaced"  # the number that was reported before
    CHECK_IN = "check-in"  # who was marked at the door
    USUAL = "usual"  # other workshops of that office and kind
    SEATS = "seats"


@dataclass(frozen=True)
class AttendanceSlip:
    """The range of the numbers with which a doubted one was compared, and what they are."""

    reference: SlipReference
    least: int
    most: int


def find_attendance_slip(
    session: Session, workshop: Workshop, people: int, *, came: int
) -> AttendanceSlip | None:
    """Returns why the number of people who came may be mistyped; None where it is plausible.

    It is compared with the number that it replaces, which is the one reported before or the `came`
    of the check-in, with what came to others of that kind in a year, and, where neither is known,
    with the seats.
    """
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
