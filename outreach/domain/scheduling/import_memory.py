"""What an office imported before: the rows, by which they are known again, and how it reads sheets.

A row is known by the UID of its event, or by its fingerprint: day, start, venue and kind as the
file has them. `said` is what the file said, so that a later file changes only what it says anew,
and not what staff have changed since. Neither holds data of people who register.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus

MAX_REMEMBERED: Final = 500  # headings, kinds or venues of an office
_BATCH: Final = 500


class ImportedRow(Base):
    __tablename__ = "imported_row"
    __table_args__ = (sa.UniqueConstraint("office_id", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), index=True
    )
    said: Mapped[Words]  # the values of the row, by field
    imported_at: Mapped[datetime]


class ImportMemory(Base):
    __tablename__ = "import_memory"

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), primary_key=True)
    columns: Mapped[Words] = mapped_column(default_factory=dict)  # fields by folded heading
    kinds: Mapped[Words] = mapped_column(default_factory=dict)  # codes by folded words
    # Ids by folded name; none for one that is no known venue.
    venues: Mapped[Words] = mapped_column(default_factory=dict)


@dataclass(frozen=True)
class ImportedBefore:
    """A workshop that an office imported, with the text of its row at that time."""

    workshop_id: int
    said: Mapping[str, str]


@dataclass(frozen=True)
class Remembered:
    """The office's meaning of columns, kinds and venues in sheets.

    A column with an empty field is not read.
    """

    columns: Mapping[str, str]
    kinds: Mapping[str, str]
    venues: Mapping[str, str]


def fingerprint_uid(uid: str) -> str:
    """Returns the fingerprint of an event, by its UID."""
    return hashlib.sha256(f"uid\n{uid}".encode()).hexdigest()


def fingerprint_row(day: date, starts: time, venue: str, kind: str) -> str:
    """Returns the fingerprint of a row of a sheet."""
    text = f"row\n{day}\n{starts:%H:%M}\n{_fold(venue)}\n{kind}"
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4_096)
def _fold(venue: str) -> str:
    return fold(venue)


def find_rows(
    session: Session, office: Office, fingerprints: Collection[str]
) -> dict[str, ImportedBefore]:
    """Returns the rows that the office imported before, by fingerprint."""
    wanted = list(fingerprints)
    found: dict[str, ImportedBefore] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = session.execute(
            sa.select(ImportedRow.fingerprint, ImportedRow.workshop_id, ImportedRow.said).where(
                ImportedRow.office_id == office.id,
                ImportedRow.fingerprint.in_(wanted[start : start + _BATCH]),
            )
        )
        found |= {row[0]: ImportedBefore(row[1], row[2]) for row in rows}
    return found


def find_by_workshop(
    session: Session, office: Office, workshop_ids: Sequence[int]
) -> dict[int, ImportedBefore]:
    """Returns what the office's rows said of these workshops, by id of workshop."""
    rows = session.execute(
        sa.select(ImportedRow.workshop_id, ImportedRow.said)
        .where(ImportedRow.office_id == office.id, ImportedRow.workshop_id.in_(workshop_ids))
        .order_by(ImportedRow.id)
    )
    return {row[0]: ImportedBefore(row[0], row[1]) for row in rows} if workshop_ids else {}


def find_cancelled(session: Session, office: Office, workshop_ids: Sequence[int]) -> set[int]:
    """Returns the ids of those workshops whose row said that they are cancelled."""
    found: set[int] = set()
    for start in range(0, len(workshop_ids), _BATCH):
        rows = find_by_workshop(session, office, workshop_ids[start : start + _BATCH])
        found |= {
            workshop_id
            for workshop_id, each in rows.items()
            if each.said.get("status") == WorkshopStatus.CANCELLED.value
        }
    return found


@dataclass(frozen=True)
class StoredWorkshop:
    """The fields of a stored workshop with which a row is compared."""

    id: int
    public_id: str
    uid: str
    day: date
    starts: time
    ends: time
    kind: str
    venue_id: int | None
    is_cancelled: bool


def list_stored(session: Session, office: Office, first: date, last: date) -> list[StoredWorkshop]:
    """Returns the workshops of an office from the day `first` to the day `last`."""
    rows = session.execute(
        sa.select(
            Workshop.id,
            Workshop.public_id,
            Workshop.uid,
            Workshop.day,
            Workshop.starts,
            Workshop.ends,
            Kind.code.label("kind"),
            Workshop.venue_id,
            Workshop.cancelled_at.is_not(None).label("is_cancelled"),
        )
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(Workshop.office_id == office.id, Workshop.day >= first, Workshop.day <= last)
        .order_by(Workshop.id)
    )
    return [StoredWorkshop(**row) for row in rows.mappings()]


def save_rows(
    session: Session,
    office: Office,
    rows: Sequence[tuple[str, Workshop, Words]],
    *,
    now: datetime,
) -> None:
    """Keeps the fingerprint, workshop and values of imported rows; a known one is renewed.

    The change that the import made is not later than `imported_at`: who edits the workshop
    does so after that.
    """
    known = {
        each.fingerprint: each
        for start in range(0, len(rows), _BATCH)
        for each in session.scalars(
            sa.select(ImportedRow).where(
                ImportedRow.office_id == office.id,
                ImportedRow.fingerprint.in_([row[0] for row in rows[start : start + _BATCH]]),
            )
        )
    }
    new = []
    for fingerprint, workshop, said in rows:
        row, imported_at = known.get(fingerprint), max(now, workshop.changed_at)
        if row is None:
            new.append(
                {
                    "office_id": office.id,
                    "fingerprint": fingerprint,
                    "workshop_id": workshop.id,
                    "said": said,
                    "imported_at": imported_at,
                }
            )
        else:
            row.workshop_id, row.said, row.imported_at = workshop.id, said, imported_at
    if new:
        session.execute(sa.insert(ImportedRow), new)
    session.flush()


def forget_rows(session: Session, workshop_ids: Sequence[int]) -> None:
    """Forgets that these workshops were imported: a file brings their rows in anew."""
    for start in range(0, len(workshop_ids), _BATCH):
        some = workshop_ids[start : start + _BATCH]
        session.execute(sa.delete(ImportedRow).where(ImportedRow.workshop_id.in_(some)))


def recall(session: Session, office: Office) -> Remembered:
    """Returns how the office reads sheets; empty where it has imported none."""
    memory = session.get(ImportMemory, office.id)
    if memory is None:
        return Remembered({}, {}, {})
    return Remembered(dict(memory.columns), dict(memory.kinds), dict(memory.venues))


def remember(
    session: Session,
    office: Office,
    *,
    columns: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    venues: Mapping[str, int | None] | None = None,
) -> None:
    """Keeps what somebody chose: fields by heading, kinds by words, venues by name."""
    memory = session.get(ImportMemory, office.id)
    if memory is None:
        memory = ImportMemory(office_id=office.id)
        session.add(memory)
    memory.columns = _joined(memory.columns, columns or {})
    memory.kinds = _joined(memory.kinds, kinds or {})
    memory.venues = _joined(
        memory.venues, {name: str(id or "") for name, id in (venues or {}).items()}
    )
    session.flush()


def _joined(before: Words, new: Mapping[str, str]) -> Words:
    """Merges new meanings into the former ones, the newest last, and forgets the oldest."""
    folded = {fold(words): value for words, value in new.items()}
    joined = {words: value for words, value in before.items() if words not in folded} | folded
    return dict(list(joined.items())[-MAX_REMEMBERED:])
