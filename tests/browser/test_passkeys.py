"""Passkeys with Chromium's virtual authenticator; and the QR code of the TOTP setup."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Open
from tests.browser.pages import sign_in
from tests.browser.second_factors import NORA, PABLO, enter_password
from tests.browser.world import World


@contextmanager
def authenticator(page: Page) -> Iterator[None]:
    """Adds a virtual platform authenticator that verifies its user."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield
    devtools.detach()


def press(page: Page, name: str) -> None:
    """Tabs to a button or link with that text and presses Enter."""
    for _ in range(80):
        focused = page.evaluate("document.activeElement.textContent.trim()")
        if name in focused and page.evaluate("document.activeElement.matches('button,a')"):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not reach {name}")


@pytest.mark.thorough
def test_passkey_is_created_and_signs_in_by_keyboard(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page, PABLO)
    with authenticator(page):
        page.goto("/org/cuenta")
        press(page, "Agregar una llave")
        page.wait_for_url("**/org/cuenta/llaves")
        expect(page.get_by_text("Este navegador no puede usar llaves")).to_be_hidden()
        page.get_by_label("Nombre de la llave").focus()
        page.keyboard.type("Mi teléfono")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("hecho=llave"))
        expect(page.locator("main")).to_contain_text("Mi teléfono")
        page.locator(".account-menu > summary").focus()
        page.keyboard.press("Enter")
        press(page, "Cerrar sesión")
        page.wait_for_url("**/org/entrar")
        press(page, "Entrar con una llave")
        page.wait_for_url("**/org/")
        expect(page.locator("main h1")).to_contain_text("Hoy")
        # A passkey also confirms the second factor before a sensitive action.
        page.goto("/org/confirmar?volver=/org/cuenta/llaves")
        press(page, "Usar una llave")
        page.wait_for_url("**/org/cuenta/llaves")


def test_failed_passkey_shows_an_error(opened: Open, world: World) -> None:
    page = opened()
    page.goto("/org/entrar?volver=/org/talleres")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")  # the authenticator has no passkey: the request fails at once
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.get_by_role("button", name="Entrar con una llave").click()
    expect(page.locator("main [role=alert]")).to_contain_text("No pudimos usar la llave")
    expect(page.get_by_role("button", name="Entrar con una llave")).to_be_enabled()


def test_passkeys_are_hidden_without_javascript(opened: Open, world: World) -> None:
    page = opened("/org/entrar", java_script_enabled=False)
    expect(page.get_by_label("Contraseña")).to_be_visible()
    expect(page.get_by_role("button", name="Entrar con una llave")).to_be_hidden()
    sign_in(page)
    page.goto("/org/cuenta/llaves")
    expect(page.locator("main")).to_contain_text("Este navegador no puede usar llaves")


def test_qr_code_of_totp_setup_has_the_secret(opened: Open, world: World) -> None:
    page = opened()
    enter_password(page, NORA)
    page.get_by_text("Estoy en una computadora").click()
    picture = Image.open(BytesIO(page.locator(".qr").screenshot()))
    (qr_code,) = zxingcpp.read_barcodes(picture)
    totp_url = urlsplit(qr_code.text)
    params = parse_qs(totp_url.query)
    assert (totp_url.scheme, totp_url.netloc) == ("otpauth", "totp")
    assert unquote(totp_url.path) == f"/Talleres:{NORA}"
    assert params["issuer"] == ["Talleres"]
    assert page.locator(".secret-key").inner_text().replace(" ", "") == params["secret"][0]
    # A wrong code: other tests need Nora without a second factor.
    page.locator("#code").fill("12 34")
    page.keyboard.press("Enter")
    expect(page.locator("main [role=alert]")).to_be_focused()
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    shown_secret = page.locator(".secret-key").text_content() or ""
    assert shown_secret.replace(" ", "") == params["secret"][0], (
        "the secret changed after it was scanned"
    )
