"""Files that are broken, that lie, or that are meant to harm: each made by a few lines.

`python -m tests.hostile` reads each of them in a process of its own, and shows how long that took,
how much memory it took, and the sentence. It ends with 1 if one took over 2 seconds or 200 MB, or
was not refused.
"""

import base64
import gzip
import io
import multiprocessing
import resource
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final
from zoneinfo import ZoneInfo

from outreach import clock
from outreach.errors import Refused
from outreach.intake.faults import Faulty, Unfit
from outreach.intake.workshops import Network, look, opened
from outreach.intake.workshops.read import KindFacts, OfficeFacts
from outreach.intake.workshops.write import COLUMNS, to_csv, to_xlsx

MOST_SECONDS: Final = 2.0
MOST_MEGABYTES: Final = 200
HEADER: Final = ",".join(COLUMNS).encode() + b"\r\n"
ROW: Final = (
    "w1,chicago,derechos,Taller,Workshop,America/Chicago,2027-01-16T18:00,,Biblioteca,Chicago,IL,"
    "20,es,false,published,,place,presencial,,,"
)
MAIN: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_TYPES: Final = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'content-types"><Override PartName="/xl/workbook.xml" ContentType="{MAIN}"/></Types>'
)
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS: Final = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'relationships"><Relationship Id="r1" Type="{_OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/>{more}</Relationships>'
)
_WORKBOOK: Final = (
    f'<?xml version="1.0"?><workbook xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Talleres" sheetId="1" r:id="r1"/></sheets></workbook>'
)
Make = Callable[[], bytes]


def known() -> Network:
    """A network of one office and one kind."""
    office = OfficeFacts(
        zone=ZoneInfo("America/Chicago"), country="US", city="Chicago", region="IL"
    )
    kind = KindFacts(code="derechos", countries=("US",), minutes=90, capacity=20)
    return Network(offices={"chicago": office}, kinds={"derechos": kind})


def cell(text: str, kind: str = "inlineStr") -> str:
    return f'<c t="{kind}"><is><t>{text}</t></is></c>'


def rows(*lines: list[str]) -> str:
    return "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)


def sheet(data: str | None = None, *, before: str = "", head: str = "") -> str:
    said = data if data is not None else rows(list(COLUMNS), ROW.split(","))
    return (
        f'<?xml version="1.0"?>{before}<worksheet>{head}<sheetData>{said}</sheetData></worksheet>'
    )


def book(changed: dict[str, str | bytes] | None = None, *, more: str = "") -> bytes:
    """A workbook with a list of one workshop; some parts changed, or added."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _RELATIONS.replace("{more}", more),
        "xl/worksheets/sheet1.xml": sheet(),
    }
    parts.update(changed or {})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return out.getvalue()


def with_sheet(text: str | bytes) -> bytes:
    return book({"xl/worksheets/sheet1.xml": text})


def honest() -> bytes:
    out = io.BytesIO()
    line = dict(zip(COLUMNS, ROW.split(","), strict=False))
    to_xlsx(out, [dict.fromkeys(COLUMNS, "") | line], ["Notas"], made_at=clock.now())
    return out.getvalue()


def event(*lines: str) -> str:
    plain = ["UID:1@x", "DTSTART:20270116T180000", "DTEND:20270116T200000", "SUMMARY:Taller"]
    return "\r\n".join(["BEGIN:VEVENT", *plain, "LOCATION:Biblioteca", *lines, "END:VEVENT"])


def calendar(*inside: str, end: str = "END:VCALENDAR\r\n") -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *inside, end]).encode()


def timed(start: str) -> str:
    return event().replace("DTSTART:20270116T180000", start)


# Workbooks


def flat_bomb() -> bytes:
    return with_sheet(bytes(300 << 20))


def nested_bomb() -> bytes:
    """As 42.zip: archives within archives."""
    inner = bytes(8 << 20)
    for _ in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for place in range(8):
                made.writestr(f"{place}.zip", inner)
        inner = out.getvalue()
    return book({"xl/media/all.zip": inner})


def lying_bomb() -> bytes:
    """Says that its sheet is small; it is 64 MB."""
    data = bytearray(with_sheet(bytes(64 << 20)))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.rfind(mark, 0, data.rfind(b"xl/worksheets/sheet1.xml", 0, _end(data, mark)))
        struct.pack_into("<I", data, at + place, 4096)
    return bytes(data)


def _end(data: bytearray, mark: bytes) -> int:
    """Behind the part's own entry, or that of the list at the end."""
    if mark == b"PK\x01\x02":
        return len(data)
    return data.find(b"PK\x01\x02")


