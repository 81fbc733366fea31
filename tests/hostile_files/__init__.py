"""Malformed and malicious files for the import of workshops.

`python -m tests.hostile_files` reads each in a process of its own and prints seconds, memory and
the error message. It exits with 1 if one took over 2 seconds or 200 MB, or was not refused.
"""

from tests.hostile_files import books, texts
from tests.hostile_files.files import FILES
from tests.hostile_files.reading import refusal

__all__ = ["FILES", "books", "refusal", "texts"]
