"""A month's count as a spreadsheet, and as CSV: the same numbers in both."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final

import xlsxwriter

from outreach.db.base import Words
from outreach.reports import monthly
from outreach.reports.monthly import N_, TOTAL, Count

Cell = str | int
Translate = Callable[[str], str]

# A spreadsheet takes a text that begins so for a formula, and runs it.
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
RECONSTRUCTION: Final = N_("Reconstrucción sintética; solo los totales por tipo son reales.")
PROVISIONAL: Final = N_("Provisional: este mes no se ha cerrado.")


class By(StrEnum):
    KIND = "kind"
    OFFICE = "office"


def table(
    count: Count, by: By, *, lang: str = "es", translate: Translate = str
) -> list[list[Cell]]:
    """The count as rows of cells: a header, a row for each kind or office, and the total."""
    rows = _by_kind(count, lang) if by is By.KIND else _by_office(count, lang)
    header, *others = rows
    return [[translate(str(cell)) for cell in header], *others]


def as_csv(count: Count, by: By = By.KIND, *, lang: str = "es", translate: Translate = str) -> str:
    """The table as CSV (RFC 4180). The web encodes it as utf-8-sig, for Excel."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in table(count, by, lang=lang, translate=translate):
        writer.writerow([escape(cell) for cell in row])
    return out.getvalue()


def as_xlsx(count: Count, *, lang: str = "es", translate: Translate = str) -> bytes:
    """A workbook: by kind, by office, and the rules of counting on the last sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for name, by in ((N_("Por tipo"), By.KIND), (N_("Por oficina"), By.OFFICE)):
            rows = table(count, by, lang=lang, translate=translate)
            sheet = book.add_worksheet(translate(name))
            for place, row in enumerate(rows):
                is_bold = place in {0, len(rows) - 1}
                for column, cell in enumerate(row):
                    _write(sheet, place, column, cell, bold if is_bold else None)
            sheet.freeze_panes(1, 0)
            for column, width in enumerate(_widths(rows)):
                sheet.set_column(column, column, width)
        rules = book.add_worksheet(translate(N_("Reglas")))
        rules.set_column(0, 0, 100)
        for place, note in enumerate(notes(count, translate=translate)):
            _write(rules, place, 0, note, wrapped)
    return out.getvalue()


def notes(count: Count, *, translate: Translate = str) -> list[str]:
    """What has to be said beside the numbers: what they are worth, the date, the rules."""
    said = []
    if count.is_synthetic:
        said.append(translate(RECONSTRUCTION))
    if count.state == monthly.OPEN:
        said.append(translate(PROVISIONAL))
    cut = translate(N_("Corte: %(cut)s, revisión %(revision)d."))
    said.append(cut % {"cut": f"{count.cut:%Y-%m-%d %H:%M} UTC", "revision": count.revision})
    return [*said, *(translate(rule) for rule in count.rules)]


def escape(cell: Cell) -> Cell:
    """A text that a spreadsheet would run as a formula, made a text again."""
    if isinstance(cell, str) and cell.startswith(_RISKY):
        return f"'{cell}"
    return cell


def _by_kind(count: Count, lang: str) -> list[list[Cell]]:
    month = str(count.month)
    rows: list[list[Cell]] = [
        [N_("Mes"), N_("Tipo"), N_("Nombre"), N_("Talleres"), N_("Planeados")]
    ]
    for code, kind in count.kinds.items():
        held, planned = count.by_kind.get(code, 0), count.planned_by_kind.get(code, 0)
        rows.append([month, code, _said(kind.name, lang), held, planned])
    return [*rows, [month, TOTAL, "", count.total, count.planned]]


def _by_office(count: Count, lang: str) -> list[list[Cell]]:
    month = str(count.month)
    codes = list(count.by_kind)
    rows: list[list[Cell]] = [[N_("Mes"), N_("Oficina"), N_("Nombre"), *codes, TOTAL]]
    for slug, numbers in count.by_office.items():
        cells = [numbers.get(code, 0) for code in codes]
        rows.append([month, slug, _said(count.offices[slug].name, lang), *cells, numbers[TOTAL]])
    return [*rows, [month, TOTAL, "", *count.by_kind.values(), count.total]]


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    cell: Cell,
    format_: object,
) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell, format_)
    else:
        sheet.write_string(row, column, str(escape(cell)), format_)


def _widths(rows: Sequence[Sequence[Cell]]) -> Iterable[int]:
    return (
        min(60, max(len(str(cell)) for cell in column) + 2) for column in zip(*rows, strict=True)
    )


def _said(name: Words, lang: str) -> str:
    return name.get(lang) or name.get("es", "")
