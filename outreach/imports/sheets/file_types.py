"""Detects the format of a file by its content: its name and media type are not reliable."""

from enum import StrEnum
from typing import Final

from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets.sheet_policy import SheetPolicy
from outreach.imports.sheets.zip_guard import locked

MAX_BYTES: Final = 10 * 1024 * 1024


class FileType(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    ICS = "ics"
    # These two are never templates.
    XLS = "xls"
    ODS = "ods"


class ForeignFormat(StrEnum):
    """A format that is no table. The value is its name in English."""

    PDF = "a PDF"
    PICTURE = "a picture"
    GZIP = "a gzip file"
    SEVEN_ZIP = "a 7z file"
    RAR = "a RAR file"
    BZIP2 = "a bzip2 file"
    XZ = "an xz file"
    PROGRAM = "a program"
    RTF = "an RTF document"
    WEB_PAGE = "a web page"


# How files begin that are none of these, and what they are called.
_OTHERS: Final = (
    (b"%PDF", ForeignFormat.PDF),
    (b"\x89PNG", ForeignFormat.PICTURE),
    (b"\xff\xd8\xff", ForeignFormat.PICTURE),
    (b"GIF8", ForeignFormat.PICTURE),
    (b"\x1f\x8b", ForeignFormat.GZIP),
    (b"7z\xbc\xaf", ForeignFormat.SEVEN_ZIP),
    (b"Rar!", ForeignFormat.RAR),
    (b"BZh", ForeignFormat.BZIP2),
    (b"\xfd7zXZ", ForeignFormat.XZ),
    (b"\x7fELF", ForeignFormat.PROGRAM),
    (b"MZ", ForeignFormat.PROGRAM),
    (b"{\\rtf", ForeignFormat.RTF),
)
_OLE: Final = b"\xd0\xcf\x11\xe0"
# The first part of the zip, stored without compression (OpenDocument 1.3, part 2, 3.3).
_ODS_START: Final = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_MARKUP: Final = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<svg")


def recognise(name: str, data: bytes, policy: SheetPolicy) -> FileType:
    """The format of a file. Raises UnreadableFile for a format that the policy does not accept, and
    for a file that is too large."""
    if len(data) > MAX_BYTES:
        raise too_heavy(name)
    if policy.accepts_other_formats:
        if data.startswith(_OLE) and not _is_encrypted(data):
            return FileType.XLS
        if data.startswith(b"PK") and data.startswith(_ODS_START, 30):
            return FileType.ODS
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return FileType.CSV
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(b"PK"):
        return FileType.XLSX
    if data.startswith(_OLE):
        raise _old_office(name, data)
    for mark, kind in _OTHERS:
        if data.startswith(mark):
            raise UnreadableFile(ImportErrorCode.FILE_OF_OTHER_FORMAT, name=name, format=kind)
    if start.lower().startswith(_MARKUP):
        raise UnreadableFile(
            ImportErrorCode.FILE_OF_OTHER_FORMAT, name=name, format=ForeignFormat.WEB_PAGE
        )
    return FileType.ICS if start.upper().startswith(b"BEGIN:VCALENDAR") else FileType.CSV


def is_table_of_text(data: bytes) -> bool:
    """Whether the file is neither a workbook nor a calendar nor of another known format."""
    marks = (b"PK", _OLE, *(mark for mark, _kind in _OTHERS))
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    return not data.startswith(marks) and not start.startswith(b"BEGIN:VCALENDAR")


def too_heavy(name: str) -> UnreadableFile:
    return UnreadableFile(ImportErrorCode.FILE_TOO_LARGE, name=name, most=MAX_BYTES >> 20)


def _old_office(name: str, data: bytes) -> UnreadableFile:
    """The error for an OLE file: a workbook with a password, or one from before 2007."""
    if _is_encrypted(data):
        return locked(name)
    return UnreadableFile(ImportErrorCode.WORKBOOK_OLD, name=name)


def _is_encrypted(data: bytes) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in data
