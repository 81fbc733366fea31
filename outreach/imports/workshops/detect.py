"""Reads a file of workshops in any format as one table; its content says which format it is."""

from typing import Final

from sqlalchemy.orm import Session

from outreach.imports import csv_tables, file_types, xlsx
from outreach.imports.csv_tables import ImportTable
from outreach.imports.file_types import FileType
from outreach.imports.workshops import from_ical
from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.read import REQUIRED, Network

MAX_ROWS: Final = 5_000


def read_table(
    session: Session, name: str, data: bytes, known: Network, given: IcalDefaults | None = None
) -> ImportTable:
    """The lines of a CSV, XLSX or iCalendar file.

    Raises UnreadableFile for any other file and for one that is too large or damaged, and
    ImportRejected if columns are missing.
    """
    format_ = file_types.recognise(name, data)
    if format_ is FileType.XLSX:
        records = xlsx.records(name, data, most=MAX_ROWS)
        return csv_tables.table(name, records, REQUIRED, most=MAX_ROWS)
    if format_ is FileType.ICS:
        return from_ical.table(session, name, data, known, given or IcalDefaults(), most=MAX_ROWS)
    return csv_tables.parse(name, data, REQUIRED, most=MAX_ROWS)
