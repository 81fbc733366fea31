"""Any file of workshops as one table: what it is is seen from what is in it."""

from typing import Final

from sqlalchemy.orm import Session

from outreach.intake import formats, tables, workbook
from outreach.intake.formats import Format
from outreach.intake.tables import Table
from outreach.intake.workshops import calendar
from outreach.intake.workshops.calendar import Given
from outreach.intake.workshops.read import REQUIRED, Network

MOST_ROWS: Final = 5_000


def opened(
    session: Session, name: str, data: bytes, known: Network, given: Given | None = None
) -> Table:
    """The lines of a CSV, XLSX or iCalendar file. Raises Unfit, in one sentence, for any other and
    for one that is larger or stranger than a list of workshops; Faulty when columns are missing."""
    format_ = formats.recognise(name, data)
    if format_ is Format.XLSX:
        records = workbook.records(name, data, most=MOST_ROWS)
        return tables.table(name, records, REQUIRED, most=MOST_ROWS)
    if format_ is Format.ICS:
        return calendar.table(session, name, data, known, given or Given(), most=MOST_ROWS)
    return tables.parse(name, data, REQUIRED, most=MOST_ROWS)
