"""A registration is made, changed and cancelled on a phone, with and without JavaScript."""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import early_posts
from tests.browser.conftest import Open
from tests.browser.world import World

with_and_without = pytest.mark.parametrize(
    "has_script", [True, False], ids=["with JavaScript", "without"]
)


@with_and_without
def test_registration_is_made_changed_and_cancelled(
    opened: Open, world: World, has_script: bool
) -> None:
    page = opened("/es/", java_script_enabled=has_script)

    page.get_by_label("¿Dónde estás?").fill("chicago")
    page.get_by_role("button", name="Buscar").click()
    page.locator(f"a[href*='/t/{world.plain}']").first.click()
    expect(page.locator("h1")).to_have_text("Conoce tus derechos")
    page.get_by_role("link", name="Apartar mi lugar").locator("visible=true").click()

    page.get_by_role("button", name="Apartar mi lugar").click()
    expect(page).to_have_title(re.compile(r"^Error: "))
    summary = page.get_by_role("alert")
    expect(summary.get_by_role("link")).to_have_count(2)  # name and contact
    if has_script:
        expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.locator("#name")).to_be_focused()

    page.locator("#name").fill("Rosa")
    page.locator("label:has(#contact-email)").click()
    page.get_by_label("Tu correo").fill("rosa.ejemplo.com")
    send(page, "Apartar mi lugar")
    expect(page.locator("#name")).to_have_value("Rosa")
    expect(page.locator("#email")).to_have_value("rosa.ejemplo.com")
    page.get_by_text("No me avisen").click()
    page.get_by_text("2", exact=True).click()
    send(page, "Apartar mi lugar")

    expect(page.locator("main")).to_have_attribute("data-standing", "seated")
    expect(page.locator("h1")).to_have_text("Listo, Rosa")
    expect(page.locator(".ticket")).to_contain_text("2 personas")
    link = page.get_by_role("textbox", name="Tu enlace").input_value()
    assert link == page.url

    page.get_by_role("link", name="Cambiar mi lugar").click()
    page.get_by_text("3", exact=True).click()
    page.get_by_role("button", name="Guardar cambios").click()
    expect(page.locator("main")).to_contain_text("3 personas")

    page.goto(link)
    page.get_by_role("link", name="Cancelar mi lugar").click()
    page.get_by_role("button", name="Sí, cancelar").click()
    expect(page.locator("h1")).to_be_visible()
    gone = page.goto(link)
    assert gone
    assert gone.status == 404
    assert page.context.cookies() == []


@with_and_without
def test_full_workshop_registers_to_waitlist(opened: Open, world: World, has_script: bool) -> None:
    page = opened(f"/es/t/{world.full}", java_script_enabled=has_script)
    page.get_by_role("link", name="Entrar a la lista de espera").locator("visible=true").click()
    page.locator("#name").fill("Luz")
    page.get_by_text("No me avisen").click()
    send(page, "Entrar a la lista de espera")
    expect(page.locator("main")).to_have_attribute("data-standing", "waiting")
    expect(page.locator("main")).to_contain_text("tu turno")

    page.get_by_role("link", name="Dejar mi turno").click()
    page.locator("main form [type=submit]").click()
    expect(page.locator("main")).not_to_have_attribute("data-standing", "waiting")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_qr_code_of_registration_is_readable(opened: Open, world: World, scheme: str) -> None:
    page = opened(f"/es/r/{world.seated}", color_scheme=scheme)
    # Read the whole screen at its ordinary size, as the camera of a phone does.
    page.locator(".qr").scroll_into_view_if_needed()
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    assert [square.text for square in found] == [f"{world.url}/q/{world.entry}"]


def test_qr_code_page_reveals_no_personal_data(opened: Open, world: World) -> None:
    page = opened(f"/q/{world.entry}")
    text = page.locator("main").inner_text()
    page.goto("/q/AAAAAAAAAAAAAAAAAAAAAA")
    assert page.locator("main").inner_text() == text
    assert "Rosa" not in text


def test_link_is_copied_with_javascript(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.seated}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copiar", exact=True).click()
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def send(page: Page, name: str) -> None:
    early_posts.send(page, page.get_by_role("button", name=name).click)
