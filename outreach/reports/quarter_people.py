"""People by office and kind of a quarter, as ranges: drawn once, when its last month is closed, and
frozen in that month's revision (S24, decision 0060)."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month, Quarter
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.reports import attendance_counts, people_ranges
from outreach.reports.attendance_counts import Attendance
from outreach.reports.people_ranges import Bounds, OfficeQuarter

# By month, `attendance_counts.digest_counted` of each revision and of now.
CountedWorkshops = Mapping[Month, Sequence[Mapping[str, str] | None]]
Published = Mapping[Month, Sequence[Attendance]]  # by month, of each of its revisions
# By slug of the office and month: how many workshops have a head count, and its sum.
Cells = Mapping[str, Mapping[Month, tuple[int, int]]]


@dataclass(frozen=True)
class QuarterPeople:
    """The ranges of a quarter, by code of the kind and slug of the office; those that may not be
    published are left out."""

    quarter: Quarter
    ranges: Mapping[str, Mapping[str, Bounds]]

    def as_json(self) -> dict[str, Any]:
        """The JSON that is frozen and published; fields are only ever added."""
        ranges = {
            kind: {slug: [each.least, each.most] for slug, each in offices.items()}
            for kind, offices in self.ranges.items()
        }
        return {"quarter": str(self.quarter), "people_by_office": ranges}


def from_json(data: Mapping[str, Any]) -> QuarterPeople:
    """The ranges that a revision froze."""
    ranges = {
        kind: {slug: Bounds(*each) for slug, each in offices.items()}
        for kind, offices in data["people_by_office"].items()
    }
    return QuarterPeople(Quarter.parse(data["quarter"]), ranges)


def draw(
    session: Session, quarter: Quarter, published: Published, counted: CountedWorkshops
) -> QuarterPeople:
    """Draws the ranges of a quarter of which every month is closed. Kinds that are discreet or of
    high sensitivity have none, nor those of which two versions of a month in `counted` have other
    workshops: if the total stayed the same, nobody came to the one that differs. `published`: see
    `draw_kind`."""
    cells = _load_cells(session, quarter)
    recounted = frozenset[str]().union(
        *(attendance_counts.find_recounted(each, cells) for each in counted.values())
    )
    found = {
        kind: draw_kind(kind, of_kind, published)
        for kind, of_kind in cells.items()
        if kind not in recounted
    }
    return QuarterPeople(quarter, {kind: ranges for kind, ranges in found.items() if ranges})


def draw_kind(
    kind: str,
    cells: Cells,
    published: Published,
    *,
    pick: Callable[[int], int] = secrets.randbelow,
) -> dict[str, Bounds]:
    """Draws the ranges of a kind, by slug of the office; empty if none may be published.

    `published` has what all revisions of each month said. The total of each month must be published
    and the same in all of them: the difference of two totals is that of the one office whose
    workshops changed. `pick`: see `people_ranges.draw_ranges`.
    """
    totals = {month: _find_total(kind, revisions) for month, revisions in published.items()}
    counted = {
        month: sum(of_office[month][1] for of_office in cells.values() if month in of_office)
        for month in published
    }
    if totals != counted:  # hidden, changed, or reported after the month was closed
        return {}
    offices = {
        slug: OfficeQuarter(
            workshops={month.number: workshops for month, (workshops, _) in of_office.items()},
            people=sum(people for _, people in of_office.values()),
        )
        for slug, of_office in cells.items()
    }
    by_number = {month.number: total for month, total in counted.items()}
    return people_ranges.draw_ranges(offices, by_number, pick=pick)


def _find_total(kind: str, revisions: Sequence[Attendance]) -> int | None:
    """The people of a kind in a month; None where a revision hides it, or two differ. A kind that
    no revision names had no workshop with a head count."""
    if any(kind in each.hidden_kinds for each in revisions):
        return None
    totals = {each.published.get(kind, 0) for each in revisions}
    return totals.pop() if len(totals) == 1 else None


def _load_cells(session: Session, quarter: Quarter) -> dict[str, Cells]:
    """Returns, by kind and office, how many workshops had a head count in each month and how many
    people came. Only kinds that may be published by office are there."""
    rows = session.execute(
        sa.select(
            Kind.code,
            Office.slug,
            Workshop.month,
            sa.func.count(),
            sa.func.sum(Workshop.head_count),
        )
        .join(Kind, Kind.id == Workshop.kind_id)
        .join(Office, Office.id == Workshop.office_id)
        .where(
            Workshop.month.in_([month.number for month in quarter.months]),
            Workshop.status == WorkshopStatus.HELD,
            Workshop.head_count.is_not(None),
            Kind.is_discreet.is_(False),
            Kind.sensitivity.not_in(HIGH_SENSITIVITIES),
        )
        .group_by(Kind.code, Kind.position, Office.slug, Workshop.month)
        .order_by(Kind.position, Kind.code, Office.slug, Workshop.month)
    )
    cells: dict[str, dict[str, dict[Month, tuple[int, int]]]] = {}
    for kind, slug, month, workshops, people in rows:
        of_office = cells.setdefault(kind, {}).setdefault(slug, {})
        of_office[Month.from_number(month)] = (workshops, int(people or 0))
    return dict(cells)
