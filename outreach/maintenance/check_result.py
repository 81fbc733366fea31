"""The result of one check of `outreach doctor` or `outreach keys check`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    about: str
    is_well: bool
    words: str
    is_warning: bool = False  # well, but due soon

    @property
    def state(self) -> str:
        return "to do" if not self.is_well else "soon" if self.is_warning else "well"
