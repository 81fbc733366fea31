"""`outreach worker`: sends notifications and runs the scheduled jobs."""

import logging
import signal
import threading

import click

from outreach import logs
from outreach.app import create_app
from outreach.cli.context import open_key_store, open_store, settings
from outreach.db.postgresql import WORK
from outreach.maintenance.worker import Worker

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and exit, for a timer.")
def command(once: bool) -> None:
    """Send notifications that are due and, once a day, erase people whose retention has ended.

    Runs until it is stopped (Ctrl-C or SIGTERM); a letter that is being sent is finished first.
    Several workers may run at once: each letter is sent by one of them.
    """
    config = settings()
    with open_store(config), open_key_store(config):
        pass  # raises where one is not up to date
    logs.log_uncaught_errors()
    app = create_app(config, timeouts=WORK)
    if once:
        click.echo(f"{Worker(app).once()} letters sent.")
        return
    run(Worker(app))


def run(worker: Worker, *, ends_after_purge: bool = False) -> bool:
    """Works until a signal stops it or, with `ends_after_purge`, it has purged; returns whether a
    signal stopped it."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(
        stop,
        after=lambda sent: log.info("%d letters sent", sent) if sent else None,
        ends_after_purge=ends_after_purge,
    )
    return stop.is_set()
