"""Files that several processes may make at the same moment, and all of them read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_once(path: Path, content: bytes) -> None:
    """Writes a file, closed to everybody else, unless it is there: whoever is first wins.

    It is written whole under another name first, so that nobody reads half of it."""
    draft = path.with_name(f".new-{secrets.token_hex(8)}")
    new = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(new, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync(path.parent)


def sync(folder: Path) -> None:
    """Waits until the disk has the names in a folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
