"""Files to cells: what every CSV has to be before anyone looks at what it says."""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from outreach.imports.import_errors import ImportFault, ImportRejected, UnreadableFile
from outreach.imports.row_parser import RowParser

__all__ = [
    "ImportTable",
    "RowParser",
    "decoded",
    "is_likely",
    "open_bytes",
    "open_text",
    "parse",
    "read",
    "refuse_twice",
    "table",
]

WIDEST: Final = 60  # columns; ours have 21
# Records of which most are blank, or cells of a whole page, are no table of anybody's.
BLANK: Final = 20_000
_DELIMITERS: Final = ",;\t"
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_YEARS: Final = range(1990, 2101)  # a century off is a slip of the hand, not a plan
# A spreadsheet takes a text that begins so for a formula. Ours go out with an apostrophe before
# them (`workshops/write.py`), and it is taken off again here.
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")

Record = tuple[int, list[str]]  # the number of its first line, and its cells


@dataclass(frozen=True)
class ImportTable:
    """The lines of a file. `columns` are those the file has, in its order."""

    columns: tuple[str, ...]
    lines: tuple[RowParser, ...]


def is_likely(day: date) -> bool:
    """Whether the year can be meant."""
    return day.year in _YEARS


def open_bytes(path: Path) -> bytes:
    """What is in a file. Raises Unfit, in one sentence, when there is none to read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFile(f"{path} does not exist.", "Ese archivo no existe.") from None
    except IsADirectoryError:
        raise UnreadableFile(
            f"{path} is a folder. Name a file in it.", "Eso es una carpeta."
        ) from None
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be read: {error.strerror}.", "No se puede leer."
        ) from None


def open_text(path: Path) -> str:
    """The text of a file. Raises Unfit, in one sentence, when there is none to read."""
    return decoded(str(path), open_bytes(path))


def decoded(name: str, data: bytes) -> str:
    """A file's text. Raises Unfit when it is no text, or none in UTF-8."""
    if not data.strip():
        raise UnreadableFile(f"{name} is empty.", "El archivo está vacío. Elige otro.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            f"{name} is not UTF-8 (line {line}). Save it again as “CSV UTF-8” or as UTF-8 text.",
            f"El archivo no está en UTF-8 (renglón {line}). Guárdalo otra vez como «CSV UTF-8».",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(
            f"{name} has NUL bytes (line {line}). It is not a text file.",
            f"El archivo no es de texto (renglón {line}). Guárdalo otra vez como «CSV UTF-8».",
        )
    if text.startswith("\ufeff"):
        raise UnreadableFile(
            f"{name} begins with two marks. Save it again as “CSV UTF-8”.",
            "El archivo empieza con dos marcas. Guárdalo otra vez como «CSV UTF-8».",
        )
    return text


def read(path: Path, required: Collection[str]) -> ImportTable:
    """The lines of a CSV file with a header; commas, semicolons or tabs apart, as the header is.

    Raises Unfit when it is no such file, Faulty when columns or cells are missing.
    """
    return parse(str(path), open_bytes(path), required)


def parse(
    name: str, data: bytes, required: Collection[str], *, most: int | None = None
) -> ImportTable:
    """The same for what is in a file already read, of no more than `most` lines."""
    return table(name, _records(name, decoded(name, data)), required, most=most)


def table(
    name: str, records: Iterable[Record], required: Collection[str], *, most: int | None = None
) -> ImportTable:
    """The lines of a file from its records, the first of which is the header."""
    rest = iter(records)
    first, header = next(rest, (1, []))
    if len(header) > WIDEST:
        raise UnreadableFile(
            f"{name} has {len(header)} columns; {WIDEST} are the most.",
            f"El archivo tiene más de {WIDEST} columnas. Deja solo las de la plantilla.",
        )
    columns = tuple(title.strip().lower() for title in header)
    _refuse_header(name, first, columns, required)
    lines, faults = list[RowParser](), list[ImportFault]()
    for number, cells in rest:
        if most is not None and len(lines) >= most:
            raise UnreadableFile(
                f"{name} has more than {most} lines.",
                f"El archivo tiene más de {most:,} renglones. Súbelo en partes.",
            )
        if len(cells) != len(columns):
            reason = f"has {len(cells)} cells, and the header has {len(columns)}"
            says = f"Tiene {len(cells)} celdas y el encabezado {len(columns)}. Revisa las comas."
            faults.append(ImportFault(number, columns[0], cells[0], reason, says))
        found = {name: _unescaped(cell) for name, cell in zip(columns, cells, strict=False)}
        lines.append(RowParser(number, found))
    if faults:
        raise ImportRejected(faults)
    if not lines:
        raise UnreadableFile(
            f"{name} has a header and no lines below it.",
            "El archivo tiene encabezado y ningún renglón debajo. Escribe un taller por renglón.",
        )
    return ImportTable(columns, tuple(lines))


def refuse_twice(lines: Collection[RowParser], key: Callable[[RowParser], str], field: str) -> None:
    """Notes a fault on each line whose key another line above has."""
    seen: dict[str, int] = {}
    for line in lines:
        name = key(line)
        if name and name in seen:
            above = seen[name]
            line.fault(
                field, f"is on line {above} too", f"Ya está en el renglón {above}. Quita uno."
            )
        seen.setdefault(name, line.number)


def _refuse_header(
    name: str, first: int, columns: tuple[str, ...], required: Collection[str]
) -> None:
    missing = [title for title in required if title not in columns]
    if len(missing) == len(required):
        raise UnreadableFile(
            f"{name} has no header: its first line names the columns, as {', '.join(required)}.",
            "El primer renglón no tiene los nombres de las columnas. Baja la plantilla y llénala.",
        )
    twice = {title for title in columns if title and columns.count(title) > 1}
    faults = [
        ImportFault(
            first,
            title,
            "",
            "this column is missing from the header",
            "Falta esta columna en el encabezado. Baja la plantilla.",
        )
        for title in missing
    ]
    faults += [
        ImportFault(
            first,
            title,
            title,
            "this column is there twice",
            "Esta columna está dos veces. Quita una.",
        )
        for title in twice
    ]
    if faults:
        raise ImportRejected(faults)


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def _split(text: str) -> Iterator[str]:
    """Its lines with their ends, one at a time: no second copy of all of it is made."""
    return (found[0] for found in _LINE.finditer(text))


def _records(name: str, text: str) -> Iterator[Record]:
    """Each record that is not blank, with the number of its first line."""
    header = next((each for each in _split(text) if each.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(_split(text), delimiter=delimiter, strict=True)
    above = blank = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield above + 1, cells
            else:
                blank += 1
            if blank > BLANK:
                raise UnreadableFile(
                    f"{name} has more than {BLANK} blank lines.",
                    "El archivo tiene demasiados renglones vacíos. Bórralos y súbelo otra vez.",
                )
            above = reader.line_num
    except csv.Error as error:
        raise UnreadableFile(
            f"{name}, line {above + 1}: {error}. Look at its quotation marks.",
            f"No se entiende el renglón {above + 1}. Revisa sus comillas.",
        ) from None
