"""Approval, import and undo by keyboard alone: the focus is always seen, and pages say what was
done."""

import re
from typing import Final

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import data_imports
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.keyboard import press, reach, reach_element
from tests.browser.pages import sign_in
from tests.browser.world import World

at_both_sizes = pytest.mark.parametrize(
    "size",
    [pytest.param(PHONE, id="phone", marks=pytest.mark.long), pytest.param(DESKTOP, id="desktop")],
)
# A row that is ready, one whose hour is none, and one at a venue that is like the other's.
PASTED: Final = (
    "Fecha\tHora\tTipo\tSede\tLugares\n"
    "{day}\t18:00\tDACA\t{venue}\t20\n"
    "{day}\t25:00\tConoce tus derechos\t{venue}\t20\n"
    "{later}\t10:00\tDACA\t{misspelled}\t20\n"
)


def is_here(page: Page, title: str) -> None:
    """Waits until the title and the first heading say where one is."""
    expect(page).to_have_title(re.compile(title))
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)


@pytest.mark.thorough
@at_both_sizes
def test_waiting_person_is_approved_by_keyboard(
    opened: Open, world: World, size: ViewportSize
) -> None:
    page = opened(viewport=size)
    sign_in(page)
    press(page, "link", re.compile("Por aprobar"))
    is_here(page, "Por atender")
    form = f"form[action^='/org/por-atender/abrir/{world.more['to approve']}']"
    reach_element(page, page.locator(form).get_by_role("button").first)
    page.keyboard.press("Enter")
    shown = page.locator("details.call[open]")
    expect(shown).to_contain_text(re.compile("Nadia|Alma"))
    name = "Nadia" if "Nadia" in shown.inner_text() else "Alma"
    press(page, "button", f"Aprobar {name}")
    page.wait_for_url(re.compile("hecho=aprobada"))
    expect(page.get_by_role("status")).to_contain_text("Aprobado")
    is_here(page, "Por atender")
    finished = page.locator("details.finished")
    reach_element(page, finished.locator("summary"))
    page.keyboard.press("Enter")
    expect(finished).to_contain_text(re.compile("Aprobados?: [0-9]+ registros?"))
    expect(finished).to_contain_text("Taller privado")
    expect(finished).not_to_contain_text(name)


@pytest.mark.thorough
@at_both_sizes
def test_changed_hour_is_saved_and_undone_by_keyboard(
    opened: Open, world: World, size: ViewportSize
) -> None:
    page = opened(viewport=size)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['hour to change']}")
    when = page.locator("main .heading .number").first
    before = when.inner_text()
    press(page, "link", "Editar")
    reach_element(page, page.locator("#starts"))
    page.keyboard.type("0725PM")
    press(page, "button", "Guardar cambios")
    is_here(page, "¿A quién le avisamos?")
    reach(page, "radio", re.compile("^Avisar"))
    press(page, "button", re.compile("^Guardar y avisar a [0-9]+ personas?$"))
    page.wait_for_url(re.compile("hecho="))
    said = page.get_by_role("status").filter(has_text="Los avisos salen en")
    expect(said).to_be_visible()
    expect(page.locator("main")).to_contain_text("7:25")
    press(page, "button", "Deshacer")
    page.wait_for_url(re.compile("hecho=deshecho"))
    expect(page.get_by_role("status").first).to_contain_text("El taller quedó como estaba")
    expect(when).to_have_text(before)


@pytest.mark.thorough
@at_both_sizes
def test_messy_sheet_is_brought_in_by_keyboard(
    opened: Open, world: World, size: ViewportSize
) -> None:
    page = opened(viewport=size)
    sign_in(page)
    page.goto("/org/traer")
    reach_element(page, page.locator("#sheet-rows"))
    # The other run has made its venue already.
    venue = "Parroquia San Judas" if size is PHONE else "Biblioteca Benito Juárez"
    misspelled = venue.replace("San", "Sn").replace("Benito", "Bento")
    days = {"day": data_imports.next_day(), "later": data_imports.next_day()}
    pasted = PASTED.format(venue=venue, misspelled=misspelled, **days)
    page.keyboard.insert_text(pasted)
    press(page, "button", "Ver qué entendimos")
    expect(page).to_have_title(re.compile("Columnas"))
    expect(page.get_by_role("heading", level=1)).to_have_text("¿Qué dice cada columna?")
    press(page, "button", re.compile("renglones"))
    expect(page).to_have_title(re.compile("Renglones"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 por mirar")
    mend_hour(page, "18:30")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 por mirar")
    choose_new_venue(page, misspelled)
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 listos, 0 por mirar")
    press(page, "button", re.compile("^Cargar"))
    is_here(page, "cargados")
    press(page, "button", "Deshacer la carga")
    expect(page.get_by_role("heading", level=1)).to_have_text("Deshicimos la carga")


def mend_hour(page: Page, hour: str) -> None:
    """Types the hour of the row that has none, and saves it."""
    field = page.get_by_label("Empieza del renglón")
    reach_element(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.type(hour)
    press(page, "button", re.compile("^Guardar *.renglón"))
    expect(page.get_by_role("status").first).to_contain_text("Guardado")


def choose_new_venue(page: Page, name: str) -> None:
    """Answers «¿Es la misma?» with no."""
    first = page.get_by_role("group", name=re.compile(name)).get_by_role("radio")
    reach_element(page, first.first)
    page.keyboard.press("Space")
    while not page.get_by_role("radio", name="No, es nueva").first.is_checked():
        page.keyboard.press("ArrowDown")
    press(page, "button", "Guardar las sedes")
