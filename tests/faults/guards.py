"""Removes the guards of requirements.md one at a time and checks that their tests fail.

A test that passes whatever the code does is worth nothing. So each guard is listed here by its
symbol and its code; in a copy of the checkout the code is replaced, and the test must fail.

    python -m tests.faults.guards            all of them, as a table
    python -m tests.faults.guards S06 S19    those of some requirements
"""

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.faults import (
    guards_of_accounts,
    guards_of_answers,
    guards_of_calendars,
    guards_of_call_centre,
    guards_of_disclosure,
    guards_of_forms,
    guards_of_imports,
    guards_of_joint,
    guards_of_networks,
    guards_of_outbound,
    guards_of_pages,
    guards_of_records,
    guards_of_registrations,
    guards_of_seats,
    guards_of_silence,
    guards_of_sounds,
    guards_of_warnings,
)
from tests.faults.forked_pytest import ForkedPytest
from tests.faults.guard import Gone, Guard

CHECKOUT: Final = Path(__file__).parents[2]
COPIED: Final = ("outreach", "templates", "tests", "pyproject.toml", "README.md")
FELL: Final = 1  # pytest's exit status for a failed test; others are other errors
# What an empty database is made by: where a guard is taken out here, the run makes its own.
MAKES_DATABASES: Final = ("outreach/db/", "outreach/migrations/")


def _list_guards_of_extensions() -> Iterator[Guard]:
    """Those in `tests/extensions/NAME/guards.py`."""
    for path in sorted((CHECKOUT / "tests/extensions").glob("*/guards.py")):
        yield from import_module(f"tests.extensions.{path.parent.name}.guards").GUARDS


GUARDS: Final = (
    *guards_of_accounts.GUARDS,
    *guards_of_answers.GUARDS,
    *guards_of_calendars.GUARDS,
    *guards_of_call_centre.GUARDS,
    *guards_of_disclosure.GUARDS,
    *guards_of_forms.GUARDS,
    *guards_of_imports.GUARDS,
    *guards_of_joint.GUARDS,
    *guards_of_networks.GUARDS,
    *guards_of_outbound.GUARDS,
    *guards_of_pages.GUARDS,
    *guards_of_records.GUARDS,
    *guards_of_registrations.GUARDS,
    *guards_of_seats.GUARDS,
    *guards_of_silence.GUARDS,
    *guards_of_sounds.GUARDS,
    *guards_of_warnings.GUARDS,
    *_list_guards_of_extensions(),
)


class Copy:
    """A copy of the checkout in which a guard can be removed. A context: it stops its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source, target = CHECKOUT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        where = self._python("-c", "import outreach; print(outreach.__file__)").stdout.strip()
        if not Path(where).is_relative_to(folder):
            raise AssertionError(f"the copy runs the code of {where}")
        # Bytecode with the digest of its source. By default it is keyed by second and size, and
        # two changes within a second would be missed.
        by_digest = py_compile.PycInvalidationMode.CHECKED_HASH
        for package in ("outreach", "tests/support"):
            compileall.compile_dir(folder / package, quiet=2, invalidation_mode=by_digest)
        self._pytest = ForkedPytest(folder, self._environ())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pytest.close()

    def run(self, *tests: str, makes_databases: bool = True) -> "subprocess.CompletedProcess[str]":
        """Runs these tests on the code of the copy, on SQLite.

        `makes_databases`: the run makes its empty databases anew, and takes no earlier run's."""
        shared = "" if makes_databases else str(self.folder / ".empty-databases")
        return self._pytest.run(
            ["-q", "-x", "-p", "no:cacheprovider", *tests],
            {"OUTREACH_TEST_EMPTY_DATABASES": shared},
        )

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """Removes the guard during the block. Raises Gone if it is missing."""
        without, file = guard.without_guard(self.folder), self.folder / guard.file
        whole = file.read_text()
        file.write_text(without)
        try:
            yield
        finally:
            file.write_text(whole)

    def falls(self, guard: Guard) -> str:
        """Runs the guard's test without it; returns what is wrong, or "" when the test failed."""
        with self.without(guard):
            done = self.run(guard.test, makes_databases=guard.file.startswith(MAKES_DATABASES))
        if done.returncode == FELL:
            return ""
        return f"{guard.test} does not need this guard ({done.returncode}):\n{done.stdout[-2000:]}"

    def _python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            text=True,
        )

    def _environ(self) -> dict[str, str]:
        environ = os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        environ.pop("OUTREACH_TEST_POSTGRESQL", None)
        return environ


def main(promises: Sequence[str]) -> int:
    """Prints a line for each guard. Returns 1 if a test did not fail."""
    chosen = [guard for guard in GUARDS if not promises or guard.promise in promises]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, Copy(Path(folder)) as copy:
        # A test that fails with its guard shows nothing without it.
        whole = copy.run(*sorted({guard.test for guard in chosen}))
        if whole.returncode:
            print(f"these tests fail with their guards:\n{whole.stdout[-3000:]}")
            return 1
        for guard in chosen:
            try:
                fault = copy.falls(guard)
            except Gone as gone:
                fault = str(gone)
            wrong += bool(fault)
            outcome = "the test fell" if not fault else "NOT SEEN"
            code = " ".join(guard.code.split())
            print(
                f"{guard.promise}  {outcome}  {guard.place}  {code}\n     {guard.test}", flush=True
            )
            if fault:
                print(f"     {fault}", flush=True)
    print(f"{wrong} not seen" if wrong else "every guard is missed by its test")
    return min(1, wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
