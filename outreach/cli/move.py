"""`outreach move`: copies everything to another database, as from SQLite to PostgreSQL."""

import click
from rich.console import Console

from outreach import database_urls
from outreach.cli import wide_tables
from outreach.cli.context import open_key_store, open_store, settings
from outreach.maintenance import migrate_database
from outreach.migrations import Database


def _database_url(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> str | None:
    if text is not None and not database_urls.is_valid(text):
        raise click.BadParameter("has to start with sqlite:/// or postgresql+psycopg://")
    return text


@click.command()
@click.option(
    "--to", required=True, metavar="URL", callback=_database_url, help="The new database."
)
@click.option(
    "--keyring-to",
    metavar="URL",
    callback=_database_url,
    help="The new key store; without this it stays where it is.",
)
@click.option("--yes", is_flag=True, help="Delete what the new databases have.")
def command(to: str, keyring_to: str | None, *, yes: bool) -> None:
    """Copy everything to another database, which must be empty. Stop `serve` and `worker` first.

    The old database is not changed. Afterwards change the settings that are printed, and serve. A
    move that was interrupted begins anew with --yes, which deletes what it left behind.
    """
    config = settings()
    with open_store(config), open_key_store(config):
        pass  # raises where one is not up to date
    paths = migrate_database.list_paths(config, to, keyring_to)
    with Console(stderr=True).status("") as status:
        moved = migrate_database.move(
            paths,
            replaces_rows=yes,
            tell=lambda table, done: status.update(f"{table} {done or ''}"),
        )
    lines = [
        (str(base), name, str(number))
        for base, rows in moved.items()
        for name, number in rows.items()
    ]
    wide_tables.print_table(Console(), ("database", "table", "rows"), lines, numbers=[2])
    click.echo("All of it arrived. Change these settings on every host, then run outreach doctor:")
    names = {Database.MAIN: "OUTREACH_DATABASE_URL", Database.KEY_STORE: "OUTREACH_KEYRING_URL"}
    for path in paths:
        click.echo(f"  {names[path.base]}={migrate_database.readable(path.target)}")
    if keyring_to is None:
        unchanged = migrate_database.readable(config.keyring_url)
        click.echo(f"  {names[Database.KEY_STORE]}={unchanged}   (as it is)")
    else:
        click.echo(
            "The old key store still holds its keys: run outreach keys rotate, and an hour later "
            "outreach keys retire, then delete it."
        )
