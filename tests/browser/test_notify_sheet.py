"""The sheet before a change that people are told of, and undoing it, by keyboard alone."""

import re

from playwright.sync_api import expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Open
from tests.browser.keyboard import focus
from tests.browser.pages import open_notify_sheet
from tests.browser.world import World


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
    expect(page.locator("main")).to_contain_text("Los avisos salen en 5 minutos.")
    focus(page, "button", "Deshacer")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("hecho=deshecho"))
    expect(page.locator("main")).to_contain_text("El taller quedó como estaba")
    expect(page.locator("main")).not_to_contain_text("5:15")
