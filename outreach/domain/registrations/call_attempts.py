"""Call attempts: what came of each call to a person who left a phone, and when to call again.

A call to somebody of a discreet workshop may be answered by who must not know of it. So its number
is shown only to who opens the call, which is an attempt already: nobody else opens it that day, and
after an outcome there is no second call on that day, but to warn of something that came up since.
«Somebody else answered» ends calls to that person. What is known of one date of a group
registration holds for all: it is the same phone.

A phone in registrations that do not belong together rings once a day too, where one of them is
discreet. But an outcome that ends calls holds for its own registration: anybody can register with
the number of another person, who would not be called any more after «wrong number».
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import clock, keystore
from outreach.db.base import Base
from outreach.db.types import Hour
from outreach.domain.registrations import capacity
from outreach.domain.registrations.models import Registration
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, NotFound, Refusal

RETRY_AFTER: Final = timedelta(hours=3)  # when nobody answered
CALLS_FROM, CALLS_UNTIL = time(9), time(20)  # by the clock of the venue
LAST_CALL_BEFORE: Final = timedelta(hours=2)  # the start; then a call waits no longer
MAX_DAYS_LATER: Final = 3  # for a call that is wanted at another hour
BATCH: Final = 500  # ids in one statement


# A condition on a registration with a phone and its workshop. At a discreet workshop only who
# allowed calls is called, since somebody else may answer; whoever wants texts reads their page.
MAY_BE_CALLED: Final = sa.or_(
    Workshop.is_discreet.is_(False),
    Registration.may_leave_message.is_(False),
    Registration.takes_calls.is_(True),
)


class CallOutcome(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    WRONG_NUMBER = "wrong number"
    LATER = "later"  # at an hour that the person named
    OTHER_PERSON = "other person"


# After these nobody calls that phone, or writes a text to it.
FINAL_OUTCOMES: Final = (CallOutcome.WRONG_NUMBER, CallOutcome.OTHER_PERSON)


class CallAttempt(Base):
    """One call by a staff member. It is erased with the data of the person."""

    __tablename__ = "call_attempt"
    __table_args__ = (
        sa.UniqueConstraint("registration_id", "number"),
        # Few rows: each text that is claimed looks here.
        sa.Index(
            None,
            "is_final",
            "registration_id",
            sqlite_where=sa.text("is_final"),
            postgresql_where=sa.text("is_final"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE")
    )
    number: Mapped[int]  # counts the attempts: a form that is sent twice counts once
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL"), index=True
    )
    # The hour (S33): a phone's list of calls is not to lead to a row.
    made_at: Mapped[datetime] = mapped_column(Hour)
    outcome: Mapped[CallOutcome | None] = mapped_column(default=None)  # None: opened, not noted
    again_at: Mapped[datetime | None] = mapped_column(Hour, default=None)
    is_final: Mapped[bool] = mapped_column(default=False)
    # What this call told them, so that a slip can be taken back.
    notification_ids: Mapped[list[int]] = mapped_column(sa.JSON, default_factory=list)


class CallBlock(StrEnum):
    """The reason why somebody is not called now."""

    ENDED = "ended"  # the number was wrong, or somebody else answered
    TODAY = "today"  # discreet, and there was a call today
    LATER = "later"  # it comes back by itself
    OPENED = "opened"  # discreet, and a colleague has the number


@dataclass(frozen=True)
class CallHistory:
    """The attempts to call a person, the oldest first; also those about other dates of a group."""

    attempts: Sequence[CallAttempt] = ()
    own_count: int = 0  # how many attempts are about this registration
    # To the same phone in registrations that do not belong together; of discreet ones only.
    elsewhere: Sequence[CallAttempt] = ()

    @property
    def noted(self) -> Sequence[CallAttempt]:
        return [each for each in self.attempts if each.outcome is not None]

    @property
    def is_ended(self) -> bool:
        return any(each.is_final for each in self.attempts)

    def find_block(
        self, workshop: Workshop, *, now: datetime, organizer_id: int | None = None
    ) -> CallBlock | None:
        """Returns why this staff member may not call the person now; None where they may."""
        if self.is_ended:
            return CallBlock.ENDED
        today = now.astimezone(workshop.zone).date()
        warned_since = workshop.find_warned_since(now)
        # Calls before a warning have not told of it. Their hour is known only: one in the hour of
        # the warning counts, so that no phone rings twice because of it.
        since = clock.hour_of(warned_since) if warned_since is not None else None
        of_today = [
            each
            for each in (*self.attempts, *self.elsewhere)
            if workshop.is_discreet
            and _day(each, workshop.zone) == today
            and (since is None or each.made_at >= since)
        ]
        if any(each.outcome is not None for each in of_today):
            return CallBlock.TODAY
        if self._is_put_off(workshop, since, now):
            return CallBlock.LATER
        if any(each.organizer_id != organizer_id for each in of_today):
            return CallBlock.OPENED
        return None

    def _is_put_off(self, workshop: Workshop, since: datetime | None, now: datetime) -> bool:
        """Tells whether the last call put the next one off to a later hour, and no warning has
        made a call necessary since.
        """
        last = self.noted[-1] if self.noted else None
        if last is None or last.again_at is None or (since is not None and last.made_at < since):
            return False
        return now < min(last.again_at, workshop.starts_at - LAST_CALL_BEFORE)


NO_HISTORY: Final = CallHistory()
_HIDING: Final = frozenset({CallBlock.ENDED, CallBlock.TODAY, CallBlock.LATER})


def is_hidden(history: CallHistory, workshop: Workshop, *, now: datetime) -> bool:
    """Tells whether the person is in no list of calls now: calls have ended, or were put off."""
    return history.find_block(workshop, now=now) in _HIDING


def _day(attempt: CallAttempt, zone: ZoneInfo) -> date:
    return attempt.made_at.astimezone(zone).date()


def read_histories(
    session: Session, registrations: Sequence[Registration]
) -> dict[str, CallHistory]:
    """Returns the call attempts by id of registration; who was never called is absent. Needs the
    key store.
    """
    own_ids = sorted({each.id for each in registrations})
    group_ids = sorted({each.joint_id for each in registrations if each.joint_id is not None})
    rows = dict[int, tuple[CallAttempt, str | None]]()
    for ids, column in ((own_ids, Registration.id), (group_ids, Registration.joint_id)):
        for start in range(0, len(ids), BATCH):
            found_rows = session.execute(_SELECT.where(column.in_(ids[start : start + BATCH])))
            rows |= {attempt.id: (attempt, joint_id) for attempt, joint_id in found_rows}
    of_person: dict[str, list[CallAttempt]] = {}
    for attempt, joint_id in rows.values():
        of_person.setdefault(joint_id or attempt.registration_id, []).append(attempt)
    elsewhere = _read_elsewhere(session, registrations)
    found = {}
    for each in registrations:
        attempts = of_person.get(each.joint_id or each.id, [])
        if attempts or each.id in elsewhere:
            attempts.sort(key=lambda attempt: (attempt.made_at, attempt.id))
            own = sum(attempt.registration_id == each.id for attempt in attempts)
            found[each.id] = CallHistory(attempts, own, elsewhere.get(each.id, ()))
    return found


def _read_elsewhere(
    session: Session, registrations: Sequence[Registration]
) -> dict[str, list[CallAttempt]]:
    """Returns, by id of registration, the attempts to call the same phone for other registrations.

    Only registrations for discreet workshops are looked at.
    """
    others = _list_same_phone(session, [e for e in registrations if e.workshop.is_discreet])
    key_ids = sorted({key_id for each in others.values() for key_id in each})
    by_key: dict[bytes, list[CallAttempt]] = {}
    for start in range(0, len(key_ids), BATCH):
        rows = session.execute(
            sa.select(CallAttempt, Registration.key_id)
            .join(Registration, Registration.id == CallAttempt.registration_id)
            .where(Registration.key_id.in_(key_ids[start : start + BATCH]))
        )
        for attempt, key_id in rows:
            if key_id is not None:
                by_key.setdefault(key_id, []).append(attempt)
    found = {
        registration_id: [attempt for key_id in each for attempt in by_key.get(key_id, ())]
        for registration_id, each in others.items()
    }
    return {registration_id: attempts for registration_id, attempts in found.items() if attempts}


def _list_same_phone(
    session: Session, registrations: Sequence[Registration]
) -> dict[str, list[bytes]]:
    """Returns, by id of registration, the keys of other registrations with the same phone. The key
    store knows them by an HMAC of the number.
    """
    own = {each.key_id: each.id for each in registrations if each.key_id is not None}
    if not own:
        return {}
    same = keystore.of_session(session).list_same_contact(list(own))
    return {own[key_id]: others for key_id, others in same.items()}


_SELECT: Final = sa.select(CallAttempt, Registration.joint_id).join(
    Registration, Registration.id == CallAttempt.registration_id
)


def has_ended() -> sa.ColumnElement[bool]:
    """Returns the condition of a query for registrations whose phone must not be called again."""
    other = sa.orm.aliased(Registration)
    return sa.exists().where(
        CallAttempt.is_final.is_(True),
        CallAttempt.registration_id == other.id,
        sa.or_(other.id == Registration.id, other.joint_id == Registration.joint_id),
    )


def open_call(
    session: Session, registration: Registration, *, organizer_id: int, now: datetime
) -> CallBlock | None:
    """Reserves the call of a discreet workshop for that staff member, before the number is shown.

    Returns why the number is not shown, or None. Other calls need no reservation.
    """
    workshop = _lock(session, registration)
    history = _read(session, registration)
    block = history.find_block(workshop, now=now, organizer_id=organizer_id)
    if block is not None or not workshop.is_discreet:
        return None if block is CallBlock.LATER and not workshop.is_discreet else block
    today = now.astimezone(workshop.zone).date()
    is_open = any(
        each.outcome is None
        and each.registration_id == registration.id
        and each.organizer_id == organizer_id
        and _day(each, workshop.zone) == today
        for each in history.attempts
    )
    if not is_open:
        _add(session, registration, history, organizer_id, now)
    return None


def record(
    session: Session,
    registration: Registration,
    outcome: CallOutcome,
    *,
    number: int,
    organizer_id: int,
    now: datetime,
    again_at: datetime | None = None,
) -> CallAttempt | None:
    """Records the outcome of attempt `number`, as its form says.

    Returns None where that attempt has an outcome already, or there can be none. `again_at`
    belongs to LATER. Raises NotFound for an erased person, and Refusal where the call of a
    discreet workshop was not opened by that member of the staff.
    """
    workshop = _lock(session, registration)
    history = _read(session, registration)
    attempt = _find(history, registration, number)
    if attempt is not None and attempt.outcome is not None:
        return None
    if attempt is None and number != history.own_count + 1:
        return None
    if workshop.is_discreet and (attempt is None or attempt.organizer_id != organizer_id):
        raise Refusal(ErrorCode.CALL_NOT_OPENED)
    # A call about another workshop meanwhile: this one was made all the same, and what came of it
    # may end calls.
    own = replace(history, elsewhere=())
    if own.find_block(workshop, now=now, organizer_id=organizer_id) in {
        CallBlock.ENDED,
        CallBlock.TODAY,
    }:
        return None
    if attempt is None:
        attempt = _add(session, registration, history, organizer_id, now)
    attempt.made_at = now
    _set_outcome(attempt, outcome, workshop, now, again_at)
    session.flush()
    return attempt


def record_answer(
    session: Session, registration: Registration, *, organizer_id: int, now: datetime
) -> None:
    """Records that the person was reached, where the form names no attempt."""
    _lock(session, registration)
    history = _read(session, registration)
    attempt = next(
        (
            each
            for each in history.attempts
            if each.outcome is None and each.organizer_id == organizer_id
        ),
        None,
    ) or _add(session, registration, history, organizer_id, now)
    attempt.made_at, attempt.outcome = now, CallOutcome.ANSWERED
    session.flush()


def find_attempt(session: Session, attempt_id: int) -> CallAttempt:
    """The attempt with that id. Raises NotFound: its person may have been erased."""
    attempt = session.get(CallAttempt, attempt_id)
    if attempt is None:
        raise NotFound("call attempt")
    return attempt


def take_back(
    session: Session, registration: Registration, *, organizer_id: int
) -> Sequence[int] | None:
    """Forgets the outcome of the last attempt, if that member of the staff recorded it: it was
    a slip.

    Returns the ids of the notifications that the call told, or None where nothing is taken back.
    """
    _lock(session, registration)
    own = [
        each
        for each in _read(session, registration).noted
        if each.registration_id == registration.id
    ]
    last = own[-1] if own else None
    if last is None or last.organizer_id != organizer_id:
        return None
    notification_ids = list(last.notification_ids)
    if registration.workshop.is_discreet:  # the number was seen: it stays the call of that day
        last.outcome, last.again_at, last.is_final = None, None, False
        last.notification_ids = []
    else:
        session.delete(last)
    session.flush()
    return notification_ids


def allow_new_number(session: Session, registration: Registration) -> None:
    """Lets calls begin again after a wrong number, since the person has given another phone. Where
    somebody else answered, calls stay ended, since who has the phone may have the link too.
    """
    of_person = Registration.id == registration.id
    if registration.joint_id is not None:
        of_person |= Registration.joint_id == registration.joint_id
    session.execute(
        sa.update(CallAttempt)
        .where(
            CallAttempt.registration_id.in_(sa.select(Registration.id).where(of_person)),
            CallAttempt.outcome == CallOutcome.WRONG_NUMBER,
        )
        .values(is_final=False)
        .execution_options(synchronize_session=False)
    )


def list_hours(workshop: Workshop, *, now: datetime) -> list[datetime]:
    """Returns the whole hours at which somebody may ask to be called, by the clock of the venue.

    People of a discreet workshop may ask for tomorrow at the earliest.
    """
    zone = workshop.zone
    today = now.astimezone(zone).date()
    days = range(int(workshop.is_discreet), MAX_DAYS_LATER + 1)
    hours = [
        clock.instant(today + timedelta(days=day), time(hour), zone)
        for day in days
        for hour in range(CALLS_FROM.hour, CALLS_UNTIL.hour)
    ]
    return [each for each in hours if now < each < workshop.ends_at]


def is_valid_hour(workshop: Workshop, at: datetime, *, now: datetime) -> bool:
    """Whether a call may be put off until then."""
    return at in list_hours(workshop, now=now)


def compute_retry(workshop: Workshop, *, now: datetime) -> datetime:
    """Returns when somebody who did not answer is called again: some hours later, in the daytime;
    for a discreet workshop on the next day.
    """
    zone = workshop.zone
    if workshop.is_discreet:
        day = now.astimezone(zone).date() + timedelta(days=1)
        return clock.instant(day, CALLS_FROM, zone)
    at = clock.next_hour(now + RETRY_AFTER)
    there = at.astimezone(zone)
    if CALLS_FROM <= there.time() < CALLS_UNTIL:
        return at
    is_early = there.time() < CALLS_FROM
    return clock.instant(there.date() + timedelta(days=not is_early), CALLS_FROM, zone)


def delete_of(session: Session, which: sa.ColumnElement[bool]) -> None:
    """Deletes the attempts of the registrations that meet a condition."""
    ids = sa.select(Registration.id).where(which)
    session.execute(
        sa.delete(CallAttempt)
        .where(CallAttempt.registration_id.in_(ids))
        .execution_options(synchronize_session=False)
    )


def _lock(session: Session, registration: Registration) -> Workshop:
    """Locks the registration, so that two members of the staff wait for each other. Raises NotFound
    for an erased person."""
    workshop = capacity.lock_workshop_of(session, registration)
    if registration.key_id is None:
        raise NotFound("registration")
    others = _list_same_phone(session, [registration]).get(registration.id, [])
    # A call about another workshop of the same phone. An ordinary call locks it too: whoever opens
    # that of a discreet workshop at this moment sees it.
    if others:
        rows = sa.select(Registration.id).where(
            Registration.key_id.in_([registration.key_id, *others])
        )
        session.execute(rows.order_by(Registration.id).with_for_update(key_share=True)).all()
    return workshop


def _read(session: Session, registration: Registration) -> CallHistory:
    return read_histories(session, [registration]).get(registration.id, NO_HISTORY)


def _find(history: CallHistory, registration: Registration, number: int) -> CallAttempt | None:
    return next(
        (
            each
            for each in history.attempts
            if (each.registration_id, each.number) == (registration.id, number)
        ),
        None,
    )


def _add(
    session: Session,
    registration: Registration,
    history: CallHistory,
    organizer_id: int,
    now: datetime,
) -> CallAttempt:
    attempt = CallAttempt(
        registration_id=registration.id,
        number=history.own_count + 1,
        organizer_id=organizer_id,
        made_at=now,
    )
    session.add(attempt)
    session.flush()
    return attempt


def _set_outcome(
    attempt: CallAttempt,
    outcome: CallOutcome,
    workshop: Workshop,
    now: datetime,
    again_at: datetime | None,
) -> None:
    attempt.outcome, attempt.is_final = outcome, outcome in FINAL_OUTCOMES
    attempt.again_at = {
        CallOutcome.LATER: again_at,
        CallOutcome.NO_ANSWER: compute_retry(workshop, now=now),
    }.get(outcome)
