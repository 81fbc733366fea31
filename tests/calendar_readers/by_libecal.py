"""Reads with libecal, the library of Evolution and of GNOME's calendar.

Its bindings are of Debian's own Python, which runs a program of ours (libecal_program.py). It takes
the rules of a known zone from the system and not from the file.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.calendar_readers import EventHours, programs
from tests.runner.packages import has_libecal

PYTHON: Final = "/usr/bin/python3"
PROGRAM: Final = Path(__file__).with_name("libecal_program.py")


def read_hours(bodies: Sequence[bytes]) -> list[set[EventHours]]:
    if not has_libecal():
        pytest.fail("libecal is not here: sudo apt-get install gir1.2-ecal-2.0 python3-gi")
    # Without our environment, whose packages are of another Python.
    return programs.read_hours([PYTHON, "-I", PROGRAM], bodies, env={})
