"""A plan: all that an organizer, or a file, says of a workshop, and whether it can be."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from outreach import clock
from outreach.db.base import Amounts, Words
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import AccessNeed, reconfirmation
from outreach.domain.workshops import DeliveryMode, time_slots
from outreach.domain.workshops.series import WorkshopSeries
from outreach.errors import ErrorCode, Refused

DEFAULT_SLOT_MINUTES: Final = 20  # where neither the plan nor the kind says
MAX_PARTY: Final = 20  # people on one registration: no kind and no workshop allows more


@dataclass(frozen=True, kw_only=True)
class WorkshopData:
    """All that an organizer, or a file, says of a workshop."""

    office: Office
    kind: Kind
    venue: Venue | None
    zone: ZoneInfo
    day: date
    starts: time
    ends: time  # not after `starts`: the next day
    title: Words
    capacity: int
    summary: Words = field(default_factory=dict)
    bring: Words = field(default_factory=dict)
    mode: DeliveryMode = DeliveryMode.IN_PERSON
    way: Way = Way.PLACE
    visibility: Visibility = Visibility.PUBLIC
    languages: Codes = field(default_factory=lambda: Codes(["es"]))
    interpretation: Codes = field(default_factory=Codes)
    has_childcare: bool = False
    facilitator: str = ""
    phone: str = ""
    online_url: str = ""
    party_limit: int = 4
    has_waiting_list: bool = True
    retention_days: int = 30
    has_reminders: bool = True
    series: WorkshopSeries | None = None
    overbooked: int = 0
    slot_minutes: int | None = (
        None  # of `time_slots` workshops; their capacity follows from the hours
    )
    slot_places: int = 1
    support: Amounts = field(default_factory=dict)
    opens_days: int | None = None
    confirm_days: int | None = None
    frees_silence: bool = False


def from_kind(kind: Kind, office: Office, day: date, starts: time) -> WorkshopData:
    """A new workshop as its kind has it: everything but day, hour and venue."""
    begins = datetime.combine(day, starts, UTC)
    ends = (begins + timedelta(minutes=kind.minutes)).time()
    plan = WorkshopData(
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
        party_limit=min(kind.party_limit, MAX_PARTY),  # a kind could once allow a hundred
        retention_days=kind.retention_days,
        has_reminders=kind.has_reminders,
        opens_days=kind.opens_days,
        confirm_days=kind.confirm_days,
        frees_silence=kind.frees_silence,
    )
    return spread_over_slots(plan)


def normalize(plan: WorkshopData) -> WorkshopData:
    """The plan as it is kept: of consultations the capacity is that of their hours together, and
    a party is no larger than one of them; other workshops have no hours."""
    if plan.way is not Way.SLOTS:
        return replace(plan, slot_minutes=None, slot_places=1)
    return replace(
        plan,
        slot_minutes=_every(plan),
        capacity=_slots(plan) * plan.slot_places,
        party_limit=max(1, min(plan.party_limit, plan.slot_places)),
    )


def spread_over_slots(plan: WorkshopData) -> WorkshopData:
    """Consultations with so many places in each slot that the plan's capacity is about reached."""
    if plan.way is not Way.SLOTS:
        return plan
    return replace(plan, slot_places=max(1, round(plan.capacity / _slots(plan))))


def _every(plan: WorkshopData) -> int:
    """How often a slot starts. A workshop that is shorter than that is one slot."""
    every = plan.slot_minutes or plan.kind.slot_minutes or DEFAULT_SLOT_MINUTES
    return min(every, time_slots.count_minutes(plan.starts, plan.ends))


def _slots(plan: WorkshopData) -> int:
    return len(time_slots.list_offsets(plan.starts, plan.ends, _every(plan)))


def check(plan: WorkshopData, *, is_draft: bool = False) -> None:
    """Raises Refused, in a sentence for the organizer, when the plan cannot be. A draft may have no
    venue yet."""
    if clock.is_skipped(plan.day, plan.starts, plan.zone):
        raise Refused(ErrorCode.HOUR_SKIPPED, hour=plan.starts)
    if plan.starts == plan.ends:
        raise Refused(ErrorCode.ENDS_AT_START)
    if plan.capacity < 0:
        raise Refused(ErrorCode.CAPACITY_NEGATIVE)
    if plan.mode.has_venue and plan.venue is None and not is_draft:
        raise Refused(ErrorCode.VENUE_MISSING)
    if plan.kind.countries and plan.office.country not in plan.kind.countries:
        raise Refused(ErrorCode.KIND_NOT_IN_COUNTRY)
    if plan.way is Way.SLOTS:
        _check_slots(plan)
    if plan.series is not None and plan.series.office_id != plan.office.id:
        raise Refused(ErrorCode.SERIES_OF_OTHER_OFFICE)
    if min([plan.overbooked, *plan.support.values()], default=0) < 0:
        raise Refused(ErrorCode.CAPACITY_NEGATIVE)
    offered = {f"{registrations.INTERPRETER}{lang}" for lang in plan.interpretation}
    offered |= {AccessNeed.CHILDCARE.value} if plan.has_childcare else set()
    if not set(plan.support) <= offered:
        raise Refused(ErrorCode.LIMIT_WITHOUT_ACCOMMODATION)
    if plan.opens_days is not None and plan.opens_days < 1:
        raise Refused(ErrorCode.OPENING_TOO_LATE)
    if plan.confirm_days is not None and not (
        reconfirmation.MIN_DAYS <= plan.confirm_days <= reconfirmation.MAX_DAYS
    ):
        raise Refused(
            ErrorCode.RECONFIRMATION_OUT_OF_RANGE,
            least=reconfirmation.MIN_DAYS,
            most=reconfirmation.MAX_DAYS,
        )


def _check_slots(plan: WorkshopData) -> None:
    if not plan.slot_minutes or plan.slot_minutes < 5:
        raise Refused(ErrorCode.SLOT_TOO_SHORT)
    if plan.slot_places < 1:
        raise Refused(ErrorCode.SLOT_WITHOUT_PLACES)
    if plan.overbooked:
        raise Refused(ErrorCode.SLOTS_OVERBOOKED)
