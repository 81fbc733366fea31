"""Measures `outreach counts`, which writes a spreadsheet of a year of workshops, and its memory."""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import openpyxl

YEAR = "2010"
ROWS = 0  # index of the sheet with a row for each workshop
# The peak memory comes from /proc. `getrusage` would start with the memory of the process that
# started this one.
COMMAND = """
import atexit, pathlib
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(status.read_text().partition("VmHWM:")[2].split()[0]))
from outreach.cli import main
main()
"""


class Written(NamedTuple):
    rows: int
    seconds: float
    peak: float  # MB


def written(folder: Path, database: str) -> Written:
    """Writes the spreadsheet of the database of `million.py`, with a row for each workshop of a
    year."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    environ = os.environ | {
        "OUTREACH_DATA": str(folder),
        "OUTREACH_KEYS": str(keys),
        "OUTREACH_DATABASE_URL": database,
    }
    path = folder / "year.xlsx"
    arguments = ["counts", YEAR, "--format", "xlsx", "--rows", "-o", str(path)]
    started_at = perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    duration = perf_counter() - started_at
    rows = openpyxl.load_workbook(path, read_only=True).worksheets[ROWS].max_row - 1
    return Written(rows, duration, int(process.stdout.split()[-1]) / 1024)
