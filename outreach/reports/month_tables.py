"""The tables of a month, and the same numbers as CSV, JSON and XLSX."""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, BinaryIO, Final

from outreach import formats, i18n
from outreach.db.base import Words
from outreach.domain.locations import regions
from outreach.i18n import N_, say
from outreach.reports import spreadsheets, trends, workshop_counts
from outreach.reports.month_report import MonthChange, MonthReport
from outreach.reports.spreadsheets import Cell, Column, Table
from outreach.reports.trends import ReportedMonth
from outreach.reports.workshop_counts import TOTAL, WorkshopCounts
from outreach.reports.workshop_rows import WorkshopRow

Translate = Callable[[str], str]
Titled = tuple[str, list[list[Cell]], bool]  # name, rows, whether the last row is the total

RECONSTRUCTION: Final = N_("Reconstrucción sintética; solo los totales por tipo son reales.")
PROVISIONAL: Final = N_("Provisional: este mes no se ha cerrado.")
SOME_PROVISIONAL: Final = N_("Los meses que no se han cerrado son provisionales.")
AS_OF_NOW: Final = N_(
    "La lista de talleres es la de hoy. Los meses cerrados se dicen como en su última revisión."
)
# Why there is another revision of a month, as the page says it.
REVISION_CAUSES: Final = {"late": N_("Reportes tardíos"), "slip": N_("Error de captura")}
MODES: Final = {
    "presencial": N_("En persona"),
    "virtual_en_vivo": N_("Transmisión en vivo"),
    "virtual_sala": N_("Por videollamada"),
    "hibrido": N_("En persona y en línea"),
    "telefonico": N_("Por teléfono"),
}


class GroupedBy(StrEnum):
    KIND = "kind"
    OFFICE = "office"


def table(
    count: WorkshopCounts, by: GroupedBy, *, lang: str = "es", translate: Translate = str
) -> list[list[Cell]]:
    """Returns the counts as rows: a header, a row for each kind or office, and the total."""
    rows = _by_kind(count, lang) if by is GroupedBy.KIND else _by_office(count, lang)
    return _titled(rows, translate)


def as_csv(
    count: WorkshopCounts,
    by: GroupedBy = GroupedBy.KIND,
    *,
    lang: str = "es",
    translate: Translate = str,
) -> str:
    """Returns the table as CSV (RFC 4180). The web pages encode it as utf-8-sig, for Excel."""
    return spreadsheets.as_csv(table(count, by, lang=lang, translate=translate))


def as_json(
    report: MonthReport, translate: Translate = str, *, revisions: Sequence[int] = ()
) -> dict[str, Any]:
    """Returns the JSON of the page and of the command (COUNT10); fields are only ever added.
    `revisions` are the numbers of all revisions of the month."""
    return workshop_counts.as_json(report.count, translate) | {
        "by_region": workshop_counts.by_region(report.count),
        "by_mode": dict(report.by_mode),
        "by_language": dict(report.by_language),
        "figures": {each.series: each.value for each in report.figures},
        "digest": report.digest,
        "revisions": list(revisions),
    }


def digest(report: MonthReport) -> str:
    """Returns the SHA-256, in hexadecimal, of all numbers of the report. It leaves out the time of
    the count: that of an open month is now, though nothing has changed."""
    by_office = table(report.count, GroupedBy.OFFICE)
    numbers = [as_json(report) | {"cut": None}, by_office, report_tables(report)]
    return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()


def as_xlsx(
    report: MonthReport,
    changes: Sequence[MonthChange] = (),
    *,
    lang: str = "es",
    translate: Translate = str,
) -> bytes:
    """Returns a workbook with a sheet for each table, one for the `changes` of the revision if
    there are any, and the counting rules on the last sheet."""
    count = report.count
    by_office = table(count, GroupedBy.OFFICE, lang=lang, translate=translate)
    by_kind, *others = report_tables(report, lang=lang, translate=translate)
    sheets: list[Titled] = [by_kind, (translate(N_("Por oficina")), by_office, True), *others]
    rows = _changes(changes)
    if len(rows) > 1:
        sheets.append((translate(N_("Cambios")), _titled(rows, translate), False))
    out = io.BytesIO()
    with spreadsheets.open_spreadsheet(out, title=str(count.month)) as book:
        for name, rows, has_total in sheets:
            book.add(name, rows, has_total=has_total)
        lines = [*notes(count, translate=translate), *(translate(rule) for rule in count.rules)]
        book.add_notes(translate(N_("Reglas")), lines)
    return out.getvalue()


