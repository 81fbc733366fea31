"""Measures time and memory of reading each hostile file in a process of its own."""

import multiprocessing
import resource
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Final

from tests.hostile_files.files import FILES
from tests.hostile_files.reading import refusal

MAX_SECONDS: Final = 2.0
MAX_MEGABYTES: Final = 200


def _measure(data: bytes, connection: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started_at = time.perf_counter()
    message = refusal(data)
    seconds = time.perf_counter() - started_at
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection.send((seconds, after / 1024, (after - before) / 1024, message))


def measure_all() -> Iterator[tuple[str, float, float, float, str]]:
    """Of each file its name, seconds, peak megabytes, megabytes added by reading, and the error
    message."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hostile_files.reading"])
    for name, make in FILES.items():
        receiver, sender = context.Pipe()
        process = context.Process(target=_measure, args=(make(), sender))
        process.start()
        sender.close()
        try:
            seconds, peak, growth, message = receiver.recv()
        except EOFError:
            seconds, peak, growth, message = 99.0, 9999.0, 9999.0, ""
        process.join()
        yield name, seconds, peak, growth, message


def main() -> int:
    is_well = True
    slowest = largest = 0.0
    for name, seconds, peak, growth, message in measure_all():
        is_fine = seconds <= MAX_SECONDS and peak <= MAX_MEGABYTES and bool(message)
        is_well &= is_fine
        slowest, largest = max(slowest, seconds), max(largest, peak)
        prefix = "  " if is_fine else "! "
        print(f"{prefix}{name:38} {seconds:6.3f} s {peak:5.0f} MB ({growth:+4.0f})  {message}")
    print(f"{len(FILES)} files; slowest {slowest:.3f} s, largest {largest:.0f} MB")
    return 0 if is_well else 1
