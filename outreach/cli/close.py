"""`outreach close`: closes a month, or publishes its next revision."""

import click

from outreach import clock
from outreach.cli.context import open_store, settings
from outreach.clock import Month
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.errors import CommandError, Conflict
from outreach.reports import month_report
from outreach.reports.month_report import MonthChange


@click.command()
@click.argument("month", metavar="YYYY-MM")
@click.option(
    "--reason", default="", help="Why there is another revision; required from the second on."
)
def command(month: str, reason: str) -> None:
    """Close a month: freeze its numbers as revision 1, with the date of the cut.

    A closed month gets its next revision with the differences; give the reason with --reason. A
    published revision is never changed.
    """
    try:
        wanted = Month.parse(month)
    except ValueError:
        raise click.UsageError(f"“{month}” is no month. Write it like 2020-01.") from None
    with open_store(settings()) as store:
        try:
            with store.change() as session:
                revision = month_report.close(session, wanted, reason=reason, now=clock.now())
                details: Details = {"month": str(wanted), "revision": revision.number}
                audit_log.record(session, None, "month.close", now=revision.cut, details=details)
                number, changes, report = (
                    revision.number,
                    month_report.changes_of(revision),
                    month_report.read_revision(revision),
                )
        except Conflict:
            raise CommandError("Somebody else has just closed it. Look at it first.") from None
    click.echo(
        f"{wanted}: revision {number}, {report.count.total} workshops, "
        f"cut {report.count.cut:%Y-%m-%d %H:%M} UTC, SHA-256 {report.digest}"
    )
    for change in changes:
        click.echo(f"  {_change_line(change)}")


def _change_line(change: MonthChange) -> str:
    scope = " ".join(each for each in (change.office, change.kind, change.series) if each)
    before, after = (
        "–" if number is None else f"{number:,}" for number in (change.before, change.after)
    )
    return f"{change.what} {scope}: {before} → {after}"
