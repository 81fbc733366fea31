"""What is wrong with a file, so that all of it can be mended at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from outreach.errors import Refused

_LONGEST: Final = 60


@dataclass(frozen=True, order=True)
class Fault:
    """One wrong cell. `line` is that of the file, whose header is line 1."""

    line: int
    field: str
    value: str
    reason: str

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= _LONGEST else self.value[:_LONGEST] + "…"
        return f'line {self.line}, {self.field} "{shown}": {self.reason}'


class Faulty(Refused):
    """Nothing was loaded: `faults` has all that is wrong, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))
