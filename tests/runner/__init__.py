"""The command tests/run: prepares the machine, and runs style checks and tests.

Standard library only: it runs before anything is installed.
"""


class Missing(Exception):
    """Something is missing. The text says what, and how to get it."""
