"""The dates of a workshop's series, for its page: past ones folded, the next ones listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain.scheduling import bulk
from outreach.domain.workshops import Workshop

MAX_UPCOMING: Final = 12


@dataclass(frozen=True)
class SeriesDates:
    """All dates of a series, the shown workshop among them, by start."""

    past: Sequence[Workshop]
    upcoming: Sequence[Workshop]  # at most MAX_UPCOMING
    left_out: int  # upcoming dates that are not listed

    @property
    def count(self) -> int:
        return len(self.past) + len(self.upcoming) + self.left_out


def load(session: Session, workshop: Workshop, *, now: datetime) -> SeriesDates | None:
    """The dates of the series; None without one, or where this is its only date."""
    others = bulk.list_series_dates(session, workshop, only_following=False)
    if not others:
        return None
    dates = sorted([*others, workshop], key=lambda each: (each.starts_at, each.id))
    past = [each for each in dates if each.has_ended(now)]
    upcoming = dates[len(past) :]
    return SeriesDates(past, upcoming[:MAX_UPCOMING], len(upcoming[MAX_UPCOMING:]))
