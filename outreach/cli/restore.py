"""`outreach restore`: replaces the main database by a backup."""

from pathlib import Path

import click
from rich.console import Console

from outreach import clock
from outreach.cli.context import (
    ask_passphrase,
    exit_for_invalid_archive,
    open_key_store,
    read_passphrase,
    settings,
)
from outreach.maintenance import exclusive_access, restore
from outreach.maintenance.restore import RestoreRequest, RestoreResult


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--yes",
    is_flag=True,
    help="Also replace a database with rows: a SQLite file is kept aside, PostgreSQL is emptied.",
)
@click.option(
    "--dry-run", is_flag=True, help="Only verify FILE, and print how many would be erased."
)
@click.option(
    "--spare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The key store is lost: restore its keys from this backup of it.",
)
@click.option(
    "--forget",
    is_flag=True,
    help="Continue although most people have lost their key, or some are overdue by three days.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the passphrase (or OUTREACH_BACKUP_PASSPHRASE, or it is asked for).",
)
def command(
    file: Path,
    yes: bool,
    dry_run: bool,
    spare: Path | None,
    forget: bool,
    passphrase_file: Path | None,
) -> None:
    """Replace the database by the backup FILE. Stop `serve` and `worker` first.

    FILE is verified and migrated, and everybody erased since it was made is erased in it,
    before it becomes the database. All staff have to sign in again. See `outreach guide backups`.
    """
    if dry_run and spare is not None:
        raise click.UsageError("--dry-run changes nothing, so it takes no --spare.")
    config = settings()
    config.make_folders()
    if not dry_run:
        exclusive_access.require(config.keyring_url)
    with (
        exit_for_invalid_archive(),
        open_key_store(config) as key_store,
        Console(stderr=True).status("") as status,
    ):

        def passphrase() -> str:
            if (known := read_passphrase(passphrase_file)) is not None:
                return known
            status.stop()
            return ask_passphrase(str(file), twice=False)

        result = restore.restore(
            file,
            config,
            key_store,
            passphrase,
            RestoreRequest(replaces_rows=yes, forget=forget, spare=spare, is_dry_run=dry_run),
            now=clock.now(),
            tell=lambda table, done: status.update(f"{table} {done or ''}"),
        )
    _print_result(file, result, dry_run)


def _print_result(file: Path, result: RestoreResult, dry_run: bool) -> None:
    rows = result.manifest.rows
    click.echo(
        f"{file} of {result.manifest.made_at:%Y-%m-%d %H:%M} UTC is "
        f"{'whole' if dry_run else 'restored'}: {rows['workshop']} workshops, "
        f"{rows['registration']} registrations, {sum(rows.values())} rows."
    )
    if result.keys:
        click.echo(f"{result.keys} keys taken back from the spare.")
    would = "would be" if dry_run else "are"
    click.echo(f"{result.purged.emptied} registrations {would} forgotten since; their places stay.")
    if result.aside is not None:
        click.echo(f"The database before is {result.aside}: delete it once all is well.")
    if not dry_run:
        click.echo("Now run: outreach doctor")
