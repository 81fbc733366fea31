"""Which notices go by letter and which by text, taken by one worker at a time, tried again, given
up.

A notice is taken for some minutes (a lease). Whoever takes one whose lease ran out does not know
how the last try ended: it may have arrived.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop

LEASE: Final = timedelta(minutes=5)
GIVE_UP_AFTER: Final = timedelta(days=3)
FIRST_WAIT: Final = timedelta(minutes=2)
LONGEST_WAIT: Final = timedelta(hours=6)


class DeliveryChannel(StrEnum):
    """How a notice leaves by itself. Who left a phone and no word is called by the organizer."""

    LETTER = "letter"
    TEXT = "text"


@dataclass(frozen=True)
class ClaimedMessage:
    """A notice that is ours for a while."""

    notice_id: int
    cause: NotificationType
    due_at: datetime
    until: datetime
    was_taken: datetime | None  # when a lease of it ran out: it may have arrived already


_CONDITIONS: Final = {
    DeliveryChannel.LETTER: Registration.contact == ContactMethod.EMAIL,
    DeliveryChannel.TEXT: sa.and_(
        Registration.contact == ContactMethod.PHONE, Registration.may_leave_message.is_(True)
    ),
}
_PENDING: Final = sa.and_(Registration.key_id.is_not(None), Notification.done_at.is_(None))
_NOW: Final = sa.bindparam("now", type_=Notification.due_at.type)
_AFTER: Final = sa.bindparam("after", type_=Notification.due_at.type)


def _next(route: DeliveryChannel) -> sa.Select[int, NotificationType, datetime, datetime | None]:
    return (
        sa.select(
            Notification.id, Notification.cause, Notification.due_at, Notification.leased_until
        )
        .join(Notification.registration)
        .where(
            _CONDITIONS[route],
            _PENDING,
            Notification.due_at <= _NOW,
            Notification.due_at >= _AFTER,
            sa.or_(Notification.due_at > _AFTER, Notification.id > sa.bindparam("after_id")),
            sa.or_(Notification.leased_until.is_(None), Notification.leased_until <= _NOW),
        )
        .order_by(Notification.due_at, Notification.id)
        .limit(1)
        # On PostgreSQL several workers then take different ones at the same moment.
        .with_for_update(skip_locked=True, of=Notification)
    )


_NEXT: Final = {route: _next(route) for route in DeliveryChannel}
_LEASE: Final = (
    sa.update(Notification)
    .where(
        Notification.id == sa.bindparam("taken"),
        Notification.done_at.is_(None),
        sa.or_(Notification.leased_until.is_(None), Notification.leased_until <= _NOW),
    )
    .values(
        leased_until=sa.bindparam("until", type_=Notification.due_at.type),
        tries=Notification.tries + 1,
    )
)
_DONE: Final = (
    sa.update(Notification)
    .where(Notification.id == sa.bindparam("sent"))
    .values(done_at=_NOW, leased_until=None)
)
_LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)


def claim(
    connection: sa.Connection,
    route: DeliveryChannel,
    *,
    now: datetime,
    after: ClaimedMessage | None = None,
) -> ClaimedMessage | None:
    """The longest overdue notice that goes this way, for oneself alone until the lease ends.

    `after`: the one taken before it, so that a round meets each notice once. None: no more.
    """
    row = _find_next(connection, route, now, after)
    if row is None:
        return None
    until = now + LEASE
    leased = connection.execute(_LEASE, {"taken": row.id, "now": now, "until": until})
    if leased.rowcount != 1:
        return None
    return ClaimedMessage(row.id, row.cause, row.due_at, until, row.leased_until)


def has_due(session: Session, route: DeliveryChannel, *, now: datetime) -> bool:
    return _find_next(session.connection(), route, now, None) is not None


def _find_next(
    connection: sa.Connection, route: DeliveryChannel, now: datetime, after: ClaimedMessage | None
) -> sa.Row[int, NotificationType, datetime, datetime | None] | None:
    # A text of last week surprises more than it tells: after three days it is a call.
    since = now - GIVE_UP_AFTER if route is DeliveryChannel.TEXT else _LONG_AGO
    values = {
        "now": now,
        "after": after.due_at if after else since,
        "after_id": after.notice_id if after else 0,
    }
    return connection.execute(_NEXT[route], values).first()


class Reader:
    """Reads what notices are about. The workshop of hundreds of them is read once, and again as
    soon as anything of it changes."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, Workshop]] = {}

    def read(self, session: Session, taken: ClaimedMessage) -> Notification | None:
        """The notice with all that is known of whom it is for; None when that is gone."""
        row = session.execute(_READ, {"taken": taken.notice_id}).first()
        if row is None:
            return None
        notice: Notification = row[0]
        registration, version = notice.registration, tuple(row[1:])
        known = self._known.get(registration.workshop_id)
        if known is None or known[0] != version:
            known = version, registration.workshop
            self._known = {registration.workshop_id: known}
        else:
            set_committed_value(registration, "workshop", known[1])
        return notice


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
    .where(Notification.id == sa.bindparam("taken"), _PENDING)
    .join(Notification.registration)
    .join(Workshop, Workshop.id == Registration.workshop_id)
    .join(Office, Office.id == Workshop.office_id)
    .join(Kind, Kind.id == Workshop.kind_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .options(contains_eager(Notification.registration))
)


