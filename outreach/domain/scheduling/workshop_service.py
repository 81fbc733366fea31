"""What organizers do to a workshop: plan it, change it, publish it, cancel it, say how it went.

Whatever a subscriber can see makes `changed_at` rise; a new time, place or status also makes
`sequence` rise (CAL05). Whoever is registered is owed a notice of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import registrations
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    capacity,
    reconfirmation,
    waitlist,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling.workshop_data import DEFAULT_SLOT_MINUTES as DEFAULT_SLOT_MINUTES
from outreach.domain.scheduling.workshop_data import WorkshopData as WorkshopData
from outreach.domain.scheduling.workshop_data import check as check
from outreach.domain.scheduling.workshop_data import from_kind as from_kind
from outreach.domain.scheduling.workshop_data import normalize as normalize
from outreach.domain.scheduling.workshop_data import spread_over_slots as spread_over_slots
from outreach.domain.workshops import (
    Workshop,
    WorkshopStatus,
    accommodations,
    new_public_id,
    publish_checks,
    time_slots,
    tour_stops,
)
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refused

NOTIFIED_CHANGES: Final = timedelta(days=7)

_FIELDS: Final = tuple(each.name for each in fields(WorkshopData))
# A change of these is a change of when or where; `status` is the other thing that counts.
_WHEN_OR_WHERE: Final = frozenset({"day", "starts", "ends", "zone", "venue", "mode"})
_START: Final = frozenset({"day", "starts", "zone"})
_WHEN: Final = _START | {"ends"}
# Whose people would be forgotten at once, and told nothing, if its day were said to be over.
_HAS_PEOPLE: Final = frozenset({WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED})
# The rest of what a calendar or a page of the public shows.
_UNSEEN: Final = frozenset(
    {
        "facilitator",
        "party_limit",
        "has_waiting_list",
        "retention_days",
        "has_reminders",
        "series",
        "overbooked",
        "slot_minutes",
        "slot_places",
        "support",
        "opens_days",
        "confirm_days",
        "frees_silence",
    }
)
# These make more places, or fewer.
_PLACES: Final = frozenset(
    {"capacity", "overbooked", "support", "slot_minutes", "slot_places", "way", "starts", "ends"}
)
# What may bring an address into sight: of a draft its doubts are asked before it is published.
_OPENS: Final = frozenset({"kind", "visibility", "venue"})
# A file of workshops has no columns for these.
_NOT_IN_FILES: Final = frozenset({RequiredField.LINK, RequiredField.PHONE})


def create(
    session: Session,
    plan: WorkshopData,
    *,
    now: datetime,
    status: WorkshopStatus = WorkshopStatus.DRAFT,
    external_id: str | None = None,
    is_synthetic: bool = False,
) -> Workshop:
    """A new workshop. Raises Refused as `check` does."""
    workshop = prepare(
        plan, now=now, status=status, external_id=external_id, is_synthetic=is_synthetic
    )
    add(session, [workshop])
    return workshop


def prepare(
    plan: WorkshopData,
    *,
    now: datetime,
    status: WorkshopStatus = WorkshopStatus.DRAFT,
    external_id: str | None = None,
    is_synthetic: bool = False,
) -> Workshop:
    """The same, for `add`: nothing has been written yet."""
    plan = normalize(plan)
    check(plan, is_draft=status is WorkshopStatus.DRAFT)
    return Workshop(
        public_id=new_public_id(plan.kind, plan.way),
        external_id=external_id,
        is_synthetic=is_synthetic,
        status=status,
        seats_left=plan.capacity + plan.overbooked,
        created_at=now,
        changed_at=now,
        published_at=None if status is WorkshopStatus.DRAFT else now,
        cancelled_at=now if status is WorkshopStatus.CANCELLED else None,
        **{name: getattr(plan, name) for name in _FIELDS},
    )


def add(session: Session, prepared: Sequence[Workshop]) -> None:
    """Writes new workshops, however many, at once: others wait for the database meanwhile."""
    session.add_all(prepared)
    session.flush()
    for workshop in prepared:
        if workshop.has_slots:
            time_slots.sync(session, workshop)
        if workshop.support:
            accommodations.sync(session, workshop, {})


def lock(session: Session, workshop: Workshop) -> None:
    """Nobody else changes it, or cancels its stop, until the transaction ends; and all that others
    have just changed of it is seen."""
    session.flush()  # what is not written yet would be lost
    if (stop := tour_stops.find_stop(session, workshop)) is not None:
        tour_stops.lock(session, stop)
    session.refresh(workshop, with_for_update={"of": Workshop, "key_share": True})


def get_data(workshop: Workshop) -> WorkshopData:
    """The workshop as it stands, to change with `dataclasses.replace`."""
    return WorkshopData(**{name: getattr(workshop, name) for name in _FIELDS})


def change(
    session: Session, workshop: Workshop, plan: WorkshopData, *, now: datetime
) -> frozenset[str]:
    """Makes the workshop what the plan says, and returns the names of what is new.

    Raises Refused as `check` does, when fewer places are left than have been taken, where everybody
    would come to see the address of something discreet, and where what is to come would be over.
    """
    plan = normalize(plan)
    check(plan, is_draft=workshop.status is WorkshopStatus.DRAFT)
    new = frozenset(n for n in _FIELDS if getattr(workshop, n) != getattr(plan, n))
    if not new:
        return new
    if workshop.status is not WorkshopStatus.DRAFT and new & _OPENS and has_open_address(plan):
        raise Refused(ErrorCode.ADDRESS_EXPOSED)
    _starts_at, ends_at = clock.span(plan.day, plan.starts, plan.ends, plan.zone)
    if new & _WHEN and is_moved_to_past(workshop, ends_at, now=now):
        raise Refused(ErrorCode.WORKSHOP_PAST)
    was_hidden = workshop.is_hidden
    for name in new - {"capacity", "overbooked"}:
        setattr(workshop, name, getattr(plan, name))
    if new & _PLACES:
        _resize(session, workshop, plan, new)
    workshop.retime()
    if workshop.is_hidden and not was_hidden:
        workshop.public_id = new_public_id(plan.kind, plan.way)  # the old one was easy to guess
    moved = bool(new & _WHEN_OR_WHERE)
    if new - _UNSEEN:
        mark_changed(workshop, now, is_new_version=moved)
    session.flush()
    if moved and now < workshop.ends_at:
        reconfirmation.reset_reconfirmation(session, workshop)
    if workshop.status is WorkshopStatus.PUBLISHED:
        if moved and now < workshop.ends_at:
            registrations.notify_all(session, workshop, NotificationType.CHANGED, now=now)
            if new & _START:  # an offer was short as the old day was near
                waitlist.extend_offers(session, workshop, now=now)
        if moved or new & _PLACES:  # one that is put off has a list that moves again
            registrations.offer_free_seats(session, workshop, now=now)
    return new


def is_moved_to_past(workshop: Workshop, ends_at: datetime, *, now: datetime) -> bool:
    """Whether that end says of what people still come to that it is past: a year is soon mistyped,
    and who registered is forgotten so many days after the day."""
    return workshop.status in _HAS_PEOPLE and ends_at <= now < workshop.ends_at


def has_open_address(plan: WorkshopData) -> bool:
    """Whether everybody would see where something discreet is (S13)."""
    is_open = plan.venue is not None and plan.visibility is Visibility.PUBLIC
    return plan.kind.is_discreet and is_open


def publish(
    session: Session,
    workshop: Workshop,
    *,
    now: datetime,
    phone: str = "",
    is_in_file: bool = False,
) -> None:
    """From draft to public. Raises Refused with what is missing; `phone` as in `publish_checks`. A
    file may leave out what the office knows: its phone, and the link."""
    lock(session, workshop)
    if workshop.status is not WorkshopStatus.DRAFT:
        return
    missing = publish_checks.find_missing_fields(workshop, phone=phone)
    if is_in_file:
        missing = [field for field in missing if field not in _NOT_IN_FILES]
    if missing:
        raise Refused(ErrorCode.FIELDS_MISSING, fields=missing)
    check(get_data(workshop))
    tour_stops.require_stop_active(session, workshop)
    workshop.status = WorkshopStatus.PUBLISHED
    workshop.published_at = workshop.published_at or now
    mark_changed(workshop, now, is_new_version=False)


def cancel(session: Session, workshop: Workshop, *, now: datetime, tells: bool = True) -> int:
    """Cancels a published workshop and says how many people are owed a notice of it: none where
    the organizer `tells` nobody, which they may only long before. Raises Refused."""
    lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED:
        raise Refused(ErrorCode.CANCEL_NEEDS_PUBLISHED)
    if workshop.has_ended(now):
        raise Refused(ErrorCode.CANCEL_AFTER_END)
    if not tells and must_notify(workshop, now=now):
        raise Refused(ErrorCode.CANCEL_NEEDS_NOTICE)
    workshop.status = WorkshopStatus.CANCELLED
    workshop.cancelled_at = now
    mark_changed(workshop, now, is_new_version=True)
    session.flush()
    return (
        registrations.notify_all(session, workshop, NotificationType.CANCELLED, now=now)
        if tells
        else 0
    )


def must_notify(workshop: Workshop, *, now: datetime) -> bool:
    """Whether it is so near that whoever registered has to be told of its end."""
    return workshop.starts_at - now < NOTIFIED_CHANGES


def count_reachable(session: Session, workshop: Workshop) -> Mapping[ContactMethod, int]:
    """How many parties with a place or a turn can be told of something, and how."""
    rows = session.execute(
        sa.select(Registration.contact, sa.func.count())
        .where(Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES))
        .group_by(Registration.contact)
    )
    return dict.fromkeys(ContactMethod, 0) | {row[0]: row[1] for row in rows}


def reinstate(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Undoes a cancellation: everybody keeps their place, and is owed a notice. Raises Refused."""
    lock(session, workshop)
    if workshop.status is not WorkshopStatus.CANCELLED:
        raise Refused(ErrorCode.WORKSHOP_NOT_CANCELLED)
    tour_stops.require_stop_active(session, workshop)
    workshop.status = WorkshopStatus.PUBLISHED
    workshop.cancelled_at = None
    workshop.published_at = workshop.published_at or now
    mark_changed(workshop, now, is_new_version=True)
    session.flush()
    told = registrations.notify_all(session, workshop, NotificationType.REINSTATED, now=now)
    waitlist.extend_offers(session, workshop, now=now)  # nobody could say yes while it was off
    registrations.offer_free_seats(session, workshop, now=now)
    return told


