"""The values of each row of a table, with what is to be asked of them; without the database.

The order of day and month, the way of writing hours and the year of the titles are found for the
whole table first.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from outreach.domain.scheduling import workshop_data
from outreach.domain.text import clean, fold
from outreach.domain.workshops import DeliveryMode
from outreach.feeds import labels
from outreach.i18n import in_each
from outreach.imports.guess import dates, day_lists, headings, hours, places, small_values, zones
from outreach.imports.guess.columns import ColumnGuess
from outreach.imports.guess.dates import DayContext, DayOrder, DayReading
from outreach.imports.guess.day_words import find_month, find_weekday
from outreach.imports.guess.headings import Field
from outreach.imports.guess.hours import Half, Hours, HoursReading
from outreach.imports.guess.kind_names import KindMatch, KindNames
from outreach.imports.guess.places import Home, PlaceText, is_undecided
from outreach.imports.guess.remarks import Remark, RemarkCode, quote, remark
from outreach.imports.guess.source_table import SourceRow, SourceTable, find_months
from outreach.imports.sheets.raw_sheets import Cell

MAX_TITLE_LENGTH: Final = 200
MAX_VENUE_LENGTH: Final = 120
_YEAR: Final = re.compile(r"(?<![0-9])20[2-9][0-9](?![0-9])")
_DAY: Final = timedelta(days=1)
MAX_SPLIT: Final = 2_000  # rows of a table that are made of cells with several days


@dataclass
class ParsedRow:
    """What one row says. None and empty texts are what it leaves out or what cannot be read."""

    sheet: str
    line: int
    remarks: list[Remark] = field(default_factory=list)
    day: date | None = None
    starts: time | None = None
    ends: time | None = None
    minutes: int | None = None
    kind: str | None = None
    title: str = ""
    venue: str = ""
    address: str = ""
    city: str = ""
    capacity: int | None = None
    is_cancelled: bool = False  # the row says so; whatever else it says, it is a draft
    mode: DeliveryMode | None = None
    languages: tuple[str, ...] = ()
    has_childcare: bool = False
    uid: str = ""  # where the row is an event of a calendar
    own_id: str = ""  # the id that a file of ours gave the workshop
    accepted: frozenset[str] = frozenset()  # questions that somebody answered with yes
    # The zone of day and hours, where they are a moment; None on the clock of whatever venue.
    zone: ZoneInfo | None = None
    is_split: bool = False  # one of several days of a row

    def say(self, about: Field | None, code: RemarkCode, **values: object) -> None:
        self.remarks.append(remark(about, code, **values))


@dataclass(frozen=True, kw_only=True)
class ParseContext:
    """What is known beside the rows when they are read: the office, the kinds, today, and what
    somebody answered."""

    today: date
    kinds: KindNames
    office_names: Mapping[str, str]  # slugs of all offices, by folded name
    office: str  # slug
    zone: ZoneInfo  # where the office is
    home: Home
    order: DayOrder | None = None  # if somebody said which of day and month comes first
    half: Half = Half.NONE  # if somebody said what an hour without a. m. or p. m. is
    splits_days: bool = True  # a row that lists several days is several rows


def parse(
    table: SourceTable, columns: Sequence[ColumnGuess], context: ParseContext
) -> Iterator[ParsedRow]:
    """The values of each row."""
    parser = _TableParser(table, columns, context)
    return (parsed for row in table.rows for parsed in parser.parse_all(row))


class _TableParser:
    def __init__(
        self, table: SourceTable, columns: Sequence[ColumnGuess], context: ParseContext
    ) -> None:
        self._table, self._context = table, context
        self._numbers = {each.field: each.number for each in columns if each.field is not None}
        self._is_kind_title = any(
            each.field is Field.KIND and _is_title(each.heading) for each in columns
        )
        self._half = context.half
        self._split_left = MAX_SPLIT if context.splits_days else 0
        months = find_months(table.sheet) or {n for t in table.titles for n in find_months(t)}
        self._month = months.pop() if len(months) == 1 else None
        self._general_zone = self._find_general_zone(columns)
        self._days = self._find_day_context()
        self._style = hours.find_style(self._list_hours())
        self._day_above: date | None = None

    def parse_all(self, row: SourceRow) -> Iterator[ParsedRow]:
        """The row, or one for each day that it lists."""
        for each in self._split_days(row):
            parsed = self.parse(each)
            parsed.is_split = each is not row
            yield parsed

    def _split_days(self, row: SourceRow) -> list[SourceRow]:
        name = Field.DAY if Field.DAY in self._numbers else Field.STARTS
        cell = self._cell(row, name)
        texts = day_lists.split(cell) if isinstance(cell, str) else ()
        if not 1 < len(texts) <= self._split_left:
            return [row]
        found = [replace(row, cells=self._with_cell(row, name, text)) for text in texts]
        for each in found:
            reading = self._read_day_of(each, name)
            day, remarks = dates.resolve(reading, self._days) if reading else (None, [])
            if day is None or remarks:
                return [row]  # asked as a whole
        self._split_left -= len(found)
        return found

    def _with_cell(self, row: SourceRow, name: Field, text: str) -> list[Cell]:
        cells = list(row.cells)
        cells[self._numbers[name]] = text
        return cells

    def parse(self, row: SourceRow) -> ParsedRow:
        parsed = ParsedRow(self._table.sheet, row.line)
        if row.is_hidden:
            parsed.say(None, RemarkCode.ROW_HIDDEN)
        self._parse_office(row, parsed)
        self._parse_when(row, parsed)
        self._parse_kind(row, parsed)
        self._parse_title(row, parsed)
        self._parse_place(row, parsed)
        self._parse_rest(row, parsed)
        return parsed

    def _cell(self, row: SourceRow, name: Field) -> Cell:
        number = self._numbers.get(name)
        return "" if number is None else row.cells[number]

    def _text(self, row: SourceRow, name: Field) -> str:
        cell = self._cell(row, name)
        return str(cell).strip() if not isinstance(cell, bool) else ""

    # the whole table

    def _find_day_context(self) -> DayContext:
        readings = [
            reading
            for row in self._table.rows
            for name in (Field.DAY, Field.STARTS, Field.ENDS)
            if name in self._numbers
            and (reading := self._read_day(row, self._cell(row, name))) is not None
        ]
        years = {int(each) for text in self._title_texts() for each in _YEAR.findall(text)}
        return DayContext(
            today=self._context.today,
            order=self._context.order or self._find_order(readings),
            year=years.pop() if len(years) == 1 else None,
            may_be_swapped=dates.may_be_swapped(readings),
        )

    def _find_order(self, readings: Sequence[DayReading]) -> DayOrder | None:
        """The order that these columns prove, else other columns or the month of the sheet."""
        proven = dates.list_orders(readings)
        if proven:
            return proven.pop() if len(proven) == 1 else None
        of_month = dates.find_order_by_month(readings, self._month) if self._month else None
        if of_month and self._table.order and of_month is not self._table.order:
            return None
        return of_month or self._table.order

    def _find_general_zone(self, columns: Sequence[ColumnGuess]) -> tzinfo | None:
        """The zone that the headings of hours or a title name for the whole table."""
        about = {Field.DAY, Field.STARTS, Field.ENDS}
        texts = [each.heading for each in columns if each.field in about] + self._title_texts()
        return next((zone for text in texts if (zone := zones.find_within(text))), None)

    def _title_texts(self) -> list[str]:
        return [self._table.sheet, *self._table.titles]

    def _list_hours(self) -> Iterator[HoursReading]:
        for row in self._table.rows:
            for name in (Field.STARTS, Field.ENDS):
                reading = self._read_hours(self._cell(row, name))
                if reading is not None:
                    yield reading
            day = self._read_day_of(row, Field.DAY)
            reading = hours.read_hours(day.hours) if day is not None and day.hours != "" else None
            if reading is not None:
                yield reading

    # when

    def _read_day(self, row: SourceRow, cell: Cell) -> DayReading | None:
        reading = dates.read_day(cell)
        if reading is None:
            return None
        weekday = find_weekday(fold(self._text(row, Field.WEEKDAY)))
        return dates.with_weekday(reading, weekday)

    def _read_hours(self, cell: Cell) -> HoursReading | None:
        """The hours of a cell, which may have a day too."""
        if cell == "":
            return None
        if isinstance(cell, date) or (isinstance(cell, int | float) and not 0 <= cell < 2400):
            day = dates.read_day(cell)
            return hours.read_hours(day.hours) if day is not None and day.hours != "" else None
        reading = hours.read_hours(cell)
        if reading is None and isinstance(cell, str):
            day = dates.read_day(cell)
            if day is not None and day.hours != "":
                return hours.read_hours(day.hours)
        return reading

    def _parse_when(self, row: SourceRow, parsed: ParsedRow) -> None:
        self._parse_day(row, parsed)
        if parsed.day is not None:
            self._day_above = parsed.day
        readings = [each for each in self._hours_of(row, parsed) if each is not None]
        end_cell = self._cell(row, Field.ENDS)
        end = self._read_hours(end_cell)
        if end is None and not is_blank(end_cell) and dates.read_day(end_cell) is None:
            parsed.say(Field.ENDS, RemarkCode.HOUR_UNREADABLE, value=_safe(end_cell))
            return
        if not readings:
            if not any(each.field is Field.STARTS for each in parsed.remarks):
                parsed.say(Field.STARTS, RemarkCode.HOUR_MISSING)
            return
        self._parse_minutes(row, parsed)
        self._set_hours(parsed, readings, end)
        self._check_last_day(row, parsed)
        self._parse_zone(row, parsed)
        check_hours(parsed)

    def _parse_zone(self, row: SourceRow, parsed: ParsedRow) -> None:
        """Turns day and hours of a zone that the row names into those of the office."""
        own = [self._zone_in(row, name) for name in (Field.STARTS, Field.DAY, Field.ENDS)]
        text = self._text(row, Field.ZONE)
        named = zones.find(text) if text else None
        if text and named is None and not is_undecided(text):
            parsed.say(Field.ZONE, RemarkCode.ZONE_UNKNOWN, value=_safe(text))
        start_zone = own[0] or own[1] or named or self._general_zone
        end_zone = own[2] or start_zone
        start_zone = start_zone or end_zone
        if start_zone is None or end_zone is None or parsed.starts is None:
            return
        home = self._context.zone
        if zones.is_own(start_zone, home) and zones.is_own(end_zone, home):
            parsed.zone = home
            return
        if parsed.day is None:
            # Without its day an hour of another zone is none of the venue's.
            value = f"{parsed.starts:%H:%M} ({zones.name(start_zone)})"
            parsed.starts = parsed.ends = None
            parsed.say(Field.STARTS, RemarkCode.HOUR_OF_OTHER_ZONE, value=value)
            return
        self._move_to_home(parsed, start_zone, end_zone)
        of_cell = next((each for each in own if each is not None), None)
        # UTC in a cell is how programs write a moment: the column says the zone of the venue.
        if named is not None and of_cell is not None and of_cell is not UTC:
            self._compare_zones(parsed, of_cell, named, text)

    def _compare_zones(self, parsed: ParsedRow, of_cell: tzinfo, named: tzinfo, text: str) -> None:
        """Asks, if the hour names one zone and the column of zones another."""
        assert parsed.day is not None
        assert parsed.starts is not None
        moment = datetime.combine(parsed.day, parsed.starts, self._context.zone)
        if moment.astimezone(of_cell).utcoffset() != moment.astimezone(named).utcoffset():
            values = {"one": zones.name(of_cell), "other": _safe(text)}
            parsed.say(Field.STARTS, RemarkCode.ZONES_DIFFER, **values)

    def _zone_in(self, row: SourceRow, name: Field) -> tzinfo | None:
        cell = self._cell(row, name)
        return zones.split(cell).zone if isinstance(cell, str) else None

    def _move_to_home(self, parsed: ParsedRow, start_zone: tzinfo, end_zone: tzinfo) -> None:
        assert parsed.day is not None
        assert parsed.starts is not None
        home, before = self._context.zone, parsed.starts
        starts = datetime.combine(parsed.day, parsed.starts, start_zone)
        if parsed.ends is not None:
            ends = datetime.combine(parsed.day, parsed.ends, end_zone)
            if ends <= starts and parsed.ends != parsed.starts:
                ends += _DAY
            parsed.ends = ends.astimezone(home).time()
        moved = starts.astimezone(home)
        parsed.day, parsed.starts, parsed.zone = moved.date(), moved.time(), home
        if (moved.date(), moved.time()) != (starts.date(), before):
            parsed.say(
                Field.STARTS,
                RemarkCode.HOUR_CONVERTED,
                starts=f"{before:%H:%M}",
                zone=zones.name(start_zone),
            )

    def _hours_of(self, row: SourceRow, parsed: ParsedRow) -> Iterator[HoursReading | None]:
        """Returns what the cells of day and start say of hours."""
        cell = self._cell(row, Field.STARTS)
        reading = self._read_hours(cell)
        yield reading
        if reading is None and not is_blank(cell) and dates.read_day(cell) is None:
            parsed.say(Field.STARTS, RemarkCode.HOUR_UNREADABLE, value=_safe(cell))
        above = dates.read_day(row.day_above)
        for each, day in (
            (self._cell(row, Field.DAY), self._read_day_of(row, Field.DAY)),
            (row.day_above, above),
        ):
            if day is None or day.hours == "" or day.is_several:
                continue
            reading = hours.read_hours(day.hours)
            if reading is None:
                parsed.say(Field.DAY, RemarkCode.DAY_UNREADABLE, value=_safe(each))
            yield reading
            break

    def _set_hours(
        self, parsed: ParsedRow, readings: Sequence[HoursReading], end: HoursReading | None
    ) -> None:
        found = [self._resolve(each, end) for each in readings]
        parsed.remarks += found[0].remarks
        if found[0].starts is None:
            return
        others = [each for each in found[1:] if each.starts not in {None, found[0].starts}]
        if others:
            one, other = f"{found[0].starts:%H:%M}", f"{others[0].starts:%H:%M}"
            parsed.say(Field.STARTS, RemarkCode.HOURS_DIFFER, one=one, other=other)
            return
        parsed.starts = found[0].starts
        parsed.ends = next((each.ends for each in found if each.ends is not None), None)
        if parsed.ends is None and parsed.minutes is not None:
            start = datetime.combine(date(2000, 1, 1), parsed.starts)
            parsed.ends = (start + timedelta(minutes=parsed.minutes)).time()

    def _resolve(self, reading: HoursReading, end: HoursReading | None) -> Hours:
        if end is not None and len(end.parts) == 2 and not end.is_several:
            own = hours.resolve(end, self._style, self._half)
            first = hours.resolve(reading, self._style, self._half)
            if own.starts is not None and first.starts is not None and own.starts != first.starts:
                one, another = f"{first.starts:%H:%M}", f"{own.starts:%H:%M}"
                return Hours(
                    remarks=(remark(Field.STARTS, RemarkCode.HOURS_DIFFER, one=one, other=another),)
                )
        if end is not None and len(reading.parts) == 1 and not reading.is_several:
            text = f"{reading.text}–{end.text}"
            reading = HoursReading(text, (reading.parts[0], end.parts[-1]), end.is_several)
        elif end is not None and len(reading.parts) == 2 and not reading.is_several:
            own = hours.resolve(reading, self._style, self._half)
            other = hours.resolve(HoursReading(end.text, end.parts[-1:]), self._style, self._half)
            if own.ends is not None and other.starts is not None and own.ends != other.starts:
                one, another = f"{own.ends:%H:%M}", f"{other.starts:%H:%M}"
                differ = remark(Field.ENDS, RemarkCode.HOURS_DIFFER, one=one, other=another)
                return Hours(remarks=(differ,))
        return hours.resolve(reading, self._style, self._half)

    def _parse_minutes(self, row: SourceRow, parsed: ParsedRow) -> None:
        cell = self._cell(row, Field.MINUTES)
        if cell == "":
            return
        parsed.minutes = hours.read_minutes(cell)
        if parsed.minutes is None:
            parsed.say(Field.MINUTES, RemarkCode.DURATION_UNREADABLE, value=_safe(cell))

    def _check_last_day(self, row: SourceRow, parsed: ParsedRow) -> None:
        """Asks, if the end is on another day than the start."""
        reading = self._read_day(row, self._cell(row, Field.ENDS))
        if reading is None or parsed.day is None:
            return
        last, _remarks = dates.resolve(
            DayReading(reading.text, reading.options, is_stored=reading.is_stored), self._days
        )
        passes_midnight = parsed.ends is not None and parsed.ends <= (parsed.starts or time())
        if last is None or last == parsed.day or (last == parsed.day + _DAY and passes_midnight):
            return
        parsed.say(Field.ENDS, RemarkCode.DAYS_DIFFER, one=parsed.day, other=last)

    def _parse_day(self, row: SourceRow, parsed: ParsedRow) -> None:
        found: list[date] = []
        for name in (Field.DAY, Field.STARTS):
            reading = self._read_day_of(row, name)
            if reading is not None:
                day, remarks = dates.resolve(reading, self._days)
                parsed.remarks += remarks
                found += [day] if day is not None else []
        if len(set(found)) > 1:
            parsed.say(Field.DAY, RemarkCode.DAYS_DIFFER, one=found[0], other=found[1])
        elif found:
            parsed.day = found[0]
        elif not any(each.field is Field.DAY for each in parsed.remarks):
            self._parse_missing_day(row, parsed)

    def _read_day_of(self, row: SourceRow, name: Field) -> DayReading | None:
        cell = self._cell(row, name)
        if name is Field.STARTS:
            # A bare number is an hour there, and «10/12» is two.
            is_text = isinstance(cell, str) and hours.read_hours(cell) is None
            return self._read_day(row, cell) if is_text or isinstance(cell, date) else None
        return self._read_day(row, cell) or self._compose_day(row, cell)

    def _compose_day(self, row: SourceRow, cell: Cell) -> DayReading | None:
        """Returns the day of a cell that has only its number. Month and year are those of their own
        columns, else those of the titles or the sheet; where no month is named, it is the near day
        that falls on the weekday."""
        number = day_lists.read_number(str(cell)) if isinstance(cell, str | int) else None
        if number is None or isinstance(cell, bool):
            return None
        weekday = find_weekday(fold(self._text(row, Field.WEEKDAY)))
        if number.weekday is None:
            number = replace(number, weekday=weekday)
        month_text = self._text(row, Field.MONTH)
        month = find_month(fold(month_text)) or (int(month_text) if month_text.isdigit() else None)
        month = month or (None if month_text else self._month)
        if month is None:
            return None if month_text else day_lists.find_by_weekday(number, self._context.today)
        year_text = self._text(row, Field.YEAR)
        year = int(year_text) if len(year_text) == 4 and year_text.isdigit() else None
        return day_lists.with_month(number, month, year)

    def _parse_missing_day(self, row: SourceRow, parsed: ParsedRow) -> None:
        cell = self._cell(row, Field.DAY)
        reading = dates.read_day(row.day_above) or self._compose_day(row, row.day_above)
        if not is_blank(cell):
            parsed.say(Field.DAY, RemarkCode.DAY_UNREADABLE, value=_safe(cell))
        elif reading is not None:
            parsed.day, remarks = dates.resolve(reading, self._days)
            parsed.remarks += remarks
        elif self._day_above is not None:
            parsed.say(Field.DAY, RemarkCode.DAY_ABOVE, day=self._day_above)
        else:
            parsed.say(Field.DAY, RemarkCode.DAY_MISSING)

    # what and where

    def _parse_office(self, row: SourceRow, parsed: ParsedRow) -> None:
        text = self._text(row, Field.OFFICE)
        slug = self._context.office_names.get(fold(text))
        if text and slug != self._context.office:
            parsed.say(Field.OFFICE, RemarkCode.OFFICE_OTHER, value=_safe(text))

    def _parse_kind(self, row: SourceRow, parsed: ParsedRow) -> None:
        texts = [text for name in (Field.KIND, Field.TITLE) if (text := self._text(row, name))]
        match_kind(parsed, texts, self._context.kinds)

    def _parse_title(self, row: SourceRow, parsed: ParsedRow) -> None:
        text = self._text(row, Field.TITLE)
        kind_text = self._text(row, Field.KIND)
        is_name = self._context.kinds.is_own_name(kind_text) and not self._is_kind_title
        if not text and kind_text and not is_name:
            text = kind_text
        text, parsed.is_cancelled = take_cancelled(text)
        parsed.title = checked_text(parsed, Field.TITLE, text, MAX_TITLE_LENGTH)

    def _parse_place(self, row: SourceRow, parsed: ParsedRow) -> None:
        venue, address = self._text(row, Field.VENUE), self._text(row, Field.ADDRESS)
        city = self._text(row, Field.CITY)
        if self._cell(row, Field.MODE) != "":
            parsed.mode, remarks = small_values.read_mode(self._cell(row, Field.MODE))
            parsed.remarks += remarks
        place = PlaceText(venue, address, city)
        if not address:
            split = places.split(venue, self._context.home)
            place = replace(split, city=city or split.city)
        elif not venue:
            place = replace(places.split(address, self._context.home), city=city)
        set_place(parsed, place, self._context.home)

    def _parse_rest(self, row: SourceRow, parsed: ParsedRow) -> None:
        parsed.capacity, remarks = small_values.read_capacity(self._cell(row, Field.CAPACITY))
        parsed.remarks += remarks
        parsed.is_cancelled |= small_values.says_cancelled(self._cell(row, Field.STATUS))
        parsed.languages = small_values.read_languages(self._cell(row, Field.LANGUAGES))
        parsed.has_childcare = bool(small_values.read_flag(self._cell(row, Field.CHILDCARE)))
        parsed.own_id = self._text(row, Field.ID)[:120]


def match_kind(parsed: ParsedRow, texts: Sequence[str], kinds: KindNames) -> None:
    """Sets the kind that the first text names; a text that says nothing of one is passed over."""
    if not texts:
        parsed.say(Field.KIND, RemarkCode.KIND_MISSING)
        return
    doubtful: tuple[str, KindMatch] | None = None
    for text in texts:
        found = kinds.match(text)
        if found.code is not None and doubtful is None:
            parsed.kind = found.code
            return
        if found.candidates or kinds.says_something(text):
            doubtful = doubtful or (text, found)
    text, found = doubtful or (texts[0], KindMatch(None))
    if found.candidates:
        names = ", ".join(found.candidates)
        parsed.say(Field.KIND, RemarkCode.KIND_DOUBTFUL, value=_safe(text), kinds=names)
    else:
        parsed.say(Field.KIND, RemarkCode.KIND_UNKNOWN, value=_safe(text))


def set_place(parsed: ParsedRow, place: PlaceText, home: Home) -> None:
    """Sets the venue. A place that is none, as «Zoom», sets the mode instead, and a venue that is
    not known yet, or not told, is left out."""
    online = small_values.find_online_mode(place.venue)
    if online is not None:
        parsed.mode = parsed.mode or online
        return
    if parsed.mode is not None and not parsed.mode.has_venue:
        return
    venue, address = place.venue, "" if is_undecided(place.address) else place.address
    if is_undecided(venue):
        if not address:
            parsed.say(Field.VENUE, RemarkCode.VENUE_PENDING, value=_safe(venue))
            return
        venue = places.split(address, home).venue
    parsed.venue = checked_text(parsed, Field.VENUE, venue, MAX_VENUE_LENGTH)
    parsed.address = checked_text(parsed, Field.ADDRESS, address, MAX_TITLE_LENGTH)
    parsed.city = checked_text(parsed, Field.CITY, place.city, 80)


def take_cancelled(title: str) -> tuple[str, bool]:
    """The title without the prefix that says that an event is cancelled, and whether it had it."""
    for prefix in _list_cancelled_prefixes():
        if title.casefold().startswith(prefix.casefold()):
            return title[len(prefix) :].strip(), True
    return title, False


def _list_cancelled_prefixes() -> tuple[str, ...]:
    own = (clean(word) for word in in_each(labels.CANCELLED).values())
    words = ("Cancelado", "Cancelada", "Canceled", "Cancelled", "Annulé", "Annulée", "Suspendido")
    marks = (":", " :", " -", " –", " —")
    return (*own, *(f"{word}{mark}" for word in words for mark in marks))


def is_blank(cell: Cell) -> bool:
    """Whether a cell has nothing, or a mark that stands for nothing: «—», «-»."""
    return cell == "" or (isinstance(cell, str) and cell.strip("-–—―. ") == "")


def checked_text(parsed: ParsedRow, about: Field, text: str, most: int) -> str:
    """Returns a text as it may be stored. It is empty, with a remark, where the text is too long or
    has a phone or an e-mail."""
    if small_values.has_contact(text):
        parsed.say(about, RemarkCode.TEXT_WITH_CONTACT)
        return ""
    if len(text) > most:
        parsed.say(about, RemarkCode.TEXT_TOO_LONG, most=most)
        return ""
    return text


def check_hours(parsed: ParsedRow) -> None:
    """Refuses an end that is the start. Asks about an end that may be on the next day, and about a
    very long workshop."""
    if parsed.starts is None or parsed.ends is None:
        return
    starts, ends = (
        datetime.combine(date(2000, 1, 1), each) for each in (parsed.starts, parsed.ends)
    )
    values = {"starts": f"{parsed.starts:%H:%M}", "ends": f"{parsed.ends:%H:%M}"}
    is_unlikely = workshop_data.is_unlikely_night(parsed.starts, parsed.ends)
    if ends == starts:
        parsed.say(Field.ENDS, RemarkCode.END_BEFORE_START, **values)
    elif is_unlikely or (ends < starts and parsed.ends > time(3)):
        parsed.say(Field.ENDS, RemarkCode.ENDS_NEXT_DAY, **values)
    elif ends - starts > hours.MAX_LASTING:
        parsed.say(Field.ENDS, RemarkCode.LASTS_LONG, **values)


def _is_title(heading: str) -> bool:
    """Whether a column of kinds is called «Taller» or «Evento»: its words are titles too."""
    scores = headings.guess(heading).scores
    return scores.get(Field.TITLE, 0) > scores.get(Field.KIND, 0)


def _safe(cell: Cell) -> str:
    """Returns the beginning of a cell for a message, or «…» where it may be about a person."""
    text = str(cell)
    return "…" if small_values.has_contact(text) else quote(text)
