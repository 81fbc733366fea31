"""Creates, changes, publishes, cancels and reinstates workshops, and stores their reports.

A change that calendar subscribers can see raises `changed_at`; a new time, place or status also
raises `sequence` (CAL05). People who are registered are notified of it as the `NotifyDecision` of
staff says; without one, at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import registrations
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    accommodations,
    capacity,
    change_notifications,
    reconfirmation,
    waitlist,
)
from outreach.domain.registrations.change_notifications import (
    AT_ONCE,
    LATER,
    URGENT_BEFORE,
    NotifyDecision,
    NotifyMode,
)
from outreach.domain.registrations.undo_window import NO_UNDO_BEFORE
from outreach.domain.roster import assignments
from outreach.domain.scheduling import kept_queue, workshop_changes
from outreach.domain.scheduling.workshop_changes import STATUS, ChangeAction
from outreach.domain.scheduling.workshop_data import (
    WorkshopData,
    check,
    compute_span,
    fit_visibility,
    normalize,
)
from outreach.domain.workshops import (
    Workshop,
    WorkshopStatus,
    facts,
    fields,
    new_public_id,
    publish_checks,
    pushed,
    time_slots,
    tour_stops,
)
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refusal

NOTIFIED_CHANGES: Final = timedelta(days=7)

# A change of one of these is a new version for calendars (SEQUENCE), and people are notified.
_START: Final = frozenset({"day", "starts", "is_second_hour", "zone"})
_WHEN: Final = _START | {"ends"}
_WHEN_OR_WHERE: Final = _WHEN | {"venue", "mode"}
# Workshops with people: moved into the past, they would be erased at once without a word.
_HAS_PEOPLE: Final = frozenset({WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED})
# A change of one of these changes the capacity.
_CAPACITY: Final = frozenset(
    {"capacity", "overbooked", "support", "slot_minutes", "slot_places", "way", "starts", "ends"}
)
# A change of one of these is told to people, or frees seats for the waitlist.
NOTIFYING_FIELDS: Final = _WHEN_OR_WHERE | _CAPACITY
# A change of one of these may publish an address. For a draft, `publish_checks` warns of it.
_EXPOSING: Final = frozenset({"kind", "visibility", "venue"})
# A file of workshops has no columns for these.
_NOT_IN_FILES: Final = frozenset({RequiredField.LINK, RequiredField.PHONE})


def create(
    session: Session,
    data: WorkshopData,
    *,
    now: datetime,
    status: WorkshopStatus = WorkshopStatus.DRAFT,
    external_id: str | None = None,
    is_synthetic: bool = False,
) -> Workshop:
    """Stores a new workshop. Raises Refusal as `check` does."""
    workshop = prepare(
        data, now=now, status=status, external_id=external_id, is_synthetic=is_synthetic
    )
    add(session, [workshop])
    return workshop


def prepare(
    data: WorkshopData,
    *,
    now: datetime,
    status: WorkshopStatus = WorkshopStatus.DRAFT,
    external_id: str | None = None,
    is_synthetic: bool = False,
) -> Workshop:
    """Makes a new workshop that is not stored yet; see `add`. Raises Refusal as `check` does."""
    data = normalize(data)
    check(data, is_draft=status is WorkshopStatus.DRAFT)
    return Workshop(
        public_id=new_public_id(),
        external_id=external_id,
        is_synthetic=is_synthetic,
        status=status,
        seats_left=data.capacity + data.overbooked,
        created_at=now,
        changed_at=now,
        published_at=None if status is WorkshopStatus.DRAFT else now,
        cancelled_at=now if status is WorkshopStatus.CANCELLED else None,
        **{name: getattr(data, name) for name in fields.NAMES},
    )


def add(session: Session, prepared: Sequence[Workshop]) -> None:
    """Stores new workshops with their time slots, in one flush."""
    held: dict[Venue, Venue] = {}
    for workshop in prepared:
        if (venue := workshop.venue) is not None:
            if venue not in held:
                held[venue] = venues.keep_from_merging(session, venue)
            workshop.venue = held[venue]
    session.add_all(prepared)
    session.flush()
    for workshop in prepared:
        if workshop.has_slots:
            time_slots.sync(session, workshop)


def lock(session: Session, workshop: Workshop) -> None:
    """Locks the workshop and its tour stop until the transaction ends, and refreshes both."""
    session.flush()  # a refresh discards pending changes
    if (stop := tour_stops.find_stop(session, workshop)) is not None:
        tour_stops.lock(session, stop)
    # In two statements: PostgreSQL joins what it read before it waited for the lock, so a workshop
    # that was given another venue meanwhile would seem to have none.
    session.execute(_LOCK, {"id": workshop.id})
    session.scalars(_READ_AGAIN, {"id": workshop.id}).one()


_IS_MEANT: Final = Workshop.id == sa.bindparam("id")
_LOCK: Final = sa.select(Workshop.id).where(_IS_MEANT).with_for_update(key_share=True)
_READ_AGAIN: Final = sa.select(Workshop).where(_IS_MEANT).execution_options(populate_existing=True)


def get_data(workshop: Workshop) -> WorkshopData:
    """Returns the data of a stored workshop, to be changed with `dataclasses.replace`."""
    return WorkshopData(**{name: getattr(workshop, name) for name in fields.NAMES})


def change(
    session: Session,
    workshop: Workshop,
    data: WorkshopData,
    *,
    now: datetime,
    decision: NotifyDecision = AT_ONCE,
    facts_before: bytes | None = None,
) -> frozenset[str]:
    """Changes a workshop to these data and returns the names of the fields that changed.

    People are notified of a new time or place as `decision` says; `facts_before` are those until
    now, where its venue has changed already. Raises Refusal as `check`,
    `require_not_looser` and `notify` do, where more seats are taken than would be left, where the
    address of a discreet workshop would become public (S13), and where an upcoming workshop would
    be moved into the past.
    """
    data = normalize(data)
    if data.venue is not None and data.venue is not workshop.venue:
        data = replace(data, venue=venues.keep_from_merging(session, data.venue))
    check(data, is_draft=workshop.status is WorkshopStatus.DRAFT)
    new = frozenset(n for n in fields.NAMES if getattr(workshop, n) != getattr(data, n))
    if not new:
        return new
    _require_changeable(session, workshop, data, new, now)
    state = kept_queue.read_state(workshop)
    facts_before = facts_before or facts.compute_facts(workshop)
    before = {name: workshop_changes.encode(getattr(workshop, name)) for name in sorted(new)}
    _store(session, workshop, data, new, decision, now)
    session.flush()
    made = None
    if decision.batch:
        made = workshop_changes.record_change(
            session,
            workshop,
            ChangeAction.EDITED,
            batch=decision.batch,
            before=before,
            changes_facts=facts.compute_facts(workshop) != facts_before,
            now=now,
        )
        if new & NOTIFYING_FIELDS:
            kept_queue.keep(session, made, workshop, state | {"facts": facts_before.hex()})
    if workshop.status is WorkshopStatus.PUBLISHED:
        _notify_of_change(session, workshop, new, facts_before, decision, now)
    elif new & _WHEN_OR_WHERE and now < workshop.ends_at:
        reconfirmation.reset_reconfirmation(session, workshop)
        follow_draft(session, workshop, decision, now=now)
    if made is not None and new & NOTIFYING_FIELDS:
        kept_queue.keep_made(session, made, workshop)
    return new


def _store(
    session: Session,
    workshop: Workshop,
    data: WorkshopData,
    new: frozenset[str],
    decision: NotifyDecision,
    now: datetime,
) -> None:
    """Sets the fields that are new, and what follows from them."""
    was_hidden, shown_at = workshop.is_hidden, _latest_change(workshop)
    if new & _WHEN_OR_WHERE and workshop.status is WorkshopStatus.PUBLISHED:
        # A page that hides the place must not show that only the place moved.
        if workshop.moved_at is None or {"day", "starts"} & new:
            workshop.previous_day, workshop.previous_starts = workshop.day, workshop.starts
        workshop.moved_at = now
        if now < workshop.ends_at and workshop.starts_at - now <= URGENT_BEFORE:
            workshop.expected_at = workshop.find_first_start(now)
    if "kind" in new:
        workshop.is_discreet = data.kind.is_discreet
    for name in new - {"capacity", "overbooked"}:
        setattr(workshop, name, getattr(data, name))
    if new & {"kind", "venue"} and workshop.visibility_before_danger is not None:
        reopened = replace(data, visibility=workshop.visibility_before_danger)
        workshop.visibility_before_danger = fit_visibility(reopened).visibility
    if new & _CAPACITY:
        _resize(session, workshop, data, new, decision)
    workshop.retime()
    if workshop.is_hidden and not was_hidden:
        workshop.public_id = new_public_id()  # the former one may be known
    if was_hidden and not workshop.is_hidden and workshop.status is not WorkshopStatus.DRAFT:
        workshop.published_at = now
    if new & fields.SHOWN:
        # Its event had the date of the venue or kind that it had, which may be that of this second.
        workshop.changed_at = max(workshop.changed_at, shown_at)
        mark_changed(workshop, now, is_new_version=bool(new & _WHEN_OR_WHERE))


def _require_changeable(
    session: Session,
    workshop: Workshop,
    data: WorkshopData,
    new: frozenset[str],
    now: datetime,
) -> None:
    require_not_looser(session, workshop, data)
    if workshop.is_closed_for_danger and "visibility" in new:
        raise Refusal(ErrorCode.CLOSED_FOR_DANGER)
    is_discreet = data.kind.is_discreet if "kind" in new else workshop.is_discreet
    if is_discreet and not workshop.is_discreet:
        pushed.require_not_pushed(session, workshop)
    is_public = workshop.status is not WorkshopStatus.DRAFT
    if is_public and is_discreet and new & _EXPOSING and has_open_address(data):
        raise Refusal(ErrorCode.ADDRESS_EXPOSED)
    _starts_at, ends_at = compute_span(data)
    if new & _WHEN and is_moved_to_past(workshop, ends_at, now=now):
        raise Refusal(ErrorCode.WORKSHOP_PAST)


def _notify_of_change(
    session: Session,
    workshop: Workshop,
    new: frozenset[str],
    facts_before: bytes,
    decision: NotifyDecision,
    now: datetime,
) -> None:
    """Notifies people of a new time or place, and lets the waitlist follow."""
    # With time slots a new end is nobody's own hour: slots keep their start and their length.
    has_moved = bool(new & _WHEN_OR_WHERE - ({"ends"} if workshop.has_slots else set()))
    if has_moved and now < workshop.ends_at:
        reconfirmation.reset_reconfirmation(session, workshop)
        registrations.follow_reminders(session, workshop, now=now)
        if new & _START:  # offers had been short because the old day was near
            waitlist.extend_offers(session, workshop, now=now)
    if has_moved:
        change_notifications.record_change(session, workshop, facts_before)
    if has_moved or new & _CAPACITY:
        notify(session, workshop, decision, now=now)


def follow_draft(
    session: Session, workshop: Workshop, decision: NotifyDecision, *, now: datetime
) -> None:
    """Makes the team follow a change of when or where of a workshop that is not published.

    Nobody else knows of it.
    """
    workshop.facts = facts.compute_facts(workshop)
    if decision.mode is NotifyMode.NOBODY:
        workshop.withheld_facts = workshop.facts
    session.flush()
    assignments.follow_change(session, workshop, decision, now=now)


def notify(session: Session, workshop: Workshop, decision: NotifyDecision, *, now: datetime) -> int:
    """Tells the people of a workshop what they have not been told, and offers its free seats,
    as staff decide.

    Returns how many parties are told. Raises Refusal where they have to be told, and where
    the start is too far away for `URGENT`.
    """
    is_near = workshop.starts_at - now
    if decision.mode is NotifyMode.NOBODY:
        if workshop.is_cancelled or is_near < NOTIFIED_CHANGES:
            raise Refusal(ErrorCode.CANCEL_NEEDS_NOTICE)
        workshop.withheld_facts = workshop.facts
    if decision.mode is NotifyMode.URGENT and is_near > URGENT_BEFORE:
        raise Refusal(ErrorCode.NOT_URGENT)
    notified_count = change_notifications.notify_uninformed(session, workshop, decision, now=now)
    assignments.follow_change(session, workshop, decision, now=now)
    if not decision.is_to_notify:
        return notified_count
    is_held = decision.undo_window and decision.mode is NotifyMode.NOTIFY
    is_held = is_held and is_near > NO_UNDO_BEFORE
    workshop.undo_until = now + decision.undo_window if is_held else now
    session.flush()
    waitlist.end_hold(session, workshop, now=now)
    return notified_count


def is_moved_to_past(workshop: Workshop, ends_at: datetime, *, now: datetime) -> bool:
    """Tells whether an upcoming workshop with people would be over with this new end.

    That is probably a typing error, after which the personal data would be erased too soon.
    """
    return workshop.status in _HAS_PEOPLE and ends_at <= now < workshop.ends_at


def has_open_address(data: WorkshopData) -> bool:
    """Whether the workshop has an address that everybody may read."""
    return data.venue is not None and data.visibility is Visibility.PUBLIC


def require_not_looser(session: Session, workshop: Workshop, data: WorkshopData) -> None:
    """Raises Refusal where the workshop would be less discreet than people were promised (S32).

    It would be less discreet, show its address to more people or keep data longer, while
    somebody is registered who was promised otherwise.
    """
    is_of_other_kind = data.kind.code != workshop.kind.code
    is_looser = (
        (workshop.is_discreet and is_of_other_kind and not data.kind.is_discreet)
        or data.visibility.is_looser_than(workshop.visibility)
        or data.retention_days > workshop.retention_days
    )
    has_people = sa.exists().where(
        Registration.workshop_id == workshop.id, Registration.key_id.is_not(None)
    )
    if is_looser and session.scalar(sa.select(has_people)):
        raise Refusal(ErrorCode.DISCRETION_PROMISED, day=workshop.forget_on)


def publish(
    session: Session,
    workshop: Workshop,
    *,
    now: datetime,
    phone: str = "",
    is_in_file: bool = False,
) -> None:
    """Publishes a draft. Raises Refusal with the required fields that are empty. `phone` is that of
    the network, as in `publish_checks`; with `is_in_file`, phone and link may be empty."""
    lock(session, workshop)
    if workshop.status is not WorkshopStatus.DRAFT:
        return
    missing = publish_checks.find_missing_fields(workshop, phone=phone)
    if is_in_file:
        missing = [field for field in missing if field not in _NOT_IN_FILES]
    if missing:
        raise Refusal(ErrorCode.FIELDS_MISSING, fields=missing)
    check(get_data(workshop))
    tour_stops.require_stop_active(session, workshop)
    workshop.status = WorkshopStatus.PUBLISHED
    workshop.published_at = workshop.published_at or now
    mark_changed(workshop, now, is_new_version=False)


def cancel(
    session: Session, workshop: Workshop, *, now: datetime, decision: NotifyDecision = AT_ONCE
) -> int:
    """Cancels a published workshop and returns how many parties are notified.

    Raises Refusal, also for a decision to tell nobody.
    """
    lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED:
        raise Refusal(ErrorCode.CANCEL_NEEDS_PUBLISHED)
    if workshop.has_ended(now):
        raise Refusal(ErrorCode.CANCEL_AFTER_END)
    return _set_status(session, workshop, WorkshopStatus.CANCELLED, decision, now)


def _set_status(
    session: Session,
    workshop: Workshop,
    status: WorkshopStatus,
    decision: NotifyDecision,
    now: datetime,
) -> int:
    """Cancels or reinstates a workshop, and notifies its people."""
    facts_before, before = facts.compute_facts(workshop), workshop.status
    state, made = kept_queue.read_state(workshop), None
    is_cancelled = status is WorkshopStatus.CANCELLED
    workshop.status = status
    workshop.cancelled_at = now if is_cancelled else None
    mark_changed(workshop, now, is_new_version=True)
    session.flush()
    if decision.batch:
        made = workshop_changes.record_change(
            session,
            workshop,
            ChangeAction.CANCELLED if is_cancelled else ChangeAction.REINSTATED,
            batch=decision.batch,
            before={STATUS: before.value},
            changes_facts=True,
            now=now,
        )
        kept_queue.keep(session, made, workshop, state)
    change_notifications.record_change(session, workshop, facts_before)
    notified = notify(session, workshop, decision, now=now)
    if status is WorkshopStatus.PUBLISHED:
        # Offers could not be accepted while it was cancelled.
        waitlist.extend_offers(session, workshop, now=now)
    if made is not None:
        kept_queue.keep_made(session, made, workshop)
    return notified


def count_reachable(session: Session, workshop: Workshop) -> Mapping[ContactMethod, int]:
    """Counts the active registrations by contact method, of which NONE cannot be notified."""
    rows = session.execute(
        sa.select(Registration.contact, sa.func.count())
        .where(Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES))
        .group_by(Registration.contact)
    )
    return dict.fromkeys(ContactMethod, 0) | {row[0]: row[1] for row in rows}


def reinstate(
    session: Session, workshop: Workshop, *, now: datetime, decision: NotifyDecision = AT_ONCE
) -> int:
    """Reinstates a cancelled workshop and returns how many parties are notified. Raises Refusal."""
    lock(session, workshop)
    if workshop.status is not WorkshopStatus.CANCELLED:
        raise Refusal(ErrorCode.WORKSHOP_NOT_CANCELLED)
    if workshop.is_closed_for_danger:
        raise Refusal(ErrorCode.CLOSED_FOR_DANGER)
    tour_stops.require_stop_active(session, workshop)
    workshop.published_at = workshop.published_at or now
    return _set_status(session, workshop, WorkshopStatus.PUBLISHED, decision, now)


def close_for_danger(session: Session, workshop: Workshop, *, now: datetime) -> bool:
    """Closes a workshop for danger at its venue. Returns False where it is closed already.

    It is cancelled, so nobody registers, enters or is offered a place, and no page, feed,
    ticket or letter has its address. Nobody is told before staff decide (`notify`). Raises
    Refusal earlier than URGENT_BEFORE the start, where it is not public, and after its end.
    """
    lock(session, workshop)
    if workshop.is_closed_for_danger:
        return False
    if workshop.status not in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}:
        raise Refusal(ErrorCode.CANCEL_NEEDS_PUBLISHED)
    if workshop.has_ended(now):
        raise Refusal(ErrorCode.CANCEL_AFTER_END)
    if workshop.starts_at - now > URGENT_BEFORE:
        raise Refusal(ErrorCode.DANGER_TOO_EARLY)
    workshop.danger_at = now
    workshop.visibility_before_danger = workshop.visibility
    workshop.visibility = Visibility.PHONE_ONLY
    _set_status(session, workshop, WorkshopStatus.CANCELLED, LATER, now)
    return True


def is_open_to_danger(workshop: Workshop, *, now: datetime) -> bool:
    """Tells whether `close_for_danger` would close the workshop."""
    is_public = workshop.status in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}
    return is_public and not workshop.has_ended(now) and workshop.starts_at - now <= URGENT_BEFORE


def require_closed_for_danger(workshop: Workshop) -> None:
    """Raises Refusal where it is not closed for danger."""
    if not workshop.is_closed_for_danger:
        raise Refusal(ErrorCode.NOT_CLOSED_FOR_DANGER)


def list_endangered(session: Session, workshop: Workshop, *, now: datetime) -> list[Workshop]:
    """Returns the other workshops at the venue that `close_for_danger` would close, by start."""
    if workshop.venue_id is None:
        return []
    found = session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.venue_id == workshop.venue_id,
            Workshop.id != workshop.id,
            Workshop.ends_at > now,
            Workshop.starts_at <= now + URGENT_BEFORE,
        )
        .order_by(Workshop.starts_at, Workshop.id)
    )
    return [each for each in found if is_open_to_danger(each, now=now)]


def reopen_after_danger(
    session: Session, workshop: Workshop, *, now: datetime, decision: NotifyDecision = AT_ONCE
) -> int:
    """Takes `close_for_danger` back, and returns how many parties are notified.

    Who could read the address can again, fewer where it was given another venue meanwhile. Raises
    Refusal where it is not closed.
    """
    lock(session, workshop)
    require_closed_for_danger(workshop)
    workshop.visibility = workshop.visibility_before_danger or workshop.visibility
    workshop.danger_at = workshop.visibility_before_danger = None
    return reinstate(session, workshop, now=now, decision=decision)


def report(workshop: Workshop, *, head_count: int | None, now: datetime) -> None:
    """Reports a workshop that has begun: held, with its head count, or not held (None).

    Raises Refusal.
    """
    if workshop.status not in {
        WorkshopStatus.PUBLISHED,
        WorkshopStatus.HELD,
        WorkshopStatus.NOT_HELD,
    }:
        raise Refusal(ErrorCode.REPORT_NEEDS_PUBLISHED)
    if now < workshop.starts_at:
        raise Refusal(ErrorCode.REPORT_TOO_EARLY)
    if head_count is not None and head_count < 0:
        raise Refusal(ErrorCode.ATTENDANCE_NEGATIVE)
    workshop.status = WorkshopStatus.NOT_HELD if head_count is None else WorkshopStatus.HELD
    workshop.head_count = head_count


def _resize(
    session: Session,
    workshop: Workshop,
    data: WorkshopData,
    new: frozenset[str],
    decision: NotifyDecision,
) -> None:
    """Changes the capacity.

    Seats that are added are on hold while somebody waits for one and the waitlist is not
    told at once. Raises Refusal where seats that are taken would be lost.
    """
    capacity.lock(session, workshop)
    session.flush()
    session.refresh(workshop, ["capacity", "overbooked", "seats_left", "held_seats"])
    taken = workshop.taken_seats
    if "way" in new and taken:
        raise Refusal(ErrorCode.ADMISSION_IN_USE)
    if workshop.has_slots:
        workshop.overbooked = 0
        time_slots.sync(session, workshop)
    elif {"capacity", "overbooked", "way"} & new:
        free = data.capacity + data.overbooked - taken
        if free < 0:
            raise Refusal(ErrorCode.CAPACITY_BELOW_TAKEN, taken=taken)
        held = min(workshop.held_seats, free)
        if decision.delays_offers and free > workshop.seats_left + held:
            is_waited_for = bool(waitlist.list_fitting(session, workshop, free))
            held = free - workshop.seats_left if is_waited_for else held
        workshop.capacity, workshop.overbooked = data.capacity, data.overbooked
        workshop.held_seats, workshop.seats_left = held, free - held
        if "way" in new:
            time_slots.remove_all(session, workshop)
    if "support" in new:
        accommodations.require_room(session, workshop, data.support)
    session.flush()


def mark_changed(workshop: Workshop, now: datetime, *, is_new_version: bool) -> None:
    """Raises `changed_at`, and `sequence` for a new version: calendars see a change by these."""
    workshop.changed_at = clock.second_after(_latest_change(workshop), now)
    if is_new_version:
        workshop.sequence += 1


def _latest_change(workshop: Workshop) -> datetime:
    """Returns when anything last changed that the event of the workshop shows."""
    instants = [workshop.changed_at, workshop.office.changed_at, workshop.kind.changed_at]
    if workshop.venue is not None:
        instants.append(workshop.venue.changed_at)
    return max(instants)
