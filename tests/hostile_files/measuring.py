"""Each file read in a process of its own: how long that takes, and how much memory."""

import multiprocessing
import resource
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Final

from tests.hostile_files.files import FILES
from tests.hostile_files.reading import refusal

MOST_SECONDS: Final = 2.0
MOST_MEGABYTES: Final = 200


def _measure(data: bytes, tell: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    said = refusal(data)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tell.send((took, after / 1024, (after - before) / 1024, said))


def measured() -> Iterator[tuple[str, float, float, float, str]]:
    """Each file read by a process that reads nothing else: seconds, megabytes, of them those that
    came with the reading, and the sentence."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hostile_files.reading"])
    for name, make in FILES.items():
        mine, theirs = context.Pipe()
        process = context.Process(target=_measure, args=(make(), theirs))
        process.start()
        theirs.close()
        try:
            took, peak, more, said = mine.recv()
        except EOFError:
            took, peak, more, said = 99.0, 9999.0, 9999.0, ""
        process.join()
        yield name, took, peak, more, said


def main() -> int:
    is_well = True
    slowest = largest = 0.0
    for name, took, peak, more, said in measured():
        is_fine = took <= MOST_SECONDS and peak <= MOST_MEGABYTES and bool(said)
        is_well &= is_fine
        slowest, largest = max(slowest, took), max(largest, peak)
        mark = "  " if is_fine else "! "
        print(f"{mark}{name:38} {took:6.3f} s {peak:5.0f} MB ({more:+4.0f})  {said}")
    print(f"{len(FILES)} files; slowest {slowest:.3f} s, largest {largest:.0f} MB")
    return 0 if is_well else 1
