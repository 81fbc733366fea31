"""The no-show rate: how many people with a seat come, and how much overbooking that allows.

Only aggregates, of the last workshops of a kind at an office or in the network; never of a person.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus, totals
from outreach.domain.workshops import Workshop, WorkshopStatus

MIN_WORKSHOPS: Final = 5
MIN_PEOPLE: Final = 50
LATEST: Final = 12  # workshops of an office; older ones say little
LATEST_OF_NETWORK: Final = 60
CANDIDATES_PER_WORKSHOP: Final = 10  # not every workshop has a complete check-in
MAX_OVERFULL_PROBABILITY: Final = 0.05  # that more people than chairs come
MAX_OVERBOOKED_SHARE: Final = 0.5  # overbooked places per chair
MIN_DISCREET_COUNT: Final = 5  # smaller numbers of a discreet kind are suppressed
# A check-in is complete where it has nine in ten of the reported head count.
_MIN_TENTHS: Final = 9
_Z_SCORE: Final = 1.645  # one-sided 95 %


@dataclass(frozen=True)
class AttendanceRate:
    """How many of the `people` with a seat in so many workshops `came`."""

    workshops: int
    people: int
    came: int
    is_of_network: bool = False

    @property
    def in_ten(self) -> int:
        """The rate in tenths, from 1 to 9."""
        return min(9, max(1, round(10 * self.came / self.people)))


def estimate_attendance_rate(session: Session, office: Office, kind: Kind) -> AttendanceRate | None:
    """Returns the attendance rate of the office's last workshops of a kind.

    Where they are too few, it is that of the network; None where those are too few as well,
    or the kind is discreet and a number small.
    """
    own = _sum(_list_counts(session, kind, office, LATEST), is_of_network=False)
    rate = own or _sum(_list_counts(session, kind, None, LATEST_OF_NETWORK), is_of_network=True)
    if rate is None or not kind.is_discreet:
        return rate
    is_publishable = min(rate.came, rate.people - rate.came) >= MIN_DISCREET_COUNT
    return rate if is_publishable else None


def overbooking_allowance(rate: AttendanceRate, chairs: int) -> int:
    """Returns the largest overbooking that is not overfull too often.

    More people than chairs come with a probability of at most MAX_OVERFULL_PROBABILITY.
    """
    probability = _upper_bound(rate)
    low, high = 0, int(chairs * MAX_OVERBOOKED_SHARE)
    while low < high:
        middle = (low + high + 1) // 2
        if _is_overfull_too_often(chairs + middle, chairs, probability):
            high = middle - 1
        else:
            low = middle
    return low


def _upper_bound(rate: AttendanceRate) -> float:
    """Returns the upper bound of Wilson's score interval: higher, the fewer people were counted."""
    n, z = rate.people, _Z_SCORE
    share = rate.came / n
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return min(1.0, (share + z * z / (2 * n) + half) / (1 + z * z / n))


def _is_overfull_too_often(people: int, chairs: int, share: float) -> bool:
    """Tells whether more than `chairs` of `people` come too often, if each comes with
    probability `share`.

    It sums the exact tail of the binomial distribution.
    """
    if people <= chairs:
        return False
    if people * share >= chairs + 1:  # the mean is above: probability over one half
        return True
    odds = share / (1 - share)
    term = math.exp(_log_term(people, chairs + 1, share)) if share else 0.0
    total = 0.0
    for number in range(chairs + 1, people + 1):
        total += term
        if total > MAX_OVERFULL_PROBABILITY:
            return True
        if term < 1e-12:  # the remaining terms are smaller still
            return False
        term *= odds * (people - number) / (number + 1)
    return False


def _log_term(people: int, number: int, share: float) -> float:
    ways = math.lgamma(people + 1) - math.lgamma(number + 1) - math.lgamma(people - number + 1)
    return ways + number * math.log(share) + (people - number) * math.log1p(-share)


