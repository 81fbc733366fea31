"""What the processes of an installation weigh, and what its commands cost to start.

Memory is PSS: what processes share is divided among them. The cost of a start is processor time, in
starts of a Python that imports Flask, which is about the same ratio on a faster machine.
"""

import compileall
import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Final

import outreach
from tests.faults.site import OUTREACH, children
from tests.support.ports import free_port
from tests.support.server_process import wait_until_ready

FLASK: Final = (sys.executable, "-c", "import flask")
SETTLED_SECONDS: Final = 10  # then a server and its worker are at rest
MONTH: Final = "2020-01"


@dataclass(frozen=True)
class Start:
    """One command: the processor's seconds, their ratio to those of Flask's import, and the time on
    the clock."""

    what: str
    processor_seconds: float
    ratio: float
    clock_seconds: float


@dataclass(frozen=True)
class Serving:
    """`outreach serve --workers 2` with its worker."""

    first_answer_seconds: float
    resting_mb: float  # PSS of all its processes


def measure_starts(environ: Mapping[str, str], *, repetitions: int) -> list[Start]:
    """What the commands cost that people and timers start."""
    _compile()
    commands = {"outreach --help": ("--help",), "outreach counts": ("counts", MONTH)}
    found = []
    for what, arguments in commands.items():
        runs = [
            (run_ours(arguments, environ), _run(FLASK, environ)[0]) for _ in range(repetitions + 1)
        ][1:]  # the first one reads the files
        found.append(
            Start(
                what,
                median(processor for (processor, _), _ in runs),
                median(processor / bare for (processor, _), bare in runs),
                median(clock for (_, clock), _ in runs),
            )
        )
    return found


def measure_serving(environ: Mapping[str, str], folder: Path) -> Serving:
    """The memory of a server at rest that has answered one page. `environ` names its extensions."""
    _compile()
    port = free_port()
    command = [*OUTREACH, "serve", "--port", str(port), "--workers", "2"]
    needed = {
        "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OUTREACH_MAIL_FROM": "talleres@example.org",
    }
    run_ours(("db", "upgrade"), {**environ, **needed})  # tables of its extensions
    began = perf_counter()
    written = folder / "serve.log"
    with written.open("wb") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **environ, **needed}, stdout=log, stderr=log
        )
    try:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/es/", server, timeout_seconds=60)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{written.read_text()}") from None
        answered = perf_counter() - began
        sleep(SETTLED_SECONDS)
        return Serving(answered, sum(map(_shared_mb, (server.pid, *children(server.pid)))))
    finally:
        server.terminate()
        server.wait(timeout=60)


def _compile() -> None:
    """Compiles our modules, as pip does when it installs them. Where Python may not write them
    (PYTHONDONTWRITEBYTECODE), each start of a checkout would compile up to 600."""
    compileall.compile_dir(Path(outreach.__file__).parent, quiet=1)


def run_ours(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of the processor and on the clock that a command of `outreach` takes."""
    return _run([*OUTREACH, *arguments], environ)


def _run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of the processor and on the clock that one command takes."""
    began, before = perf_counter(), _processor_seconds()
    subprocess.run(command, env={**os.environ, **environ}, check=True, capture_output=True)
    return _processor_seconds() - before, perf_counter() - began


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _shared_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith("Pss:")) / 1000
