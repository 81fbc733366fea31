"""`outreach extension`: what the installation has beside the core."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from outreach import clock, extension, extension_points, network_file
from outreach.cli import db
from outreach.cli.context import list_settings, open_key_store, open_store, settings
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.errors import CommandError, Misconfigured
from outreach.extension import SETTING, Extension
from outreach.maintenance import extension_removal
from outreach.network_profile import use_profile
from outreach.privacy import keepers

_RESTART = "Restart the site and the worker."


@click.group()
def command() -> None:
    """What this installation has beside the core: list, enable, disable and remove extensions."""


@command.command("list")
def list_command() -> None:
    """List the installed extensions: whether each is on, and what it gives.

    OUTREACH_EXTENSIONS, or `extensions` in a network's file, names those that are on.
    """
    configs = list_settings()
    installed = extension_points.list_installed()
    for name in installed:
        on_at = [each.name for each in configs if name in each.extensions]
        state = f"on at {', '.join(on_at)}" if any(on_at) else "on" if on_at else "off"
        click.echo(f"{name}: {state}. {_summarize(name)}")
    if not installed:
        click.echo("No extension is installed.")


@command.command()
@click.argument("name")
def enable(name: str) -> None:
    """Switch the extension NAME on: write it into the network's file, and make its tables.

    What it requires has to be on before.
    """
    config = settings()
    if name in config.extensions:
        raise CommandError(f"{name} is on already.")
    names = [*config.extensions, name]
    changed = replace(config, extensions=tuple(names))
    extension.load_checked(changed)
    path = _find_file(config, names)
    with use_profile(config.profile):
        db.bring_up_to_date(changed)
    network_file.write_extensions(path, names)
    click.echo(f"{name} is on in {path}, and its tables are there. {_RESTART}")


@command.command()
@click.argument("name")
def disable(name: str) -> None:
    """Switch the extension NAME off: take it out of the network's file.

    What it has stored stays, and what is about people goes on expiring. To delete it:
    outreach extension remove NAME
    """
    config = settings()
    if name not in config.extensions:
        raise CommandError(f"{name} is not on.")
    _require_unneeded(name, extension.load(config.extensions))
    names = [each for each in config.extensions if each != name]
    path = _find_file(config, names)
    stored = _describe_stored(config, name)
    network_file.write_extensions(path, names)
    click.echo(f"{name} is off in {path}. {_RESTART}")
    for line in stored:
        click.echo(line)


@command.command()
@click.argument("name")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where what is not about people is written, as CSV; without it, ./NAME.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, folder: Path | None, yes: bool) -> None:
    """Delete what the extension NAME has stored; what is not about people is written to files.

    It has to be off. The tables of one that is not installed any more are deleted too, without
    files.
    """
    config = settings()
    if name in config.extensions:
        raise CommandError(f"{name} is on. Switch it off first: outreach extension disable {name}")
    is_installed = name in extension_points.list_installed()
    exported = extension.find(name).tables.exported if is_installed else ()
    with open_store(config) as store, open_key_store(config) as key_store:
        with store.read() as session, key_store.store.read() as keys:
            rows = extension_removal.count_rows(session, name)
            rows |= extension_removal.count_rows(keys, name)
        if not rows:
            raise CommandError(f"{name} has stored nothing here.")
        for table, count in rows.items():
            fate = "written to a file, then deleted" if table in exported else "deleted"
            click.echo(f"{table}: {count} rows are {fate}.")
        if not is_installed:
            click.echo("Its package is not installed: no file is written.")
        if not yes:
            click.confirm("Delete them?", abort=True)
        if exported:
            _export(store, name, exported, folder or Path(name))
        with key_store.store.change() as keys:
            extension_removal.drop(keys, name)
        with store.change() as session:
            extension_removal.drop(session, name)
            audit_log.record(
                session, None, "extension removed", now=clock.now(), details={"extension": name}
            )
        for each in (store, key_store.store):
            each.truncate_log()
    click.echo(f"What {name} had stored is deleted. Backups made before have it still.")


def _summarize(name: str) -> str:
    """Returns what it gives, or why it cannot be used: one that is broken hides no other."""
    try:
        return extension.find(name).summary
    except Misconfigured as error:
        return str(error)


def _find_file(config: Config, names: Sequence[str]) -> Path:
    """Returns the network's file, which says which extensions are on. Raises CommandError where
    they are set elsewhere."""
    wanted = f'{SETTING}="{" ".join(names)}"'
    if SETTING in config.variables or config.network_file is None:
        raise CommandError(
            f"Set this where the variables of the program are set, then run `outreach db upgrade` "
            f"and restart the site and the worker: {wanted}"
        )
    return config.network_file


def _require_unneeded(name: str, found: Sequence[Extension]) -> None:
    needing = [each.name for each in found if name in each.requires]
    if needing:
        raise CommandError(f"{', '.join(needing)} cannot be without {name}. Switch it off first.")


def _export(store: Store, name: str, tables: Sequence[str], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with store.read() as session:
            for path in extension_removal.export(session, name, tables, folder):
                click.echo(f"{path} is written.")
    except OSError as error:
        raise CommandError(
            f"{error.filename} cannot be written: {error.strerror}. Nothing was deleted; give "
            "another folder with --to."
        ) from None


def _describe_stored(config: Config, name: str) -> Sequence[str]:
    """Returns a line for each thing that it stores about people."""
    own = extension.find(name).keepers
    with open_store(config) as store, open_key_store(config) as key_store:
        found = keepers.count_held(store, key_store)
    return [
        f"{count} {keeper.held} stay until they expire."
        for keeper, count in found.counts.items()
        if keeper in own
    ]