def _select_counts(
    limit: int, *conditions: sa.ColumnElement[bool]
) -> sa.Select[int, int, int | None, Any]:
    """Returns the query for people with a seat by workshop, the latest first.

    The workshops are those of a `kind` with these conditions.
    """
    # Limits the workshops first, so that not all registrations of all years are summed up.
    latest = (
        sa.select(Workshop.id)
        .where(
            Workshop.kind_id == sa.bindparam("kind"),
            Workshop.status == WorkshopStatus.HELD,
            Workshop.way.in_([Way.PLACE, Way.UNLISTED]),
            *conditions,
        )
        .order_by(Workshop.day.desc(), Workshop.id.desc())
        .limit(limit * CANDIDATES_PER_WORKSHOP)
    )
    has_seat = Registration.status == RegistrationStatus.CONFIRMED
    return (
        sa.select(
            Workshop.id,
            Workshop.walk_ins,
            Workshop.head_count,
            sa.func.sum(sa.case((has_seat, Registration.people), else_=0)).label("people"),
        )
        .select_from(Workshop)
        .join(Registration, Registration.workshop_id == Workshop.id)
        .where(Workshop.id.in_(latest))
        .group_by(Workshop.id, Workshop.day, Workshop.walk_ins, Workshop.head_count)
        .order_by(Workshop.day.desc(), Workshop.id.desc())
    )


_OF_OFFICE: Final = _select_counts(LATEST, Workshop.office_id == sa.bindparam("office"))
_OF_NETWORK: Final = _select_counts(LATEST_OF_NETWORK)


def _list_counts(
    session: Session, kind: Kind, office: Office | None, limit: int
) -> list[tuple[int, int]]:
    """Returns people with a seat and those who came, by workshop with a complete check-in."""
    of_kind = {"kind": kind.id}
    if office is None:
        rows = session.execute(_OF_NETWORK, of_kind).all()
    else:
        rows = session.execute(_OF_OFFICE, of_kind | {"office": office.id}).all()
    came = totals.read_all(session, [row.id for row in rows])
    complete = [
        (row.people, came[row.id][totals.SEATED])
        for row in rows
        if _is_complete(came[row.id][totals.ARRIVED], row.walk_ins, row.head_count)
    ]
    return complete[:limit]


def list_attendance(
    session: Session, *conditions: sa.ColumnElement[bool]
) -> dict[int, tuple[int, int]]:
    """Returns people with a seat and those of them who came, by id of workshop.

    The workshops are those with these conditions whose check-in is complete. Discreet ones
    have no rate. It takes three statements.
    """
    wanted = (
        *conditions,
        Workshop.status == WorkshopStatus.HELD,
        Workshop.way.in_([Way.PLACE, Way.UNLISTED]),
        Workshop.is_discreet.is_(False),
        Workshop.kind_id.in_(sa.select(Kind.id).where(Kind.is_discreet.is_(False))),
    )
    reported = {
        row.id: (row.walk_ins, row.head_count)
        for row in session.execute(
            sa.select(Workshop.id, Workshop.walk_ins, Workshop.head_count).where(*wanted)
        )
    }
    came = {}
    for row in session.execute(totals.SELECT_WITH_WORKSHOP.where(*wanted)):
        walk_ins, head_count = reported.get(row.workshop_id, (0, 0))
        if not _may_be_complete(row.numbers, walk_ins, head_count):
            continue
        counted = totals.open_row(session, *row)
        if _is_complete(counted[totals.ARRIVED], walk_ins, head_count):
            came[row.workshop_id] = counted[totals.SEATED]
    people = session.execute(
        sa.select(Registration.workshop_id, sa.func.sum(Registration.people))
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(*wanted, Registration.status == RegistrationStatus.CONFIRMED)
        .group_by(Registration.workshop_id)
    )
    return {
        workshop_id: (int(number), came[workshop_id])
        for workshop_id, number in people
        if workshop_id in came
    }


def _may_be_complete(numbers: Mapping[str, int], walk_ins: int, head_count: int | None) -> bool:
    """Tells whether the check-in may be complete, as far as can be known without decrypting."""
    arrived = numbers.get(totals.ARRIVED, totals.MIN_PLAIN - 1)
    return _is_complete(arrived, walk_ins, head_count)


def _is_complete(arrived: int, walk_ins: int, head_count: int | None) -> bool:
    """Tells whether the check-in of a workshop has nearly all of the people who were reported."""
    if not arrived:
        return False
    return head_count is None or (arrived + walk_ins) * 10 >= head_count * _MIN_TENTHS


def _sum(rows: Sequence[tuple[int, int]], *, is_of_network: bool) -> AttendanceRate | None:
    people, came = sum(row[0] for row in rows), sum(row[1] for row in rows)
    if len(rows) < MIN_WORKSHOPS or people < MIN_PEOPLE:
        return None
    return AttendanceRate(len(rows), people, came, is_of_network)
