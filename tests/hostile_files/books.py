"""Builds XLSX workbooks, valid, malformed and malicious."""

import base64
import io
import random
import struct
import warnings
import zipfile
from typing import Final

from outreach import clock
from outreach.imports.workshops.write import COLUMNS, to_xlsx
from tests.hostile_files.texts import ROW

MAIN: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_TYPES: Final = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'content-types"><Override PartName="/xl/workbook.xml" ContentType="{MAIN}"/></Types>'
)
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS: Final = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/>{more}</Relationships>'
)
_ROOT: Final = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>'
)
_WORKBOOK: Final = (
    f'<?xml version="1.0"?><workbook xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Talleres" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def cell(text: str, kind: str = "inlineStr") -> str:
    return f'<c t="{kind}"><is><t>{text}</t></is></c>'


def rows(*lines: list[str]) -> str:
    return "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)


def sheet(data: str | None = None, *, before: str = "", head: str = "") -> str:
    text = data if data is not None else rows(list(COLUMNS), ROW.split(","))
    return (
        f'<?xml version="1.0"?>{before}<worksheet>{head}<sheetData>{text}</sheetData></worksheet>'
    )


def book(changed: dict[str, str | bytes] | None = None, *, more: str = "") -> bytes:
    """A workbook with one workshop; `changed` replaces or adds parts."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _ROOT,
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _RELATIONS.replace("{more}", more),
        "xl/worksheets/sheet1.xml": sheet(),
    }
    parts.update(changed or {})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def with_sheet(text: str | bytes) -> bytes:
    return book({"xl/worksheets/sheet1.xml": text})


def honest() -> bytes:
    out = io.BytesIO()
    line = dict(zip(COLUMNS, ROW.split(","), strict=False))
    to_xlsx(out, [dict.fromkeys(COLUMNS, "") | line], ["Notas"], made_at=clock.now())
    return out.getvalue()


def flat_bomb() -> bytes:
    return with_sheet(bytes(300 << 20))


def nested_bomb() -> bytes:
    """Nested archives, as in 42.zip."""
    inner = bytes(8 << 20)
    for _ in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(8):
                archive.writestr(f"{number}.zip", inner)
        inner = out.getvalue()
    return book({"xl/media/all.zip": inner})


def lying_bomb() -> bytes:
    """Declares a sheet of 4 KB that unpacks to 64 MB."""
    data = bytearray(with_sheet(bytes(64 << 20)))
    for signature, size_field in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        offset = data.rfind(
            signature, 0, data.rfind(b"xl/worksheets/sheet1.xml", 0, _end(data, signature))
        )
        struct.pack_into("<I", data, offset + size_field, 4096)
    return bytes(data)


def _end(data: bytearray, signature: bytes) -> int:
    """The end of the local headers or of the central directory."""
    if signature == b"PK\x01\x02":
        return len(data)
    return data.find(b"PK\x01\x02")


def overlapping() -> bytes:
    """One part with a thousand entries in the central directory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/a.xml", bytes(4 << 20))
        info = archive.infolist()[0]
        for number in range(1000):
            copy = zipfile.ZipInfo(f"xl/{number}.xml")
            for name in ("compress_type", "header_offset", "CRC", "compress_size", "file_size"):
                setattr(copy, name, getattr(info, name))
            archive.filelist.append(copy)
    return out.getvalue()


def many_parts() -> bytes:
    return book({f"xl/media/{number}.png": b"" for number in range(20_000)})


def with_dtd(declared: str, text: str) -> bytes:
    return with_sheet(sheet(rows(list(COLUMNS), [text] * 21), before=declared))


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
    more = f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    text = '<!DOCTYPE x [<!ENTITY a "b">]><sst><si><t>&a;</t></si></sst>'
    return book({"xl/sharedStrings.xml": text}, more=more)


def half_pairs() -> bytes:
    """Unpaired surrogates, escaped as workbooks do, in a cell with a fault."""
    line = ROW.replace("derechos", "de_xD800_rechas_xDC00_")
    return with_sheet(sheet(rows(list(COLUMNS), line.split(","))))


def formula(text: str) -> bytes:
    line = rows(list(COLUMNS)) + f'<row><c r="A2"><f>{text}</f><v>1</v></c></row>'
    return with_sheet(sheet(line))


def macros() -> bytes:
    return book({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0macro"})


def macro_type() -> bytes:
    text = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    return book({"[Content_Types].xml": _TYPES.replace(MAIN, text)})


def external_book() -> bytes:
    return book({"xl/externalLinks/externalLink1.xml": "<externalLink/>"})


def external_relation() -> bytes:
    more = (
        f'<Relationship Id="r9" Type="{OFFICE}/externalLinkPath" '
        'Target="http://127.0.0.1:9/a.xlsx" TargetMode="External"/>'
    )
    return book(more=more)


def embedded() -> bytes:
    return book({"xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0"})


def connections() -> bytes:
    return book({"xl/connections.xml": "<connections/>"})


def locked_workbook() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")


def flagged(bits: int) -> bytes:
    """An honest book, each of whose parts is said to be so."""
    data = bytearray(honest())
    offset = data.find(b"PK\x01\x02")
    while offset >= 0:
        data[offset + 8] |= bits & 0xFF
        data[offset + 9] |= bits >> 8
        offset = data.find(b"PK\x01\x02", offset + 4)
    return bytes(data)


def wrong_crc() -> bytes:
    data = bytearray(with_sheet(sheet()))
    offset = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/worksheets/sheet1.xml"))
    data[offset + 16] ^= 0xFF
    return bytes(data)


def garbled() -> bytes:
    """Its parts do not unpack."""
    data = bytearray(with_sheet(sheet(rows(*[[f"{n * 7919:x}"] * 21 for n in range(400)]))))
    offset = data.find(b"PK\x03\x04", data.find(b"xl/worksheets/sheet1.xml") - 40)
    data[offset + 80 : offset + 120] = b"\xff" * 40
    return bytes(data)


def twice_the_same_part() -> bytes:
    out = io.BytesIO(book())
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("xl/workbook.xml", _WORKBOOK)
    return out.getvalue()


def bzipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
    return out.getvalue()


def lying_dimension() -> bytes:
    """Declares the largest sheet there can be, and has its last cell only."""
    head = '<dimension ref="A1:XFD1048576"/>'
    return with_sheet(sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', head=head))


def distant_cells() -> bytes:
    """Two cells a million rows apart."""
    first, last = (f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in (1, 1048576))
    return with_sheet(sheet(first + last))


def repeated_string() -> bytes:
    """A shared string of 32,000 characters in 100,000 cells."""
    more = f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    text = f"<sst><si><t>{_noise(32_000)}</t></si></sst>"
    line = "<row>" + '<c t="s"><v>0</v></c>' * 25 + "</row>"
    noise = "".join(f"{line}<!--{_noise(400)}-->" for _ in range(4000))
    parts: dict[str, str | bytes] = {"xl/sharedStrings.xml": text}
    return book(parts | {"xl/worksheets/sheet1.xml": sheet(noise)}, more=more)


def utf_16() -> bytes:
    """A sheet in another encoding, whose bytes are XML in UTF-8 too."""
    return with_sheet(
        sheet().replace('version="1.0"', 'version="1.0" encoding="UTF-16"').encode("utf-16")
    )


def misplaced_cell() -> bytes:
    return with_sheet(sheet('<row r="1"><c r="A1048576"><v>1</v></c></row>'))


def error_value() -> bytes:
    return with_sheet(sheet('<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>'))


def wide_sheet() -> bytes:
    return with_sheet(sheet(rows(["x"] * 16_384)))


def blank_rows() -> bytes:
    return with_sheet(sheet("<row/>" * 500_000))


def deep() -> bytes:
    return with_sheet("<a>" * 200_000 + "</a>" * 200_000)


def long_cell() -> bytes:
    return with_sheet(sheet(rows(list(COLUMNS), [_noise(10 << 20)])))


def _noise(size: int) -> str:
    """Text that compresses badly."""
    return base64.b64encode(random.Random(1).randbytes(size)).decode()[:size]


def many_strings() -> bytes:
    more = f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    text = "<sst>" + "".join(f"<si><t>{n}</t></si>" for n in range(1_000_000)) + "</sst>"
    return book({"xl/sharedStrings.xml": text}, more=more)


def missing_string() -> bytes:
    return with_sheet(sheet('<row><c t="s"><v>99</v></c></row>'))


def no_sheet() -> bytes:
    return book({"xl/workbook.xml": "<workbook><sheets/></workbook>"})


def document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        text = MAIN.replace("spreadsheetml.sheet", "wordprocessingml.document")
        archive.writestr("[Content_Types].xml", _TYPES.replace(MAIN, text))
        archive.writestr("word/document.xml", "<document/>")
    return out.getvalue()


def long_list() -> bytes:
    return with_sheet(sheet(rows(list(COLUMNS), *[ROW.split(",")] * 50_000)))
