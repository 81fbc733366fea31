"""The control room of headquarters: the month of the network, with a line for each office."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from flask import Response, request
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.clock import Month
from outreach.domain.locations import regions
from outreach.domain.network.staff import Permission
from outreach.domain.newsletter.report_reminders import NoReach
from outreach.domain.reporting import months
from outreach.domain.reporting.typing_slips import OddHeadCount
from outreach.domain.search import unmet_searches
from outreach.domain.search.unmet_searches import UnmetSearch
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.i18n import pgettext
from outreach.reports import control_room, spreadsheets
from outreach.reports.attendance_counts import MIN_PUBLISHED
from outreach.reports.control_room import ControlRoom, ControlRoomLine, OfficeOrder
from outreach.reports.coverage import IdleOffice
from outreach.reports.small_counts import RoundedRate
from outreach.reports.spreadsheets import Cell, Column, Table
from outreach.web.context import store
from outreach.web.presentation import formatting, sparklines
from outreach.web.staff.common import early_access, figure_labels, workshop_labels
from outreach.web.staff.common.guards import page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint, month_access, month_labels

PATH: Final = "/org/control"
PAGE_SIZE: Final = 100
MAX_ODD: Final = 6  # numbers to clear up; the rest are counted
MAX_UNMANNED: Final = 8  # offices named; the table by accounts has the rest
TILE_WIDTH, TILE_HEIGHT = 34, 38  # a square of the map with its gap


@dataclass(frozen=True, kw_only=True)
class ControlRoomParams:
    """The parsed query string of the page."""

    month: Month
    order: OfficeOrder = OfficeOrder.PENDING
    is_reversed: bool = False
    region: str = ""  # IL, QC; empty for all
    number: int = 1  # the page's number, from 1

    def address(self, *, ending: str = "", **changes: object) -> str:
        """The address with these parameters changed; an empty one is left out."""
        query: dict[str, object] = {
            "mes": self.month,
            "orden": self.order_text if self.order_text != OfficeOrder.PENDING else "",
            "estado": self.region,
        }
        query |= changes
        return (
            f"{PATH}{ending}?{urlencode({name: value for name, value in query.items() if value})}"
        )

    @property
    def order_text(self) -> str:
        return f"-{self.order}" if self.is_reversed else str(self.order)

    def sort_address(self, order: OfficeOrder) -> str:
        """Returns the address of the table sorted by this column; the other way round where it is
        sorted so already."""
        is_other_way = order is self.order and not self.is_reversed
        return self.address(orden=f"-{order}" if is_other_way else str(order))


@dataclass(frozen=True)
class OfficeColumn:
    """The heading of a column. Rates have no address: offices are not ranked by them."""

    name: str
    address: str = ""
    sorting: str = ""  # as `aria-sort` has it


@dataclass(frozen=True)
class MapTile:
    """A state or province: how many reports its offices owe, and its look."""

    code: str
    name: str
    x: int
    y: int
    look: str  # good, some, late, nobody; empty without an office
    mark: str
    words: str
    address: str


@blueprint.get("/control")
@requires(Scope.NETWORK, Permission.NETWORK)
def control_room_page() -> ResponseReturnValue:
    now = clock.now()
    params = _read_params(request.args, closing_next=months.find_closing_next(now))
    early_access.record(_list_shown(params.month))
    with store().read() as session:
        found = control_room.load(session, params.month, now=now)
        latest = months.find_latest_revision(session, params.month)
    lines = _sort(found, params)
    number = min(params.number, max(1, -(-len(lines) // PAGE_SIZE)))
    first = (number - 1) * PAGE_SIZE
    closes_at = months.get_closing_time(params.month)
    odd = [_odd_words(found, each) for each in found.odd_counts]
    return page(
        "months/control_room",
        found=found,
        asked=params,
        days_left=(clock.network_day(closes_at) - clock.network_day(now)).days,
        is_due=now < closes_at,
        closes=workshop_labels.headquarters_moment(closes_at),
        latest=latest,
        odd=odd[:MAX_ODD],
        odd_count=len(odd) + len(found.odd_figures),
        tiles=_list_tiles(found, params),
        columns=_list_columns(params),
        lines=lines[first : first + PAGE_SIZE],
        total=len(lines),
        before=params.address(pagina=number - 1) if number > 1 else "",
        after=params.address(pagina=number + 1) if first + PAGE_SIZE < len(lines) else "",
        unmanned=[(each, _unmanned_words(found, each)) for each in found.unmanned[:MAX_UNMANNED]],
        region_name=_region_name(params.region) if params.region else "",
        unmet=[(*_unmet_words(found, each), number) for each, number in found.unmet[:PAGE_SIZE]],
        idle=found.idle[:PAGE_SIZE],
        min_searches=unmet_searches.MIN_SHOWN,
        day_words=workshop_labels.brief_day,
        words=month_labels,
        labels=figure_labels,
        draw=sparklines.draw,
    )


@blueprint.get("/control.csv")
@requires(Scope.NETWORK, Permission.NETWORK)
def control_room_file() -> ResponseReturnValue:
    """Answers with all offices of the table, in its order; with `tabla=busquedas`, with what was
    searched for and not found, and with `tabla=sin-talleres`, with the offices without
    workshops."""
    now = clock.now()
    params = _read_params(request.args, closing_next=months.find_closing_next(now))
    early_access.record(_list_shown(params.month))
    with store().read() as session:
        found = control_room.load(session, params.month, now=now)
    table = request.args.get("tabla", "")
    if table == "busquedas":
        rows = _unmet_rows(found)
    elif table == "sin-talleres":
        rows = _idle_rows(found)
    else:
        rows = _office_rows(found, _sort(found, params))
    answer = Response(spreadsheets.as_csv_for_excel(rows), mimetype="text/csv")
    part = f"-{table}" if table in {"busquedas", "sin-talleres"} else f"-{params.month}"
    name = f'attachment; filename="red{part}.csv"'
    answer.headers["Content-Disposition"] = name
    return answer


def _list_shown(month: Month) -> list[Month]:
    """The months whose numbers the table has."""
    return [month.plus(-back) for back in range(control_room.TREND_MONTHS)]


def _read_params(query: Mapping[str, str], *, closing_next: Month) -> ControlRoomParams:
    """Reads the query string; an unknown order is the usual one, and an unreadable page the first.
    Raises NotFound for a month or a region that there is not."""
    month = month_access.month_of(query["mes"]) if query.get("mes") else closing_next
    order = query.get("orden", "")
    region = query.get("estado", "")
    if region and regions.find_names(region) is None:
        raise NotFound(f"region {region[:10]}")
    number = query.get("pagina", "")
    params = ControlRoomParams(
        month=month,
        region=region,
        number=int(number) if number.isdecimal() and len(number) < 5 else 1,
    )
    if order.removeprefix("-") not in tuple(OfficeOrder):
        return params
    column = OfficeOrder(order.removeprefix("-"))
    return replace(params, order=column, is_reversed=order.startswith("-"))


def _sort(found: ControlRoom, params: ControlRoomParams) -> list[ControlRoomLine]:
    lines = [each for each in found.lines if params.region in {"", each.coverage.region}]
    return control_room.sort_lines(lines, params.order, is_reversed=params.is_reversed)


def _list_columns(params: ControlRoomParams) -> list[OfficeColumn]:
    names: list[tuple[OfficeOrder | None, str]] = [
        (OfficeOrder.NAME, _("Oficina")),
        (OfficeOrder.PENDING, _("Debe")),
        (OfficeOrder.REPORTED, _("Reportados")),
        (OfficeOrder.WORKSHOPS, _("Talleres")),
        (OfficeOrder.PEOPLE, _("Personas")),
        (None, _("Llegaron")),
        (None, _("Lugares usados")),
        (OfficeOrder.ACCOUNTS, _("Cuentas")),
        (None, _("Seis meses")),
    ]
    columns = []
    for order, name in names:
        sorting = ""
        if order is params.order:
            sorting = "descending" if params.is_reversed else "ascending"
        address = params.sort_address(order) if order is not None else ""
        columns.append(OfficeColumn(name, address, sorting))
    return columns


def _list_tiles(found: ControlRoom, params: ControlRoomParams) -> list[MapTile]:
    """The states and provinces of the map, by what their offices owe."""
    by_region: dict[str, list[ControlRoomLine]] = {}
    for each in found.lines:
        by_region.setdefault(each.coverage.region, []).append(each)
    unmanned = {each.coverage.slug for each in found.unmanned}
    late = {each.slug for each in found.matrix.late}
    tiles = []
    for code, (column, row) in regions.load_tiles().items():
        lines = by_region.get(code, [])
        look, mark, words = _look(lines, late, unmanned) if lines else ("", "", "")
        tile = MapTile(
            code=code,
            name=_region_name(code),
            x=column * TILE_WIDTH + 1,
            y=row * TILE_HEIGHT + 1,
            look=look,
            mark=mark,
            words=words,
            address=params.address(estado=code) if lines else "",
        )
        tiles.append(tile)
    return tiles


def _look(
    lines: Sequence[ControlRoomLine], late: set[str], unmanned: set[str]
) -> tuple[str, str, str]:
    """The look, the mark and the words of a state with these offices."""
    slugs = {each.coverage.slug for each in lines}
    pending = sum(each.coverage.pending for each in lines)
    reports = i18n.ngettext("%(num)d por reportar", "%(num)d por reportar", pending)
    if slugs & late:
        number = len(slugs & late)
        offices = i18n.ngettext("%(num)d oficina tarde", "%(num)d oficinas tarde", number)
        return "late", str(pending or "!"), f"{offices}, {reports}"
    if slugs & unmanned:
        number = len(slugs & unmanned)
        return (
            "nobody",
            "?",
            i18n.ngettext(
                "%(num)d oficina sin nadie que pueda entrar",
                "%(num)d oficinas sin nadie que pueda entrar",
                number,
            ),
        )
    if pending:
        return "some", str(pending), reports
    return "good", "✓", _("al día")


def _region_name(code: str) -> str:
    return i18n.say(regions.find_names(code), i18n.current()) or code


def _unmanned_words(found: ControlRoom, line: ControlRoomLine) -> str:
    words: dict[NoReach | None, str] = {
        NoReach.NO_ACCOUNT: _("Nadie tiene cuenta"),
        NoReach.DISABLED: _("Sus cuentas están suspendidas"),
        NoReach.UNCONFIRMED: _("Nadie ha usado su invitación"),
    }
    return words.get(found.reach[line.coverage.slug].cause, "")


def _odd_words(found: ControlRoom, odd: OddHeadCount) -> tuple[str, str, str]:
    """Returns the address of the workshop, which one it is, and what is odd. A small number is not
    told."""
    kind = found.kinds[odd.kind_id]
    city = next((e.coverage.city for e in found.lines if e.coverage.id == odd.office_id), "")
    name = _("Taller") if odd.is_discreet else formatting.localize(kind.short_name)
    title = f"{city}, {name}, {workshop_labels.brief_day(odd.day)}"
    if odd.people < MIN_PUBLISHED:
        people = _("menos de %(num)d personas", num=MIN_PUBLISHED)
    else:
        people = i18n.ngettext("%(num)d persona", "%(num)d personas", odd.people)
    usual = _("En un año fueron de %(least)s a %(most)s.", least=odd.least, most=odd.most)
    if odd.least < MIN_PUBLISHED:
        usual = _("En un año fueron cuando más %(most)s.", most=odd.most)
    if odd.most < MIN_PUBLISHED:
        usual = _("En un año fueron menos de %(num)d.", num=MIN_PUBLISHED)
    return f"/org/talleres/{odd.public_id}", title, f"{people}. {usual}"


def _unmet_words(found: ControlRoom, unmet: UnmetSearch) -> tuple[str, str, str]:
    """Returns week, state and kind of a search that found nothing."""
    kind = found.kinds.get(unmet.kind_id)
    return (
        _("semana del %(day)s", day=workshop_labels.brief_day(unmet.week)),
        _region_name(unmet.region) if unmet.region else _("Toda la red"),
        formatting.localize(kind.short_name) if kind else pgettext("kind", "Cualquiera"),
    )


def _unmet_rows(found: ControlRoom) -> list[list[Cell]]:
    table = Table[tuple[UnmetSearch, int]](
        (
            Column(_("Semana desde"), lambda row: row[0].week.isoformat()),
            Column(_("Estado o provincia"), lambda row: _unmet_words(found, row[0])[1]),
            Column(_("Tipo"), lambda row: _unmet_words(found, row[0])[2]),
            Column(_("Búsquedas"), lambda row: row[1]),
        )
    )
    return table.make_rows(found.unmet)


def _idle_rows(found: ControlRoom) -> list[list[Cell]]:
    table = Table[IdleOffice](
        (
            Column(_("Oficina"), lambda each: each.slug),
            Column(_("Ciudad"), lambda each: each.city),
            Column(_("Último"), lambda each: each.last.isoformat() if each.last else ""),
            Column(
                pgettext("workshop", "Siguiente"),
                lambda each: each.following.isoformat() if each.following else "",
            ),
        )
    )
    return table.make_rows(found.idle)


def _office_rows(found: ControlRoom, lines: Iterable[ControlRoomLine]) -> list[list[Cell]]:
    """Returns the table of the offices. «95» at the end of the scale of a rate means so many or
    more, as on the page."""
    table = Table[ControlRoomLine](
        (
            Column(_("Mes"), lambda line: str(found.month)),
            Column(_("Oficina"), lambda line: line.coverage.slug),
            Column(_("Ciudad"), lambda line: line.coverage.city),
            Column(_("Estado o provincia"), lambda line: line.coverage.region),
            Column(_("Situación"), lambda line: month_labels.state_tag(line.coverage).words),
            Column(_("Reportados"), lambda line: line.reported),
            Column(_("Por reportar"), lambda line: line.coverage.pending),
            Column(_("Talleres"), lambda line: line.coverage.total),
            Column(_("Personas"), lambda line: figure_labels.people_cells(line.figures)[0]),
            Column(_("Y más"), lambda line: figure_labels.people_cells(line.figures)[1]),
            Column(
                _("Llegaron de cada 100"),
                lambda line: _percent(line.figures.show_rate if line.figures else None),
            ),
            Column(
                _("Lugares usados de cada 100"),
                lambda line: _percent(line.figures.seats_used if line.figures else None),
            ),
            Column(_("Cuentas"), lambda line: line.accounts),
            *(_trend_column(found, index) for index in range(control_room.TREND_MONTHS)),
        )
    )
    return table.make_rows(lines)


def _trend_column(found: ControlRoom, index: int) -> Column[ControlRoomLine]:
    month = found.month.plus(index + 1 - control_room.TREND_MONTHS)
    return Column(str(month), lambda line: line.trend[index])


def _percent(rate: RoundedRate | None) -> Cell:
    return rate.percent if rate else ""
