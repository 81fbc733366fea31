"""Imports workshops from CSV, XLSX and iCalendar files, and writes such files.

This is the strict policy of the reader of sheets. The columns are those of
`data/workshops-2020-01.csv`. `template` opens the file; `read` checks the text against the offices
and kinds in `Network`; `preview` computes the effect of loading; `load` creates and changes
workshops by the service that staff use. May import `feeds`, `domain`, the modules of `imports`
beside it and below. Open `template` first.
"""

from outreach.imports.workshops.from_ical import IcalDefaults
from outreach.imports.workshops.load import load
from outreach.imports.workshops.read import (
    ImportedPlace,
    Network,
    WorkshopImportRow,
    network,
    parse,
)
from outreach.imports.workshops.template import parse_or_reject, read, read_table

__all__ = [
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
