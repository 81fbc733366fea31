"""What pages and feeds cost on a network of 50,000 workshops beside one of 500.

The office that is asked for has the same workshops in both: nothing may grow with the others.
"""

from collections.abc import Iterator
from statistics import median
from typing import Final

from tests.benchmarks.network import Network
from tests.benchmarks.poll import FEED, Poll
from tests.benchmarks.server import Running

PATHS: Final = {
    "feed, gzip (200)": FEED.format("same"),
    "office": "/es/o/same",
    "list of a kind of an office": "/es/?oficina=same&tipo=kind-1",
}


def measure(
    many: tuple[Network, Running], few: tuple[Network, Running], *, times: int, repetitions: int
) -> Iterator[tuple[str, float, float, float]]:
    """What is asked for, its processor milliseconds with many and with few stored workshops, and
    the median of their ratios."""
    with Poll(many[1].port) as many_poll, Poll(few[1].port) as few_poll:
        for what, path in PATHS.items():
            pairs = [
                (
                    spend(many[1], many_poll, path, times),
                    spend(few[1], few_poll, path, times),
                )
                for _ in range(repetitions + 1)
            ][1:]
            ratio = median(one / other for one, other in pairs)
            yield what, median(one for one, _ in pairs), median(each for _, each in pairs), ratio


def spend(server: Running, poll: Poll, path: str, times: int) -> float:
    before = server.processor_ms()
    for number in range(times):
        # Pages are asked for under an address of their own each, so that none comes from the cache.
        separator = "&" if "?" in path else "?"
        poll.ask(path if path.endswith(".ics") else f"{path}{separator}x={before}-{number}")
    return (server.processor_ms() - before) / times
