"""The workshops of this network that partner networks may show (S44)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.joint.partner_networks import MAX_JOINT_WORKSHOPS, JointState
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind, Way
from outreach.domain.workshops import Workshop, WorkshopStatus

AHEAD: Final = timedelta(days=366)
_MAY_BE_SHOWN: Final = (
    Workshop.is_shared.is_(True),
    Workshop.status.in_((WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED)),
    # What was cancelled before it was published nobody has heard of.
    Workshop.published_at.is_not(None),
    Workshop.way != Way.UNLISTED,
    Workshop.is_discreet.is_(False),
    Workshop.is_synthetic.is_(False),
    Kind.is_discreet.is_(False),
    Kind.sensitivity.not_in(HIGH_SENSITIVITIES),
)


def list_shared(session: Session, *, now: datetime) -> Sequence[Workshop]:
    """Returns the shared workshops that are not over, cancelled ones too, by start.

    They are the first MAX_JOINT_WORKSHOPS within a year.
    """
    return session.scalars(
        sa.select(Workshop)
        .join(Workshop.kind)
        .where(*_MAY_BE_SHOWN, Workshop.ends_at > now, Workshop.starts_at < now + AHEAD)
        .order_by(Workshop.starts_at, Workshop.uid)
        .limit(MAX_JOINT_WORKSHOPS)
    ).all()


def get_state(workshop: Workshop, now: datetime) -> JointState:
    """Tells whether one can still come, without a number of people."""
    if workshop.is_cancelled:
        return JointState.CANCELLED
    if not workshop.takes_places:
        return JointState.OPEN
    if workshop.starts_at <= now:
        return JointState.CLOSED
    if not workshop.has_opened(now):
        return JointState.SOON
    if not workshop.appears_full:
        return JointState.OPEN
    return JointState.WAITLIST if workshop.has_waiting_list else JointState.CLOSED
