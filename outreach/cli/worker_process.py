"""Runs the worker beside the server, as a process that is restarted when it dies."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

log = logging.getLogger(__name__)

# Popen waits for a pipe to close, and a server process that is forked meanwhile would inherit the
# pipe and keep it open.
_starting = threading.Lock()
os.register_at_fork(
    before=_starting.acquire,
    after_in_parent=_starting.release,
    after_in_child=_starting.release,
)

STOP_TIMEOUT_SECONDS: Final = 60  # for the letter that is being sent
FIRST_PAUSE: Final = 1.0  # seconds before a restart, doubled each time
MAX_PAUSE: Final = 60.0  # seconds
POLL_SECONDS: Final = 0.5
WORKER: Final = (sys.executable, "-m", "outreach.cli", "worker")
# Statuses of a process that was stopped: exit, SIGTERM before its handler is set, and Ctrl-C.
STOPPED_STATUSES: Final = frozenset({0, -signal.SIGTERM, -signal.SIGINT, 130})


@contextmanager
def mail_worker(*, wanted: bool, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Runs `outreach worker` during the block, and stops it at its end or as soon as `is_stopped`
    returns true, so that both stop at the same time. A worker that dies is restarted."""
    if not wanted:
        yield
        return
    is_over = threading.Event()
    # A daemon thread, so that a second Ctrl-C does not wait for a letter.
    watch = threading.Thread(target=keep_running, args=(WORKER, is_over, is_stopped), daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()
        watch.join()


def keep_running(
    command: Sequence[str],
    is_over: threading.Event,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Runs a command, and restarts it, until `is_over`, `is_stopped` or somebody stops it."""
    pause = FIRST_PAUSE
    while not is_over.is_set() and not is_stopped():
        began = time.monotonic()
        if _run(command, is_over, is_stopped) in STOPPED_STATUSES:
            return
        # After a longer run, pauses begin anew.
        if time.monotonic() - began > MAX_PAUSE:
            pause = FIRST_PAUSE
        log.error("the mail worker died; it starts again in %.0f s", pause)
        is_over.wait(pause)
        pause = min(pause * 2, MAX_PAUSE)


def _run(command: Sequence[str], is_over: threading.Event, is_stopped: Callable[[], bool]) -> int:
    """The exit status of the command; 0 if we stopped it."""
    try:
        with _starting:
            process = subprocess.Popen(command)  # noqa: S603 - WORKER, or what a test wants run
    except OSError:  # as without memory
        return 1
    while not is_over.wait(POLL_SECONDS) and not is_stopped():
        if (status := process.poll()) is not None:
            return status
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    return 0
