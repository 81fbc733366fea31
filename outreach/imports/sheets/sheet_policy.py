"""The two ways in which a file of workshops is taken: by the template, or as people write sheets.

Both go through the same steps, file to cells to columns to rows to what each row would do. The
package `imports` names the modules of each step.
"""

from dataclasses import dataclass
from typing import Final

from outreach.imports.sheets.raw_sheets import MAX_CELLS, MAX_COLUMNS, MAX_ROWS


@dataclass(frozen=True, kw_only=True)
class SheetPolicy:
    """What a file may have, and which of it is read."""

    accepts_other_formats: bool  # .xls, .ods and UTF-16 beside CSV, XLSX and iCalendar
    accepts_any_text: bool  # a text of any encoding, with any delimiter; else UTF-8 of strict CSV
    accepts_formulas: bool  # and error values: what is stored with them is read
    reads_all_sheets: bool  # those that are visible; else the first one, visible or not
    max_rows: int  # below the heading
    max_columns: int  # in a workbook, blank ones too
    max_strings: int  # shared by the sheets of a workbook
    max_cells: int | None  # in the rectangle around all cells of a sheet


# A file of the template follows it exactly: whatever is wrong is a fault of its line.
STRICT: Final = SheetPolicy(
    accepts_other_formats=False,
    accepts_any_text=False,
    accepts_formulas=False,
    reads_all_sheets=False,
    max_rows=5_000,
    max_columns=MAX_COLUMNS,
    max_strings=110_000,  # 5,000 rows of our columns have 105,000 cells
    max_cells=None,
)
# Any sheet is read as it was shown; what is in doubt is asked.
GUESS: Final = SheetPolicy(
    accepts_other_formats=True,
    accepts_any_text=True,
    accepts_formulas=True,
    reads_all_sheets=True,
    max_rows=MAX_ROWS,
    max_columns=1024,
    max_strings=500_000,
    max_cells=MAX_CELLS,
)
