"""Causes of differences between a month and its last revision, for the page that closes a month."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.audit.audit_log import AuditEntry, Details, details_of
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.domain.reporting.figures import MonthlyFigure
from outreach.domain.workshops import Workshop

FIGURE: Final = "figure"
_RELEVANT_ACTIONS: Final = (
    "attendance reported",
    "workshop cancelled",
    "workshop changed",
    "workshop created",
    "workshop published",
    "workshop reinstated",
)


@dataclass(frozen=True, kw_only=True)
class ChangeCause:
    """The last change of a number."""

    action: str  # action of the audit log; FIGURE for a typed figure
    details: Details  # details of the audit log; {"source": text} for a figure
    by: str  # e-mail of the staff member; empty if there is none
    at: datetime


def find_causes_since(
    session: Session, month: Month, cut: datetime
) -> dict[tuple[str, str], ChangeCause]:
    """Returns the last change after `cut` of the workshops of each office and kind, by (slug,
    code), and of each typed figure, by (series, "")."""
    causes: dict[tuple[str, str], ChangeCause] = {}
    entries = session.execute(
        sa.select(
            Office.slug,
            Kind.code,
            AuditEntry,
            StaffMember.email,
        )
        .select_from(AuditEntry)
        .join(Workshop, Workshop.id == AuditEntry.workshop_id)
        .join(Office, Office.id == Workshop.office_id)
        .join(Kind, Kind.id == Workshop.kind_id)
        .outerjoin(StaffMember, StaffMember.id == AuditEntry.organizer_id)
        .where(
            Workshop.month == month.number,
            AuditEntry.at > cut,
            AuditEntry.action.in_(_RELEVANT_ACTIONS),
        )
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    for slug, kind, entry, email in entries:
        causes[slug, kind] = ChangeCause(
            action=entry.action, details=details_of(entry), by=email or "", at=entry.at
        )
    typed_figures = session.execute(
        sa.select(
            MonthlyFigure.series, MonthlyFigure.source, StaffMember.email, MonthlyFigure.entered_at
        )
        .outerjoin(StaffMember, StaffMember.id == MonthlyFigure.entered_by_id)
        .where(MonthlyFigure.month == month.number, MonthlyFigure.entered_at > cut)
    )
    for series, source, email, at in typed_figures:
        causes[series, ""] = ChangeCause(
            action=FIGURE, details={"source": source}, by=email or "", at=at
        )
    return causes
