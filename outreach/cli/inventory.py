"""`outreach inventory`: what is stored about people today, in numbers."""

import click

from outreach.cli.context import open_key_store, open_store, settings
from outreach.domain.roster import assignments
from outreach.privacy import keepers, retention_report
from outreach.privacy.retention_report import RosterHeld


@click.command()
def command() -> None:
    """Print how much is stored about people today, in numbers: for a report or a legal request.

    It opens no name. The guide's page `legal` says what each number means.
    """
    config = settings()
    with open_store(config) as store, open_key_store(config) as key_store, store.read() as session:
        report = retention_report.count_held(session, key_store)
        kept = keepers.count_held(store, key_store)
    click.echo(f"{report.keys} registrations that can be read")
    if report.oldest is not None:
        click.echo(f"  the oldest made on {report.oldest}")
    for office in report.by_office:
        click.echo(f"  {office.registrations} in {office.city}, erased from {office.first} on")
    for monday, count in report.by_week:
        click.echo(f"  {count} erased in the week of {monday}")
    click.echo(f"{report.overdue} of them due and not erased yet")
    click.echo(f"{report.notices} letters, texts and calls that are pending")
    click.echo(f"{report.calls} calls that staff noted, erased with the registration")
    click.echo(f"{report.look_ups} requests for a lost link")
    click.echo(f"{report.stopped} phones that want no texts, by a digest of their number")
    click.echo(f"{report.replies} replies to texts that wait to be sent")
    click.echo(f"{report.subscribers} subscribers of the bulletin")
    _print_roster(report.roster)
    for keeper, count in kept.counts.items():
        click.echo(f"{count} {keeper.held}")
    for keeper in kept.failed:
        click.echo(f"{keeper.noun}: they cannot be counted, and the log says why")
    click.echo(f"{report.recordings} recordings of staff about kinds and workshops")
    since = f", since {report.first_entry:%Y-%m-%d}" if report.first_entry else ""
    click.echo(f"{report.entries} entries of the audit log, none with a registered person{since}")


def _print_roster(held: RosterHeld) -> None:
    """What is stored about members of the roster, in which table and until when."""
    click.echo(f"{held.members} members of the roster (roster_member), name and e-mail encrypted")
    click.echo("  erased a year after they are retired, with all of the following")
    if held.first_erased is not None:
        click.echo(f"  {held.retired} retired, the first erased on {held.first_erased}")
    click.echo(
        f"  {held.availability} rows with their hours and days away (working_hours, roster_absence)"
    )
    click.echo(f"  {held.assignments} assignments to workshops, with answers (roster_assignment)")
    days = assignments.KEPT.days
    click.echo(
        f"  {held.letters} letters to them, without text or address (roster_letter), erased "
        f"{days} days after they were sent"
    )
