"""The outbox of notifications: letters, texts, and which of them are still true."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from outreach import clock
from outreach.db.types import Instant
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.outbox import summaries
from outreach.domain.outbox.outbox_table import (
    FIRST_RETRY_DELAY,
    GIVE_UP_AFTER,
    MAX_RETRY_DELAY,
    Backlog,
    ClaimedMessage,
    OutboxTable,
)
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    call_attempts,
    change_notifications,
    message_types,
    text_hours,
    waitlist,
)
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    REMINDERS,
    SCHEDULES,
    CountedAs,
    EntryChange,
    MessageChannel,
    NotificationType,
)
from outreach.domain.registrations.models import GETS_TEXTS
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.workshops import Workshop, facts

_HAS_KEY: Final = Registration.key_id.is_not(None)  # otherwise the person was forgotten
_IS_PENDING: Final = sa.and_(_HAS_KEY, Notification.done_at.is_(None))


_WITH_REGISTRATION: Final = sa.join(
    Notification, Registration, Registration.id == Notification.registration_id
)
_WITH_WORKSHOP: Final = _WITH_REGISTRATION.join(Workshop, Workshop.id == Registration.workshop_id)


class NotificationOutbox(OutboxTable):
    """The outbox of notifications of registrations that have not been forgotten."""

    def __init__(
        self,
        *conditions: sa.ColumnElement[bool],
        source: sa.FromClause = _WITH_REGISTRATION,
        max_overdue: timedelta | None = None,
        is_by_day: bool = False,
        instants: Mapping[str, timedelta] = MappingProxyType({}),
        max_retry_delay: timedelta = MAX_RETRY_DELAY,
    ) -> None:
        self._is_by_day = is_by_day
        super().__init__(
            Notification,
            "cause",
            source=source,
            conditions=(_HAS_KEY, *conditions),
            # What is scheduled is made long before it is due, and becomes obsolete by itself.
            never_stale=SCHEDULES.keys(),
            max_overdue=max_overdue,
            claimed_values={"facts": change_notifications.SAID_FACTS},
            instants=instants,
            max_retry_delay=max_retry_delay,
            postpones_to_hour=True,
        )

    def compute_send_time(self, notification: Notification, now: datetime) -> datetime:
        """Returns when a notification that is due may be sent: a text in the daytime, unless it
        is urgent, and reminders by any way.

        This is the only place that decides it.
        """
        is_by_day = self._is_by_day or notification.cause in REMINDERS
        if not is_by_day or notification.is_urgent:
            return now
        is_change = DECLARATIONS[notification.cause].is_of_change
        workshop = notification.registration.workshop
        return text_hours.find_next(workshop, now, is_change=is_change)

    def delay(self, connection: sa.Connection, claimed: ClaimedMessage, until: datetime) -> None:
        """Makes a notification due later. The clock of an offer starts when it is sent."""
        super().delay(connection, claimed, until)
        if claimed.reason is NotificationType.OFFER:
            waitlist.delay_offer(connection, claimed.id, until)

    def postpone(self, connection: sa.Connection, claimed: ClaimedMessage, until: datetime) -> None:
        """Turns a notification beyond the limit of its recipient into a summary, due later."""
        self._change(connection, claimed, cause=NotificationType.SUMMARY)
        super().postpone(connection, claimed, until)

    def mark_done(self, connection: sa.Connection, claimed: ClaimedMessage, now: datetime) -> None:
        super().mark_done(connection, claimed, now)
        change_notifications.record_informed(connection, claimed.id)


def _select_counted(counted_as: CountedAs) -> tuple[NotificationType, ...]:
    return message_types.select_types(lambda each: each.counted_as is counted_as)


_GETS_LETTERS: Final = Registration.contact == ContactMethod.EMAIL
_NOT_TEXTED: Final = message_types.select_types(
    lambda each: MessageChannel.TEXT not in each.channels
)
_GETS_TEXTS: Final = (
    GETS_TEXTS,
    sa.not_(call_attempts.has_ended()),  # else another has that phone
    *((Notification.cause.not_in(_NOT_TEXTED),) if _NOT_TEXTED else ()),
)
# After three days a text surprises more than it informs: staff call instead.
_TEXTS_ARE_LATE: Final = GIVE_UP_AFTER
LETTERS: Final = NotificationOutbox(_GETS_LETTERS)
TEXTS: Final = NotificationOutbox(*_GETS_TEXTS, max_overdue=_TEXTS_ARE_LATE, is_by_day=True)
# Parts of the two that are delivered one after the other (S31): warnings, tried again soon; then
# what strangers cannot cause; reminders; then the rest. A registration is young here for up to an
# hour longer than in `summaries`: its row has the hour only.
WARNING_LETTERS: Final = NotificationOutbox(
    _GETS_LETTERS,
    change_notifications.IS_WARNING,
    source=_WITH_WORKSHOP,
    instants=change_notifications.WARNING_INSTANTS,
    max_retry_delay=FIRST_RETRY_DELAY,
)
WARNING_TEXTS: Final = NotificationOutbox(
    *_GETS_TEXTS,
    change_notifications.IS_WARNING,
    source=_WITH_WORKSHOP,
    max_overdue=_TEXTS_ARE_LATE,
    is_by_day=True,
    instants=change_notifications.WARNING_INSTANTS,
    max_retry_delay=FIRST_RETRY_DELAY,
)
_IS_REMINDER: Final = Notification.cause.in_(REMINDERS)
_IS_OF_STRANGER: Final = sa.or_(
    Notification.cause.in_(_select_counted(CountedAs.OF_ANYBODY)),
    sa.and_(
        Notification.cause.not_in(_select_counted(CountedAs.OF_STAFF)),
        Registration.registered_at > sa.bindparam("young_since", type_=Instant),
    ),
)
_YOUNG: Final = {"young_since": -(summaries.YOUNG + summaries.HOUR)}
TEXTS_OF_STAFF: Final = NotificationOutbox(
    *_GETS_TEXTS,
    sa.not_(_IS_OF_STRANGER),
    sa.not_(_IS_REMINDER),
    max_overdue=_TEXTS_ARE_LATE,
    is_by_day=True,
    instants=_YOUNG,
)
TEXTS_OF_STRANGERS: Final = NotificationOutbox(
    *_GETS_TEXTS,
    _IS_OF_STRANGER,
    sa.not_(_IS_REMINDER),
    max_overdue=_TEXTS_ARE_LATE,
    is_by_day=True,
    instants=_YOUNG,
)
TEXT_REMINDERS: Final = NotificationOutbox(
    *_GETS_TEXTS, _IS_REMINDER, max_overdue=_TEXTS_ARE_LATE, is_by_day=True
)
_ALL: Final = NotificationOutbox()


class NotificationReader:
    """Reads notifications with their registration and workshop.

    Hundreds of them may be about one workshop: it is read once, and again when it changes.
    """

    def __init__(self) -> None:
        self._workshops: dict[int, tuple[object, Workshop]] = {}  # the last one, by its id

    def read(self, session: Session, claimed: ClaimedMessage) -> Notification | None:
        """Reads a claimed notification; None when it or the person's key is gone."""
        row = session.execute(_READ, {"row_id": claimed.id}).first()
        if row is None:
            return None
        notification: Notification = row[0]
        registration, version = notification.registration, tuple(row[1:])
        known = self._workshops.get(registration.workshop_id)
        if known is None or known[0] != version:
            known = version, registration.workshop
            self._workshops = {registration.workshop_id: known}
        else:
            set_committed_value(registration, "workshop", known[1])
        return notification


