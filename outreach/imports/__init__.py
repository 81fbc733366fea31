"""Files to rows and rows to offices, kinds, figures and workshops; the data of the demo.

Sheets of workshops go through the same steps by one of two policies (`sheets.sheet_policy`): that
of the template is strict and loads all or nothing, the other guesses and loads the good rows.

    step                 the template             any sheet
    file to cells        `sheets.sheet_reader`    `sheets.sheet_reader`
    cells to columns     `csv_tables.table`       `guess.source_table`, `guess.columns`
    events to columns    `workshops.from_ical`    `guess.calendar_rows`
    columns to rows      `workshops.read`         `guess.parsed_rows`
    what rows would do   `workshops.preview`      `guess.proposals`
    rows to workshops    `workshops.load`         `guess.loading`, by the loader of `workshops.load`

`workshops.template` and `guess.conversation` call them in their order. May import `feeds`,
`accounts`, `outbound`, `domain` and below. Open `sheets.sheet_reader` first; calendars by address
are in `calendar_links`.
"""

from pathlib import Path
from typing import Final

# The network and January 2020, as files of the formats that `outreach load` reads.
DATA: Final = Path(__file__).with_name("data")
