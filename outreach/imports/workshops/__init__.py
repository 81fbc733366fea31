"""Workshops from a file in the format of `data/workshops-2020-01.csv`, from a workbook with the
same columns, or from an iCalendar file; and files like these made of workshops.

`read` looks at the text and knows the network only as `Network`; `preview` says what loading would
do; `load` creates, changes, publishes, cancels or reinstates workshops as staff would. May import
`feeds`, `domain` and below. Open `read` first.
"""

from outreach.imports.workshops.detect import MAX_ROWS, read_table
from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.load import load
from outreach.imports.workshops.read import (
    ImportedPlace,
    Network,
    WorkshopImportRow,
    checked,
    look,
    network,
    read,
)

__all__ = [
    "MAX_ROWS",
    "IcalDefaults",
    "ImportedPlace",
    "Network",
    "WorkshopImportRow",
    "checked",
    "load",
    "look",
    "network",
    "read",
    "read_table",
]
