"""The worker that runs beside a server, as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_GOODBYE = 60  # seconds for the letter that is being sent


@contextmanager
def mail_worker(*, wanted: bool) -> Iterator[None]:
    """Runs `outreach worker` for as long as the block lasts; it stops with it. Without a mail
    server too: it passes on offers and forgets people."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-m", "outreach.cli", "worker"])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=LONGEST_GOODBYE)
        except subprocess.TimeoutExpired:
            process.kill()
