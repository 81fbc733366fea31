"""The figures of a month: how many workshops, of which kind, where; as a page and as files."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from outreach import clock, languages
from outreach.clock import Month
from outreach.domain import kinds, offices, regions
from outreach.domain.kinds import Kind
from outreach.domain.text import plain
from outreach.languages import gettext
from outreach.reports import closing, monthly, sheets
from outreach.reports.attendance import Attendance
from outreach.reports.monthly import Count, MonthTotal
from outreach.web import show
from outreach.web.context import store
from outreach.web.headers import keep_for

pages = Blueprint("figures", __name__, url_prefix="/<any(es,en,fr):lang>/cifras")

HIGHEST: Final = 160.0  # the tallest column of the chart, in its own units
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FAR: Final = Month(1900, 1), Month(2199, 12)


@dataclass(frozen=True)
class Column:
    """A month in the chart of months."""

    month: Month
    name: str
    short: str
    total: int
    x: int
    height: float
    is_this: bool


@pages.get("/")
def latest() -> ResponseReturnValue:
    """The last month that is over and has anything; else the one we are in."""
    this = Month.of(clock.now().date())
    with store().read() as session:
        over = [month for month in monthly.months(session) if month < this]
    return redirect(f"/{languages.current()}/cifras/{over[-1] if over else this}", 302)


@pages.get("/<text>")
def month(text: str) -> ResponseReturnValue:
    wanted, now = _month(text), clock.now()
    with store().read() as session:
        told = closing.report(session, wanted, now=now)
        all_kinds = {kind.code: kind for kind in kinds.all_of_them(session)}
        columns = _columns(monthly.by_month(session, wanted, now=now), wanted)
        months = monthly.months(session)
        cities = {office.slug: office.city for office in offices.all_of_them(session)}
    count = told.count
    core = [kind for code, kind in all_kinds.items() if kind.is_core and code in count.by_kind]
    by_region = monthly.by_region(count)
    keep_for(3600 if count.is_over else 60)
    return render_template(
        "figures/month.html",
        count=count,
        kinds=_shown_kinds(count, all_kinds),
        core=core,
        has_others=any(not all_kinds[code].is_core for code in count.by_kind),
        offices=_office_rows(count, core, cities),
        columns=columns,
        tallest=max((column.total for column in columns), default=0),
        people=_people_rows(told.people, all_kinds) if told.people else [],
        all_people=told.people.total if told.people else None,
        typed=told.figures,
        months=sorted({*months, wanted}, reverse=True),
        tiles=[
            (code, column * 28 + 1, row * 28 + 1, by_region.get(code, 0), _region(code))
            for code, (column, row) in regions.TILES.items()
        ],
        most=max(by_region.values(), default=1),
        provisional=sheets.PROVISIONAL,
        reconstruction=sheets.RECONSTRUCTION,
    )


@pages.get("/<text>.json")
def as_json(text: str) -> ResponseReturnValue:
    count = _count(text)
    answer = jsonify(monthly.as_json(count, gettext))
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@pages.get("/<text>.csv")
def as_csv(text: str) -> ResponseReturnValue:
    count = _count(text)
    body = sheets.as_csv(
        count, sheets.By.OFFICE, lang=languages.current(), translate=gettext
    ).encode("utf-8-sig")
    return _file(body, "text/csv; charset=utf-8", f"{count.month}.csv")


@pages.get("/<text>.xlsx")
def as_xlsx(text: str) -> ResponseReturnValue:
    count = _count(text)
    body = sheets.as_xlsx(count, lang=languages.current(), translate=gettext)
    return _file(body, XLSX, f"{count.month}.xlsx")


def _count(text: str) -> Count:
    now = clock.now()
    with store().read() as session:
        count = closing.count(session, _month(text), now=now)
    keep_for(3600 if count.is_over else 60)
    return count


def _month(text: str) -> Month:
    try:
        found = Month.parse(text)
    except ValueError:
        abort(404)
    if not FAR[0] <= found <= FAR[1]:
        abort(404)
    return found


def _shown_kinds(count: Count, all_kinds: dict[str, Kind]) -> list[tuple[Kind, int, float]]:
    """Each kind with its number and the length of its bar, most first."""
    most = max(count.by_kind.values(), default=0) or 1
    rows = [(all_kinds[code], n, 100 * n / most) for code, n in count.by_kind.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0].position))


def _office_rows(
    count: Count, core: list[Kind], cities: dict[str, str]
) -> list[tuple[str, str, list[int], int, int]]:
    """Slug, city, the core kinds, all others together, and the total; the largest first."""
    rows = []
    for slug, numbers in count.by_office.items():
        shown = [numbers.get(kind.code, 0) for kind in core]
        total = numbers[monthly.TOTAL]
        rows.append((slug, cities[slug], shown, total - sum(shown), total))
    return sorted(rows, key=lambda row: (-row[4], plain(row[1])))


def _people_rows(people: Attendance, all_kinds: dict[str, Kind]) -> list[tuple[Kind, str]]:
    """Each kind with how many came, as it may be told."""
    rows = []
    for code, kind in all_kinds.items():
        if code in people.told:
            rows.append((kind, show.grouped(people.told[code])))
        elif code in people.small:
            rows.append((kind, "<5"))
        elif code in people.withheld:
            rows.append((kind, gettext("No se dice")))
    return rows


def _columns(totals: list[MonthTotal], this: Month) -> list[Column]:
    most = max((each.total for each in totals), default=0) or 1
    return [
        Column(
            month=each.month,
            name=show.month_and_year(each.month.first),
            short=show.short_month(each.month.first),
            total=each.total,
            x=1 + 31 * place,
            height=HIGHEST * each.total / most,
            is_this=each.month == this,
        )
        for place, each in enumerate(totals)
    ]


def _region(code: str) -> str:
    return languages.say(regions.NAMES.get(code), languages.current()) or code


def _file(body: bytes, mimetype: str, name: str) -> Response:
    answer = Response(body, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
