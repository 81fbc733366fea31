"""`outreach counts`: the workshops of a month, by kind or by office."""

import io
import json
import sys
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.table import Table

from outreach import clock
from outreach.cli.context import opened, settings
from outreach.clock import Month
from outreach.reports import closing, monthly, sheets
from outreach.reports.monthly import Count
from outreach.reports.sheets import By


@click.command()
@click.argument("month", metavar="YYYY-MM")
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default=By.KIND.value,
    show_default=True,
    help="What a table or a CSV has a row for; json and xlsx have both.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "xlsx"]),
    default="table",
    show_default=True,
)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to a new file instead of the terminal.",
)
def command(month: str, by: str, form: str, path: Path | None) -> None:
    """Count the workshops of a month.

    Each workshop counts once, in its kind, for its office, in the month of its local day. A month
    that is not over shows what was held so far, and what is planned beside it.
    """
    try:
        wanted = Month.parse(month)
    except ValueError:
        _refuse(f"“{month}” is no month. Write it like 2020-01.")
    if form == "xlsx" and path is None:
        _refuse("a spreadsheet needs a file to go to: add -o FILE.xlsx")
    if path is not None and path.exists():
        _refuse(f"{path} is there already. Give another name, or take it away first.")
    with opened(settings()) as store, store.read() as session:
        count = closing.count(session, wanted, now=clock.now())
    if path is None and form == "table":
        _show(Console(), count, By(by))
        return
    found = _made(count, By(by), form)
    if path is None:
        sys.stdout.write(found.decode())
        return
    try:
        with path.open("xb") as file:
            file.write(found)
    except OSError as error:
        click.echo(f"outreach: {path} cannot be written: {error.strerror}.", err=True)
        sys.exit(1)


def _made(count: Count, by: By, form: str) -> bytes:
    if form == "json":
        return (json.dumps(monthly.as_json(count), ensure_ascii=False, indent=1) + "\n").encode()
    if form == "csv":
        return sheets.as_csv(count, by).encode()
    if form == "xlsx":
        return sheets.as_xlsx(count)
    page = io.StringIO()
    _show(Console(file=page, width=120), count, by)
    return page.getvalue().encode()


def _show(console: Console, count: Count, by: By) -> None:
    header, *rows, total = sheets.table(count, by)
    table = Table(title=f"Talleres de {count.month}", title_justify="left", show_footer=True)
    # The month is in the title, and an office's name is its slug said at length.
    shown = [1, *range(2 if by is By.KIND else 3, len(header))]
    for place in shown:
        is_number = isinstance(total[place], int)
        table.add_column(
            str(header[place]), str(total[place]), justify="right" if is_number else "left"
        )
    for row in rows:
        table.add_row(*(str(row[place]) for place in shown))
    console.print(table)
    for note in sheets.notes(count):
        console.print(f"· {note}", markup=False, highlight=False)


def _refuse(sentence: str) -> NoReturn:
    click.echo(f"outreach: {sentence}", err=True)
    sys.exit(2)
