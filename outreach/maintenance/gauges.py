"""How things stand, as Prometheus asks for it: read when somebody asks.

Only totals. A figure of one office or kind would be small: who sees a women's workshop go from two
to three at 14:05, and keeps it for years, knows more than any page of ours tells (S24).
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
from outreach.keystore import KeyStore

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"  # where the processes of a server count together


class Gauges(CollectorRegistry):
    """A registry of its own: what is read now is nobody's to add up."""

    def __init__(self, config: Config, store: Store, key_store: KeyStore) -> None:
        super().__init__()
        self.register(_Now(config, store, key_store))


class _Now(Collector):
    def __init__(self, config: Config, store: Store, key_store: KeyStore) -> None:
        self.config, self.store, self.key_store = config, store, key_store

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # so that registering asks for nothing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _info(self.config)
        yield _memory()
        began, is_up = time.perf_counter(), 1
        found: list[GaugeMetricFamily] = []
        try:
            found = [*_of_main(self.store, clock.now()), *_of_key_store(self.key_store)]
        except sa.exc.SQLAlchemyError:
            is_up = 0  # what else is known is told all the same
        yield from found
        yield _gauge("up", "1 if both databases answered.", is_up)
        yield _gauge("look_seconds", "How long it took to ask them.", time.perf_counter() - began)


def _of_main(store: Store, now: datetime) -> Iterator[GaugeMetricFamily]:
    with store.read() as session:
        backlog = outbox.backlog(session, now=now) + mailings.OUTBOX.backlog(session, now=now)
        dead = outbox.count_dead(session) + mailings.OUTBOX.count_dead(session)
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


def _of_key_store(key_store: KeyStore) -> Iterator[GaugeMetricFamily]:
    yield _gauge("registrations", "Registrations that are not forgotten yet.", key_store.count())
    yield _gauge("registrations_overdue", "Those that should be.", key_store.count_overdue())


def _info(config: Config) -> GaugeMetricFamily:
    told = {
        "version": metadata.version("outreach"),
        "python": platform.python_version(),
        "tzdata": metadata.version("tzdata"),
        "database": "postgresql" if config.is_postgresql else "sqlite",
    }
    family = GaugeMetricFamily("outreach_info", "What runs.", labels=list(told))
    family.add_metric(list(told.values()), 1)
    return family


def _memory() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "outreach_process_memory_bytes", "Memory of each process that answers.", labels=["pid"]
    )
    for pid in sorted(_processes()):
        if (size := _resident(pid)) is not None:
            family.add_metric([str(pid)], size)
    return family


def _processes() -> set[int]:
    """This one, and those that count in the same folder: their files are called after them."""
    found = {os.getpid()}
    if folder := os.environ.get(SHARED):
        for path in Path(folder).glob("*_*.db"):
            number = path.stem.rpartition("_")[2]
            found |= {int(number)} if number.isdigit() else set()
    return found


def _resident(pid: int) -> int | None:
    """None where it is gone, or where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return _largest() if pid == os.getpid() else None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _largest() -> int | None:
    if sys.platform == "win32":
        return None
    import resource  # not on Windows

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"outreach_{name}", words, value=value)
