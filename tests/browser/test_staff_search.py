"""The search in a dialog, and the help: keys open them, the focus returns, axe finds nothing."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.pages import sign_in
from tests.browser.test_every_page import ALL_RULES, NARROW, require_no_violation

FIELD = "#search-anywhere"
RESULTS = re.compile(r"/org/buscar\?texto=")  # encrypted


def search(page: Page, text: str) -> None:
    """Types into the open dialog, and waits for what is found."""
    with page.expect_response(re.compile("/org/buscar$")):
        page.keyboard.type(text)


def require_accessible(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE_SCRIPT)
    for size in (NARROW, PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        width = page.evaluate(
            "document.querySelector('dialog[open]').scrollWidth"
            " - document.querySelector('dialog[open]').clientWidth"
        )
        assert width <= 0
    require_no_violation(page, [(PHONE, "light", ALL_RULES), (DESKTOP, "light", ALL_RULES)])
    require_no_violation(page, [(PHONE, "dark", ALL_RULES), (DESKTOP, "dark", ALL_RULES)])


@pytest.mark.thorough
def test_search_and_a_result_open_by_keys(opened: Open) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto("/org/mas")
    more = page.locator("main a").first
    more.focus()
    page.keyboard.press("/")
    expect(page.locator(FIELD)).to_be_focused()
    expect(page.locator("#search-dialog .found")).to_contain_text("Puedes buscar")
    search(page, "talleres")
    expect(page.locator("#search-dialog [role=status]")).to_have_text(re.compile("resultados?$"))
    require_accessible(page)
    page.locator(FIELD).focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#search-dialog .found a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    second = page.locator("#search-dialog .found a").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-dialog")).to_be_hidden()
    expect(more).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.press("ArrowDown")
    target = page.locator("#search-dialog .found a").first.get_attribute("href")
    assert target is not None
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(target)))


@pytest.mark.thorough
def test_enter_opens_the_first_result_or_the_page_where_there_is_none(opened: Open) -> None:
    page = opened(viewport=PHONE)
    sign_in(page)
    page.locator("a[data-search]").click()
    search(page, "lista de talleres")
    # Before the answer, Enter leads to the page of the search.
    expect(page.get_by_role("link", name="Lista de talleres")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/org/talleres\?vista=lista"))
    page.keyboard.press("/")
    search(page, "xyzzy")
    page.keyboard.press("Escape")
    expect(page.locator("#search-dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search-dialog")).to_contain_text("No hay nada con «xyzzy».")
    page.keyboard.press("Enter")
    page.wait_for_url(RESULTS)
    expect(page.locator("main")).to_contain_text("No hay nada con «xyzzy».")


def test_keys_are_letters_while_somebody_types_and_can_be_switched_off(opened: Open) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto("/org/buscar")
    page.locator("#q").focus()
    page.keyboard.type("a/b?")
    expect(page.locator("#q")).to_have_value("a/b?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("?")
    help_dialog = page.locator("#help-dialog")
    expect(help_dialog).to_contain_text("Escribe palabras, un día")
    require_accessible(page)
    help_dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    for key in ("/", "?"):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator(FIELD)).to_be_focused()


@pytest.mark.thorough
@pytest.mark.parametrize("path", ["/org/buscar?q=talleres", "/org/ayuda?de=calendar"])
def test_search_and_help_are_pages_without_scripts(opened: Open, path: str) -> None:
    page = opened(viewport=PHONE, java_script_enabled=False)
    sign_in(page)
    page.goto(path)
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("dialog").first).to_be_hidden()
    page.locator("a[data-search]").click()
    page.wait_for_url(re.compile("/org/buscar$"))
    page.locator("#q").fill("contraseña")
    page.locator("main form[role=search] button").click()
    page.wait_for_url(RESULTS)
    expect(page.locator("main .found")).to_contain_text("Cambiar tu contraseña")
    page.get_by_role("link", name="Cambiar tu contraseña").click()
    page.go_back()
    expect(page.locator("main .found")).to_contain_text("Cambiar tu contraseña")
