"""`outreach keys`: the key store, its master keys and its backup."""

import sys
from pathlib import Path

import click

from outreach import clock
from outreach.cli.context import open_key_store, open_store, settings
from outreach.errors import OutreachError
from outreach.keystore import key_backup, rotation
from outreach.maintenance import keystore_check
from outreach.privacy import reconcile


@click.group()
def command() -> None:
    """The keys of people's names: rotate master keys, back up and check the key store.

    See `outreach guide keys`.
    """


@command.command()
@click.option(
    "--prepare",
    is_flag=True,
    help="Only make the next master key, to be copied to the other hosts before it is used.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Continue although the master key in use is lost; what it sealed is lost too.",
)
def rotate(prepare: bool, yes: bool) -> None:
    """Seal all keys with a new master key, which makes older copies of the key store useless.

    An hour later, `outreach keys retire` destroys the older master keys. Where the key store is a
    file, the worker does both once a month.
    """
    config = settings()
    with open_key_store(config) as key_store:
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
    """Destroy the older master keys; not within an hour of a rotation."""
    with open_key_store(settings()) as key_store:
        destroyed = rotation.retire(key_store, now=clock.now())
        left = len(key_store.envelope.master_keys.numbers())
    if not destroyed and left > 1:
        _fail("An older master may still be needed. Wait until an hour after the rotation.")
    click.echo(f"{destroyed} older masters destroyed.")


@command.command("spare")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--load", is_flag=True, help="Restore from FILE what the key store has lost.")
def spare(file: Path, load: bool) -> None:
    """Write the one backup (spare) of the key store to FILE, over the previous one.

    It opens only with the master keys: keep those somewhere else. The worker writes it once an
    hour. Loading restores only keys that a registration still points at.
    """
    config = settings()
    with open_key_store(config) as key_store:
        if not load:
            try:
                count = key_backup.save(key_store, file, now=clock.now())
            except OSError as error:
                _fail(f"{file} cannot be written: {error.strerror}.")
            click.echo(f"{count} keys are in {file}.")
            return
        with open_store(config) as store, store.read() as session:
            wanted = reconcile.used_key_ids(session)
        loaded = key_backup.load(key_store, file, wanted)
    click.echo(f"{loaded.keys} keys taken back.")
    if loaded.unreadable:
        _fail(f"{loaded.unreadable} keys were sealed by a master that is not in {config.keys}.")


@command.command()
def check() -> None:
    """Check that every key opens and belongs to a registration; exit 1 if not."""
    config = settings()
    is_well = True
    with open_store(config) as store, open_key_store(config) as key_store:
        try:
            key_store.envelope.refresh()
        except OutreachError as error:
            _fail(str(error))
        for finding in keystore_check.check(store, key_store):
            click.echo(f"{'well ' if finding.is_well else 'to do'}  {finding.words}")
            is_well = is_well and finding.is_well
    if not is_well:
        sys.exit(1)


def _fail(message: str) -> None:
    click.echo(f"outreach: {message}", err=True)
    sys.exit(1)
