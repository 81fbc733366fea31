"""`outreach backup`: copies the main database while the site runs."""

from pathlib import Path

import click
from rich.console import Console

from outreach import clock
from outreach.cli.context import (
    ask_passphrase,
    exit_for_invalid_archive,
    open_store,
    read_passphrase,
    settings,
)
from outreach.maintenance import backup


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Encrypt with the passphrase in this file (or in OUTREACH_BACKUP_PASSPHRASE).",
)
@click.option("--encrypt", is_flag=True, help="Encrypt with a passphrase that is asked for.")
def command(file: Path, passphrase_file: Path | None, encrypt: bool) -> None:
    """Write a backup of the main database to FILE, which must be new. The site may be running.

    The key store is never in it: see `outreach guide backups`. An encrypted backup is an age file
    (age-encryption.org).
    """
    with exit_for_invalid_archive():
        backup.require_new(file)
        passphrase = read_passphrase(passphrase_file)
        if passphrase is None and encrypt:
            passphrase = ask_passphrase(str(file), twice=True)
        if passphrase is not None and len(passphrase) < backup.MIN_PASSPHRASE_LENGTH:
            raise click.UsageError(
                f"A passphrase has {backup.MIN_PASSPHRASE_LENGTH} characters or more."
            )
        config, console = settings(), Console(stderr=True)
        with open_store(config) as store, console.status("") as status:
            result = backup.make(
                store,
                config,
                file,
                now=clock.now(),
                passphrase=passphrase,
                tell=lambda table, done: status.update(f"{table} {done or ''}"),
            )
    rows = result.manifest.rows
    click.echo(
        f"{file}: {rows['workshop']} workshops, {rows['registration']} registrations, "
        f"{sum(rows.values())} rows in {len(rows)} tables, {result.size / 1e6:.1f} MB, "
        f"{'encrypted' if passphrase else 'not encrypted'}, SHA-256 {result.sha256}"
    )
