"""The cost of feed polling: the slowest list pages during 500 polls a second, and the memory of a
process after ten thousand different feeds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, islice, product
from statistics import median
from time import monotonic

from tests.benchmarks import constant_rate
from tests.benchmarks.network import KINDS, OFFICES
from tests.benchmarks.poll import Poll
from tests.benchmarks.server import Running

POLLS = 500  # a second
PAGES = 60
FEEDS = 300
UNCHANGED = 9  # out of ten polls


def slowest(server: Running, *, seconds: int, repetitions: int) -> tuple[float, float, float]:
    """The 99th percentile of the list page in milliseconds, alone and during the polls; and the
    median of their ratios."""
    page = [constant_rate.build_request("/es/", Accept_Encoding="gzip")]
    polls = list(_polls(server))
    pairs = []
    with constant_rate.load_processes() as pool:
        constant_rate.begin(
            pool, server.port, polls, POLLS, 3
        ).result()  # each process has cached the feeds
        for _ in range(repetitions):
            alone = constant_rate.begin(pool, server.port, page, PAGES, seconds).result()
            polling = constant_rate.begin(pool, server.port, polls, POLLS, seconds)
            together = constant_rate.begin(pool, server.port, page, PAGES, seconds).result()
            load = polling.result()
            if {*load.statuses} - {200, 304} or load.rate < POLLS * 0.95:
                raise RuntimeError(
                    f"the server did not keep up with the polls: {load.statuses}, {load.rate:.0f}"
                )
            pairs.append((alone.percentile(0.99), together.percentile(0.99)))
    alone_ms, together_ms = (median(each) for each in zip(*pairs, strict=True))
    return alone_ms, together_ms, median(busy / idle for idle, busy in pairs)


def memory(server: Running, *, count: int, seconds: int) -> tuple[float, int]:
    """The memory in MB of the largest process after that many distinct addresses; and how many
    addresses were requested in the time."""
    until = monotonic() + seconds

    def ask(some: list[str]) -> int:
        count = 0
        with Poll(server.port) as poll:
            for path in some:
                if monotonic() > until:
                    break
                poll.ask(path)
                count += 1
        return count

    paths = list(islice(addresses(), count))
    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(ask, [paths[start::8] for start in range(8)]))
    return server.largest(), done


def addresses() -> Iterator[str]:
    """Distinct feed addresses: every two kinds of every office, and some of the whole network."""
    pairs = list(combinations(range(KINDS), 2))
    for number, (office, (one, other)) in enumerate(product(range(2, OFFICES), pairs)):
        name = "red" if number % 50 == 0 else f"office-{office}"
        yield f"/es/cal/{name}.ics?tipo=kind-{one}&tipo=kind-{other}"


def _polls(server: Running) -> Iterator[bytes]:
    """Requests, nine of ten with the current ETag."""
    with Poll(server.port) as poll:
        for number, path in enumerate(islice(addresses(), FEEDS)):
            _, etag, _ = poll.ask(path)
            condition = {"If_None_Match": etag} if number % 10 < UNCHANGED else {}
            yield constant_rate.build_request(path, Accept_Encoding="gzip", **condition)
