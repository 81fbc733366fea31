"""Texts and long lines of a calendar, so that the simplest reader puts them together again.

icalendar's own folding cuts an escaped backslash in two, which is legal, and which readers that
look at one line after the other have stumbled over (CAL01).
"""

from collections.abc import Iterable
from typing import Final

from icalendar import vText

# RFC 5545, 3.3.11. The backslash first: the others have one.
ESCAPES: Final = (("\\", r"\\"), (";", r"\;"), (",", r"\,"), ("\n", r"\n"))
LONGEST: Final = 75  # octets, without the end of the line


class IcsText(vText):
    """What somebody typed, letter for letter: icalendar would end the line at a `\\N` in it."""

    def to_ical(self) -> bytes:
        text = str(self)
        for each, escape in ESCAPES:
            text = text.replace(each, escape)
        return text.encode()


def join_lines(lines: Iterable[str]) -> bytes:
    """Every line folded and ended; empty ones are left out."""
    return b"".join(fold(line) for line in lines if line)


def fold(line: str) -> bytes:
    """One line as it is in a file. Neither a character nor an escape, as `\\n`, is cut in two."""
    rest = line.encode()
    if len(rest) <= LONGEST:
        return rest + b"\r\n"
    parts, room = [], LONGEST
    while len(rest) > room:
        cut = _before(rest, room)
        parts.append(rest[:cut])
        rest, room = rest[cut:], LONGEST - 1  # for the space that a continued line begins with
    return b"\r\n ".join([*parts, rest]) + b"\r\n"


def _before(line: bytes, cut: int) -> int:
    """The last place not after `cut` where the line may be parted."""
    while line[cut] & 0xC0 == 0x80:  # within a character
        cut -= 1
    backslashes = cut - len(line[:cut].rstrip(b"\\"))
    return cut - backslashes % 2
