"""Workshops that were pushed to other sites, where nobody here can delete them for certain (S39).

Who pushes them records it before anything is sent. It stays, also when nothing is pushed any more.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import change_rows
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, Refusal

PUSHED_AFTER: Final = timedelta(hours=24)  # after its first publication


def lock(session: Session, ids: Collection[int]) -> None:
    """Locks workshops and their kinds until the transaction ends: none becomes discreet before
    `record`. What it waited for may have become it; look again after it."""
    is_among = Workshop.id.in_(ids)
    # Kinds first, as who changes a kind does.
    of_these = sa.select(Workshop.kind_id).where(is_among)
    session.execute(
        sa.select(Kind.id).where(Kind.id.in_(of_these)).order_by(Kind.id).with_for_update(read=True)
    )
    session.execute(
        sa.select(Workshop.id).where(is_among).order_by(Workshop.id).with_for_update(key_share=True)
    )


def record(session: Session, ids: Collection[int]) -> None:
    """Records that these are pushed. Call it after `lock`, and before anything is sent."""
    change_rows(
        session,
        sa.update(Workshop)
        .where(Workshop.id.in_(ids), Workshop.was_pushed.is_(False))
        .values(was_pushed=True),
    )


def require_not_pushed(session: Session, workshop: Workshop) -> None:
    """Raises Refusal where the workshop, which is to become discreet, was pushed."""
    was_pushed = session.scalar(
        sa.select(Workshop.was_pushed).where(Workshop.id == workshop.id).with_for_update()
    )
    if was_pushed:
        raise Refusal(ErrorCode.PUSHED_ELSEWHERE)


def require_kind_not_pushed(session: Session, kind: Kind) -> None:
    """Raises Refusal where a workshop of the kind, which is to become discreet, was pushed."""
    session.execute(sa.select(Kind.id).where(Kind.id == kind.id).with_for_update())
    pushed = sa.select(Workshop.id).where(
        Workshop.kind_id == kind.id, Workshop.was_pushed.is_(True)
    )
    if session.scalar(pushed.limit(1)) is not None:
        raise Refusal(ErrorCode.PUSHED_ELSEWHERE)
