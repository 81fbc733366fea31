"""`outreach serve`: serves the site."""

import ctypes
import importlib
import logging
import os
import resource
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from outreach import logs
from outreach.cli.context import check_each, list_settings, open_key_store, open_store
from outreach.cli.request_bodies import MAX_UNFINISHED, RequestBodies
from outreach.cli.server_processes import ServerProcesses
from outreach.cli.worker_process import mail_workers, stop_starting_forks
from outreach.config import Config
from outreach.db.postgresql import WORK
from outreach.db.work_slots import Slots, WorkSlots
from outreach.errors import CommandError, Misconfigured
from outreach.keystore import signing
from outreach.maintenance import doctor
from outreach.network_profile import use_profile

log = logging.getLogger(__name__)

STOP_TIMEOUT_SECONDS: Final = 30  # for requests in progress
# Requests that each process answers at a time: on SQLite one, and beside it those that take long,
# four in all; on PostgreSQL four (decision 0069).
SLOTS_ON_SQLITE: Final = 1
SLOTS: Final = 4
# Requests that it works on. Those without a slot wait for one, or on SQLite for the lock of
# writers; further ones wait in the order of arrival. Bodies that arrive have threads beside these.
THREADS: Final = 32
# Connections of all processes together. A burst of 2,000 people was beyond 1,024, and most of them
# were answered after 31 or 58 seconds (performance.md).
MAX_CONNECTIONS: Final = 8192
OWN_FILES: Final = 256  # opened beside its connections: databases, pipes, mapped files
_M_ARENA_MAX: Final = -8  # glibc's malloc.h has it


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes; at most two with SQLite.",
)
@click.option("--no-mail", is_flag=True, help="Start no worker; run `outreach worker` instead.")
def command(host: str, port: int, workers: int, no_mail: bool) -> None:
    """Serve the site. Needs OUTREACH_PUBLIC_URL, OUTREACH_MAIL_FROM and OUTREACH_CONTROLLER.

    It migrates nothing: run `outreach db upgrade` first. It starts a worker too, unless --no-mail
    is given. All networks of OUTREACH_NETWORKS are served, each with a worker of its own, or the
    one that --network names.
    """
    configs = tuple(replace(each, listen=host) for each in list_settings(serving=True))
    _require_free(host, port)
    ready, faults = check_each(configs, _make_secret)
    for config in ready:
        with use_profile(config.profile):
            for line in _greet(config, host, port, workers, mail=not no_mail):
                _say(config, line)
    absent = [each for each in configs if each.name in faults]
    for config in absent:
        with use_profile(config.profile):
            _say(config, f"{config.name} is not served until the next start: {faults[config.name]}")
    run(ready, host, port, workers, mail=not no_mail, absent=absent)


def _make_secret(config: Config) -> None:
    """Makes the secret that signs forms, before several processes need it."""
    with open_store(config), open_key_store(config) as key_store:
        signing.secret(config, key_store)


def _say(config: Config, line: str) -> None:
    if config.log == logs.JSON:
        log.info("%s", line)  # a program reads this log: each line is an event
    else:
        click.echo(line, err=True)


def _greet(config: Config, host: str, port: int, workers: int, *, mail: bool) -> Iterator[str]:
    """Returns the lines that say where the site listens and what is not well. Only the process that
    was started prints them."""
    name = f"[{host}]" if ":" in host else host
    worker = "and the worker" if mail else "without the worker"
    yield (
        f"{config.public_url} listens on http://{name}:{port}, {workers} "
        f"process{'es' * (workers > 1)} {worker}. Stop with Ctrl-C."
    )
    of_network = f"{config.name}: " if config.name else ""
    for result in doctor.examine_start(config):
        yield f"{of_network}{result.state}: {result.about}: {result.words}"


