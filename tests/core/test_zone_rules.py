"""The zone in which calendars show an event: programs with older rules than ours read it right."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from outreach import clock
from outreach.zone_rules import (
    CONSTANT_YEARS,
    YEARS_AHEAD,
    choose_calendar_zone,
    find_last_change,
    is_substitute,
    list_changes,
)
from tests.feeds.test_vtimezone import zones_of_the_network

pytestmark = pytest.mark.core

UTC_ZONE = ZoneInfo("UTC")


def choose(key: str, day: date, starts: time, ends: time, *, is_second: bool = False) -> str:
    zone = ZoneInfo(key)
    return choose_calendar_zone(zone, *clock.span(day, starts, ends, zone, is_second=is_second)).key


@pytest.mark.parametrize(
    ("key", "substitute"),
    [
        ("America/Vancouver", "America/Phoenix"),
        ("America/Edmonton", "America/Regina"),
        ("America/Yellowknife", "America/Regina"),
        ("America/Inuvik", "America/Regina"),
        ("America/Winnipeg", "America/Cancun"),
        ("America/Mexico_City", "America/Guatemala"),
    ],
)
def test_zone_with_a_new_law_is_replaced_after_its_last_transition(
    key: str, substitute: str
) -> None:
    last = find_last_change(ZoneInfo(key))
    assert last is not None
    day = last.day

    assert choose(key, day, time(10), time(12)) == key
    assert choose(key, day + timedelta(days=1), time(10), time(12)) == substitute
    assert choose(key, day + timedelta(days=700), time(23), time(1)) == substitute


@pytest.mark.parametrize("key", ["America/Chicago", "America/Ciudad_Juarez", "America/Whitehorse"])
def test_zone_whose_rules_every_program_knows_stays(key: str) -> None:
    for month in range(1, 13):
        assert choose(key, date(2026, month, 15), time(10), time(12)) == key


def test_hour_that_clocks_show_twice_is_written_in_utc() -> None:
    autumn = date(2026, 11, 1)
    for starts, ends in ((time(1, 30), time(3)), (time(0), time(1, 30))):
        for is_second in (False, True):
            assert choose("America/Chicago", autumn, starts, ends, is_second=is_second) == "UTC"
    assert choose("America/Chicago", autumn, time(2), time(4)) == "America/Chicago"
    # The night before, beyond midnight into that hour.
    before = autumn - timedelta(days=1)
    assert choose("America/Chicago", before, time(23), time(1, 30)) == "UTC"


def test_second_of_two_hours_is_an_hour_later() -> None:
    zone, day = ZoneInfo("America/Chicago"), date(2026, 11, 1)
    first = clock.span(day, time(1, 30), time(3), zone)
    second = clock.span(day, time(1, 30), time(3), zone, is_second=True)

    assert second[0] - first[0] == timedelta(hours=1)
    assert second[1] == first[1]
    usual = date(2026, 11, 2)
    assert clock.span(usual, time(1, 30), time(3), zone) == clock.span(
        usual, time(1, 30), time(3), zone, is_second=True
    )


@pytest.mark.parametrize("key", zones_of_the_network())
def test_chosen_zone_of_every_day_shows_the_hour_of_the_venue(key: str) -> None:
    zone, day = ZoneInfo(key), date(2025, 12, 1)
    while day < date(2031, 1, 1):
        starts_at, ends_at = clock.span(day, time(10), time(12), zone)
        chosen = choose_calendar_zone(zone, starts_at, ends_at)
        for moment in (starts_at, ends_at):
            assert moment.astimezone(chosen).replace(tzinfo=None) == moment.astimezone(
                zone
            ).replace(tzinfo=None)
        day += timedelta(days=1)


@pytest.mark.long
def test_substitute_of_every_zone_of_the_world_has_been_constant_for_ten_years() -> None:
    found = set()
    for key in sorted(available_timezones()):
        last = find_last_change(ZoneInfo(key))
        if last is not None:
            found.add(last.substitute)
    this_year = datetime.now(UTC).year
    for zone in found:
        assert is_substitute(zone)
        assert not list_changes(
            zone,
            date(this_year - CONSTANT_YEARS + 1, 1, 1),
            date(this_year + YEARS_AHEAD - 1, 12, 31),
        )
    assert len(found) > 5
