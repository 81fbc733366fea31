"""Thirty workshops of a month are entered and published in at most sixty interactions; and the same
pages work by keyboard and without JavaScript."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count, cycle
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from outreach.clock import Month
from outreach.domain.locations import holidays
from outreach.web.staff.common.workshop_labels import short_day
from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Open
from tests.browser.data_series import VENUES
from tests.browser.own_months import OwnMonth
from tests.browser.pages import sign_in
from tests.browser.world import World

MAX_INTERACTIONS: Final = 60
MAX_PLANNER_INTERACTIONS: Final = 40
WORKSHOP_COUNT: Final = 30
LIBRARY, PARISH, ROOM = VENUES
ORDINALS: Final = ("primer", "segundo")
NAMES: Final = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

Row = tuple[str, str, str]  # title, day and hour, venue


class InteractionCounter:
    """Counts interactions: each click, and each field that is filled or chosen, is one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.interactions = 0

    def click(self, locator: Locator) -> None:
        self.interactions += 1
        locator.click()

    def fill(self, label: str, text: str) -> None:
        self.interactions += 1
        self.page.get_by_label(label).fill(text)

    def choose(self, label: str, words: str) -> None:
        self.interactions += 1
        self.page.get_by_label(label, exact=True).select_option(label=words)

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True).locator("visible=true"))

    def follow(self, name: str) -> None:
        self.page.wait_for_load_state()
        link = self.page.get_by_role("link", name=name).locator("visible=true").first
        if not link.count():
            self.click(self.page.locator(".menu > summary"))
        self.click(link)


def days_without_holidays(month: Month) -> list[date]:
    """Returns the days of a month that are no holidays in Illinois."""
    days = (month.first + timedelta(days=number) for number in range(month.last.day))
    return [day for day in days if not holidays.list_holidays(day, "US", "IL")]


def expected_row(title: str, day: date, hour: str, place: str) -> Row:
    return title, f"{short_day(day)}, {hour}", place


def listed_rows(page: Page) -> list[Row]:
    """Returns the rows of the staff's list of workshops."""
    found = []
    for line in page.locator("main tbody tr").all():
        cells = line.locator("th b, th small, td.table-full").all_inner_texts()
        texts = [" ".join(text.split()) for text in cells]
        found.append((texts[0], texts[1], texts[2]))
    return found


@pytest.mark.long
def test_entering_thirty_workshops_takes_at_most_sixty_interactions(
    opened: Open, world: World
) -> None:
    month = OwnMonth.THIRTY_BY_PLANNER_AND_SERIES.month
    days = days_without_holidays(month)
    saturdays = [day for day in days if day.weekday() == 5]
    tuesdays = [day for day in days if day.weekday() == 1]
    fortnight = [day for day in tuesdays if (day - tuesdays[0]).days % 14 == 0]
    second_week_day = next(day for day in days if day.day > 7 and day.weekday() in {2, 3, 4})
    # Sundays have no other workshop.
    clones = [day for day in days if day.weekday() == 6][:3]
    one_off_count = WORKSHOP_COUNT - len(saturdays) - len(fortnight) - 1 - len(clones)

    expected = [expected_row("Tus derechos", day, "10:00 a. m.", LIBRARY) for day in saturdays]
    expected += [expected_row("DACA", day, "6:00 p. m.", PARISH) for day in fortnight]
    expected += [expected_row("Opciones migratorias", second_week_day, "5:30 p. m.", ROOM)]
    lines = [
        f"{tuesdays[0].day}; 18:00; {PARISH}; DACA",
        f"{second_week_day.day}; 5:30 p. m.; {ROOM}; Opciones migratorias",
    ]
    planned_one_offs = list(_one_offs(days, one_off_count))
    for title, typed, shown_hour, place, workshop_days in planned_one_offs:
        lines.append(
            f"{' '.join(str(day.day) for day in workshop_days)}; {typed}; {place}; {title}"
        )
        listed_title = "Mujeres" if title == "Para mujeres" else title
        expected += [expected_row(listed_title, day, shown_hour, place) for day in workshop_days]
    title, _typed, shown_hour, place, workshop_days = planned_one_offs[0]
    expected += [expected_row(title, day, shown_hour, place) for day in clones]
    assert len(expected) == len(set(expected)) == WORKSHOP_COUNT
    assert len({each[0] for each in expected}) >= 4
    assert {each[2] for each in expected} == set(VENUES)

    page = opened(viewport=DESKTOP)
    sign_in(page)
    ana = InteractionCounter(page)
    ana.follow("Talleres")
    ana.follow("Un mes de una vez")
    while month.first.strftime("-%m") not in page.locator("[name=month]").last.input_value()[4:]:
        ana.follow(next_month_text(page))

    # In the month planner: all workshops without a series, and the first date of each series.
    ana.choose("Sede", LIBRARY)
    ana.fill("Empieza", "10:00")
    ana.click(page.locator(f"label:has([name=days][value='{saturdays[0].day}'])"))
    ana.fill("Otros talleres, uno por línea", "\n".join(lines))
    ana.press("Revisar")
    ana.press("Guardar borradores")
    expect(page.get_by_role("status")).to_contain_text("Guardados como borradores")
    assert len(listed_rows(page)) == one_off_count + 3

    # Every Saturday of the month, as proposed.
    ana.follow("Tus derechos")
    ana.follow("Repetir")
    ana.press("Guardar borradores")

    # Every other Tuesday.
    ana.follow("DACA")
    ana.follow("Repetir")
    ana.click(page.get_by_text("Cambiar cómo se repite"))
    ana.click(page.get_by_text("Cada 2 semanas"))
    ana.press("Ver fechas")
    ana.press("Guardar borradores")

    # The same weekday in the second week of the next month, published at once.
    ana.follow("Opciones migratorias")
    ana.follow("Repetir")
    ana.click(page.get_by_text("Cambiar cómo se repite"))
    ana.click(page.get_by_text(f"El {ORDINALS[1]} {NAMES[second_week_day.weekday()]} de cada mes"))
    ana.fill("O tantas veces más", "1")
    ana.press("Ver fechas")
    later = second_weekday_of_month(OwnMonth.END_OF_SERIES.month, second_week_day.weekday())
    is_closed = bool(holidays.list_holidays(later, "US", "IL"))
    if is_closed:
        ana.click(page.locator("#fechas label").first)
    ana.press("Publicar")
    if is_closed:
        ana.press("Publicar de todos modos")
    assert listed_rows(page) == [expected_row("Opciones migratorias", later, "5:30 p. m.", ROOM)]
    ana.click(page.get_by_role("navigation", name="Fecha").get_by_role("link").first)

    # Three duplicates of one workshop, each made from the previous one.
    ana.follow(title)
    for day in clones:
        ana.follow("Clonar")
        ana.fill("Fecha", str(day))
        ana.press("Guardar borrador")
        expect(page.get_by_role("status")).to_contain_text("Guardado como borrador")
    ana.click(page.locator(".back"))

    # Publish all drafts.
    ana.follow("Lista")
    ana.follow("Borrador")
    ana.click(page.locator("[data-select-all] input"))
    ana.press("Publicar")
    expect(page.locator("h1")).to_have_text(f"¿Publicar {WORKSHOP_COUNT} talleres?")
    ana.press("Sí, publicar")
    expect(page.get_by_role("status")).to_contain_text(f"Publicamos {WORKSHOP_COUNT} talleres.")

    assert sorted(listed_rows(page)) == sorted(expected)
    expect(page.locator("main tbody .tag-good")).to_have_count(WORKSHOP_COUNT)
    print(f"{WORKSHOP_COUNT} workshops, {ana.interactions} interactions")
    assert ana.interactions <= MAX_INTERACTIONS
    public = opened(f"/es/?desde={month.first}&hasta={month.last}&donde=chicago")
    expect(public.locator("h1")).to_be_visible()


