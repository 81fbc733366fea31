"""Cells of a workbook are read as the text that a CSV file has."""

import io
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter

from outreach.imports.import_errors import UnreadableFile
from outreach.imports.sheets import sheet_reader
from outreach.imports.sheets.sheet_policy import STRICT
from tests.hostile_files import books

pytestmark = pytest.mark.any_database("no database is used")


def _rows(data: bytes, most: int = 10) -> list[tuple[int, list[str]]]:
    return list(sheet_reader.list_records("file", data, replace(STRICT, max_rows=most)))


@pytest.mark.parametrize("is_1904", [False, True])
def test_cells_are_read_as_csv_files_say_them(is_1904: bool) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": is_1904})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})

    def style(pattern: str) -> object:
        return book.add_format({"num_format": pattern})

    for column, text in enumerate(["texto", "ñandú & <b>", "0012", "=1+1", " espacios "]):
        sheet.write_string(0, column, text)
    sheet.write_datetime(1, 0, datetime(2027, 1, 16, 18, 0), style("yyyy-mm-dd hh:mm"))  # noqa: DTZ001 - a wall clock
    sheet.write_datetime(1, 1, datetime(2027, 1, 16, 18, 0, 7), style("d/m/yy h:mm:ss"))  # noqa: DTZ001 - a wall clock
    sheet.write_datetime(1, 2, date(2027, 1, 16), style('d "de" mmmm'))
    sheet.write_datetime(1, 3, time(18, 30), style("h:mm AM/PM"))
    sheet.write_datetime(1, 4, timedelta(hours=18, minutes=30), style("[h]:mm"))
    sheet.write_row(2, 0, [20, 20.0, 0.5, -3, 41.8512345])
    sheet.write_row(3, 0, [True, False])
    sheet.write_number(3, 2, 0.25, style("0%"))
    sheet.write_number(3, 3, 46403.75, style("[Red]0.0"))
    sheet.write_rich_string(3, 4, "a ", bold, "negrita", " z")
    sheet.write_string(8, 2, "línea\ny otra")
    # A blank formatted cell is ignored.
    sheet.write_blank(900, 40, None, bold)
    book.close()
    assert _rows(out.getvalue()) == [
        (1, ["texto", "ñandú & <b>", "0012", "=1+1", " espacios "]),
        (
            2,
            ["2027-01-16T18:00", "2027-01-16T18:00:07", "2027-01-16T00:00", "18:30:00", "18:30:00"],
        ),
        (3, ["20", "20", "0.5", "-3", "41.8512345"]),
        (4, ["true", "false", "0.25", "46403.75", "a negrita z"]),
        (9, ["", "", "línea\ny otra", "", ""]),
    ]


def test_blank_columns_on_the_left_and_blank_rows_keep_their_place() -> None:
    text = (
        '<row r="3"><c r="C3" t="str"><v>a</v></c></row><row r="7"><c r="B7" t="str"><v> </v></c>'
    )
    data = books.with_sheet(books.sheet(text + '<c r="D7" t="str"><v>b</v></c></row>'))
    assert _rows(data) == [(3, ["", "", "a", ""]), (7, ["", " ", "", "b"])]


def test_row_far_below_makes_no_rows_above_it() -> None:
    far = '<row r="1048576"><c r="A1048576" t="str"><v>w1</v></c></row>'
    assert _rows(books.with_sheet(books.sheet(far))) == [(1048576, ["w1"])]


def test_more_rows_than_allowed_are_refused_with_the_limit() -> None:
    rows = books.rows(["id"], *[[f"w{number}"] for number in range(11)])
    assert len(_rows(books.with_sheet(books.sheet(rows)), most=11)) == 12
    with pytest.raises(UnreadableFile, match="has more than 10 lines"):
        _rows(books.with_sheet(books.sheet(rows)), most=10)


def test_duration_too_long_for_python_is_refused() -> None:
    styles = '<styleSheet><cellXfs><xf numFmtId="46"/></cellXfs></styleSheet>'
    more = f'<Relationship Id="r3" Type="{books.OFFICE}/styles" Target="styles.xml"/>'
    cell = '<row r="1"><c r="A1" s="0"><v>1e15</v></c></row>'
    data = books.book(
        {"xl/styles.xml": styles, "xl/worksheets/sheet1.xml": books.sheet(cell)}, more=more
    )
    with pytest.raises(UnreadableFile, match="damaged"):
        _rows(data)
