"""Assignments of roster members to workshops: asked, confirmed, declined, asked again.

`known_facts` is what a member was last told, or answered to (`workshops.facts`); NULL before. What
they confirmed holds as long as the workshop is what it was: one that moves makes a confirmed member
one to be asked again, and a change that is undone makes them a confirmed one again. Letters follow
the decision of staff, its hold and its undo, as those to attendees do.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import change_rows
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import NotifyDecision, compute_due
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import member_clashes, members
from outreach.domain.roster.models import (
    ACTIVE_STATES,
    AssignmentState,
    RosterAssignment,
    RosterLetter,
    RosterLetterType,
    RosterMember,
    RosterRole,
)
from outreach.domain.workshops import Workshop, WorkshopStatus, facts
from outreach.domain.workshops.partners import WorkshopPartner, WorkshopSpeaker
from outreach.errors import ErrorCode, NotFound, Refusal

KEPT: Final = timedelta(days=90)  # rows of letters that were sent


# Without a lease no attempt can have arrived: one with an unknown outcome keeps its lease.
_IS_PENDING: Final = sa.and_(RosterLetter.done_at.is_(None), RosterLetter.leased_until.is_(None))


def list_of_workshop(session: Session, workshop: Workshop) -> Sequence[RosterAssignment]:
    """Returns the assignments of a workshop except released ones, in the order they were made."""
    return session.scalars(
        sa.select(RosterAssignment)
        .where(
            RosterAssignment.workshop_id == workshop.id,
            RosterAssignment.state != AssignmentState.RELEASED,
        )
        .order_by(RosterAssignment.id)
    ).all()


def list_active(session: Session, workshop: Workshop) -> Sequence[RosterAssignment]:
    """The active assignments of a workshop, in the order in which they were made."""
    return session.scalars(_ACTIVE_OF_WORKSHOP, {"workshop": workshop.id}).all()


def list_of_member(
    session: Session, member: RosterMember, *, first_day: date, last_day: date
) -> Sequence[RosterAssignment]:
    """The active assignments of a member within these days, by start."""
    return session.scalars(
        sa.select(RosterAssignment)
        .join(Workshop, Workshop.id == RosterAssignment.workshop_id)
        .options(sa.orm.contains_eager(RosterAssignment.workshop))
        .where(
            RosterAssignment.member_id == member.id,
            RosterAssignment.state.in_(ACTIVE_STATES),
            Workshop.day.between(first_day, last_day),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).all()


def list_workshops_without_speaker(
    session: Session, offices: Iterable[Office], *, now: datetime
) -> Sequence[Workshop]:
    """Returns the workshops ahead of these offices, drafts too, that nobody gives, by start.

    They name no partner, no speaker and no facilitator, and no speaker of the roster is assigned.
    """
    is_assigned = sa.exists().where(
        RosterAssignment.workshop_id == Workshop.id,
        RosterAssignment.role == RosterRole.SPEAKER,
        RosterAssignment.state.in_(ACTIVE_STATES),
    )
    return session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.office_id.in_([each.id for each in offices]),
            Workshop.starts_at > now,
            Workshop.status.in_([WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED]),
            Workshop.facilitator == "",
            ~sa.exists().where(WorkshopPartner.workshop_id == Workshop.id),
            ~sa.exists().where(WorkshopSpeaker.workshop_id == Workshop.id),
            ~is_assigned,
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).all()


def find_of_workshop(session: Session, workshop: Workshop, assignment_id: int) -> RosterAssignment:
    """Finds an assignment of this workshop and locks it. Raises NotFound."""
    found = session.scalar(
        sa.select(RosterAssignment)
        .where(RosterAssignment.id == assignment_id, RosterAssignment.workshop_id == workshop.id)
        .with_for_update(of=RosterAssignment)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("roster assignment")
    return found


def lock(session: Session, workshop: Workshop) -> None:
    """Locks the workshop until the transaction ends, and refreshes it.

    An answer at the moment of a move is one to what the workshop was before, or is found outdated.
    """
    session.flush()  # a refresh discards pending changes
    row = sa.select(Workshop.id).where(Workshop.id == workshop.id)
    session.execute(row.with_for_update(key_share=True))
    session.refresh(workshop)


def ask(
    session: Session,
    workshop: Workshop,
    member: RosterMember,
    *,
    now: datetime,
    undo_window: timedelta = UNDO_WINDOW,
) -> RosterAssignment:
    """Assigns a member and asks them by letter after `undo_window`.

    A member without an e-mail is asked by staff. A member who was released a moment ago has
    what they had. Raises Refusal where the workshop takes nobody any more, where they are
    assigned already, and for a mobile unit that stands elsewhere.
    """
    members.lock(session, member)
    if member.retired_at is not None:
        raise NotFound("roster member")
    _require_ahead(workshop, now)
    if member.role is RosterRole.MOBILE_UNIT:
        busy = member_clashes.list_overlapping(session, [member.id], workshop)[member.id]
        if member_clashes.is_elsewhere(workshop, busy):
            raise Refusal(ErrorCode.UNIT_ELSEWHERE)
    assignment = session.scalar(
        sa.select(RosterAssignment).where(
            RosterAssignment.workshop_id == workshop.id, RosterAssignment.member_id == member.id
        )
    )
    if assignment is None:
        assignment = RosterAssignment(
            workshop_id=workshop.id, member_id=member.id, role=member.role, made_at=now
        )
        session.add(assignment)
        session.flush()
    elif assignment.is_active:
        raise Refusal(ErrorCode.ASSIGNED_ALREADY)
    elif _take_back_release(session, assignment, workshop):
        return assignment
    assignment.state, assignment.role = AssignmentState.ASKED, member.role
    assignment.confirmed_facts = assignment.answered_at = None
    _enqueue(session, assignment, RosterLetterType.ASK, due_at=now + undo_window, now=now)
    return assignment


def _take_back_release(session: Session, assignment: RosterAssignment, workshop: Workshop) -> bool:
    """Takes back a release that the member has not heard of, and tells whether it did.

    The assignment then is what it was before: confirmed or asked.
    """
    was_released = assignment.state is AssignmentState.RELEASED
    is_unaware = _delete_pending(session, assignment) and was_released
    current = facts.compute_facts(workshop)
    if not is_unaware or assignment.known_facts != current:
        return False
    is_confirmed = assignment.confirmed_facts == current
    assignment.state = AssignmentState.CONFIRMED if is_confirmed else AssignmentState.ASKED
    return True


def ask_again(
    session: Session,
    assignment: RosterAssignment,
    *,
    now: datetime,
    undo_window: timedelta = UNDO_WINDOW,
) -> None:
    """Asks once more. Raises Refusal where the workshop takes nobody any more."""
    _require_ahead(assignment.workshop, now)
    _delete_pending(session, assignment)
    if assignment.state is AssignmentState.DECLINED:
        assignment.state = AssignmentState.ASKED
    _enqueue(session, assignment, RosterLetterType.ASK, due_at=now + undo_window, now=now)


def release(
    session: Session,
    assignment: RosterAssignment,
    *,
    now: datetime,
    undo_window: timedelta = UNDO_WINDOW,
) -> None:
    """Releases a member who is not needed any more.

    They are told after `undo_window` if they know of the assignment.
    """
    was_active, is_asked = assignment.is_active, _has_letter(session, assignment)
    _delete_pending(session, assignment)
    if assignment.known_facts is None and not is_asked:
        session.delete(assignment)
        return
    assignment.state = AssignmentState.RELEASED
    if was_active and not assignment.workshop.has_ended(now):
        _enqueue(session, assignment, RosterLetterType.RELEASED, due_at=now + undo_window, now=now)


def release_member(session: Session, member: RosterMember, *, now: datetime) -> list[Workshop]:
    """Releases a member from the workshops that are ahead; returns them."""
    ahead = session.scalars(
        sa.select(RosterAssignment)
        .join(Workshop, Workshop.id == RosterAssignment.workshop_id)
        .where(
            RosterAssignment.member_id == member.id,
            RosterAssignment.state.in_(ACTIVE_STATES),
            Workshop.ends_at > now,
        )
        .order_by(RosterAssignment.id)
    ).all()
    workshops = [each.workshop for each in ahead]
    for each in ahead:
        release(session, each, now=now)
    return workshops


def answer(
    session: Session, assignment: RosterAssignment, *, can_come: bool, now: datetime
) -> bool:
    """Records an answer to what the workshop is now. Returns False where it was given before.

    Raises Refusal where the workshop takes nobody any more, or the member is not needed.
    """
    _require_ahead(assignment.workshop, now)
    if assignment.state is AssignmentState.RELEASED:
        raise Refusal(ErrorCode.ASSIGNMENT_RELEASED)
    state = AssignmentState.CONFIRMED if can_come else AssignmentState.DECLINED
    _delete_pending(session, assignment)
    assignment.known_facts = facts.compute_facts(assignment.workshop)
    if assignment.state is state:
        return False
    assignment.state, assignment.answered_at = state, now
    assignment.confirmed_facts = assignment.known_facts if can_come else None
    return True


def _require_ahead(workshop: Workshop, now: datetime) -> None:
    if workshop.is_cancelled:
        raise Refusal(ErrorCode.WORKSHOP_CANCELLED)
    if now >= workshop.starts_at:
        raise Refusal(ErrorCode.WORKSHOP_STARTED)


def _holds(assignment: RosterAssignment, workshop: Workshop) -> bool:
    """Tells whether the member confirmed the workshop as it is, and has not been told other
    facts since.
    """
    current = facts.compute_facts(workshop)
    return assignment.confirmed_facts == current and assignment.known_facts in (None, current)


def _enqueue(
    session: Session,
    assignment: RosterAssignment,
    letter_type: RosterLetterType,
    *,
    due_at: datetime,
    now: datetime,
) -> None:
    if not assignment.member.has_email:
        return
    known = facts.compute_facts(assignment.workshop)
    session.add(
        RosterLetter(
            assignment_id=assignment.id,
            letter_type=letter_type,
            facts=known,
            made_at=now,
            due_at=due_at,
        )
    )
    session.flush()


def _has_letter(session: Session, assignment: RosterAssignment) -> bool:
    """Tells whether a letter about the assignment was sent, or may have been."""
    tried = sa.exists().where(RosterLetter.assignment_id == assignment.id, sa.not_(_IS_PENDING))
    return bool(session.scalar(sa.select(tried)))


def _delete_pending(session: Session, assignment: RosterAssignment) -> bool:
    """Deletes letters that nobody has tried to send. Returns whether there were any."""
    is_own = RosterLetter.assignment_id == assignment.id
    return bool(change_rows(session, sa.delete(RosterLetter).where(is_own, _IS_PENDING)))


# What follows from a change of a workshop


def follow_change(
    session: Session, workshop: Workshop, decision: NotifyDecision, *, now: datetime
) -> None:
    """Makes the assignments of a workshop follow a change of it.

    It is called in the transaction that changes the workshop or decides who is told. Members
    who confirmed other facts are to be asked again, and are written to as `decision` says.
    Letters that wait say what is true when they are sent.
    """
    if now >= workshop.ends_at:
        return
    for assignment in list_active(session, workshop):
        _follow(session, assignment, workshop, decision, now)
    session.flush()


_ACTIVE_OF_WORKSHOP: Final = (
    sa.select(RosterAssignment)
    .where(
        RosterAssignment.workshop_id == sa.bindparam("workshop"),
        RosterAssignment.state.in_(ACTIVE_STATES),
    )
    .order_by(RosterAssignment.id)
)


def _follow(
    session: Session,
    assignment: RosterAssignment,
    workshop: Workshop,
    decision: NotifyDecision,
    now: datetime,
) -> None:
    current = facts.compute_facts(workshop)
    if _holds(assignment, workshop):
        assignment.state = AssignmentState.CONFIRMED
    elif assignment.state is AssignmentState.CONFIRMED:
        assignment.state = AssignmentState.ASK_AGAIN
    pending = session.scalars(
        sa.select(RosterLetter)
        .where(RosterLetter.assignment_id == assignment.id, _IS_PENDING)
        .execution_options(populate_existing=True)
    ).first()
    if pending is not None and pending.facts == current:
        return
    is_unasked = assignment.known_facts is None and not workshop.is_cancelled
    is_waiting = is_unasked and pending is not None
    if not is_waiting and not _is_uninformed(assignment, current):
        _delete_pending(session, assignment)
        return
    letter_type = RosterLetterType.CANCELLED if workshop.is_cancelled else RosterLetterType.ASK
    due_at = compute_due(workshop, decision, is_text=False, now=now)
    if pending is not None:
        pending.letter_type, pending.facts = letter_type, current
        if decision.is_to_notify:
            pending.due_at = due_at
    elif decision.is_to_notify:
        _enqueue(session, assignment, letter_type, due_at=due_at, now=now)


def read_letters(session: Session, workshop: Workshop) -> list[dict[str, Any]]:
    """Returns the letters to the team of a workshop that wait, as JSON."""
    rows = session.scalars(
        sa.select(RosterLetter)
        .join(RosterAssignment, RosterAssignment.id == RosterLetter.assignment_id)
        .where(
            RosterAssignment.workshop_id == workshop.id,
            RosterAssignment.state.in_(ACTIVE_STATES),
            _IS_PENDING,
        )
        .order_by(RosterLetter.id)
    )
    return [
        {
            "id": each.id,
            "assignment": each.assignment_id,
            "type": each.letter_type.value,
            "due_at": each.due_at.isoformat(),
            "made_at": each.made_at.isoformat(),
            "tries": each.tries,
        }
        for each in rows
    ]


def restore_letters(
    session: Session,
    workshop: Workshop,
    *,
    kept: Sequence[Mapping[str, Any]],
    made: Collection[int],
) -> None:
    """Makes letters wait again as `read_letters` returned them before a change that was undone.

    The letters that the change made are deleted, unless they were sent. What the restored
    ones say has followed the workshop back.
    """
    current, active = (
        facts.compute_facts(workshop),
        {each.id: each for each in list_active(session, workshop)},
    )
    change_rows(
        session,
        sa.delete(RosterLetter).where(
            RosterLetter.id.in_(made), RosterLetter.assignment_id.in_(active), _IS_PENDING
        ),
    )
    for each in kept:
        assignment = active.get(each["assignment"])
        if assignment is None:
            continue
        letter = session.get(RosterLetter, each["id"], populate_existing=True)
        if letter is not None and letter.assignment_id == assignment.id:
            if letter.done_at is None and letter.tries == each["tries"]:
                letter.due_at = datetime.fromisoformat(each["due_at"])
        elif letter is None and assignment.known_facts != current:
            letter = RosterLetter(
                assignment_id=assignment.id,
                letter_type=RosterLetterType(each["type"]),
                facts=current,
                made_at=datetime.fromisoformat(each["made_at"]),
                due_at=datetime.fromisoformat(each["due_at"]),
                tries=each["tries"],
            )
            letter.id = each["id"]
            session.add(letter)
    session.flush()


def _is_uninformed(assignment: RosterAssignment, current: bytes) -> bool:
    return assignment.known_facts is not None and assignment.known_facts != current


@dataclass(frozen=True)
class RosterReach:
    """How many members have to be written to because of a change, by their role."""

    asked_again: Mapping[RosterRole, int]
    cancelled: Mapping[RosterRole, int]  # are told that it is not held

    @property
    def total(self) -> int:
        return sum(self.asked_again.values()) + sum(self.cancelled.values())


NO_ROSTER_REACH: Final = RosterReach({}, {})


def count_uninformed(session: Session, workshops: Iterable[Workshop]) -> RosterReach:
    """Counts the members of these workshops whose last news is not true any more, and who have
    an e-mail.
    """
    by_id = {each.id: each for each in workshops}
    again, cancelled = Counter[RosterRole](), Counter[RosterRole]()
    rows = session.execute(
        sa.select(RosterAssignment.workshop_id, RosterAssignment.role, RosterAssignment.known_facts)
        .join(RosterMember, RosterMember.id == RosterAssignment.member_id)
        .where(
            RosterAssignment.workshop_id.in_(by_id),
            RosterAssignment.state.in_(ACTIVE_STATES),
            RosterAssignment.known_facts.is_not(None),
            RosterMember.has_email,
        )
    )
    for workshop_id, role, known in rows:
        workshop = by_id[workshop_id]
        if known != facts.compute_facts(workshop):
            (cancelled if workshop.is_cancelled else again)[role] += 1
    return RosterReach(again, cancelled)


def list_outdated_facts(session: Session, workshop: Workshop) -> set[bytes]:
    """Returns the facts that members of the team know of the workshop and that are not true any
    more.
    """
    current = facts.compute_facts(workshop)
    active = list_active(session, workshop)
    return {each.known_facts for each in active if each.known_facts} - {current}


def rename_places(session: Session, workshop: Workshop, places: Mapping[bytes, bytes]) -> None:
    """Renames places in the facts that members know, so that nobody is asked again for a merged
    venue.

    `places` is that of `change_notifications.rename_places`.
    """
    for assignment in session.scalars(
        sa.select(RosterAssignment).where(RosterAssignment.workshop_id == workshop.id)
    ):
        for name in ("known_facts", "confirmed_facts"):
            if (known := getattr(assignment, name)) is not None:
                setattr(assignment, name, facts.rename_place(known, places))
    session.flush()


def has_team(session: Session, workshop: Workshop) -> bool:
    """Tells whether somebody is assigned to the workshop and has not declined."""
    return bool(session.execute(_ACTIVE_OF_WORKSHOP, {"workshop": workshop.id}).first())


def find_unsent(session: Session, assignment_ids: Collection[int]) -> set[int]:
    """Returns those of these assignments that have a letter that is not sent yet."""
    return set(
        session.scalars(
            sa.select(RosterLetter.assignment_id).where(
                RosterLetter.assignment_id.in_(assignment_ids), RosterLetter.done_at.is_(None)
            )
        )
    )


def find_undelivered(session: Session, assignment_ids: Collection[int]) -> set[int]:
    """Returns those of these assignments whose last letter was given up."""
    rows = session.execute(
        sa.select(RosterLetter.assignment_id, RosterLetter.is_dead)
        .where(RosterLetter.assignment_id.in_(assignment_ids), RosterLetter.done_at.is_not(None))
        .order_by(RosterLetter.done_at, RosterLetter.id)
    )
    last = {row[0]: row[1] for row in rows}
    return {assignment_id for assignment_id, is_dead in last.items() if is_dead}


def delete_old_letters(session: Session, *, now: datetime) -> None:
    """Deletes rows of letters that were sent long ago."""
    change_rows(session, sa.delete(RosterLetter).where(RosterLetter.done_at < now - KEPT))
