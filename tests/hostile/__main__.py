"""Measures how each file is refused."""

import sys

from tests.hostile.measuring import main

if __name__ == "__main__":
    sys.exit(main())
