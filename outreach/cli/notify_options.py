"""The options `--tell` and `--later` of commands that change workshops with people."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.domain.registrations import change_notifications
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.workshops import Workshop

Command = TypeVar("Command", bound=Callable[..., Any])


def notify_option(command: Command) -> Command:
    """Adds `--tell` and `--later`; the parameter is `notify`, None where neither is given."""
    for name, mode, words in (
        ("--later", NotifyMode.LATER, "Tell nobody yet: staff decide at the desk."),
        ("--tell", NotifyMode.NOTIFY, "Tell people, five minutes from now."),
    ):
        command = click.option(name, "notify", flag_value=mode, type=NotifyMode, help=words)(
            command
        )
    return command


def get_decision(notify: NotifyMode | None) -> NotifyDecision:
    """The decision of the options; without one, on a terminal later, in a script to tell."""
    default = NotifyMode.LATER if sys.stdin.isatty() else NotifyMode.NOTIFY
    return NotifyDecision(notify or default, UNDO_WINDOW)


def say_reach(
    session: Session, workshops: Sequence[Workshop], decision: NotifyDecision, config: Config
) -> None:
    """Prints who has to be told of the changes of these workshops, if anybody, and when."""
    has_texts = bool(config.texts.url)
    found = change_notifications.count_uninformed(session, workshops, has_texts=has_texts)
    if not found.total:
        return
    when = "in 5 minutes" if decision.is_to_notify else "when staff decide (Today, «Por avisar»)"
    click.echo(
        f"To be told {when}: {found.letters} by letter, {found.texts} by text, "
        f"{found.calls} by call; {found.unreachable} left no contact."
    )
