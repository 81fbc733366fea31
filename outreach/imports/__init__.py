"""Files to rows and rows to offices, kinds, figures and workshops; the data of the demo.

May import `feeds`, `accounts`, `outbound`, `domain` and below. Open `csv_tables` first; workshops
are in `workshops`, any sheet in `guess`, calendars by address in `calendar_links`.
"""

from pathlib import Path
from typing import Final

# The network and January 2020, as files of the formats that `outreach load` reads.
DATA: Final = Path(__file__).with_name("data")