def is_obsolete(notice: Notification, now: datetime) -> bool:
    """Whether it need not be said any more: it is over, or something else has become true."""
    registration = notice.registration
    workshop, status = registration.workshop, registration.status
    if now >= workshop.ends_at:
        return True
    is_on, is_live = not workshop.is_cancelled, registration.is_live
    has_place = is_on and status is RegistrationStatus.CONFIRMED
    has_offer = is_on and status is RegistrationStatus.OFFERED
    is_true = {
        NotificationType.REGISTERED: has_place,
        NotificationType.WAITLISTED: is_on and status is RegistrationStatus.WAITLISTED,
        NotificationType.OFFER: has_offer and _is_ahead(registration.offered_until, now),
        NotificationType.SEAT_GRANTED: has_place,
        NotificationType.OFFER_EXPIRED: is_on
        and status in {RegistrationStatus.WAITLISTED, RegistrationStatus.EXPIRED},
        NotificationType.CHANGED: is_on and is_live,
        NotificationType.CANCELLED: workshop.is_cancelled and is_live,
        NotificationType.REINSTATED: is_on and is_live,
        NotificationType.REMINDER: has_place and now < workshop.starts_at,
        NotificationType.RECONFIRM: has_place and _is_asked(registration),
        NotificationType.APPROVED: has_place,
        NotificationType.LINK_RECOVERY: status is not RegistrationStatus.CANCELLED,
        NotificationType.MESSAGE: is_live and _still_holds(notice),
    }
    return not is_true[notice.cause]


def _still_holds(notice: Notification) -> bool:
    message = notice.message if notice.cause is NotificationType.MESSAGE else None
    is_off = notice.registration.workshop.is_cancelled
    return message is not None and message.is_of_cancelled == is_off


def _is_asked(registration: Registration) -> bool:
    return registration.asked_at is not None and registration.confirmed_at is None


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now < moment


# How a try ended


# Each says how things are now: two of them at once would say the same twice.
_SAYS_HOW_IT_IS: Final = frozenset(
    {NotificationType.CHANGED, NotificationType.CANCELLED, NotificationType.REINSTATED}
)


def mark_done(connection: sa.Connection, taken: ClaimedMessage, *, now: datetime) -> None:
    connection.execute(_DONE, {"sent": taken.notice_id, "now": now})
    if taken.cause in _SAYS_HOW_IT_IS:
        values = {"sent": taken.notice_id, "cause": taken.cause, "now": now}
        connection.execute(_DROP_THE_SAME, values)


_WHOSE: Final = sa.select(Notification.registration_id).where(
    Notification.id == sa.bindparam("sent")
)
_DROP_THE_SAME: Final = sa.delete(Notification).where(
    Notification.registration_id == _WHOSE.scalar_subquery(),
    Notification.cause == sa.bindparam("cause", type_=Notification.cause.type),
    Notification.done_at.is_(None),
    Notification.leased_until.is_(None),
    Notification.made_at <= _NOW,
)


