"""Parties beyond the share of their network: saved without a seat, and confirmed later (S29).

One address must not take all seats of a workshop, and nobody is refused for their neighbours. Such
a party is waitlisted, «por confirmar». At the hour of `compute_review` one party of each burst
(`keystore.bursts`) in turn is seated, as long as few of the seats are taken so and half stay free.
Who is left stands behind all who wait, gets no offer, and enters at the door if there is room.

At a workshop of high sensitivity, discreet or not, such a party is shown a seat like everybody
else, before and after: nobody learns from a page who else registered from the same connection.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import chain, zip_longest
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock, keystore
from outreach.domain.registrations import capacity, notifications, totals, waitlist
from outreach.domain.registrations.models import (
    STATUSES_WITH_SEATS,
    Registration,
    RegistrationStatus,
    open_details,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.notify import notify_confirmed
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots
from outreach.keystore.bursts import BurstKeys
from outreach.keystore.seat_shares import Share

REVIEW_HOUR: Final = time(9)  # on the clock of the office
NEAR: Final = timedelta(hours=24)  # before the start, a review is at the next full hour

# Whom nobody has confirmed, released or left yet.
IS_FOR_REVIEW: Final = sa.and_(
    Registration.is_beyond_share.is_(True),
    Registration.status == RegistrationStatus.WAITLISTED,
    Registration.is_released.is_(False),
)


def compute_share(workshop: Workshop) -> Share:
    """Returns how many seats of this workshop one network may take; for consultations, how many
    hours.
    """
    seats = _count_seats(workshop)
    return Share(
        address=max(2, seats // 4),
        site=max(4, seats * 2 // 5),
        provider=max(4, seats // 2),
        phone_line=max(2, seats * 2 // 5),
        first_party=0 if workshop.has_slots else 4,
    )


def name_subject(workshop: Workshop) -> str:
    """Names what a network has a share of: a workshop, or all dates of a course together."""
    series = workshop.series
    is_course = series is not None and series.is_joint and not workshop.has_slots
    return f"course {workshop.series_id}" if is_course else str(workshop.id)


def compute_review(workshop: Workshop, registered_at: datetime) -> datetime:
    """Returns when a party beyond its share is seated or left without a seat.

    That is at nine of the office's next day, or at the next full hour where nine is too late or the
    workshop begins within a day.
    """
    zone = workshop.office.zone
    tomorrow = registered_at.astimezone(zone).date() + timedelta(days=1)
    morning = clock.instant(tomorrow, REVIEW_HOUR, zone)
    is_near = registered_at > workshop.starts_at - NEAR or morning >= workshop.starts_at
    return clock.hour_of(registered_at) + timedelta(hours=1) if is_near else morning


def list_workshops_due(session: Session, now: datetime) -> Sequence[int]:
    """Returns the ids of the workshops ahead that have parties whose review is due."""
    # Each hour: who came on the last day is reviewed before who came the evening before.
    rows = session.execute(
        sa.select(Registration.workshop_id, Registration.registered_at)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            IS_FOR_REVIEW,
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now,
        )
        .distinct()
    ).all()
    due = {
        workshop_id
        for workshop_id, registered_at in rows
        if compute_review(session.get_one(Workshop, workshop_id), registered_at) <= now
    }
    return sorted(due)


def find_next(session: Session, workshop: Workshop) -> datetime | None:
    """Returns when the next review of an undecided party is due; None where none waits for one."""
    rows = session.scalars(
        sa.select(Registration.registered_at).where(
            Registration.workshop_id == workshop.id, IS_FOR_REVIEW
        )
    ).all()
    return min((compute_review(workshop, each) for each in rows), default=None)


def run(session: Session, workshop: Workshop, bursts: Sequence[BurstKeys], *, now: datetime) -> int:
    """Seats parties whose review is due, one of each burst in turn, and returns how many it seated.

    The other parties are left without a seat. A burst that staff have decided on is left to that
    decision.
    """
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED or now >= workshop.starts_at:
        return 0
    decided = {key for each in bursts if each.decision is not None for key in each.key_ids}
    due = [each for each in _list_due(session, workshop, now) if each.key_id not in decided]
    seats = _count_seats(workshop)
    left_of_rule = seats // 4 - _count_seated(session, workshop)
    count = 0
    for party in _alternate(due, bursts):
        session.refresh(workshop, ("seats_left",))
        keeps_half = 2 * (workshop.seats_left - party.people) >= seats
        is_within = party.people <= left_of_rule and keeps_half
        if is_within and _seat(session, workshop, party, is_vouched=False, now=now):
            left_of_rule -= party.people
            count += 1
        else:
            party.is_released = True
    session.flush()
    return count


def confirm(
    session: Session, workshop: Workshop, parties: Iterable[Registration], *, now: datetime
) -> int:
    """Gives seats to these parties on behalf of staff, as far as there are seats; who gets none
    waits like any other from now on. Returns how many were seated."""
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED or now >= workshop.starts_at:
        return 0
    count = 0
    for party in parties:
        if party.status is not RegistrationStatus.WAITLISTED or not party.is_beyond_share:
            continue
        if _seat(session, workshop, party, is_vouched=True, now=now):
            count += 1
        else:
            party.is_beyond_share = party.is_released = False
            if not party.appears_confirmed:
                party.slot_id = None  # it waits for any hour
    session.flush()
    waitlist.offer_free_seats(session, workshop, now=now)
    return count


def _list_due(session: Session, workshop: Workshop, now: datetime) -> list[Registration]:
    """Returns the parties whose review is due, the first one first, without erased ones."""
    rows = session.scalars(
        sa.select(Registration)
        .where(Registration.workshop_id == workshop.id, IS_FOR_REVIEW)
        .order_by(Registration.queue_number, Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    due = [each for each in rows if compute_review(workshop, each.registered_at) <= now]
    open_details(keystore.of_session(session), due)
    return [each for each in due if each.is_readable]


def _alternate(
    parties: Iterable[Registration], bursts: Sequence[BurstKeys]
) -> Iterator[Registration]:
    """Orders parties: one of each burst, then the second of each, and so on.

    A party whose burst the key store has lost is a burst by itself.
    """
    burst_of: Mapping[bytes, bytes] = {key: each.id for each in bursts for key in each.key_ids}
    by_burst: dict[bytes, list[Registration]] = defaultdict(list)
    for party in parties:
        key_id = party.key_id or b""
        by_burst[burst_of.get(key_id, key_id)].append(party)
    one_of_each = zip_longest(*by_burst.values())
    return (party for party in chain.from_iterable(one_of_each) if party is not None)


def _seat(
    session: Session, workshop: Workshop, party: Registration, *, is_vouched: bool, now: datetime
) -> bool:
    """Seats a waiting party at the hour it asked for, or offers it the nearest free hour.

    Returns False where there is neither. `is_vouched`: staff know who it is.
    """
    values: dict[str, Any] = {"is_beyond_share": not is_vouched, "is_released": False}
    wanted = capacity.get_hold(party)
    hold = capacity.reserve(session, workshop, wanted)
    if hold is None:
        nearest = _find_nearest(session, workshop, party, now)
        if nearest is not None:
            hold = capacity.reserve(session, workshop, replace(wanted, slot_id=nearest))
        if hold is None:
            return False
        waitlist.make_offer(session, workshop, party, hold, now=now, **values)
        return True
    transition(
        session,
        party.id,
        RegistrationStatus.WAITLISTED,
        StatusEvent.GRANT,
        slot_id=hold.slot_id,
        **values,
    )
    if party.arrived_count:
        totals.add(session, workshop.id, {totals.SEATED: party.arrived_count})
    if not party.appears_confirmed:
        notifications.cancel_pending(session, party.id, NotificationType.WAITLISTED)
        notify_confirmed(session, party, NotificationType.REGISTERED, now=now)
    return True


def _find_nearest(
    session: Session, workshop: Workshop, party: Registration, now: datetime
) -> int | None:
    """Returns the slot with the free hour nearest to the one that the party asked for.

    None where no other hour may be offered: the party was shown its own, or it is too late for
    offers.
    """
    if party.slot is None or party.appears_confirmed or waitlist.is_closed(workshop, now):
        return None
    return time_slots.find_nearest_free(session, workshop.id, party.people, party.slot.minute)


def _count_seats(workshop: Workshop) -> int:
    return workshop.capacity + workshop.overbooked


def _count_seated(session: Session, workshop: Workshop) -> int:
    """Counts the people beyond a share who hold a seat, on whatever day they registered."""
    return (
        session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0)).where(
                Registration.workshop_id == workshop.id,
                Registration.is_beyond_share.is_(True),
                Registration.status.in_(STATUSES_WITH_SEATS),
            )
        )
        or 0
    )
