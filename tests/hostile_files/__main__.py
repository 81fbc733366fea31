"""Measures how each file is refused."""

import sys

from tests.hostile_files.measuring import main

if __name__ == "__main__":
    sys.exit(main())
