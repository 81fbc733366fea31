"""Deletes letters of erased people from the folder of OUTREACH_MAIL_FOLDER."""

from collections.abc import Iterator
from contextlib import suppress
from email.parser import BytesHeaderParser
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.newsletter import mailings
from outreach.domain.registrations import Registration
from outreach.domain.roster import members
from outreach.keystore import KeyStore, sealed_rows


def find_expired(session: Session, key_store: KeyStore, folder: Path | None) -> list[Path]:
    """The letters of people who are erased, and those of nobody."""
    recipients = {path: _recipient_id(path) for path in _letters(folder)}
    if not recipients:
        return []
    known = mailings.readers(session) | members.list_recipient_ids(session)
    known |= sealed_rows.list_recipient_ids(key_store)
    known |= {
        registration_id.lower()
        for registration_id in session.scalars(
            sa.select(Registration.id).where(Registration.key_id.is_not(None))
        )
    }
    known = {key_store.letter_recipient(each) for each in known}
    return sorted(path for path, recipient in recipients.items() if recipient not in known)


def delete_expired(store: Store, key_store: KeyStore, folder: Path | None) -> None:
    """Deletes the letters of people who are erased. Call it after their erasure."""
    if folder is not None:
        with store.read() as session:
            files = find_expired(session, key_store, folder)
        delete(files)


def delete(paths: list[Path]) -> int:
    """Deletes the files; returns how many."""
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _letters(folder: Path | None) -> Iterator[Path]:
    if folder is not None and folder.is_dir():
        yield from folder.glob("*.eml")


def _recipient_id(path: Path) -> str:
    """Returns what stands in the letter's Message-ID for its recipient (`KeyStore.letter_id`), or
    ''."""
    with suppress(OSError), path.open("rb") as file:
        message_id = str(BytesHeaderParser().parse(file).get("Message-ID", ""))
        return message_id.strip("<>").partition("@")[0].rpartition(".")[2].lower()
    return ""
