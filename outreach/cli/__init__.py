"""The `outreach` command: one module a command.

May import everything. Open `context` first: settings and databases of a command.
"""

import importlib
import os
import resource
import sys
from types import TracebackType
from typing import Any, Final, NoReturn

import click

from outreach.errors import OutreachError

# A command's module is imported when the command runs, so that `outreach --help` is fast.
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
    "inventory": "outreach.cli.inventory",
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


def run() -> None:
    """The `outreach` program: `main` in a process that keeps its files and its memory to itself.

    Files that it creates are readable by its account only, and a crash writes no core dump, which
    would hold keys and names (S34). Processes that it starts inherit both."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; it suggests only commands that it has loaded."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx) from None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Prints an error as one line that says what to do, and exits with 1 or 2."""
        sys.excepthook = _uncaught
        try:
            code = super().main(*args, **(kwargs | {"standalone_mode": False}))
        except click.ClickException as error:
            _fail(error.format_message(), _help_hint(error), error.exit_code)
        except OutreachError as error:
            _fail(str(error), "", 1)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(130)
        except Exception as error:
            _fail(_database_fault(error), "", 1)
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, hint: str, status: int) -> NoReturn:
    click.echo(f"outreach: {message}{hint}", err=True)
    sys.exit(status)


def _database_fault(error: Exception) -> str:
    """The message for a database error, without its text, which has the host and the user.
    Raises any other error again: it is a bug."""
    from sqlalchemy import exc  # here, so that `outreach --help` is fast

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
    """Logs a bug with its traceback and without its text."""
    from outreach import logs  # here, so that `outreach --help` is fast

    logs.log_uncaught(kind, error, place)


def _help_hint(error: click.ClickException) -> str:
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
