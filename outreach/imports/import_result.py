"""The result of loading a file: how many rows were new, changed or the same."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.workshops import Workshop

Row = TypeVar("Row")


class RowOutcome(StrEnum):
    """The effect of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


# Wraps an iterable of rows to show progress.
Watch = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(kw_only=True)
class ImportResult:
    counts: Counter[RowOutcome] = field(default_factory=Counter)
    # The same by the slug of an office or by month; «» for the whole network. A row that moves a
    # workshop from one office to another counts for both.
    about: dict[str, Counter[RowOutcome]] = field(default_factory=dict)
    # The new day of erasure where it has changed, by the number of the workshop in the key store.
    # The caller moves the keys (`KeyStore.move`) after the commit.
    moved: dict[int, date] = field(default_factory=dict)
    # Changed workshops whose people may have to be told.
    changed_workshops: list[Workshop] = field(default_factory=list)
    # New venues that are like one that the office has: line, name, and the name of the other.
    like: list[tuple[int, str, str]] = field(default_factory=list)

    def count(self, outcome: RowOutcome, *about: str) -> None:
        """Counts one row."""
        self.counts[outcome] += 1
        for each in set(about):
            self.about.setdefault(each, Counter())[outcome] += 1

    def __str__(self) -> str:
        new, changed, same = (self.counts[outcome] for outcome in RowOutcome)
        return f"{new} new, {changed} changed, {same} as they were"


def without_progress(rows: Iterable[Row]) -> Iterable[Row]:
    """A Watch that shows nothing."""
    return rows


def fill(thing: object, values: Mapping[str, object]) -> bool:
    """Sets the attributes that differ. Returns whether any did."""
    changed = {name: new for name, new in values.items() if getattr(thing, name) != new}
    for name, new in changed.items():
        setattr(thing, name, new)
    return bool(changed)


def record_load(
    session: Session, what: str, loaded: ImportResult, organizer_id: int | None, *, now: datetime
) -> None:
    """Writes an entry for each office, month or list with a new or changed row. `what` is offices,
    kinds, figures, venues or workshops; `organizer_id` the staff member, None on the command line.
    """
    for about, counts in sorted(loaded.about.items()):
        details: Details = {outcome.value: counts[outcome] for outcome in RowOutcome}
        if set(counts) == {RowOutcome.SAME}:
            continue
        if what == "offices":
            action = "office opened" if counts[RowOutcome.NEW] else "office changed"
            audit_log.record(
                session, organizer_id, action, now=now, office=about, details={"office": about}
            )
        elif what == "kinds":
            audit_log.record(session, organizer_id, "kinds brought in", now=now, details=details)
        elif what == "figures":
            details = {"month": about, **details}
            audit_log.record(session, organizer_id, "figures brought in", now=now, details=details)
        else:
            action = "venues brought in" if what == "venues" else "workshops brought in"
            audit_log.record(session, organizer_id, action, now=now, office=about, details=details)