def overlapping() -> bytes:
    """One part, that the list names a thousand times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/a.xml", bytes(4 << 20))
        info = made.infolist()[0]
        for place in range(1000):
            copy = zipfile.ZipInfo(f"xl/{place}.xml")
            for name in ("compress_type", "header_offset", "CRC", "compress_size", "file_size"):
                setattr(copy, name, getattr(info, name))
            made.filelist.append(copy)
    return out.getvalue()


def many_parts() -> bytes:
    return book({f"xl/media/{place}.png": b"" for place in range(60_000)})


def with_dtd(declared: str, said: str) -> bytes:
    return with_sheet(sheet(rows(list(COLUMNS), [said] * 21), before=declared))


def billion_laughs() -> bytes:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return with_dtd(f'<!DOCTYPE x [<!ENTITY l0 "ja">{lines}]>', "&l9;")


def quadratic() -> bytes:
    return with_dtd(f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>', "&a;" * 1000)


def outside_entity() -> bytes:
    return with_dtd('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;")


def outside_dtd() -> bytes:
    return with_dtd('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "x")


def strings_with_dtd() -> bytes:
    more = f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    text = '<!DOCTYPE x [<!ENTITY a "b">]><sst><si><t>&a;</t></si></sst>'
    return book({"xl/sharedStrings.xml": text}, more=more)


def formula(said: str) -> bytes:
    line = rows(list(COLUMNS)) + f'<row><c r="A2"><f>{said}</f><v>1</v></c></row>'
    return with_sheet(sheet(line))


def macros() -> bytes:
    return book({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0macro"})


def macro_type() -> bytes:
    said = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    return book({"[Content_Types].xml": _TYPES.replace(MAIN, said)})


def external_book() -> bytes:
    return book({"xl/externalLinks/externalLink1.xml": "<externalLink/>"})


def external_relation() -> bytes:
    more = (
        f'<Relationship Id="r9" Type="{_OFFICE}/externalLinkPath" '
        'Target="http://127.0.0.1:9/a.xlsx" TargetMode="External"/>'
    )
    return book(more=more)


def embedded() -> bytes:
    return book({"xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0"})


def connections() -> bytes:
    return book({"xl/connections.xml": "<connections/>"})


def locked_workbook() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")


def locked_zip() -> bytes:
    data = bytearray(honest())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def wrong_crc() -> bytes:
    data = bytearray(with_sheet(sheet()))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/worksheets/sheet1.xml"))
    data[at + 16] ^= 0xFF
    return bytes(data)


def garbled() -> bytes:
    """Its parts do not unpack."""
    data = bytearray(with_sheet(sheet(rows(*[[f"{n * 7919:x}"] * 21 for n in range(400)]))))
    at = data.find(b"PK\x03\x04", data.find(b"xl/worksheets/sheet1.xml") - 40)
    data[at + 80 : at + 120] = b"\xff" * 40
    return bytes(data)


def twice_the_same_part() -> bytes:
    out = io.BytesIO(book())
    with zipfile.ZipFile(out, "a") as made:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.writestr("xl/workbook.xml", _WORKBOOK)
    return out.getvalue()


def bzipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("[Content_Types].xml", _TYPES)
    return out.getvalue()


def lying_dimension() -> bytes:
    """Declares the largest sheet there can be, and has its last cell only."""
    head = '<dimension ref="A1:XFD1048576"/>'
    return with_sheet(sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', head=head))


def wide_sheet() -> bytes:
    return with_sheet(sheet(rows(["x"] * 16_384)))


def blank_rows() -> bytes:
    return with_sheet(sheet("<row/>" * 500_000))


def deep() -> bytes:
    return with_sheet("<a>" * 200_000 + "</a>" * 200_000)


def long_cell() -> bytes:
    return with_sheet(sheet(rows(list(COLUMNS), [_noise(10 << 20)])))


def _noise(size: int) -> str:
    """Text that does not pack well."""
    found = b"".join(zlib.compress(str(n).encode()) for n in range(size // 16))
    return base64.b64encode(found).decode()[:size]


def many_strings() -> bytes:
    more = f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    text = "<sst>" + "".join(f"<si><t>{n}</t></si>" for n in range(1_000_000)) + "</sst>"
    return book({"xl/sharedStrings.xml": text}, more=more)


def missing_string() -> bytes:
    return with_sheet(sheet('<row><c t="s"><v>99</v></c></row>'))


def no_sheet() -> bytes:
    return book({"xl/workbook.xml": "<workbook><sheets/></workbook>"})


def document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        said = MAIN.replace("spreadsheetml.sheet", "wordprocessingml.document")
        made.writestr("[Content_Types].xml", _TYPES.replace(MAIN, said))
        made.writestr("word/document.xml", "<document/>")
    return out.getvalue()


def long_list() -> bytes:
    return with_sheet(sheet(rows(list(COLUMNS), *[ROW.split(",")] * 50_000)))


# Texts


def utf7() -> bytes:
    return ",".join(COLUMNS).encode("utf-7").replace(b"_", b"+AF8-") + b"\r\nw1\r\n"


def invalid_utf8() -> bytes:
    return HEADER + ROW.encode().replace(b"Taller", b"T\xc3\x28ller") + b"\r\n"


def line(**changes: str) -> bytes:
    cells = dict.fromkeys(COLUMNS, "") | dict(zip(COLUMNS, ROW.split(","), strict=False)) | changes
    return to_csv([cells])


FILES: Final[dict[str, Make]] = {
    # workbooks
    "zip bomb, 300 MB of zeros": flat_bomb,
    "zip bomb, nested": nested_bomb,
    "zip bomb, lying about its size": lying_bomb,
    "zip bomb, one part a thousand times": overlapping,
    "zip of 60,000 parts": many_parts,
    "XML, billion laughs": billion_laughs,
    "XML, quadratic entities": quadratic,
    "XML, entity of a file": outside_entity,
    "XML, type from elsewhere": outside_dtd,
    "XML, entities in shared strings": strings_with_dtd,
    "formula": lambda: formula("1+1"),
    "formula, DDE": lambda: formula("cmd|' /C calc'!A0"),
    "formula, of another book": lambda: formula("'http://127.0.0.1:9/[a.xlsx]S'!A1"),
    "macros": macros,
    "macros, by its type": macro_type,
    "external book": external_book,
    "external relation": external_relation,
    "embedded object": embedded,
    "data connections": connections,
    "workbook with a password": locked_workbook,
    "zip with a password": locked_zip,
    "old .xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
    "zip cut in half": lambda: honest()[: len(honest()) // 2],
    "zip without its list": lambda: honest()[:-22],
    "zip, path that climbs": lambda: book({"../../etc/cron.d/x": "x"}),
    "zip, absolute path": lambda: book({"/etc/passwd": "x"}),
    "zip, wrong CRC": wrong_crc,
    "zip, garbled": garbled,
    "zip, a part twice": twice_the_same_part,
    "zip, bzip2 inside": bzipped,
    "no list of types": lambda: book({"[Content_Types].xml": "<Types/>"}),
    "types that are no XML": lambda: book({"[Content_Types].xml": "PK"}),
    "sheet of 1,048,576 by 16,384": lying_dimension,
    "sheet of 16,384 columns": wide_sheet,
    "half a million blank rows": blank_rows,
    "XML 200,000 deep": deep,
    "cell of 10 MB in a workbook": long_cell,
    "a million shared strings": many_strings,
    "string that is not there": missing_string,
    "workbook without a sheet": no_sheet,
    "Word document": document,
    "workbook of 50,000 rows": long_list,
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
    "UTF-7": utf7,
    "invalid UTF-8": invalid_utf8,
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
    "number of a thousand digits": lambda: line(capacity="9" * 1000),
    "day that is none": lambda: line(starts_at="2027-02-30T10:00"),
    "zone that climbs": lambda: line(timezone="../../etc/passwd"),
    # calendars
    "calendar without an end": lambda: calendar(event(), end=""),
    "calendar, event without an end": lambda: calendar(event().replace("END:VEVENT", "X:1")),
    "calendar of 100,000 events": lambda: calendar(*[event()] * 100_000),
    "calendar, line of 5 MB": lambda: calendar(event("SUMMARY:" + "a" * (5 << 20))),
    "calendar, line folded 5 MB long": lambda: calendar(event("SUMMARY:a" + "\r\n b" * (1 << 20))),
    "calendar, 9 MB of lines": lambda: calendar(event(*["X-A:1"] * 1_200_000)),
    "calendar, 9 MB of parameters": lambda: calendar(event("SUMMARY" + ";a=b" * (2 << 20) + ":x")),
    "calendar, 60 kB of parameters": lambda: calendar(
        *[event("SUMMARY" + ";a=b,c" * 10_000 + ';"')] * 50
    ),
    "calendar, each second for ever": lambda: calendar(event("RRULE:FREQ=SECONDLY")),
    "calendar, unknown zone": lambda: calendar(timed("DTSTART;TZID=Marte/Olimpo:20270116T180000")),
    "calendar, zone that lies": lambda: calendar(
        "BEGIN:VTIMEZONE\r\nTZID:America/Chicago\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE",
        timed("DTSTART;TZID=America/Chicago:20270116T180000"),
    ),
    "calendar, components 10,000 deep": lambda: calendar("BEGIN:VEVENT\r\n" * 10_000),
    "calendar, ends that began nothing": lambda: calendar("END:VEVENT\r\n" * 10_000),
    "calendar, no events": lambda: calendar(),
    "calendar, year 9999": lambda: calendar(timed("DTSTART:99991231T235959")),
    "calendar, all day": lambda: calendar(timed("DTSTART;VALUE=DATE:20270116")),
    "calendar, no line of one": lambda: calendar("¿qué?"),
}


def refusal(data: bytes) -> str:
    """The sentence a file is refused with; empty if it is not."""
    try:
        network = known()
        table = opened(_Nobody(), "archivo", data, network)  # type: ignore[arg-type]
        _rows, faults = look(table, network)
    except Unfit as unfit:
        return unfit.says
    except Faulty as faulty:
        return faulty.faults[0].says
    except Refused as refused:
        return str(refused)
    return faults[0].says if faults else ""


class _Nobody:
    """A database in which there is no workshop yet."""

    def scalars(self, _statement: object) -> "_Nobody":
        return self

    def all(self) -> list[object]:
        return []


def _measure(data: bytes, tell: "multiprocessing.connection.Connection") -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    said = refusal(data)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tell.send((took, after / 1024, (after - before) / 1024, said))


def measured() -> Iterator[tuple[str, float, float, float, str]]:
    """Each file read by a process that reads nothing else: seconds, megabytes, of them those that
    came with the reading, and the sentence."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["outreach.intake.workshops"])
    for name, make in FILES.items():
        mine, theirs = context.Pipe()
        process = context.Process(target=_measure, args=(make(), theirs))
        process.start()
        theirs.close()
        try:
            took, peak, more, said = mine.recv()
        except EOFError:
            took, peak, more, said = 99.0, 9999.0, 9999.0, ""
        process.join()
        yield name, took, peak, more, said


def main() -> int:
    is_well = True
    slowest = largest = 0.0
    for name, took, peak, more, said in measured():
        is_fine = took <= MOST_SECONDS and peak <= MOST_MEGABYTES and bool(said)
        is_well &= is_fine
        slowest, largest = max(slowest, took), max(largest, peak)
        mark = "  " if is_fine else "! "
        print(f"{mark}{name:38} {took:6.3f} s {peak:5.0f} MB ({more:+4.0f})  {said}")
    print(f"{len(FILES)} files; slowest {slowest:.3f} s, largest {largest:.0f} MB")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
