"""`outreach serve`: the public site, for real."""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from outreach import logs
from outreach.cli.context import opened, opened_key_store, settings
from outreach.config import Config
from outreach.errors import Misconfigured
from outreach.keystore import signing

LONGEST_ANSWER: Final = 30  # seconds for what was begun before a stop


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes. SQLite wants few: two.",
)
@click.option("--no-mail", is_flag=True, help="Send no letters from here; run `outreach worker`.")
def command(host: str, port: int, workers: int, no_mail: bool) -> None:
    """Serve the site. Needs OUTREACH_PUBLIC_URL, OUTREACH_MAIL_FROM and OUTREACH_CONTROLLER.

    It migrates nothing by itself: run `outreach db upgrade` first. Letters are sent from here
    too, unless --no-mail.
    """
    config = settings(serving=True)
    with opened(config), opened_key_store(config) as key_store:
        signing.secret(config, key_store)  # made once, before several processes want it
    os.environ["OUTREACH_LISTEN"] = host
    run(config, host, port, workers, mail=not no_mail)


def run(config: Config, host: str, port: int, workers: int, *, mail: bool) -> None:
    """Serves until stopped, with the mail worker as a process of its own beside it."""
    from outreach.cli.worker_process import mail_worker

    _require_free(host, port)
    server = Granian(
        "outreach.app:served",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # More threads would only take turns at Python's lock, and at SQLite's (measured).
        blocking_threads=4 if config.is_postgresql else 1,
        backlog=1024,
        log_access=False,  # it would hold addresses and links
        log_level=LogLevels.warning,
        log_dictconfig=logs.OF_SERVER,
        respawn_failed_workers=True,
        # Told to stop, each process answers what it has begun; without this one it would wait
        # for ever for a visitor who sends half a form and no more.
        workers_kill_timeout=LONGEST_ANSWER,
    )
    logs.watch_all()
    # A process that is still starting has our way to end, which in it ends nothing: told to stop,
    # it would go on for ever. Nobody is waiting for it yet, so it just ends.
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    with counting(), mail_worker(wanted=mail, is_told=lambda: server.interrupt_signal):
        server.serve()


@contextmanager
def counting() -> Iterator[None]:
    """A folder in which all processes of this server count together, from nothing, for /metrics."""
    with tempfile.TemporaryDirectory(prefix="outreach-counts-", ignore_cleanup_errors=True) as name:
        # Before anything imports prometheus_client, which looks for it then and never again: so it
        # is not asked of `gauges` what it is called.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = name
        yield


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise Misconfigured(
                f"Port {port} of {host} is in use or not allowed. Choose another with --port."
            ) from None
