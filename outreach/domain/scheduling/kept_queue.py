"""What a change finds waiting to be said, and what people had been asked, so that undoing it
restores exactly that.

`keep` stores it before people are told of the change, `keep_made` what the change queued, and
`restore` puts the first back and deletes the second. What belongs to a person is a row that goes
with them; what belongs to the workshop and its team is `WorkshopChange.queue_before`:

    facts         the facts of the workshop (`workshops.facts`), as hexadecimal digits
    withheld      those of which staff had decided to tell nobody
    hold          seats on hold, and until when
    sets_withheld, sets_hold   whether the change set the two
    letters, made_letters      letters to the team that waited; ids of those that the change queued
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import Hour
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    Registration,
    RegistrationStatus,
    change_notifications,
    message_types,
)
from outreach.domain.registrations.message_types import CHANGE_TYPES
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.roster import assignments
from outreach.domain.scheduling.workshop_changes import WorkshopChange
from outreach.domain.workshops import Workshop, facts

# What a change queues, deletes or makes due at another time.
_FOLLOWING: Final = message_types.select_types(
    lambda each: each.is_of_change or each.waits_for_changes
)


class KeptAnswer(Base):
    """The state of a party before a change.

    It has when the party was asked whether it still comes, when it said yes, until when its
    offer held, and whether it had been told the facts of the workshop.
    """

    __tablename__ = "kept_answer"

    change_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop_change.id", ondelete="CASCADE"), primary_key=True
    )
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE", onupdate="CASCADE"),
        primary_key=True,
        index=True,
    )
    asked_at: Mapped[datetime | None] = mapped_column(Hour)
    confirmed_at: Mapped[datetime | None] = mapped_column(Hour)
    offered_until: Mapped[datetime | None]
    was_notified: Mapped[bool] = mapped_column(server_default=sa.false())


class KeptNotification(Base):
    """A notification that waited before a change, or that the change made."""

    __tablename__ = "kept_notification"

    change_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop_change.id", ondelete="CASCADE"), primary_key=True
    )
    notification_id: Mapped[int] = mapped_column(primary_key=True)  # it may be deleted meanwhile
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE", onupdate="CASCADE"), index=True
    )
    is_made: Mapped[bool]  # by the change
    cause: Mapped[NotificationType]
    is_urgent: Mapped[bool]
    due_at: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(Hour)
    tries: Mapped[int]


def read_state(workshop: Workshop) -> dict[str, Any]:
    """Returns what a change may alter of a workshop beside its fields, for
    `WorkshopChange.queue_before`.

    It is read before the change.
    """
    withheld, undo_until = workshop.withheld_facts, workshop.undo_until
    return {
        "facts": facts.compute_facts(workshop).hex(),
        "withheld": withheld.hex() if withheld is not None else None,
        "hold": [workshop.held_seats, undo_until.isoformat() if undo_until is not None else None],
    }


def keep(
    session: Session, change: WorkshopChange, workshop: Workshop, state: Mapping[str, Any]
) -> None:
    """Stores what waits before anybody is told of the change.

    `state` is what `read_state` returned before the change.
    """
    letters = assignments.read_letters(session, workshop)
    change.queue_before = {**state, "letters": letters}
    _keep_notifications(session, change, is_made=False)
    waiting_offer = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.OFFER,
        Notification.done_at.is_(None),
    )
    # Until an offer is sent, its end follows the hour of sending.
    offered_until = sa.case((sa.not_(waiting_offer), Registration.offered_until))
    # Whoever never knew anything else has no facts, and is not somebody who was told.
    was_notified = Registration.known_facts == bytes.fromhex(state["facts"])
    columns = ["asked_at", "confirmed_at", "offered_until", "was_notified"]
    session.execute(
        sa.insert(KeptAnswer).from_select(
            ["change_id", "registration_id", *columns],
            sa.select(
                sa.literal(change.id),
                Registration.id,
                Registration.asked_at,
                Registration.confirmed_at,
                offered_until,
                sa.func.coalesce(was_notified, sa.false()),
            ).where(
                Registration.workshop_id == change.workshop_id,
                Registration.key_id.is_not(None),
                sa.or_(
                    Registration.asked_at.is_not(None),
                    Registration.confirmed_at.is_not(None),
                    Registration.offered_until.is_not(None),
                    was_notified,
                ),
            ),
        )
    )


def keep_made(session: Session, change: WorkshopChange, workshop: Workshop) -> None:
    """Stores which notifications and letters the change has made."""
    session.flush()
    _keep_notifications(session, change, is_made=True)
    before, after = change.queue_before, read_state(workshop)
    known = {each["id"] for each in before["letters"]}
    letters = assignments.read_letters(session, workshop)
    change.queue_before = before | {
        "made_letters": [each["id"] for each in letters if each["id"] not in known],
        "sets_withheld": before["withheld"] != after["withheld"],
        "sets_hold": before["hold"] != after["hold"],
    }
    session.flush()


def _keep_notifications(session: Session, change: WorkshopChange, *, is_made: bool) -> None:
    kept = sa.select(KeptNotification.notification_id).where(
        KeptNotification.change_id == change.id
    )
    columns = (
        "registration_id", "cause", "is_urgent", "due_at", "made_at", "tries",
    )  # fmt: skip
    session.execute(
        sa.insert(KeptNotification).from_select(
            ["change_id", "notification_id", "is_made", *columns],
            sa.select(
                sa.literal(change.id),
                Notification.id,
                sa.literal(is_made, sa.Boolean),
                *(getattr(Notification, name) for name in columns),
            )
            .join(Registration, Registration.id == Notification.registration_id)
            .where(
                Registration.workshop_id == change.workshop_id,
                Registration.key_id.is_not(None),
                Notification.cause.in_(_FOLLOWING),
                Notification.done_at.is_(None),
                Notification.id.not_in(kept),
            ),
        )
    )


def restore(session: Session, change: WorkshopChange, workshop: Workshop, *, now: datetime) -> None:
    """Restores the queue, once the workshop is what it was.

    What waited is due when it was, what the change queued is not sent, and people have the
    questions, answers and offers that they had. Where a later change still holds, what is
    queued tells of that one and stays.
    """
    session.flush()
    before = change.queue_before
    is_as_before = before.get("facts") == facts.compute_facts(workshop).hex()
    _restore_answers(session, change, is_as_before=is_as_before, now=now)
    if not before or not is_as_before:
        return
    _restore_notified(session, change, workshop)
    _delete_made(session, change)
    _restore_due(session, change)
    _restore_deleted(session, change, workshop)
    assignments.restore_letters(
        session, workshop, kept=before["letters"], made=before["made_letters"]
    )
    if change.changes_facts or before["sets_withheld"]:
        withheld = before["withheld"]
        workshop.withheld_facts = bytes.fromhex(withheld) if withheld is not None else None
    if before["sets_hold"] and not _has_later(session, change):
        _restore_hold(session, workshop, *before["hold"])
    session.flush()


def _restore_answers(
    session: Session, change: WorkshopChange, *, is_as_before: bool, now: datetime
) -> None:
    """Restores what parties were asked before the change, and what they answered.

    Parties that have answered since, or were asked again and know it, stay as they are. A
    party whose question had not been sent is asked anew unless the question is queued again.
    """
    of_change = KeptAnswer.change_id == change.id
    known = sa.select(KeptNotification.notification_id).where(
        KeptNotification.change_id == change.id
    )
    of_workshop = sa.select(Registration.id).where(
        Registration.workshop_id == change.workshop_id, Registration.confirmed_at.is_(None)
    )
    asked_since = sa.and_(
        Notification.registration_id.in_(of_workshop),
        Notification.cause == NotificationType.RECONFIRM,
        Notification.done_at.is_(None),
        Notification.leased_until.is_(None),
        Notification.id.not_in(known),
    )
    if change.queue_before:
        # The worker has asked about what is undone now; nobody has got the question.
        people = sa.select(Notification.registration_id).where(asked_since)
        _run(
            session,
            sa.update(Registration).where(Registration.id.in_(people)).values(asked_at=None),
        )
        _run(session, sa.delete(Notification).where(asked_since))
    is_kept = sa.and_(of_change, KeptAnswer.registration_id == Registration.id)
    is_unsent = sa.exists().where(
        KeptNotification.change_id == change.id,
        KeptNotification.registration_id == Registration.id,
        KeptNotification.cause == NotificationType.RECONFIRM,
    )
    _run(
        session,
        sa.update(Registration)
        .where(
            Registration.workshop_id == change.workshop_id,
            Registration.key_id.is_not(None),
            Registration.asked_at.is_(None),
            Registration.confirmed_at.is_(None),
            sa.exists().where(is_kept),
            sa.true() if is_as_before else sa.not_(is_unsent),
        )
        .values(
            asked_at=sa.select(KeptAnswer.asked_at).where(is_kept).scalar_subquery(),
            confirmed_at=sa.select(KeptAnswer.confirmed_at).where(is_kept).scalar_subquery(),
        ),
    )
    _run(
        session,
        sa.update(Registration)
        .where(
            Registration.workshop_id == change.workshop_id,
            Registration.status == RegistrationStatus.OFFERED,
            sa.exists().where(is_kept, KeptAnswer.offered_until > now),
        )
        .values(offered_until=sa.select(KeptAnswer.offered_until).where(is_kept).scalar_subquery()),
    )


def _restore_notified(session: Session, change: WorkshopChange, workshop: Workshop) -> None:
    """Marks parties as told where the facts that they had been told before the change are true
    again.

    Without the mark, they would count as having known the facts all along.
    """
    notified = sa.select(KeptAnswer.registration_id).where(
        KeptAnswer.change_id == change.id, KeptAnswer.was_notified.is_(True)
    )
    _run(
        session,
        sa.update(Registration)
        .where(
            Registration.id.in_(notified),
            Registration.workshop_id == workshop.id,
            Registration.key_id.is_not(None),
            Registration.known_facts.is_(None),
        )
        .values(known_facts=facts.compute_facts(workshop)),
    )


def _delete_made(session: Session, change: WorkshopChange) -> None:
    """Deletes what the change queued, unless it was sent or is being sent."""
    made = sa.select(KeptNotification.notification_id).where(
        KeptNotification.change_id == change.id, KeptNotification.is_made.is_(True)
    )
    is_unsent = sa.and_(Notification.done_at.is_(None), Notification.leased_until.is_(None))
    _run(
        session,
        sa.delete(Notification).where(
            Notification.id.in_(made),
            Notification.cause.in_(_FOLLOWING),
            sa.or_(is_unsent, Notification.is_dead.is_(True)),
        ),
    )


def _restore_due(session: Session, change: WorkshopChange) -> None:
    """Makes what waited due when it was, unless it was tried meanwhile.

    What it says and why has followed the workshop back already.
    """
    is_kept = sa.and_(
        KeptNotification.change_id == change.id,
        KeptNotification.is_made.is_(False),
        KeptNotification.notification_id == Notification.id,
        KeptNotification.registration_id == Notification.registration_id,
    )
    _run(
        session,
        sa.update(Notification)
        .where(
            Notification.done_at.is_(None),
            Notification.cause.in_(_FOLLOWING),
            sa.exists().where(is_kept, KeptNotification.tries == Notification.tries),
        )
        .values(
            due_at=sa.select(KeptNotification.due_at).where(is_kept).scalar_subquery(),
            is_urgent=sa.select(KeptNotification.is_urgent).where(is_kept).scalar_subquery(),
        ),
    )


def _restore_deleted(session: Session, change: WorkshopChange, workshop: Workshop) -> None:
    """Queues again what the change has deleted, for people who still are there and have to know."""
    rows = session.execute(
        sa.select(KeptNotification, Registration.known_facts)
        .join(Registration, Registration.id == KeptNotification.registration_id)
        .outerjoin(
            Notification,
            sa.and_(
                Notification.id == KeptNotification.notification_id,
                Notification.registration_id == KeptNotification.registration_id,
            ),
        )
        .where(
            KeptNotification.change_id == change.id,
            KeptNotification.is_made.is_(False),
            Notification.id.is_(None),
            Registration.workshop_id == workshop.id,
            Registration.key_id.is_not(None),
            Registration.status.in_(ACTIVE_STATUSES),
        )
    ).all()
    for kept, known in rows:
        is_of_change = kept.cause in CHANGE_TYPES
        if is_of_change and known in {None, workshop.facts}:
            continue
        alike = CHANGE_TYPES if is_of_change else (kept.cause,)
        if _is_pending(session, kept.registration_id, alike):
            continue
        notification = Notification(
            registration_id=kept.registration_id,
            cause=change_notifications.choose_cause(workshop, known)
            if is_of_change
            else kept.cause,
            facts=workshop.facts if is_of_change else None,
            is_urgent=kept.is_urgent,
            due_at=kept.due_at,
            made_at=kept.made_at,
            tries=kept.tries,
        )
        # An earlier change that is undone afterwards knows it by this id.
        if session.get(Notification, kept.notification_id, populate_existing=True) is None:
            notification.id = kept.notification_id
        session.add(notification)
        session.flush()


def _is_pending(
    session: Session, registration_id: str, causes: tuple[NotificationType, ...]
) -> bool:
    pending = sa.exists().where(
        Notification.registration_id == registration_id,
        Notification.cause.in_(causes),
        Notification.done_at.is_(None),
    )
    return bool(session.scalar(sa.select(pending)))


def _restore_hold(
    session: Session, workshop: Workshop, held_seats: int, undo_until: str | None
) -> None:
    """Puts seats on hold again that were before the change, as many as nobody took meanwhile."""
    session.refresh(workshop, ["seats_left", "held_seats"])
    free = workshop.seats_left + workshop.held_seats
    workshop.held_seats = min(held_seats, free)
    workshop.seats_left = free - workshop.held_seats
    workshop.undo_until = datetime.fromisoformat(undo_until) if undo_until is not None else None


def _has_later(session: Session, change: WorkshopChange) -> bool:
    later = sa.exists().where(
        WorkshopChange.workshop_id == change.workshop_id, WorkshopChange.id > change.id
    )
    return bool(session.scalar(sa.select(later)))


def rename_places(session: Session, workshop: Workshop, places: Mapping[bytes, bytes]) -> None:
    """Renames places in the facts that were kept before changes of the workshop.

    `places` is that of `change_notifications.rename_places`.
    """
    for change in session.scalars(
        sa.select(WorkshopChange).where(WorkshopChange.workshop_id == workshop.id)
    ):
        renamed = {
            name: facts.rename_place(bytes.fromhex(known), places).hex()
            for name in ("facts", "withheld")
            if (known := change.queue_before.get(name)) is not None
        }
        if renamed:
            change.queue_before = change.queue_before | renamed
    session.flush()


def delete_of_people(session: Session, registration_ids: Sequence[str]) -> None:
    """Deletes what is kept of people who are erased."""
    for table in (KeptAnswer, KeptNotification):
        _run(session, sa.delete(table).where(table.registration_id.in_(registration_ids)))


def _run(session: Session, statement: sa.Update | sa.Delete) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})