def run(
    configs: Sequence[Config],
    host: str,
    port: int,
    workers: int,
    *,
    mail: bool,
    absent: Sequence[Config] = (),
) -> None:
    """Serves until stopped, with a worker for each network in a process of its own. The hosts of
    `absent` networks answer 503.

    All processes are forks of this one, which has loaded the application: they share most of its
    memory, and one that takes the place of a killed one answers at once (decision 0042)."""
    _require_free(host, port)
    limit_arenas()
    with metrics_folder():
        app, worker_apps = _load_applications(configs, absent, has_worker=mail)
        server = _make_server(host, port, workers)
        logs.log_uncaught_errors()
        stop_starting_forks()
        with mail_workers(worker_apps, is_stopped=lambda: server.interrupt_signal):
            server.serve(
                target_loader=lambda: RequestBodies(WorkSlots(app, _make_slots(configs)), THREADS),
                wrap_loader=False,
            )
        if server.has_failed:
            raise CommandError("No process of the server could start: the lines above say why.")


def limit_arenas() -> None:
    """Lets glibc's malloc have two arenas in a process: what forks inherit, and one for what
    they do. It would make one for each thread, and 12 MB of a server with seven threads were
    holes in them (decision 0042). One thread at a time runs Python, so they seldom wait for each
    other."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


def _load_applications(
    configs: Sequence[Config], absent: Sequence[Config], *, has_worker: bool
) -> tuple[Callable[..., Any], Sequence[Flask]]:
    """Returns what the answering processes call, and the application of each worker. These are the
    same applications, unless the timeouts of PostgreSQL differ.

    They are imported here, since prometheus_client looks for the folder of metrics when it is
    imported.
    """
    from outreach.app import create_forkable_apps
    from outreach.web.middleware.network_dispatch import NetworkDispatcher

    if has_worker:
        importlib.import_module("outreach.cli.worker_loop")
    apps = create_forkable_apps(configs)
    for file in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).iterdir():
        file.unlink()  # the pages that it answered to warm up were asked for by nobody
    target = NetworkDispatcher(apps, absent) if configs[0].name else apps[0]
    if not has_worker:
        return target, ()
    if any(each.is_postgresql for each in configs):
        return target, create_forkable_apps(configs, timeouts=WORK)
    return target, apps


def _make_slots(configs: Sequence[Config]) -> Slots:
    is_sqlite = not any(each.is_postgresql for each in configs)
    return Slots(SLOTS_ON_SQLITE if is_sqlite else SLOTS, SLOTS)


def _make_server(host: str, port: int, workers: int) -> ServerProcesses:
    return ServerProcesses(
        "outreach",  # its name in log lines; the application is handed over
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        # A proxy speaks this with it. Its own answers to malformed requests have no body and lack
        # our headers, which cannot be set; the guide's nginx adds them.
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=THREADS + MAX_UNFINISHED,
        backlog=MAX_CONNECTIONS,  # those that are not accepted yet
        backpressure=_limit_connections(MAX_CONNECTIONS // workers),
        log_access=False,  # it would have network addresses and tokens (S08, S10)
        log_level=LogLevels.warning,
        log_dictconfig=logs.GRANIAN_LOGGING,
        # A stopped process answers requests in progress; without a limit, half a request that never
        # ends would keep it running.
        workers_kill_timeout=STOP_TIMEOUT_SECONDS,
    )


def _limit_connections(wanted: int) -> int:
    """How many connections a process may accept, of those wanted. Raises its limit of open files
    as far as the system allows: without a free one, pages could not open their database."""
    files, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return wanted
    needed = max(files, wanted + OWN_FILES)
    files = needed if allowed == resource.RLIM_INFINITY else min(needed, allowed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, allowed))
    return max(1, min(wanted, files - OWN_FILES))


@contextmanager
def metrics_folder() -> Iterator[None]:
    """An empty folder in which the processes of this server share their metrics."""
    with tempfile.TemporaryDirectory(prefix="outreach-counts-", ignore_cleanup_errors=True) as name:
        # prometheus_client reads the variable when it is imported.
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
