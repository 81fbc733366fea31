"""What a file is, by what is in it: its name and what a browser says of it prove nothing."""

from enum import StrEnum
from typing import Final

from outreach.imports.import_errors import UnreadableFile
from outreach.imports.zip_guard import locked

LARGEST: Final = 10 * 1024 * 1024  # bytes


class FileType(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    ICS = "ics"


# How files begin that are none of these, and what they are called.
_OTHERS: Final = (
    (b"%PDF", "a PDF", "un PDF"),
    (b"\x89PNG", "a picture", "una imagen"),
    (b"\xff\xd8\xff", "a picture", "una imagen"),
    (b"GIF8", "a picture", "una imagen"),
    (b"\x1f\x8b", "a gzip file", "un archivo comprimido"),
    (b"7z\xbc\xaf", "a 7z file", "un archivo comprimido"),
    (b"Rar!", "a RAR file", "un archivo comprimido"),
    (b"BZh", "a bzip2 file", "un archivo comprimido"),
    (b"\xfd7zXZ", "an xz file", "un archivo comprimido"),
    (b"\x7fELF", "a program", "un programa"),
    (b"MZ", "a program", "un programa"),
    (b"{\\rtf", "an RTF document", "un documento"),
)
_MARKUP: Final = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<svg")


def recognise(name: str, data: bytes) -> FileType:
    """Which of our formats it is. Raises Unfit for a file that is something else, or too large."""
    if len(data) > LARGEST:
        raise too_heavy(name)
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(b"PK"):
        return FileType.XLSX
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office(name, data)
    for mark, english, spanish in _OTHERS:
        if data.startswith(mark):
            raise UnreadableFile(
                f"{name} is {english}, and no table. Give a CSV, XLSX or iCalendar file.",
                f"Eso es {spanish}, no una lista. Sube un archivo CSV, XLSX o de calendario.",
            )
    if start.lower().startswith(_MARKUP):
        raise UnreadableFile(
            f"{name} is a web page, and no table. Give a CSV, XLSX or iCalendar file.",
            "Eso es una página web, no una lista. Sube un archivo CSV, XLSX o de calendario.",
        )
    return FileType.ICS if start.upper().startswith(b"BEGIN:VCALENDAR") else FileType.CSV


def is_table_of_text(data: bytes) -> bool:
    """Whether it is neither a workbook nor a calendar nor anything else with a mark of its own."""
    marks = (b"PK", b"\xd0\xcf\x11\xe0", *(mark for mark, _english, _spanish in _OTHERS))
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    return not data.startswith(marks) and not start.startswith(b"BEGIN:VCALENDAR")


def too_heavy(name: str) -> UnreadableFile:
    return UnreadableFile(
        f"{name} is larger than {LARGEST >> 20} MB.",
        f"El archivo pesa más de {LARGEST >> 20} MB. Sube solo la lista de talleres, o en partes.",
    )


def _old_office(name: str, data: bytes) -> UnreadableFile:
    """A workbook with a password is one of these around it; else it is of before 2007."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return locked(name)
    return UnreadableFile(
        f"{name} is in an old format of Office. Save it as .xlsx.",
        "El archivo es de un formato viejo (.xls). Guárdalo como .xlsx y súbelo otra vez.",
    )
