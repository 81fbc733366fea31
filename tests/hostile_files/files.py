"""All hostile files, by what is wrong with them."""

import gzip
from collections.abc import Callable
from typing import Final

from tests.hostile_files import books, texts
from tests.hostile_files.texts import HEADER, ROW

Make = Callable[[], bytes]

FILES: Final[dict[str, Make]] = {
    # workbooks
    "zip bomb, 300 MB of zeros": books.flat_bomb,
    "zip bomb, nested": books.nested_bomb,
    "zip bomb, lying about its size": books.lying_bomb,
    "zip bomb, one part a thousand times": books.overlapping,
    "zip of 20,000 parts": books.many_parts,
    "XML, billion laughs": books.billion_laughs,
    "XML, quadratic entities": books.quadratic,
    "XML, entity of a file": books.outside_entity,
    "XML, type from elsewhere": books.outside_dtd,
    "XML, entities in shared strings": books.strings_with_dtd,
    "formula": lambda: books.formula("1+1"),
    "formula, DDE": lambda: books.formula("cmd|' /C calc'!A0"),
    "formula, of another book": lambda: books.formula("'http://127.0.0.1:9/[a.xlsx]S'!A1"),
    "macros": books.macros,
    "macros, by its type": books.macro_type,
    "external book": books.external_book,
    "external relation": books.external_relation,
    "embedded object": books.embedded,
    "data connections": books.connections,
    "workbook with a password": books.locked_workbook,
    "zip with a password": lambda: books.flagged(0x1),
    "zip with a strong password": lambda: books.flagged(0x41),
    "zip with a hidden index": lambda: books.flagged(0x2000),
    "zip, parts that are patches": lambda: books.flagged(0x20),
    "zip, flags that nobody knows": lambda: books.flagged(0x8080),
    "old .xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
    "zip cut in half": lambda: books.honest()[: len(books.honest()) // 2],
    "zip without its list": lambda: books.honest()[:-22],
    "zip, path that climbs": lambda: books.book({"../../etc/cron.d/x": "x"}),
    "zip, absolute path": lambda: books.book({"/etc/passwd": "x"}),
    "zip, wrong CRC": books.wrong_crc,
    "zip, garbled": books.garbled,
    "zip, a part twice": books.twice_the_same_part,
    "zip, bzip2 inside": books.bzipped,
    "no list of types": lambda: books.book({"[Content_Types].xml": "<Types/>"}),
    "types that are no XML": lambda: books.book({"[Content_Types].xml": "PK"}),
    "sheet of 1,048,576 by 16,384": books.lying_dimension,
    "sheet of 16,384 columns": books.wide_sheet,
    "cells a million rows apart": books.distant_cells,
    "string that 100,000 cells name": books.repeated_string,
    "sheet in UTF-16": books.utf_16,
    "cell that is not in its row": books.misplaced_cell,
    "error value": books.error_value,
    "half a million blank rows": books.blank_rows,
    "XML 200,000 deep": books.deep,
    "cell of 10 MB in a workbook": books.long_cell,
    "a million shared strings": books.many_strings,
    "string that is not there": books.missing_string,
    "halves of a pair of UTF-16": books.half_pairs,
    "workbook without a sheet": books.no_sheet,
    "Word document": books.document,
    "workbook of 50,000 rows": books.long_list,
    # other files under our names
    "PDF": lambda: b"%PDF-1.7\n" + bytes(1000),
    "PNG": lambda: b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "web page": lambda: b"<!DOCTYPE html><html><table><tr><td>id</td></tr></table></html>",
    "gzip": lambda: gzip.compress(HEADER),
    "gzip bomb": lambda: gzip.compress(bytes(100 << 20)),
    "program": lambda: b"\x7fELF" + bytes(1000),
    "100 MB of zeros": lambda: bytes(100 << 20),
    "100 MB of rows": lambda: HEADER + (ROW.encode() + b"\r\n") * 650_000,
    # texts
    "nothing": lambda: b"",
    "blanks": lambda: b" \r\n" * 100,
    "NUL bytes": lambda: HEADER + ROW.encode().replace(b"Taller", b"T\0ller"),
    "UTF-16 without a mark": lambda: (HEADER.decode() + ROW).encode("utf-16-le"),
    "UTF-16": lambda: (HEADER.decode() + ROW).encode("utf-16"),
    "UTF-7": texts.utf7,
    "invalid UTF-8": texts.invalid_utf8,
    "Windows-1252": lambda: HEADER + ROW.replace("Taller", "Plática").encode("cp1252"),
    "two marks": lambda: b"\xef\xbb\xbf" * 2 + HEADER + ROW.encode(),
    "quotation mark, 5 MB open": lambda: HEADER + b'"' + b"a," * (5 << 19),
    "quotation marks, 9 MB of them": lambda: HEADER + b'"' * (9 << 20),
    "cell of 9 MB": lambda: HEADER + ROW.encode().replace(b"Taller", b"a" * (9 << 20)),
    "cell of 9 MB with an emoji": lambda: HEADER + "😀".encode() + b"a" * (9 << 20),
    "50,000 rows": lambda: HEADER + (ROW.encode() + b"\r\n") * 50_000,
    "9 MB of blank lines": lambda: HEADER + b"\n" * (9 << 20),
    "a million columns": lambda: b"id," * 1_000_000 + b"\n1\n",
    "header twice": lambda: HEADER.strip() + b"," + HEADER + ROW.encode(),
    "no header": lambda: ROW.encode() + b"\r\n",
    "only the header": lambda: HEADER,
    "lines of another length": lambda: HEADER + b"w1,chicago\r\n",
    "number of a thousand digits": lambda: texts.line(capacity="9" * 1000),
    "day that is none": lambda: texts.line(starts_at="2027-02-30T10:00"),
    "zone that climbs": lambda: texts.line(timezone="../../etc/passwd"),
    # calendars
    "calendar without an end": lambda: texts.calendar(texts.event(), end=""),
    "calendar, event without an end": lambda: texts.calendar(
        texts.event().replace("END:VEVENT", "X:1")
    ),
    "calendar of 100,000 events": lambda: texts.calendar(*[texts.event()] * 100_000),
    "calendar of 60,000 short events": lambda: texts.calendar(*[texts.event()] * 60_000),
    "calendar, line of 5 MB": lambda: texts.calendar(texts.event("SUMMARY:" + "a" * (5 << 20))),
    "calendar, line folded 5 MB long": lambda: texts.calendar(
        texts.event("SUMMARY:a" + "\r\n b" * (1 << 20))
    ),
    "calendar, 9 MB of lines": lambda: texts.calendar(texts.event(*["X-A:1"] * 1_200_000)),
    "calendar, 9 MB of parameters": lambda: texts.calendar(
        texts.event("SUMMARY" + ";a=b" * (2 << 20) + ":x")
    ),
    "calendar, 60 kB of parameters": lambda: texts.calendar(
        *[texts.event("SUMMARY" + ";a=b,c" * 10_000 + ';"')] * 50
    ),
    "calendar, each second for ever": lambda: texts.calendar(texts.event("RRULE:FREQ=SECONDLY")),
    "calendar, unknown zone": lambda: texts.calendar(
        texts.timed("DTSTART;TZID=Marte/Olimpo:20270116T180000")
    ),
    "calendar, zone that lies": lambda: texts.calendar(
        "BEGIN:VTIMEZONE\r\nTZID:America/Chicago\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE",
        texts.timed("DTSTART;TZID=America/Chicago:20270116T180000"),
    ),
    "calendar, components 10,000 deep": lambda: texts.calendar("BEGIN:VEVENT\r\n" * 10_000),
    "calendar, ends that began nothing": lambda: texts.calendar("END:VEVENT\r\n" * 10_000),
    "calendar, no events": lambda: texts.calendar(),
    "calendar, year 9999": lambda: texts.calendar(texts.timed("DTSTART:99991231T235959")),
    "calendar, all day": lambda: texts.calendar(texts.timed("DTSTART;VALUE=DATE:20270116")),
    "calendar, no line of one": lambda: texts.calendar("¿qué?"),
}
