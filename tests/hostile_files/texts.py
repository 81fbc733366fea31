"""Builds CSV and iCalendar files, valid and malformed."""

from typing import Final

from outreach.imports.workshops.write import COLUMNS, to_csv

HEADER: Final = ",".join(COLUMNS).encode() + b"\r\n"
ROW: Final = (
    "w1,chicago,derechos,Taller,Workshop,America/Chicago,2027-01-16T18:00,,Biblioteca,Chicago,IL,"
    "20,es,false,published,,place,presencial,,,"
)


def event(*lines: str) -> str:
    plain = ["UID:1@x", "DTSTART:20270116T180000", "DTEND:20270116T200000", "SUMMARY:Taller"]
    return "\r\n".join(["BEGIN:VEVENT", *plain, "LOCATION:Biblioteca", *lines, "END:VEVENT"])


def calendar(*inside: str, end: str = "END:VCALENDAR\r\n") -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *inside, end]).encode()


def timed(start: str) -> str:
    return event().replace("DTSTART:20270116T180000", start)


def utf7() -> bytes:
    return ",".join(COLUMNS).encode("utf-7").replace(b"_", b"+AF8-") + b"\r\nw1\r\n"


def invalid_utf8() -> bytes:
    return HEADER + ROW.encode().replace(b"Taller", b"T\xc3\x28ller") + b"\r\n"


def line(**changes: str) -> bytes:
    cells = dict.fromkeys(COLUMNS, "") | dict(zip(COLUMNS, ROW.split(","), strict=False)) | changes
    return to_csv([cells])
