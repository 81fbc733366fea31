"""A place held by keyboard while somebody is on the telephone: few keys, and without JavaScript."""

import re
from typing import Final

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import data_calls
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.keyboard import press, reach_element

# To type a place counts as one, as does each other key: a person types five in a second or two.
MAX_KEYS: Final = 8
CODE: Final = re.compile("[0-9A-Z]{6}")
HELD: Final = re.compile("/org/llamada/[0-9A-Z]{16}")

at_both_sizes = pytest.mark.parametrize(
    "size", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")]
)


def read_code(page: Page) -> str:
    """Returns the code of the place just held. Waits for its page to be loaded: a click waits for
    the first byte of the answer only, and `all_inner_texts` for nothing."""
    page.wait_for_url(HELD)
    return "".join(page.locator(".call-code b").all_inner_texts())


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += 1


@pytest.mark.parametrize("number", [1, 2, 3])
def test_place_is_held_with_few_keys(opened: Open, number: int) -> None:
    """Place, kind and people, «Enter», and the key of a date: the code is on the screen. The next
    call begins with one key."""
    page = opened(viewport=DESKTOP)
    data_calls.sign_in(page)
    page.goto("/org/llamada")
    keys = Keys(page)
    expect(page.locator("#donde")).to_be_focused()
    keys.type("boise")
    keys.press("Tab")
    keys.type("Tus der")
    keys.press("Tab")
    keys.press("2")
    keys.press("Enter")
    page.wait_for_url("**donde=boise**")
    wanted = page.locator(f"[data-key='{number}']")
    expect(wanted).to_be_visible()
    day = wanted.locator(".visually-hidden").inner_text().split(",")[0].strip()
    keys.press(str(number))
    assert CODE.fullmatch(read_code(page))
    assert keys.count <= MAX_KEYS
    expect(page.locator("main")).to_contain_text(re.compile(day.split()[-2], re.IGNORECASE))
    expect(page.locator(".call-done")).to_contain_text("Apartado en")
    expect(page.get_by_role("link", name="Otra llamada")).to_be_focused()
    keys.press("n")
    page.wait_for_url("**/org/llamada")
    expect(page.locator("#donde")).to_be_focused()


def test_keys_type_in_a_field(opened: Open) -> None:
    page = opened(viewport=DESKTOP)
    data_calls.sign_in(page)
    page.goto(data_calls.SEARCH)
    field = page.locator("#donde")
    field.click()
    field.fill("")
    page.keyboard.type("60123n")
    expect(field).to_have_value("60123n")
    assert "/org/llamada?" in page.url


def test_single_keys_can_be_switched_off(opened: Open) -> None:
    page = opened(viewport=DESKTOP)
    data_calls.sign_in(page)
    page.goto(data_calls.SEARCH)
    page.get_by_label("Usar los atajos de una sola tecla").uncheck()
    page.locator("h1").evaluate("it => document.activeElement.blur()")
    page.keyboard.press("1")
    expect(page.locator("[data-key='1']")).to_be_enabled()
    assert "/org/llamada?" in page.url


@pytest.mark.thorough
@at_both_sizes
def test_broken_call_is_cut_and_confirmed_by_keyboard(opened: Open, size: ViewportSize) -> None:
    page = opened(viewport=size)
    data_calls.hold_place(page)
    press(page, "button", "Se cortó y no lo oyó")
    page.wait_for_url("**hecho=cortada")
    broken = page.get_by_role("button", name="Sí lo oyó: confirmar").first
    reach_element(page, broken)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"{HELD.pattern}$"))
    assert CODE.fullmatch(read_code(page))
    expect(page.locator("main")).not_to_contain_text("Se cortó: se suelta")


@pytest.mark.thorough
@at_both_sizes
def test_whole_call_works_without_javascript(opened: Open, size: ViewportSize) -> None:
    signed_in = opened(viewport=size)
    data_calls.sign_in(signed_in)
    page = opened(viewport=size, java_script_enabled=False)
    page.context.add_cookies(signed_in.context.cookies())  # type: ignore[arg-type]  # as it gave it
    page.goto("/org/llamada")
    page.get_by_label("¿Desde dónde llama?").fill("Boise")
    page.get_by_role("button", name="Buscar", exact=True).click()
    page.get_by_role("button", name="Apartar 1").first.click()
    code = read_code(page)
    assert CODE.fullmatch(code)
    page.get_by_label("Nombre o apodo").fill("Rosa")
    page.get_by_role("button", name="Guardar", exact=True).click()
    page.goto("/org/llamada/codigo")
    page.get_by_label("Código", exact=True).fill(f"{code[:3].lower()} {code[3:].lower()}")
    page.get_by_role("button", name="Buscar", exact=True).click()
    expect(page.locator("main")).to_contain_text("Tiene lugar")
    page.get_by_label("Apodo").fill("rosa")
    page.get_by_role("button", name="Buscar", exact=True).click()
    page.get_by_role("button", name="Cancelar su lugar").click()
    expect(page.locator("main")).to_contain_text("Borramos sus datos.")
