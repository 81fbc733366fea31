"""Expects that the domain refuses something, by the code of the refusal."""

from enum import StrEnum

import pytest

from outreach.errors import Refused


def refuses(code: StrEnum, **values: object) -> "pytest.RaisesExc[Refused]":
    """`with refuses(ErrorCode.CAPACITY_BELOW_TAKEN, taken=2):`; further values may be there."""
    return pytest.raises(
        Refused, check=lambda error: error.code is code and values.items() <= error.values.items()
    )
