"""The index of a country's names: a file of the package that all processes map and share.

It holds numbers of 32 bits, in the byte order of x86 and ARM: a list is its length and its numbers.
A name is found by its CRC-32 in a sorted list; the number at the same place of a second list is
where its line starts in the country's text. Two names may have one CRC-32, so whoever looks
one up compares it with the line. `outreach/imports/gazetteer_build.py` writes the file.
"""

import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zlib import crc32


class NameLines(NamedTuple):
    """An index of the lines that have a name: two lists of the same length."""

    hashes: Sequence[int]  # sorted
    lines: Sequence[int]

    def find(self, name: str) -> Iterator[int]:
        """Yields where the lines start that may have the name, in their order."""
        wanted = crc32(name.encode())
        at = bisect_left(self.hashes, wanted)
        while at < len(self.hashes) and self.hashes[at] == wanted:
            yield self.lines[at]
            at += 1


@dataclass(frozen=True, slots=True)
class GazetteerIndex:
    size: int  # bytes of the text file that it was made from
    postal: int  # where its postal codes start; its end where it has none
    own: NameLines  # by the name of the place
    other: NameLines  # by other names in GeoNames
    counties: NameLines
    large: Sequence[int]  # the towns that a position is told as, from south to north
    spelled: Sequence[int]  # the largest place of each name that may be misspelled


def index_names(names: Iterable[tuple[str, int]]) -> NameLines:
    """Makes the index of names and the starts of their lines."""
    pairs = sorted((crc32(name.encode()), line) for name, line in names)
    return NameLines(
        array("I", (each for each, _ in pairs)), array("I", (each for _, each in pairs))
    )


def map_file(path: Path) -> mmap.mmap:
    """Maps a file into memory.

    All processes that map it share the memory, and it is read from the disk when it is looked at.
    """
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def read_index(path: Path) -> GazetteerIndex:
    numbers = memoryview(map_file(path)).cast("I")
    lists = []
    start = 0
    while start < len(numbers):
        end = start + 1 + numbers[start]
        lists.append(numbers[start + 1 : end])
        start = end
    facts, own, own_lines, other, other_lines, county, county_lines, large, spelled = lists
    return GazetteerIndex(
        facts[0], facts[1], NameLines(own, own_lines), NameLines(other, other_lines),
        NameLines(county, county_lines), large, spelled,
    )  # fmt: skip


def write_index(path: Path, index: GazetteerIndex) -> None:
    lists = (
        (index.size, index.postal), *index.own, *index.other, *index.counties, index.large,
        index.spelled,
    )  # fmt: skip
    path.write_bytes(b"".join(array("I", (len(each), *each)).tobytes() for each in lists))
