"""What an examination says: a line that is well, or that says what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    about: str
    is_well: bool
    words: str
    is_warning: bool = False  # well so far, and something to see to soon

    @property
    def state(self) -> str:
        return "to do" if not self.is_well else "soon" if self.is_warning else "well"
