"""The folder that letters are written into where they are not sent (OUTREACH_MAIL_FOLDER): what it
holds of somebody goes when they are forgotten."""

from collections.abc import Iterator
from contextlib import suppress
from email.parser import BytesHeaderParser
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.newsletter import mailings
from outreach.domain.registrations import Registration


def to_forget(session: Session, folder: Path | None) -> list[Path]:
    """The letters of those who have been forgotten, and any that is nobody's."""
    there = {path: _whose(path) for path in _letters(folder)}
    if not there:
        return []
    alive = mailings.readers(session) | {
        registration_id.lower()
        for registration_id in session.scalars(
            sa.select(Registration.id).where(Registration.key_id.is_not(None))
        )
    }
    return sorted(path for path, whose in there.items() if whose not in alive)


def forget(paths: list[Path]) -> int:
    """Deletes them, and says how many there were."""
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _letters(folder: Path | None) -> Iterator[Path]:
    if folder is not None and folder.is_dir():
        yield from folder.glob("*.eml")


def _whose(path: Path) -> str:
    """The id of the registration, the subscriber or the staff, as the letter's Message-ID says it;
    empty when it does not."""
    with suppress(OSError), path.open("rb") as file:
        words = str(BytesHeaderParser().parse(file).get("Message-ID", ""))
        return words.strip("<>").partition("@")[0].rpartition(".")[2].lower()
    return ""
