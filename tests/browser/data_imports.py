"""Files that are uploaded and previewed, and sheets that are loaded."""

from datetime import date, timedelta
from typing import Final

from playwright.sync_api import Page

from outreach import clock
from tests.support.import_files import csv_of, row

# A row of the packaged file of January 2020 with two changed cells.
CHANGED: Final = {
    "id": "2020-01-chicago-derechos-01",
    "title_es": "Conoce tus derechos, todos los martes",
    "starts_at": "2020-01-07T11:00",
    "capacity": "60",
}
VALID_ROWS: Final = [
    row(**CHANGED),
    *(row(id=f"dic-{n:02d}", starts_at=f"2026-12-{n:02d}T18:00") for n in range(5, 12)),
    row(id="dic-20", kind="daca", title_es="DACA: renueva a tiempo", status="draft"),
    row(id="dic-21", kind="daca", title_es="DACA: renueva a tiempo", status="draft"),
]
ROWS_WITH_ERRORS: Final = [
    *VALID_ROWS,
    row(id="mal-1", starts_at="2026-12-31T25:00"),
    row(id="mal-2", kind="derecho"),
    row(id="mal-3", office="calgary", title_es="Un título " + "muy largo " * 12),
]


def preview_import(page: Page, rows: list[dict[str, str]]) -> None:
    """Uploads the file and waits for its preview."""
    page.goto("/org/traer")
    page.locator("#todo > summary").click()
    data = csv_of(*rows)
    page.locator("input[name=file]").set_input_files(
        {"name": "talleres-diciembre.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.get_by_role("button", name="Revisar").click()
    page.get_by_role("heading", name="Revisa el archivo").wait_for()


# A sheet as somebody keeps it: a venue that is like another, a day that is none, a past one, a
# clash, and a column about persons. {day} is another one each time that it is brought in: rows that
# were loaded already are not loaded again.
SHEET: Final = (
    "FECHA,HR,EVENTO,TITULO,LUGAR,CUPO,TEL ASISTENTES",
    "{day},18:00,Conoce tus derechos,,Biblioteca de Pilsen,40,312 555 0142",
    "{day},19:00,DACA,Renueva a tiempo,Biblioteca de Pilsen,20,312 555 0143",
    "31/02/2027,10:00,DACA,,Biblioteca de Pilsen,20,312 555 0144",
    "{day},18 hr o 19,Plática Sra. Luz,,Bibl. Pilzen,s/l,312 555 0145",
    "2020-01-20,18:00,DACA,,Biblioteca de Pilsen,20,312 555 0146",
)
DAYS_AHEAD: Final = range(190, 300)
_unused_days: Final = iter(DAYS_AHEAD)


def next_day() -> date:
    """A day that no sheet of this process has had, in no month of `own_months`."""
    return clock.now().date() + timedelta(days=next(_unused_days))


def bring_sheet(page: Page, last: str) -> None:
    """Brings in SHEET as far as the page `last`: columns, rows or loaded."""
    page.goto("/org/traer")
    data = "\n".join(SHEET).format(day=next_day()).encode()
    page.locator("input[name=sheet]").set_input_files(
        {"name": "PROGRAMACION ENERO.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.get_by_role("button", name="Ver qué entendimos").click()
    page.get_by_role("heading", name="¿Qué dice cada columna?").wait_for()
    if last == "columns":
        return
    page.get_by_role("button", name="renglones").click()
    page.get_by_role("heading", name="por mirar").wait_for()
    if last == "rows":
        return
    page.get_by_role("button", name="Cargar").click()
    page.get_by_role("heading", name="¿Qué sigue?").wait_for()
