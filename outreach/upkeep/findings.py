"""What an examination says: a line that is well, or that says what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    about: str
    is_well: bool
    words: str
