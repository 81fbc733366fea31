"""Escapes texts and folds lines of iCalendar (RFC 5545, 3.1 and 3.3.11).

icalendar may fold between a backslash and the character it escapes. That is legal, but readers
that unescape each line by itself fail on it (CAL01).
"""

from collections.abc import Iterable
from typing import Final

from icalendar import vText

# The backslash first, since the other replacements have one.
ESCAPES: Final = (("\\", r"\\"), (";", r"\;"), (",", r"\,"), ("\n", r"\n"))
MAX_OCTETS: Final = 75  # in a line, without its end


class IcsText(vText):
    """A text as it was typed: icalendar would turn a typed `\\N` into a line break."""

    def to_ical(self) -> bytes:
        text = str(self)
        for each, escape in ESCAPES:
            text = text.replace(each, escape)
        return text.encode()


def join_lines(lines: Iterable[str]) -> bytes:
    """The lines folded and joined, without the empty ones."""
    return b"".join(fold(line) for line in lines if line)


def fold(line: str) -> bytes:
    """One line as it is in a file. Neither a character nor an escape, as `\\n`, is cut in two."""
    rest = line.encode()
    if len(rest) <= MAX_OCTETS:
        return rest + b"\r\n"
    parts, room = [], MAX_OCTETS
    while len(rest) > room:
        cut = _split_offset(rest, room)
        parts.append(rest[:cut])
        rest, room = rest[cut:], MAX_OCTETS - 1  # a continued line begins with a space
    return b"\r\n ".join([*parts, rest]) + b"\r\n"


def _split_offset(line: bytes, cut: int) -> int:
    """The last offset, at most `cut`, at which the line may be split."""
    while line[cut] & 0xC0 == 0x80:  # within a character
        cut -= 1
    backslashes = cut - len(line[:cut].rstrip(b"\\"))
    return cut - backslashes % 2
