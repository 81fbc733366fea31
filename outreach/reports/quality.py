"""The quality statement of a revision, from the data: offices that reported, late rows, and
workshops without a head count (COUNT13)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.reporting import months
from outreach.domain.reporting.figures import MonthlyFigure
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.reports import coverage, workshop_counts

_CHANGES_A_COUNT: Final = (
    "attendance reported",
    "workshop cancelled",
    "workshop changed",
    "workshop created",
    "workshop published",
    "workshop reinstated",
)


@dataclass(frozen=True, kw_only=True)
class QualityStatement:
    """What one has to know to judge the numbers of a revision; frozen with it.

    Offices are those open in the month; an office has reported if nothing of it is missing. A late
    row is a workshop that was reported or changed, or a figure that was typed, after the hour at
    which the month closes."""

    offices_asked: int
    offices_reported: int
    workshops: int
    workshops_assumed: int  # counted as held because nobody said otherwise (COUNT07)
    workshops_without_head_count: int
    late_rows: int

    @property
    def share_without_head_count(self) -> float:
        """The share of workshops without a head count, from 0 to 1 with three decimals; 0 for a
        month without workshops."""
        return round(self.workshops_without_head_count / self.workshops, 3) if self.workshops else 0

    def as_json(self) -> dict[str, Any]:
        """The JSON that is frozen and published; fields are only ever added."""
        return asdict(self) | {"share_without_head_count": self.share_without_head_count}


def from_json(data: Mapping[str, Any]) -> QualityStatement:
    """The statement that a revision froze."""
    values = {name: value for name, value in data.items() if name != "share_without_head_count"}
    return QualityStatement(**values)


def assess(session: Session, month: Month, *, now: datetime) -> QualityStatement:
    """Returns the statement of what the database contains of a month that is over."""
    rows = [row for row in coverage.matrix(session, month, None, now=now).rows if row.is_asked]
    total, assumed, without = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(sa.case((Workshop.status == WorkshopStatus.PUBLISHED, 1))),
            sa.func.count(sa.case((Workshop.head_count.is_(None), 1))),
        ).where(Workshop.month == month.number, workshop_counts.IS_COUNTED)
    ).one()
    return QualityStatement(
        offices_asked=len(rows),
        offices_reported=sum(not row.is_late for row in rows),
        workshops=total,
        workshops_assumed=assumed,
        workshops_without_head_count=without,
        late_rows=_count_late_rows(session, month),
    )


def _count_late_rows(session: Session, month: Month) -> int:
    closes_at = months.get_closing_time(month)
    workshops = (
        sa.select(sa.func.count(AuditEntry.workshop_id.distinct()))
        .join(Workshop, Workshop.id == AuditEntry.workshop_id)
        .where(
            Workshop.month == month.number,
            AuditEntry.at > closes_at,
            AuditEntry.action.in_(_CHANGES_A_COUNT),
        )
    )
    figures = sa.select(sa.func.count()).where(
        MonthlyFigure.month == month.number, MonthlyFigure.entered_at > closes_at
    )
    return session.scalars(workshops).one() + session.scalars(figures).one()