_READ: Final = (
    sa.select(
        Notification,
        Workshop.changed_at,
        Workshop.status,
        Workshop.frees_silence,
        Office.changed_at,
        Kind.changed_at,
        Venue.changed_at,
    )
    .where(Notification.id == sa.bindparam("row_id"), _IS_PENDING)
    .join(Notification.registration)
    .join(Workshop, Workshop.id == Registration.workshop_id)
    .join(Office, Office.id == Workshop.office_id)
    .join(Kind, Kind.id == Workshop.kind_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .options(contains_eager(Notification.registration))
)


def is_over(notification: Notification, now: datetime) -> bool:
    """Tells whether it is too late for what it says: for most when the workshop is over."""
    declared = DECLARATIONS[notification.cause]
    return declared.is_over(notification.registration.workshop, now)


def is_obsolete(notification: Notification, now: datetime) -> bool:
    """Tells whether a notification is not true any more, not needed, or too late."""
    if is_over(notification, now) or not change_notifications.is_needed(notification):
        return True
    declared = DECLARATIONS[notification.cause]
    return not declared.is_true(notification.registration, _get_message(notification), now)


def may_be_true_again(notification: Notification) -> bool:
    """Tells whether a notification is kept though its workshop is cancelled.

    It is while the party has not been told: the cancellation can be undone, and then nothing
    else would tell them what this notification says.
    """
    registration = notification.registration
    is_untold = registration.known_facts not in {None, facts.CANCELLED}
    is_as_planned = DECLARATIONS[notification.cause].is_as_planned(_get_message(notification))
    return (
        registration.workshop.is_cancelled and is_untold and is_as_planned and registration.is_live
    )


def _get_message(notification: Notification) -> Message | None:
    """Returns the message by staff that a notification carries, if it carries one."""
    return notification.message if notification.cause is NotificationType.MESSAGE else None


def is_repeated(session: Session, notification: Notification) -> bool:
    """Tells whether a reminder says only what another message has said since the hour of reminders.

    Both are due after the worker was away.
    """
    registration = notification.registration
    workshop = registration.workshop
    schedule = SCHEDULES.get(notification.cause)
    is_informed = registration.known_facts in {None, workshop.facts}
    if schedule is None or not schedule.is_repetition or not is_informed:
        return False
    due_at = schedule.compute_due(workshop)
    if due_at is None:
        return False
    earlier = sa.select(Notification.id).where(
        Notification.registration_id == registration.id,
        Notification.cause.in_(_SAYING_WHEN_AND_WHERE),
        # Stored to the hour.
        Notification.done_at >= clock.hour_of(due_at),
        Notification.is_dead.is_(False),
    )
    return session.scalar(earlier.limit(1)) is not None


# To somebody with a place, and no question: what adds an entry to their calendar.
_SAYING_WHEN_AND_WHERE: Final = message_types.select_types(
    lambda each: each.entry is EntryChange.ADDED
)


def backlog(session: Session, *, now: datetime) -> Backlog:
    """Returns the backlog of letters and texts; calls that staff have to make are not in it."""
    return LETTERS.backlog(session, now=now) + TEXTS.backlog(session, now=now)


def count_dead(session: Session) -> int:
    """Counts the letters and texts that were given up."""
    return _ALL.count_dead(session)
