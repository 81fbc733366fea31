"""Runs a worker for each network beside the server, as a fork that is started again when it dies,
and each day.

The daily purge reads all who are stored, and leaves more memory in a process than its other steps.
So the worker ends after it, and its next fork starts with the memory that the server shares.
"""

import logging
import mmap
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final

from flask import Flask

from outreach import network_profile
from outreach.config import Config

log = logging.getLogger(__name__)

STOP_TIMEOUT_SECONDS: Final = 60  # for the letter that is being sent
FIRST_PAUSE: Final = 1.0  # seconds before a restart, doubled each time
MAX_PAUSE: Final = 60.0  # seconds
POLL_SECONDS: Final = 0.5
NAME: Final = "outreach-worker"  # at most 15 characters
# Statuses of a process that was stopped: exit, SIGTERM before its handler is set, and Ctrl-C.
STOPPED_STATUSES: Final = frozenset({0, -signal.SIGTERM, -signal.SIGINT, 130})
PURGED_STATUS: Final = 75  # a worker that has purged ends with it


@contextmanager
def mail_workers(
    apps: Sequence[Flask], *, is_stopped: Callable[[], bool] = lambda: False
) -> Iterator[Sequence[threading.Thread]]:
    """Runs `outreach worker` for each application during the block, and stops them at its end or as
    soon as `is_stopped` returns true, so that all stop at the same time. A worker that dies is
    restarted, and stops no other. Yields the threads that watch them."""
    is_over = threading.Event()
    # Before the block, in which the server has threads and imports: a fork has neither the threads
    # nor the locks that they hold.
    targets = [ForkedWorker(app) for app in apps]
    started = [(target, fork(target)) for target in targets]
    # Daemon threads, so that a second Ctrl-C does not wait for a letter.
    watches = [
        threading.Thread(
            target=keep_running, args=(target, is_over, is_stopped, first), daemon=True
        )
        for target, first in started
    ]
    for watch in watches:
        watch.start()
    try:
        yield watches
    finally:
        is_over.set()
        for watch in watches:
            watch.join()


class ForkedWorker:
    """What each fork runs: the worker over the databases of one application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._purged_on = mmap.mmap(-1, mmap.PAGESIZE)  # shared by all forks: a day's ordinal

    def __call__(self) -> int:
        """Runs until it is stopped or has purged; the status to exit with."""
        from outreach.cli import worker_loop  # here: it imports most of `outreach`
        from outreach.maintenance.worker import Worker

        with suppress(OSError):  # only Linux has it; `ps` and `top` show the name
            Path("/proc/self/comm").write_text(NAME)
        config: Config = self._app.extensions["outreach_config"]
        network_profile.set_for_process(config.profile)
        this_worker = Worker(self._app, purged_on=self.read_day())
        try:
            was_stopped = worker_loop.run(this_worker, ends_after_purge=True)
        finally:
            self._keep_day(this_worker.purged_on)
        return 0 if was_stopped else PURGED_STATUS

    def read_day(self) -> date | None:
        """The day of the last purge of any fork."""
        ordinal = int.from_bytes(self._purged_on[:4])
        return date.fromordinal(ordinal) if ordinal else None

    def _keep_day(self, day: date | None) -> None:
        if day is not None:
            self._purged_on[:4] = day.toordinal().to_bytes(4)


def keep_running(
    target: Callable[[], int | None],
    is_over: threading.Event,
    is_stopped: Callable[[], bool] = lambda: False,
    first: int | None = None,
) -> None:
    """Runs `target` in a fork, and again, until it returns without PURGED_STATUS, `is_over`,
    `is_stopped` or somebody stops it. `first` is the id of a process that runs it already."""
    pause = FIRST_PAUSE
    while first or (not is_over.is_set() and not is_stopped()):
        began = time.monotonic()
        status = _run(target, is_over, is_stopped, first)
        if status in STOPPED_STATUSES:
            return
        first = None
        if status == PURGED_STATUS:
            continue
        # After a longer run, pauses begin anew.
        if time.monotonic() - began > MAX_PAUSE:
            pause = FIRST_PAUSE
        log.error("the mail worker died; it starts again in %.0f s", pause)
        is_over.wait(pause)
        pause = min(pause * 2, MAX_PAUSE)


def stop_starting_forks() -> None:
    """Lets SIGTERM end a fork that is still starting.

    It inherits our handler, which would only note the signal. It serves nobody yet, so the default
    action is right. A signal that comes before that is set waits, or the handler would take it."""

    def act_by_default() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM}),
        after_in_child=act_by_default,
    )


def fork(target: Callable[[], int | None]) -> int:
    """Starts a process that runs `target` with the memory of this one and exits with the status
    that it returns. Returns the id of the process.

    It has neither the port of this one, which would stay taken if this one were killed, nor the
    pipe of a server process that is just being started, whose end is what tells that it died.
    Raises OSError where there is no memory.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _close_sockets_and_pipes()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = target() or 0
    except KeyboardInterrupt:
        status = 130
    except BaseException:  # it must not go on as the server; the hook logs it without its text
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # Nothing of the parent's is ended here: its folder of metrics, its other children.
        os._exit(status)


def _close_sockets_and_pipes() -> None:
    """Closes all sockets and pipes but standard input, output and error. Files stay open: an object
    that closes its file later would close another one of the same number."""
    for number in map(int, os.listdir("/dev/fd")):  # noqa: PTH208 - numbers, no paths
        with suppress(OSError):  # that of the list itself is closed by now
            mode = os.fstat(number).st_mode
            if number > 2 and (stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)):
                os.close(number)


def _run(
    target: Callable[[], int | None],
    is_over: threading.Event,
    is_stopped: Callable[[], bool],
    first: int | None,
) -> int:
    """The exit status of the process, negative after a signal; 0 if we stopped it."""
    try:
        pid = first or fork(target)
    except OSError:  # as without memory
        return 1
    while not is_over.wait(POLL_SECONDS) and not is_stopped():
        if (status := _ended(pid)) is not None:
            return status
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while _ended(pid) is None:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            break
        time.sleep(0.05)
    return 0


def _ended(pid: int) -> int | None:
    """The exit status of a child, negative after a signal; None while it runs."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None
