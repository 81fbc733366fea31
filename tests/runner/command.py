"""The command tests/run: which checks it runs, in which order, and the summary at its end."""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.runner import Missing, packages, postgresql, pythons, shifted_clock
from tests.runner.shifted_clock import EDGES, LEAP_NIGHT, Instant

MIN_FREE_MEMORY_BYTES = 4 << 30
MAX_SEED = 1_000_000
NO_TESTS_COLLECTED = 5  # pytest's exit status
SERVER = "OUTREACH_TEST_POSTGRESQL"
NOT_SHIFTED = "browser or postgresql or real_clock"  # the markers of tests at the real time
SAME_AT_ANY_INSTANT = "own_clock"  # the marker of tests that no instant changes
LEFT_OUT_OF_PLAIN = "long or thorough or (postgresql and not (core or races))"
TESTS = Path(__file__).resolve().parents[1]
CORE = "pytest.mark.core"
LEFT_OUT = {
    "quick": "; not run: types (run mypy), PostgreSQL, the browser, tests outside the core, "
    "further cases",
    "plain": "; not run: what only --whole and --long run",
    "whole": "; not run: the long tests",
    "long": "",
    "recipes": "",
}
WITHOUT_SERVERS = frozenset({"quick", "recipes"})  # modes that need no PostgreSQL and no browser


@dataclass(frozen=True)
class Options:
    mode: str  # a key of LEFT_OUT
    seed: int  # the random order's
    pytest_arguments: list[str]
    python: str = sys.executable
    others: Mapping[str, str] = field(default_factory=dict)  # further interpreters, by version
    part: str = ""  # as 1/2: the files of the first half
    recipes: Sequence[str] = ()  # the recipes to carry out; none: all


@dataclass(frozen=True)
class Step:
    name: str
    command: list[str]
    is_on_sqlite: bool = False  # without the address of a PostgreSQL server
    instant: Instant | None = None  # at which its clock starts; None: now
    python: str = sys.executable
    may_be_empty: bool = field(default=False, compare=False)

    def environ(self, base: Mapping[str, str]) -> dict[str, str]:
        environ = dict(base)
        if self.is_on_sqlite:
            environ.pop(SERVER, None)
        if self.instant:
            environ |= shifted_clock.environ(self.instant.seconds_from_now())
        return environ


def main(checkout: Path, arguments: Sequence[str]) -> int:
    """0 when every step passed, 1 when one failed, 2 when the machine lacks something."""
    options, missing_versions = _find_pythons(parse(arguments))
    # An exception lets each block finish, and so stops the server, whatever ends the run.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    started = time.monotonic()
    try:
        return _run(checkout, options, started, missing_versions)
    except Missing as missing:
        print(f"tests/run: {missing}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("tests/run: stopped.", file=sys.stderr)
        return 130


def parse(arguments: Sequence[str]) -> Options:
    """What a run is asked to do; what is not an option of tests/run is for pytest."""
    parser = argparse.ArgumentParser(
        prog="tests/run",
        description="Checks style, types and layers, and runs the tests: on SQLite with a shifted "
        "clock, on PostgreSQL, and in Chromium. Other arguments are passed to pytest.",
        allow_abbrev=False,
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--quick",
        action="store_const",
        dest="mode",
        const="quick",
        help="style, and one case of each test marked core, on SQLite without a browser: under a "
        "minute",
    )
    modes.add_argument(
        "--whole",
        action="store_const",
        dest="mode",
        const="whole",
        help="every test but the long ones, with all of its cases, as in CI; also what a run with "
        "arguments for pytest does",
    )
    modes.add_argument(
        "--long",
        action="store_const",
        dest="mode",
        const="long",
        help="every test; those on SQLite at two instants, the second by the seed and with another "
        "Python, if there is one",
    )
    modes.add_argument(
        "--recipes",
        nargs="*",
        metavar="NAME",
        help="carries out the recipes of contributing.md on clean clones, or those named, and "
        "counts the files that each touches; it runs no other tests",
    )
    parser.add_argument(
        "--part",
        default="",
        metavar="K/N",
        help="only the files of that part, as 1/2 and later 2/2: where one run takes too long",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=random.randrange(1, MAX_SEED),
        help="repeats the order of an earlier run, which printed its seed",
    )
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="the interpreter to test with, as /usr/bin/python3.13; by default that of tests/run",
    )
    known, rest = parser.parse_known_args(arguments)
    mode = known.mode or ("whole" if rest else "plain")
    if known.recipes is not None:
        mode = "recipes"
    return Options(
        mode,
        known.seed,
        rest,
        python=known.python,
        part=known.part,
        recipes=known.recipes or (),
    )


