"""`outreach retime`: recomputes stored UTC after new time-zone rules."""

from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from typing import Final

import click

from outreach import clock
from outreach.cli.context import open_store, settings
from outreach.db.store import Store
from outreach.domain.scheduling import timezone_update
from outreach.domain.scheduling.timezone_update import StaleTime

MAX_WORKSHOPS_PER_TRANSACTION: Final = 200  # registrations wait no longer than for these


@click.command()
@click.option("--dry-run", is_flag=True, help="Only print what would move, in numbers.")
def command(dry_run: bool) -> None:
    """Recompute what is stored in UTC, when a law has changed the clocks of a place.

    Run it after an upgrade of tzdata; `outreach doctor` says when it is needed. The local day and
    hours of workshops do not change, so nobody is notified; calendars take the new instant from
    their feed. Reminders move along.

    Safe to stop and to run again: it continues where it stopped.
    """
    now = clock.now()
    with open_store(settings()) as store:
        with store.read() as session:
            stale = list(timezone_update.find_stale(session))
        if not dry_run:
            stale = [each for batch in _batches(stale) for each in _retime(store, batch)]
        with store.read() as session:
            reminders = timezone_update.find_wrong_reminders(session, now=now)
        if reminders and not dry_run:
            with store.change() as session:
                timezone_update.reschedule_reminders(session, reminders)
    _print_numbers(stale, len(reminders), "would move" if dry_run else "moved")


def _batches(stale: list[StaleTime]) -> Iterable[list[StaleTime]]:
    return (
        stale[start : start + MAX_WORKSHOPS_PER_TRANSACTION]
        for start in range(0, len(stale), MAX_WORKSHOPS_PER_TRANSACTION)
    )


def _retime(store: Store, batch: list[StaleTime]) -> list[StaleTime]:
    with store.change() as session:
        return timezone_update.update(session, [each.id for each in batch], now=clock.now())


def _print_numbers(stale: list[StaleTime], reminders: int, moved: str) -> None:
    rules = f"tzdata {metadata.version('tzdata')}"
    if not stale and not reminders:
        click.echo(f"Every stored hour is what {rules} says. Nothing to do.")
        return
    today = clock.now().date()
    ahead = Counter(each.zone for each in stale if each.day >= today)
    for zone, count in sorted(Counter(each.zone for each in stale).items()):
        click.echo(f"{zone}: workshops that {moved}: {count}, from today on: {ahead[zone]}")
    click.echo(f"Reminders that {moved}: {reminders}")
    click.echo(f"By {rules}. Hours on the wall are the same, so nobody is written to.")
