"""The effect of the number of stored workshops: the same feed from a database of 500 and one of
50,000, in alternation; and the latency of the first poll after a change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from tests.benchmarks import load
from tests.benchmarks.network import Network
from tests.benchmarks.poll import FEED, Poll
from tests.benchmarks.server import Running


@dataclass(frozen=True)
class Pair:
    """Answers a second from a database with many workshops and from one with few."""

    what: str
    many: float  # answers a second
    few: float
    ratio: float  # the median of the repetitions


def rates(many: Running, few: Running, *, seconds: int, repetitions: int) -> list[Pair]:
    """Measures the same feed on both servers. Raises RuntimeError if its bytes differ."""
    path = FEED.format("same")
    feeds = [_fetch(server, path) for server in (many, few)]
    if feeds[0] != feeds[1]:
        raise RuntimeError("the two databases do not give the same feed")
    etag, _ = feeds[0]
    results = []
    for what, headers in (
        ("feed, unchanged (304)", (f"If-None-Match: {etag}",)),
        ("feed, gzip (200)", ("Accept-Encoding: gzip",)),
    ):
        pairs = []
        for repetition in range(repetitions):
            order = (many, few) if repetition % 2 else (few, many)
            rates_by_pid = {
                server.pid: load.rate(server.site + path, seconds=seconds, headers=headers)
                for server in order
            }
            pairs.append((rates_by_pid[many.pid], rates_by_pid[few.pid]))
        many_rate, few_rate = (median(each) for each in zip(*pairs, strict=True))
        results.append(Pair(what, many_rate, few_rate, median(one / other for one, other in pairs)))
    return results


def rebuilt(server: Running, base: Network, *, times: int = 40) -> tuple[list[float], float]:
    """Milliseconds of the first poll after each change of a title or an hour of one workshop in a
    feed of a thousand, sorted; and the CPU time in milliseconds of the server for each."""
    path, latencies = FEED.format("thousand"), []
    store = Store(base.database, is_durable=False)
    change_sessions.install(store)
    with Poll(server.port) as poll:
        _, etag, _ = poll.ask(path)
        before = server.cpu_ms()
        for number, workshop_id in enumerate(_list_future_workshops(store, times)):
            _change(store, workshop_id, number)
            took, etag = poll.measure_changed(path, etag)
            latencies.append(took)
        cpu_ms = server.cpu_ms() - before
    store.close()
    return sorted(latencies), cpu_ms / times


def _list_future_workshops(store: Store, count: int) -> Sequence[int]:
    ids = (
        sa.select(Workshop.id)
        .join(Workshop.office)
        .where(Office.slug == "thousand", Workshop.day > clock.now().date())
        .order_by(Workshop.day)
        .limit(count)
    )
    with store.read() as session:
        return session.scalars(ids).all()


def _change(store: Store, workshop_id: int, number: int) -> None:
    with store.change() as session:
        workshop = session.get_one(Workshop, workshop_id)
        data = workshop_service.get_data(workshop)
        if number % 2:
            data = replace(data, title=data.title | {"es": f"Taller {number}"})
        else:
            data = replace(data, starts=data.starts.replace(minute=1 + number % 59))
        workshop_service.change(session, workshop, data, now=clock.now())


def _fetch(server: Running, path: str) -> tuple[str, bytes]:
    with Poll(server.port) as poll:
        _, etag, body = poll.ask(path)
    return etag, body
