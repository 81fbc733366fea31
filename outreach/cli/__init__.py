"""The `outreach` command: one module a command.

May import everything. Open `context` first: settings and databases of a command.
"""

import ast
import atexit
import gc
import importlib
import os
import resource
import sys
from types import TracebackType
from typing import Any, Final, NoReturn

import click

from outreach import extension_points
from outreach.errors import Misconfigured, OutreachError

# By name, the first sentence of what `outreach NAME --help` says. The command is in the module of
# that name, which is imported when it runs: `outreach --help` imports none (decision 0042).
COMMANDS: Final = {
    "backup": "Write a backup of the main database to FILE, which must be new.",
    "bulletin": (
        "Write the bulletin of a month as published or, before it is published, made from "
        "the month's numbers."
    ),
    "call": "Call the phone line without a telephone gateway: read what is said, type keys.",
    "close": "Close a month: freeze its numbers as revision 1, with the date of the cut.",
    "counts": "Count the workshops of a month, or month by month.",
    "db": "Migrations of the main database and of the key store.",
    "demo": "Make a sample network on first use, print its addresses and sign-ins, and serve it.",
    "dev": "Serve the demo's network from a checkout, and reload it when a file changes.",
    "doctor": "Check this installation; exit 1 if something has to be done.",
    "extension": (
        "What this installation has beside the core: list, enable, disable and remove extensions."
    ),
    "feed": "Write a calendar feed (iCalendar): the same bytes that the web serves.",
    "guide": "Print the operator's guide, or one PAGE of it.",
    "i18n": "Extract, update and compile the translations of the interface.",
    "init": (
        "Make the installation of a network: its folder, settings, databases and first account."
    ),
    "inventory": (
        "Print how much is stored about people today, in numbers: for a report or a legal request."
    ),
    "joint": "Partner networks, whose workshops this site shows beside its own.",
    "keys": "The keys of people's names: rotate master keys, back up and check the key store.",
    "load": "Load a file: all of it, or nothing if a line is wrong.",
    "networks": "List the networks of this installation: host, databases and their state.",
    "move": "Copy everything to another database, which must be empty.",
    "purge": (
        "Erase everybody whose retention has ended: 30 days after the workshop, 7 for "
        "discreet kinds and for those who were only waitlisted."
    ),
    "restore": "Replace the database by the backup FILE.",
    "retime": "Recompute what is stored in UTC, when a law has changed the clocks of a place.",
    "serve": "Serve the site.",
    "user": "Staff accounts: who may sign in, with which role at which office.",
    "verify": "Check whether FILE is exactly what was published of a closed month.",
    "worker": (
        "Send notifications that are due and, once a day, erase people whose retention has ended."
    ),
}

# A start makes half a million objects, most of which stay. With Python's 700, looking for garbage
# among them takes a sixth of it.
START_OBJECTS: Final = 50_000


def run() -> None:
    """The `outreach` program: `main` in a process that keeps its files and its memory to itself.

    Files that it creates are readable by its account only, and a crash writes no core dump, which
    would hold keys and names (S34). Processes that it starts inherit both."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.set_threshold(START_OBJECTS)
    # At its end Python looks for garbage in all that there is, which is a quarter of what a short
    # command costs. The system takes the memory anyway.
    atexit.register(gc.freeze)
    main()


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*extension_points.list_commands(), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = f"{__name__}.{cmd_name}"
        elif cmd_name in extension_points.list_commands():
            module = extension_points.name_command_module(cmd_name)
        else:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands as click does, but does not import them."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, click.Command(name, help=_describe(name)).get_short_help_str(limit))
                    for name in names
                ]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds a command as click does. For an unknown one it suggests names of all commands,
        where click suggests only those that are loaded."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            known = self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(args[0], possibilities=known, ctx=ctx) from None

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


def _describe(name: str) -> str:
    """Returns the first sentence of a command's help. That of an extension's command is the first
    line of its module, which is read and not imported."""
    if name in COMMANDS:
        return COMMANDS[name]
    module = ast.parse(extension_points.find_command_file(name).read_bytes())
    return (ast.get_docstring(module) or "").partition("\n")[0]


def _require_on(name: str) -> None:
    """Raises Misconfigured for a command of an extension that no network of the installation, or
    not the named one, has on."""
    owner = None if name in COMMANDS else extension_points.list_commands().get(name)
    if owner is None:
        return
    from outreach.cli.context import list_settings  # here, so that `outreach --help` is fast

    if not any(owner in config.extensions for config in list_settings()):
        raise Misconfigured(
            f"`outreach {name}` is a command of the extension {owner}, which is off. "
            "OUTREACH_EXTENSIONS names those that are on."
        )


def _fail(message: str, hint: str, status: int) -> NoReturn:
    click.echo(f"outreach: {message}{hint}", err=True)
    sys.exit(status)


def _database_fault(error: Exception) -> str:
    """The message for a database error, without its text, which has the host and the user.
    Raises any other error again: it is a bug."""
    from sqlalchemy import exc  # here, so that `outreach --help` is fast

    from outreach.db import error_classes

    if not isinstance(error, exc.DBAPIError):
        raise error
    what = error_classes.describe(error)
    if isinstance(error, exc.OperationalError | exc.InterfaceError):
        return (
            f"The database cannot be used just now: {what}. See that it runs, that its disk has "
            "room and that OUTREACH_DATABASE_URL and OUTREACH_KEYRING_URL are right."
        )
    return f"The database did not do it: {what}; nothing was kept. Run: outreach db check"


def _uncaught(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
    """Logs a bug with its traceback and without its text."""
    from outreach import logs  # here, so that `outreach --help` is fast

    logs.log_uncaught(kind, error, place)


def _help_hint(error: click.ClickException) -> str:
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
    return f" See: {path} --help" if path else ""


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outreach")
@click.option(
    "--network",
    metavar="NAME",
    envvar="OUTREACH_NETWORK",
    help="Of several networks in OUTREACH_NETWORKS: the one to act on.",
)
@click.pass_context
def main(context: click.Context, network: str | None) -> None:  # `network` is read by `context`
    """Workshops of a network of consulates: places, calendars, monthly counts.

    Try it on an empty machine:  outreach demo

    Settings are environment variables, OUTREACH_DATA and others: see `outreach guide`.
    Commands exit with 0 when done, 1 when something failed, 2 when what was asked is wrong.
    """
    if context.invoked_subcommand is not None:
        _require_on(context.invoked_subcommand)
