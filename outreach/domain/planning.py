"""What organizers do to a workshop: plan it, change it, publish it, cancel it, say how it went.

Whatever a subscriber can see makes `changed_at` rise; a new time, place or status also makes
`sequence` rise (calendar-feeds.md 1.3). Whoever is registered is owed a notice of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.base import Amounts, Words
from outreach.db.types import Codes
from outreach.domain import readiness, registrations, slots, support
from outreach.domain.kinds import Kind, Visibility, Way
from outreach.domain.notices import Cause
from outreach.domain.offices import Office
from outreach.domain.registrations import (
    LIVE,
    Contact,
    Need,
    Registration,
    holding,
    rounds,
    waiting,
)
from outreach.domain.series import Series
from outreach.domain.venues import Venue
from outreach.domain.workshops import Mode, Standing, Workshop, new_public_id
from outreach.errors import Refused


@dataclass(frozen=True, kw_only=True)
class Plan:
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
    mode: Mode = Mode.IN_PERSON
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
    series: Series | None = None
    overbooked: int = 0
    slot_minutes: int | None = None  # of `slots` workshops; their capacity follows from the hours
    slot_places: int = 1
    support: Amounts = field(default_factory=dict)
    opens_days: int | None = None
    confirm_days: int | None = None
    frees_silence: bool = False


SLOT_MINUTES: Final = 20  # where neither the plan nor the kind says

_FIELDS: Final = tuple(each.name for each in fields(Plan))
# A change of these is a change of when or where; `status` is the other thing that counts.
_WHEN_OR_WHERE: Final = frozenset({"day", "starts", "ends", "zone", "venue", "mode"})
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


def from_kind(kind: Kind, office: Office, day: date, starts: time) -> Plan:
    """A new workshop as its kind has it: everything but day, hour and venue."""
    begins = datetime.combine(day, starts, UTC)
    ends = (begins + timedelta(minutes=kind.minutes)).time()
    plan = Plan(
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
        party_limit=kind.party_limit,
        retention_days=kind.retention_days,
        has_reminders=kind.has_reminders,
        opens_days=kind.opens_days,
        confirm_days=kind.confirm_days,
        frees_silence=kind.frees_silence,
    )
    return spread(plan)


def settled(plan: Plan) -> Plan:
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


def spread(plan: Plan) -> Plan:
    """Consultations with so many places in each slot that the plan's capacity is about reached."""
    if plan.way is not Way.SLOTS:
        return plan
    return replace(plan, slot_places=max(1, round(plan.capacity / _slots(plan))))


def _every(plan: Plan) -> int:
    """How often a slot starts. A workshop that is shorter than that is one slot."""
    every = plan.slot_minutes or plan.kind.slot_minutes or SLOT_MINUTES
    return min(every, slots.length(plan.starts, plan.ends))


def _slots(plan: Plan) -> int:
    return len(slots.minutes_of(plan.starts, plan.ends, _every(plan)))


def check(plan: Plan, *, is_draft: bool = False) -> None:
    """Raises Refused, in a sentence for the organizer, when the plan cannot be. A draft may have no
    venue yet."""
    if clock.is_skipped(plan.day, plan.starts, plan.zone):
        raise Refused(
            f"Ese día el reloj se adelanta y no existen las {plan.starts:%H:%M}. Elige otra hora."
        )
    if plan.starts == plan.ends:
        raise Refused("La hora de término es la misma que la de inicio. Cambia una de las dos.")
    if plan.capacity < 0:
        raise Refused("Los lugares no pueden ser menos de cero.")
    if plan.mode.has_venue and plan.venue is None and not is_draft:
        raise Refused("Falta la sede. Elige una o di que es en línea.")
    if plan.kind.countries and plan.office.country not in plan.kind.countries:
        raise Refused("Este tipo de taller no se da en el país de la oficina. Elige otro tipo.")
    if plan.way is Way.SLOTS:
        _check_slots(plan)
    if plan.series is not None and plan.series.office_id != plan.office.id:
        raise Refused("Esa serie es de otra oficina. Elige una de la tuya.")
    if min([plan.overbooked, *plan.support.values()], default=0) < 0:
        raise Refused("Los lugares no pueden ser menos de cero.")
    offered = {f"{registrations.INTERPRETER}{lang}" for lang in plan.interpretation}
    offered |= {Need.CHILDCARE.value} if plan.has_childcare else set()
    if not set(plan.support) <= offered:
        raise Refused("Hay un límite para un apoyo que este taller no da. Quita el límite.")
    if plan.opens_days is not None and plan.opens_days < 1:
        raise Refused("Los lugares se abren al menos 1 día antes.")
    if plan.confirm_days is not None and not (
        rounds.FEWEST_DAYS <= plan.confirm_days <= rounds.MOST_DAYS
    ):
        raise Refused(
            f"Pregunta quién viene entre {rounds.FEWEST_DAYS} y {rounds.MOST_DAYS} días antes."
        )


