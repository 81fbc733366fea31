"""The mail worker that runs beside a server, as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from outreach.config import Config
from outreach.mail import delivery


@contextmanager
def mail_worker(config: Config, *, wanted: bool) -> Iterator[None]:
    """Runs `outreach worker` for as long as the block lasts; it stops with it."""
    if not wanted or delivery.post(config) is None:
        yield
        return
    process = subprocess.Popen([sys.executable, "-m", "outreach.cli", "worker"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)
