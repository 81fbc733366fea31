"""What the tests need of a machine. Standard library only: it runs before anything is installed."""


class Missing(Exception):
    """Something is not there. Its text says what, and how to get it."""
