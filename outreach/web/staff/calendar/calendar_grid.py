"""What the calendar draws: entries in the cells of a month, in the hours of a week, by venue."""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final

from outreach import formats, network_profile
from outreach.clock import Month
from outreach.domain.locations import holidays
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import current, ngettext, say
from outreach.i18n import gettext as _
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.staff.common import workshop_labels

MAX_IN_CELL: Final = 3  # entries in a cell of the month; the day below has the others
MAX_LANES: Final = 4  # entries side by side in an hour
USUAL_HOURS: Final = (8, 20)  # that the week shows; more where there is a workshop
LAST_MINUTE: Final = 24 * 60


@dataclass(frozen=True)
class CalendarEntry:
    """One workshop as the calendar draws it."""

    workshop: Workshop
    is_clashing: bool = False
    is_movable: bool = False
    lane: int = 1  # from the left, where several are at the same time
    lanes: int = 1

    @property
    def note(self) -> str:
        """What stands below the title: the seats, or why there are none."""
        workshop = self.workshop
        if self.is_clashing:
            return str(_("choca"))
        notes: dict[WorkshopStatus, str] = {
            WorkshopStatus.DRAFT: _("borrador"),
            WorkshopStatus.CANCELLED: _("cancelado"),
            WorkshopStatus.NOT_HELD: _("no se hizo"),
        }
        if (words := notes.get(workshop.status)) is not None:
            return str(words)
        if workshop.head_count is not None:
            return workshop_labels.people_words(workshop.head_count)
        if not workshop.takes_places:
            return str(_("sin cita"))
        taken, capacity = workshop_labels.count_reserved_seats(workshop), workshop.capacity
        if workshop.is_full:
            return str(_("lleno"))
        return _("%(taken)d de %(capacity)d", taken=taken, capacity=capacity)

    @property
    def is_crowded(self) -> bool:
        """Whether the workshop has more seats than its venue holds."""
        workshop, venue = self.workshop, self.workshop.venue
        if venue is None or venue.capacity is None or workshop.has_slots:
            return False
        return workshop.takes_places and workshop.capacity > venue.capacity

    @property
    def has_bar(self) -> bool:
        return self.workshop.status is WorkshopStatus.PUBLISHED and self.workshop.takes_places

    @property
    def looks(self) -> str:
        """The classes of its look."""
        looks = ["event"]
        if self.workshop.status is WorkshopStatus.DRAFT:
            looks.append("event-draft")
        if self.workshop.is_cancelled:
            looks.append("event-cancelled")
        if self.is_clashing:
            looks.append("event-clash")
        return " ".join(looks)

    @property
    def start_minute(self) -> int:
        return _minute(self.workshop.starts)

    @property
    def end_minute(self) -> int:
        """The minute of the day in which it ends; midnight where it ends the next day."""
        ends = _minute(self.workshop.ends)
        return ends if ends > self.start_minute else LAST_MINUTE


@dataclass(frozen=True)
class CalendarDay:
    """A day of the calendar."""

    day: date
    entries: Sequence[CalendarEntry] = ()
    holiday: str = ""
    is_outside: bool = False  # lies in another month than the one shown
    hidden: int = 0  # entries that have no room beside others of their hour

    @property
    def count_words(self) -> str:
        return ngettext("%(num)d taller", "%(num)d talleres", len(self.entries))

    @property
    def clashes(self) -> int:
        return sum(1 for each in self.entries if each.is_clashing)


