"""`outreach worker`: sends notifications and runs the scheduled jobs."""

import signal
from collections.abc import Sequence

import click

from outreach import logs
from outreach.app import create_app, create_forkable_apps
from outreach.cli.context import check_each, list_settings, open_key_store, open_store
from outreach.cli.worker_loop import run
from outreach.cli.worker_process import mail_workers, stop_starting_forks
from outreach.config import Config
from outreach.db.postgresql import WORK
from outreach.interrupts import WAIT_SECONDS, Interrupt
from outreach.maintenance.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and exit, for a timer.")
def command(once: bool) -> None:
    """Send notifications that are due and, once a day, erase people whose retention has ended.

    Runs until it is stopped (Ctrl-C or SIGTERM); a letter that is being sent is finished first.
    Several workers may run at once: each letter is sent by one of them. Each network of
    OUTREACH_NETWORKS has a process of its own, which stops no other when it fails.
    """
    configs, faults = check_each(list_settings(), _check_databases)
    logs.log_uncaught_errors()
    for name, fault in faults.items():
        click.echo(f"{name} has no worker until the next start: {fault}", err=True)
    if once:
        sent = 0
        for config in configs:
            sent += Worker(create_app(config, timeouts=WORK)).once()
        click.echo(f"{sent} letters sent.")
    elif len(configs) == 1:
        run(Worker(create_app(*configs, timeouts=WORK)))
    else:
        _run_all(configs)


def _check_databases(config: Config) -> None:
    with open_store(config), open_key_store(config):
        pass  # raises where one is not up to date


def _run_all(configs: Sequence[Config]) -> None:
    """Runs a worker for each network in a fork, until a signal stops them."""
    stop = Interrupt()
    apps = create_forkable_apps(configs, timeouts=WORK)
    stop_starting_forks()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with mail_workers(apps, is_stopped=stop.is_set) as them:
        for each in them:
            while each.is_alive():
                each.join(WAIT_SECONDS)  # the handler of a signal runs between two waits
