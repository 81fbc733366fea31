"""Memory of processes over time, and growth of database files."""

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    """The memory of a process in MB: at the start, in the middle and at the end; its growth an
    hour, extrapolated from the second half; and its CPU time in seconds."""

    start: float
    middle: float
    end: float
    slope: float
    cpu_seconds: float


@dataclass
class Watch(threading.Thread):
    """Samples at an interval the processes that `pids` returns."""

    pids: Callable[[], Mapping[str, int]]
    every: float = 2.0
    seen: dict[str, list[tuple[float, float, float, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        started_at = time.monotonic()
        while not self._ended.wait(self.every):
            for name, pid in self.pids().items():
                if memory := resident(pid):
                    self.seen.setdefault(name, []).append(
                        (time.monotonic() - started_at, memory, cpu_seconds(pid), pid)
                    )

    def stop(self) -> dict[str, MemoryUse]:
        self._ended.set()
        self.join()
        return {name: _summarize(points) for name, points in self.seen.items() if len(points) > 2}


def _summarize(points: list[tuple[float, float, float, int]]) -> MemoryUse:
    half = points[len(points) // 2 :]
    count = len(half)
    x = sum(at for at, *_ in half) / count
    y = sum(size for _, size, *_ in half) / count
    across = sum((at - x) ** 2 for at, *_ in half)
    up = sum((at - x) * (size - y) for at, size, *_ in half)
    slope = up / across * 3600 if across else 0.0
    is_one = len({pid for *_, pid in points}) == 1
    used = points[-1][2] - points[0][2] if is_one else math.nan  # the largest process changed
    return MemoryUse(points[0][1], points[len(points) // 2][1], points[-1][1], slope, used)


def resident(pid: int) -> float:
    """Resident memory in MB; 0 if the process has ended.

    Without shared memory, such as PostgreSQL's buffers: the kernel counts each shared page for
    every process that has touched it, so a process that only reads them seems to grow.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    kilobytes = dict(each.split()[:2] for each in lines if each.startswith(("RssAnon", "RssFile")))
    return sum(map(int, kilobytes.values())) / 1000


def cpu_seconds(pid: int) -> float:
    """CPU time in seconds; 0 if the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size(*folders: Path) -> float:
    """The size of the files in MB."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6
