"""`outreach keys`: the ring of keys, its masters and its spare."""

import sys
from pathlib import Path

import click

from outreach import clock
from outreach.cli.context import opened, opened_key_store, settings
from outreach.errors import OutreachError
from outreach.keystore import key_backup, rotation
from outreach.maintenance import keystore_check
from outreach.privacy import reconcile


@click.group()
def command() -> None:
    """The keys that open people's names: new masters, the spare, and whether all is well.

    See `outreach guide keys`.
    """


@command.command()
@click.option(
    "--prepare",
    is_flag=True,
    help="Only make the next master, to be copied to the other hosts before it is used.",
)
@click.option(
    "--yes", is_flag=True, help="Go on though the master in use is lost, with all it sealed."
)
def rotate(prepare: bool, yes: bool) -> None:
    """Seal all keys with a new master: older copies of the ring are worth nothing then.

    An hour later, `outreach keys retire` destroys the masters before. Where keys are in a file,
    the worker does both by itself, once a month.
    """
    config = settings()
    with opened_key_store(config) as key_store:
        if prepare:
            number = rotation.prepare(key_store)
            click.echo(
                f"master-{number} is made. Copy it to {config.keys} on every other host, "
                "then run: outreach keys rotate"
            )
            return
        done = rotation.rotate(key_store, now=clock.now(), sure=yes)
    click.echo(f"{done.keys} keys are sealed with master-{done.number} now.")
    if done.lost:
        click.echo(f"{done.lost} keys that no master opened are gone.")
    click.echo("In an hour, run on every host: outreach keys retire")


@command.command()
def retire() -> None:
    """Destroy the masters before the one in use; not within an hour of a rotation."""
    with opened_key_store(settings()) as key_store:
        gone = rotation.retire(key_store, now=clock.now())
        left = len(key_store.seals.masters.numbers())
    if not gone and left > 1:
        _fail("An older master may still be needed. Wait until an hour after the rotation.")
    click.echo(f"{gone} older masters destroyed.")


@command.command("spare")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--load", is_flag=True, help="Take back from FILE what the ring has lost.")
def spare_(file: Path, load: bool) -> None:
    """Write the one spare of the ring to FILE, over the one before.

    It opens only with the masters: keep those somewhere else. The worker writes it over once an
    hour. Loading takes back only the keys that a registration still points at.
    """
    config = settings()
    with opened_key_store(config) as key_store:
        if not load:
            try:
                count = key_backup.save(key_store, file, now=clock.now())
            except OSError as error:
                _fail(f"{file} cannot be written: {error.strerror}.")
            click.echo(f"{count} keys are in {file}.")
            return
        with opened(config) as store, store.read() as session:
            wanted = reconcile.used(session)
        done = key_backup.load(key_store, file, wanted)
    click.echo(f"{done.keys} keys taken back.")
    if done.unreadable:
        _fail(f"{done.unreadable} keys were sealed by a master that is not in {config.keys}.")


@command.command()
def check() -> None:
    """See whether every key opens and belongs to a registration; exit 1 if not."""
    config = settings()
    is_well = True
    with opened(config) as store, opened_key_store(config) as key_store:
        try:
            key_store.seals.look()
        except OutreachError as error:
            _fail(str(error))
        for finding in keystore_check.check(store, key_store):
            click.echo(f"{'well ' if finding.is_well else 'to do'}  {finding.words}")
            is_well = is_well and finding.is_well
    if not is_well:
        sys.exit(1)


def _fail(words: str) -> None:
    click.echo(f"outreach: {words}", err=True)
    sys.exit(1)
