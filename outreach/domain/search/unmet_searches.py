"""Searches of the public that found nothing: counts by week, state and kind, without any text.

Nothing in them leads to a person: who searched is not stored, and a count is shown from MIN_SHOWN
on. A search for a discreet kind is counted for the whole network, never for a state.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import RegionCode

KEPT: Final = timedelta(days=365)
MIN_SHOWN: Final = 10  # searches in a week
ANY_KIND: Final = 0
WHOLE_NETWORK: Final = ""


class UnmetSearch(NamedTuple):
    """A search that found nothing, in the week that begins on a Monday."""

    week: date
    region: str  # IL, QC; WHOLE_NETWORK for a search without a place, or for a discreet kind
    kind_id: int  # ANY_KIND for a search without a kind


class UnmetSearchCount(Base):
    __tablename__ = "unmet_search_count"

    week: Mapped[date] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(RegionCode, primary_key=True)
    # No foreign key: ANY_KIND is none.
    kind_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    searches: Mapped[int]


def make(day: date, region: str, kind_id: int, *, is_discreet: bool) -> UnmetSearch:
    """Makes the search of a day. One for a discreet kind has no state."""
    week = day - timedelta(days=day.weekday())
    return UnmetSearch(week, WHOLE_NETWORK if is_discreet else region, kind_id)


def add(session: Session, counts: Mapping[UnmetSearch, int]) -> None:
    """Adds these numbers of searches to the stored counts."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    for each in sorted(counts):  # sorted: two processes wait for each other and do not deadlock
        statement = insert(UnmetSearchCount).values(searches=counts[each], **each._asdict())
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["week", "region", "kind_id"],
                set_={"searches": UnmetSearchCount.searches + statement.excluded.searches},
            )
        )


def list_shown(session: Session, since: date) -> list[tuple[UnmetSearch, int]]:
    """Returns the counts of MIN_SHOWN and more since that day.

    The last week comes first, and in it the largest count.
    """
    rows = session.execute(
        sa.select(
            UnmetSearchCount.week,
            UnmetSearchCount.region,
            UnmetSearchCount.kind_id,
            UnmetSearchCount.searches,
        )
        .where(UnmetSearchCount.week >= since, UnmetSearchCount.searches >= MIN_SHOWN)
        .order_by(
            UnmetSearchCount.week.desc(),
            UnmetSearchCount.searches.desc(),
            UnmetSearchCount.region,
            UnmetSearchCount.kind_id,
        )
    )
    return [(UnmetSearch(week, region, kind_id), n) for week, region, kind_id, n in rows]


def purge(session: Session, today: date) -> None:
    session.execute(sa.delete(UnmetSearchCount).where(UnmetSearchCount.week < today - KEPT))
