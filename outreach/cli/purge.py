"""`outreach purge`: forget people whose day has come."""

import click

from outreach import clock
from outreach.cli.context import opened, opened_key_store, settings
from outreach.privacy import retention
from outreach.privacy.retention import Purged


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go, in numbers.")
@click.option(
    "--yes",
    is_flag=True,
    help="Go on though some are overdue by three days, or most rows and keys do not match.",
)
def command(dry_run: bool, yes: bool) -> None:
    """Forget everyone whose day has come: 30 days after their workshop, 7 for discreet kinds and
    for those who only waited.

    The worker does this every day by itself.
    """
    config, now = settings(), clock.now()
    with opened(config) as store, opened_key_store(config) as key_store:
        if dry_run:
            found = retention.preview(store, key_store, config, now=now)
            _say("would be forgotten", "would be emptied", "would go", found)
            return
        done = retention.purge(store, key_store, config, now=now, sure=yes)
    _say("forgotten", "emptied", "gone", done)


def _say(forgotten: str, emptied: str, gone: str, purged: Purged) -> None:
    click.echo(f"{purged.keys} registrations {forgotten}")
    click.echo(f"{purged.emptied} rows without a key {emptied}")
    for noun, count in {
        "keys that nothing points at": purged.unused,
        **purged.rows,
        "letters in the mail folder": purged.letters,
    }.items():
        click.echo(f"{count} {noun} {gone}")
