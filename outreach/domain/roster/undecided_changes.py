"""Changes of workshops that somebody has not been told of, and nobody has decided about: attendees
(`change_notifications`) and members of the team alike.

It stands here because registrations know nothing of the roster.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import change_notifications
from outreach.domain.roster.models import (
    ACTIVE_STATES,
    RosterAssignment,
    RosterLetter,
    RosterMember,
)
from outreach.domain.workshops import Workshop, WorkshopStatus


def awaits_decision(now: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Returns the condition of a query for workshops that are `is_undecided`."""
    return sa.or_(change_notifications.awaits_decision(now), _has_uninformed_team(now))


def is_undecided(session: Session, workshop: Workshop, *, now: datetime) -> bool:
    """Tells whether nobody has decided about people whom a change of the workshop concerns.

    Attendees or members of the team do not know what is true now, or people wait for seats
    that were added.
    """
    found = sa.select(Workshop.id).where(Workshop.id == workshop.id, awaits_decision(now))
    return session.scalar(found) is not None


def _has_uninformed_team(now: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Returns the condition that a member who can be written to knows other facts of the workshop.

    A member without e-mail is asked by staff, and the team's page says so. After the start only a
    cancellation is still told.
    """
    # A letter that was given up was decided about; the team's page says that it did not arrive.
    is_queued = (
        sa.exists()
        .where(
            RosterLetter.assignment_id == RosterAssignment.id,
            sa.or_(
                RosterLetter.done_at.is_(None),
                sa.and_(RosterLetter.is_dead, RosterLetter.facts == Workshop.facts),
            ),
        )
        # SQLAlchemy correlates with the query directly around this one, and no further: without
        # this, `Workshop` would be every workshop.
        .correlate_except(RosterLetter)
    )
    has_uninformed = sa.exists().where(
        RosterAssignment.workshop_id == Workshop.id,
        RosterAssignment.state.in_(ACTIVE_STATES),
        RosterAssignment.known_facts != Workshop.facts,
        RosterMember.id == RosterAssignment.member_id,
        RosterMember.has_email,
        sa.not_(is_queued),
    )
    return sa.and_(
        sa.or_(
            Workshop.starts_at > now,
            sa.and_(Workshop.status == WorkshopStatus.CANCELLED, Workshop.ends_at > now),
        ),
        sa.or_(Workshop.withheld_facts.is_(None), Workshop.withheld_facts != Workshop.facts),
        has_uninformed,
    )
