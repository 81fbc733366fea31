"""Reads the sheets of an .xlsx file as a spreadsheet program showed them.

python-calamine reads the cells. Before it opens the file, the parts that it will read are parsed
once by expat to bound what they unpack to, because calamine keeps the smallest rectangle around
all cells and a copy of each text in memory.
"""

import io
import re
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Final

from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets.raw_sheets import MAX_BLANK_LINES, Cell, RawSheet
from outreach.imports.sheets.sheet_policy import SheetPolicy
from outreach.imports.sheets.zip_guard import GuardedZip, damaged, no_workbook, too_large

MAX_CELL_LENGTH: Final = 32_767  # characters: the limit of spreadsheet programs
MAX_TEXT_LENGTH: Final = 12_000_000  # characters of all cells
MAX_MERGES: Final = 20_000  # in a sheet
_WORKBOOK: Final = "xl/workbook.xml"  # calamine looks for the workbook nowhere else
_WORKBOOK_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")

# A formula that would read another program or file when a spreadsheet program opens the workbook.
FOREIGN_FORMULA: Final = re.compile(
    r"\|[^|!]*!|\[[^\[\]]*\][^!\[\]]*!|\b(?:WEBSERVICE|IMPORT[A-Z]{0,9}|CALL|REGISTER|RTD|DDE)\b",
    re.IGNORECASE,
)
UNREADABLE: Final = "#N/A"  # stands for an error value, and for a formula without a stored value


def sheets(name: str, data: bytes, policy: SheetPolicy) -> list[RawSheet]:
    """The sheets of a workbook that the policy reads: the visible ones, or all where none is; or
    the first one. Raises UnreadableFile."""
    archive = GuardedZip(name, data)
    _check_types(archive)
    targets = _relations(archive, _WORKBOOK)
    listed = [each for each in _list_sheets(archive, targets) if each.is_worksheet]
    if policy.reads_all_sheets:
        listed = [each for each in listed if not each.is_hidden] or listed
    else:
        listed = listed[:1]
    if not listed:
        raise no_workbook(name)
    checks = _check(archive, targets, listed, policy)
    return [
        _read_sheet(name, data, each, check) for each, check in zip(listed, checks, strict=True)
    ]


def _read_sheet(name: str, data: bytes, listed: "_ListedSheet", check: "_SheetCheck") -> RawSheet:
    """The sheet with its cells, each row from the first column on."""
    number, left, rows = _read(name, data, listed.number)
    blank: list[Cell] = [""] * left
    placed = {number + above: blank + row for above, row in enumerate(rows)}
    for at, column in check.unreadable:
        cells = placed.setdefault(at, [])
        cells += [""] * (column + 1 - len(cells))
        cells[column] = UNREADABLE
    return RawSheet(listed.name, placed, check.hidden_rows, check.hidden_columns, check.merges)


