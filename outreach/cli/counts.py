"""`outreach counts`: counts the workshops of one month or of several, by kind or by office."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import click
from rich.console import Console
from sqlalchemy.orm import Session

from outreach import clock
from outreach.cli import wide_tables
from outreach.cli.context import open_store, settings
from outreach.clock import Month
from outreach.domain.reporting import months
from outreach.errors import NotFound
from outreach.reports import (
    month_report,
    month_tables,
    spreadsheets,
    trends,
    workshop_counts,
    workshop_rows,
)
from outreach.reports.month_report import MonthChange, MonthReport
from outreach.reports.month_tables import GroupedBy
from outreach.reports.trends import ReportedMonth

if TYPE_CHECKING:
    from rich.progress import Progress

MAX_MONTHS = 1_200


@click.command()
@click.argument("period", metavar="YYYY-MM|YYYY|YYYY-MM..YYYY-MM")
@click.option(
    "--by",
    type=click.Choice([by.value for by in GroupedBy]),
    default=GroupedBy.KIND.value,
    show_default=True,
    help="What a table or a CSV has a row for (a column, for several months); json and xlsx of "
    "one month have both.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "xlsx"]),
    default="table",
    show_default=True,
)
@click.option("--revision", type=click.IntRange(1), help="Show this revision of the month.")
@click.option(
    "--rows",
    "has_rows",
    is_flag=True,
    help="Add a row for each workshop to a spreadsheet of several months. For staff.",
)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to a new file instead of the terminal.",
)
def command(
    period: str, by: str, form: str, revision: int | None, has_rows: bool, path: Path | None
) -> None:
    """Count the workshops of a month, or month by month.

    Each workshop counts once, in its kind, for its office, in the month of its local day. A closed
    month has the numbers of its last revision. A month that is not over has what was held so far,
    and what is planned beside it.
    """
    first, last = _period(period)
    is_one = re.fullmatch(r"\d{4}-\d\d", period) is not None
    if form == "xlsx" and path is None:
        _refuse("a spreadsheet needs a file to go to: add -o FILE.xlsx")
    if revision is not None and not is_one:
        _refuse("a revision is one of a month: write the month like 2020-01.")
    if has_rows and (form != "xlsx" or is_one):
        _refuse("--rows goes with --format xlsx and several months, like 2026 or 2026-01..2026-03.")
    if path is not None and path.exists():
        _refuse(f"{path} is there already. Give another name, or take it away first.")
    with open_store(settings()) as store, store.read() as session:
        if is_one:
            report, revisions = _read_month(session, first, revision)
            show, write = _month_writers(report, revisions, GroupedBy(by))
        else:
            show, write = _period_writers(session, first, last, GroupedBy(by), has_rows=has_rows)
        _output(show, write[form], form, path)


def _output(
    show: Callable[[Console], None],
    write: Callable[[BinaryIO], object],
    form: str,
    path: Path | None,
) -> None:
    if path is None and form == "table":
        show(Console())
        return
    if path is None:
        content = io.BytesIO()
        write(content)
        sys.stdout.write(content.getvalue().decode())
        return
    try:
        with path.open("xb") as file:
            write(file)
    except OSError as error:
        click.echo(f"outreach: {path} cannot be written: {error.strerror}.", err=True)
        sys.exit(1)


def _read_month(
    session: Session, month: Month, number: int | None
) -> tuple[MonthReport, dict[int, list[MonthChange]]]:
    """The report of the month or of one revision, and by revision what it changed."""
    try:
        report = month_report.report(
            session, month, now=clock.now(), number=number, is_before_release=True
        )
    except NotFound:
        _refuse(f"{month} has no revision {number}. Leave --revision out to see the last.")
    revisions = months.list_revisions(session, month)
    return report, {each.number: month_report.changes_of(each) for each in revisions}


Writers = dict[str, Callable[[BinaryIO], object]]


def _month_writers(
    report: MonthReport, revisions: dict[int, list[MonthChange]], by: GroupedBy
) -> tuple[Callable[[Console], None], Writers]:
    count = report.count
    changes = revisions.get(count.revision, []) if report.is_closed else []
    notes = [*month_tables.notes(count), *count.rules]

    def show(console: Console) -> None:
        # Without the column of the month, which is in the title, and without office names.
        rows = month_tables.table(count, by)
        columns = [1, *range(2 if by is GroupedBy.KIND else 3, len(rows[0]))]
        _show(console, f"Talleres de {count.month}", rows, columns, notes)

    return show, {
        "table": _as_table(show),
        "csv": lambda file: file.write(month_tables.as_csv(count, by).encode()),
        "json": lambda file: file.write(
            _as_json(month_tables.as_json(report, revisions=[*revisions]))
        ),
        "xlsx": lambda file: file.write(month_tables.as_xlsx(report, changes)),
    }


def _period_writers(
    session: Session, first: Month, last: Month, by: GroupedBy, *, has_rows: bool
) -> tuple[Callable[[Console], None], Writers]:
    now = clock.now()
    row = (trends.by_kind if by is GroupedBy.KIND else trends.by_office)(
        session, first, last, now=now, is_before_release=True
    )
    rows = month_tables.trend(row)
    notes = [*month_tables.trend_notes(row), *workshop_counts.RULES]

    def show(console: Console) -> None:
        _show(console, f"Talleres de {first} a {last}", rows, range(len(rows[0])), notes)

    def as_csv(file: BinaryIO) -> None:
        file.write(spreadsheets.as_csv(rows).encode())

    def as_xlsx(file: BinaryIO) -> None:
        if not has_rows:
            month_tables.rows_xlsx(file, None, row)
            return
        with _progress() as progress:
            lines = progress.track(
                workshop_rows.read_rows(session, first, last, now=now),
                total=workshop_rows.count_rows(session, first, last),
                description="workshops",
            )
            month_tables.rows_xlsx(file, lines, row)

    return show, {
        "table": _as_table(show),
        "csv": as_csv,
        "json": lambda file: file.write(_as_json(_row_as_json(row, by))),
        "xlsx": as_xlsx,
    }


def _progress() -> "Progress":
    """A progress bar, shown where stderr is a terminal."""
    # Here, since the columns of a table, which most counts are, need none of it.
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _row_as_json(row: list[ReportedMonth], by: GroupedBy) -> dict[str, Any]:
    return {
        "total": sum(each.total for each in row),
        "months": [
            {
                "month": str(each.month),
                "state": workshop_counts.CLOSED if each.is_closed else workshop_counts.OPEN,
                "revision": each.revision,
                "total": each.total,
                "planned": each.planned,
                "is_reconstruction": each.is_synthetic,
                f"by_{by}": dict(each.numbers),
            }
            for each in row
        ],
        "rules": list(workshop_counts.RULES),
    }


def _as_json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()


def _as_table(show: Callable[[Console], None]) -> Callable[[BinaryIO], object]:
    def write(file: BinaryIO) -> None:
        page = io.StringIO()
        show(Console(file=page, width=120))
        file.write(page.getvalue().encode())

    return write


def _show(
    console: Console, title: str, rows: list[list[Any]], columns: Any, notes: list[str]
) -> None:
    header, *body, total = rows
    wide_tables.print_table(
        console,
        [str(header[column]) for column in columns],
        [[str(row[column]) for column in columns] for row in body],
        footer=[str(total[column]) for column in columns],
        title=title,
        numbers=[at for at, column in enumerate(columns) if isinstance(total[column], int)],
    )
    for note in notes:
        console.print(f"· {note}", markup=False, highlight=False)


def _period(text: str) -> tuple[Month, Month]:
    """The first and the last month. Exits with 2 for a text that is no period."""
    since, _dots, until = text.partition("..")
    try:
        if re.fullmatch(r"[0-9]{4}", text):
            first, last = Month.parse(f"{text}-01"), Month.parse(f"{text}-12")
        else:
            first = Month.parse(since)
            last = Month.parse(until) if _dots else first
    except ValueError:
        _refuse(f"“{text}” is no month. Write it like 2020-01, or 2020, or 2020-01..2020-06.")
    if not first <= last < first.plus(MAX_MONTHS):
        _refuse(f"“{text}” ends before it begins, or is more than a century.")
    return first, last


def _refuse(sentence: str) -> NoReturn:
    click.echo(f"outreach: {sentence}", err=True)
    sys.exit(2)
