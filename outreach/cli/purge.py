"""`outreach purge`: erases people whose retention has ended."""

from dataclasses import replace

import click

from outreach import clock
from outreach.cli.context import open_key_store, open_store, settings
from outreach.errors import CommandError
from outreach.privacy import keepers, retention
from outreach.privacy.keepers import KeeperCounts
from outreach.privacy.retention import Purged


@click.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be erased, in numbers.")
@click.option(
    "--yes",
    is_flag=True,
    help="Continue although some are overdue by three days, or most rows and keys do not match.",
)
def command(dry_run: bool, yes: bool) -> None:
    """Erase everybody whose retention has ended: 30 days after the workshop, 7 for discreet kinds
    and for those who were only waitlisted.

    The worker does this every day.
    """
    config, now = settings(), clock.now()
    with open_store(config) as store, open_key_store(config) as key_store:
        if dry_run:
            preview = retention.preview(store, key_store, config, now=now)
            kept = keepers.count_due(store, key_store, now=now)
            _print_numbers("would be forgotten", "would be emptied", "would go", preview, kept)
            return
        purged = retention.purge(store, key_store, config, now=now, sure=yes)
        kept = keepers.purge(store, key_store, now=now)
        letters = purged.letters + retention.delete_letters(store, key_store, config)
        purged = replace(purged, letters=letters)
    _print_numbers("forgotten", "emptied", "gone", purged, kept)
    if kept.failed:
        nouns = ", ".join(keeper.noun for keeper in kept.failed)
        raise CommandError(f"Not erased: {nouns}. The log says why. The worker tries again.")


def _print_numbers(
    forgotten: str, emptied: str, gone: str, purged: Purged, kept: KeeperCounts
) -> None:
    click.echo(f"{purged.keys} registrations {forgotten}")
    click.echo(f"{purged.emptied} rows without a key {emptied}")
    for noun, count in {
        "keys that nothing points at": purged.unused,
        **purged.rows,
        **{keeper.noun: count for keeper, count in kept.counts.items()},
        "letters in the mail folder": purged.letters,
    }.items():
        click.echo(f"{count} {noun} {gone}")