@pytest.mark.long
def test_planner_takes_at_most_forty_interactions_for_thirty_workshops(
    opened: Open, world: World
) -> None:
    month = OwnMonth.THIRTY_BY_PLANNER.month
    days = days_without_holidays(month)
    ticked, typed = days[:20], days[:10]
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/mes-nuevo?mes={month}")
    ana = InteractionCounter(page)
    ana.choose("Sede", LIBRARY)
    ana.fill("Empieza", "10:00")
    for day in ticked:
        ana.click(page.locator(f"label:has([name=days][value='{day.day}'])"))
    numbers = " ".join(str(day.day) for day in typed)
    ana.fill("Otros talleres, uno por línea", f"{numbers}; 18:00; {PARISH}; DACA")
    ana.press("Revisar")
    ana.press("Publicar")
    expect(page).to_have_url(re.compile("hecho=publicados"))
    print(f"{WORKSHOP_COUNT} workshops, {ana.interactions} interactions")
    assert ana.interactions <= MAX_PLANNER_INTERACTIONS
    page.goto(f"/org/talleres/mes-nuevo?mes={month}")
    expect(page.locator("#days")).to_contain_text(f"Ya tienes {WORKSHOP_COUNT} talleres")
    cell = page.locator(f"td:has([name=days][value='{typed[0].day}'])")
    expect(cell).to_contain_text("10:00 Tus derechos")
    expect(cell).to_contain_text("18:00 DACA")


def next_month_text(page: Page) -> str:
    """Returns the text of the link to the next month."""
    text = page.get_by_role("navigation", name="Mes").get_by_role("link").last.inner_text()
    return text.strip()


def second_weekday_of_month(month: Month, weekday: int) -> date:
    first = month.first
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7)


def _one_offs(
    days: Sequence[date], workshop_count: int
) -> Iterator[tuple[str, str, str, str, list[date]]]:
    """Yields kind, hour as typed and as shown, venue and days, for this many workshops in all. No
    kind is repeated on a day, and no venue at an hour."""
    kinds = cycle(
        [
            ("Derechos laborales", "18:30", "6:30 p. m.", PARISH),
            ("Para mujeres", "9:00", "9:00 a. m.", ROOM),
            ("Ciudadanía", "5 pm", "5:00 p. m.", LIBRARY),
            ("Plan de emergencia familiar", "12:15", "12:15 p. m.", ROOM),
        ]
    )
    weekdays = [day for day in days if day.weekday() in {0, 3, 4}]
    offsets = count(0)
    while workshop_count > 0:
        step = next(offsets)
        chosen_days = weekdays[step % 3 :: 3][: min(workshop_count, 5)]
        workshop_count -= len(chosen_days)
        yield (*next(kinds), chosen_days)