def _read(name: str, data: bytes, sheet_number: int) -> tuple[int, int, list[list[Cell]]]:
    """The number of the first row, the number of empty columns on the left, and the rows."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            if workbook.sheets_metadata[sheet_number].typ is not SheetTypeEnum.WorkSheet:
                raise damaged(name)
            sheet = workbook.get_sheet_by_index(sheet_number)
            row, column = sheet.start or (0, 0)
            return row + 1, column, sheet.to_python()
    except (CalamineError, OverflowError, ValueError, IndexError):
        raise damaged(name) from None
    except BaseException as error:
        # A panic in Rust is derived from BaseException, in a module that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(name) from None


def _check(
    archive: GuardedZip,
    targets: dict[str, tuple[str, str]],
    listed: "list[_ListedSheet]",
    policy: SheetPolicy,
) -> "list[_SheetCheck]":
    """Returns what calamine does not tell about these sheets. Raises UnreadableFile for a file that
    should not be given to it."""
    for each in listed:
        for kind, _target in _relations(archive, each.part).values():
            if kind in {"oleObject", "control", "package", "queryTable"}:
                raise UnreadableFile(
                    ImportErrorCode.WORKBOOK_WITH_EMBEDDED_FILES, name=archive.name
                )
    lengths: list[int] = []
    for kind, target in targets.values():
        if kind == "sharedStrings":
            lengths += _string_lengths(archive, target, policy.max_strings)
        elif kind == "styles":
            archive.parse(target)
    checks, text_left = [], MAX_TEXT_LENGTH
    for each in listed:
        check = _SheetCheck(archive.name, lengths, policy, text_left)
        archive.parse(each.part, check.start, check.end, check.text)
        checks.append(check)
        text_left = check.text_left
    return checks


def _check_types(archive: GuardedZip) -> None:
    workbooks: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        content_type = attributes.get("ContentType", "")
        if "macroEnabled" in content_type or "vbaProject" in content_type:
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_MACROS, name=archive.name)
        if name == "Override" and content_type == _WORKBOOK_TYPE:
            workbooks.append(attributes.get("PartName", "").lstrip("/"))

    archive.parse("[Content_Types].xml", start)
    if workbooks != [_WORKBOOK]:
        raise no_workbook(archive.name)


def _relations(archive: GuardedZip, part: str) -> dict[str, tuple[str, str]]:
    """The relations of a part by their id: the last word of their type, and the target part."""
    relations: dict[str, tuple[str, str]] = {}
    folder, _slash, file = part.rpartition("/")
    listed = join(folder, "_rels", f"{file}.rels")

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External":
            # The address of a hyperlink is not read.
            if kind != "hyperlink":
                raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_LINKS, name=archive.name)
            return
        target = attributes.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else join(dirname(part), target)
        if attributes.get("Id", "") in relations:
            raise damaged(archive.name)
        relations[attributes.get("Id", "")] = (kind, normpath(path))

    if archive.has(listed):
        archive.parse(listed, start)
    return relations


@dataclass(frozen=True)
class _ListedSheet:
    number: int  # as calamine counts all sheets
    name: str
    part: str
    is_worksheet: bool
    is_hidden: bool


def _list_sheets(archive: GuardedZip, targets: dict[str, tuple[str, str]]) -> "list[_ListedSheet]":
    found: list[_ListedSheet] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "sheet":
            return
        ids = (value for key, value in attributes.items() if key.endswith(":id"))
        kind, part = targets.get(next(ids, ""), ("", ""))
        is_hidden = attributes.get("state", "visible") != "visible"
        title = attributes.get("name", "")
        found.append(_ListedSheet(len(found), title, part, kind == "worksheet", is_hidden))

    archive.parse(_WORKBOOK, start)
    return found


def _string_lengths(archive: GuardedZip, part: str, most: int) -> list[int]:
    """The lengths of the shared strings, in characters."""
    lengths: list[int] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            lengths.append(0)
            if len(lengths) > most:
                raise too_large(archive.name)

    def text(characters: str) -> None:
        if lengths:
            lengths[-1] += len(characters)

    archive.parse(part, start, text=text)
    return lengths


class _SheetCheck:
    """Handlers for the XML of a sheet, which raise UnreadableFile for what is refused, and keep
    what calamine does not tell. Rows count from 1, columns from 0."""

    def __init__(
        self, name: str, string_lengths: list[int], policy: SheetPolicy, text_left: int
    ) -> None:
        self._name, self._string_lengths, self._policy = name, string_lengths, policy
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.merges: list[tuple[int, int, int, int]] = []  # rows, then columns
        self.unreadable: set[tuple[int, int]] = set()
        self.text_left = text_left
        self._last_column = 0
        self._formula: list[str] | None = None
        self._has_value = self._is_formula = False
        self._row = self._column = 0
        self._first_row, self._last_row, self._rows, self._blank_rows = 0, 0, 0, 0
        self._is_row_blank = True
        self._type, self._reference = "", ""
        self._value: list[str] = []
        self._length = 0  # characters of the current cell

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = _integer(attributes.get("r"), self._row + 1)
            self._column, self._is_row_blank = 0, True
            if attributes.get("hidden") in {"1", "true"}:
                self.hidden_rows.add(self._row)
        elif name == "c":
            self._begin_cell(attributes)
        elif name == "f":
            self._begin_formula()
        elif name in {"v", "is"}:
            self._has_value = True
            self._extend()
        elif name == "col":
            self._read_columns(attributes)
        elif name == "mergeCell":
            self._read_merge(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        if name == "v" and self._type == "s":
            number = _integer("".join(self._value).strip(), -1)
            if not 0 <= number < len(self._string_lengths):
                raise damaged(self._name)
            self._add_text(self._string_lengths[number])
        elif name == "f":
            self._end_formula()
        elif name == "c" and self._is_formula and not self._has_value:
            self._mark_unreadable()
        elif name == "row":
            self._end_row()

    def text(self, characters: str) -> None:
        if self._formula is not None:
            self._formula.append(characters)
            return
        self._add_text(len(characters))
        if self._type == "s":
            self._value.append(characters)
        if characters.strip():
            self._is_row_blank = False

    def _end_row(self) -> None:
        self._rows += not self._is_row_blank
        self._blank_rows += self._is_row_blank
        if self._rows > self._policy.max_rows + 1:  # the header is one more
            raise UnreadableFile(
                ImportErrorCode.TOO_MANY_LINES, name=self._name, most=f"{self._policy.max_rows:,}"
            )
        if self._blank_rows > MAX_BLANK_LINES:
            raise too_large(self._name)

    def _begin_formula(self) -> None:
        if not self._policy.accepts_formulas:
            raise self._formula_refusal()
        self._formula, self._is_formula = [], True

    def _end_formula(self) -> None:
        formula, self._formula = "".join(self._formula or ()), None
        if len(formula) > MAX_CELL_LENGTH or FOREIGN_FORMULA.search(formula):
            raise self._formula_refusal()

    def _formula_refusal(self) -> UnreadableFile:
        return UnreadableFile(
            ImportErrorCode.WORKBOOK_WITH_FORMULA, name=self._name, cell=self._reference
        )

    def _mark_unreadable(self) -> None:
        self._extend()
        self._is_row_blank = False
        self.unreadable.add((self._row, self._column - 1))

    def _read_columns(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in {"1", "true"}:
            first, last = (_integer(attributes.get(each), 0) for each in ("min", "max"))
            last = min(last, self._policy.max_columns)
            self.hidden_columns |= {each - 1 for each in range(max(first, 1), last + 1)}

    def _read_merge(self, reference: str) -> None:
        corners = [_REFERENCE.fullmatch(each) for each in reference.split(":")]
        if len(corners) != 2 or not (corners[0] and corners[1]):
            return
        if len(self.merges) >= MAX_MERGES:
            raise too_large(self._name)
        (top, left), (bottom, right) = (
            (int(each[2]), _column(each[1]) - 1) for each in corners if each
        )
        self.merges.append((top, bottom, left, right))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._reference = attributes.get("r", "")[:12]
        self._column += 1
        if self._reference:
            # calamine takes row and column from here, and would make room for any other row.
            parts = _REFERENCE.fullmatch(self._reference)
            if parts is None or int(parts[2]) != self._row:
                raise damaged(self._name)
            self._column = _column(parts[1])
        if self._column > self._policy.max_columns:
            raise UnreadableFile(
                ImportErrorCode.TOO_MANY_COLUMNS, name=self._name, most=self._policy.max_columns
            )
        self._is_formula = self._has_value = False
        self._type = attributes.get("t", "n")
        if self._type == "e":  # calamine reads it as blank
            if not self._policy.accepts_formulas:
                raise UnreadableFile(
                    ImportErrorCode.WORKBOOK_WITH_ERROR_VALUE,
                    name=self._name,
                    cell=self._reference,
                )
            self._mark_unreadable()
        self._value.clear()
        self._length = 0

    def _extend(self) -> None:
        """Counts the current row as one that calamine makes room for."""
        self._first_row = min(self._first_row or self._row, self._row)
        self._last_row = max(self._last_row, self._row)
        self._last_column = max(self._last_column, self._column)
        height = self._last_row - self._first_row
        if height > self._policy.max_rows + MAX_BLANK_LINES:
            raise too_large(self._name)
        if (
            self._policy.max_cells is not None
            and (height + 1) * self._last_column > self._policy.max_cells
        ):
            raise too_large(self._name)

    def _add_text(self, length: int) -> None:
        self._length += length
        self.text_left -= length
        if self._length > MAX_CELL_LENGTH or self.text_left < 0:
            raise too_large(self._name)


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else default


def _column(letters: str) -> int:
    """The number of a column, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
