"""«Talleres» as a calendar: by mouse, by keyboard, and without JavaScript."""

import re
from datetime import date, timedelta
from itertools import product
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from outreach.clock import Month
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.data_series import VENUES
from tests.browser.own_months import OwnMonth
from tests.browser.pages import follow_action, sign_in
from tests.browser.test_month_planner import (
    WORKSHOP_COUNT,
    InteractionCounter,
    days_without_holidays,
)
from tests.browser.world import World

MAX_INTERACTIONS: Final = 90
SAVED: Final = "Movimos 1 taller."


def working_day(own: OwnMonth) -> date:
    """A day, Monday to Thursday, of a month."""
    days = days_without_holidays(own.month)
    return next(day for day in days if day.day > 7 and day.weekday() < 4)


def add_draft(page: Page, day: date) -> None:
    """Adds a draft from 9:00 to 10:30 by the planner."""
    page.goto(f"/org/talleres/mes-nuevo?mes={Month.from_day(day)}")
    page.get_by_label("Empieza").fill("09:00")
    page.locator(f"label:has([name=days][value='{day.day}'])").click()
    page.get_by_role("button", name="Revisar").locator("visible=true").click()
    page.get_by_role("button", name="Guardar borradores").click()
    expect(page.get_by_role("status").first).to_contain_text("Guardados como borradores")


def entry_of(page: Page, day: date) -> Locator:
    """The only entry of a day in the month or the week."""
    return page.locator(f"[data-day='{day}'] [data-move]")


def click_hour(page: Page, day: date, hour: int) -> None:
    """Clicks on an empty hour of the week, which begins at eight."""
    hours = page.locator(f".week-list[data-day='{day}']")
    rows = hours.evaluate("each => each.className.match(/rows-([0-9]+)/)[1]")
    box = hours.bounding_box()
    assert box is not None
    hours.click(position={"x": 40, "y": box["height"] * (2 * (hour - 8) + 0.5) / int(rows)})


def expect_moved(page: Page, day: date, starts: str, ends: str) -> None:
    """The page after a change without people to tell, with the entry where it was put."""
    expect(page.get_by_role("status").first).to_contain_text(SAVED)
    entry = entry_of(page, day)
    expect(entry).to_have_attribute("data-starts", starts)
    expect(entry).to_have_attribute("data-ends", ends)


@pytest.mark.thorough
def test_workshop_is_dragged_to_another_day_and_back(opened: Open, world: World) -> None:
    day = working_day(OwnMonth.DRAG_TO_ANOTHER_DAY)
    page = opened(viewport=DESKTOP)
    sign_in(page)
    add_draft(page, day)
    page.goto(f"/org/talleres?mes={Month.from_day(day)}")
    later = day + timedelta(days=2)
    entry_of(page, day).drag_to(page.locator(f"td[data-day='{later}']"))
    expect_moved(page, later, "09:00", "10:30")
    page.get_by_role("button", name="Deshacer").click()
    page.goto(f"/org/talleres?mes={Month.from_day(day)}")
    expect(entry_of(page, day)).to_be_visible()
    expect(entry_of(page, later)).to_have_count(0)


def test_workshop_is_dragged_to_another_hour_and_lengthened(opened: Open, world: World) -> None:
    day = working_day(OwnMonth.DRAG_TO_ANOTHER_HOUR)
    page = opened(viewport=DESKTOP)
    sign_in(page)
    add_draft(page, day)
    page.goto(f"/org/talleres?vista=semana&dia={day}")
    box = page.locator(f".week-list[data-day='{day}']").bounding_box()
    assert box is not None
    half_hour = box["height"] / (2 * 12)
    to = page.locator(f".week-list[data-day='{day + timedelta(days=1)}']")
    entry_of(page, day).drag_to(
        to,
        source_position={"x": 20, "y": 5},
        target_position={"x": 20, "y": 8 * half_hour + 8},  # half past eleven, or noon
    )
    moved = day + timedelta(days=1)
    expect_moved(page, moved, "12:00", "13:30")
    edge = entry_of(page, moved).locator(".event-end")
    edge_box = edge.bounding_box()
    assert edge_box is not None
    x, y = edge_box["x"] + 20, edge_box["y"] + 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + half_hour, steps=4)
    page.mouse.move(x, y + 2 * half_hour, steps=4)
    page.mouse.up()
    expect_moved(page, moved, "12:00", "14:30")


