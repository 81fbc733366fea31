"""The form of a workshop: autosave, and use by keyboard."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Open
from tests.browser.data_workshop_form import free_day
from tests.browser.keyboard import focus, focus_by_id
from tests.browser.pages import sign_in
from tests.browser.second_factors import PASSWORD, next_code
from tests.browser.world import ANA, World

COOKIE = "__Host-staff"


@pytest.mark.long
def test_autosave_survives_the_end_of_the_session(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto("/org/talleres/nuevo?tipo=derechos")
    status = page.locator("#autosave-status")
    page.get_by_label("Título", exact=True).fill("Un título")
    expect(status).to_contain_text("Borrador guardado:")

    _end_session(page.context)
    page.get_by_label("Título", exact=True).fill("Un título que no se pierde")
    expect(status).to_contain_text("Lo que escribes sigue en esta página.")
    with page.context.expect_page() as opening:
        status.get_by_role("link", name="Entrar en otra pestaña").click()
    other = opening.value
    other.get_by_label("Correo").fill(ANA)
    other.get_by_label("Contraseña").fill(PASSWORD)
    other.locator("#waiting [type=submit]").click()
    other.locator("#code").fill(next_code(ANA))
    other.locator("#waiting [type=submit]").click()
    other.wait_for_url("**/org/")
    other.close()
    page.get_by_label("Qué traer").fill("Agua")
    expect(status).to_contain_text("Borrador guardado:")

    page.goto("/org/talleres/nuevo")  # leave without saving
    offer = page.get_by_role("list", name="Borradores sin guardar")
    expect(offer).to_contain_text("Un título que no se pierde")
    offer.get_by_role("link", name=re.compile("Recuperar Un título que no se pierde")).click()
    expect(page.get_by_label("Título", exact=True)).to_have_value("Un título que no se pierde")
    expect(page.get_by_label("Qué traer")).to_have_value("Agua")
    page.get_by_label("Fecha", exact=True).fill(str(free_day()))
    page.get_by_label("Empieza", exact=True).fill("07:30")
    page.get_by_role("button", name="Guardar borrador").click()
    expect(page).to_have_url(re.compile("hecho=borrador"))
    page.goto("/org/talleres/nuevo")
    expect(page.locator("main")).not_to_contain_text("Un título que no se pierde")


@pytest.mark.long
def test_autosave_resumes_after_a_network_failure(browser: Browser, world: World) -> None:
    page = browser.new_page(base_url=world.url)  # the console may report the network error
    sign_in(page)
    page.goto(f"/org/talleres/{world.plain}/editar")
    page.route("**/org/talleres/borrador", lambda route: route.abort("internetdisconnected"))
    page.get_by_label("Qué traer").fill("Una silla")
    expect(page.locator("#autosave-status")).to_contain_text("No se pudo guardar ahora.")
    page.unroute("**/org/talleres/borrador")
    page.get_by_label("Qué traer").fill("Una silla y agua")
    expect(page.locator("#autosave-status")).to_contain_text("Borrador guardado:")
    page.goto(f"/org/talleres/{world.plain}/editar")
    page.get_by_role("button", name=re.compile("Descartar")).click()
    expect(page.get_by_label("Qué traer")).not_to_have_value("Una silla y agua")
    expect(page.locator("main")).not_to_contain_text("sin guardar")
    page.context.close()


def test_workshop_is_published_by_keyboard(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    focus(page, "link", "Nuevo taller")
    page.keyboard.press("Enter")
    focus(page, "button", "Derechos de las personas migrantes")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Título", exact=True)).to_have_value("Tus derechos")
    focus(page, "textbox", "Título")
    page.keyboard.type("Tus derechos, sin ratón")
    focus_by_id(page, "day")
    day = free_day()
    page.keyboard.type(f"{day:%m%d%Y}")
    focus_by_id(page, "starts")
    page.keyboard.type("0710AM")
    focus_by_id(page, "venue")
    page.keyboard.type("Biblioteca de la Villita")
    focus_by_id(page, "capacity")
    page.keyboard.press("Control+A")
    page.keyboard.type("90")
    focus(page, "button", "Publicar")
    page.keyboard.press("Enter")
    # The venue has a capacity of forty: the warning is shown once and has the focus.
    expect(page.locator("[data-alert]")).to_be_focused()
    expect(page.locator("[data-alert]")).to_contain_text("No caben tantas personas")
    focus(page, "button", "Publicar de todos modos")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("hecho=publicado"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Tus derechos, sin ratón")


def _end_session(context: BrowserContext) -> None:
    context.clear_cookies(name=COOKIE)
