"""`outreach dev`: serves the demo's network from a checkout and reloads it when a file changes.

The parent process imports the libraries and none of our code. For each version of the checkout it
forks two children, the site and the worker, which import `outreach` anew: a reload then takes one
second instead of the three of a new interpreter. The parent owns the listening socket, so that a
request sent during a reload waits for its answer.
"""

import importlib
import logging
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import click
import platformdirs
from werkzeug.debug import DebuggedApplication
from werkzeug.serving import WSGIRequestHandler, make_server

from outreach.errors import Misconfigured

CHECKOUT: Final = Path(__file__).parents[2]
WATCHED_FOLDERS: Final = ("outreach", "templates")
POLL_SECONDS: Final = 0.2
STOP_SECONDS: Final = 5
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_processes: Final = multiprocessing.get_context("fork")


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: Path(platformdirs.user_data_dir("outreach-dev")),
    show_default="the platform's data folder",
    help="Where the databases, keys and letters are kept.",
)
def command(port: int, data: Path) -> None:
    """Serve the demo's network from a checkout, and reload it when a file changes.

    For developers. It listens on localhost only, shows an error of a page or of the worker with its
    traceback, puts ⟦marks⟧ around what is not translated, and writes letters to a folder. The staff
    accounts are those of `outreach demo`.
    """
    if not (CHECKOUT / "pyproject.toml").is_file():
        raise Misconfigured("`outreach dev` needs a checkout, installed with: pip install -e .")
    with _listen(port) as listener, suppress(_Stopped):
        signals = _StopSignals()
        _import_libraries(data, port, signals)
        _serve_and_reload(listener, data, port, signals)


class _Stopped(Exception):
    """Ctrl-C or SIGTERM was received."""


class _StopSignals:
    """Records Ctrl-C and SIGTERM, and raises `_Stopped` at the next check.

    An exception raised by the handler itself could come at any line: between the start of a child
    and the block that stops it, it left both running.
    """

    def __init__(self) -> None:
        self._are_received = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._record)

    def _record(self, _number: int, _frame: object) -> None:
        self._are_received = True

    def check(self) -> None:
        if self._are_received:
            raise _Stopped

    def receive(self, reports: Connection) -> Any:
        """Returns what a child reports. Raises EOFError where the child has ended."""
        while not reports.poll(POLL_SECONDS):
            self.check()
        return reports.recv()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise Misconfigured(f"Port {port} is in use. Choose another with --port.") from None
    listener.listen(128)
    return listener


def _import_libraries(data: Path, port: int, signals: _StopSignals) -> None:
    """Makes the demo's data in a child and imports the libraries that the child imported."""
    with _child(_make_demo, data, port) as reports:
        try:
            libraries = signals.receive(reports)
        except EOFError:
            sys.exit(1)  # the child has printed why
    for name in libraries:
        with suppress(ImportError):
            importlib.import_module(name)


def _serve_and_reload(
    listener: socket.socket, data: Path, port: int, signals: _StopSignals
) -> None:
    files, reason = _modification_times(), ""
    started = (
        f"http://localhost:{port}/es/ is served with the data in {data} and reloaded when a file "
        "changes. Stop with Ctrl-C."
    )
    while True:
        began = time.monotonic()
        with _child(_run_site, listener, data, port) as site:
            try:
                signals.receive(site)
            except EOFError:
                click.echo("The site did not start; it is tried again when a file changes.")
            else:
                seconds = time.monotonic() - began
                click.echo(f"{reason}: reloaded in {seconds:.1f} s" if reason else started)
            with _child(_run_worker, data, port):
                while (now := _modification_times()) == files:
                    time.sleep(POLL_SECONDS)
                    signals.check()
        changed = {path for path, _ in now.items() ^ files.items()}
        files, reason = now, str(min(changed).relative_to(CHECKOUT))


def _modification_times() -> dict[Path, int]:
    """Returns when each watched file was changed, in nanoseconds; without those that Python and
    editors write beside a file."""
    times = {}
    for folder in WATCHED_FOLDERS:
        for path in (CHECKOUT / folder).rglob("*.*"):
            if path.suffix not in {".pyc", ".new", ".po"} and not path.name.startswith("."):
                with suppress(FileNotFoundError):
                    times[path] = path.stat().st_mtime_ns
    return times


@contextmanager
def _child(target: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Runs `target` in a fork without our modules. Yields a pipe of what it reports, which ends
    with the process; the process is stopped at the end of the block."""
    receiver, sender = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_forget_modules_and_run, args=(target, sender, arguments))
    # The child inherits the mask, and receives a signal only when it has its own handlers.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    process.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    try:
        sender.close()
        yield receiver
    finally:
        process.terminate()
        process.join(STOP_SECONDS)
        process.kill()
        process.join()
        receiver.close()


def _forget_modules_and_run(
    target: Callable[..., None], sender: Connection, arguments: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent stops its children
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    for name in [name for name in sys.modules if name.partition(".")[0] == "outreach"]:
        del sys.modules[name]
    try:
        target(sender, *arguments)
    except Exception as error:
        from outreach.errors import OutreachError

        if not isinstance(error, OutreachError):
            raise
        click.echo(f"outreach: {error}", err=True)


# In the children. They import our modules here and not above, so that each fork imports them anew.


def _make_demo(sender: Connection, data: Path, port: int) -> None:
    """Reports the names of the libraries' modules that the site uses."""
    from outreach.cli import demo
    from outreach.cli.context import settings

    demo.use_settings(data, port)
    demo.make(settings(serving=True))
    sender.send([name for name in sys.modules if name.partition(".")[0] != "outreach"])


def _run_site(sender: Connection, listener: socket.socket, data: Path, port: int) -> None:
    from outreach import extension_points, i18n
    from outreach.app import create_app
    from outreach.cli import demo
    from outreach.cli.context import settings

    demo.use_settings(data, port)
    i18n.mark_untranslated(extension_points.list_installed())
    app = create_app(settings(serving=True))
    app.debug = True
    # Without the page for unexpected errors they reach the debugger.
    del app.error_handler_spec[None][None][Exception]
    server = make_server(
        "127.0.0.1",
        port,
        DebuggedApplication(app),
        threaded=True,
        request_handler=_SilentHandler,
        fd=listener.fileno(),
    )
    sender.send("ready")
    server.serve_forever()


class _SilentHandler(WSGIRequestHandler):
    """Logs no request: a path may hold a token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def _run_worker(_sender: Connection, data: Path, port: int) -> None:
    from outreach import extension_points, i18n, logs
    from outreach.app import create_app
    from outreach.cli import demo
    from outreach.cli.context import settings
    from outreach.db.postgresql import WORK
    from outreach.interrupts import Interrupt
    from outreach.maintenance.worker import Worker

    demo.use_settings(data, port)
    i18n.mark_untranslated(extension_points.list_installed())
    logging.basicConfig(format="%(message)s")
    logs.tracebacks.setLevel(logging.DEBUG)
    Worker(create_app(settings(serving=True), timeouts=WORK)).run(Interrupt())
