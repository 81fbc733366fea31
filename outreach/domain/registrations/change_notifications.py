"""Notifications of a change of a workshop: who has not been told what is true now, and when they
are.

`Registration.known_facts` is what a party was last told (`workshops.facts`), NULL as long as that
is what holds. A change stores it before anybody is told. So whoever decides later still finds who
has to be told, a change that is undone leaves nobody to tell, and several changes are one
notification: it says what is true when it is sent. A reminder or any other letter that says when
and where tells of the change too, and is recorded like one.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.types import Instant
from outreach.domain.registrations import call_attempts, message_types, text_hours
from outreach.domain.registrations.message_types import (
    CHANGE_TYPES,
    SCHEDULES,
    NotificationType,
    SaidFacts,
)
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.undo_window import NO_UNDO_BEFORE
from outreach.domain.workshops import Workshop, facts
from outreach.domain.workshops.models import SETS_OUT_WITHIN

URGENT_BEFORE: Final = SETS_OUT_WITHIN  # the start
_OF_CHANGED_DAY: Final = message_types.select_types(lambda each: each.waits_for_changes)


def _select_saying(said: SaidFacts) -> tuple[NotificationType, ...]:
    return message_types.select_types(lambda each: each.said_facts is said)


class NotifyMode(StrEnum):
    """Whether and when the people of a workshop are told that staff have changed it."""

    NOTIFY = "avisar"
    LATER = "luego"  # it stays in the queue of staff
    NOBODY = "no"
    URGENT = "urgente"  # at once, also at night


@dataclass(frozen=True)
class NotifyDecision:
    """How people are told of a change. The default tells them with the next round of the worker;
    front doors of staff give `undo_window=UNDO_WINDOW`."""

    mode: NotifyMode = NotifyMode.NOTIFY
    undo_window: timedelta = timedelta(0)
    batch: str = ""  # names changes that are undone together; empty: they cannot be undone

    @property
    def is_to_notify(self) -> bool:
        return self.mode in {NotifyMode.NOTIFY, NotifyMode.URGENT}

    @property
    def delays_offers(self) -> bool:
        """Whether free seats are offered to the waitlist later.

        Where nobody is told, nobody is offered a seat either: the seats wait for a decision,
        and are not for whoever comes first.
        """
        is_held = self.mode is NotifyMode.NOTIFY and bool(self.undo_window)
        return is_held or self.mode in {NotifyMode.LATER, NotifyMode.NOBODY}


AT_ONCE: Final = NotifyDecision()
LATER: Final = NotifyDecision(NotifyMode.LATER)


@dataclass(frozen=True)
class Reach:
    """How many parties have to be told of a change, by the way that reaches them."""

    letters: int = 0
    texts: int = 0
    calls: int = 0
    uncalled: int = 0  # left a phone that nobody may call: they see it on their page
    unreachable: int = 0  # left no contact: they see it on their page

    @property
    def total(self) -> int:
        return self.letters + self.texts + self.calls

    @property
    def only_on_page(self) -> int:
        """Counts the parties that hear of it on their page only, or at the door."""
        return self.uncalled + self.unreachable

    @property
    def untold(self) -> int:
        return self.total + self.only_on_page

    def __add__(self, other: "Reach") -> "Reach":
        names = [each.name for each in fields(Reach)]
        return Reach(**{name: getattr(self, name) + getattr(other, name) for name in names})


NO_REACH: Final = Reach()
_IS_ACTIVE: Final = Registration.status.in_(ACTIVE_STATUSES)
# The party knows other facts than its workshop in the query has; a NULL on either side is no.
IS_UNINFORMED: Final = sa.and_(_IS_ACTIVE, Registration.known_facts != Workshop.facts)
_IS_PENDING_CHANGE: Final = sa.and_(
    Notification.cause.in_(CHANGE_TYPES),
    Notification.done_at.is_(None),
    Notification.leased_until.is_(None),
)
# A notification and its workshop in the query, where somebody may set out for where they must not
# go, or for where nobody is. It waits for no budget and for nothing else that is sent. Until it is
# handed over, its party stands in the queue of calls. The parameters are in `WARNING_INSTANTS`.
IS_WARNING: Final = sa.and_(
    Notification.cause.in_(CHANGE_TYPES),
    sa.or_(
        Workshop.starts_at <= sa.bindparam("near", type_=Instant),
        Workshop.expected_at > sa.bindparam("a_day_ago", type_=Instant),
    ),
)
WARNING_INSTANTS: Final = {"near": SETS_OUT_WITHIN, "a_day_ago": -SETS_OUT_WITHIN}  # from now


def record_change(session: Session, workshop: Workshop, before: bytes) -> None:
    """Records that people of a published or cancelled workshop knew the facts `before`.

    Whoever knows what is true again is not told any more.
    """
    workshop.facts = facts.compute_facts(workshop)
    session.flush()
    of_workshop = sa.and_(Registration.workshop_id == workshop.id, _IS_ACTIVE)
    _update(session, sa.and_(of_workshop, Registration.known_facts.is_(None)), before)
    _forget_informed(session, workshop)


def rename_places(session: Session, workshop: Workshop, places: Mapping[bytes, bytes]) -> None:
    """Replaces former places (`facts.compute_place`) in what people know, as `places` says.

    A venue was merged into another of the same address, or the merge was undone. Nobody goes
    elsewhere for that, so they know as much as before, also of a change that is not told
    yet.
    """
    for name in ("facts", "withheld_facts"):
        if (stored := getattr(workshop, name)) is not None:
            setattr(workshop, name, facts.rename_place(stored, places))
    session.flush()
    people = sa.select(Registration.id).where(Registration.workshop_id == workshop.id)
    for column, here in (
        (Registration.known_facts, Registration.workshop_id == workshop.id),
        (Notification.facts, Notification.registration_id.in_(people)),
    ):
        for known in session.scalars(sa.select(column).where(here).distinct()).all():
            if known is not None:
                session.execute(
                    sa.update(column.class_)
                    .where(here, column == known)
                    .values({column: facts.rename_place(known, places)})
                    .execution_options(synchronize_session=False)
                )
    _forget_informed(session, workshop)


# Workshops that people know otherwise.
HAS_UNINFORMED: Final = sa.exists().where(
    Registration.workshop_id == Workshop.id, Registration.known_facts.is_not(None)
)


def _forget_informed(session: Session, workshop: Workshop) -> None:
    """Deletes the notifications of changes to parties that already know what is true."""
    knows = sa.and_(
        Registration.workshop_id == workshop.id,
        _IS_ACTIVE,
        Registration.known_facts == workshop.facts,
    )
    knowing = sa.select(Registration.id).where(knows)
    session.execute(
        sa.delete(Notification)
        .where(_IS_PENDING_CHANGE, Notification.registration_id.in_(knowing))
        .execution_options(synchronize_session=False)
    )
    _update(session, knows, None)


def _update(session: Session, where: sa.ColumnElement[bool], known: bytes | None) -> None:
    session.execute(
        sa.update(Registration)
        .where(where)
        .values(known_facts=known)
        .execution_options(synchronize_session=False)
    )


def notify_uninformed(
    session: Session, workshop: Workshop, decision: NotifyDecision, *, now: datetime
) -> int:
    """Queues a notification for each party that does not know what is true now.

    Returns how many parties are told. Notifications that wait are brought up to date;
    without a decision to notify, nothing else is done.
    """
    if now >= workshop.ends_at:
        return 0
    rows = session.execute(_UNINFORMED, {"workshop": workshop.id}).all()
    pending = {
        each.registration_id: each for each in session.scalars(_PENDING, {"workshop": workshop.id})
    }
    notified_count = 0
    for registration_id, contact, takes_texts, known in rows:
        if contact is ContactMethod.NONE:
            continue
        cause = choose_cause(workshop, known)
        waiting = pending.get(registration_id)
        is_text = contact is ContactMethod.PHONE and takes_texts
        due_at = compute_due(workshop, decision, is_text=is_text, now=now)
        is_urgent = decision.mode is NotifyMode.URGENT
        if waiting is not None:
            waiting.cause, waiting.facts = cause, workshop.facts
            if decision.is_to_notify:
                waiting.due_at, waiting.is_urgent = due_at, is_urgent
        elif decision.is_to_notify:
            session.add(
                Notification(
                    registration_id=registration_id,
                    cause=cause,
                    facts=workshop.facts,
                    is_urgent=is_urgent,
                    due_at=due_at,
                    made_at=now,
                )
            )
        notified_count += waiting is not None or decision.is_to_notify
    session.flush()
    _follow_holds(session, workshop, decision, {row.id for row in rows}, now=now)
    return notified_count


def _follow_holds(
    session: Session,
    workshop: Workshop,
    decision: NotifyDecision,
    uninformed: Set[str],
    *,
    now: datetime,
) -> None:
    """Delays reminders and questions that would tell of a change which can still be undone.

    For a party that knows what is true they are due as if there had been no change. The
    notification of the change itself goes first.
    """
    pending = find_pending_ends(session, workshop, now=now)
    end = compute_due(workshop, decision, is_text=False, now=now)
    for each in session.scalars(_WAITING, {"workshop": workshop.id}):
        if each.registration_id in uninformed:
            held_until = end + _AFTER_CHANGE if end > now else each.due_at
            each.due_at = max(
                each.due_at, held_until, pending.get(each.registration_id, each.due_at)
            )
        elif each.due_at > now and not each.tries:  # one that failed waits for its next try
            schedule = SCHEDULES.get(each.cause)
            planned_at = schedule.compute_due(workshop) if schedule else clock.hour_of(now)
            each.due_at = planned_at or each.due_at
    session.flush()


_WAITING: Final = (
    sa.select(Notification)
    .join(Registration, Registration.id == Notification.registration_id)
    .where(
        Registration.workshop_id == sa.bindparam("workshop"),
        Notification.cause.in_(_OF_CHANGED_DAY),
        Notification.done_at.is_(None),
        Notification.leased_until.is_(None),
    )
    .execution_options(populate_existing=True)
)
_OF_WORKSHOP: Final = sa.and_(
    Registration.workshop_id == sa.bindparam("workshop"), _IS_PENDING_CHANGE
)
_PENDING: Final = (
    sa.select(Notification)
    .join(Registration, Registration.id == Notification.registration_id)
    .where(_OF_WORKSHOP)
    .execution_options(populate_existing=True)
)
_PENDING_ENDS: Final = (
    sa.select(Notification.registration_id, Notification.due_at)
    .join(Registration, Registration.id == Notification.registration_id)
    .where(_OF_WORKSHOP, Notification.due_at > sa.bindparam("now"))
)


def find_pending_ends(
    session: Session, workshop: Workshop, *, now: datetime
) -> dict[str, datetime]:
    """Returns the time from which a party may be told what a change made true, by id of its
    registration. It has only parties of a change that can still be undone."""
    rows = session.execute(_PENDING_ENDS, {"workshop": workshop.id, "now": now})
    return {row.registration_id: row.due_at + _AFTER_CHANGE for row in rows}


_AFTER_CHANGE: Final = timedelta(seconds=1)


_UNINFORMED: Final = (
    sa.select(
        Registration.id,
        Registration.contact,
        Registration.may_leave_message,
        Registration.known_facts,
    )
    .join(Workshop, Workshop.id == Registration.workshop_id)
    .where(Registration.workshop_id == sa.bindparam("workshop"), IS_UNINFORMED)
    # Whoever has a seat is told first: others may have filled the waitlist.
    .order_by(
        sa.case((Registration.status.in_(STATUSES_WITH_SEATS), 0), else_=1),
        Registration.queue_number,
        Registration.id,
    )
)


def choose_cause(workshop: Workshop, known: bytes | None) -> NotificationType:
    """Chooses what a party is told, by what it last heard of the workshop (`known`)."""
    if workshop.is_cancelled:
        return NotificationType.CANCELLED
    return NotificationType.REINSTATED if known == facts.CANCELLED else NotificationType.CHANGED


def compute_due(
    workshop: Workshop, decision: NotifyDecision, *, is_text: bool, now: datetime
) -> datetime:
    """Returns when a party is told: after the undo window, a text only in the daytime.

    Near the start, or if it is urgent, it is told at once.
    """
    is_at_once = not decision.undo_window or decision.mode is NotifyMode.URGENT
    if is_at_once or workshop.starts_at - now <= NO_UNDO_BEFORE:
        return now
    at = now + decision.undo_window
    return text_hours.find_next(workshop, at, is_change=True) if is_text else at


def count_uninformed(session: Session, workshops: Iterable[Workshop], *, has_texts: bool) -> Reach:
    """Counts the parties of these workshops that have not been told what is true now.

    Told means: handed over to a server or a gateway, or said in a call. `has_texts`: a gateway is
    configured.
    """
    way = _way(has_texts=has_texts)
    rows = session.execute(
        sa.select(way, sa.func.count())
        .select_from(Registration)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(Workshop.id.in_([each.id for each in workshops]), IS_UNINFORMED)
        .group_by(way)
    )
    return Reach(**{row[0]: row[1] for row in rows})


def count_pending(session: Session, workshop_ids: Iterable[int], *, has_texts: bool) -> Reach:
    """Counts the parties of these workshops for whom a notification of a change is queued."""
    way = _way(has_texts=has_texts)
    rows = session.execute(
        sa.select(way, sa.func.count())
        .select_from(Registration)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .join(Notification, Notification.registration_id == Registration.id)
        .where(Registration.workshop_id.in_(list(workshop_ids)), _IS_PENDING_CHANGE)
        .group_by(way)
    )
    return Reach(**{row[0]: row[1] for row in rows})


def _way(*, has_texts: bool) -> sa.ColumnElement[str]:
    """Returns the way by which a change reaches a party, as the name of a field of Reach."""
    attempt = sa.orm.aliased(Notification)
    is_given_up = sa.exists().where(
        attempt.registration_id == Registration.id,
        attempt.cause.in_(CHANGE_TYPES),
        attempt.facts == Workshop.facts,
        attempt.is_dead.is_(True),
    )
    has_ended = call_attempts.has_ended()
    # As literals: PostgreSQL groups by an expression only where both have the same parameters.
    gets_text = sa.and_(sa.true() if has_texts else sa.false(), Registration.may_leave_message)
    return sa.case(
        (Registration.contact == ContactMethod.NONE, sa.literal_column("'unreachable'")),
        (Registration.contact == ContactMethod.EMAIL, sa.literal_column("'letters'")),
        (has_ended, sa.literal_column("'uncalled'")),
        (sa.and_(gets_text, sa.not_(is_given_up)), sa.literal_column("'texts'")),
        (call_attempts.MAY_BE_CALLED, sa.literal_column("'calls'")),
        else_=sa.literal_column("'uncalled'"),
    )


def count_people(session: Session, workshop_ids: Iterable[int], *, has_texts: bool) -> int:
    """Counts the people whom a change of these workshops reaches.

    Somebody who registered for several dates together is one, however many messages they get.
    """
    person = sa.func.coalesce(Registration.joint_id, Registration.id)
    found = session.scalar(
        sa.select(sa.func.count(person.distinct()))
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Workshop.id.in_(list(workshop_ids)),
            IS_UNINFORMED,
            _way(has_texts=has_texts).in_(("letters", "texts", "calls")),
        )
    )
    return found or 0


def fold_into_offer(session: Session, registration_id: str) -> None:
    """Deletes the unsent notifications of changes to a party whose queued offer says the new facts.

    The offer says day, hour and place as they are.
    """
    offers = sa.select(Notification.registration_id).where(
        Notification.registration_id == registration_id,
        Notification.cause == NotificationType.OFFER,
        Notification.done_at.is_(None),
        SAID_FACTS.is_not(None),
    )
    session.execute(
        sa.delete(Notification)
        .where(_IS_PENDING_CHANGE, Notification.registration_id.in_(offers))
        .execution_options(synchronize_session=False)
    )


def is_needed(notification: Notification) -> bool:
    """Tells whether a notification of a change still has to be sent.

    It has not where the party knows the facts, or where a later change has a notification of
    its own. A notification that an earlier version queued says what is true anyway, and is
    needed.
    """
    if notification.cause not in CHANGE_TYPES or notification.facts is None:
        return True
    registration = notification.registration
    is_current = notification.facts == registration.workshop.facts
    return is_current and registration.known_facts not in {None, notification.facts}


def record_informed(connection: sa.Connection, notification_id: int) -> None:
    """Records that the party was told what the notification says."""
    connection.execute(_RECORD_INFORMED, {"notification": notification_id})


def record_unknown(session: Session, notification_id: int) -> None:
    """Takes back what `record_informed` stored of a change: the party's knowledge is unknown
    again.
    """
    session.execute(_RECORD_UNKNOWN, {"notification": notification_id})


_WORKSHOP_FACTS: Final = (
    sa.select(Workshop.facts)
    .where(Workshop.id == Registration.workshop_id)
    .correlate(Registration)
    .scalar_subquery()
)
_REGISTRATION_FACTS: Final = (
    sa.select(Workshop.facts)
    .join(Registration, Registration.workshop_id == Workshop.id)
    .correlate(Notification)
)
_IS_OF_NOTIFICATION: Final = Registration.id == Notification.registration_id
# What a notification says that is sent, or called about, now. NULL: not when and where, or the
# workshop never changed.
SAID_FACTS: Final = sa.case(
    (Notification.cause.in_(_select_saying(SaidFacts.OF_ITS_CHANGE)), Notification.facts),
    (
        Notification.cause.in_(_select_saying(SaidFacts.ALWAYS)),
        _REGISTRATION_FACTS.where(_IS_OF_NOTIFICATION).scalar_subquery(),
    ),
    (
        Notification.cause.in_(_select_saying(SaidFacts.UNLESS_DISCREET)),
        _REGISTRATION_FACTS.where(
            _IS_OF_NOTIFICATION, Workshop.is_discreet.is_(False)
        ).scalar_subquery(),
    ),
    (
        Notification.cause.in_(_select_saying(SaidFacts.LETTER_UNLESS_DISCREET)),
        _REGISTRATION_FACTS.where(
            _IS_OF_NOTIFICATION,
            Workshop.is_discreet.is_(False),
            Registration.contact == ContactMethod.EMAIL,
        ).scalar_subquery(),
    ),
)
_SAID: Final = sa.select(Notification.facts).where(
    Notification.id == sa.bindparam("notification"), Notification.facts.is_not(None)
)
# Whoever knows what holds is not made somebody who was told of a change (`undo`).
_RECORD_INFORMED: Final = (
    sa.update(Registration)
    .where(
        Registration.id == _SAID.with_only_columns(Notification.registration_id).scalar_subquery(),
        sa.or_(Registration.known_facts.is_not(None), _SAID.scalar_subquery() != _WORKSHOP_FACTS),
    )
    .values(known_facts=_SAID.scalar_subquery())
    .execution_options(synchronize_session=False)
)
_RECORD_UNKNOWN: Final = (
    sa.update(Registration)
    .where(
        Registration.id
        == _SAID.with_only_columns(Notification.registration_id)
        .where(Notification.cause.in_(CHANGE_TYPES))
        .scalar_subquery()
    )
    .values(known_facts=facts.UNKNOWN)
    .execution_options(synchronize_session=False)
)


def awaits_decision(now: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Returns the condition of a query for workshops whose change staff have not decided about:
    people do not know what is true now, or seats that were added are held back.
    """
    is_queued = sa.exists().where(
        Notification.registration_id == Registration.id,
        sa.or_(
            sa.and_(
                Notification.cause.in_(CHANGE_TYPES),
                sa.or_(Notification.done_at.is_(None), Notification.is_dead.is_(True)),
            ),
            # A change may have been folded into it.
            sa.and_(Notification.cause == NotificationType.OFFER, Notification.done_at.is_(None)),
        ),
    )
    has_uninformed = sa.exists().where(
        Registration.workshop_id == Workshop.id,
        IS_UNINFORMED,
        Registration.contact != ContactMethod.NONE,
        sa.not_(is_queued),
    )
    is_of_facts = sa.or_(
        Workshop.withheld_facts.is_(None), Workshop.withheld_facts != Workshop.facts
    )
    return sa.and_(
        Workshop.ends_at > now,
        sa.or_(
            sa.and_(has_uninformed, is_of_facts),
            sa.and_(Workshop.held_seats > 0, Workshop.undo_until.is_(None)),
        ),
    )
