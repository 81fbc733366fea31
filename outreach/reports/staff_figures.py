"""Figures of a year for staff: attendance, show rate, seats used, waitlists, calls, languages and
access needs, by month, office, kind, venue, weekday and hour.

They count as the report of a month does (`workshop_counts`), as of now: a month that was closed may
have changed since. No number of people reveals a small one (`small_counts`): an office's staff, and
those who see the whole network, each get sums of one set of groups, whatever they ask for.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.checkin import no_show_rate
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.registrations import Registration, RegistrationStatus, totals
from outreach.domain.registrations.call_attempts import CallAttempt, CallOutcome
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.reports import workshop_counts
from outreach.reports.attendance_counts import MIN_PUBLISHED
from outreach.reports.small_counts import RoundedRate, SafeSum, SafeSums, round_rate

CALLS_WITHIN: Final = timedelta(days=30)  # an attempt goes with the data of its person
MAX_HELP: Final = 3  # venues, hours and kinds with the best show rate
NO_VENUE: Final = 0
Ids = frozenset[int] | None  # ids of offices; None for all


class FigureGrouping(StrEnum):
    """What the rows of the figures are; the values are those of the address."""

    MONTH = "mes"
    OFFICE = "oficina"
    KIND = "tipo"
    VENUE = "sede"
    WEEKDAY = "dia"
    HOUR = "hora"


class WorkshopFacts(NamedTuple):
    """A held workshop, as far as figures are made of it."""

    id: int
    month: int
    office_id: int
    kind_id: int
    kind_position: int
    venue_id: int | None
    day: date
    starts: time
    has_seats: bool  # people register, and the workshop is not discreet
    capacity: int
    head_count: int | None


@dataclass(frozen=True, kw_only=True)
class FiguresRow:
    """The figures of some workshops. `key` is the number of a month, the id of an office, kind or
    venue (NO_VENUE: none), a weekday from 0 for Monday, or an hour."""

    key: int
    workshops: int
    reported: int  # workshops with a head count
    people: SafeSum
    show_rate: RoundedRate | None
    seats_used: RoundedRate | None
    waiting: int  # people who stayed on waitlists of five or more


_KEYS: Final[Mapping[FigureGrouping, Callable[[WorkshopFacts], int]]] = {
    FigureGrouping.MONTH: lambda facts: facts.month,
    FigureGrouping.OFFICE: lambda facts: facts.office_id,
    FigureGrouping.KIND: lambda facts: facts.kind_id,
    FigureGrouping.VENUE: lambda facts: facts.venue_id or NO_VENUE,
    FigureGrouping.WEEKDAY: lambda facts: facts.day.weekday(),
    FigureGrouping.HOUR: lambda facts: facts.starts.hour,
}


@dataclass(frozen=True, kw_only=True)
class StaffFigures:
    """The held workshops of some consecutive months, with what is known of their people."""

    workshops: Sequence[WorkshopFacts]
    is_network: bool  # read by somebody who sees all offices
    attendance: Mapping[int, tuple[int, int]]  # people with a seat, and who came, by workshop
    waiting: Mapping[int, int]  # people on the waitlist, by workshop

    @cached_property
    def _reported(self) -> dict[int, int]:
        """The index of each reported workshop among the counts of `_people`, by id."""
        reported = (each for each in self.workshops if each.head_count is not None)
        return {each.id: index for index, each in enumerate(reported)}

    @cached_property
    def _people(self) -> SafeSums:
        reported = [each for each in self.workshops if each.id in self._reported]
        keys = _list_network_keys if self.is_network else _list_office_keys
        levels = zip(*(keys(each) for each in reported), strict=True)
        return SafeSums([each.head_count or 0 for each in reported], levels)

    def list_rows(
        self, by: FigureGrouping, *, offices: Ids = None, kind_id: int | None = None
    ) -> list[FiguresRow]:
        """The figures of the workshops of these offices and this kind, by the key of `by`."""
        key = _KEYS[by]
        parts: dict[int, list[WorkshopFacts]] = {}
        for each in self._select(offices, kind_id):
            parts.setdefault(key(each), []).append(each)
        return [self._row(number, part) for number, part in sorted(parts.items())]

    def total(self, *, offices: Ids = None, kind_id: int | None = None) -> FiguresRow:
        """Returns the figures of all workshops of these offices and this kind in one row; its key
        is 0."""
        return self._row(0, self._select(offices, kind_id))

    def list_help(
        self, by: FigureGrouping, *, offices: Ids = None, kind_id: int | None = None
    ) -> list[FiguresRow]:
        """The rows with the best show rates, at most MAX_HELP."""
        rated = [
            (each.show_rate.percent, each)
            for each in self.list_rows(by, offices=offices, kind_id=kind_id)
            if each.show_rate is not None and each.key != NO_VENUE
        ]
        # Rows of one rate stand by their key: the order is not to tell what rounding hides.
        rated.sort(key=lambda pair: (-pair[0], pair[1].key))
        return [row for _percent, row in rated[:MAX_HELP]]

    def _select(self, offices: Ids, kind_id: int | None) -> list[WorkshopFacts]:
        return [
            each
            for each in self.workshops
            if (offices is None or each.office_id in offices)
            and (kind_id is None or each.kind_id == kind_id)
        ]

    def _row(self, key: int, part: Sequence[WorkshopFacts]) -> FiguresRow:
        reported = [each for each in part if each.id in self._reported]
        seats = [each for each in reported if each.has_seats and each.capacity]
        checked_in = [self.attendance[each.id] for each in part if each.id in self.attendance]
        return FiguresRow(
            key=key,
            workshops=len(part),
            reported=len(reported),
            people=self._people.sum(self._reported[each.id] for each in reported),
            show_rate=round_rate(
                sum(came for _people, came in checked_in),
                sum(people for people, _came in checked_in),
                workshops=len(checked_in),
            ),
            seats_used=round_rate(
                sum(each.head_count or 0 for each in seats),
                sum(each.capacity for each in seats),
                workshops=len(seats),
            ),
            waiting=sum(self.waiting.get(each.id, 0) for each in part),
        )


def _list_office_keys(facts: WorkshopFacts) -> list[Hashable]:
    """Returns the levels of joining for the staff of an office: its workshops are never joined with
    those of another."""
    month = (facts.office_id, facts.month)
    venue = (*month, facts.kind_id, facts.venue_id)
    hour = (*venue, facts.day.weekday(), facts.starts.hour)
    return [hour, venue, (*month, facts.kind_id), month, facts.office_id]


def _list_network_keys(facts: WorkshopFacts) -> list[Hashable]:
    """Returns the levels of joining for who sees all offices: first by kind and within a month, as
    the month's report hides kinds (`attendance_counts`), so that the two together reveal no more
    than each."""
    kind = (facts.month, facts.kind_id)
    venue = (*kind, facts.office_id, facts.venue_id)
    hour = (*venue, facts.day.weekday(), facts.starts.hour)
    return [hour, venue, (*kind, facts.office_id), kind, facts.month]


def load(
    session: Session,
    first: Month,
    last: Month,
    *,
    now: datetime,
    offices: Ids = None,
    is_network: bool,
) -> StaffFigures:
    """The held workshops of these months at these offices. Who sees all offices loads all of them,
    also to look at one: which counts are joined depends on the others."""
    conditions = _conditions(first, last, offices)
    rows = session.execute(
        sa.select(
            Workshop.id,
            Workshop.month,
            Workshop.office_id,
            Workshop.kind_id,
            Kind.position,
            Workshop.venue_id,
            Workshop.day,
            Workshop.starts,
            sa.and_(
                Workshop.way.in_([Way.PLACE, Way.SLOTS, Way.UNLISTED]),
                Workshop.is_discreet.is_(False),
                Kind.is_discreet.is_(False),
            ),
            Workshop.capacity,
            sa.case((Workshop.status == WorkshopStatus.HELD, Workshop.head_count)),
        )
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(*conditions, workshop_counts.IS_COUNTED, workshop_counts.is_held(now))
        .order_by(
            Workshop.month,
            Kind.position,
            Kind.id,
            Workshop.office_id,
            Workshop.day,
            Workshop.id,
        )
    )
    waiting = session.execute(
        sa.select(Registration.workshop_id, sa.func.sum(Registration.people))
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            *conditions,
            Registration.status == RegistrationStatus.WAITLISTED,
            Registration.is_beyond_share.is_(False),
        )
        .group_by(Registration.workshop_id)
    )
    return StaffFigures(
        workshops=[WorkshopFacts(*row) for row in rows],
        is_network=is_network,
        attendance=no_show_rate.list_attendance(session, *conditions),
        # Smaller waitlists are left out, not hidden: then no sum has a small one in it.
        waiting={row[0]: int(row[1]) for row in waiting if row[1] >= MIN_PUBLISHED},
    )


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """What registered people asked for: a language or an access need as its code, and how many.
    Numbers that would reveal a small one are left out."""

    languages: Mapping[str, int]
    needs: Mapping[str, int]


def count_asked(
    session: Session,
    first: Month,
    last: Month,
    *,
    offices: Ids,
    shown: Ids,
    is_network: bool,
) -> AskedFor:
    """Returns what people asked for at the `shown` ones of these offices."""
    conditions = _conditions(first, last, offices)
    rows = session.execute(sa.select(Workshop.id, Workshop.office_id).where(*conditions))
    office_of = {row.id: row.office_id for row in rows}
    by_name: dict[str, Counter[int]] = {}
    for workshop_id, counted in totals.read_where(session, *conditions).items():
        for name, number in counted.items():
            by_name.setdefault(name, Counter())[office_of[workshop_id]] += number
    ids = sorted(set(office_of.values()))
    levels = [ids, [0] * len(ids)] if is_network else [ids]
    indexes = [index for index, id_ in enumerate(ids) if shown is None or id_ in shown]
    safe = {
        name: SafeSums([numbers[id_] for id_ in ids], levels).sum(indexes).exact
        for name, numbers in by_name.items()
    }
    return AskedFor(
        languages=_largest_first(safe, totals.LANGUAGE), needs=_largest_first(safe, totals.NEED)
    )


def _largest_first(numbers: Mapping[str, int | None], prefix: str) -> dict[str, int]:
    found = {
        name.removeprefix(prefix): number
        for name, number in numbers.items()
        if name.startswith(prefix) and number
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def count_calls(session: Session, *, now: datetime, offices: Ids) -> dict[CallOutcome, int]:
    """Returns how many calls of the last days had each outcome, without those to people of discreet
    workshops. An office with fewer than five of an outcome is left out of it."""
    rows = session.execute(
        sa.select(Workshop.office_id, CallAttempt.outcome, sa.func.count())
        .select_from(CallAttempt)
        .join(Registration, Registration.id == CallAttempt.registration_id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            CallAttempt.made_at >= now - CALLS_WITHIN,
            CallAttempt.outcome.is_not(None),
            Workshop.is_discreet.is_(False),
            *_of_offices(offices),
        )
        .group_by(Workshop.office_id, CallAttempt.outcome)
    )
    sums = Counter[CallOutcome]()
    for _office_id, outcome, number in rows:
        if outcome is not None and number >= MIN_PUBLISHED:
            sums[outcome] += number
    return {outcome: sums[outcome] for outcome in CallOutcome if sums[outcome]}


def _conditions(first: Month, last: Month, offices: Ids) -> list[sa.ColumnElement[bool]]:
    return [Workshop.month.between(first.number, last.number), *_of_offices(offices)]


def _of_offices(offices: Ids) -> list[sa.ColumnElement[bool]]:
    return [] if offices is None else [Workshop.office_id.in_(sorted(offices))]
