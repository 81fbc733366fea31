"""Sends requests at a constant rate from separate processes, however slow the answers are. Latency
is measured from when a request was due, so it includes the wait behind a slow answer."""

import random
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter, sleep


@dataclass(frozen=True)
class LoadResult:
    """Sorted latencies in milliseconds, and the number of answers by status."""

    times: tuple[float, ...]
    statuses: dict[int, int]
    rate: float  # the achieved rate

    def percentile(self, share: float) -> float:
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)]


def build_request(path: str, **headers: str) -> bytes:
    """A GET request; `_` in the name of a header stands for `-`."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def load_processes() -> Iterator[ProcessPoolExecutor]:
    """A process pool for the load, so that it shares no lock with the measuring process."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def begin(
    pool: ProcessPoolExecutor, port: int, requests: Sequence[bytes], rate: float, seconds: float
) -> "Future[LoadResult]":
    """Starts `load` in a process of the pool."""
    return pool.submit(load, port, requests, rate, seconds)


def load(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> LoadResult:
    """Sends requests, picked at random, over eight persistent connections."""
    lines, count = 8, int(rate * seconds)
    samples: list[list[tuple[float, int]]] = [[] for _ in range(lines)]
    started_at = perf_counter() + 0.2

    def send(which: int) -> None:
        pick = random.Random(which)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(which, count, lines):
                due = started_at + number / rate
                sleep(max(0.0, due - perf_counter()))
                line.sendall(pick.choice(requests))
                status = _answer(line)
                samples[which].append(((perf_counter() - due) * 1000, status))

    threads = [threading.Thread(target=send, args=(which,)) for which in range(lines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    duration = perf_counter() - started_at
    every = [each for some in samples for each in some]
    statuses: dict[int, int] = {}
    for _, status in every:
        statuses[status] = statuses.get(status, 0) + 1
    return LoadResult(tuple(sorted(each for each, _ in every)), statuses, len(every) / duration)


def _answer(line: socket.socket) -> int:
    """Reads one answer to its end; returns its status."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = line.recv(65_536)
        if not more:
            raise ConnectionError("the server hung up")
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for each in head.lower().split(b"\r\n"):
        if each.startswith(b"content-length:"):
            length = int(each[15:])
    left = (0 if status == 304 else length) - len(body)
    while left > 0:
        left -= len(line.recv(65_536))
    return status