def _find_pythons(options: Options) -> tuple[Options, Sequence[str]]:
    """The options of a long run with the other interpreters, and the versions that are missing."""
    if options.mode != "long" or options.pytest_arguments:
        return options, ()
    others, missing = pythons.find_others(pythons.read_version(options.python) or "")
    return replace(options, others=others), missing


def _run(checkout: Path, options: Options, started: float, missing_versions: Sequence[str]) -> int:
    mode = options.mode
    has_servers = mode not in WITHOUT_SERVERS
    packages.require(all_of_it=has_servers, is_long=mode == "long")
    environ = dict(os.environ)
    # Each process that a test starts would compile every module again.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    passed: list[str] = []
    failed: list[str] = []
    with ExitStack() as stack:
        folder = stack.enter_context(_temporary_folder())
        environ["TMPDIR"] = str(folder)
        if has_servers:
            packages.ical_js(checkout)
            if mode == "long":
                packages.node_ical(checkout)
            environ["OUTREACH_TEST_CHROMIUM"] = packages.chromium(is_long=mode == "long") or ""
            if not environ.get(SERVER):
                environ[SERVER] = stack.enter_context(postgresql.serving(folder))
        for step in steps(options):
            programs = packages.environment(checkout, step.python, is_long=mode == "long")
            print(f"\n== {step.name}: {' '.join(step.command)}", flush=True)
            program, *arguments = step.command
            done = subprocess.run(
                [programs / program, *arguments],
                cwd=checkout,
                env=step.environ(environ) | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            )
            is_empty = step.may_be_empty and done.returncode == NO_TESTS_COLLECTED
            (failed if done.returncode and not is_empty else passed).append(step.name)
    duration = f"{time.monotonic() - started:.0f} s"
    print()
    if failed:
        print(
            f"tests/run: FAILED: {', '.join(failed)} (passed: {', '.join(passed)}; {duration}). "
            f"The same order again: --seed {options.seed}"
        )
        return 1
    left_out = LEFT_OUT[mode]
    if options.part:
        left_out += f"; part {options.part}"
    if missing_versions:
        left_out += f"; not run: Python {', '.join(missing_versions)}, not found"
    print(f"tests/run: passed: {', '.join(passed)} ({duration}; seed {options.seed}{left_out})")
    return 0


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder for all files of the run. It is in memory where there is room: the tests make a
    thousand small databases, and none has to survive a power cut."""
    memory = Path("/dev/shm")
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MIN_FREE_MEMORY_BYTES
    with tempfile.TemporaryDirectory(
        prefix="outreach-tests-", dir=memory if has_room else None, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL, which runs as another user, has a folder in it
        yield folder


def steps(options: Options) -> list[Step]:
    """What a run consists of, in order.

    The plain and the whole run give each test once: those on SQLite with a shifted clock, those on
    PostgreSQL and in the browser at the real time. The plain run leaves out the thorough tests and,
    on PostgreSQL, those that are not of the core; it takes one case of each test, by the seed. The
    long run gives those on PostgreSQL and in the browser and the long tests at the real time, and
    those on SQLite at two instants, of which the seed chooses the second: with another interpreter
    where there is one, which gives those on PostgreSQL and in the browser as a plain run does. On
    PostgreSQL it takes one case of each test that is the same on either database
    (`sample.without_repeats`). A test with a clock of its own, to which the instant makes no
    difference, is run once with each interpreter."""
    if options.mode == "recipes":
        program = ["python", "-m", "tests.tools.recipes", *options.recipes]
        return [Step("recipes", program, is_on_sqlite=True, python=options.python)]
    style = [
        Step("style", ["ruff", "check", ".", "tests/run"]),
        Step("format", ["ruff", "format", "--check", ".", "tests/run"]),
        Step("layers", ["lint-imports"]),
    ]
    edge = EDGES[options.seed % len(EDGES)]
    workers = ["--num-workers", str(_count_workers())]
    types = Step("types", ["mypy", "--strict", *workers, "outreach", "tests"])
    if options.mode == "quick":
        core = "core and not thorough and not browser and not long"
        tests = [_pytest(options, "tests on SQLite", core, is_on_sqlite=True)]
        return [replace(each, python=options.python) for each in (*style, *tests)]
    if options.mode in ("plain", "whole"):
        tests = _list_once(options)
    else:
        others = f"long or {NOT_SHIFTED}"
        tests = [
            _pytest(options, "long tests and those on PostgreSQL and in Chromium", others),
            _on_sqlite(options, LEAP_NIGHT),
        ]
        if not options.others:
            tests.append(_on_sqlite(options, edge))
    own = [replace(each, python=options.python) for each in (*style, types, *tests)]
    return own + [
        replace(each, name=f"{each.name}, with Python {version}", python=path)
        for version, path in options.others.items()
        for each in (
            _on_sqlite(replace(options, mode="whole"), edge, has_own_clocks=True),
            _at_real_time(replace(options, mode="plain")),
        )
    ]


def _list_once(options: Options) -> list[Step]:
    """Each test of a plain or whole run once."""
    return [_on_sqlite(options, LEAP_NIGHT), _at_real_time(options)]


def _at_real_time(options: Options) -> Step:
    markers = f"not ({_left_out(options)}) and ({NOT_SHIFTED})"
    return _pytest(options, "tests on PostgreSQL and in Chromium", markers)


def _left_out(options: Options) -> str:
    return LEFT_OUT_OF_PLAIN if options.mode == "plain" else "long"


def _on_sqlite(options: Options, instant: Instant, *, has_own_clocks: bool = False) -> Step:
    left_out = f"{_left_out(options)} or {NOT_SHIFTED}"
    if instant != LEAP_NIGHT and not has_own_clocks:
        left_out += f" or {SAME_AT_ANY_INSTANT}"
    return _pytest(
        options,
        f"tests on SQLite at {instant.name}",
        f"not ({left_out})",
        is_on_sqlite=True,
        instant=instant,
    )


def _pytest(
    options: Options,
    name: str,
    markers: str,
    *,
    is_on_sqlite: bool = False,
    instant: Instant | None = None,
) -> Step:
    workers = str(_count_workers())
    # The tests of one file share what is costly to make: a demo, a wheel, an environment. Each
    # process gets whole files in their order; one that is done takes half of what another has left.
    spread = ["-n", workers, "--dist", "worksteal"]
    order = ["--random-order-bucket=module", f"--random-order-seed={options.seed}"]
    chosen = ["-m", markers] if markers else []
    # Whoever names a test wants all of its cases.
    if options.mode in {"plain", "quick"} and not options.pytest_arguments:
        chosen += ["--one-case", str(options.seed)]
    if options.mode == "quick" and not options.pytest_arguments:
        chosen += _list_core_files()
    if options.mode == "long":  # what to shorten, so that it is run whole before every release
        chosen += ["--durations=30", "--durations-min=10"]
        if not options.pytest_arguments:
            chosen += ["--without-repeats", str(options.seed)]
    if options.part:
        chosen += ["--part", options.part]
    return Step(
        name,
        ["python", "-m", "pytest", "-q", *spread, *order, *chosen, *options.pytest_arguments],
        is_on_sqlite=is_on_sqlite,
        instant=instant,
        # With a path or -k, one of several parts may have nothing to run.
        may_be_empty=options.mode != "quick" and bool(options.pytest_arguments),
    )


def _list_core_files() -> list[str]:
    """The files with tests of the core. To import all others takes as long as to run these."""
    files = sorted(TESTS.rglob("test_*.py"))
    return [
        str(each.relative_to(TESTS.parent)) for each in files if CORE in each.read_text("utf-8")
    ]


def _count_workers() -> int:
    return min(os.cpu_count() or 1, 4)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
