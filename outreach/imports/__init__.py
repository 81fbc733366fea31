"""Files to rows and rows to offices, kinds, figures and workshops; the data of the demo.

May import `feeds`, `domain` and below. Open `csv_tables` first; workshops are in `workshops`.
"""

from pathlib import Path
from typing import Final

# The network and January 2020, as files of the formats that `outreach load` reads.
DATA: Final = Path(__file__).with_name("data")
