"""The figures of a year for staff, of their offices or the network, and their tables as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, formats, i18n
from outreach.clock import Month
from outreach.domain.locations import venues
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.registrations.call_attempts import CallOutcome
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.reports import spreadsheets, staff_figures
from outreach.reports.spreadsheets import Cell
from outreach.reports.staff_figures import AskedFor, FigureGrouping, FiguresRow, StaffFigures
from outreach.web.context import store
from outreach.web.presentation import formatting
from outreach.web.staff.common import (
    call_labels,
    disclosure,
    early_access,
    figure_labels,
    workshop_labels,
)
from outreach.web.staff.common.guards import current_staff, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.figures import blueprint, figures_params, figures_tables
from outreach.web.staff.figures.figures_params import FigureMeasure, FiguresParams, FigureTable
from outreach.web.staff.figures.figures_tables import NamedRow, RowNames

MAX_ROWS: Final = 400  # on the page; the file has all
HELPFUL: Final = (FigureGrouping.VENUE, FigureGrouping.HOUR, FigureGrouping.KIND)


@dataclass(frozen=True, kw_only=True)
class FiguresView:
    """All figures of one address."""

    asked: FiguresParams
    offices: Sequence[Office]  # that the reader sees
    kinds: Sequence[Kind]
    total: FiguresRow
    months: Sequence[NamedRow]
    rows: Sequence[NamedRow]
    best: Mapping[FigureGrouping, Sequence[NamedRow]]
    people_asked: AskedFor
    calls: Mapping[CallOutcome, int]


@blueprint.get("/cifras")
@requires(Scope.SIGNED_IN)
def figures_page() -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        view = _load(session, now)
    asked = view.asked
    _record_early_access(view)
    languages, needs, calls = _asked_tables(view)
    measure = figures_tables.measure_words(asked.measure)
    return page(
        "figures/figures",
        view=view,
        asked=asked,
        this_year=clock.network_day(now).year,
        first_year=figures_params.FIRST_YEAR,
        office_name=asked.office.city if asked.office else "",
        choices=_list_choices(view),
        groupings={each: figures_tables.grouping_words(each) for each in FigureGrouping},
        measures={each: figures_tables.measure_words(each) for each in FigureMeasure},
        months_chart=figures_tables.draw_rows(
            "meses",
            _("%(what)s, por mes", what=measure),
            asked.measure,
            view.months,
        ),
        rows_chart=figures_tables.draw_rows(
            "renglones",
            _("%(what)s, por %(rows)s", what=measure, rows=_lower(asked.by)),
            asked.measure,
            view.rows,
        ),
        rows=view.rows[:MAX_ROWS],
        hidden_rows=len(view.rows) - MAX_ROWS,
        best=[
            (figures_tables.grouping_words(by), named) for by, named in view.best.items() if named
        ],
        small_tables=[languages, needs, calls],
        labels=figure_labels,
        tables=FigureTable,
    )


@blueprint.get("/cifras.csv")
@requires(Scope.SIGNED_IN)
def figures_file() -> ResponseReturnValue:
    """Answers with the table of the page that `tabla` names."""
    name = request.args.get("tabla", FigureTable.ROWS)
    if name not in tuple(FigureTable):
        raise NotFound(f"table {name[:20]}")
    table = FigureTable(name)
    with store().read() as session:
        view = _load(session, clock.now())
    _record_early_access(view)
    answer = Response(spreadsheets.as_csv_for_excel(_file_rows(view, table)), mimetype="text/csv")
    file_name = f"cifras-{view.asked.year}-{table}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def _load(session: Session, now: datetime) -> FiguresView:
    is_network = ALL_OFFICES in current_staff().grants
    seen = offices_with(session, Permission.SEE)
    all_kinds = kinds.list_kinds(session)
    asked = figures_params.read_params(
        request.args, this_year=clock.network_day(now).year, offices=seen, kinds=all_kinds
    )
    first, last = Month(asked.year, 1), Month(asked.year, 12)
    # Who sees the network loads all of it: which counts stay hidden depends on it.
    loaded = None if is_network else frozenset(each.id for each in seen)
    shown = frozenset([asked.office.id]) if asked.office else loaded
    kind_id = asked.kind.id if asked.kind else None
    found = staff_figures.load(session, first, last, now=now, offices=loaded, is_network=is_network)
    names = _load_names(session, found, seen, all_kinds)
    return FiguresView(
        asked=asked,
        offices=seen,
        kinds=all_kinds,
        total=found.total(offices=shown, kind_id=kind_id),
        months=names.list_rows(
            FigureGrouping.MONTH,
            found.list_rows(FigureGrouping.MONTH, offices=shown, kind_id=kind_id),
        ),
        rows=names.list_rows(asked.by, found.list_rows(asked.by, offices=shown, kind_id=kind_id)),
        best={
            by: [
                NamedRow(names.name(by, row.key), row)
                for row in found.list_help(by, offices=shown, kind_id=kind_id)
            ]
            for by in HELPFUL
        },
        people_asked=staff_figures.count_asked(
            session, first, last, offices=loaded, shown=shown, is_network=is_network
        ),
        calls=staff_figures.count_calls(session, now=now, offices=shown),
    )


def _record_early_access(view: FiguresView) -> None:
    """Records who sees the numbers of the whole network before they are released. An office knows
    its own numbers anyway."""
    if ALL_OFFICES in current_staff().grants:
        early_access.record([Month(view.asked.year, number) for number in range(1, 13)])


def _load_names(
    session: Session, found: StaffFigures, seen: Sequence[Office], all_kinds: Sequence[Kind]
) -> RowNames:
    ids = {each.venue_id for each in found.workshops if each.venue_id is not None}
    return RowNames(
        offices={each.id: each for each in seen},
        kinds={each.id: each for each in all_kinds},
        venues=venues.list_with_ids(session, ids),
        hidden_venues=disclosure.list_hidden_venues(session, ids),
    )


def _list_choices(view: FiguresView) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """The fields of the form: name, label, chosen value, and value and words of each option."""
    asked = view.asked
    offices = [("", _("Todas")), *((each.slug, each.city) for each in view.offices)]
    all_kinds = [
        ("", _("Todos")),
        *((each.public_code, formatting.localize(each.name)) for each in view.kinds),
    ]
    by = [(str(each), figures_tables.grouping_words(each)) for each in FigureGrouping]
    measures = [(str(each), figures_tables.measure_words(each)) for each in FigureMeasure]
    fields = [
        ("oficina", _("Oficina"), asked.office.slug if asked.office else "", offices),
        ("tipo", _("Tipo"), asked.kind.public_code if asked.kind else "", all_kinds),
        ("por", _("Por"), str(asked.by), by),
        ("ver", _("En la gráfica"), str(asked.measure), measures),
    ]
    return fields if len(view.offices) > 1 else fields[1:]


@dataclass(frozen=True)
class SmallTable:
    """A table of a name and a number, with its chart."""

    table: FigureTable
    title: str
    heading: str
    rows: Sequence[tuple[str, int]]
    note: str

    @property
    def chart(self) -> figures_tables.BarChart | None:
        rows = [(name, number, formatting.group_digits(number)) for name, number in self.rows]
        return figures_tables.draw(str(self.table), self.title, rows)


def _asked_tables(view: FiguresView) -> tuple[SmallTable, SmallTable, SmallTable]:
    lang = i18n.current()
    languages = [
        (formats.language_name(code, lang), number)
        for code, number in view.people_asked.languages.items()
    ]
    needs = [
        (workshop_labels.need_words(code), number)
        for code, number in view.people_asked.needs.items()
    ]
    calls = [(str(call_labels.OUTCOMES[each.value]), n) for each, n in view.calls.items()]
    of_year = _("De quienes tuvieron lugar en el año, de todos los tipos.")
    return (
        SmallTable(FigureTable.LANGUAGES, _("Idiomas pedidos"), _("Idioma"), languages, of_year),
        SmallTable(FigureTable.NEEDS, _("Apoyos pedidos"), _("Apoyo"), needs, of_year),
        SmallTable(
            FigureTable.CALLS,
            _("Llamadas"),
            _("Resultado"),
            calls,
            _("De los últimos 30 días, sin las de talleres con discreción ni las de una oficina "
              "con menos de cinco."),
        ),
    )  # fmt: skip


def _file_rows(view: FiguresView, table: FigureTable) -> list[list[Cell]]:
    if table is FigureTable.ROWS:
        return figures_tables.file_rows(figures_tables.grouping_words(view.asked.by), view.rows)
    if table is FigureTable.MONTHS:
        heading = figures_tables.grouping_words(FigureGrouping.MONTH)
        return figures_tables.file_rows(heading, view.months)
    if table is FigureTable.HELP:
        return figures_tables.help_rows(view.best)
    small = next(each for each in _asked_tables(view) if each.table is table)
    rows: list[list[Cell]] = [[small.heading, _("Número")]]
    rows += [[name, number] for name, number in small.rows]
    return rows


def _lower(by: FigureGrouping) -> str:
    return figures_tables.grouping_words(by).lower()
