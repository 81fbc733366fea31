"""The report of a month as PDF, with the same tables as its page and files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from outreach import i18n
from outreach.i18n import N_, get_locale
from outreach.pdf import typesetting
from outreach.reports import month_tables
from outreach.reports.month_report import MonthReport
from outreach.reports.month_tables import Translate
from outreach.reports.spreadsheets import Cell
from outreach.reports.workshop_counts import TOTAL

MAX_KIND_COLUMNS: Final = 4  # further kinds are summed in one column
CODE_COLUMNS: Final = 2  # the first columns of a table, month and code, which are not printed


def pdf(
    report: MonthReport,
    *,
    title: str,
    short_names: Mapping[str, str],
    lang: str,
    brand: str,
    translate: Translate,
    grouped: Callable[[int], str],
) -> bytes:
    """Returns a PDF/UA of the report. `short_names` maps codes of kinds to names; `grouped` formats
    an integer. The same report gives the same bytes."""
    report_tables = month_tables.report_tables(report, lang=lang, translate=translate)
    office_tables = (
        [_by_office(report, lang, short_names, translate)] if report.count.by_office else []
    )
    total = translate(N_("Total"))
    data = {
        "title": title,
        "lang": lang,
        "region": get_locale(lang).territory,
        "brand": brand,
        "total": grouped(report.count.total),
        "digest": report.digest,
        "notes": month_tables.notes(report.count, translate=translate),
        "tables": [
            _table(name, [_without_codes(row, total) for row in table], has_total, grouped)
            for name, table, has_total in report_tables
        ]
        + [_table(name, table, True, grouped) for name, table in office_tables],
        "rules_are": translate(N_("Cómo contamos")),
        "rules": [translate(rule) for rule in report.count.rules],
    }
    return typesetting.pdf("month_report", data, made_at=report.count.cut.replace(microsecond=0))


def _by_office(
    report: MonthReport, lang: str, short_names: Mapping[str, str], translate: Translate
) -> tuple[str, list[list[Cell]]]:
    count = report.count
    codes = list(count.by_kind)[:MAX_KIND_COLUMNS]
    has_others = len(count.by_kind) > len(codes)

    def cells(row: Mapping[str, int]) -> list[Cell]:
        shown = [row.get(code, 0) for code in codes]
        return [*shown, *([row[TOTAL] - sum(shown)] if has_others else []), row[TOTAL]]

    heads: list[Cell] = [translate(N_("Oficina")), *(short_names.get(c, c) for c in codes)]
    heads += [translate(N_("Otros"))] if has_others else []
    table: list[list[Cell]] = [[*heads, translate(N_("Total"))]]
    for slug, row in count.by_office.items():
        name = count.offices[slug].name
        table.append([i18n.say(name, lang) or slug, *cells(row)])
    total = {**count.by_kind, TOTAL: count.total}
    return translate(N_("Por oficina")), [*table, [translate(N_("Toda la red")), *cells(total)]]


def _without_codes(row: Sequence[Cell], total: str) -> list[Cell]:
    """Returns a row without its code columns. The row of totals has no name: it gets `total`."""
    return [row[CODE_COLUMNS] or total, *row[CODE_COLUMNS + 1 :]]


def _table(
    name: str, table: list[list[Cell]], has_total: bool, grouped: Callable[[int], str]
) -> dict[str, Any]:
    heads, *rows = [
        [grouped(cell) if isinstance(cell, int) else str(cell) for cell in row] for row in table
    ]
    last = rows.pop() if has_total and rows else None
    return {"name": name, "heads": heads, "rows": rows, "last": last}
