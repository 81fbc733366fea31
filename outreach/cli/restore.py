"""`outreach restore`: puts a backup back."""

from pathlib import Path

import click
from rich.console import Console

from outreach import clock
from outreach.cli.context import ask_passphrase, misfits, opened_key_store, passphrase_in, settings
from outreach.maintenance import exclusive_access, restore
from outreach.maintenance.restore import RestoreRequest, RestoreResult


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--yes",
    is_flag=True,
    help="Also over a database with rows: a SQLite file is kept aside, PostgreSQL is emptied.",
)
@click.option("--dry-run", is_flag=True, help="Only verify FILE, and say what would be forgotten.")
@click.option(
    "--spare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The ring is lost: take back its keys from this spare.",
)
@click.option(
    "--forget",
    is_flag=True,
    help="Go on though most people have lost their key, or some are overdue by three days.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The passphrase of FILE (or OUTREACH_BACKUP_PASSPHRASE; or it is asked for).",
)
def command(
    file: Path,
    yes: bool,
    dry_run: bool,
    spare: Path | None,
    forget: bool,
    passphrase_file: Path | None,
) -> None:
    """Put the backup FILE in the place of the database. Stop `serve` and `worker` first.

    FILE is verified first, and brought up to date. Whoever was forgotten since it was made is
    forgotten in it before it is the database. Everybody has to sign in again. See
    `outreach guide backups`.
    """
    if dry_run and spare is not None:
        raise click.UsageError("--dry-run changes nothing, so it takes no --spare.")
    config = settings()
    config.make_folders()
    if not dry_run:
        exclusive_access.require(config.keyring_url)
    with (
        misfits(),
        opened_key_store(config) as key_store,
        Console(stderr=True).status("") as status,
    ):

        def passphrase() -> str:
            if (given := passphrase_in(passphrase_file)) is not None:
                return given
            status.stop()
            return ask_passphrase(str(file), twice=False)

        done = restore.restore(
            file,
            config,
            key_store,
            passphrase,
            RestoreRequest(over_filled=yes, forget=forget, spare=spare, only_look=dry_run),
            now=clock.now(),
            tell=lambda table, done: status.update(f"{table} {done or ''}"),
        )
    _say(file, done, dry_run)


def _say(file: Path, done: RestoreResult, dry_run: bool) -> None:
    rows = done.manifest.rows
    click.echo(
        f"{file} of {done.manifest.made_at:%Y-%m-%d %H:%M} UTC is "
        f"{'whole' if dry_run else 'restored'}: {rows['workshop']} workshops, "
        f"{rows['registration']} registrations, {sum(rows.values())} rows."
    )
    if done.keys:
        click.echo(f"{done.keys} keys taken back from the spare.")
    would = "would be" if dry_run else "are"
    click.echo(f"{done.purged.emptied} registrations {would} forgotten since; their places stay.")
    if done.aside is not None:
        click.echo(f"The database before is {done.aside}: delete it once all is well.")
    if not dry_run:
        click.echo("Now run: outreach doctor")
