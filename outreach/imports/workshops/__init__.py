"""Imports workshops from CSV, XLSX and iCalendar files, and writes such files.

The columns are those of `data/workshops-2020-01.csv`. `read` checks the text against the offices
and kinds in `Network`; `preview` computes the effect of loading; `load` creates and
changes workshops by the service that staff use. May import `feeds`, `domain` and below. Open `read`
first.
"""

from outreach.imports.workshops.detect import MAX_ROWS, read_table
from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.load import load
from outreach.imports.workshops.read import (
    ImportedPlace,
    Network,
    WorkshopImportRow,
    network,
    parse,
    parse_or_reject,
    read,
)

__all__ = [
    "MAX_ROWS",
    "IcalDefaults",
    "ImportedPlace",
    "Network",
    "WorkshopImportRow",
    "load",
    "network",
    "parse",
    "parse_or_reject",
    "read",
    "read_table",
]
