"""Failures that say what to do, for tests of rules that a change can break unknowingly."""

from collections.abc import Iterable

import pytest

MAX_FAULTS = 20  # that a failure lists


def require_none(faults: Iterable[object], advice: str) -> None:
    """Fails with the advice, then the faults, one a line; passes where there are none."""
    lines = [str(each) for each in faults]
    if lines:
        more = [f"… and {len(lines) - MAX_FAULTS} more"] if len(lines) > MAX_FAULTS else []
        pytest.fail("\n  ".join([advice, *lines[:MAX_FAULTS], *more]), pytrace=False)