@dataclass(frozen=True)
class WeekGrid:
    """The hours of one day or of seven."""

    days: Sequence[CalendarDay]
    hours: Sequence[int]  # 8 to 19: from 8:00 to 20:00

    @property
    def rows(self) -> int:
        return 2 * len(self.hours)

    @property
    def hour_labels(self) -> list[str]:
        """The hours beside the grid, as «8 a. m.»"""
        return [hour_words(time(each)).replace(":00", "") for each in self.hours]

    def get_row(self, entry: CalendarEntry) -> int:
        """Returns the half hour in which an entry begins, from 1."""
        return (entry.start_minute - 60 * self.hours[0]) // 30 + 1

    def get_length(self, entry: CalendarEntry) -> int:
        """Returns how many half hours an entry takes, at least one."""
        last = -(-(entry.end_minute - 60 * self.hours[0]) // 30)
        return max(1, last - self.get_row(entry) + 1)

    def get_row_of(self, moment: datetime) -> int | None:
        """Returns the number of the half hour in which a moment lies, from 1; None where it is not
        shown."""
        row = (_minute(moment.time()) - 60 * self.hours[0]) // 30 + 1
        return row if 1 <= row <= self.rows else None


@dataclass(frozen=True)
class VenueLane:
    """The week of one venue."""

    venue: Venue | None  # None: without one, online or by phone
    name: str
    note: str  # how many fit, and whether it is free
    days: Sequence[CalendarDay]

    @property
    def is_free(self) -> bool:
        return not any(each.entries for each in self.days)


def make_entries(
    workshops: Iterable[Workshop], *, clashing: Set[int], movable: Set[str], now: datetime
) -> list[CalendarEntry]:
    """The entries of workshops; `clashing` are ids of workshops, `movable` the offices (slugs)
    whose workshops may be edited. What is over or cancelled stays where it was."""
    return [
        CalendarEntry(
            each,
            is_clashing=each.id in clashing,
            is_movable=each.office.slug in movable
            and each.status in {WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED}
            and each.starts_at > now,
        )
        for each in workshops
    ]


def month_weeks(
    month: Month, entries: Iterable[CalendarEntry], office: Office | None
) -> list[list[CalendarDay]]:
    """The weeks of a month, with the days of other months at both ends."""
    by_day = _by_day(entries)
    weeks = calendar.Calendar(formats.first_weekday(current(), office.country if office else ""))
    return [
        [
            CalendarDay(
                day,
                by_day.get(day, ()),
                get_holiday(day, office),
                is_outside=(day.year, day.month) != (month.year, month.month),
            )
            for day in week
        ]
        for week in weeks.monthdatescalendar(month.year, month.month)
    ]


def week_grid(
    days: Sequence[date], entries: Sequence[CalendarEntry], office: Office | None
) -> WeekGrid:
    """The hours of these days, with entries of the same hour side by side."""
    first, last = USUAL_HOURS
    first = min([first, *(each.start_minute // 60 for each in entries)])
    last = max([last, *(-(-each.end_minute // 60) for each in entries)])
    by_day = _by_day(entries)
    shown = []
    for day in days:
        placed = _in_lanes(by_day.get(day, ()))
        fitting = [each for each in placed if each.lane <= MAX_LANES]
        hidden = len(placed) - len(fitting)
        shown.append(CalendarDay(day, fitting, get_holiday(day, office), hidden=hidden))
    return WeekGrid(shown, range(first, last))


def venue_lanes(
    days: Sequence[date], entries: Sequence[CalendarEntry], venues: Mapping[Venue, str]
) -> list[VenueLane]:
    """Returns the week by venue: a lane for each of `venues` (with the names that tell them apart)
    and for each venue of the entries. Last come lanes for what is at venues that the reader does
    not see, and for what has no venue."""
    by_venue: dict[int | None, list[CalendarEntry]] = defaultdict(list)
    names = {venue.id: (venue, name) for venue, name in venues.items()}
    hidden = [each for each in entries if not workshop_labels.sees_address(each.workshop)]
    for entry in entries:
        if not workshop_labels.sees_address(entry.workshop):
            continue
        venue = entry.workshop.venue
        by_venue[venue.id if venue else None].append(entry)
        if venue is not None:
            names.setdefault(venue.id, (venue, venue.name))
    lanes = []
    for number, (venue, name) in names.items():
        own = by_venue.get(number, [])
        lanes.append(VenueLane(venue, name, _venue_note(venue, is_free=not own), _row(days, own)))
    if hidden:
        lanes.append(VenueLane(None, _("Sedes que no se muestran"), "", _row(days, hidden)))
    if None in by_venue:
        online = _("Sin sede, en línea o por teléfono")
        lanes.append(VenueLane(None, online, "", _row(days, by_venue[None])))
    return lanes


def get_holiday(day: date, office: Office | None) -> str:
    """Returns the name of the first holiday of the office on this day; without an office, of the
    home country. Empty where there is none."""
    home = network_profile.current().home_country
    country, region = (office.country, office.region) if office else (home, "")
    found = holidays.list_holidays(day, country, region)
    return say(found[0].names, current()) if found else ""


def _row(days: Sequence[date], entries: Iterable[CalendarEntry]) -> list[CalendarDay]:
    by_day = _by_day(entries)
    return [CalendarDay(day, by_day.get(day, ())) for day in days]


def _venue_note(venue: Venue, *, is_free: bool) -> str:
    parts = []
    if venue.capacity is not None:
        parts.append(ngettext("cabe %(num)d", "caben %(num)d", venue.capacity))
    if is_free:
        parts.append(_("libre toda la semana"))
    return " · ".join(parts)


def _in_lanes(entries: Sequence[CalendarEntry]) -> list[CalendarEntry]:
    """Puts entries that overlap side by side. In the order of their start, each takes the first
    lane that is free; those of one stretch without a gap have the same number of lanes."""
    placed: list[CalendarEntry] = []
    stretch: list[CalendarEntry] = []
    ends: list[int] = []  # when the last entry of each lane ends

    def close() -> None:
        placed.extend(replace(each, lanes=min(len(ends), MAX_LANES)) for each in stretch)
        stretch.clear()
        ends.clear()

    for entry in sorted(entries, key=lambda each: (each.start_minute, -each.end_minute)):
        if ends and entry.start_minute >= max(ends):
            close()
        free = next((lane for lane, end in enumerate(ends) if end <= entry.start_minute), None)
        if free is None:
            free = len(ends)
            ends.append(0)
        ends[free] = entry.end_minute
        stretch.append(replace(entry, lane=free + 1))
    close()
    return placed


def _by_day(entries: Iterable[CalendarEntry]) -> dict[date, list[CalendarEntry]]:
    found: dict[date, list[CalendarEntry]] = defaultdict(list)
    for entry in entries:
        found[entry.workshop.day].append(entry)
    return found


def _minute(at: time) -> int:
    return 60 * at.hour + at.minute
