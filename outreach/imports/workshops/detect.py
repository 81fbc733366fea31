"""Reads a file of workshops of any format as a table; the content determines the format."""

from typing import Final

from sqlalchemy.orm import Session

from outreach.imports import csv_tables, file_types, xlsx
from outreach.imports.csv_tables import ImportTable
from outreach.imports.file_types import FileType
from outreach.imports.workshops import from_ical
from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.read import Network, required_columns

MAX_ROWS: Final = 5_000


def read_table(
    session: Session, name: str, data: bytes, known: Network, defaults: IcalDefaults | None = None
) -> ImportTable:
    """The lines of a CSV, XLSX or iCalendar file.

    Raises UnreadableFile for any other file and for one that is too large or damaged, and
    ImportRejected if columns are missing.
    """
    file_type = file_types.recognise(name, data)
    if file_type is FileType.XLSX:
        records = xlsx.records(name, data, most=MAX_ROWS)
        return csv_tables.table(name, records, required_columns(), most=MAX_ROWS)
    if file_type is FileType.ICS:
        return from_ical.table(
            session, name, data, known, defaults or IcalDefaults(), most=MAX_ROWS
        )
    return csv_tables.parse(name, data, required_columns(), most=MAX_ROWS)
