"""Codes by which anybody compares a flyer or a letter with the workshop it speaks of.

The code of a workshop is the beginning of its public id, which its address shows anyway. It is the
same for every holder and belongs to no person. Only workshops that are listed and not discreet have
one, so that the answer to a code tells nothing that the list does not.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.kinds import Kind, Way
from outreach.domain.text import read_code
from outreach.domain.workshops.models import PUBLIC_STATUSES, Workshop

LENGTH: Final = 8
ANSWERED_AFTER: Final = timedelta(days=30)  # a flyer stays on a wall after its day


def make(workshop: Workshop) -> str:
    """Makes the verification code in two groups, as `7K3M QX9P`; empty where the workshop has
    none.
    """
    if workshop.is_hidden or workshop.kind.is_discreet:
        return ""
    return f"{workshop.public_id[: LENGTH // 2]} {workshop.public_id[LENGTH // 2 : LENGTH]}"


def find(session: Session, typed: str, *, now: datetime) -> Sequence[Workshop]:
    """Returns the workshops with a typed code, by start: none, one, or rarely several.

    Case, spaces and look-alike letters do not matter.
    """
    code = read_code(typed)
    if len(code) != LENGTH:
        return []
    return session.scalars(
        sa.select(Workshop)
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            # A range, which the index of the ids serves. Z is the last letter in any collation.
            Workshop.public_id.between(code, code + "Z" * LENGTH),
            Workshop.status.in_(PUBLIC_STATUSES),
            Workshop.is_discreet.is_(False),
            Kind.is_discreet.is_(False),
            Workshop.way != Way.UNLISTED,
            Workshop.ends_at > now - ANSWERED_AFTER,
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).all()
