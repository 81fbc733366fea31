"""`outreach trials`: compares two wordings of the reminder."""

from datetime import timedelta
from typing import Final

import click

from outreach import clock
from outreach.cli.context import open_store, settings
from outreach.domain.trials import intervals, trials
from outreach.domain.trials.trials import EndReason, Trial, TrialResult, Wording
from outreach.errors import CommandError, Conflict

MIN_REMINDERS: Final = 100  # each wording needs that many; fewer show nothing
MAX_REMINDERS: Final = 100_000
MAX_DAYS: Final = 366
_ENDS: Final = {
    EndReason.ENOUGH: "it had as many reminders as were planned",
    EndReason.LAST_DAY: "its last day is over",
    EndReason.HARM: "the new wording left more chairs empty",
    EndReason.STOPPED: "headquarters ended it",
}


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Compare two wordings of the reminder: which one leaves fewer chairs empty.

    No trial runs unless it is started. Without a subcommand: print all trials and, of those that
    have ended, the result. Discreet workshops are in no trial.
    """
    if context.invoked_subcommand is not None:
        return
    with open_store(settings()) as store, store.read() as session:
        found = trials.list_trials(session)
        for trial in found:
            _print_trial(trial, trials.count_pending(session, trial))
            if (result := trials.get_result(session, trial)) is not None:
                _print_result(trial, result)
    if not found:
        click.echo(f"No trial yet. To start one: outreach trials start {Wording.WELCOME}")


@command.command()
@click.argument("wording", type=click.Choice([wording.value for wording in Wording]))
@click.option(
    "--empty",
    type=click.FloatRange(1, 99),
    default=30,
    show_default=True,
    help="Of 100 people with a seat, how many are absent today.",
)
@click.option(
    "--fewer",
    type=click.FloatRange(0.5, 50),
    default=5,
    show_default=True,
    help="How many fewer of 100 would be worth the change: the number of reminders follows.",
)
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=180,
    show_default=True,
    help="It ends after so many days at the latest.",
)
def start(wording: str, empty: float, fewer: float, days: int) -> None:
    """Start a trial of WORDING: half of the reminders get its sentence too.

    welcome: «Te esperamos.» empty-chair: «Sin ti queda un lugar vacío.»
    """
    if fewer >= empty:
        raise click.UsageError(f"--fewer must be less than --empty, which is {empty:g}.")
    number = intervals.compute_size(empty / 100, fewer / 100)
    if number > MAX_REMINDERS:
        raise click.UsageError(f"That takes {number:,} reminders. Choose a larger --fewer.")
    number = max(number, MIN_REMINDERS)
    now = clock.now()
    last_day = now.date() + timedelta(days=days)
    with open_store(settings()) as store:
        try:
            with store.change() as session:
                trial = trials.start(
                    session, Wording(wording), reminders=number, last_day=last_day, now=now
                )
                _print_trial(trial, 0)
        except Conflict:
            raise CommandError("A trial runs already. End it first: outreach trials end") from None
    click.echo(
        f"  If {fewer:g} of 100 fewer are absent, it shows so with a probability of "
        f"{intervals.POWER:.0%}. If there is no difference, it shows one in "
        f"{1 - intervals.CONFIDENCE:.0%} of such trials."
    )


@command.command()
def end() -> None:
    """End the trial that runs: all reminders get the usual wording again."""
    with open_store(settings()) as store, store.change() as session:
        trial = trials.find_running(session)
        if trial is None:
            raise CommandError("No trial runs.")
        trials.end(session, trial, EndReason.STOPPED, now=clock.now())
        _print_trial(trial, trials.count_pending(session, trial))


def _print_trial(trial: Trial, pending: int) -> None:
    click.echo(
        f"Trial {trial.id}, {trial.wording}: started on {trial.started_at:%Y-%m-%d}, planned for "
        f"{trial.reminders:,} reminders of each wording, until {trial.last_day} at the latest"
    )
    for arm in trial.arms:
        click.echo(f"  {_name(arm.is_new)} wording: {arm.assigned:,} reminders")
    if trial.ended_at is None or trial.end_reason is None:
        click.echo("  It runs. Its result is shown when it has ended: stopping when a")
        click.echo("  difference shows would find one by chance far too often.")
        return
    click.echo(f"  Ended on {trial.ended_at:%Y-%m-%d}: {_ENDS[trial.end_reason]}.")
    if pending:
        click.echo(f"  {pending:,} reminders are of workshops that are not counted yet.")


def _print_result(trial: Trial, result: TrialResult) -> None:
    for arm in trial.arms:
        gave_back = arm.reminded - arm.came - arm.absent
        click.echo(
            f"  {_name(arm.is_new)} wording: of {arm.reminded:,} parties at workshops with a "
            f"complete check-in {arm.came:,} came, {gave_back:,} gave their place back, "
            f"{arm.absent:,} were absent"
        )
    low, high = sorted((-100 * result.difference.low, -100 * result.difference.high))
    click.echo(
        f"  Absent of 100: {100 * result.usual.value:.1f} usual, {100 * result.new.value:.1f} new; "
        f"{-100 * result.difference.value:+.1f} fewer with the new wording, and with a confidence "
        f"of {intervals.CONFIDENCE:.0%} between {low:+.1f} and {high:+.1f} fewer."
    )
    click.echo(f"  {_conclude(result)}")


def _conclude(result: TrialResult) -> str:
    if result.difference.is_less:
        return "The new wording leaves fewer chairs empty."
    if result.difference.is_more:
        return "The new wording leaves more chairs empty."
    return "No difference is shown; one within these bounds is possible."


def _name(is_new: bool) -> str:
    return "New" if is_new else "Usual"
