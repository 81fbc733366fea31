"""Expects that the domain refuses something, by the code of the refusal."""

from enum import StrEnum

import pytest

from outreach.errors import Refusal


def refuses(code: StrEnum, **values: object) -> "pytest.RaisesExc[Refusal]":
    """`with refuses(ErrorCode.CAPACITY_BELOW_TAKEN, taken=2):`; further values may be there."""
    return pytest.raises(
        Refusal, check=lambda error: error.code is code and values.items() <= error.values.items()
    )
