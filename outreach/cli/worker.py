"""`outreach worker`: sends letters, forgets people when their day has come."""

import logging
import signal
import threading

import click

from outreach import logs
from outreach.app import create_app
from outreach.cli.context import opened, opened_key_store, settings
from outreach.db.postgresql import WORK
from outreach.maintenance.worker import Worker

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Do all that is due and stop: for a timer.")
def command(once: bool) -> None:
    """Send the letters that are due and, once a day, forget people whose day has come.

    Runs until it is stopped (Ctrl-C or SIGTERM); a letter being sent is finished first.
    Several workers may run at once: each letter is sent by one of them.
    """
    config = settings()
    with opened(config), opened_key_store(config):
        pass  # says at once when a database is not up to date
    logs.watch_all()
    worker = Worker(create_app(config, waits=WORK))
    if once:
        click.echo(f"{worker.once()} letters sent.")
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(stop, after=lambda sent: log.info("%d letters sent", sent) if sent else None)
