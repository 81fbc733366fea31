"""The same done to many workshops: tried first, so that one sees what it would come to; then all of
it, or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations.venues import Venue
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import form_drafts, workshop_service
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.workshops import Workshop, WorkshopStatus, partners
from outreach.errors import ErrorCode, Refused

MAX_WORKSHOPS: Final = 200
PARTNERS: Final = "allies"  # partners and speakers, as one thing that can be alike
_TOLD_OF: Final = (NotificationType.CHANGED, NotificationType.CANCELLED)

When = tuple[date, time, time]  # a day, a start and an end, on the wall clock
# What is done to one. Returns the names of what is new; raises Refused.
Act = Callable[[Session, Workshop, datetime], frozenset[str]]


@dataclass(frozen=True)
class BulkOutcome:
    """What an act did to a workshop, or would do."""

    public_id: str
    changed: frozenset[str] = frozenset()
    told: int = 0  # parties that are written to
    calls: int = 0  # parties that are to be called
    plan: WorkshopData | None = None  # as it is then
    refusal: Refused | None = None

    @property
    def is_nothing(self) -> bool:
        return not self.changed and self.refusal is None


def dry_run(
    session: Session, workshops: Sequence[Workshop], act: Act, *, now: datetime
) -> list[BulkOutcome]:
    """What the act would do to each. Each is really tried, and taken back: the caller makes sure
    that nothing of the session is kept."""
    found = []
    for workshop in workshops:
        attempt = session.begin_nested()
        try:
            found.append(_done(session, workshop, act, now))
        except Refused as refusal:
            found.append(BulkOutcome(workshop.public_id, refusal=refusal))
        finally:
            attempt.rollback()
    return found


def execute(
    session: Session, workshops: Sequence[Workshop], act: Act, *, now: datetime
) -> list[BulkOutcome]:
    """Does it to each. Raises Refused, with the workshop it is about, at the first that cannot."""
    found = []
    for workshop in workshops:
        title, day = workshop.title.get("es", ""), workshop.day
        try:
            found.append(_done(session, workshop, act, now))
        except Refused as refusal:
            raise Refused(
                ErrorCode.BULK_ACTION_FAILED, title=title, day=day, cause=refusal
            ) from None
    return found


def _done(session: Session, workshop: Workshop, act: Act, now: datetime) -> BulkOutcome:
    public_id, number = workshop.public_id, workshop.id
    before = _owed(session, number)
    changed = act(session, workshop, now)
    session.flush()
    if sa.inspect(workshop).deleted:
        return BulkOutcome(public_id, changed)
    after = _owed(session, number)
    return BulkOutcome(
        public_id,
        changed,
        told=after[ContactMethod.EMAIL] - before[ContactMethod.EMAIL],
        calls=after[ContactMethod.PHONE] - before[ContactMethod.PHONE],
        plan=workshop_service.get_data(workshop),
    )


def _owed(session: Session, workshop_id: int) -> Mapping[ContactMethod, int]:
    """How many notices of a change or a cancellation there have been, by how they go out."""
    rows = session.execute(
        sa.select(Registration.contact, sa.func.count())
        .join(Notification, Notification.registration_id == Registration.id)
        .where(Registration.workshop_id == workshop_id, Notification.cause.in_(_TOLD_OF))
        .group_by(Registration.contact)
    )
    return dict.fromkeys(ContactMethod, 0) | {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class Publish:
    """From draft to public; `phone` is the network's, as in `publish_checks`."""

    phone: str = ""

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        if workshop.status is not WorkshopStatus.DRAFT:
            raise Refused(ErrorCode.NOT_A_DRAFT)
        if workshop.starts_at <= now:
            raise Refused(ErrorCode.DATE_PAST)
        workshop_service.publish(session, workshop, now=now, phone=self.phone)
        return frozenset({"status"})