@pytest.mark.thorough
def test_workshop_is_moved_by_arrow_keys(opened: Open, world: World) -> None:
    day = working_day(OwnMonth.ARROW_KEYS)
    page = opened(viewport=DESKTOP)
    sign_in(page)
    add_draft(page, day)
    page.goto(f"/org/talleres?vista=semana&dia={day}")
    entry_of(page, day).focus()
    page.keyboard.press("ArrowDown")
    said = page.locator("#moving")
    expect(said).to_contain_text("Enter guarda")
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(said).to_contain_text("8:30")
    page.keyboard.press("Enter")
    moved = day + timedelta(days=1)
    expect_moved(page, moved, "08:30", "11:00")
    page.goto(f"/org/talleres?mes={Month.from_day(day)}")
    entry_of(page, moved).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_moved(page, moved + timedelta(days=7), "08:30", "11:00")


@pytest.mark.thorough
def test_calendar_works_without_javascript(opened: Open, world: World) -> None:
    day = working_day(OwnMonth.CALENDAR_WITHOUT_JAVASCRIPT)
    page = opened(viewport=PHONE, java_script_enabled=False)
    sign_in(page)
    add_draft(page, day)
    page.goto(f"/org/talleres?mes={Month.from_day(day)}")
    page.locator(f"td[data-day='{day}'] .month-day").click()
    page.locator("#dia .agenda a").first.click()
    follow_action(page, "Mover")
    page.get_by_label("Día", exact=True).fill(str(day + timedelta(days=3)))
    page.get_by_role("button", name="Mover").click()
    expect(page.get_by_role("status").first).to_contain_text(SAVED)
    page.get_by_role("link", name="Semana").click()
    expect(page.locator(".week-list .event")).to_have_count(1)


def test_empty_hour_opens_the_form_of_a_new_workshop(opened: Open, world: World) -> None:
    day = working_day(OwnMonth.EMPTY_HOUR)
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres?vista=semana&dia={day}")
    click_hour(page, day, 10)
    expect(page).to_have_url(re.compile(rf"dia={day}.*hora=10:00"))


@pytest.mark.thorough
def test_moving_with_people_asks_whom_to_tell(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    with_calls = world.more["calls"]
    page.goto(f"/org/talleres/{with_calls}/mover")
    day = date.fromisoformat(page.get_by_label("Día", exact=True).input_value())
    page.goto(f"/org/talleres?vista=semana&dia={day}")
    page.locator(f"[href='/org/talleres/{with_calls}'][data-move]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("¿A quién le avisamos?")


@pytest.mark.parametrize("view", ["mes", "semana", "dia", "sedes", "lista"])
def test_filters_apply_on_a_phone(opened: Open, world: World, view: str) -> None:
    page = opened(viewport=PHONE)
    sign_in(page)
    page.goto(f"/org/talleres?vista={view}")
    page.get_by_label("Tipo").select_option(index=1)
    page.get_by_role("button", name="Ver", exact=True).click()
    expect(page).to_have_url(re.compile(rf"vista={view}.*tipo=\w+"))
    page.get_by_role("link", name="Quitar filtros").click()
    expect(page.get_by_label("Tipo")).to_have_value("")


@pytest.mark.long
def test_thirty_workshops_by_the_calendar_take_at_most_ninety_interactions(
    opened: Open, world: World
) -> None:
    month = OwnMonth.THIRTY_BY_CALENDAR.month
    days = days_without_holidays(month)
    page = opened(viewport=DESKTOP)
    sign_in(page)
    ana = InteractionCounter(page)
    ana.follow("Talleres")
    while month.first.strftime("mes=%Y-%m") not in page.url:
        ana.follow("Después")
    ana.follow("Semana")
    week = {day.weekday(): day for day in reversed(days)}  # the first of each
    for index, (kind, place) in enumerate(list(product(range(1, 6), VENUES[:2]))[:9]):
        day = week[index % 4]  # Monday to Thursday
        if str(day) not in page.url:
            page.goto(f"/org/talleres?vista=semana&dia={day}")
            ana.interactions += 1
        page.locator("[name=tipo]").select_option(index=kind)
        page.locator("[name=sede]").select_option(label=place)
        ana.press("Ver")
        ana.interactions += 3  # the two choices above, and the hour below
        click_hour(page, day, 9 + 2 * (index % 3))
        ana.press("Guardar borrador")
        ana.follow("Repetir")
        ana.press("Guardar borradores")
    drafts = int(page.get_by_role("link", name="Borrador").inner_text().split()[-1])
    assert drafts >= WORKSHOP_COUNT
    ana.follow("Borrador")
    ana.click(page.locator("[data-select-all] input"))
    ana.press("Publicar")
    ana.click(page.locator(".actions button"))  # «de todos modos» where a day is a holiday
    expect(page.get_by_role("status").first).to_contain_text(f"Publicamos {drafts} talleres.")
    print(f"{drafts} workshops, {ana.interactions} interactions")
    assert ana.interactions <= MAX_INTERACTIONS
