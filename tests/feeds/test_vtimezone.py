"""VTIMEZONE blocks of feeds, read by icalendar and vobject."""

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

TODAY = date(2026, 11, 24)
# The spans of office and network feeds, and one across the change of law in Canada in 2026.
SPANS = [
    (TODAY - timedelta(days=90), TODAY + timedelta(days=365)),
    (TODAY - timedelta(days=30), TODAY + timedelta(days=120)),
    (date(2026, 1, 10), date(2026, 12, 20)),
    (date(2020, 1, 3), date(2020, 1, 31)),
    (date(2027, 3, 13), date(2027, 3, 14)),
]


def zones_of_the_network() -> list[str]:
    text = resources.files("outreach.imports").joinpath("data/offices.csv").read_text("utf-8")
    found = set()
    for row in csv.DictReader(text.splitlines()):
        found |= {row["timezone"], *row["extra_timezones"].split()}
    return sorted(found)


def hours(first: date, last: date) -> Iterator[datetime]:
    """Instants seven hours apart, so that every hour of the day occurs."""
    local = datetime(first.year, first.month, first.day, tzinfo=UTC)
    while local.date() <= last:
        yield local
        local += timedelta(hours=7)


def read_by_icalendar(block: bytes) -> tzinfo:
    component = Timezone.from_ical(block)
    assert isinstance(component, Timezone)
    found: tzinfo = component.to_tz(lookup_tzid=False)
    return found


def read_by_vobject(block: bytes) -> tzinfo:
    text = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + block + b"END:VCALENDAR\r\n"
    found: tzinfo = vobject.readOne(text.decode()).vtimezone.tzinfo
    return found


@pytest.mark.parametrize("key", zones_of_the_network())
@pytest.mark.parametrize("read", [read_by_icalendar, read_by_vobject])
def test_parsers_read_every_zone_of_the_network(key: str, read: Callable[[bytes], tzinfo]) -> None:
    zone = ZoneInfo(key)
    for first, last in SPANS:
        read_zone = read(vtimezone(zone, first, last))
        for moment in hours(first, last):
            local = moment.astimezone(zone)
            if local.fold or local.replace(fold=1).utcoffset() != local.utcoffset():
                continue  # an ambiguous local time: parsers choose either
            assert local.replace(tzinfo=read_zone).utcoffset() == local.utcoffset(), local


@pytest.mark.parametrize("key", zones_of_the_network())
@pytest.mark.parametrize("span", SPANS)
def test_vtimezone_has_nothing_that_outlook_or_exchange_refuses(
    key: str, span: tuple[date, date]
) -> None:
    block = vtimezone(ZoneInfo(key), *span).decode("ascii")

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


@pytest.mark.parametrize(
    "key",
    [
        "America/Phoenix",
        "Pacific/Honolulu",
        "America/Puerto_Rico",
        "America/Edmonton",
        "America/Winnipeg",
        "America/Vancouver",
        "America/Regina",
    ],
)
def test_zone_without_clock_changes_has_one_offset(key: str) -> None:
    block = vtimezone(ZoneInfo(key), *SPANS[0]).decode()

    assert block.count("BEGIN:STANDARD") == 1
    assert "DTSTART:19700101T000000" in block
    assert "DAYLIGHT" not in block
    assert "RRULE" not in block


@pytest.mark.parametrize("key", ["America/Chicago", "America/Toronto", "America/St_Johns"])
def test_zone_with_the_rule_of_2007_has_an_rrule(key: str) -> None:
    block = vtimezone(ZoneInfo(key), *SPANS[0]).decode()

    assert block.count("RRULE") == 2
    assert "DTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n" in block
    assert "DTSTART:20071104T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n" in block


def test_last_clock_change_in_alberta_is_not_recurring() -> None:
    block = vtimezone(ZoneInfo("America/Edmonton"), date(2026, 1, 10), date(2026, 12, 20)).decode()

    assert "RRULE" not in block
    assert block.count("DTSTART:20260308T020000") == 1
    assert block.count("BEGIN:STANDARD") == 1


@pytest.mark.parametrize("read", ["icalendar", "vobject"])
def test_six_in_the_evening_in_calgary_in_january_is_midnight_utc(read: str) -> None:
    """With older tzdata it would be one in the morning."""
    block = vtimezone(ZoneInfo("America/Edmonton"), date(2027, 1, 21), date(2027, 1, 21))
    feed = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + block + b"BEGIN:VEVENT\r\nUID:1\r\n"
        b"DTSTAMP:20260105T150000Z\r\nDTSTART;TZID=America/Edmonton:20270121T180000\r\n"
        b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    if read == "icalendar":
        calendar = Calendar.from_ical(feed)
        assert isinstance(calendar, Calendar)
        start = calendar.events[0].start
    else:
        start = vobject.readOne(feed.decode()).vevent.dtstart.value
    assert isinstance(start, datetime)
    assert start.astimezone(UTC) == datetime(2027, 1, 22, 0, 0, tzinfo=UTC)
