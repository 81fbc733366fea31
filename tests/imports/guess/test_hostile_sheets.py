"""Hostile files are refused with a sentence, in each format that is guessed."""

import struct
from contextlib import suppress
from datetime import date
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.errors import Refusal
from outreach.imports.guess import conversation, recurring_events
from outreach.imports.guess.recurring_events import MAX_DATES
from outreach.imports.guess.row_review import MAX_DRAFT_ROWS
from outreach.imports.import_errors import UnreadableFile
from tests.hostile_files import FILES
from tests.imports.guess.builders import FILES as SAMPLES
from tests.imports.guess.builders import calendar, lines, ods, ods_of
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = [pytest.mark.any_database, fixed_clock]

UNTIL = date(2027, 5, 27)  # half a year after the fixed clock

# What the strict command refuses and a guess may read: rows of another length, old encodings, a
# formula with or without its stored value, and what is wrong with single rows.
READ = {
    "formula", "error value", "UTF-16 without a mark", "UTF-16", "UTF-7", "invalid UTF-8",
    "Windows-1252", "header twice", "lines of another length", "number of a thousand digits",
    "day that is none", "zone that climbs", "calendar, each second for ever",
    "calendar, unknown zone", "calendar, zone that lies", "calendar, year 9999",
    "calendar, all day", "no header", "cell that is not in its row", "two marks",
    "quotation mark, 5 MB open", "quotation marks, 9 MB of them", "cell of 9 MB",
    "cell of 9 MB with an emoji", "halves of a pair of UTF-16",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_hostile_file_is_refused_or_read_within_limits(name: str) -> None:
    data = FILES[name]()
    if name in READ:
        with suppress(UnreadableFile):
            conversation.read("archivo", data)
        return
    with pytest.raises(UnreadableFile):
        conversation.read("archivo", data)


def old_workbook(record: bytes = b"") -> bytes:
    """The sample of Excel 97; `record` takes the place of one that says nothing."""
    data = (SAMPLES / "old.xls").read_bytes()
    at = data.index(struct.pack("<HH", 0x0019, 2))  # WINDOWPROTECT
    return data[:at] + record + data[at + len(record) :]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (old_workbook(struct.pack("<HH", 0x002F, 2)), "password"),
        (old_workbook(struct.pack("<HHH", 0x00D3, 2, 0)), "macros"),
        (old_workbook(struct.pack("<HH", 0x01AE, 2)), "links"),
        (old_workbook()[:3000], "damaged"),
        (old_workbook()[:512] + bytes(5000), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "damaged"),
    ],
)
def test_hostile_old_workbook_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(UnreadableFile, match=word):
        conversation.read("archivo", data)


def test_old_workbook_with_a_far_column_is_refused() -> None:
    data = (SAMPLES / "old.xls").read_bytes()
    label = struct.pack("<HHHH", 0x00FD, 10, 1, 0)  # LABELSST of row 1, column 0
    far = struct.pack("<HHHH", 0x00FD, 10, 1, 65_535)
    assert label in data
    with pytest.raises(UnreadableFile, match="much more"):
        conversation.read("archivo", data.replace(label, far))


HEAD = ["Fecha", "Hora", "Tipo"]
ROW = ["2026-12-05", "18:00", "DACA"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (ods_of("<table:table/>", parts={"Basic/Standard/Module1.xml": "<x/>"}), "macros"),
        (
            ods_of(
                "<table:table/>",
                parts={"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>"},
            ),
            "password",
        ),
        (
            ods(
                HEAD,
                after='<table:table-row table:number-rows-repeated="1000000">'
                '<table:table-cell office:value-type="float" office:value="1"/></table:table-row>',
            ),
            "lines",
        ),
        (
            ods(
                HEAD,
                [
                    '<table:table-cell table:number-columns-repeated="1000000" '
                    'office:value-type="float" office:value="1"/>'
                ],
            ),
            "much more",
        ),
        (
            ods(
                HEAD,
                [
                    "<table:table-cell table:formula=\"of:=DDE('soffice';'/etc/passwd';'A1')\" "
                    'office:value-type="float" office:value="1"/>'
                ],
            ),
            "formula",
        ),
        (ods(HEAD, ROW, before='<table:cell-range-source href="http://127.0.0.1/"/>'), "links"),
        (ods_of("<table:table>" * 50), "much more|damaged"),
        (ods_of('<!DOCTYPE x [<!ENTITY a "b">]>'), "damaged"),
    ],
)
def test_hostile_open_document_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(UnreadableFile, match=word):
        conversation.read("archivo", data)