def cancel(session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
    workshop_service.cancel(session, workshop, now=now)
    return frozenset({"status"})


def delete_draft(session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
    """A draft that nobody outside has seen is gone without a trace but the journal's."""
    if workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None:
        raise Refused(ErrorCode.DELETE_NEEDS_DRAFT)
    is_used = sa.exists().where(Registration.workshop_id == workshop.id)
    if session.scalar(sa.select(is_used)):
        raise Refused(ErrorCode.DELETE_WITH_REGISTRATIONS)
    form_drafts.forget(session, workshop.id)  # its number may be given to another
    session.delete(workshop)
    return frozenset({"status"})


@dataclass(frozen=True)
class Reschedule:
    """To another day, hour or venue; what is None stays."""

    days: int = 0
    starts: time | None = None  # it lasts as long as before
    venue: Venue | None = None

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        require_ahead(workshop, now)
        plan = workshop_service.get_data(workshop)
        plan = replace(plan, day=plan.day + timedelta(days=self.days))
        if self.starts is not None:
            there = (plan.day, plan.starts, plan.ends)
            later, _longer = compute_shift(there, (plan.day, self.starts, plan.ends))
            plan = shift(plan, later)
        if self.venue is not None:
            if not plan.mode.has_venue:
                raise Refused(ErrorCode.WORKSHOP_WITHOUT_VENUE)
            plan = replace(plan, venue=self.venue, zone=self.venue.zone)
        _require_coming(plan, now)
        return workshop_service.change(session, workshop, plan, now=now)


@dataclass(frozen=True)
class SameForAll:
    """What has been changed on one date of a series, on another too; what is about its day and
    hour is a shift, by the same amount."""

    source: Workshop
    names: frozenset[str]  # of fields of `Plan`, or ALLIES
    minutes: int = 0  # later, on the wall clock
    longer: int = 0  # minutes

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        require_ahead(workshop, now)
        given: dict[str, Any] = {
            name: getattr(self.source, name) for name in self.names - {PARTNERS}
        }
        if "venue" in given:
            given["zone"] = self.source.zone
        plan = replace(workshop_service.get_data(workshop), **given)
        if self.minutes or self.longer:
            plan = shift(plan, self.minutes, self.longer)
            _require_coming(plan, now)
        changed = workshop_service.change(session, workshop, plan, now=now)
        if PARTNERS in self.names:
            changed |= partners.copy(session, self.source, workshop)
        return changed


def require_ahead(workshop: Workshop, now: datetime) -> None:
    """Raises Refused for what is over, or cancelled: that stays as it was."""
    if workshop.status is WorkshopStatus.CANCELLED:
        raise Refused(ErrorCode.WORKSHOP_CANCELLED)
    if workshop.starts_at <= now or workshop.status not in {
        WorkshopStatus.DRAFT,
        WorkshopStatus.PUBLISHED,
    }:
        raise Refused(ErrorCode.WORKSHOP_STARTED)


def _require_coming(plan: WorkshopData, now: datetime) -> None:
    if datetime.combine(plan.day, plan.starts, plan.zone) <= now:
        raise Refused(ErrorCode.NEW_DATE_PAST)


def shift(plan: WorkshopData, minutes: int, longer: int = 0) -> WorkshopData:
    """So much later on the wall clock, over midnight too, and so much longer. Raises Refused where
    nothing would be left of it, or more than a day."""
    starts = datetime.combine(plan.day, plan.starts)
    length = _length((plan.day, plan.starts, plan.ends)) + timedelta(minutes=longer)
    if not timedelta(0) < length < timedelta(days=1):
        raise Refused(ErrorCode.DURATION_IMPOSSIBLE)
    starts += timedelta(minutes=minutes)
    return replace(plan, day=starts.date(), starts=starts.time(), ends=(starts + length).time())


def compute_shift(before: When, after: When) -> tuple[int, int]:
    """How many minutes later, and how many longer, something is whose day, start and end were
    these, and are those."""
    minute = timedelta(minutes=1)
    old, new = datetime.combine(*before[:2]), datetime.combine(*after[:2])
    return (new - old) // minute, (_length(after) - _length(before)) // minute


def _length(of: When) -> timedelta:
    day, starts, ends = of
    last = day if ends > starts else day + timedelta(days=1)
    return datetime.combine(last, ends) - datetime.combine(day, starts)


def list_series_dates(
    session: Session, workshop: Workshop, *, only_following: bool
) -> Sequence[Workshop]:
    """The other dates of its series, or those after it, in order of time."""
    if workshop.series_id is None:
        return []
    wanted = sa.select(Workshop).where(
        Workshop.series_id == workshop.series_id, Workshop.id != workshop.id
    )
    if only_following:
        wanted = wanted.where(Workshop.starts_at > workshop.starts_at)
    return session.scalars(
        wanted.order_by(Workshop.starts_at, Workshop.id).limit(MAX_WORKSHOPS)
    ).all()
