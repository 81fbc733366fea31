"""The figures of a month, current or of a revision: the page and its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, formats, i18n
from outreach.clock import Month
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months, releases
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.text import fold
from outreach.i18n import gettext
from outreach.reports import count_columns, month_report, month_tables, trends, workshop_counts
from outreach.reports.attendance_counts import Attendance
from outreach.reports.month_report import MonthChange, MonthReport
from outreach.reports.trends import ReportedMonth
from outreach.reports.workshop_counts import WorkshopCounts
from outreach.signing import month_files
from outreach.web.context import config, store
from outreach.web.middleware.reference_cache import reference
from outreach.web.presentation import charts, formatting
from outreach.web.public.figures import month_params, published_files
from outreach.web.public.figures.month_params import pages

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YEAR: Final = 12  # months
# Descriptions of the files of a revision (`data_files`), by the name of the format.
DATA_FILES: Final = (
    ("CSV on the Web", "csv-metadata.json"),
    ("Data Package", "datapackage.json"),
    ("SDMX", "structure.json"),
)


@dataclass(frozen=True)
class NetworkNames:
    """Names of kinds, offices and figure series, by code."""

    kinds: Mapping[str, Kind]
    offices: Mapping[str, Office]
    series: Mapping[str, str]

    def kind(self, code: str) -> str:
        return formatting.localize(self.kinds[code].name) if code in self.kinds else code

    def city(self, slug: str) -> str:
        return formatting.city(self.offices[slug]) if slug in self.offices else slug

    def what(self, change: MonthChange) -> str:
        """Returns the name of the number that a revision changed, as «Chicago, DACA»."""
        if change.what == "figure":
            return self.series.get(change.series, change.series)
        if change.what == "people":
            return gettext("Personas que vinieron: %(kind)s", kind=self.kind(change.kind))
        if change.what == "column":
            heading = gettext(count_columns.get_heading(change.series))
            return f"{heading}, {self.kind(change.kind)}"
        return f"{self.city(change.office)}, {self.kind(change.kind)}"


@pages.get("/")
def latest() -> ResponseReturnValue:
    """Redirects to the last past month with workshops, else to the current month."""
    now = clock.now()
    current_month = Month.from_day(now.date())
    with store().read() as session:
        embargo = releases.load_embargo(session, now)
        past_months = [
            month
            for month in workshop_counts.months(session)
            if month < current_month and not embargo.hides(month)
        ]
    return redirect(
        f"/{i18n.current()}/cifras/{past_months[-1] if past_months else current_month}", 302
    )


@pages.get("/<text>")
def month(text: str) -> ResponseReturnValue:
    now, number = clock.now(), month_params.revision()
    with store().read() as session:
        first, last = month_params.span(session)
        requested_month = month_params.parse(text, (first, last))
        embargo = releases.load_embargo(session, now)
        if embargo.hides(requested_month):
            return _not_released_page(requested_month, embargo.get_release_time(requested_month))
        revisions = _list_released(session, requested_month, now)
        known = reference()  # read after the session has begun: it has all that the session sees
        report = month_report.report(
            session, requested_month, now=now, number=number, network=known
        )
        is_logged = published_files.is_logged(session, report)
        year_before = trends.by_kind(
            session, requested_month.plus(-YEAR), requested_month.plus(-1), now=now, network=known
        )
    names = _load_names(report, revisions, known)
    count = report.count
    row = [*year_before, _as_reported(count)]
    totals = charts.totals(row)
    core = [kind for code, kind in names.kinds.items() if kind.is_core and code in count.by_kind]
    by_region = workshop_counts.by_region(count)
    lines = charts.lines(row[1:], count.by_kind)
    month_params.keep_until_release(month_params.seconds(is_over=count.is_over), embargo)
    return render_template(
        "figures/month.html",
        report=report,
        count=count,
        newest=revisions[-1].number if revisions else 0,
        is_logged=is_logged,
        is_reopened=bool(revisions) and revisions[-1].reopened_at is not None,
        revisions=[
            (each, [(names.what(change), change) for change in month_report.changes_of(each)])
            for each in reversed(revisions)
        ],
        is_empty=not (count.total or count.planned or report.figures or revisions),
        kinds=_shown_kinds(count, names.kinds, lines),
        core=core,
        has_others=any(not names.kinds[code].is_core for code in count.by_kind),
        offices=_office_rows(count, core, names),
        columns=charts.columns(totals[1:], requested_month),
        comparisons=_comparisons(count, row, first),
        people=_people_rows(report.people, names.kinds) if report.people else [],
        all_people=report.people.total if report.people else None,
        typed=report.figures,
        modes=[
            (gettext(month_tables.MODES.get(mode, mode)), n) for mode, n in report.by_mode.items()
        ],
        counted_columns=[gettext(each.heading) for each in count.columns.values()],
        column_rows=_column_rows(count, names),
        spoken=[
            (formats.language_name(code, i18n.current()), n)
            for code, n in report.by_language.items()
        ],
        squares=charts.squares(by_region),
        legend=charts.legend(by_region),
        before=requested_month.plus(-1) if first < requested_month else None,
        after=requested_month.plus(1) if requested_month < last else None,
        years=range(Month.from_day(now.date()).year, first.year - 1, -1),
        revision_query=f"?revision={number}" if number is not None else "",
        causes=month_tables.REVISION_CAUSES,
        provisional=month_tables.PROVISIONAL,
        reconstruction=month_tables.RECONSTRUCTION,
        data_files=DATA_FILES,
        licence=config().data_licence,
        source=config().data_source,
    )


@pages.get("/<text>.json")
def as_json(text: str) -> ResponseReturnValue:
    report, revisions = _load_report(text, has_revisions=True)
    numbers = [each.number for each in revisions]
    published = published_files.find(report, "json")
    answer = (
        jsonify(month_tables.as_json(report, gettext, revisions=numbers))
        if published is None
        else Response(published, mimetype="application/json")
    )
    _tag(answer, report)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@pages.get("/<text>.csv")
def as_csv(text: str) -> ResponseReturnValue:
    report, _revisions = _load_report(text)
    body = published_files.find(report, "csv") or month_tables.as_csv(
        report.count, month_tables.GroupedBy.OFFICE, lang=i18n.current(), translate=gettext
    ).encode("utf-8-sig")
    return _file(body, "text/csv", report, "csv")


@pages.get("/<text>.xlsx")
def as_xlsx(text: str) -> ResponseReturnValue:
    report, revisions = _load_report(text)
    changes = [
        change
        for each in revisions
        if report.is_closed and each.number == report.count.revision
        for change in month_report.changes_of(each)
    ]
    body = published_files.find(report, "xlsx") or month_tables.as_xlsx(
        report, changes, lang=i18n.current(), translate=gettext
    )
    return _file(body, XLSX, report, "xlsx")


@pages.get("/<text>.pdf")
def as_pdf(text: str) -> ResponseReturnValue:
    report, _revisions = _load_report(text)
    body = published_files.find(report, "pdf")
    if body is None:
        with store().read() as session:
            short_names = {each.code: each.short_name for each in kinds.list_kinds(session)}
        body = month_files.render_pdf(
            report, short_names, lang=i18n.current(), brand=config().brand
        )
    return _file(body, "application/pdf", report, "pdf")


def _load_report(
    text: str, *, has_revisions: bool = False
) -> tuple[MonthReport, Sequence[MonthRevision]]:
    """Returns the report of the month or of a revision, and its released revisions. An answer that
    lists them (`has_revisions`) is kept for less long."""
    now, number = clock.now(), month_params.revision()
    with store().read() as session:
        requested_month = month_params.month_of(session, text)
        report = month_report.report(session, requested_month, now=now, number=number)
        revisions = _list_released(session, requested_month, now)
        embargo = releases.load_embargo(session, now)
    kept = None if has_revisions else number
    seconds = month_params.seconds(is_over=report.count.is_over, number=kept)
    month_params.keep_until_release(seconds, embargo)
    return report, revisions


def _list_released(session: Session, month: Month, now: datetime) -> list[MonthRevision]:
    return [each for each in months.list_revisions(session, month) if each.is_released(now)]


def _not_released_page(month: Month, at: datetime) -> ResponseReturnValue:
    """Answers 404 with the page that says when the figures of the month are released."""
    local = clock.at_headquarters(at)
    page = render_template(
        "figures/not_released.html", month=month, at=local, is_late=at <= clock.now()
    )
    return page, 404


def _load_names(
    report: MonthReport, revisions: Sequence[MonthRevision], known: ReferenceData
) -> NetworkNames:
    figures = {each.series: formatting.localize(each.label) for each in report.figures}
    for each in revisions if any(each.changes for each in revisions) else ():
        frozen = month_report.read_revision(each).figures
        figures = {one.series: formatting.localize(one.label) for one in frozen} | figures
    return NetworkNames(
        kinds={kind.code: kind for kind in known.kinds},
        offices={office.slug: office for office in known.offices},
        series=figures,
    )


def _as_reported(count: WorkshopCounts) -> ReportedMonth:
    """Returns the month with the numbers that the page shows, of a revision or of now."""
    return ReportedMonth(
        month=count.month, numbers=count.by_kind, planned=count.planned, revision=count.revision,
        is_over=count.is_over, is_synthetic=count.is_synthetic,
    )  # fmt: skip


def _comparisons(
    count: WorkshopCounts, row: Sequence[ReportedMonth], first: Month
) -> list[dict[str, Any]]:
    """Returns the previous month and the same month a year before, for a past month."""
    if not count.is_over or not count.total:
        return []
    return [
        {"month": each.month, "total": each.total, "more": count.total - each.total}
        for each in (row[-2], row[0])
        if each.month >= first and each.total
    ]


def _shown_kinds(
    count: WorkshopCounts, all_kinds: Mapping[str, Kind], drawn: Mapping[str, str]
) -> list[tuple[Kind, int, float, str]]:
    """Returns each kind with its number, bar length and sparkline, largest first."""
    most = max(count.by_kind.values(), default=0) or 1
    rows = [(all_kinds[code], n, 100 * n / most, drawn[code]) for code, n in count.by_kind.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0].position))


def _column_rows(count: WorkshopCounts, names: NetworkNames) -> list[tuple[str, list[int]]]:
    """Returns each kind that a column counts, by position, and the numbers of its columns."""
    columns = count.columns.values()
    return [
        (names.kind(code), [each.by_kind.get(code, 0) for each in columns])
        for code in count.by_kind
        if any(each.by_kind.get(code) for each in columns)
    ]


def _office_rows(
    count: WorkshopCounts, core: list[Kind], names: NetworkNames
) -> list[tuple[str, str, list[int], int, int]]:
    """Returns slug, city, numbers of core kinds, of other kinds and total; largest first."""
    rows = []
    for slug, numbers in count.by_office.items():
        shown = [numbers.get(kind.code, 0) for kind in core]
        total = numbers[workshop_counts.TOTAL]
        rows.append((slug, names.city(slug), shown, total - sum(shown), total))
    return sorted(rows, key=lambda row: (-row[4], fold(row[1])))


def _people_rows(people: Attendance, all_kinds: Mapping[str, Kind]) -> list[tuple[Kind, str]]:
    """Returns each kind with its attendance, small numbers suppressed."""
    rows = []
    for code, kind in all_kinds.items():
        if code in people.published:
            rows.append((kind, formatting.group_digits(people.published[code])))
        elif code in people.small:
            rows.append((kind, "<5"))
        elif code in people.withheld:
            rows.append((kind, gettext("No se dice")))
    return rows


def _file(body: bytes, mimetype: str, report: MonthReport, extension: str) -> Response:
    """Returns the file, named after its month and revision."""
    revision = f"-r{report.count.revision}" if report.is_closed else ""
    answer = Response(body, mimetype=mimetype)
    _tag(answer, report)
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{report.month}{revision}.{extension}"'
    )
    return answer


def _tag(answer: Response, report: MonthReport) -> None:
    """Gives the file of an open month an entity tag that changes with its numbers."""
    if not report.is_closed:
        answer.set_etag(month_tables.digest(report)[:32], weak=True)