def _check_slots(plan: Plan) -> None:
    if not plan.slot_minutes or plan.slot_minutes < 5:
        raise Refused("Di cada cuántos minutos empieza una cita: 5 o más.")
    if plan.slot_places < 1:
        raise Refused("Di cuántos lugares hay a cada hora: 1 o más.")
    if plan.overbooked:
        raise Refused("En las citas a una hora no se dan lugares de más.")


def create(
    session: Session,
    plan: Plan,
    *,
    now: datetime,
    standing: Standing = Standing.DRAFT,
    external_id: str | None = None,
    is_synthetic: bool = False,
) -> Workshop:
    """A new workshop. Raises Refused as `check` does."""
    plan = settled(plan)
    check(plan, is_draft=standing is Standing.DRAFT)
    workshop = Workshop(
        public_id=new_public_id(plan.kind, plan.way),
        external_id=external_id,
        is_synthetic=is_synthetic,
        standing=standing,
        seats_left=plan.capacity + plan.overbooked,
        created_at=now,
        changed_at=now,
        published_at=None if standing is Standing.DRAFT else now,
        cancelled_at=now if standing is Standing.CANCELLED else None,
        **{name: getattr(plan, name) for name in _FIELDS},
    )
    session.add(workshop)
    session.flush()
    if workshop.has_slots:
        slots.sync(session, workshop)
    support.sync(session, workshop, {})
    return workshop


def plan_of(workshop: Workshop) -> Plan:
    """The workshop as it stands, to change with `dataclasses.replace`."""
    return Plan(**{name: getattr(workshop, name) for name in _FIELDS})


def change(session: Session, workshop: Workshop, plan: Plan, *, now: datetime) -> frozenset[str]:
    """Makes the workshop what the plan says, and returns the names of what is new.

    Raises Refused as `check` does, and when fewer places are left than have been taken.
    """
    plan = settled(plan)
    check(plan, is_draft=workshop.standing is Standing.DRAFT)
    new = frozenset(n for n in _FIELDS if getattr(workshop, n) != getattr(plan, n))
    if not new:
        return new
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
        touch(workshop, now, is_new_version=moved)
    session.flush()
    if moved and now < workshop.ends_at:
        rounds.ask_anew(session, workshop)
    if workshop.standing is Standing.PUBLISHED:
        if moved and now < workshop.ends_at:
            registrations.tell_all(session, workshop, Cause.CHANGED, now=now)
        if moved or new & _PLACES:  # one that is put off has a list that moves again
            registrations.offer_free(session, workshop, now=now)
    return new


def publish(
    session: Session,
    workshop: Workshop,
    *,
    now: datetime,
    phone: str = "",
    is_in_file: bool = False,
) -> None:
    """From draft to public. Raises Refused with what is missing; `phone` as in `readiness`. A file
    may leave out what the office knows: its phone, and the link."""
    if workshop.standing is not Standing.DRAFT:
        return
    missing = readiness.missing(workshop, phone=phone)
    if is_in_file:
        missing = [name for name in missing if name not in {"enlace", "teléfono"}]
    if missing:
        raise Refused(readiness.said(missing))
    check(plan_of(workshop))
    workshop.standing = Standing.PUBLISHED
    workshop.published_at = workshop.published_at or now
    touch(workshop, now, is_new_version=False)