def rows_xlsx(
    out: BinaryIO,
    workshops: Iterable[WorkshopRow] | None,
    reported_months: Sequence[ReportedMonth],
    *,
    lang: str = "es",
    translate: Translate = str,
) -> None:
    """Writes a workbook of consecutive months and, if `workshops` is given, a line for each of
    them. The lines are streamed, not kept in memory."""
    rows = _workshop_table(lang)
    first, last = reported_months[0].month, reported_months[-1].month
    with spreadsheets.open_spreadsheet(out, title=f"{first} – {last}", is_long=True) as book:
        if workshops is not None:
            lines = (rows.make_row(each) for each in workshops)
            book.add_stream(
                translate(N_("Talleres")), rows.list_headings(translate), rows.list_widths(), lines
            )
        trend_table = trend(reported_months, translate=translate)
        book.add(translate(N_("Meses")), trend_table, has_total=True)
        rules = [
            *([translate(AS_OF_NOW)] if workshops is not None else []),
            *(translate(note) for note in trend_notes(reported_months)),
            *(translate(rule) for rule in workshop_counts.RULES),
        ]
        book.add_notes(translate(N_("Reglas")), rules)


def trend(
    reported_months: Sequence[ReportedMonth], *, translate: Translate = str
) -> list[list[Cell]]:
    """Returns consecutive months as a table: the revision and the numbers of each, and the
    total."""
    sums = trends.sum_numbers(reported_months)
    codes = list(sums)
    headings = [N_("Mes"), N_("Revisión"), *codes, TOTAL, N_("Planeados")]
    table: list[list[Cell]] = [[translate(heading) for heading in headings]]
    for each in reported_months:
        numbers = [each.numbers.get(code, 0) for code in codes]
        table.append([str(each.month), each.revision, *numbers, each.total, each.planned])
    total = sum(each.total for each in reported_months)
    planned = sum(each.planned for each in reported_months)
    return [*table, [TOTAL, "", *(sums[code] for code in codes), total, planned]]


def trend_notes(reported_months: Sequence[ReportedMonth]) -> list[str]:
    """Returns the notes that apply to any of the months, not translated."""
    months = [each for each in reported_months if each.total]
    notes = [RECONSTRUCTION] if any(each.is_synthetic for each in months) else []
    return [*notes, SOME_PROVISIONAL] if any(not each.is_closed for each in months) else notes


def report_tables(
    report: MonthReport, *, lang: str = "es", translate: Translate = str
) -> list[Titled]:
    """Returns every table of a month except that of the offices. Empty tables are left out. The
    first columns of each are month, code and name."""
    by_kind = table(report.count, GroupedBy.KIND, lang=lang, translate=translate)
    others = (
        (N_("Por estado"), _by_region(report.count, lang), True),
        (N_("Modalidad"), _by_mode(report, translate), True),
        (N_("Idioma"), _by_language(report, lang), False),
        (N_("Otras cifras"), _figures(report, lang), False),
    )
    return [
        (translate(N_("Por tipo")), by_kind, True),
        *(
            (translate(name), _titled(rows, translate), has_total)
            for name, rows, has_total in others
            if len(rows) > 1 + has_total
        ),
    ]


def notes(count: WorkshopCounts, *, translate: Translate = str) -> list[str]:
    """Returns the notes shown next to the numbers: reservations, date and revision."""
    lines = []
    if count.is_synthetic:
        lines.append(translate(RECONSTRUCTION))
    if count.state == workshop_counts.OPEN:
        lines.append(translate(PROVISIONAL))
    cut = translate(N_("Corte: %(cut)s, revisión %(revision)d."))
    lines.append(cut % {"cut": f"{count.cut:%Y-%m-%d %H:%M} UTC", "revision": count.revision})
    return lines


def _by_kind(count: WorkshopCounts, lang: str) -> list[list[Cell]]:
    month = str(count.month)
    columns = count.columns.values()
    headings = [N_("Mes"), N_("Tipo"), N_("Nombre"), N_("Talleres"), N_("Planeados")]
    rows: list[list[Cell]] = [[*headings, *(each.heading for each in columns)]]
    for code, kind in count.kinds.items():
        held, planned = count.by_kind.get(code, 0), count.planned_by_kind.get(code, 0)
        others = (each.by_kind.get(code, 0) for each in columns)
        rows.append([month, code, _name(kind.name, lang), held, planned, *others])
    totals = (each.total for each in columns)
    return [*rows, [month, TOTAL, "", count.total, count.planned, *totals]]


