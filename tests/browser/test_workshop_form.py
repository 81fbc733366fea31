"""The form of a workshop: one screen, what follows what is typed, autosave, and use by keyboard."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.data_workshop_form import free_day
from tests.browser.keyboard import focus, focus_by_id
from tests.browser.pages import sign_in
from tests.browser.second_factors import PASSWORD, next_code
from tests.browser.test_every_page import (
    DARK_DESKTOP,
    DARK_PHONE,
    LIGHT_DESKTOP,
    LIGHT_PHONE,
    require_no_violation,
)
from tests.browser.world import ANA, World

COOKIE = "__Host-staff"
MAX_PHONE_HEIGHT = 2200
NEW = "/org/talleres/nuevo?tipo=derechos"
# How much of the page lies outside of the window, and how far it has been scrolled.
HIDDEN_HEIGHT = "[document.documentElement.scrollHeight - innerHeight, scrollY]"


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
    page.locator("#textos summary").click()
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
    page.locator("#textos summary").click()
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


@pytest.mark.thorough
def test_ordinary_workshop_is_created_by_keyboard_without_scrolling(
    opened: Open, world: World
) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(NEW)
    assert page.evaluate(HIDDEN_HEIGHT) == [0, 0]
    focus(page, "textbox", "Título")
    page.keyboard.press("Control+A")
    page.keyboard.type("Tus derechos en una pantalla")
    focus_by_id(page, "day")
    day = free_day()
    page.keyboard.type(f"{day:%m%d%Y}")
    focus_by_id(page, "starts")
    page.keyboard.type("0320PM")
    focus_by_id(page, "venue")
    page.keyboard.type("Biblioteca de la Villita")
    focus_by_id(page, "capacity")
    page.keyboard.press("Control+A")
    page.keyboard.type("30")
    expect(page.locator("#form-look")).to_contain_text("Tus derechos en una pantalla")
    expect(page.locator("#form-hours")).to_contain_text(f"{day.day} de ")
    expect(page.locator("#form-look")).to_contain_text("Biblioteca de la Villita")
    assert page.locator("#form-remarks").inner_text() == ""
    focus(page, "button", "Guardar borrador")
    assert page.evaluate(HIDDEN_HEIGHT) == [0, 0]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("hecho=borrador"))


@pytest.mark.thorough
def test_form_fits_a_phone_and_shows_only_what_applies(opened: Open, world: World) -> None:
    page = opened(viewport=PHONE, reduced_motion="reduce")  # no colour transitions
    sign_in(page)
    page.goto(NEW)
    texts = ("#textos", "#traducciones")  # what an ordinary workshop has to say of its own
    for each in texts:
        page.locator(f"{each} summary").click()
    assert page.evaluate("document.documentElement.scrollHeight") <= MAX_PHONE_HEIGHT
    for each in texts:
        page.locator(f"{each} summary").click()
    link, room = page.get_by_label("Enlace para entrar en línea"), page.locator("#venue")
    expect(link).to_be_hidden()
    page.locator("#mode").select_option("virtual_sala")
    expect(link).to_be_visible()
    expect(room).to_be_hidden()
    page.locator("#mode").select_option("presencial")
    expect(page.locator("#venue_name")).to_be_hidden()
    room.select_option("nueva")
    expect(page.locator("#venue_name")).to_be_visible()
    page.locator("#interpretes summary").click()
    limit = page.locator("#limit_nah")
    expect(limit).to_be_hidden()
    page.locator("[name=interpretation][value=nah]").check()
    expect(limit).to_be_visible()
    expect(page.locator("#interpretes summary")).to_contain_text("Náhuatl")
    page.locator("#vista summary").click()
    expect(page.locator("#form-look")).to_be_visible()
    page.evaluate(AXE_SCRIPT)
    require_no_violation(page, [LIGHT_PHONE, DARK_PHONE])


@pytest.mark.thorough
def test_clash_is_said_while_typing_and_a_free_hour_fills_the_form(
    opened: Open, world: World
) -> None:
    page = opened(viewport=DESKTOP, reduced_motion="reduce")  # no colour transitions
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['with partners']}/editar")
    taken = {name: page.locator(f"#{name}").input_value() for name in ("venue", "day", "starts")}
    page.goto(NEW)
    page.locator("#day").fill(taken["day"])
    page.locator("#starts").fill(taken["starts"])
    page.locator("#venue").select_option(taken["venue"])
    remarks = page.locator("#form-remarks")
    expect(remarks).to_contain_text("La sede ya está ocupada a esa hora")
    expect(remarks.get_by_role("button")).to_have_count(4)  # three hours and another venue
    page.evaluate(AXE_SCRIPT)
    require_no_violation(page, [LIGHT_DESKTOP, DARK_DESKTOP])
    remarks.get_by_role("button").first.click()
    expect(remarks).not_to_contain_text("ocupada")
    assert _values(page, "venue", "day") == [taken["venue"], taken["day"]]
    assert _values(page, "starts") != [taken["starts"]]
    expect(page.locator("#day")).to_be_focused()


def test_preview_is_shown_in_another_language_with_one_request(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(NEW)
    expect(page.get_by_role("radio", name="Español")).to_be_checked()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.partition("/org/")[2]))
    page.get_by_role("radio", name="English").check()
    expect(page.locator("#form-look")).to_contain_text("Your rights")
    page.locator("#title_en").evaluate("field => field.closest('details').open = true")
    page.locator("#title_en").fill("Rights at work")
    expect(page.locator("#form-look")).to_contain_text("Rights at work")
    page.get_by_role("radio", name="Français").check()
    expect(page.locator("#form-look")).not_to_contain_text("Rights at work")
    # The choice alone is not saved: one draft, of the title.
    expect(page.locator("#autosave-status")).to_contain_text("Borrador guardado:")
    assert sent.count("talleres/vista-previa") == 3
    assert sent.count("talleres/borrador") == 1


@pytest.mark.thorough
def test_form_works_whole_without_javascript(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP, java_script_enabled=False)
    sign_in(page)
    page.goto(NEW)
    page.locator("#title_es").fill("Sin guion")
    page.locator("#day").fill(str(free_day()))
    page.locator("#starts").fill("07:15")
    page.locator("#capacity").fill("90")
    page.locator("#venue").select_option(world.more["a venue"])
    page.get_by_role("button", name="Vista previa").click()
    expect(page.locator("#form-look")).to_contain_text("Sin guion")
    page.get_by_role("radio", name="English").check()
    page.get_by_role("button", name="Ver así").click()
    expect(page.locator("#form-look")).to_contain_text("7:15 a.m.")
    expect(page.get_by_role("radio", name="English")).to_be_checked()
    page.get_by_role("button", name="Poner 40 lugares").click()
    expect(page.locator("#capacity")).to_have_value("40")
    page.get_by_role("button", name="Guardar borrador").click()
    expect(page).to_have_url(re.compile("hecho=borrador"))


def _values(page: Page, *ids: str) -> list[str]:
    return [page.locator(f"#{each}").input_value() for each in ids]


def _end_session(context: BrowserContext) -> None:
    context.clear_cookies(name=COOKIE)
