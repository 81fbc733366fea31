"""Staff publish and cancel a workshop, check people in and make calls, with and without
JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Open
from tests.browser.data_workshop_form import free_day
from tests.browser.keyboard import focus
from tests.browser.pages import follow_action, press_sign_out, sign_in
from tests.browser.world import World

with_and_without = pytest.mark.parametrize(
    "has_script",
    [
        pytest.param(True, id="with JavaScript"),
        pytest.param(False, id="without", marks=pytest.mark.long),
    ],
)


@with_and_without
def test_organizer_publishes_workshop_and_public_sees_it(
    opened: Open, world: World, has_script: bool
) -> None:
    title = f"Tus derechos en el trabajo, {'primera' if has_script else 'segunda'} parte"
    page = opened(viewport=DESKTOP, java_script_enabled=has_script)
    sign_in(page)
    page.get_by_role("link", name="Nuevo taller").click()
    page.get_by_role("button", name="Derechos laborales").click()

    expect(page.get_by_label("Lugares", exact=True)).not_to_have_value(
        ""
    )  # the default of the kind
    page.get_by_label("Título", exact=True).fill(title)
    page.get_by_label("Fecha", exact=True).fill(str(free_day()))
    page.get_by_label("Empieza", exact=True).fill("07:30")  # the venue is free
    page.get_by_label("Sede", exact=True).select_option(index=1)
    page.get_by_role("button", name="Publicar").click()
    expect(page).to_have_url(re.compile(r"/org/talleres/[0-9A-Z]{16}"))
    public_id = page.url.rpartition("/")[2].partition("?")[0]

    # From that day on: how many workshops come before, on one page or two, depends on the date.
    visitor_page = opened(f"/es/?donde=chicago&desde={free_day()}", java_script_enabled=has_script)
    expect(visitor_page.get_by_role("link", name=title)).to_be_visible()
    for feed in ("/es/cal/red.ics", "/es/cal/chicago.ics", f"/es/t/{public_id}.ics"):
        assert title.replace(",", r"\,") in _unfold(visitor_page.request.get(feed).text())

    follow_action(page, "Cancelar el taller")
    page.locator("label.choice").first.click()  # the reason, not published
    page.get_by_role("button", name="Sí, cancelar el taller").click()
    expect(page).to_have_url(re.compile("hecho=cancelado"))
    visitor_page.reload()
    card = visitor_page.locator(".card").filter(has_text=title)
    expect(card).to_contain_text("Cancelado")


@pytest.mark.thorough
@with_and_without
def test_check_in_marks_and_undoes_arrival(opened: Open, world: World, has_script: bool) -> None:
    page = opened(java_script_enabled=has_script)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['tomorrow']}/entrada")
    tabs = page.get_by_role("navigation", name="Mostrar")
    expect(tabs).to_contain_text("Llegaron 0")
    page.get_by_role("button", name="Llegó Rosa").click()
    expect(tabs).to_contain_text("Llegaron 1")
    page.get_by_role("button", name="Deshacer llegada de Rosa").click()
    expect(tabs).to_contain_text("Llegaron 0")
    expect(page.get_by_role("button", name="Llegó Rosa")).to_be_visible()


def test_check_in_works_by_keyboard(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['tomorrow']}/entrada")
    tabs = page.get_by_role("navigation", name="Mostrar")
    focus(page, "button", "Llegó Rosa")
    page.keyboard.press("Enter")
    expect(tabs).to_contain_text("Llegaron 1")
    focus(page, "button", "Deshacer llegada de Rosa")
    page.keyboard.press("Enter")
    expect(tabs).to_contain_text("Llegaron 0")
    sin_lugar = page.locator("#sin-lugar")
    focus(page, "button", "+1 sin registro")
    page.keyboard.press("Enter")
    expect(sin_lugar).to_contain_text("Llegaron sin registro: 1")
    focus(page, "button", "−1 sin registro")
    page.keyboard.press("Enter")
    expect(sin_lugar).to_contain_text("Llegaron sin registro: 0")


@pytest.mark.thorough
@with_and_without
def test_check_in_admits_waitlisted_party_and_undoes_it(
    opened: Open, world: World, has_script: bool
) -> None:
    page = opened(java_script_enabled=has_script)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['started']}/entrada")
    fewer = page.get_by_role("button", name="−1 sin registro")
    while fewer.is_enabled():  # another test may have added walk-ins
        fewer.click()
        page.wait_for_url("**#sin-lugar")
        page.goto(f"/org/talleres/{world.more['started']}/entrada")
    expect(page.locator("#espera")).to_contain_text("Hay 2 sillas libres.")
    page.get_by_role("button", name="Dejar pasar a Luz").click()
    expect(page.locator("#espera")).to_contain_text("Hay 1 silla libre.")
    page.get_by_role("button", name="Deshacer llegada de Luz").click()
    expect(page.locator("#espera")).to_contain_text("Hay 2 sillas libres.")


@pytest.mark.thorough
@with_and_without
def test_manual_call_is_marked_done_and_undone(
    opened: Open, world: World, has_script: bool
) -> None:
    page = opened(java_script_enabled=has_script)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['calls']}?ver=llamadas")
    expect(page.locator("main")).not_to_contain_text("5550142")
    page.get_by_role("button", name="Ver contacto de Luz").click()
    expect(page.get_by_role("link", name="+13125550142")).to_be_visible()
    page.get_by_role("button", name="Ya llamé Luz").click()
    page.get_by_role("button", name="Deshacer Luz").click()
    expect(page.get_by_role("button", name="Ya llamé Luz")).to_be_visible()


@with_and_without
def test_form_shows_capacity_of_time_slots(opened: Open, world: World, has_script: bool) -> None:
    page = opened(java_script_enabled=has_script)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['slots']}/editar")
    expect(page.locator("#citas")).to_contain_text("21 horas con 1 por hora: 21 lugares.")


@pytest.mark.thorough
def test_back_button_after_logout_shows_no_staff_page(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/{world.plain}")
    expect(page.locator("main")).to_contain_text("Rosa")
    press_sign_out(page)
    page.wait_for_url(re.compile("/org/entrar"))
    page.go_back()
    expect(page.get_by_label("Contraseña")).to_be_visible()
    assert "Rosa" not in page.content()


def _unfold(ical: str) -> str:
    return ical.replace("\r\n ", "")
