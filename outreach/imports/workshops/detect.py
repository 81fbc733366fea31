"""Any file of workshops as one table: what it is is seen from what is in it."""

from typing import Final

from sqlalchemy.orm import Session

from outreach.imports import csv_tables, file_types, xlsx
from outreach.imports.csv_tables import ImportTable
from outreach.imports.file_types import FileType
from outreach.imports.workshops import from_ical
from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.read import REQUIRED, Network

MOST_ROWS: Final = 5_000


def opened(
    session: Session, name: str, data: bytes, known: Network, given: IcalDefaults | None = None
) -> ImportTable:
    """The lines of a CSV, XLSX or iCalendar file. Raises Unfit, in one sentence, for any other and
    for one that is larger or stranger than a list of workshops; Faulty when columns are missing."""
    format_ = file_types.recognise(name, data)
    if format_ is FileType.XLSX:
        records = xlsx.records(name, data, most=MOST_ROWS)
        return csv_tables.table(name, records, REQUIRED, most=MOST_ROWS)
    if format_ is FileType.ICS:
        return from_ical.table(session, name, data, known, given or IcalDefaults(), most=MOST_ROWS)
    return csv_tables.parse(name, data, REQUIRED, most=MOST_ROWS)
