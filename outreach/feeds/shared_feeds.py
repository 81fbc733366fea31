"""Written feeds in memory that the processes of one server share (decision 0070).

The processes of `outreach serve` are forks of one, which makes this memory before. It is lost with
them, and has no lock: a process that is killed while it writes leaves a slot whose checksum is
wrong, which is read as empty. Nothing is answered from it without comparing the change counters.
"""

import hashlib
import mmap
import struct
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import msgspec

SLOTS: Final = 8192  # only those that are used take memory
SLOT_BYTES: Final = 4096  # a larger feed, of which there are few, is not shared
WAYS: Final = 4  # an address may be in any of so many slots
DIGEST_BYTES: Final = 16
_FRAME: Final = struct.Struct("<II")  # a checksum, which begins with the length, and the length


FeedKey = tuple[str, str]  # how a feed is written, and its canonical address


@dataclass(frozen=True, slots=True)
class FeedCopy:
    """A feed, and what is needed to know whether it is valid."""

    number: int  # the change counter
    kind_numbers: tuple[int, ...]  # those of `SharedFeed.kind_counters`; () if not known
    day: date  # in UTC: the window moves at midnight
    etag: str  # made from the uncompressed bytes
    changed_at: datetime  # when these bytes first existed
    body: bytes  # gzip


@dataclass(frozen=True, slots=True)
class SharedFeed:
    """A feed as the process that wrote it has it in memory."""

    key: FeedKey
    name: str
    link: str  # the Link header
    kind_counters: tuple[str, ...]  # the names of the change counters of what it shows; () for all
    copy: FeedCopy


class SharedFeeds:
    """Feeds by address as it was asked for. Each has WAYS slots, which it shares with others."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._memory, self._sets = mmap.mmap(-1, slots * SLOT_BYTES), slots // WAYS
        self._decoder = msgspec.msgpack.Decoder(SharedFeed)
        self._encoder = msgspec.msgpack.Encoder()

    def get(self, path: str, query: str) -> SharedFeed | None:
        """The feed that any process stored last, valid or not; None where there is none."""
        digest = _digest(path, query)
        starts = self._list_starts(digest)
        start = next((each for each in starts if self._read_digest(each) == digest), None)
        if start is None:
            return None
        checksum, length = _FRAME.unpack_from(self._memory, start)
        begin = start + _FRAME.size
        stored = self._memory[begin : min(begin + DIGEST_BYTES + length, start + SLOT_BYTES)]
        if zlib.crc32(stored, length) != checksum or not stored.startswith(digest):
            return None  # another process is just writing it, or was killed while it did
        return self._decoder.decode(stored[DIGEST_BYTES:])

    def put(self, path: str, query: str, feed: SharedFeed) -> None:
        """Stores a feed in place of an older one, unless it is too large."""
        digest, record = _digest(path, query), self._encoder.encode(feed)
        if _FRAME.size + DIGEST_BYTES + len(record) > SLOT_BYTES:
            return
        starts = self._list_starts(digest)
        wanted = (digest, bytes(DIGEST_BYTES))  # its own, else an empty one, else any
        found = (start for each in wanted for start in starts if self._read_digest(start) == each)
        start = next(found, starts[digest[-1] % WAYS])
        stored = digest + record
        frame = _FRAME.pack(zlib.crc32(stored, len(record)), len(record))
        self._memory[start : start + len(frame) + len(stored)] = frame + stored

    def _list_starts(self, digest: bytes) -> list[int]:
        """Returns the positions of the slots in which the feed may be."""
        first = int.from_bytes(digest[:4], "little") % self._sets * WAYS
        return [number * SLOT_BYTES for number in range(first, first + WAYS)]

    def _read_digest(self, start: int) -> bytes:
        begin = start + _FRAME.size
        return self._memory[begin : begin + DIGEST_BYTES]


def _digest(path: str, query: str) -> bytes:
    """Names an address. That of an empty slot is zero."""
    return hashlib.blake2b(f"{path}\0{query}".encode(), digest_size=DIGEST_BYTES).digest()
