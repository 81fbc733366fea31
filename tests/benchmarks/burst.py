"""A burst: many people register within ten seconds, while calendars are polled and staff work.

The processor's seconds of the servers for each person can be compared between releases; the times
of answers depend on the machine, which makes the load too.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.benchmarks import day
from tests.benchmarks.server import tree_processor_ms
from tests.benchmarks.visitors import Day, visit
from tests.faults.mailbox import Mailbox
from tests.faults.site import on_one_machine
from tests.support.ports import free_port
from tests.support.smtp_server import serve_mail

PEOPLE: Final = 2000
SECONDS: Final = 10
WORKSHOPS: Final = 40
CALENDARS: Final = 500
POLLS: Final = 5  # each calendar is polled that often


@dataclass(frozen=True)
class BurstResult:
    """Sorted milliseconds by kind of request, answers by status, and what it cost the servers."""

    times: Mapping[str, Sequence[float]]
    statuses: Mapping[str, Mapping[int, int]]
    saved: int
    processor_ms: float  # one registration's, with its share of all else


def measure(folder: Path) -> BurstResult:
    """Makes the burst on one machine with SQLite."""
    with serve_mail(Mailbox(free_port(), "127.0.0.1")) as mailbox:
        site = on_one_machine(folder / "burst", mailbox.port)
        try:
            size = day.Size(WORKSHOPS, PEOPLE, CALENDARS, SECONDS, POLLS)
            ids, staff_members = day.furnish(site, size)
            address = urlsplit(site.config.public_url)
            load = Day(
                address.hostname or "",
                address.port or 80,
                address.netloc,
                site.people,
                ids,
                day.feeds(CALENDARS),
                staff_members,
                SECONDS,
                PEOPLE,
                POLLS,
            )
            site.start()
            pids = [pid for program in site.programs for pid in program.pids]
            before = tree_processor_ms(pids)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                result = pool.submit(visit, load).result(timeout=300)
            spent = tree_processor_ms(pids) - before
        finally:
            site.close()
    times = {what: sorted(each) for what, each in result.times.items()}
    return BurstResult(times, result.statuses, result.saved, spent / max(1, result.saved))
