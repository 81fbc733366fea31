"""The data of a workshop as a form or a file has them, and the check whether they are possible.

The fields are declared in `workshops/fields.py`.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from outreach import clock
from outreach.domain import registrations
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kind_fields import MAX_PARTY as MAX_PARTY
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import AccessNeed, reconfirmation
from outreach.domain.workshops import time_slots
from outreach.domain.workshops.fields import WorkshopData as WorkshopData
from outreach.errors import ErrorCode, Refusal

DEFAULT_SLOT_MINUTES: Final = 20  # where neither the workshop nor its kind has a length


def from_kind(kind: Kind, office: Office, day: date, starts: time) -> WorkshopData:
    """Returns the data of a new workshop with the defaults of its kind; it has no venue yet."""
    begins = datetime.combine(day, starts, UTC)
    ends = (begins + timedelta(minutes=kind.minutes)).time()
    data = WorkshopData(
        office=office,
        kind=kind,
        venue=None,
        zone=office.zone,
        day=day,
        starts=starts,
        ends=ends,
        title=dict(kind.short_name if not kind.is_discreet else kind.name),
        summary=dict(kind.description),
        bring=dict(kind.bring),
        capacity=kind.capacity,
        way=kind.way,
        slot_minutes=kind.slot_minutes,
        visibility=kind.visibility,
        party_limit=min(kind.party_limit, MAX_PARTY),  # older kinds allow up to 100
        retention_days=kind.retention_days,
        has_reminders=kind.has_reminders,
        opens_days=kind.opens_days,
        confirm_days=kind.confirm_days,
        frees_silence=kind.frees_silence,
    )
    return spread_over_slots(data)


def get_default_visibility(kind: Kind, venue: Venue | None) -> Visibility:
    """Returns who may read the address of a new workshop.

    For a discreet kind: in a room of the office's own, who has a seat; anywhere else, also
    on line, whom staff approved, since anybody can register. It is stricter where the kind
    is (S13).
    """
    if not kind.is_discreet:
        return kind.visibility
    is_own_room = venue is not None and venue.is_own_room
    return kind.visibility.at_least(Visibility.REGISTERED if is_own_room else Visibility.APPROVED)


def fit_visibility(data: WorkshopData) -> WorkshopData:
    """Returns the data with an address that no more people may read than by default at that venue.

    It is for new and moved workshops.
    """
    if not data.kind.is_discreet:
        return data
    default = get_default_visibility(data.kind, data.venue)
    return replace(data, visibility=data.visibility.at_least(default))


def normalize(data: WorkshopData) -> WorkshopData:
    """Returns the data as they are stored.

    With time slots, the capacity is the sum of the slots and a party is no larger than a
    slot; without them, the fields of slots are empty. What no partner network may show is
    not shared.
    """
    if data.is_shared and not may_be_shared(data):
        data = replace(data, is_shared=False)
    if data.is_second_hour and not has_doubled_hour(data):
        data = replace(data, is_second_hour=False)
    if data.way is not Way.SLOTS:
        return replace(data, slot_minutes=None, slot_places=1)
    return replace(
        data,
        slot_minutes=_get_slot_minutes(data),
        capacity=_count_slots(data) * data.slot_places,
        party_limit=max(1, min(data.party_limit, data.slot_places)),
    )


def may_be_shared(data: WorkshopData) -> bool:
    """Tells whether partner networks may show the workshop (`domain.joint.shared_workshops`)."""
    return data.way is not Way.UNLISTED and data.kind.can_be_shared


def compute_span(data: WorkshopData) -> tuple[datetime, datetime]:
    """Returns start and end in UTC."""
    return clock.span(data.day, data.starts, data.ends, data.zone, is_second=data.is_second_hour)


def has_doubled_hour(data: WorkshopData) -> bool:
    """Whether clocks show the hour of its start or end twice that day."""
    return clock.has_doubled_hour(data.day, data.starts, data.ends, data.zone)


def spread_over_slots(data: WorkshopData) -> WorkshopData:
    """Sets the places of each time slot so that they add up to about the capacity."""
    if data.way is not Way.SLOTS:
        return data
    return replace(data, slot_places=max(1, round(data.capacity / _count_slots(data))))


def _get_slot_minutes(data: WorkshopData) -> int:
    """Returns the minutes from one slot to the next. A shorter workshop is one slot."""
    every = data.slot_minutes or data.kind.slot_minutes or DEFAULT_SLOT_MINUTES
    return min(every, time_slots.count_minutes(data.starts, data.ends))


def _count_slots(data: WorkshopData) -> int:
    return len(time_slots.list_offsets(data.starts, data.ends, _get_slot_minutes(data)))


MAX_NIGHT_MINUTES: Final = 12 * 60


def is_unlikely_night(starts: time, ends: time) -> bool:
    """Tells whether one of the two hours is probably a slip, so that front doors ask.

    That is so where the end is before the start, and more than MAX_NIGHT_MINUTES after it on
    the next day.
    """
    return ends < starts and time_slots.count_minutes(starts, ends) > MAX_NIGHT_MINUTES


def check(data: WorkshopData, *, is_draft: bool = False) -> None:
    """Raises Refusal where a workshop cannot have these data. A draft may have no venue yet."""
    if clock.is_skipped(data.day, data.starts, data.zone):
        raise Refusal(ErrorCode.HOUR_SKIPPED, hour=data.starts)
    if data.starts == data.ends:
        raise Refusal(ErrorCode.ENDS_AT_START)
    if data.capacity < 0:
        raise Refusal(ErrorCode.CAPACITY_NEGATIVE)
    if not is_draft:
        _check_venue(data)
    if not data.kind.is_given_in(data.office.country):
        raise Refusal(ErrorCode.KIND_NOT_IN_COUNTRY)
    if data.way is Way.SLOTS:
        _check_slots(data)
    if data.series is not None and data.series.office_id != data.office.id:
        raise Refusal(ErrorCode.SERIES_OF_OTHER_OFFICE)
    if min([data.overbooked, *data.support.values()], default=0) < 0:
        raise Refusal(ErrorCode.CAPACITY_NEGATIVE)
    available_needs = {f"{registrations.INTERPRETER}{lang}" for lang in data.interpretation}
    available_needs |= {AccessNeed.CHILDCARE.value} if data.has_childcare else set()
    if not set(data.support) <= available_needs:
        raise Refusal(ErrorCode.LIMIT_WITHOUT_ACCOMMODATION)
    if data.opens_days is not None and data.opens_days < 1:
        raise Refusal(ErrorCode.OPENING_TOO_LATE)
    if data.confirm_days is not None and not (
        reconfirmation.MIN_DAYS <= data.confirm_days <= reconfirmation.MAX_DAYS
    ):
        raise Refusal(
            ErrorCode.RECONFIRMATION_OUT_OF_RANGE,
            least=reconfirmation.MIN_DAYS,
            most=reconfirmation.MAX_DAYS,
        )


def _check_venue(data: WorkshopData) -> None:
    if data.mode.has_venue and data.venue is None:
        raise Refusal(ErrorCode.VENUE_MISSING)
    if data.venue is not None and data.venue.is_unverified:
        raise Refusal(ErrorCode.VENUE_UNVERIFIED)


def _check_slots(data: WorkshopData) -> None:
    if not data.slot_minutes or data.slot_minutes < 5:
        raise Refusal(ErrorCode.SLOT_TOO_SHORT)
    if data.slot_places < 1:
        raise Refusal(ErrorCode.SLOT_WITHOUT_PLACES)
    if data.overbooked:
        raise Refusal(ErrorCode.SLOTS_OVERBOOKED)
