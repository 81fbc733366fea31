"""What is wrong with a file, so that all of it can be mended at once.

The terminal speaks English and a page Spanish: each fault is said in both, where it is found.
"""

import dataclasses
from collections.abc import Iterable
from typing import Final

from outreach.errors import Refused

_LONGEST: Final = 60


@dataclasses.dataclass(frozen=True, order=True)
class ImportFault:
    """One wrong cell. `line` is that of the file, whose header is line 1."""

    line: int
    field: str
    value: str
    reason: str
    says: str = dataclasses.field(default="", compare=False)  # the reason in Spanish, as a sentence

    def __str__(self) -> str:
        return f'line {self.line}, {self.field} "{self.shown}": {self.reason}'

    @property
    def shown(self) -> str:
        """The value, or as much of it as one has to see."""
        return self.value if len(self.value) <= _LONGEST else self.value[:_LONGEST] + "…"


class ImportRejected(Refused):
    """Nothing was loaded: `import_errors` has all that is wrong, in the order of the file."""

    def __init__(self, faults: Iterable[ImportFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UnreadableFile(Refused):
    """The file as a whole is nothing we can read. `says` is the sentence in Spanish."""

    def __init__(self, reason: str, says: str) -> None:
        self.says = says
        super().__init__(reason)
