"""Values are read as people write them; whatever is typed, nothing else is read into it."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.imports.guess import (
    dates,
    day_lists,
    hours,
    message_rows,
    places,
    small_values,
    zones,
)
from outreach.imports.guess.dates import DayContext, DayOrder
from outreach.imports.guess.headings import Field, guess
from outreach.imports.guess.hours import HourStyle
from outreach.imports.guess.places import Home
from outreach.imports.sheets.text_tables import decode
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

TODAY = date(2026, 11, 27)
MONTHS = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
WEEKDAYS = {
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
}
days = st.dates(TODAY, TODAY + timedelta(days=700))
times = st.times().map(lambda each: each.replace(second=0, microsecond=0))


def day_of(text: object, order: DayOrder | None = None) -> date | None:
    reading = dates.read_day(text)  # type: ignore[arg-type]
    return None if reading is None else dates.resolve(reading, DayContext(TODAY, order))[0]


@settings(deadline=None)
@given(days, st.sampled_from(["es", "en", "fr"]))
def test_day_in_words_is_read_in_each_language(day: date, lang: str) -> None:
    month, weekday = MONTHS[lang].split()[day.month - 1], WEEKDAYS[lang].split()[day.weekday()]
    for text in (
        f"{weekday} {day.day} de {month} de {day.year}",
        f"{weekday}, {day.day} {month.upper()} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day}-{month[:3] if lang == 'es' else month}-{day.year}",
        f"{day:%Y-%m-%d}",
        f"{day:%Y/%m/%d}",
    ):
        assert day_of(text) == day, text


@settings(deadline=None)
@given(days)
def test_day_in_figures_is_never_read_in_the_wrong_order(day: date) -> None:
    for text, order in (
        (f"{day:%d/%m/%Y}", DayOrder.DAY_FIRST),
        (f"{day:%m/%d/%Y}", DayOrder.MONTH_FIRST),
        (f"{day:%d-%m-%y}", DayOrder.DAY_FIRST),
    ):
        assert day_of(text, order) == day
        assert day_of(text) in {day, None}


@settings(deadline=None)
@given(days, st.integers(0, 6))
def test_weekday_that_contradicts_its_day_is_asked(day: date, other: int) -> None:
    text = f"{WEEKDAYS['es'].split()[other]} {day:%Y-%m-%d}"
    reading = dates.read_day(text)
    assert reading is not None
    _day, remarks = dates.resolve(reading, DayContext(TODAY))
    assert bool(remarks) == (other != day.weekday())


@settings(deadline=None)
@given(times, st.integers(30, 600))
def test_range_of_hours_is_read_in_each_way_of_writing(starts: time, minutes: int) -> None:
    ends = (datetime.combine(TODAY, starts) + timedelta(minutes=minutes)).time()
    if ends <= starts:
        return
    for first, last in ((f"{starts:%H:%M}", f"{ends:%H:%M}"), (_half(starts), _half(ends))):
        for text in (f"{first} - {last}", f"de {first} a {last}", f"{first}–{last} "):
            reading = hours.read_hours(text)
            assert reading is not None, text
            found = hours.resolve(reading, HourStyle.PLAIN)
            assert (found.starts, found.ends) == (starts, ends), text


def _half(hour: time) -> str:
    return f"{hour.hour % 12 or 12}:{hour:%M} {'p. m.' if hour.hour >= 12 else 'a.m.'}"


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("mediodía", "12:00", None),
        ("18h-20h", "18:00", "20:00"),
        ("18 h 30 à 20 h", "18:30", "20:00"),
        ("de 10 a 12", "10:00", "12:00"),
        ("10 a 2", "10:00", "14:00"),
        ("6 a 8 pm", "18:00", "20:00"),
        ("11-1pm", "11:00", "13:00"),
        ("7 a 9 de la noche", "19:00", "21:00"),
        ("6 y media pm", "18:30", None),
        ("1800 hrs", "18:00", None),
        ("6", None, None),
        ("4 a 6", None, None),
        ("7:00", None, None),
        ("10:00 y 16:00", None, None),
    ],
)
def test_hours(text: str, starts: str | None, ends: str | None) -> None:
    reading = hours.read_hours(text)
    assert reading is not None
    found = hours.resolve(reading)
    assert [f"{each:%H:%M}" if each else None for each in (found.starts, found.ends)] == [
        starts,
        ends,
    ]
    assert bool(found.remarks) == (starts is None)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2 h", 120), ("90", 90), ("2", 120), ("1:30", 90), ("hora y media", 90),
        ("1 hora y media", 90), ("2 h 30 min", 150), (time(1, 30), 90), ("nada", None), (9, None),
    ],
)  # fmt: skip
def test_lengths(text: str, minutes: int | None) -> None:
    assert hours.read_minutes(text) == minutes


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("20 personas", 20), ("cupo: 30", 30), ("1,200", 1200), ("30.0", 30), (40, 40), ("", None),
        ("ilimitado", None), ("20-25", None), ("-5", None), ("veinte", None), ("Ana 20", None),
    ],
)  # fmt: skip
def test_capacity(text: str, places: int | None) -> None:
    found, remarks = small_values.read_capacity(text)
    assert found == places
    assert bool(remarks) == (places is None and text != "")


@pytest.mark.parametrize(
    "text", ["Publicado", "CONFIRMED", "sí", True, "por confirmar", "no", "", "programado"]
)
def test_status_says_only_what_is_cancelled(text: str) -> None:
    assert not small_values.says_cancelled(text)
    assert small_values.says_cancelled("Cancelada")


@pytest.mark.parametrize(
    "heading",
    [
        "Nombre", "Nombre completo", "Correo", "E-mail", "Teléfono de contacto", "Celular",
        "Fecha de nacimiento", "Dirección de correo electrónico", "Ponente", "Asistentes", "Nom",
        "Your name", "Attendees", "Edad", "CURP",
    ],
)  # fmt: skip
def test_heading_about_persons_is_recognized(heading: str) -> None:
    assert guess(heading).is_person


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Fecha tentativa del evento", Field.DAY), ("Capasidad", Field.CAPACITY),
        ("Nombre del taller", Field.TITLE), ("Nombre de la sede", Field.VENUE),
        ("Heure de début", Field.STARTS), ("Hora de término", Field.ENDS), ("Lieu", Field.VENUE),
        ("Max attendees", Field.CAPACITY), ("¿Se publica?", Field.STATUS),
    ],
)  # fmt: skip
def test_heading_is_found_by_its_words(heading: str, field: Field) -> None:
    scores = guess(heading).scores
    assert max(scores, key=lambda each: scores[each]) is field


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=130) | st.floats() | st.integers() | st.booleans() | st.datetimes())
def test_any_cell_is_read_or_refused_without_an_error(cell: object) -> None:
    # The types say what a reader makes of a cell; here it is whatever a hostile file may give.
    reading = dates.read_day(cell)  # type: ignore[arg-type]
    if reading is not None:
        dates.resolve(reading, DayContext(TODAY))
        hours.read_hours(reading.hours)
    found = hours.read_hours(cell)  # type: ignore[arg-type]
    if found is not None:
        hours.resolve(found)
    hours.read_minutes(cell)  # type: ignore[arg-type]
    small_values.read_capacity(cell)  # type: ignore[arg-type]
    small_values.says_cancelled(cell)  # type: ignore[arg-type]
    guess(str(cell))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850"]
)
def test_text_of_any_usual_encoding_is_read(encoding: str) -> None:
    text = "Fecha;Plática;Ubicación\n5 de enero;Día de la niñez, ¿qué hacer?;Peñón\n"
    assert decode("hoja", text.encode(encoding)) == text


def test_text_of_an_old_mac_is_read() -> None:
    text = "Fecha;Plática\n5 de enero;Niñez, ¿qué hacer?\n"
    assert decode("hoja", text.encode("mac_roman")) == text


@pytest.mark.parametrize(
    ("text", "rest", "zone"),
    [
        ("2027-01-20T07:00:00-08:00", "2027-01-20T07:00:00", "UTC-08:00"),
        ("2027-01-20T18:00:00.000Z", "2027-01-20T18:00:00", "UTC"),
        ("2026-12-05 18:00 -0600", "2026-12-05 18:00", "UTC-06:00"),
        ("6:00 PM CST", "6:00 PM", "US/Central"),
        ("18:00 UTC", "18:00", "UTC"),
        ("6 pm (hora del Pacífico)", "6 pm", "US/Pacific"),
        ("20 h (heure de l’Est)", "20 h", "US/Eastern"),
        ("10:00 America/Denver", "10:00", "America/Denver"),
        ("07:00-08:00", "07:00-08:00", None),
        ("10 est", "10 est", None),
        ("18:00:00 - 20:00:00", "18:00:00 - 20:00:00", None),
    ],
)
def test_zone_of_an_hour(text: str, rest: str, zone: str | None) -> None:
    found = zones.split(text)
    assert (found.text, zones.name(found.zone) if found.zone else None) == (rest, zone)


def test_zone_of_a_region_is_that_of_an_office_with_its_hours_in_winter() -> None:
    mountain, phoenix = zones.find("MST"), ZoneInfo("America/Phoenix")
    assert mountain is not None
    assert zones.is_own(mountain, phoenix)
    assert not zones.is_own(ZoneInfo("America/Denver"), phoenix)
    assert not zones.is_own(mountain, ZoneInfo("America/Chicago"))


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        (0.75, "18:00"),
        ("0,416666667", "10:00"),
        ("0.5", "12:00"),
        (0.42, None),  # 10:00 or 10:05
        (".4167", "10:00"),
        ("0,417", "10:00"),
        (0.7513888888888889, "18:02"),
        ("0.45", None),
        (timedelta(days=1), "24:00"),
    ],
)
def test_fraction_of_a_day_is_an_hour_if_it_tells_the_minute(
    cell: float | str | timedelta, hour: str | None
) -> None:
    reading = hours.read_hours(cell)
    assert (reading and f"{reading.parts[0].hour:02}:{reading.parts[0].minute:02}") == hour


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("viernes 22 y sábado 23 9am", ("viernes 22 9am", "sabado 23 9am")),
        ("5, 12 y 19 de diciembre", ("5 diciembre", "12 diciembre", "19 diciembre")),
        ("December 5 and 12, 2026", ("5 december 2026", "12 december 2026")),
        ("30 de enero y 6 de febrero", ("30 de enero", "6 de febrero")),
        ("5/12/2026 y 12/12/2026", ("5/12/2026", "12/12/2026")),
        ("18 y 20", ("18", "20")),
        ("5 al 7 de enero", ()),
        ("January 5-7", ()),
        ("10:00 y 16:00", ()),
        ("sábado 5 de diciembre, 10 a 12", ()),
    ],
)
def test_cell_that_lists_days_is_a_text_for_each(text: str, days: tuple[str, ...]) -> None:
    assert day_lists.split(text) == days


def test_day_without_its_month_is_the_near_one_with_its_weekday() -> None:
    def find(text: str) -> date | None:
        number = day_lists.read_number(text)
        reading = day_lists.find_by_weekday(number, TODAY) if number else None
        return dates.resolve(reading, DayContext(TODAY))[0] if reading else None

    assert find("sábado 16") == date(2027, 1, 16)
    assert find("16") is None
    assert find("mar 15") is None, "a Tuesday, or a day of March"


@pytest.mark.parametrize(
    ("text", "venue", "address", "city"),
    [
        ("Centro (23 S. Uno St., Chicago, IL 60608)", "Centro", "23 S. Uno St.", "Chicago"),
        ("Biblioteca - 1805 S. Ejemplo St.", "Biblioteca", "1805 S. Ejemplo St.", ""),
        ("Biblioteca Sur 1805 S. Ejemplo St.", "Biblioteca Sur", "1805 S. Ejemplo St.", ""),
        ("Biblioteca, 18 S Uno St, Chicago, IL 60608, USA", "Biblioteca", "18 S Uno St", "Chicago"),
        ("Biblioteca (por confirmar)", "Biblioteca", "", ""),
        ("Parroquia (salón 2)", "Parroquia (salón 2)", "", ""),
        ("Consulado, sala B", "Consulado, sala B", "", ""),
        ("Salón A, Centro Comunitario", "Salón A, Centro Comunitario", "", ""),
    ],
)  # fmt: skip
def test_place_of_a_text(text: str, venue: str, address: str, city: str) -> None:
    found = places.split(text, Home("chicago", "il"))
    assert (found.venue, found.address, found.city) == (venue, address, city)


@settings(deadline=None)
@given(st.text("0123456789 :/-.,;()[]*áéíóúñabcdeghilmnoprstuvyZT+\n📅⏰📍", max_size=120))
def test_any_text_is_a_message_or_none(text: str) -> None:
    table = message_rows.find_table(text)
    assert table is None or all(len(row.cells) == len(table.headings) for row in table.rows)
    zones.split(text)
    day_lists.split(text)
    places.split(text, Home("chicago", "il"))
