"""A sheet as cells with their row numbers, and the limits of all formats."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

MAX_ROWS: Final = 20_500  # in a file, with titles and notes
MAX_SHEETS: Final = 40
MAX_COLUMNS: Final = 60  # that have a value; ours have 21
MAX_BLANK_LINES: Final = 20_000
MAX_FILLED: Final = 200_000  # cells filled from merged ones
MAX_CELLS: Final = 2_500_000  # in the rectangle around all cells of a sheet
MAX_CELL_LENGTH: Final = 4_000  # characters that are kept of a cell
EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of a spreadsheet, no instant

Cell = str | bool | int | float | datetime | date | time | timedelta
Record = tuple[int, list[str]]  # the number of its first line or its row, and its cells as text


@dataclass
class RawSheet:
    """A sheet. Rows count from 1, as the program that shows them does; columns from 0."""

    name: str
    rows: dict[int, list[Cell]]
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)  # rows, then columns