def cancel(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Cancels a published workshop and says how many people are owed a notice of it."""
    if workshop.standing is not Standing.PUBLISHED:
        raise Refused("Solo se cancela un taller publicado.")
    workshop.standing = Standing.CANCELLED
    workshop.cancelled_at = now
    touch(workshop, now, is_new_version=True)
    session.flush()
    return registrations.tell_all(session, workshop, Cause.CANCELLED, now=now)


def reach(session: Session, workshop: Workshop) -> Mapping[Contact, int]:
    """How many parties with a place or a turn can be told of something, and how."""
    rows = session.execute(
        sa.select(Registration.contact, sa.func.count())
        .where(Registration.workshop_id == workshop.id, Registration.standing.in_(LIVE))
        .group_by(Registration.contact)
    )
    return dict.fromkeys(Contact, 0) | {row[0]: row[1] for row in rows}


def reinstate(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Undoes a cancellation: everybody keeps their place, and is owed a notice."""
    if workshop.standing is not Standing.CANCELLED:
        raise Refused("Este taller no está cancelado.")
    workshop.standing = Standing.PUBLISHED
    workshop.cancelled_at = None
    workshop.published_at = workshop.published_at or now
    touch(workshop, now, is_new_version=True)
    session.flush()
    told = registrations.tell_all(session, workshop, Cause.REINSTATED, now=now)
    waiting.renew(session, workshop, now=now)  # nobody could say yes while it was off
    registrations.offer_free(session, workshop, now=now)
    return told


def report(workshop: Workshop, *, head_count: int | None, now: datetime) -> None:
    """After its day: held, with how many came; or not held, with None. Raises Refused before."""
    if workshop.standing not in {Standing.PUBLISHED, Standing.HELD, Standing.NOT_HELD}:
        raise Refused("Solo se reporta un taller publicado.")
    if now < workshop.starts_at:
        raise Refused("Este taller todavía no empieza. Repórtalo cuando termine.")
    if head_count is not None and head_count < 0:
        raise Refused("Las personas no pueden ser menos de cero.")
    workshop.standing = Standing.NOT_HELD if head_count is None else Standing.HELD
    workshop.head_count = head_count


def _resize(session: Session, workshop: Workshop, plan: Plan, new: frozenset[str]) -> None:
    """The places as the plan has them. Raises Refused rather than take one from who has it."""
    holding.lock(session, workshop)
    session.flush()
    session.refresh(workshop, ["capacity", "overbooked", "seats_left"])
    taken = workshop.capacity + workshop.overbooked - workshop.seats_left
    if "way" in new and taken:
        raise Refused("Ya hay lugares apartados. La forma de entrar se queda como está.")
    if workshop.has_slots:
        workshop.overbooked = 0
        slots.sync(session, workshop)
    elif {"capacity", "overbooked", "way"} & new:
        if plan.capacity + plan.overbooked < taken:
            raise Refused(f"Ya hay {taken} lugares apartados. Pon {taken} o más.")
        workshop.capacity, workshop.overbooked = plan.capacity, plan.overbooked
        workshop.seats_left = plan.capacity + plan.overbooked - taken
        slots.clear(session, workshop)
    if "support" in new:
        used = {need: registrations.count_need(session, workshop.id, need) for need in plan.support}
        support.sync(session, workshop, used)
    session.flush()


def touch(workshop: Workshop, now: datetime, *, is_new_version: bool) -> None:
    """Calendars see by this that the workshop has changed."""
    seen = [workshop.changed_at, workshop.office.changed_at, workshop.kind.changed_at]
    if workshop.venue is not None:
        seen.append(workshop.venue.changed_at)
    workshop.changed_at = clock.second_after(max(seen), now)
    if is_new_version:
        workshop.sequence += 1
