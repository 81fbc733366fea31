"""`outreach load workshops --guess`: loads the good rows of any sheet of one office."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from sqlalchemy.orm import Session

from outreach import clock
from outreach.cli.context import open_key_store, open_store, settings
from outreach.config import Config
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.errors import NotFound
from outreach.imports import csv_tables
from outreach.imports.calendar_links import addresses
from outreach.imports.guess import conversation, loading
from outreach.imports.guess.conversation import Columns, ImportSource
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.headings import Field
from outreach.imports.guess.proposals import Outcome, RowProposal
from outreach.outbound.guarded_client import FetchRule

MIN_ROWS_FOR_PROGRESS: Final = 1_000
_ORDERS: Final = {"day-first": DayOrder.DAY_FIRST, "month-first": DayOrder.MONTH_FIRST}
_NOTHING: Final = "-"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def options(command: _Command) -> _Command:
    """Adds the options of guessing to a command."""
    for option in (
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="HEADING=FIELD",
            help="With --guess: what a column is, as “Cuándo=day”; “Obs=-” leaves it out. It is "
            "remembered for the office.",
        ),
        click.option(
            "--dates",
            type=click.Choice(tuple(_ORDERS)),
            help="With --guess: which of day and month comes first in dates as 5/12/26.",
        ),
        click.option(
            "--until",
            type=click.DateTime(["%Y-%m-%d"]),
            help="With --guess: the last day of events that repeat without an end; by default six "
            "months from today.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="With --guess: how the answer is printed.",
        ),
        click.option(
            "--guess", is_flag=True, help="Guess the columns of any sheet; load its good rows."
        ),
    ):
        command = option(command)
    return command


def is_wanted(guessed: Mapping[str, Any], *, office: str, kind: str, reconstruction: bool) -> bool:
    """Whether --guess was given. Raises click.UsageError for options that do not go together."""
    is_guess = bool(guessed["guess"])
    given = guessed["columns"] or guessed["dates"] or guessed["until"]
    if not is_guess and (given or guessed["form"] != "text"):
        raise click.UsageError("--column, --dates, --until and --format need --guess.")
    if is_guess and not office:
        raise click.UsageError("--guess needs --office SLUG: the office whose workshops they are.")
    if is_guess and (kind or reconstruction):
        raise click.UsageError("--guess does not go with --kind or --reconstruction.")
    return is_guess


def ask_address() -> str:
    """The address of a calendar, from the first line of standard input: on a terminal it is asked
    for, and not shown."""
    if sys.stdin.isatty():
        return str(click.prompt("Address of the calendar", hide_input=True, err=True))
    return sys.stdin.readline().strip()


def _read_source(given: Path | str, rule: FetchRule, config: Config) -> ImportSource:
    """The file, or the calendar at the address. Raises UnreadableFile."""
    if isinstance(given, Path):
        return conversation.read(given.name, csv_tables.open_bytes(given))
    address = addresses.normalise(given, own_host=config.host)
    fetched = addresses.read(rule, address, own_host=config.host)
    return ImportSource(addresses.get_host(address), calendar=fetched.source)


def load(
    given: Path | str,
    office_slug: str,
    rule: FetchRule,
    *,
    dry_run: bool,
    columns: Sequence[str],
    dates: str | None,
    until: datetime | None,
    form: str,
    guess: bool,
) -> None:
    """Reads a file, or the calendar at an address, loads its good rows unless `dry_run`, and prints
    what became of each."""
    assert guess
    chosen, now = _read_choices(columns), clock.now()
    config = settings()
    with open_store(config) as store, open_key_store(config) as key_store:
        with store.read() as session:
            _find_office(session, office_slug)
        source = _read_source(given, rule, config)
        with store.read() as session:
            office = _find_office(session, office_slug)
            found = conversation.choose_columns(
                conversation.guess_columns(session, office, source), chosen
            )
            _require_headings(found, chosen)
            order = _ORDERS.get(dates or "")
            last = until.date() if until is not None else None
            rows = conversation.propose(
                session, office, source, found, now=now, order=order, until=last, watch=_watch
            )
        loaded = 0
        if not dry_run:
            result = loading.load(store, office_slug, rows, now=now, progress=_show_progress)
            loaded = result.loaded
            for workshop_id, day in result.moved.items():
                key_store.move(workshop_id, day)
            if chosen:
                with store.change() as session:
                    office = _find_office(session, office_slug)
                    conversation.remember_columns(session, office, found)
    if form == "json":
        click.echo(
            json.dumps(conversation.to_json(source, found, rows, loaded), ensure_ascii=False)
        )
    else:
        _print_text(source, found, rows, dry_run=dry_run)


def _find_office(session: Session, slug: str) -> Office:
    try:
        return offices.find(session, slug)
    except NotFound:
        raise click.UsageError(f"there is no office “{slug}”; `outreach load offices`?") from None


def _read_choices(columns: Sequence[str]) -> dict[str, Field | None]:
    chosen: dict[str, Field | None] = {}
    for each in columns:
        heading, equals, name = each.rpartition("=")
        if not equals or name not in {*Field, _NOTHING}:
            fields = ", ".join(Field)
            raise click.UsageError(f"--column {each}: write HEADING=FIELD, of {fields} or “-”.")
        chosen[heading] = None if name == _NOTHING else Field(name)
    return chosen


def _require_headings(found: Columns, chosen: Mapping[str, Field | None]) -> None:
    headings = [each.heading for table in found for each in table]
    known = {each.casefold() for each in headings}
    for heading in chosen:
        if heading.casefold() not in known:
            raise click.UsageError(f"the file has no column “{heading}”: {', '.join(headings)}.")


def _print_text(
    source: ImportSource, found: Columns, rows: Sequence[RowProposal], *, dry_run: bool
) -> None:
    answer = conversation.to_json(source, found, rows, 0)
    click.echo("columns: " + ", ".join(f"{h} = {f or '-'}" for h, f in answer["columns"].items()))
    for each in rows:
        if each.reason is not None:
            sheet = f"{each.parsed.sheet}, " if each.parsed.sheet else ""
            click.echo(f"{sheet}line {each.parsed.line}: {each.outcome.value}: {each.reason}")
    counts = {outcome: sum(each.outcome is outcome for each in rows) for outcome in Outcome}
    counted = ", ".join(f"{number} {outcome.value}" for outcome, number in counts.items())
    suffix = " Nothing was changed: this was a dry run." if dry_run else ""
    click.echo(f"workshops: {counted}.{suffix}")


def _watch(rows: Iterable[Any]) -> Iterable[Any]:
    """The rows, with a line on stderr after each tenth if there are many."""
    listed = list(rows)
    return _tell_tenths(listed) if len(listed) >= MIN_ROWS_FOR_PROGRESS else listed


def _tell_tenths(rows: Sequence[Any]) -> Iterator[Any]:
    step = max(1, len(rows) // 10)
    for number, row in enumerate(rows, 1):
        yield row
        if number % step == 0:
            click.echo(f"{number:,} of {len(rows):,} rows compared", err=True)


def _show_progress(done: int, of: int) -> None:
    if of >= MIN_ROWS_FOR_PROGRESS:
        click.echo(f"{done:,} of {of:,} rows loaded", err=True)
    sys.stderr.flush()
