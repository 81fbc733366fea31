"""The `outreach` command: what an administrator or a timer runs."""

import importlib
import sys
from types import TracebackType
from typing import Any, Final, NoReturn

import click

from outreach.errors import OutreachError

# Each command's module is imported when it is asked for: `outreach --help` takes no second.
COMMANDS: Final = {
    "backup": "outreach.cli.backup",
    "bulletin": "outreach.cli.bulletin",
    "close": "outreach.cli.close",
    "counts": "outreach.cli.counts",
    "db": "outreach.cli.db",
    "demo": "outreach.cli.demo",
    "dev": "outreach.cli.dev",
    "doctor": "outreach.cli.doctor",
    "feed": "outreach.cli.feed",
    "guide": "outreach.cli.guide",
    "i18n": "outreach.cli.i18n",
    "keys": "outreach.cli.keys",
    "load": "outreach.cli.load",
    "move": "outreach.cli.move",
    "purge": "outreach.cli.purge",
    "restore": "outreach.cli.restore",
    "retime": "outreach.cli.retime",
    "serve": "outreach.cli.serve",
    "user": "outreach.cli.user",
    "worker": "outreach.cli.worker",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Every error is one line on stderr that says what to do; never a traceback."""
        sys.excepthook = _uncaught
        try:
            code = super().main(*args, **(kwargs | {"standalone_mode": False}))
        except click.ClickException as error:
            _fail(error.format_message(), _help_of(error), error.exit_code)
        except OutreachError as error:
            _fail(str(error), "", 1)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(130)
        except Exception as error:
            _fail(_of_database(error), "", 1)
        sys.exit(code if isinstance(code, int) else 0)


def _fail(words: str, see: str, code: int) -> NoReturn:
    click.echo(f"outreach: {words}{see}", err=True)
    sys.exit(code)


def _of_database(error: Exception) -> str:
    """What to do when the database fails. Its own words would tell its address, and who signs in.
    Raises any other error again: that one is a fault of ours."""
    from sqlalchemy import exc  # not above: `outreach --help` takes no second

    if not isinstance(error, exc.DBAPIError):
        raise error
    kind = type(error.orig).__name__
    if isinstance(error, exc.OperationalError | exc.InterfaceError):
        return (
            f"The database cannot be used just now ({kind}). See that it runs, that its disk has "
            "room and that OUTREACH_DATABASE_URL and OUTREACH_KEYRING_URL are right."
        )
    return f"The database did not do it ({kind}); nothing was kept. Run: outreach db check"


def _uncaught(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
    """A fault of ours: where it is, without what it was about."""
    from outreach import logs  # not above: `outreach --help` takes no second

    logs.uncaught(kind, error, place)


def _help_of(error: click.ClickException) -> str:
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
    return f" See: {path} --help" if path else ""


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outreach")
def main() -> None:
    """Workshops of a network of consulates: places, calendars, monthly counts.

    Try it on an empty machine:  outreach demo

    Settings are environment variables, OUTREACH_DATA and others: see `outreach guide`.
    Commands exit with 0 when done, 1 when something failed, 2 when what was asked is wrong.
    """
