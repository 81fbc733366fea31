"""The settings of the guest book."""

from dataclasses import dataclass
from typing import Final

from outreach.environment import Environment
from outreach.extension_settings import ExtensionSettings


@dataclass(frozen=True)
class GuestBook:
    lines: int = 20  # how many are shown


def _read(read: Environment) -> GuestBook:
    return GuestBook(read.number("LINES", GuestBook.lines))


SETTINGS: Final = ExtensionSettings("example", _read)
