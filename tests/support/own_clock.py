"""Which tests give the same result at any instant, so that `tests/run --long` runs them at one.

They have the mark `time_machine` with an instant that is written out (`fixed_clock`), use no
fixture that was made before it, and start no process, which would have the machine's clock.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Final, NoReturn

import pytest

# Empty tables and paths: nothing in them has a date.
WITHOUT_DATES: Final = frozenset({"empty_databases", "tmp_path_factory"})
# What starts a process. (An audit hook would see each, but makes each call of `id` slower.)
STARTS: Final = (
    (subprocess.Popen, "__init__"),
    (BaseProcess, "start"),
    (os, "fork"),
    (os, "posix_spawn"),
    (os, "system"),
)


def has_own_clock(item: pytest.Item) -> bool:
    """Whether the test is the same at any instant."""
    marker = item.get_closest_marker("time_machine")
    if marker is None or item.get_closest_marker("starts_processes"):
        return False
    if not (marker.args and isinstance(marker.args[0], datetime) and marker.args[0].tzinfo):
        return False
    # Test functions have it; the type of every item does not.
    fixtures = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    shared = {name for name, found in fixtures.items() if found[-1].scope != "function"}
    return shared <= WITHOUT_DATES


@contextmanager
def guarded(item: pytest.Item) -> Iterator[None]:
    """Lets a test with its own clock fail where it starts a process."""
    if item.get_closest_marker("own_clock") is None:
        yield
        return

    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise ProcessStarted(
            f"{item.nodeid} has a fixed clock, which the process that it starts has not. Count its "
            "dates from today, or mark it `starts_processes`: it is then run at every instant."
        )

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in STARTS:
            patch.setattr(owner, name, refuse)
        yield


class ProcessStarted(AssertionError):
    """A test with its own clock has started a process."""
