"""What comes in: files to rows, their faults, and the demo's data."""

from pathlib import Path
from typing import Final

# The network and January 2020, as files of the formats that `outreach load` reads.
DATA: Final = Path(__file__).with_name("data")
