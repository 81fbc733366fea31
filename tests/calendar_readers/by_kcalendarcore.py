"""Reads with KCalendarCore, the library of KDE, in a small program that the test builds.

It takes the rules of a known zone from the system and not from the file.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.calendar_readers import EventHours, programs
from tests.runner.packages import KCALENDARCORE

SOURCE: Final = Path(__file__).with_name("kcalendarcore.cpp")


def build(folder: Path) -> Path:
    """The program, compiled into `folder`."""
    qt = sorted(Path("/usr/include").glob("*/qt6"))
    if not qt or not KCALENDARCORE.is_dir():
        pytest.fail("KCalendarCore is not here: sudo apt-get install libkf6calendarcore-dev g++")
    headers = (KCALENDARCORE, qt[0], qt[0] / "QtCore", qt[0] / "QtGui")
    program = folder / "kcalendarcore"
    subprocess.run(
        [
            *("g++", "-std=c++20", "-fPIC", "-O0", SOURCE, "-o", program),
            *(word for each in headers for word in ("-isystem", each)),
            *("-lKF6CalendarCore", "-lQt6Core"),
        ],
        check=True,
    )
    return program


def read_hours(program: Path, bodies: Sequence[bytes]) -> list[set[EventHours]]:
    return programs.read_hours([program], bodies)
