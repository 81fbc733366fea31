"""Shows: how many of those who had a place came, and how many places more than chairs that bears.

Aggregate only: of an office's last workshops of a kind, or of the network's; never of a person.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.workshops import Workshop, WorkshopStatus

MIN_WORKSHOPS: Final = 5
MIN_PEOPLE: Final = 50
LATEST: Final = 12  # workshops of an office: what was true two years ago says little
LATEST_OF_NETWORK: Final = 60
TRIED: Final = 10  # times as many are looked through, as not every door is kept
MAX_OVERFULL_PROBABILITY: Final = 0.05  # how likely it may be that somebody finds no chair
MAX_OVERBOOKED_SHARE: Final = 0.5  # places beyond the chairs, as a share of them
LEAST_TOLD: Final = 5  # of a discreet kind, fewer people than this would tell of somebody
# The list at the door counts where it knows of nine in ten of those who were reported.
_IN_TEN: Final = 9
_SURE: Final = 1.645  # standard deviations: the true rate is below the bound in 95 of 100 cases


@dataclass(frozen=True)
class AttendanceRate:
    """Of `people` with a place in so many workshops, `came` came."""

    workshops: int
    people: int
    came: int
    is_of_network: bool = False

    @property
    def in_ten(self) -> int:
        """6, for six of ten; never all or none of them, which nobody can promise."""
        return min(9, max(1, round(10 * self.came / self.people)))


def estimate_attendance_rate(session: Session, office: Office, kind: Kind) -> AttendanceRate | None:
    """What the doors of this office's last workshops of this kind say or, where they are too few,
    those of the network; None where those are too few as well."""
    own = _sum(_rows(session, kind, office, LATEST), is_of_network=False)
    shown = own or _sum(_rows(session, kind, None, LATEST_OF_NETWORK), is_of_network=True)
    if shown is None or not kind.is_discreet:
        return shown
    is_told = min(shown.came, shown.people - shown.came) >= LEAST_TOLD
    return shown if is_told else None


def overbooking_allowance(show: AttendanceRate, chairs: int) -> int:
    """The most places beyond the chairs with which more people than chairs come at most once in
    twenty times."""
    likely = _most_likely(show)
    low, high = 0, int(chairs * MAX_OVERBOOKED_SHARE)
    while low < high:
        middle = (low + high + 1) // 2
        if _is_too_likely(chairs + middle, chairs, likely):
            high = middle - 1
        else:
            low = middle
    return low


def _most_likely(show: AttendanceRate) -> float:
    """The upper end of Wilson's interval: the fewer we have seen, the nearer to all of them."""
    n, z = show.people, _SURE
    share = show.came / n
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return min(1.0, (share + z * z / (2 * n) + half) / (1 + z * z / n))


def _is_too_likely(people: int, chairs: int, share: float) -> bool:
    """Whether of so many people, each coming with that likelihood, more than `chairs` come too
    often: the exact sum of the binomial distribution's end."""
    if people <= chairs:
        return False
    if people * share >= chairs + 1:  # then at least every second time
        return True
    odds = share / (1 - share)
    term = math.exp(_log_term(people, chairs + 1, share)) if share else 0.0
    total = 0.0
    for number in range(chairs + 1, people + 1):
        total += term
        if total > MAX_OVERFULL_PROBABILITY:
            return True
        if term < 1e-12:  # what follows is less and less
            return False
        term *= odds * (people - number) / (number + 1)
    return False


def _log_term(people: int, number: int, share: float) -> float:
    ways = math.lgamma(people + 1) - math.lgamma(number + 1) - math.lgamma(people - number + 1)
    return ways + number * math.log(share) + (people - number) * math.log1p(-share)


def _rows(
    session: Session, kind: Kind, office: Office | None, limit: int
) -> Sequence[sa.Row[int, int]]:
    """People with a place, and those of them who came, of each workshop whose door was kept."""
    # The whole network's people of all years are not added up to look at some workshops of them.
    latest = (
        sa.select(Workshop.id)
        .where(
            Workshop.kind_id == kind.id,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.way.in_([Way.PLACE, Way.UNLISTED]),
        )
        .order_by(Workshop.day.desc(), Workshop.id.desc())
        .limit(limit * TRIED)
    )
    if office is not None:
        latest = latest.where(Workshop.office_id == office.id)
    has_place = Registration.status == Place.CONFIRMED
    at_door = sa.func.sum(Registration.arrived) + Workshop.walk_ins
    found = (
        sa.select(
            sa.func.sum(sa.case((has_place, Registration.people), else_=0)),
            sa.func.sum(sa.case((has_place, Registration.arrived), else_=0)),
        )
        .select_from(Workshop)
        .join(Registration, Registration.workshop_id == Workshop.id)
        .where(Workshop.id.in_(latest))
        .group_by(Workshop.id, Workshop.day, Workshop.walk_ins, Workshop.head_count)
        .having(
            sa.func.sum(Registration.arrived) > 0,
            sa.or_(Workshop.head_count.is_(None), at_door * 10 >= Workshop.head_count * _IN_TEN),
        )
        .order_by(Workshop.day.desc(), Workshop.id.desc())
        .limit(limit)
    )
    return session.execute(found).all()


def _sum(rows: Sequence[sa.Row[int, int]], *, is_of_network: bool) -> AttendanceRate | None:
    people, came = sum(row[0] for row in rows), sum(row[1] for row in rows)
    if len(rows) < MIN_WORKSHOPS or people < MIN_PEOPLE:
        return None
    return AttendanceRate(len(rows), people, came, is_of_network)