def discard(connection: sa.Connection, taken: ClaimedMessage) -> None:
    """It need not be said any more."""
    connection.execute(sa.delete(Notification).where(Notification.id == taken.notice_id))


def release(connection: sa.Connection, taken: ClaimedMessage) -> None:
    """As if it had not been taken: nobody could be asked to carry it."""
    _change(connection, taken, leased_until=taken.was_taken, tries=Notification.tries - 1)


def mark_refused(
    connection: sa.Connection, taken: ClaimedMessage, *, now: datetime, is_final: bool
) -> None:
    """Try again later, each time after a longer while; after three days, or at once if the
    refusal is final, give up and let the organizer see it."""
    notice = connection.execute(_TRIED, {"refused": taken.notice_id}).first()
    if notice is None:  # the person has given up the place meanwhile
        return
    if is_final or _is_old(notice.cause, notice.tries, now - notice.made_at):
        _give_up(connection, taken, now)
    else:
        wait = min(FIRST_WAIT * 2 ** min(notice.tries, 10), LONGEST_WAIT)
        # A doubt from before is remembered: this try did not end it.
        _change(connection, taken, due_at=now + wait, leased_until=taken.was_taken)


def mark_uncertain(connection: sa.Connection, taken: ClaimedMessage, *, now: datetime) -> None:
    """It may have arrived: sent once more, under the same name, and then never again."""
    if taken.was_taken is not None:
        _give_up(connection, taken, now)
    else:
        _change(connection, taken, due_at=now + 2 * FIRST_WAIT, leased_until=now)


_TRIED: Final = sa.select(Notification.cause, Notification.tries, Notification.made_at).where(
    Notification.id == sa.bindparam("refused")
)


def _is_old(cause: NotificationType, tries: int, age: timedelta) -> bool:
    """A reminder is made long before it is due, and goes stale by itself. One try is not enough
    to give up by, however long the server was away before it."""
    return tries > 1 and age > GIVE_UP_AFTER and cause is not NotificationType.REMINDER


def _give_up(connection: sa.Connection, taken: ClaimedMessage, now: datetime) -> None:
    _change(connection, taken, done_at=now, is_dead=True, leased_until=None)


def _change(connection: sa.Connection, taken: ClaimedMessage, **values: object) -> None:
    """Unless another worker has taken it meanwhile."""
    connection.execute(
        sa.update(Notification)
        .where(Notification.id == taken.notice_id, Notification.leased_until == taken.until)
        .values(**values)
    )


# How it goes


@dataclass(frozen=True)
class Waiting:
    """What is due and has not left yet."""

    count: int
    oldest: datetime | None  # since when the first of it is due

    def __add__(self, other: "Waiting") -> "Waiting":
        both = [each for each in (self.oldest, other.oldest) if each is not None]
        return Waiting(self.count + other.count, min(both, default=None))


def waiting(session: Session, *, now: datetime) -> Waiting:
    """Letters and texts that are due; nobody waits for a call of an organizer here."""
    count, oldest = session.execute(
        sa.select(sa.func.count(), sa.func.min(Notification.due_at))
        .select_from(Notification)
        .join(Notification.registration)
        .where(sa.or_(*_CONDITIONS.values()), _PENDING, Notification.due_at <= now)
    ).one()
    return Waiting(count, oldest)


def count_late(session: Session, before: datetime) -> int:
    """Letters that were due before then and are not sent."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Notification)
            .join(Notification.registration)
            .where(_CONDITIONS[DeliveryChannel.LETTER], _PENDING, Notification.due_at < before)
        )
        or 0
    )


def count_dead(session: Session) -> int:
    """Letters and texts given up."""
    dead = (
        sa.select(sa.func.count())
        .select_from(Notification)
        .join(Notification.registration)
        .where(Notification.is_dead.is_(True), Registration.key_id.is_not(None))
    )
    return session.scalar(dead) or 0
