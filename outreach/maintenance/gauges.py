"""Prometheus gauges, read from the databases at each scrape.

Only totals: a number of one office or kind would be small, and its history would show when somebody
registered (S24, S28).
"""

import os
import platform
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox, workshops
from outreach.domain.network import installation_settings
from outreach.domain.newsletter import mailings
from outreach.domain.roster import roster_letters
from outreach.keystore import KeyStore

SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the folder that the processes of a server share


class Gauges(CollectorRegistry):
    """A registry of its own, since these values must not be summed over processes."""

    def __init__(self, config: Config, store: Store, key_store: KeyStore) -> None:
        super().__init__()
        self.register(_GaugeCollector(config, store, key_store))


class _GaugeCollector(Collector):
    def __init__(self, config: Config, store: Store, key_store: KeyStore) -> None:
        self.config, self.store, self.key_store = config, store, key_store

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # so that registering does not query

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _memory()
        for family in self._collect_own():
            if self.config.name:
                labels = {"network": self.config.name}
                family.samples = [
                    each._replace(labels=labels | each.labels) for each in family.samples
                ]
            yield family

    def _collect_own(self) -> Iterator[GaugeMetricFamily]:
        """Yields the gauges of this network; those of the process are elsewhere."""
        yield _info(self.config)
        began, is_up = time.perf_counter(), 1
        found: list[GaugeMetricFamily] = []
        try:
            found = [*_main_gauges(self.store, clock.now()), *_key_store_gauges(self.key_store)]
        except sa.exc.SQLAlchemyError:
            is_up = 0  # the other values are still reported
        yield from found
        yield _gauge("up", "1 if both databases answered.", is_up)
        yield _gauge("look_seconds", "How long it took to ask them.", time.perf_counter() - began)


def _main_gauges(store: Store, now: datetime) -> Iterator[GaugeMetricFamily]:
    with store.read() as session:
        others = (mailings.OUTBOX, roster_letters.OUTBOX)
        backlogs = (each.backlog(session, now=now) for each in others)
        backlog = sum(backlogs, outbox.backlog(session, now=now))
        dead = outbox.count_dead(session) + sum(each.count_dead(session) for each in others)
        published = workshops.count_published(session)
        seen = installation_settings.get_worker_seen_at(session)
    age = (now - backlog.oldest_due_at).total_seconds() if backlog.oldest_due_at else 0.0
    yield _gauge("outbox_waiting", "Letters and texts that are due and not sent.", backlog.count)
    yield _gauge("outbox_oldest_seconds", "For how long the oldest of them has been due.", age)
    yield _gauge("outbox_given_up", "Letters and texts that were given up.", dead)
    yield _gauge("workshops", "Workshops that are published, past ones too.", published)
    if seen is not None:
        age = (now - seen).total_seconds()
        yield _gauge("worker_seen_seconds", "Since a worker was last known to run.", age)
    yield _gauge("database_bytes", "What the main database takes.", store.size())


def _key_store_gauges(key_store: KeyStore) -> Iterator[GaugeMetricFamily]:
    yield _gauge("registrations", "Registrations that are not forgotten yet.", key_store.count())
    yield _gauge("registrations_overdue", "Those that should be.", key_store.count_overdue())


def _info(config: Config) -> GaugeMetricFamily:
    labels = {
        "version": metadata.version("outreach"),
        "python": platform.python_version(),
        "tzdata": metadata.version("tzdata"),
        "database": "postgresql" if config.is_postgresql else "sqlite",
    }
    family = GaugeMetricFamily("outreach_info", "What runs.", labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


def _memory() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "outreach_process_memory_bytes", "Memory of each process that answers.", labels=["pid"]
    )
    for pid in sorted(_processes()):
        if (size := _resident_bytes(pid)) is not None:
            family.add_metric([str(pid)], size)
    return family


def _processes() -> set[int]:
    """The ids of this process and of those that have files in the shared folder."""
    pids = {os.getpid()}
    if folder := os.environ.get(SHARED_FOLDER):
        for path in Path(folder).glob("*_*.db"):
            number = path.stem.rpartition("_")[2]
            pids |= {int(number)} if number.isdigit() else set()
    return pids


def _resident_bytes(pid: int) -> int | None:
    """Returns the resident memory of a process; None if it has ended or the system does not report
    it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return _peak_bytes() if pid == os.getpid() else None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _peak_bytes() -> int | None:
    if sys.platform == "win32":
        return None
    import resource  # not on Windows

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"outreach_{name}", words, value=value)
