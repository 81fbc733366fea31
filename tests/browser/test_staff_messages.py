"""Staff send a message to the people of a workshop, make the manual calls, and register callers,
with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.pages import follow_action, sign_in
from tests.browser.world import World

with_and_without = pytest.mark.parametrize(
    "has_script",
    [
        pytest.param(True, id="with JavaScript"),
        pytest.param(False, id="without", marks=pytest.mark.long),
    ],
)
BACK_DOOR = "La entrada es por la puerta de atrás."


@pytest.mark.thorough
@with_and_without
def test_message_is_sent_after_preview_and_calls_are_marked_done(
    opened: Open, world: World, has_script: bool
) -> None:
    page = opened(java_script_enabled=has_script)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['without message']}")
    follow_action(page, "Enviar mensaje")
    page.get_by_text("Todas: 2 registros").click()
    page.get_by_text("Cambió la hora" if has_script else "Recordatorio", exact=True).click()
    page.get_by_label("Algo más (si quieres)").fill(BACK_DOOR)
    expect(page.get_by_role("button", name=re.compile("^Enviar a"))).to_have_count(0)
    page.get_by_role("button", name="Ver cómo queda").click()

    letter = page.locator(".letter").first
    expect(letter).to_contain_text("Hola:")
    expect(letter).to_contain_text(BACK_DOOR)
    expect(page.locator(".letter")).to_have_count(3)
    page.get_by_role("button", name="Enviar a 1 correo", exact=True).click()
    expect(page).to_have_url(re.compile(r"mensaje\?enviado=\d+"))
    expect(page.get_by_role("status").first).to_contain_text("Sale 1 correo")

    calls = page.locator(".people li")
    expect(calls).to_have_count(1)
    calls.get_by_role("button", name="Ya llamé Luz").click()
    expect(page.get_by_role("heading", name="Llamadas")).to_contain_text("1 de 1 hechas")
    page.get_by_role("button", name="Deshacer Luz").click()
    expect(page.get_by_role("heading", name="Llamadas")).to_contain_text("0 de 1 hechas")


@pytest.mark.thorough
def test_text_of_the_office_is_chosen_and_kept_without_javascript(
    opened: Open, world: World
) -> None:
    page = opened(java_script_enabled=False)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['messaged']}/mensaje")
    typed = page.get_by_label("Algo más (si quieres)")
    page.get_by_label("Textos de la oficina").select_option("Estacionamiento")
    page.get_by_role("button", name="Usar este").click()
    expect(typed).to_have_value("Hay dónde estacionarse atrás.")
    expect(page.get_by_label("En inglés")).to_have_value("There is parking behind.")
    typed.fill(BACK_DOOR)
    page.get_by_text("Guardar este texto para otra vez").click()
    page.get_by_label("Nombre del texto").fill("Puerta")
    page.get_by_role("button", name="Guardar el texto").click()
    expect(page.get_by_role("status").first).to_contain_text("Texto guardado: «Puerta».")
    page.get_by_text("Guardar este texto para otra vez").click()
    page.get_by_role("link", name="Ver y borrar los textos de la oficina").click()
    page.get_by_role("button", name="Borrar Puerta").click()
    expect(page.get_by_role("status")).to_contain_text("Texto borrado.")
    expect(page.locator("main")).not_to_contain_text(BACK_DOOR)


@pytest.mark.thorough
@with_and_without
def test_registration_by_phone_is_made_and_cancelled(
    opened: Open, world: World, has_script: bool
) -> None:
    name = "Doña Chelo" if has_script else "Don Chelo"
    page = opened(java_script_enabled=has_script)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['for phone registrations']}")
    follow_action(page, "Apartar por teléfono")
    page.get_by_label("Su nombre o apodo").fill(name)
    page.get_by_label("Su teléfono").fill("312 555 0142" if has_script else "312 555 0143")
    page.get_by_role("button", name="Apartar su lugar").click()
    expect(page.get_by_role("status").first).to_contain_text("Apartado. Dile su código")
    row = page.get_by_role("row", name=re.compile(name))
    expect(row).to_be_visible()
    row.get_by_text("Llamó").click()
    row.get_by_role("button", name="Dijo que sí viene").click()
    expect(page.get_by_role("row", name=re.compile(name))).to_contain_text("Dijo que sí viene")
    row.get_by_text("Llamó").click()
    row.get_by_role("button", name="Sí, cancelar su lugar").click()
    expect(page.get_by_role("status").first).to_contain_text("Borramos sus datos.")
    expect(page.get_by_role("row", name=re.compile(name))).to_have_count(0)
