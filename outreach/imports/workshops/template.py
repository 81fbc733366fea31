"""Reads a file that follows the template: the strict policy of the reader of sheets.

What is wrong is a fault of its line and column, and nothing of the file is loaded. The content
determines the format.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from outreach.imports import csv_tables
from outreach.imports.csv_tables import ImportTable
from outreach.imports.import_errors import ImportRejected
from outreach.imports.sheets import file_types, sheet_reader
from outreach.imports.sheets.file_types import FileType
from outreach.imports.sheets.sheet_policy import STRICT
from outreach.imports.workshops import from_ical
from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.read import Network, WorkshopImportRow, parse, required_columns


def read(path: Path, known: Network) -> list[WorkshopImportRow]:
    """The workshops of a CSV file of any length. Raises ImportRejected with all faults, and
    UnreadableFile."""
    return parse_or_reject(csv_tables.read(path, required_columns()), known)


def read_table(
    session: Session, name: str, data: bytes, known: Network, defaults: IcalDefaults | None = None
) -> ImportTable:
    """The lines of a CSV, XLSX or iCalendar file.

    Raises UnreadableFile for any other file and for one that is too large or damaged, and
    ImportRejected if columns are missing.
    """
    most = STRICT.max_rows
    if file_types.recognise(name, data, STRICT) is FileType.ICS:
        return from_ical.table(session, name, data, known, defaults or IcalDefaults(), most=most)
    records = sheet_reader.list_records(name, data)
    return csv_tables.table(name, records, required_columns(), most=most)


def parse_or_reject(table: ImportTable, known: Network) -> list[WorkshopImportRow]:
    """The workshops of a table. Raises ImportRejected with all faults."""
    rows, faults = parse(table, known)
    if faults:
        raise ImportRejected(faults)
    return rows