# By keyboard


def focus(page: Page, css: str) -> None:
    """Presses Tab until an element that matches the selector has the focus."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("css => document.activeElement.matches(css)", css):
            return
    raise AssertionError(f"no way to {css} with the Tab key")


def enter(page: Page, css: str) -> None:
    """Presses Enter and waits for an element of the next page."""
    page.keyboard.press("Enter")
    page.locator(css).first.wait_for()


def as_typed(day: date) -> str:
    """Returns the date as typed into a date field in the locale es-MX."""
    return f"{day:%d%m%Y}"


@pytest.mark.long
def test_month_planner_works_by_keyboard(opened: Open, world: World) -> None:
    month = OwnMonth.PLANNER_BY_KEYBOARD.month
    day = next(day for day in days_without_holidays(month) if day.weekday() == 3)
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres?mes={month}")
    focus(page, "a[href*=mes-nuevo]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Un mes de una vez")
    focus(page, "#venue")
    page.keyboard.type("Parroquia")
    focus(page, "#starts")
    page.keyboard.type("0630p")
    focus(page, f"[name=days][value='{day.day}']")
    page.keyboard.press("Space")
    focus(page, "#lines")
    page.keyboard.type(f"{day.day}, 10:00, Lozano, Ciudadanía")
    focus(page, "button[value=look]:not([tabindex])")
    page.keyboard.press("Enter")
    page.locator("#fechas").wait_for()
    focus(page, ".action-bar button[value=draft]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("borradores")
    focus(page, "[data-select-all] input")
    page.keyboard.press("Space")
    focus(page, "button[value=publicar]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("¿Publicar 2 talleres?")
    focus(page, "main .actions button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Publicamos 2 talleres.")

    focus(page, "main tbody a")
    enter(page, "main a[href$='/editar']")
    focus(page, ".menu > summary")
    page.keyboard.press("Enter")
    focus(page, "a[href$='/clonar']")
    enter(page, "#day")
    focus(page, "#day")
    page.keyboard.type(as_typed(day + timedelta(days=3)))
    focus(page, "#starts")
    page.keyboard.type("1100a")
    focus(page, "button[value=publish]")
    enter(page, "main [role=status]")
    expect(page).to_have_url(re.compile("/org/talleres/[0-9A-Z]{16}"))
    expect(page.locator(".notice[role=status]")).to_contain_text("Publicado")


@pytest.mark.thorough
def test_bulk_publishing_works_without_javascript(opened: Open, world: World) -> None:
    month = OwnMonth.BULK_WITHOUT_JAVASCRIPT.month
    days = days_without_holidays(month)[:2]
    page = opened(java_script_enabled=False)
    sign_in(page)
    page.goto(f"/org/talleres/mes-nuevo?mes={month}")
    page.get_by_label("Empieza").fill("09:00")
    for day in days:
        page.locator(f"label:has([name=days][value='{day.day}'])").click()
    page.get_by_role("button", name="Revisar").locator("visible=true").click()
    page.get_by_role("button", name="Guardar borradores").click()
    expect(page.locator("[data-select-all]")).to_be_hidden()
    page.get_by_role("link", name="Elegir todos los de esta página").click()
    expect(page.locator("[data-count]")).to_have_text("2 elegidos")
    page.get_by_role("button", name="Publicar", exact=True).click()
    page.get_by_role("button", name="Sí, publicar").click()
    expect(page.get_by_role("status")).to_contain_text("Publicamos 2 talleres.")


@pytest.mark.thorough
def test_actions_appear_with_a_tick_and_shift_ticks_a_stretch(opened: Open, world: World) -> None:
    month = OwnMonth.TICKS.month
    days = days_without_holidays(month)[:5]
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/mes-nuevo?mes={month}")
    page.get_by_label("Empieza").fill("09:00")
    for day in days:
        page.locator(f"label:has([name=days][value='{day.day}'])").click()
    page.get_by_role("button", name="Revisar").locator("visible=true").click()
    page.get_by_role("button", name="Guardar borradores").click()
    bar, count = page.locator(".action-bar"), page.locator("[data-count]")
    boxes = page.locator("tbody .table-pick input")
    expect(bar).to_be_hidden()
    boxes.nth(0).click()
    expect(bar).to_be_visible()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(count).to_have_text("3 elegidos")
    expect(boxes.nth(1)).to_be_checked()
    boxes.nth(4).focus()  # the same by keyboard
    page.keyboard.press("Shift+Space")
    expect(count).to_have_text("5 elegidos")
    boxes.nth(3).click(modifiers=["Shift"])
    expect(count).to_have_text("3 elegidos")
    for number in range(3):
        boxes.nth(number).uncheck()
    expect(bar).to_be_hidden()
