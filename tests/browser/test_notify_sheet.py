"""The sheet before a change that people are told of, and undoing it, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.keyboard import focus
from tests.browser.pages import CHANGE_SAVED, open_notify_sheet, visit
from tests.browser.world import World

LEFT = re.compile(r"Los avisos salen en [45]:[0-5][0-9]\.")


def find_toast(page: Page) -> Locator:
    return page.get_by_role("status").filter(has=page.get_by_role("button", name="Deshacer"))


@pytest.mark.thorough
def test_sheet_is_answered_and_undone_by_keyboard(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    open_notify_sheet(page, world)
    expect(page.locator("main")).to_contain_text("por llamada")
    hours = page.locator(".changed").filter(has_text="Hora")
    expect(hours.locator("del")).not_to_contain_text("5:15")
    expect(hours.locator("ins")).to_contain_text("5:15")
    focus(page, "radio", "Decidir luego queda en «Por avisar»")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Guardar", exact=True)).to_be_visible()
    focus(page, "radio", "Avisar en 5 minutos")
    page.keyboard.press("Space")
    focus(page, "button", re.compile("^Guardar y avisar a [0-9]+ personas?$"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("hecho=cambiado"))
    expect(find_toast(page)).to_contain_text(LEFT)
    focus(page, "button", "Deshacer")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("hecho=deshecho"))
    expect(page.locator("main")).to_contain_text("El taller quedó como estaba")
    expect(page.locator("main")).not_to_contain_text("5:15")


def test_toast_floats_above_the_tabs_until_the_hold_ends(opened: Open, world: World) -> None:
    page = opened(viewport=PHONE)
    page.clock.install()
    visit(page, world, CHANGE_SAVED)
    toast = find_toast(page)
    expect(toast).to_contain_text(LEFT)
    expect(toast).to_contain_text("llamada")
    tabs = page.get_by_role("navigation", name="Principal").bounding_box()
    for _ in range(2):  # also at the end of the page
        box = toast.bounding_box()
        assert box is not None
        assert tabs is not None
        assert tabs["y"] - 100 < box["y"] + box["height"] <= tabs["y"]
        page.mouse.wheel(0, 20_000)
    focus(page, "button", "Deshacer")
    page.clock.fast_forward("04:00")
    expect(toast).to_contain_text(re.compile(r"Los avisos salen en [01]:[0-5][0-9]\."))
    page.clock.fast_forward("01:00")
    expect(toast).to_be_hidden()
    expect(page.locator("main")).to_be_focused()


@pytest.mark.thorough
def test_toast_is_closed_and_comes_back_with_the_page(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    visit(page, world, CHANGE_SAVED)
    undo = page.get_by_role("button", name="Deshacer")
    focus(page, "button", "Cerrar")
    page.keyboard.press("Enter")
    expect(undo).to_be_hidden()
    expect(page.locator("main")).to_be_focused()
    page.reload()
    expect(undo).to_be_visible()


def test_toast_without_script_is_a_box_in_the_page(opened: Open, world: World) -> None:
    page = opened(viewport=PHONE, java_script_enabled=False)
    visit(page, world, CHANGE_SAVED)
    toast = find_toast(page)
    expect(toast).to_contain_text("Los avisos salen en 5 minutos.")
    expect(toast).to_have_css("position", "static")
    expect(page.get_by_role("button", name="Cerrar", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Deshacer").click()
    expect(page.locator("main")).to_contain_text("El taller quedó como estaba")
