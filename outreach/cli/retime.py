"""`outreach retime`: after new zone rules, work out again what is stored in UTC."""

from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from typing import Final

import click

from outreach import clock
from outreach.cli.context import opened, settings
from outreach.db.store import Store
from outreach.domain.scheduling import timezone_update
from outreach.domain.scheduling.timezone_update import StaleTime

AT_ONCE: Final = 200  # workshops in one transaction: a page that saves a place waits no longer


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would move, in numbers.")
def command(dry_run: bool) -> None:
    """Work out again what is stored in UTC, when a law has changed the clocks of a place.

    Run it after an upgrade of tzdata; `outreach doctor` says when it is wanted. The day and the
    hours of a workshop on the wall stay as they are, so nobody who has a place is written to;
    calendars take the new instant from their feed. Reminders move along.

    Safe to run again, and to stop: what is done is done, and the next run goes on.
    """
    now = clock.now()
    with opened(settings()) as store:
        with store.read() as session:
            found = list(timezone_update.find_stale(session))
        if not dry_run:
            found = [each for batch in _batches(found) for each in _retime(store, batch)]
        with store.read() as session:
            reminders = timezone_update.wrong_reminders(session, now=now)
        if reminders and not dry_run:
            with store.change() as session:
                timezone_update.remind_at(session, reminders)
    _say(found, len(reminders), "would move" if dry_run else "moved")


def _batches(found: list[StaleTime]) -> Iterable[list[StaleTime]]:
    return (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))


def _retime(store: Store, batch: list[StaleTime]) -> list[StaleTime]:
    with store.change() as session:
        return timezone_update.update(session, [each.id for each in batch], now=clock.now())


def _say(found: list[StaleTime], reminders: int, moved: str) -> None:
    rules = f"tzdata {metadata.version('tzdata')}"
    if not found and not reminders:
        click.echo(f"Every stored hour is what {rules} says. Nothing to do.")
        return
    today = clock.now().date()
    ahead = Counter(each.zone for each in found if each.day >= today)
    for zone, count in sorted(Counter(each.zone for each in found).items()):
        click.echo(f"{zone}: workshops that {moved}: {count}, from today on: {ahead[zone]}")
    click.echo(f"Reminders that {moved}: {reminders}")
    click.echo(f"By {rules}. Hours on the wall are the same, so nobody is written to.")
