"""Figures over time: a year and a quarter of the network, all months of an office or a kind."""

from collections.abc import Sequence

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.clock import Month, Quarter
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.reporting import releases
from outreach.domain.text import fold
from outreach.reports import month_report, month_tables, people_ranges, trends, workshop_counts
from outreach.reports.trends import ReportedMonth
from outreach.web.context import store
from outreach.web.middleware.response_headers import keep_private
from outreach.web.presentation import charts, formatting, sparklines
from outreach.web.public.figures import month_params
from outreach.web.public.figures.month_params import pages

SHOWN = 12  # months in the chart and in the lines


@pages.get("/<int(fixed_digits=4):year>")
def year(year: int) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        first, last = month_params.span(session)
        if not first.year <= year <= last.year:
            abort(404)
        since, until = max(Month(year, 1), first), min(Month(year, 12), last)
        embargo = releases.load_embargo(session, now)
        row = trends.by_kind(session, since, until, now=now)
        by_office = trends.by_office(session, since, until, now=now)
        all_kinds = {kind.code: kind for kind in kinds.list_kinds(session)}
        cities = {office.slug: formatting.city(office) for office in offices.list_offices(session)}
        quarters = month_report.list_quarters(session, since, until, embargo=embargo)
    month_params.keep_until_release(month_params.LATER, embargo)
    total = sum(each.total for each in row)
    core = [kind for kind in all_kinds.values() if kind.is_core]
    return render_template(
        "figures/year.html",
        year=year,
        total=total,
        planned=sum(each.planned for each in row),
        months=_months(row, core),
        core=core,
        has_others=any(not all_kinds[code].is_core for code in trends.sum_numbers(row)),
        kinds=_bars(row, all_kinds),
        columns=charts.columns(charts.totals(row), None),
        offices=_offices(by_office, cities),
        quarters=quarters,
        years=range(Month.from_day(now.date()).year, first.year - 1, -1),
        before=year - 1 if first.year < year else None,
        after=year + 1 if year < last.year else None,
        notes=month_tables.trend_notes(row),
        rules=workshop_counts.RULES,
    )


@pages.get("/trimestre/<int(fixed_digits=4):year>-<int(min=1, max=4):part>")
def quarter(year: int, part: int) -> ResponseReturnValue:
    """Shows the people of a quarter by office, as ranges (decision 0060). 404 for a quarter without
    them."""
    now, wanted = clock.now(), Quarter(year, part)
    with store().read() as session:
        embargo = releases.load_embargo(session, now)
        found = month_report.find_quarter_people(session, wanted, now=now)
        if found is None or not found.ranges:
            abort(404)
        shown = [kind for kind in kinds.list_kinds(session) if kind.code in found.ranges]
        cities = {office.slug: formatting.city(office) for office in offices.list_offices(session)}
    month_params.keep_until_release(month_params.LATER, embargo)
    slugs = {slug for ranges in found.ranges.values() for slug in ranges}
    return render_template(
        "figures/quarter.html",
        quarter=wanted,
        kinds=shown,
        rows=[
            (slug, cities[slug], [found.ranges[kind.code].get(slug) for kind in shown])
            for slug in sorted(slugs, key=lambda each: fold(cities[each]))
        ],
        size=people_ranges.RANGE_SIZE,
        min_workshops=people_ranges.MIN_WORKSHOPS,
    )


@pages.get("/oficina/<slug>")
def office(slug: str) -> ResponseReturnValue:
    now = clock.now()
    this = Month.from_day(now.date())
    with store().read() as session:
        found = offices.find(session, slug)
        embargo = releases.load_embargo(session, now)
        row = trends.by_kind(session, trends.first_month(session, now), this, now=now, office=found)
        all_kinds = {kind.code: kind for kind in kinds.list_kinds(session)}
    month_params.keep_until_release(month_params.LATER, embargo)
    return render_template(
        "figures/office.html",
        office=found,
        total=sum(each.total for each in row),
        row=row,
        kinds=_bars(row, all_kinds),
        columns=charts.columns(charts.totals(row[-SHOWN:]), None),
        line=sparklines.draw([each.total for each in row]),
        years=_years(row),
        month_names=_month_names(),
        notes=month_tables.trend_notes(row),
        rules=workshop_counts.RULES,
    )


@pages.get("/tipo/<code>")
def kind(code: str) -> ResponseReturnValue:
    """Shows the page of a kind, by its public code, which does not reveal a discreet kind."""
    now = clock.now()
    this = Month.from_day(now.date())
    with store().read() as session:
        found = kinds.find(session, code)
        if found.is_discreet or found.is_named_neutrally(code):
            keep_private()
        if code not in {found.public_code, found.neutral_code}:
            return redirect(f"/{i18n.current()}/cifras/tipo/{found.public_code}", 301)
        embargo = releases.load_embargo(session, now)
        row = trends.by_office(session, trends.first_month(session, now), this, now=now, kind=found)
        cities = {office.slug: formatting.city(office) for office in offices.list_offices(session)}
    month_params.keep_until_release(month_params.LATER, embargo)
    return render_template(
        "figures/kind.html",
        kind=found,
        total=sum(each.total for each in row),
        row=row,
        columns=charts.columns(charts.totals(row[-SHOWN:]), None),
        line=sparklines.draw([each.total for each in row]),
        offices=_offices(row, cities),
        years=_years(row),
        month_names=_month_names(),
        notes=month_tables.trend_notes(row),
        rules=workshop_counts.RULES,
    )


def _months(
    row: Sequence[ReportedMonth], core: Sequence[Kind]
) -> list[tuple[ReportedMonth, list[int], int]]:
    """Returns each month with its numbers of core kinds and of all other kinds."""
    found = []
    for each in row:
        shown = [each.numbers.get(kind.code, 0) for kind in core]
        found.append((each, shown, each.total - sum(shown)))
    return found


def _bars(
    row: Sequence[ReportedMonth], all_kinds: dict[str, Kind]
) -> list[tuple[Kind, int, float, str]]:
    """Returns each kind with its number, bar length and sparkline of the last months."""
    sums = trends.sum_numbers(row)
    most = max(sums.values(), default=0) or 1
    drawn = charts.lines(row[-SHOWN:], sums)
    return [(all_kinds[code], n, 100 * n / most, drawn[code]) for code, n in sums.items()]


def _offices(
    row: Sequence[ReportedMonth], cities: dict[str, str]
) -> list[tuple[str, str, int, str]]:
    """Returns slug, city, number and sparkline of the last months; largest first."""
    sums = trends.sum_numbers(row)
    drawn = charts.lines(row[-SHOWN:], sums)
    found = [(slug, cities[slug], number, drawn[slug]) for slug, number in sums.items()]
    return sorted(found, key=lambda each: (-each[2], fold(each[1])))


def _years(row: Sequence[ReportedMonth]) -> list[tuple[int, list[ReportedMonth | None], int]]:
    return [
        (year, months, sum(each.total for each in months if each))
        for year, months in trends.by_year(row).items()
    ]


def _month_names() -> list[str]:
    return [formatting.short_month(Month(2020, number).first) for number in range(1, 13)]
