"""Shifts the clock of a process and of all its children, by Debian's libfaketime.

The shift is a number of seconds and not an instant: with an instant, libfaketime would start anew
in each child process, and a worker's clock would be behind that of the test which started it.
"""

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.runner import Missing


@dataclass(frozen=True)
class Instant:
    """When a run of the tests begins: in UTC, since a machine may lack the rules of other zones."""

    name: str
    utc: str

    def seconds_from_now(self) -> int:
        return round(datetime.fromisoformat(f"{self.utc}+00:00").timestamp() - time.time())


# Every run uses this one. It is a leap day, and a month's last minutes at the offices
# while it is already the next month in UTC.
LEAP_NIGHT = Instant("23:50 on 29 February 2028 in Chicago", "2028-03-01T05:50")

# A long run uses one of these besides. Each begins three minutes before an edge, which passes
# during the run: about half of the tests run on each side of it, in each run others. They have the
# end and the beginning of a day, a month and a year, at the offices and in UTC; a leap day in both;
# a Sunday; a year far ahead; and the days on which clocks change, before and after they do. Each of
# the days between is lived by tests/year.
EDGES = (
    Instant("23:57 on 29 February 2028 in UTC", "2028-02-29T23:57"),
    Instant("23:57 on Sunday 31 December 2034 in Chicago, next year in UTC", "2035-01-01T05:57"),
    Instant("23:57 in Chicago before the day on which clocks go forward", "2027-03-14T05:57"),
    Instant("01:57 on 14 March 2027 in Chicago, before clocks go forward", "2027-03-14T07:57"),
    Instant("01:57 on 7 November 2027 in Chicago, before clocks go back", "2027-11-07T06:57"),
)


def library() -> Path | None:
    """The library to preload; None where Debian's package faketime is not installed."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def environ(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock, and whose children's, is ahead by `seconds`.

    Raises Missing where libfaketime is not installed."""
    preload = library()
    if preload is None:
        raise Missing("libfaketime is not installed. Debian has it: faketime")
    return {
        "LD_PRELOAD": str(preload),
        "FAKETIME": f"{seconds:+d}",
        # Timeouts and pauses are measured by the monotonic clock, which stays as it is.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Its work-around for an old glibc lets each timed wait of a thread end at once, and so the
        # threads of Python's interpreter fight for its lock: fifteen times as slow.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
    }


def inherited() -> dict[str, str]:
    """The variables of a shifted clock that this process has, for a child with few others."""
    return {
        name: value
        for name, value in os.environ.items()
        if name == "LD_PRELOAD" or name.startswith("FAKETIME")
    }
