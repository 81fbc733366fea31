"""A clock for tests whose dates are written out: it is always the same Friday in November 2026.

A test file says so with `pytestmark = fixed_clock`. Only the test's own process has this clock,
so a test that starts other processes counts its dates from today instead.

A file of costly tests that read no clock has the mark too: `tests/run --long` then runs them once
and not at each instant (`own_clock.py`).
"""

from datetime import UTC, datetime
from typing import Final

import pytest

FIXED_NOW: Final = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
fixed_clock = pytest.mark.time_machine(FIXED_NOW)
