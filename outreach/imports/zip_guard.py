"""The zip that an .xlsx is: looked over before anything in it is opened, then read part by part.

Nothing is unpacked that was not announced: how many parts, how large, and how much larger than
they are stored. Every part we read is XML without a document type, so it has no entities.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from outreach.imports.import_errors import ImportErrorCode, UnreadableFile

MOST_PARTS: Final = 400
LARGEST_INDEX: Final = 64 * 1024  # bytes of the zip's own list of parts
UNPACKED: Final = 40 * 1024 * 1024  # bytes, all parts together
DENSEST: Final = 200  # times a part may grow, where it grows beyond DENSE_FROM
DENSE_FROM: Final = 1024 * 1024
MOST_ELEMENTS: Final = 1_500_000  # 5,000 lines of 60 cells are 900,000
DEEPEST: Final = 40
_CHUNK: Final = 64 * 1024
_END: Final = struct.Struct("<4s4H2LH")
# What a list of workshops has no need of, and a spreadsheet would run, fetch or unpack.
_UNWANTED: Final = (
    (re.compile(r"vbaproject|/macrosheets/|\.bas$"), ImportErrorCode.WORKBOOK_WITH_MACROS),
    (
        re.compile(r"/externallinks/|connections\.xml$|/querytables/|/webextensions/"),
        ImportErrorCode.WORKBOOK_WITH_LINKS,
    ),
    (
        re.compile(r"/embeddings/|/activex/|/ctrlprops/|\.(zip|exe|dll|xls[xmb]?|bin)$"),
        ImportErrorCode.WORKBOOK_WITH_EMBEDDED_FILES,
    ),
)
# Of a part's flags (APPNOTE.TXT 4.4.4): it is enciphered, its own way or another.
_LOCKED: Final = 0x1 | 0x40 | 0x2000
# How it was squeezed, that its sizes come after it, and that its name is UTF-8; zipfile knows no
# others.
_KNOWN: Final = 0x2 | 0x4 | 0x8 | 0x800
_SAFE_NAME: Final = re.compile(r"[^\x00-\x1f\\/:]+(?:/[^\x00-\x1f\\/:]+)*/?")
_ALLOWED_BINARY: Final = re.compile(r"/printersettings/|/printersettings\d*\.bin$")


class GuardedZip:
    """A zip that has been looked over. Raises Unfit for one that should not be opened."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._elements = 0
        _check_index(name, data)
        # Of 300,000 archives with a changed index zipfile refused some with NotImplementedError (a
        # version it does not know) or ValueError (a name that is no UTF-8); the last two of the
        # list never came and stand for other versions of Python.
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError):
            raise damaged(name) from None
        self._check()

    def has(self, part: str) -> bool:
        return part in self._zip.NameToInfo

    def parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Reads a part: what is to be done at each element's start and end, and with its text.
        Names come without their namespace."""
        depth = 0

        def at_start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            self._elements += 1
            if depth > DEEPEST or self._elements > MOST_ELEMENTS:
                raise too_large(self.name)
            start(name.rpartition(":")[2], attributes)

        def at_end(name: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(name.rpartition(":")[2])

        parser = expat.ParserCreate()
        parser.StartElementHandler = at_start
        parser.EndElementHandler = at_end
        parser.StartDoctypeDeclHandler = self._refuse_entities
        if text is not None:
            parser.buffer_text = True
            parser.CharacterDataHandler = text
        try:
            with self._zip.open(part) as opened:
                while chunk := opened.read(_CHUNK):
                    parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except KeyError:
            raise no_workbook(self.name) from None
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError):
            raise damaged(self.name) from None

    def _refuse_entities(self, *_declared: object) -> None:
        raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_DOCTYPE, name=self.name)

    def _check(self) -> None:
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        if len(infos) > MOST_PARTS:
            raise too_large(self.name)
        if len(set(names)) < len(names) or not all(map(_is_plain, names)):
            raise damaged(self.name)
        for info in infos:
            self._check_part(info)
        if sum(info.file_size for info in infos) > UNPACKED:
            raise too_large(self.name)

    def _check_part(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _LOCKED:
            raise locked(self.name)
        is_known = info.flag_bits & ~_KNOWN == 0
        if not is_known or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise damaged(self.name)
        if info.file_size > max(DENSE_FROM, DENSEST * info.compress_size):
            raise too_large(self.name)
        bare = "/" + info.filename.lower()
        for pattern, what in _UNWANTED:
            if pattern.search(bare) and not _ALLOWED_BINARY.search(bare):
                raise UnreadableFile(what, name=self.name)


def _check_index(name: str, data: bytes) -> None:
    """Before Python makes an object of every part that the list announces."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 70_000))
    if at < 0 or at + _END.size > len(data) or b"PK\x06\x07" in data[max(0, at - 20) : at]:
        raise damaged(name)
    _mark, *_counts, size, _offset, _comment = _END.unpack_from(data, at)
    if size > LARGEST_INDEX:
        raise too_large(name)


def _is_plain(name: str) -> bool:
    return _SAFE_NAME.fullmatch(name) is not None and ".." not in name.split("/")


def damaged(name: str) -> UnreadableFile:
    return UnreadableFile(ImportErrorCode.WORKBOOK_DAMAGED, name=name)


def no_workbook(name: str) -> UnreadableFile:
    return UnreadableFile(ImportErrorCode.WORKBOOK_NOT_IN_ZIP, name=name)


def locked(name: str) -> UnreadableFile:
    return UnreadableFile(ImportErrorCode.WORKBOOK_LOCKED, name=name)


def too_large(name: str) -> UnreadableFile:
    return UnreadableFile(ImportErrorCode.WORKBOOK_TOO_LARGE, name=name)
