"""The worker that runs beside a server, as a process of its own."""

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

# A process of the server that is forked while one of ours is being started holds that one's pipe
# open, and who starts it waits for the end of the pipe for as long as the other lives.
_starting = threading.Lock()
os.register_at_fork(
    before=_starting.acquire,
    after_in_parent=_starting.release,
    after_in_child=_starting.release,
)

LONGEST_GOODBYE: Final = 60  # seconds for the letter that is being sent
FIRST_PAUSE: Final = 1.0  # seconds before one that died is started again; each time twice as long
LONGEST_PAUSE: Final = 60.0
LOOK: Final = 0.5  # seconds
WORKER: Final = (sys.executable, "-m", "outreach.cli", "worker")
# How a process ends that was told to: by itself, before it could listen, and by Ctrl-C.
TOLD_TO: Final = frozenset({0, -signal.SIGTERM, -signal.SIGINT, 130})


@contextmanager
def mail_worker(*, wanted: bool, is_told: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Runs `outreach worker` for as long as the block lasts; it stops with it, or when the block
    is told to end (`is_told`), so that they say goodbye at the same time. Without a mail server
    too: it passes on offers and forgets people. One that dies is started again."""
    if not wanted:
        yield
        return
    is_over = threading.Event()
    # A daemon: who presses Ctrl-C a second time does not wait for a letter.
    watch = threading.Thread(target=keep_running, args=(WORKER, is_over, is_told), daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()
        watch.join()


def keep_running(
    command: Sequence[str],
    is_over: threading.Event,
    is_told: Callable[[], bool] = lambda: False,
) -> None:
    """Runs a command until `is_over` or `is_told`, or until somebody tells it to end."""
    pause = FIRST_PAUSE
    while not is_over.is_set() and not is_told():
        began = time.monotonic()
        if _run(command, is_over, is_told) in TOLD_TO:
            return
        # What ran for a while died of something new.
        if time.monotonic() - began > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        log.error("the mail worker died; it starts again in %.0f s", pause)
        is_over.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _run(command: Sequence[str], is_over: threading.Event, is_told: Callable[[], bool]) -> int:
    """The status with which it ended: 0 where we have ended it."""
    try:
        with _starting:
            process = subprocess.Popen(command)  # noqa: S603 - WORKER, or what a test wants run
    except OSError:  # no memory just now, most likely
        return 1
    while not is_over.wait(LOOK) and not is_told():
        if (status := process.poll()) is not None:
            return status
    process.terminate()
    try:
        process.wait(timeout=LONGEST_GOODBYE)
    except subprocess.TimeoutExpired:
        process.kill()
    return 0
