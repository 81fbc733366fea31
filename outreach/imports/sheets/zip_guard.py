"""Checks the zip container of an .xlsx or .ods file before anything in it is unpacked.

Bounds the number of parts, their sizes and their compression ratio, by the zip's own index, and
refuses encryption, macros, links to other files and embedded files. A part is parsed as UTF-8 XML
without a document type, so it has no entities.
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

MAX_PARTS: Final = 400
MAX_INDEX_BYTES: Final = 64 * 1024
MAX_UNPACKED_BYTES: Final = 40 * 1024 * 1024  # all parts together
MAX_RATIO: Final = 200  # unpacked to packed bytes, for parts larger than MIN_RATIO_BYTES
MIN_RATIO_BYTES: Final = 1024 * 1024
MAX_ELEMENTS: Final = 1_500_000  # 5,000 rows of 60 cells are 900,000
MAX_DEPTH: Final = 40
_CHUNK: Final = 64 * 1024
_END: Final = struct.Struct("<4s4H2LH")
# Parts that a spreadsheet program would run, fetch or unpack, and a list of workshops never needs.
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
# Flags of a part (APPNOTE.TXT 4.4.4): encrypted, strongly encrypted, masked index.
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
# Compression option, sizes after the data, and UTF-8 name: all flags that zipfile knows.
_KNOWN: Final = 0x2 | 0x4 | 0x8 | 0x800
_SAFE_NAME: Final = re.compile(r"[^\x00-\x1f\\/:]+(?:/[^\x00-\x1f\\/:]+)*/?")
_ALLOWED_BINARY: Final = re.compile(r"/printersettings/|/printersettings\d*\.bin$")


class GuardedZip:
    """A zip archive that passed the checks. Raises UnreadableFile for one that does not."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._elements = 0
        _check_index(name, data)
        # zipfile refuses a damaged index with BadZipFile, an unknown version with
        # NotImplementedError, and a name that is not UTF-8 with ValueError.
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError):
            raise damaged(name) from None
        self._check()

    @property
    def parts(self) -> list[str]:
        return self._zip.namelist()

    def has(self, part: str) -> bool:
        return part in self._zip.NameToInfo

    def parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None] | None = None,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Parses a part, with handlers for the start and end of elements and for text.

        Names are given without their namespace. Raises UnreadableFile.
        """
        depth = 0

        def at_start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            self._elements += 1
            if depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
                raise too_large(self.name)
            if start is not None:
                start(name.rpartition(":")[2], attributes)

        def at_end(name: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(name.rpartition(":")[2])

        # In another encoding, expat and calamine would read two different texts. UTF-8 has no NUL;
        # the markup of UTF-16 has, and expat detects it in spite of the encoding given.
        parser = expat.ParserCreate("UTF-8")
        parser.StartElementHandler = at_start
        parser.EndElementHandler = at_end
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        if text is not None:
            parser.buffer_text = True
            parser.CharacterDataHandler = text
        try:
            with self._zip.open(part) as opened:
                while chunk := opened.read(_CHUNK):
                    if b"\0" in chunk:
                        raise damaged(self.name)
                    parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except KeyError:
            raise no_workbook(self.name) from None
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError):
            raise damaged(self.name) from None

    def _refuse_document_type(self, *_declared: object) -> None:
        raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_DOCTYPE, name=self.name)

    def _check(self) -> None:
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        if len(infos) > MAX_PARTS:
            raise too_large(self.name)
        if len(set(names)) < len(names) or not all(map(_is_plain, names)):
            raise damaged(self.name)
        for info in infos:
            self._check_part(info)
        if sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
            raise too_large(self.name)

    def _check_part(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise locked(self.name)
        is_known = info.flag_bits & ~_KNOWN == 0
        if not is_known or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise damaged(self.name)
        if info.file_size > max(MIN_RATIO_BYTES, MAX_RATIO * info.compress_size):
            raise too_large(self.name)
        bare = "/" + info.filename.lower()
        for pattern, what in _UNWANTED:
            if pattern.search(bare) and not _ALLOWED_BINARY.search(bare):
                raise UnreadableFile(what, name=self.name)


def _check_index(name: str, data: bytes) -> None:
    """Bounds the index before zipfile makes an object of every part in it."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 70_000))
    if at < 0 or at + _END.size > len(data) or b"PK\x06\x07" in data[max(0, at - 20) : at]:
        raise damaged(name)
    _mark, *_counts, size, _offset, _comment = _END.unpack_from(data, at)
    if size > MAX_INDEX_BYTES:
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
