"""The outbox of letters to roster members, and what a letter is written from."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterLetter,
    RosterLetterType,
)
from outreach.domain.workshops import facts


class _RosterOutbox(OutboxTable):
    """The outbox that records, with a delivery, what the member knows from it."""

    def mark_done(self, connection: sa.Connection, claimed: ClaimedMessage, now: datetime) -> None:
        super().mark_done(connection, claimed, now)
        connection.execute(_RECORD_KNOWN, {"letter": claimed.id})


_OWN: Final = RosterLetter.id == sa.bindparam("letter")
_RECORD_KNOWN: Final = (
    sa.update(RosterAssignment)
    .where(
        RosterAssignment.id == sa.select(RosterLetter.assignment_id).where(_OWN).scalar_subquery()
    )
    .values(known_facts=sa.select(RosterLetter.facts).where(_OWN).scalar_subquery())
)
OUTBOX: Final = _RosterOutbox(RosterLetter, "letter_type")


def prepare(
    session: Session, claimed: ClaimedMessage, *, now: datetime
) -> tuple[RosterLetter, RosterAssignment] | None:
    """Brings a letter up to date with its workshop; returns it with its assignment.

    None where there is nothing to say any more. It is called in a transaction of its own,
    which stores what the letter says before it is sent.
    """
    letter = session.get(RosterLetter, claimed.id)
    if letter is None or letter.done_at is not None:
        return None
    assignment = session.get_one(RosterAssignment, letter.assignment_id)
    workshop = assignment.workshop
    is_over = now >= workshop.starts_at and letter.letter_type is RosterLetterType.ASK
    if is_over or now >= workshop.ends_at:
        return None
    is_released = assignment.state is AssignmentState.RELEASED
    if is_released != (letter.letter_type is RosterLetterType.RELEASED):
        return None
    if is_released:
        return letter, assignment
    current = facts.compute_facts(workshop)
    letter.facts = current
    if workshop.is_cancelled:
        if assignment.known_facts is None:
            return None
        letter.letter_type = RosterLetterType.CANCELLED
    elif assignment.state is AssignmentState.DECLINED:
        return None
    else:
        letter.letter_type = RosterLetterType.ASK
    session.flush()
    return letter, assignment
