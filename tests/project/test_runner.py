"""What `tests/run` runs, and which tests it runs at one instant only."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from tests.runner import command
from tests.runner.shifted_clock import EDGES, LEAP_NIGHT
from tests.support import sample
from tests.support.fixed_clock import fixed_clock
from tests.support.own_clock import ProcessStarted

TESTS: Final = Path(__file__).parents[1]
AT_REAL_TIME: Final = ("long", "browser", "postgresql", "real_clock")
MARKERS: Final = (*AT_REAL_TIME, "own_clock", "thorough", "core", "races")
SORTS: Final = [
    dict(zip(MARKERS, marks, strict=True)) for marks in product([0, 1], repeat=len(MARKERS))
]
CROWD: Final = "tests/faults/test_crowd.py"
# As functions or methods of these names: `clock.now()`, `date.today()`, `time.time()`.
CLOCKS: Final = {"now", "today", "utcnow", "time", "time_ns"}


def runs_of(mode: str, sort: dict[str, int]) -> list[command.Step]:
    """The steps that run a test with these markers."""
    return runs(command.steps(command.Options(mode, seed=1, pytest_arguments=[])), sort)


def runs(steps: list[command.Step], sort: dict[str, int]) -> list[command.Step]:
    found = []
    for step in steps:
        if "pytest" not in step.command:
            continue
        wanted = step.command[step.command.index("-m", step.command.index("pytest")) + 1]
        if eval(wanted, {}, sort):
            found.append(step)
    return found


def test_quick_run_has_one_case_of_each_test_and_reads_the_files_of_the_core() -> None:
    of_all = command.steps(command.Options("quick", seed=7, pytest_arguments=[]))[-1].command
    assert of_all[of_all.index("--one-case") + 1] == "7"
    files = [each for each in of_all if each.startswith("tests/")]
    assert "tests/domain/registrations/test_waitlist.py" in files
    assert all((TESTS.parent / each).is_file() for each in files)
    of_some = command.steps(command.Options("quick", seed=7, pytest_arguments=["-k", "waitlist"]))
    assert of_some[-1].command[-2:] == ["-k", "waitlist"]
    assert "--one-case" not in of_some[-1].command


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_every_test_is_run(sort: dict[str, int]) -> None:
    is_plain_on_postgresql = sort["core"] or sort["races"] or not sort["postgresql"]
    is_left_out = sort["long"] or sort["thorough"] or not is_plain_on_postgresql
    assert len(runs_of("plain", sort)) == (0 if is_left_out else 1)
    assert len(runs_of("whole", sort)) == (0 if sort["long"] else 1)
    is_at_one_instant = sort["own_clock"] or any(sort[each] for each in AT_REAL_TIME)
    assert len(runs_of("long", sort)) == (1 if is_at_one_instant else 2)


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_every_test_is_run_with_each_other_interpreter(sort: dict[str, int]) -> None:
    others = {"3.13": "/usr/bin/python3.13"}
    steps = command.steps(command.Options("long", 1, [], others=others))
    is_at_real_time = any(sort[each] for each in AT_REAL_TIME)
    assert len(runs_of("plain" if is_at_real_time else "whole", sort)) == len(
        [each for each in runs(steps, sort) if each.python == others["3.13"]]
    )


@pytest.mark.parametrize("others", [{}, {"3.13": "/usr/bin/python3.13"}], ids=["alone", "other"])
@pytest.mark.parametrize("number", range(len(EDGES)))
def test_long_run_has_the_sqlite_tests_at_two_instants(number: int, others: dict[str, str]) -> None:
    steps = command.steps(command.Options("long", number, [], others=others))
    shifted = [(each.instant, each.python) for each in steps if each.instant is not None]
    first, second = shifted
    assert first == (LEAP_NIGHT, sys.executable)
    assert second == (EDGES[number], others.get("3.13", sys.executable))


def test_plain_run_has_one_case_of_each_test_on_each_database(
    request: pytest.FixtureRequest,
) -> None:
    items = request.session.items
    kept = sample.one_case_of_each(items, "1")
    assert len(kept) == len({sample.test_and_database(each) for each in kept})
    assert {sample.test_and_database(each) for each in items} == {
        sample.test_and_database(each) for each in kept
    }
    assert kept == sample.one_case_of_each(items, "1")


def test_long_run_repeats_no_test_on_both_databases() -> None:
    walks = "tests/domain/scheduling/test_notification_walks.py"
    everything, databases = _collect(walks, CROWD), set()
    for seed in ("1", "2", "3"):
        kept = _collect(walks, CROWD, "--without-repeats", seed)
        assert {each for each in kept if CROWD in each} == {e for e in everything if CROWD in e}
        long_walks = [each for each in kept if "thousands_of_steps" in each]
        assert len(long_walks) == 2
        databases |= {each.partition("[")[2].partition("-")[0] for each in long_walks}
        alike = [each for each in kept - set(long_walks) if walks in each]
        on_postgresql = [each for each in alike if "postgresql" in each]
        assert len(on_postgresql) == len({each.partition("[")[0] for each in on_postgresql})
        on_sqlite = {e for e in everything if walks in e and "sqlite" in e} - set(long_walks)
        assert {each for each in alike if "sqlite" in each} == {
            each for each in on_sqlite if "thousands_of_steps" not in each
        }
    assert databases == {"sqlite", "postgresql"}


def _collect(*arguments: str) -> set[str]:
    """The tests that pytest would run where there is a server."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments],
        env=os.environ | {command.SERVER: "postgresql+psycopg://localhost:1"},
        cwd=TESTS.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_parts_of_a_run_have_each_test_once(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    parts = [sample.in_part(items, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(each.nodeid for part in parts for each in part) == sorted(
        each.nodeid for each in items
    )
    for wrong in ("0/2", "3/2", "1", "1/0", "½/2", "1/2/3"):
        with pytest.raises(pytest.UsageError, match="as 1/2"):
            sample.in_part(items, wrong)


@fixed_clock
def test_process_is_refused_to_a_test_with_its_own_clock(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("own_clock")
    with pytest.raises(ProcessStarted, match="at every instant"):
        subprocess.run([sys.executable, "-c", ""], check=True)


@fixed_clock
@pytest.mark.starts_processes
def test_test_that_starts_processes_has_no_clock_of_its_own(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("own_clock")
    subprocess.run([sys.executable, "-c", ""], check=True)


@pytest.fixture(scope="module")
def something_shared() -> str:
    return "made before the clock was fixed"


@fixed_clock
@pytest.mark.usefixtures("something_shared")
def test_test_with_a_shared_fixture_has_no_clock_of_its_own(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("own_clock")


def test_files_with_a_fixed_clock_read_no_clock_when_imported() -> None:
    marks = re.compile(r"\bfixed_clock\b|mark\.time_machine")
    fixed = [path for path in TESTS.rglob("*.py") if marks.search(path.read_text())]
    assert len(fixed) > 30
    readers = {
        f"{path.relative_to(TESTS)}:{line}"
        for path in _with_imports(fixed)
        for line in _reads_when_imported(path)
    }
    assert readers == set()


def _with_imports(paths: list[Path]) -> set[Path]:
    """These files of tests, and the files of tests that they import."""
    found: set[Path] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
                base = TESTS.parent.joinpath(*(node.module or "").split("."))
                names = [base / each.name for each in node.names]
                files = [each.with_suffix(".py") for each in (base, *names)]
                waiting += [each for each in files if each.is_file()]
    return found


def _reads_when_imported(path: Path) -> Iterator[int]:
    """The lines that read a clock outside of functions."""
    waiting: list[Any] = list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", "")
            owner = getattr(getattr(node.func, "value", None), "id", "")
            if name in CLOCKS and owner in {"clock", "datetime", "date", "time"}:
                # `time(18, 0)` of datetime has arguments; `datetime.now(UTC)` has one too.
                yield node.lineno
        waiting += ast.iter_child_nodes(node)
