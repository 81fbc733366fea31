"""Every way in which dates and hours are written, in each language, on each day of a leap year and
at each minute of a day; and sentences that end with a value."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from babel.dates import get_day_names, get_month_names
from flask import Flask, render_template_string

from outreach import clock, formats, i18n
from outreach.i18n import Message
from outreach.imports import packaged
from outreach.web.presentation import formatting
from outreach.web.staff.common import workshop_labels
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database("words are not read from a database"), fixed_clock]

LEAP_YEAR: Final = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
MINUTES: Final = [time(number // 60, number % 60) for number in range(24 * 60)]
SLIP: Final = re.compile(r"[{}%]|None|  |\.\.|'")
of_each_language = pytest.mark.parametrize("lang", ["es", "en", "fr"])


def list_patterns() -> dict[str, Message]:
    """All patterns of dates, by their names."""
    return {
        name: value
        for name, value in vars(formats).items()
        if isinstance(value, tuple) and value[:1] == ("date pattern",)
    }


@of_each_language
@pytest.mark.parametrize("name", sorted(list_patterns()))
def test_each_pattern_writes_each_day_of_a_leap_year(name: str, lang: str) -> None:
    pattern = list_patterns()[name]
    locale = i18n.get_locale(lang)
    months = [get_month_names(width, locale=locale) for width in ("wide", "abbreviated")]
    for day in LEAP_YEAR:
        text = formats.dated(day, pattern, lang)
        assert not SLIP.search(text), (day, text)
        assert text == text.strip()
        if "d" in pattern[1].replace("'de'", ""):
            number = "1er" if lang == "fr" and day.day == 1 else str(day.day)
            assert number in re.split(r"[^\w]+", text), (day, text)
        if "MMM" in pattern[1]:
            assert any(names[day.month] in text for names in months), (day, text)
        if "y" in pattern[1]:
            assert "2028" in text, (day, text)
        if "EEE" in pattern[1]:
            widths = (get_day_names(each, locale=locale) for each in ("wide", "abbreviated"))
            assert any(names[day.weekday()] in text for names in widths), (day, text)


@of_each_language
def test_each_way_of_writing_a_day_in_pages_writes_each_day(app: Flask, lang: str) -> None:
    ways: list[Callable[[date], str]] = [
        formatting.day,
        formatting.long_day,
        formatting.short_day,
        formatting.slim_day,
        formatting.weekday,
        formatting.month_name,
        formatting.month_and_year,
        formatting.short_month,
        formatting.short_month_name,
        workshop_labels.day_of_week,
        workshop_labels.brief_day,
    ]
    with app.app_context(), i18n.use_language(lang):
        for day in LEAP_YEAR:
            for write in ways:
                text = write(day)
                assert text, write
                assert not SLIP.search(text), (write, day, text)
            for length in (0, 1, 6, 31):
                text = workshop_labels.span(day, day + timedelta(days=length))
                assert not SLIP.search(text), (day, length, text)


@of_each_language
def test_each_minute_of_a_day_is_written_as_itself(lang: str) -> None:
    written = {formats.hour(each, lang) for each in MINUTES}
    assert len(written) == len(MINUTES), "two hours read alike"
    assert not [each for each in written if SLIP.search(each)]
    for first, last in ((time(0), time(23, 59)), (time(23), time(0)), (time(12), time(13))):
        text = formats.hours(first, last, lang)
        assert formats.hour(first, lang) in text
        assert formats.hour(last, lang) in text


@of_each_language
def test_zones_of_the_network_have_names_on_each_day(lang: str) -> None:
    """Also in the hour that clocks skip, and in the one that they show twice."""
    zones = {
        zone
        for row in packaged.read_offices()
        for zone in (row.zone, *(ZoneInfo(each) for each in row.extra_zones))
    }
    for zone in zones:
        for day in LEAP_YEAR:
            name = formats.zone_name(zone, day, lang)
            assert name, zone
            assert not SLIP.search(name), (zone, day, name)
        for hour in MINUTES[::30]:
            for day in (date(2028, 3, 12), date(2028, 11, 5)):
                at = clock.instant(day, hour, zone)
                assert formats.hour(at.astimezone(zone).time(), lang)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("6:00 p.\xa0m.", "Cierra a las 6:00 p.\xa0m."),
        ("6 h", "Cierra a las 6 h."),
        ("¿seguro?", "Cierra a las ¿seguro?"),
        ("algo…", "Cierra a las algo…"),
        (3, "Cierra a las 3."),
    ],
)
def test_sentence_that_ends_with_a_value_has_one_stop(
    app: Flask, value: object, expected: str
) -> None:
    assert i18n.fill("Cierra a las %(hour)s.", {"hour": value}) == expected
    with app.test_request_context("/es/"):
        page = "{{ _('Cierra a las %(hour)s.', hour=value) }}"
        assert render_template_string(page, value=value) == expected


def test_stops_are_left_where_they_are_no_ends() -> None:
    assert i18n.fill("%(a)s... %(b)s.", {"a": "D.C.", "b": "x"}) == "D.C.... x."
    assert i18n.fill("%(a)s.%(b)s", {"a": "D.C.", "b": "csv"}) == "D.C..csv", "a name of a file"
    assert i18n.end_sentence("Washington, D.C.") == "Washington, D.C."
    assert i18n.end_sentence("Chicago") == "Chicago."


def test_value_with_markup_ends_as_its_words_do(app: Flask) -> None:
    with app.test_request_context("/es/"):
        hour = "{% set hour %}<b>6:00 p. m.</b>{% endset %}"
        page = hour + "{{ _('Cierra a las %(hour)s.', hour=hour) }}"
        assert render_template_string(page) == "Cierra a las <b>6:00 p. m.</b>"


def test_moment_of_a_zone_is_that_of_its_clock() -> None:
    zone = ZoneInfo("America/St_Johns")
    assert datetime(2028, 3, 12, 12, tzinfo=zone).utcoffset() == timedelta(hours=-2, minutes=-30)
