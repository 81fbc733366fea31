"""Builds messy files: workbooks, OpenDocument spreadsheets, texts and calendars."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import openpyxl

FILES: Final = Path(__file__).with_name("files")
_ODS_NAMES: Final = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
)


def lines(*rows: str, encoding: str = "utf-8", end: str = "\n") -> bytes:
    return (end.join(rows) + end).encode(encoding)


def xlsx(
    *sheets: tuple[str, Sequence[Sequence[Any]]],
    merge: Sequence[str] = (),
    hide_columns: str = "",
    hide_rows: Sequence[int] = (),
    hide_sheets: Sequence[str] = (),
) -> bytes:
    """A workbook; merges and what is hidden are of its first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hide_sheets:
            sheet.sheet_state = "hidden"
    first = book.worksheets[0]
    for each in merge:
        first.merge_cells(each)
    for letter in hide_columns:
        first.column_dimensions[letter].hidden = True
    for number in hide_rows:
        first.row_dimensions[number].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(*rows: Sequence[str], before: str = "", after: str = "") -> bytes:
    """A sheet of texts; `before` and `after` are XML within it. A text may be a whole cell."""
    body = "".join(
        "<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>" for row in rows
    )
    return ods_of(f'<table:table table:name="Hoja1">{before}{body}{after}</table:table>')


def _ods_cell(text: str) -> str:
    if text.startswith("<table:"):
        return text
    if not text:
        return "<table:table-cell/>"
    return (
        '<table:table-cell office:value-type="string">'
        f"<text:p>{escape(text)}</text:p></table:table-cell>"
    )


def ods_of(tables: str, *, styles: str = "", parts: dict[str, str] | None = None) -> bytes:
    content = (
        f'<?xml version="1.0"?><office:document-content {_ODS_NAMES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        for name, text in (parts or {}).items():
            archive.writestr(name, text)
    return out.getvalue()


def calendar(*events: Sequence[str], head: Sequence[str] = ()) -> bytes:
    parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//ES", *head]
    for event in events:
        parts += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "\r\n".join([*parts, "END:VCALENDAR", ""]).encode()
