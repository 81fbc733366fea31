"""Runs a worker until a signal stops it."""

import logging
import signal

from outreach.interrupts import Interrupt
from outreach.maintenance.worker import Worker

log = logging.getLogger(__name__)


def run(worker: Worker, *, ends_after_purge: bool = False) -> bool:
    """Works until a signal stops it or, with `ends_after_purge`, it has purged; returns whether a
    signal stopped it."""
    stop = Interrupt()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(
        stop,
        after=lambda sent: log.info("%d letters sent", sent) if sent else None,
        ends_after_purge=ends_after_purge,
    )
    return stop.is_set()
