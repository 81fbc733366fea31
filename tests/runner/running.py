"""The run itself: what is checked, in which order, and the one line at its end."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.runner import Missing, packages, postgresql

ROOM = 4 << 30  # bytes
WHICH = {
    "quick": "core and not thorough and not browser and not long",
    "plain": "not long",
    "long": "",
}


def main(checkout: Path, arguments: Sequence[str]) -> int:
    """0 when all is well, 1 when something failed, 2 when the machine lacks something."""
    mode, rest = _read(arguments)
    # The server has to be stopped whatever ends the run: an exception lets each block finish.
    for sent in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent, _stop)
    began = time.monotonic()
    try:
        return _run(checkout, mode, rest, began)
    except Missing as missing:
        print(f"tests/run: {missing}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("tests/run: stopped.", file=sys.stderr)
        return 130


def _read(arguments: Sequence[str]) -> tuple[str, list[str]]:
    parser = argparse.ArgumentParser(
        prog="tests/run",
        description="Checks style, types and layers, and runs the tests on SQLite and on "
        "PostgreSQL, and the pages in Chromium. What else is said goes to pytest.",
        allow_abbrev=False,
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--quick",
        action="store_const",
        dest="mode",
        const="quick",
        help="style, and the core of the tests, on SQLite without a browser: under a minute",
    )
    modes.add_argument(
        "--long",
        action="store_const",
        dest="mode",
        const="long",
        help="everything, with the tests that take more than ten minutes",
    )
    known, rest = parser.parse_known_args(arguments)
    return known.mode or "plain", rest


def _run(checkout: Path, mode: str, rest: list[str], began: float) -> int:
    packages.require(all_of_it=mode != "quick", is_long=mode == "long")
    programs = packages.environment(checkout, is_long=mode == "long")
    environ = dict(os.environ, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    # Each of the processes that tests start would compile all that there is anew.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    passed: list[str] = []
    failed: list[str] = []
    with ExitStack() as until_the_end:
        folder = until_the_end.enter_context(_temporary())
        environ["TMPDIR"] = str(folder)
        if mode != "quick":
            packages.ical_js(checkout)
            environ["OUTREACH_TEST_CHROMIUM"] = packages.chromium(is_long=mode == "long") or ""
            if not environ.get("OUTREACH_TEST_POSTGRESQL"):
                address = until_the_end.enter_context(postgresql.serving(folder))
                environ["OUTREACH_TEST_POSTGRESQL"] = address
        else:
            environ.pop("OUTREACH_TEST_POSTGRESQL", None)
        for name, command in _steps(mode, rest):
            print(f"\n== {name}: {' '.join(command)}", flush=True)
            done = subprocess.run([programs / command[0], *command[1:]], cwd=checkout, env=environ)
            (failed if done.returncode else passed).append(name)
    took = f"{time.monotonic() - began:.0f} s"
    print()
    if failed:
        print(f"tests/run: FAILED: {', '.join(failed)} (passed: {', '.join(passed)}; {took})")
        return 1
    left_out = {
        "quick": "; not run: types, PostgreSQL, the browser, the thorough and the long tests",
        "plain": "; not run: the long tests",
        "long": "",
    }
    print(f"tests/run: passed: {', '.join(passed)} ({took}{left_out[mode]})")
    return 0


@contextmanager
def _temporary() -> Iterator[Path]:
    """A folder for whatever the run writes: in memory where there is room, since a thousand small
    databases are made and none of them has to survive a power cut."""
    memory = Path("/dev/shm")
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    with tempfile.TemporaryDirectory(
        prefix="outreach-tests-", dir=memory if has_room else None, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL, which runs as somebody else, has a folder in it
        yield folder


def _steps(mode: str, rest: list[str]) -> list[tuple[str, list[str]]]:
    workers = str(min(os.cpu_count() or 1, 4))
    # The tests of one file share what they opened: a demo, a wheel, an environment.
    # In the order of conftest: by the number of tests, what takes longest would come last.
    spread = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
    chosen = ["-m", WHICH[mode]] if WHICH[mode] else []
    steps = [
        ("style", ["ruff", "check", ".", "tests/run"]),
        ("format", ["ruff", "format", "--check", ".", "tests/run"]),
        ("types", ["mypy", "--strict", "outreach", "tests"]),
        ("layers", ["lint-imports"]),
        (_tests_name(mode), ["python", "-m", "pytest", "-q", *spread, *chosen, *rest]),
    ]
    return [step for step in steps if mode != "quick" or step[0] != "types"]


def _tests_name(mode: str) -> str:
    if mode == "quick":
        return "tests on SQLite"
    return "tests on SQLite and PostgreSQL and in Chromium"


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
