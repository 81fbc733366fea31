"""VTIMEZONE blocks, the same in every file of a zone, read by icalendar and vobject."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
import vobject
from icalendar import Calendar, Timezone

from outreach.feeds.vtimezone import vtimezone
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.core, fixed_clock]

# From the first day that a form takes to beyond the window of any feed, across the change of law in
# Canada in 2026.
FIRST, LAST = date(2015, 1, 1), date(2030, 12, 31)
# With other rules than ours: the last Sunday, the southern summer, none that a line could say, two
# laws, a whole history without a rule, and offsets that are no hours.
FURTHER_ZONES = [
    *("Europe/Madrid", "America/Santiago", "Asia/Jerusalem", "America/Ciudad_Juarez"),
    *("America/Mexico_City", "America/Havana", "America/Caracas", "Asia/Kathmandu"),
]
# What does not change from 2007 until the horizon of the rules.
CONSTANT = [
    *("America/Phoenix", "Pacific/Honolulu", "America/Puerto_Rico", "America/Regina"),
    *("America/Guatemala", "America/Costa_Rica", "America/Bogota", "Asia/Kathmandu"),
]


def zones_of_the_network() -> list[str]:
    text = resources.files("outreach.imports").joinpath("data/offices.csv").read_text("utf-8")
    found = set()
    for row in csv.DictReader(text.splitlines()):
        found |= {row["timezone"], *row["extra_timezones"].split()}
    return sorted(found)


def hours(first: date, last: date) -> Iterator[datetime]:
    """Instants two days and seven hours apart, so that every hour of the day occurs."""
    local = datetime(first.year, first.month, first.day, tzinfo=UTC)
    while local.date() <= last:
        yield local
        local += timedelta(days=2, hours=7)


def read_by_icalendar(block: bytes) -> tzinfo:
    component = Timezone.from_ical(block)
    assert isinstance(component, Timezone)
    found: tzinfo = component.to_tz(lookup_tzid=False)
    return found


def read_by_vobject(block: bytes) -> tzinfo:
    text = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + block + b"END:VCALENDAR\r\n"
    found: tzinfo = vobject.readOne(text.decode()).vtimezone.tzinfo
    return found


@pytest.mark.parametrize("key", [*zones_of_the_network(), *FURTHER_ZONES])
@pytest.mark.parametrize("read", [read_by_icalendar, read_by_vobject])
def test_parsers_read_one_text_of_a_zone_for_all_days(
    key: str, read: Callable[[bytes], tzinfo]
) -> None:
    zone = ZoneInfo(key)
    read_zone = read(vtimezone(zone))
    for moment in hours(FIRST, LAST):
        local = moment.astimezone(zone)
        if local.fold or local.replace(fold=1).utcoffset() != local.utcoffset():
            continue  # an ambiguous local time: parsers choose either
        assert local.replace(tzinfo=read_zone).utcoffset() == local.utcoffset(), local


@pytest.mark.parametrize("key", zones_of_the_network())
def test_vtimezone_has_nothing_that_outlook_or_exchange_refuses(key: str) -> None:
    block = vtimezone(ZoneInfo(key)).decode("ascii")

    assert block.startswith(f"BEGIN:VTIMEZONE\r\nTZID:{key}\r\n")
    assert block.endswith("END:VTIMEZONE\r\n")
    assert "RDATE" not in block
    assert "COMMENT" not in block
    assert "BYMONTHDAY" not in block
    assert "BYDAY=SU" not in block
    for line in block.split("\r\n"):
        assert "\r" not in line
        assert len(line) <= 75
        if line.startswith("TZOFFSET"):
            assert len(line.partition(":")[2]) == 5, "hours and minutes, never seconds"
    parts = block.count("BEGIN:STANDARD") + block.count("BEGIN:DAYLIGHT")
    for name in ("TZOFFSETFROM", "TZOFFSETTO", "TZNAME", "DTSTART"):
        assert block.count(name) == parts


@pytest.mark.parametrize("key", CONSTANT)
def test_zone_without_clock_changes_has_one_offset(key: str) -> None:
    block = vtimezone(ZoneInfo(key)).decode()

    assert block.count("BEGIN:STANDARD") == 1
    assert "DTSTART:19700101T000000" in block
    assert "DAYLIGHT" not in block
    assert "RRULE" not in block


def test_constant_zones_are_all_those_of_the_network_that_never_change() -> None:
    changing = {key for key in zones_of_the_network() if b"DAYLIGHT" in vtimezone(ZoneInfo(key))}
    never = set(zones_of_the_network()) - changing

    assert {"America/Phoenix", "America/Puerto_Rico", "America/Regina"} <= never
    assert never.isdisjoint({"America/Edmonton", "America/Whitehorse", "America/Chicago"})


@pytest.mark.parametrize("key", ["America/Chicago", "America/Toronto", "America/Boise"])
def test_zone_with_the_rule_of_2007_has_an_rrule(key: str) -> None:
    block = vtimezone(ZoneInfo(key)).decode()

    assert block.count("RRULE") == block.count("DTSTART") == 2
    assert "DTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n" in block
    assert "DTSTART:20071104T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n" in block


def test_rule_of_the_last_sunday_and_of_a_southern_summer() -> None:
    madrid = vtimezone(ZoneInfo("Europe/Madrid")).decode()
    assert "DTSTART:20070325T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n" in madrid
    assert "DTSTART:20071028T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n" in madrid
    # «The first Sunday on or after the second» is no rule of one weekday with its number.
    assert "RRULE" not in vtimezone(ZoneInfo("America/Santiago")).decode()


def test_rule_that_is_younger_than_2007_begins_when_it_began() -> None:
    newfoundland = vtimezone(ZoneInfo("America/St_Johns")).decode()
    assert newfoundland.count("RRULE") == newfoundland.count("DTSTART") == 2
    assert "DTSTART:20120311T020000" in newfoundland, "until 2011 at one minute past midnight"

    block = vtimezone(ZoneInfo("America/Ciudad_Juarez")).decode()

    assert "DTSTART:20230312T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n" in block
    assert block.count("DTSTART:20221130T000000\r\nTZOFFSETFROM:-0600") == 1
    assert block.index("DTSTART:2022") < block.index("DTSTART:2023")


def test_last_clock_change_in_alberta_is_not_recurring() -> None:
    block = vtimezone(ZoneInfo("America/Edmonton")).decode()

    assert "RRULE" not in block
    assert block.count("DTSTART:20260308T020000") == 1
    assert "DTSTART:2027" not in block


def test_feed_of_winter_read_before_one_of_summer_does_not_move_it() -> None:
    """Radicale reads calendars with vobject, which keeps a zone by its name."""
    zone = ZoneInfo("America/Chicago")
    for day, hour in ((date(2027, 1, 14), 0), (date(2027, 7, 14), 23)):
        start = vobject.readOne(_event("America/Chicago", day).decode()).vevent.dtstart.value
        assert start.astimezone(UTC).hour == hour
        assert start.utcoffset() == datetime(day.year, day.month, 14, tzinfo=zone).utcoffset()


def _event(key: str, day: date) -> bytes:
    """A calendar with an event at six in the evening."""
    return (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
        + vtimezone(ZoneInfo(key))
        + f"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260105T150000Z\r\nDTSTART;TZID={key}:"
        f"{day:%Y%m%d}T180000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()
    )


@pytest.mark.parametrize("read", ["icalendar", "vobject"])
def test_six_in_the_evening_in_calgary_in_january_is_midnight_utc(read: str) -> None:
    """With older tzdata it would be one in the morning."""
    feed = _event("America/Edmonton", date(2027, 1, 21))
    if read == "icalendar":
        calendar = Calendar.from_ical(feed)
        assert isinstance(calendar, Calendar)
        start = calendar.events[0].start
    else:
        start = vobject.readOne(feed.decode()).vevent.dtstart.value
    assert isinstance(start, datetime)
    assert start.astimezone(UTC) == datetime(2027, 1, 22, 0, 0, tzinfo=UTC)