def report(workshop: Workshop, *, head_count: int | None, now: datetime) -> None:
    """After its day: held, with how many came; or not held, with None. Raises Refused before."""
    if workshop.status not in {
        WorkshopStatus.PUBLISHED,
        WorkshopStatus.HELD,
        WorkshopStatus.NOT_HELD,
    }:
        raise Refused(ErrorCode.REPORT_NEEDS_PUBLISHED)
    if now < workshop.starts_at:
        raise Refused(ErrorCode.REPORT_TOO_EARLY)
    if head_count is not None and head_count < 0:
        raise Refused(ErrorCode.ATTENDANCE_NEGATIVE)
    workshop.status = WorkshopStatus.NOT_HELD if head_count is None else WorkshopStatus.HELD
    workshop.head_count = head_count


def _resize(session: Session, workshop: Workshop, plan: WorkshopData, new: frozenset[str]) -> None:
    """The places as the plan has them. Raises Refused rather than take one from who has it."""
    capacity.lock(session, workshop)
    session.flush()
    session.refresh(workshop, ["capacity", "overbooked", "seats_left"])
    taken = workshop.capacity + workshop.overbooked - workshop.seats_left
    if "way" in new and taken:
        raise Refused(ErrorCode.ADMISSION_IN_USE)
    if workshop.has_slots:
        workshop.overbooked = 0
        time_slots.sync(session, workshop)
    elif {"capacity", "overbooked", "way"} & new:
        if plan.capacity + plan.overbooked < taken:
            raise Refused(ErrorCode.CAPACITY_BELOW_TAKEN, taken=taken)
        workshop.capacity, workshop.overbooked = plan.capacity, plan.overbooked
        workshop.seats_left = plan.capacity + plan.overbooked - taken
        time_slots.remove_all(session, workshop)
    if "support" in new:
        used = {
            need: registrations.count_access_need(session, workshop.id, need)
            for need in plan.support
        }
        accommodations.sync(session, workshop, used)
    session.flush()


def mark_changed(workshop: Workshop, now: datetime, *, is_new_version: bool) -> None:
    """Calendars see by this that the workshop has changed."""
    seen = [workshop.changed_at, workshop.office.changed_at, workshop.kind.changed_at]
    if workshop.venue is not None:
        seen.append(workshop.venue.changed_at)
    workshop.changed_at = clock.second_after(max(seen), now)
    if is_new_version:
        workshop.sequence += 1