def _by_office(count: WorkshopCounts, lang: str) -> list[list[Cell]]:
    month = str(count.month)
    codes, columns = list(count.by_kind), count.columns.values()
    headings = [N_("Mes"), N_("Oficina"), N_("Nombre"), *codes, TOTAL]
    rows: list[list[Cell]] = [[*headings, *(each.heading for each in columns)]]
    for slug, numbers in count.by_office.items():
        cells = [*(numbers.get(code, 0) for code in codes), numbers[TOTAL]]
        cells += [each.by_office.get(slug, 0) for each in columns]
        rows.append([month, slug, _name(count.offices[slug].name, lang), *cells])
    totals = (each.total for each in columns)
    return [*rows, [month, TOTAL, "", *count.by_kind.values(), count.total, *totals]]


def _by_region(count: WorkshopCounts, lang: str) -> list[list[Cell]]:
    numbers = workshop_counts.by_region(count)
    rows: list[list[Cell]] = [[N_("Mes"), N_("Estado o provincia"), N_("Nombre"), N_("Talleres")]]
    month = str(count.month)
    for code, number in numbers.items():
        rows.append([month, code, i18n.say(regions.find_names(code), lang) or code, number])
    return [*rows, [month, TOTAL, "", count.total]]


def _by_mode(report: MonthReport, translate: Translate) -> list[list[Cell]]:
    month = str(report.month)
    rows: list[list[Cell]] = [[N_("Mes"), N_("Modalidad"), N_("Nombre"), N_("Talleres")]]
    for mode, number in report.by_mode.items():
        rows.append([month, mode, translate(MODES.get(mode, mode)), number])
    return [*rows, [month, TOTAL, "", report.count.total]]


def _by_language(report: MonthReport, lang: str) -> list[list[Cell]]:
    """Returns the table of languages. It has no total: a workshop in two languages counts in
    both."""
    rows: list[list[Cell]] = [[N_("Mes"), N_("Idioma"), N_("Nombre"), N_("Talleres")]]
    for code, number in report.by_language.items():
        rows.append([str(report.month), code, formats.language_name(code, lang), number])
    return rows


def _figures(report: MonthReport, lang: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        [N_("Mes"), N_("Cifra"), N_("Nombre"), N_("Número"), N_("Unidad"), N_("Fuente")]
    ]
    for each in report.figures:
        label = _name(each.label, lang)
        rows.append([str(report.month), each.series, label, each.value, each.unit, each.source])
    return rows


def _changes(changes: Sequence[MonthChange]) -> list[list[Cell]]:
    """Returns the differences from the previous revision, without attendance, which only the page
    shows."""
    rows: list[list[Cell]] = [[N_("Oficina"), N_("Tipo"), N_("Cifra"), N_("Antes"), N_("Ahora")]]
    for each in changes:
        if each.what != "people":
            before, after = ("" if n is None else n for n in (each.before, each.after))
            rows.append([each.office, each.kind, each.series, before, after])
    return rows


def _workshop_table(lang: str) -> Table[WorkshopRow]:
    """The table with a line for each workshop."""
    return Table(
        (
            Column(N_("Día"), lambda each: each.day.isoformat(), 11),
            Column(N_("Hora"), lambda each: f"{each.starts:%H:%M}", 7),
            Column(N_("Oficina"), lambda each: each.office, 18),
            Column(N_("Ciudad"), lambda each: each.city, 18),
            Column(N_("Estado o provincia"), lambda each: each.region, 10),
            Column(N_("Tipo"), lambda each: each.kind, 18),
            Column(N_("Nombre"), lambda each: _name(each.kind_name, lang), 34),
            Column(N_("Modalidad"), lambda each: each.mode.value, 16),
            Column(N_("Idioma"), lambda each: " ".join(each.languages), 9),
            Column(N_("Situación"), lambda each: each.status.value, 12),
            Column(N_("Cuenta"), lambda each: int(each.counts), 8),
            Column(
                N_("Personas"),
                lambda each: "" if each.head_count is None else each.head_count,
                10,
            ),
            Column(N_("Clave"), lambda each: each.public_id, 30),
        )
    )


def _titled(rows: list[list[Cell]], translate: Translate) -> list[list[Cell]]:
    header, *others = rows
    return [[translate(str(cell)) for cell in header], *others]


def _name(name: Words, lang: str) -> str:
    return say(name, lang)
