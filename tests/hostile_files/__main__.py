"""Measures the refusal of each hostile file."""

import sys

from tests.hostile_files.measuring import main

if __name__ == "__main__":
    sys.exit(main())
