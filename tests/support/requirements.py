"""The requirements: of the core in requirements.md, of extensions in their pages."""

from pathlib import Path
from typing import Final

from outreach.cli import guide

_DOCS: Final = Path(guide.__file__).parents[1] / "docs"


def read_all() -> str:
    pages = guide.list_extension_pages().values()
    return "\n".join(each.read_text() for each in (_DOCS / "requirements.md", *pages))
