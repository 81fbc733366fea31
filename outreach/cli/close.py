"""`outreach close`: closes a month, or publishes its next revision."""

import click

from outreach import clock
from outreach.cli.context import opened, settings
from outreach.clock import Month
from outreach.domain.audit import audit_log
from outreach.errors import CommandError, Taken
from outreach.reports import month_report
from outreach.reports.month_report import MonthChange


@click.command()
@click.argument("month", metavar="YYYY-MM")
@click.option("--reason", default="", help="Why there is another revision. The first needs none.")
def command(month: str, reason: str) -> None:
    """Close a month: its numbers are frozen as revision 1, with the date of the cut.

    A month that is closed already gets its next revision, with what differs from the one before;
    say why with --reason. Nothing that was published is ever changed.
    """
    try:
        wanted = Month.parse(month)
    except ValueError:
        raise click.UsageError(f"“{month}” is no month. Write it like 2020-01.") from None
    with opened(settings()) as store:
        try:
            with store.change() as session:
                made = month_report.close(session, wanted, reason=reason, now=clock.now())
                detail = f"{wanted} {made.number}"
                audit_log.record(session, None, "month.close", now=made.cut, detail=detail)
                number, changes, told = (
                    made.number,
                    month_report.changes_of(made),
                    month_report.thawed(made),
                )
        except Taken:
            raise CommandError("Somebody else has just closed it. Look at it first.") from None
    click.echo(
        f"{wanted}: revision {number}, {told.count.total} workshops, "
        f"cut {told.count.cut:%Y-%m-%d %H:%M} UTC, SHA-256 {told.digest}"
    )
    for change in changes:
        click.echo(f"  {_said(change)}")


def _said(change: MonthChange) -> str:
    where = " ".join(each for each in (change.office, change.kind, change.series) if each)
    before, after = (
        "–" if number is None else f"{number:,}" for number in (change.before, change.after)
    )
    return f"{change.what} {where}: {before} → {after}"
