"""Starts the servers of the benchmarks, Outreach and the minimal application, in the same way."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from outreach.cli.serve import THREADS
from tests.faults.site import children

WORKERS = 2  # with as many threads each as `outreach serve` has on SQLite
STOP_SECONDS = 10  # then a worker that does not stop is killed, as by `outreach serve`


@dataclass(frozen=True)
class Running:
    """A running server: its URL, port and process id."""

    site: str
    port: int
    pid: int

    def largest(self) -> float:
        """The memory in MB of the largest of its processes."""
        return max(_resident(pid) for pid in (self.pid, *children(self.pid))) / 1000

    def cpu_ms(self) -> float:
        """CPU time of its processes in milliseconds, with a resolution of 10 ms."""
        every = (self.pid, *children(self.pid))
        return sum(_ticks(pid) for pid in every) * 1000 / os.sysconf("SC_CLK_TCK")

    def processor_ms(self) -> float:
        """The same from the scheduler, with a resolution of microseconds."""
        return tree_processor_ms([self.pid])


@contextmanager
def serving(factory: str, environ: Mapping[str, str], path: str = "/") -> Iterator[str]:
    """Serves a WSGI factory with granian on a free port; yields the URL."""
    with running(factory, environ, path) as server:
        yield server.site


@contextmanager
def running(factory: str, environ: Mapping[str, str], path: str = "/") -> Iterator[Running]:
    """Serves a WSGI factory; yields the server with its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("granian")),
        "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--backlog", "1024",
        "--no-access-log", "--log-level", "error",
        "--workers-kill-timeout", str(STOP_SECONDS), factory,
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, **environ})
    site = f"http://127.0.0.1:{port}"
    try:
        _wait_for(site + path, process)
        yield Running(site, port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def tree_processor_ms(pids: Iterable[int]) -> float:
    """CPU milliseconds of these processes and those that they started, from the scheduler."""
    every = {each for pid in pids for each in (pid, *children(pid))}
    return sum(_run_nanoseconds(pid) for pid in every) / 1e6


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server stopped before it answered")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def _resident(pid: int) -> int:
    """Resident memory in kilobytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _run_nanoseconds(pid: int) -> int:
    """What the threads of a process ran, those that have ended left out."""
    return sum(
        int(each.read_text().split()[0]) for each in Path(f"/proc/{pid}/task").glob("*/schedstat")
    )