RULES = (
    "FREQ=SECONDLY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=30",
    "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=DAILY;BYHOUR=1",
    "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=YEARLY;BYMONTH=13", "FREQ=DAILY;COUNT=0", "COUNT=3",
    "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;UNTIL=ayer", "FREQ=DAILY;FREQ=DAILY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=99MO",
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rule_without_dates_is_refused_at_once(rule: str) -> None:
    (found,) = dates_of(f"RRULE:{rule}")
    assert found.error is not None
    assert "give each date an event" in str(found.error)


def dates_of(*more: str, until: date = UNTIL) -> list[recurring_events.EventDate]:
    event = ("DTSTART:20261205T180000", "DTEND:20261205T200000", "UID:1", "SUMMARY:DACA", *more)
    source = conversation.read("a.ics", calendar(event))
    assert source.calendar is not None
    zone = ZoneInfo("America/Chicago")
    events = source.calendar.calendar
    return list(recurring_events.list_dates(events, zone, now=FIXED_NOW, until=until))


def test_event_without_an_end_has_at_most_200_dates() -> None:
    found = dates_of("RRULE:FREQ=DAILY", until=UNTIL.replace(year=2028))
    assert len(found) == MAX_DATES
    assert [each.read_until is not None for each in found] == [False] * (MAX_DATES - 1) + [True]


@pytest.mark.parametrize("end", ["", ";UNTIL=99991231T000000Z"])
def test_event_without_an_end_is_read_to_the_day_that_is_given(end: str) -> None:
    found = dates_of(f"RRULE:FREQ=WEEKLY{end}")
    assert f"{found[-1].starts:%Y-%m-%d}" == "2027-05-22"
    assert [each.read_until for each in found[-2:]] == [None, UNTIL]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=200",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;UNTIL=99991231T000000Z", "FREQ=DAILY",
    ],
)  # fmt: skip
@pytest.mark.parametrize("year", [2000, 2026])
def test_rules_of_a_file_do_a_bounded_amount_of_work(
    store: Store, chicago: Office, rule: str, year: int
) -> None:
    """490 of them held the lock of writers for 17 seconds."""
    events = [
        (f"UID:{n}", f"DTSTART:{year}0101T180000", "DURATION:PT2H", "SUMMARY:x", f"RRULE:{rule}")
        for n in range(490)
    ]
    source = conversation.read("a.ics", calendar(*events))
    begun = process_time()
    with store.read() as session:
        context = conversation.make_context(session, chicago, now=FIXED_NOW)
        with suppress(UnreadableFile):
            conversation.parse(
                session, chicago, source, [], context, now=FIXED_NOW, most=MAX_DRAFT_ROWS
            )
    assert process_time() - begun < 5


def test_rules_that_look_for_dates_through_centuries_are_refused(
    store: Store, chicago: Office
) -> None:
    rule = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=200"
    events = [
        (f"UID:{n}", "DTSTART:20280229T180000", "DURATION:PT2H", "SUMMARY:x", rule)
        for n in range(20)  # rows enough for one draft
    ]
    source = conversation.read("a.ics", calendar(*events))
    with store.read() as session, pytest.raises(UnreadableFile, match="more than"):
        context = conversation.make_context(session, chicago, now=FIXED_NOW)
        conversation.parse(session, chicago, source, [], context, now=FIXED_NOW)


def test_dates_that_are_excluded_are_left_out_and_those_added_are_there() -> None:
    found = dates_of(
        "RRULE:FREQ=WEEKLY;UNTIL=20261227T000000Z",
        "EXDATE:20261212T180000,20261219T180000",
        "RDATE:20261223T100000",
    )
    days = [f"{each.starts:%d %H}" for each in found]
    assert days == ["05 18", "23 10", "26 18"]


def test_hour_stays_the_same_when_clocks_change() -> None:
    found = dates_of("RRULE:FREQ=MONTHLY;COUNT=6")
    assert {f"{each.starts:%H:%M}" for each in found} == {"18:00"}
    assert {f"{each.ends:%H:%M}" for each in found} == {"20:00"}


def test_file_of_too_many_rows_is_refused() -> None:
    with pytest.raises(Refusal, match="more than"):
        conversation.read("a", lines("Fecha,Hora", *["2026-12-05,18:00"] * 21_000))
