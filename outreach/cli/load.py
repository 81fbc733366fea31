"""`outreach load`: loads offices, venues, kinds, workshops and figures from files."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console
from rich.progress import track
from sqlalchemy.orm import Session

from outreach import clock
from outreach.cli import load_guessed as guessing
from outreach.cli.context import open_key_store, open_store, settings
from outreach.cli.notify_options import get_decision, notify_option, say_reach
from outreach.db.store import Store
from outreach.domain.network.offices import list_offices
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.errors import OutreachError, Refusal
from outreach.imports import (
    csv_tables,
    figures,
    import_result,
    kinds,
    offices,
    packaged,
    venues,
    workshops,
)
from outreach.imports.calendar_links import addresses
from outreach.imports.import_errors import ImportRejected, group_faults
from outreach.imports.import_result import ImportResult
from outreach.imports.sheets import file_types
from outreach.imports.workshops import IcalDefaults, Network, WorkshopImportRow
from outreach.outbound.guarded_client import FetchRule

_MIN_ROWS_FOR_PROGRESS = 200


class _FileOrAddress(click.Path):
    """A path, or the address of a calendar as text."""

    def convert(self, value: Any, *where: Any) -> Any:
        return value if addresses.is_address(str(value)) else super().convert(value, *where)


_file = click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
_file_or_address = click.argument("path", metavar="FILE", type=_FileOrAddress(path_type=Path))
_file_or_packaged = click.argument(
    "path", metavar="[FILE]", type=click.Path(path_type=Path), required=False
)
_packaged = click.option(
    "--packaged", "is_packaged", is_flag=True, help="The file that comes with the program."
)
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Say what would be loaded, and change nothing."
)


@click.group()
def command() -> None:
    """Load a file: all of it, or nothing if a line is wrong.

    Every fault is listed once, with the numbers of its lines (the header is line 1), the field, the
    value and the reason. Loading a file twice changes nothing. Load offices and kinds before
    workshops.

    Files are UTF-8; tables are CSV, with commas or semicolons. Workshops may also be in a workbook
    (.xlsx) or a calendar (.ics).
    """


@command.command("offices")
@_file_or_packaged
@_packaged
@_dry_run
def offices_(path: Path | None, is_packaged: bool, dry_run: bool) -> None:
    """Load offices from a CSV file: slug, name_es, city, region, timezone, …"""
    name = packaged.OFFICES
    with refusals(), open_store(settings()) as store, _find(path, is_packaged, name) as file:
        rows = offices.read(file)
        _load(store, dry_run, "offices", lambda s: offices.load(s, rows, now=clock.now()))


@command.command("venues")
@_file
@_dry_run
@notify_option
def venues_(path: Path, dry_run: bool, notify: NotifyMode | None) -> None:
    """Load venues from a CSV file: office, name, address, city, region, timezone, …

    A venue is found by office, name, address and city. Optional columns: area, latitude, longitude,
    capacity, step_free, own_room, entrance (free, guard, id), and in each language (_es, _en, _fr)
    access, meeting_point, landmark, transit, checkpoint. Staff download the same file at
    /org/sedes. Who has a seat is told where a venue gets another time zone, after five minutes; the
    command says how many they are. On a terminal it leaves the decision to staff, unless --tell.
    """
    config, decision = settings(), get_decision(notify)
    with refusals(), open_store(config) as store:
        with store.read() as session:
            known = {office.slug: office for office in list_offices(session)}
        rows = venues.read(path, known)

        def load(session: Session) -> ImportResult:
            loaded = venues.load(session, rows, now=clock.now(), decision=decision)
            say_reach(session, loaded.changed_workshops, decision, config)
            return loaded

        _load(store, dry_run, "venues", load)


@command.command("kinds")
@_file_or_packaged
@_packaged
@_dry_run
def kinds_(path: Path | None, is_packaged: bool, dry_run: bool) -> None:
    """Load kinds of workshop, and series of figures, from a JSON file (as taxonomy.json)."""
    name = packaged.KINDS
    with refusals(), open_store(settings()) as store, _find(path, is_packaged, name) as file:
        found = kinds.read(file)
        _load(store, dry_run, "kinds", lambda s: kinds.load(s, found, now=clock.now()))


@command.command("figures")
@_file
@_dry_run
def figures_(path: Path, dry_run: bool) -> None:
    """Load typed monthly figures from a CSV file: month, series, value, source."""
    with refusals(), open_store(settings()) as store:
        with store.read() as session:
            series = figures.list_series_codes(session)
        rows = figures.read(path, series)
        _load(store, dry_run, "figures", lambda s: figures.load(s, rows, now=clock.now()))


@command.command("workshops")
@_file_or_address
@_dry_run
@click.option(
    "--reconstruction",
    is_flag=True,
    help="Mark the workshops as a synthetic reconstruction; every page that shows them says so.",
)
@click.option(
    "--office",
    default="",
    help="The office of the events of a calendar, or of a sheet that is guessed, by its slug.",
)
@click.option("--kind", default="", help="Their kind, where an event does not name one.")
@notify_option
@guessing.options
@click.pass_obj
def workshops_(
    rule: FetchRule | None,
    /,
    path: Path | str,
    dry_run: bool,
    reconstruction: bool,
    office: str,
    kind: str,
    notify: NotifyMode | None,
    **guessed: Any,
) -> None:
    """Load workshops from a CSV, XLSX or iCalendar file: id, office, kind, title_es, starts_at, …

    A row with an id that was loaded before changes that workshop as an edit by staff does: people
    with a seat are told of a new time or venue, and of a cancellation, after five minutes. The
    command says how many they are. On a terminal it leaves the decision to staff, unless --tell.

    status is draft, published or cancelled. Optional columns: way (open, place, phone, unlisted;
    place if there is none), mode, address, area, phone, live_url, title_fr. Languages are separated
    by spaces. What a row leaves empty comes from its kind.

    With --guess, any sheet of one office: also .xls, .ods and other texts. Columns and values are
    guessed, the good rows are loaded and the others told, each with its reason. Loading the same
    file again loads nothing new.

    With --guess, FILE may be the address of a calendar (https:// or webcal://); what becomes of its
    events is seen with --dry-run. Only events whose words name a kind are loaded, as drafts; the
    address is not kept. Write - to type the address, which others on this machine then do not see.
    """
    if guessing.is_wanted(guessed, office=office, kind=kind, reconstruction=reconstruction):
        with refusals():
            given = guessing.ask_address() if str(path) == "-" else path
            # Only tests give another rule than https on public addresses.
            guessing.load(given, office, rule or FetchRule(), dry_run=dry_run, **guessed)
        return
    if isinstance(path, str):
        raise click.UsageError("The address of a calendar needs --guess.")
    with refusals():
        config = settings()
        # The key store is opened first: a new day must not be kept if its keys cannot follow.
        with open_store(config) as store, open_key_store(config) as key_store:
            with store.read() as session:
                known = workshops.network(session)
                rows = _rows(session, path, known, IcalDefaults(office, kind))
            decision = get_decision(notify)

            def load(session: Session) -> ImportResult:
                loaded = workshops.load(
                    session,
                    rows,
                    now=clock.now(),
                    is_synthetic=reconstruction,
                    watch=_watch,
                    decision=decision,
                )
                say_reach(session, loaded.changed_workshops, decision, config)
                return loaded

            loaded = _load(store, dry_run, "workshops", load)
            for line, name, known_name in loaded.like:
                click.echo(
                    f"line {line}: «{name}» is a new venue; if it is «{known_name}», merge them in "
                    "the desk's page of venues.",
                    err=True,
                )
            if not dry_run:
                for workshop_id, day in loaded.moved.items():
                    key_store.move(workshop_id, day)


@contextmanager
def _find(path: Path | None, is_packaged: bool, name: str) -> Iterator[Path]:
    """The given file, or the one of that name in the package."""
    if is_packaged == (path is not None):
        raise click.UsageError("Give a file, or --packaged for the one of the program.")
    if path is not None:
        yield path
        return
    with packaged.open_file(name) as file:
        yield file


def _rows(
    session: Session, path: Path, network: Network, defaults: IcalDefaults
) -> list[WorkshopImportRow]:
    """The rows of a file. A CSV file may have any length; others have the limits of an upload."""
    data = csv_tables.open_bytes(path)
    if file_types.is_table_of_text(data):
        return workshops.read(path, network)
    return workshops.parse_or_reject(
        workshops.read_table(session, str(path), data, network, defaults), network
    )


class _DryRun(Exception):
    """Rolls a transaction back."""


def _load(
    store: Store, dry_run: bool, what: str, load: Callable[[Session], ImportResult]
) -> ImportResult:
    loaded = ImportResult()
    try:
        with store.change() as session:
            loaded = load(session)
            import_result.record_load(session, what, loaded, None, now=clock.now())
            if dry_run:
                raise _DryRun
    except _DryRun:
        click.echo(f"{what}: {loaded}. Nothing was changed: this was a dry run.")
        return loaded
    except sa.exc.IntegrityError:
        raise OutreachError(
            "Somebody changed the same things at this moment; nothing was loaded. Run it again."
        ) from None
    click.echo(f"{what}: {loaded}.")
    return loaded


@contextmanager
def refusals() -> Iterator[None]:
    """Exits with 2 if the block refuses the file, after one line for each fault in it."""
    try:
        yield
    except ImportRejected as error:
        for words in group_faults(error.faults):
            click.echo(words, err=True)
        faults = len(error.faults)
        click.echo(
            f"outreach: {faults} fault{'s' * (faults > 1)}; nothing was loaded. "
            "Mend the file and load it again.",
            err=True,
        )
        sys.exit(2)
    except Refusal as error:
        click.echo(f"outreach: {error}", err=True)
        sys.exit(2)


def _watch(rows: Iterable[Any]) -> Iterable[Any]:
    """The rows, with a progress bar on a terminal if there are many."""
    listed = list(rows)
    if len(listed) < _MIN_ROWS_FOR_PROGRESS or not sys.stderr.isatty():
        return listed
    return track(listed, "Loading", console=Console(stderr=True), transient=True)
