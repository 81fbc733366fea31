"""Files that are broken, that lie, or that are meant to harm: each made by a few lines.

`python -m tests.hostile_files` reads each of them in a process of its own, and shows how long that
took, how much memory it took, and the sentence. It ends with 1 if one took over 2 seconds or 200
MB, or was not refused.
"""

from tests.hostile_files import books, texts
from tests.hostile_files.files import FILES
from tests.hostile_files.reading import refusal

__all__ = ["FILES", "books", "refusal", "texts"]
