"""Bulk actions: the same done to many workshops, first as a dry run, then all of it or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.domain.locations.venues import Venue
from outreach.domain.registrations import Registration, change_notifications
from outreach.domain.registrations.change_notifications import (
    AT_ONCE,
    NO_REACH,
    NotifyDecision,
    Reach,
)
from outreach.domain.roster import assignments
from outreach.domain.scheduling import (
    form_drafts,
    workshop_changes,
    workshop_data,
    workshop_service,
)
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop, WorkshopStatus, partners
from outreach.errors import ErrorCode, Refusal

MAX_WORKSHOPS: Final = 200
PARTNERS: Final = "allies"  # partners and speakers together, as one field

When = tuple[date, time, time]  # day, start and end on the wall clock
# What is done to one workshop. Returns the names of the fields that changed; raises Refusal.
Act = Callable[[Session, Workshop, datetime], frozenset[str]]


@dataclass(frozen=True)
class BulkOutcome:
    """What a bulk action did to one workshop, or would do."""

    public_id: str
    changed: frozenset[str] = frozenset()
    reach: Reach = NO_REACH  # the parties that do not know of it
    data: WorkshopData | None = None  # after the action
    refusal: Refusal | None = None

    @property
    def is_nothing(self) -> bool:
        return not self.changed and self.refusal is None


def dry_run(
    session: Session,
    workshops: Sequence[Workshop],
    act: Act,
    *,
    now: datetime,
    has_texts: bool = False,
) -> list[BulkOutcome]:
    """Returns what the action would do to each workshop.

    Each is done in a savepoint that is rolled back; the caller rolls back the session.
    `has_texts`: a gateway is configured.
    """
    found = []
    for workshop in workshops:
        attempt = session.begin_nested()
        try:
            found.append(_apply(session, workshop, act, now, has_texts=has_texts))
        except Refusal as refusal:
            found.append(BulkOutcome(workshop.public_id, refusal=refusal))
        finally:
            attempt.rollback()
    return found


def execute(
    session: Session,
    workshops: Sequence[Workshop],
    act: Act,
    *,
    now: datetime,
    has_texts: bool = False,
) -> list[BulkOutcome]:
    """Applies the action to each workshop.

    Raises Refusal, which names the workshop, at the first failure.
    """
    found = []
    for workshop in workshops:
        title, day = workshop.title.get(network_profile.current().main_language, ""), workshop.day
        try:
            found.append(_apply(session, workshop, act, now, has_texts=has_texts))
        except Refusal as refusal:
            raise Refusal(
                ErrorCode.BULK_ACTION_FAILED, title=title, day=day, cause=refusal
            ) from None
    return found


def _apply(
    session: Session, workshop: Workshop, act: Act, now: datetime, *, has_texts: bool
) -> BulkOutcome:
    public_id = workshop.public_id
    changed = act(session, workshop, now)
    session.flush()
    if sa.inspect(workshop).deleted:
        return BulkOutcome(public_id, changed)
    return BulkOutcome(
        public_id,
        changed,
        reach=change_notifications.count_uninformed(session, [workshop], has_texts=has_texts)
        if changed
        else NO_REACH,
        data=workshop_service.get_data(workshop),
    )


@dataclass(frozen=True)
class Publish:
    """Publishes drafts. `phone` is that of the network, as in `publish_checks`."""

    phone: str = ""

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        if workshop.status is not WorkshopStatus.DRAFT:
            raise Refusal(ErrorCode.NOT_A_DRAFT)
        if workshop.starts_at <= now:
            raise Refusal(ErrorCode.DATE_PAST)
        workshop_service.publish(session, workshop, now=now, phone=self.phone)
        return frozenset({"status"})


@dataclass(frozen=True)
class Cancel:
    """Cancels published workshops."""

    decision: NotifyDecision = AT_ONCE

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        workshop_service.cancel(session, workshop, now=now, decision=self.decision)
        return frozenset({"status"})


def delete_draft(session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
    """Deletes a draft that was never published; only the audit log keeps a record of it."""
    if workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None:
        raise Refusal(ErrorCode.DELETE_NEEDS_DRAFT)
    is_used = sa.exists().where(Registration.workshop_id == workshop.id)
    if session.scalar(sa.select(is_used)):
        raise Refusal(ErrorCode.DELETE_WITH_REGISTRATIONS)
    if assignments.has_team(session, workshop):
        raise Refusal(ErrorCode.DELETE_WITH_TEAM)
    form_drafts.forget(session, workshop.id)  # SQLite may reuse the id
    session.delete(workshop)
    return frozenset({"status"})


@dataclass(frozen=True)
class Reschedule:
    """Moves workshops by days, to a start or to a venue; None keeps what there is."""

    days: int = 0
    starts: time | None = None  # the duration stays
    venue: Venue | None = None
    decision: NotifyDecision = AT_ONCE

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        require_ahead(workshop, now)
        data = workshop_service.get_data(workshop)
        data = replace(data, day=data.day + timedelta(days=self.days))
        if self.starts is not None:
            there = (data.day, data.starts, data.ends)
            later, _longer = compute_shift(there, (data.day, self.starts, data.ends))
            data = shift(data, later)
        if self.venue is not None:
            if not data.mode.has_venue:
                raise Refusal(ErrorCode.WORKSHOP_WITHOUT_VENUE)
            data = workshop_data.fit_visibility(
                replace(data, venue=self.venue, zone=self.venue.zone)
            )
        require_upcoming(data, now)
        return workshop_service.change(session, workshop, data, now=now, decision=self.decision)


@dataclass(frozen=True)
class SameForAll:
    """Copies changed fields from one date of a series to others; a new day or hour is a shift."""

    source: Workshop
    names: frozenset[str]  # fields of `WorkshopData`, or PARTNERS
    minutes: int = 0  # later, on the wall clock
    longer: int = 0  # minutes
    decision: NotifyDecision = AT_ONCE

    def __call__(self, session: Session, workshop: Workshop, now: datetime) -> frozenset[str]:
        require_ahead(workshop, now)
        given: dict[str, Any] = {
            name: getattr(self.source, name) for name in self.names - {PARTNERS}
        }
        if "venue" in given:
            given["zone"] = self.source.zone
        data = replace(workshop_service.get_data(workshop), **given)
        if "venue" in given and "visibility" not in given:
            data = workshop_data.fit_visibility(data)
        if self.minutes or self.longer:
            data = shift(data, self.minutes, self.longer)
            require_upcoming(data, now)
        changed = workshop_service.change(session, workshop, data, now=now, decision=self.decision)
        if PARTNERS in self.names:
            changed |= workshop_changes.set_chosen(
                session,
                workshop,
                partners.get_chosen(session, self.source),
                former=partners.get_chosen(session, workshop),
                batch=self.decision.batch,
                now=now,
            )
        return changed


def require_ahead(workshop: Workshop, now: datetime) -> None:
    """Raises Refusal where the workshop has started or is cancelled."""
    if workshop.status is WorkshopStatus.CANCELLED:
        raise Refusal(ErrorCode.WORKSHOP_CANCELLED)
    if workshop.starts_at <= now or workshop.status not in {
        WorkshopStatus.DRAFT,
        WorkshopStatus.PUBLISHED,
    }:
        raise Refusal(ErrorCode.WORKSHOP_STARTED)


def require_upcoming(data: WorkshopData, now: datetime) -> None:
    """Raises Refusal where the new start is past."""
    if datetime.combine(data.day, data.starts, data.zone) <= now:
        raise Refusal(ErrorCode.NEW_DATE_PAST)


def shift(data: WorkshopData, minutes: int, longer: int = 0) -> WorkshopData:
    """Moves a workshop by minutes on the wall clock and lengthens it by minutes. Raises Refusal
    where its duration would not be between 0 and 24 hours."""
    starts = datetime.combine(data.day, data.starts)
    length = _length((data.day, data.starts, data.ends)) + timedelta(minutes=longer)
    if not timedelta(0) < length < timedelta(days=1):
        raise Refusal(ErrorCode.DURATION_IMPOSSIBLE)
    starts += timedelta(minutes=minutes)
    return replace(data, day=starts.date(), starts=starts.time(), ends=(starts + length).time())


def compute_shift(before: When, after: When) -> tuple[int, int]:
    """Returns how many minutes later and how many minutes longer `after` is than `before`."""
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
    """Returns the other dates of a series by start; with `only_following`, those after this one."""
    if workshop.series_id is None:
        return []
    query = sa.select(Workshop).where(
        Workshop.series_id == workshop.series_id, Workshop.id != workshop.id
    )
    if only_following:
        query = query.where(Workshop.starts_at > workshop.starts_at)
    return session.scalars(
        query.order_by(Workshop.starts_at, Workshop.id).limit(MAX_WORKSHOPS)
    ).all()
