"""Finds workshops, venues and partners of the staff's offices by words and days.

A word matches what begins with it, without accents and capitals. What is read is bounded by the
offices of the staff member: an index covers the search of workshops (decision 0046). People
are not searched here (`registrations.staff_lookup`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.partners import Partner

MAX_WORDS: Final = 6
MAX_SORTED: Final = 500  # workshops
DaySpan = tuple[date, date]  # first and last day


class DayMeaning(NamedTuple):
    """The meaning of a query of which a part is read as a day."""

    spans: tuple[DaySpan, ...]  # two where day or month may come first: «5/12»
    words: tuple[str, ...]  # the rest of the query, folded


@dataclass(frozen=True)
class StaffQuery:
    """A search by staff.

    It finds a workshop where all words match, or the day and the words beside it.
    """

    words: tuple[str, ...]  # folded
    code: str = ""  # all of it as one code, as `read_code` returns; empty where it cannot be one
    day: DayMeaning | None = None

    @property
    def is_empty(self) -> bool:
        return not self.words


@dataclass(frozen=True)
class FoundWorkshops:
    workshops: Sequence[Workshop]  # those to come, the next first; then past ones, the last first
    total: int
    ahead: int  # how many of `total` are to come


def split_words(text: str) -> tuple[str, ...]:
    """Returns the words of a text as they are compared, at most MAX_WORDS."""
    return tuple(fold(text).split()[:MAX_WORDS])


def find_workshops(
    session: Session,
    offices: Sequence[Office],
    query: StaffQuery,
    *,
    addresses: frozenset[str] | None = None,
    today: date,
    limit: int,
) -> FoundWorkshops:
    """Returns the workshops of these offices that a query finds, drafts too; at most `limit`
    are loaded.

    By the words of a hidden venue, only those of the offices `addresses` (slugs, None for
    all) are found.
    """
    if query.is_empty or not offices:
        return FoundWorkshops([], 0, 0)
    found = [
        # Also of who sees all offices: without it, SQLite does not choose the index.
        Workshop.office_id.in_([each.id for each in offices]),
        sa.or_(*_conditions(query, _Searched(offices, kinds.list_kinds(session), addresses))),
    ]
    ahead_only = sa.case((Workshop.day >= today, 1))
    total, ahead = session.execute(
        sa.select(sa.func.count(), sa.func.count(ahead_only)).where(*found)
    ).one()
    ids = list_ids(session, found, total, today=today, limit=limit) if total else []
    by_id = {
        each.id: each for each in session.scalars(sa.select(Workshop).where(Workshop.id.in_(ids)))
    }
    # One may be deleted meanwhile.
    return FoundWorkshops([by_id[each] for each in ids if each in by_id], total, ahead)


def list_ids(
    session: Session,
    found: Sequence[sa.ColumnElement[bool]],
    total: int,
    *,
    today: date,
    limit: int,
) -> list[int]:
    """Returns the ids of the `total` found: those to come, the next first, then past ones, the
    last first.

    A few are read from the index that covers the search and sorted here; of many, the index of days
    leads to the first ones soon.
    """
    if total <= MAX_SORTED:
        rows = session.execute(sa.select(Workshop.day, Workshop.id).where(*found)).all()
        ahead = sorted((day, each) for day, each in rows if day >= today)
        past = sorted(((day, each) for day, each in rows if day < today), reverse=True)
        return [each for _day, each in (*ahead, *past)][:limit]
    ids = list(
        session.scalars(
            sa.select(Workshop.id)
            .where(*found, Workshop.day >= today)
            .order_by(Workshop.day, Workshop.id)
            .limit(limit)
        )
    )
    if len(ids) < limit:
        ids += session.scalars(
            sa.select(Workshop.id)
            .where(*found, Workshop.day < today)
            .order_by(Workshop.day.desc(), Workshop.id.desc())
            .limit(limit - len(ids))
        )
    return ids


class _Searched(NamedTuple):
    """The offices and kinds that a search looks at, and the offices whose hidden venues it may
    find.
    """

    offices: Sequence[Office]
    kinds: Sequence[Kind]
    addresses: frozenset[str] | None


def _conditions(query: StaffQuery, searched: _Searched) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions by which a workshop is found; one is enough."""
    ways = [sa.and_(*(_has_word(word, searched) for word in query.words))]
    if query.code:
        of_uid = sa.orm.aliased(Workshop)
        by_uid = sa.select(of_uid.id).where(of_uid.uid == query.code)
        ways.append(Workshop.search_text.contains(f" {query.code.lower()}"))
        ways.append(Workshop.id.in_(by_uid))
    if query.day is not None:
        days = sa.or_(*(Workshop.day.between(first, last) for first, last in query.day.spans))
        words = (_has_word(word, searched) for word in query.day.words)
        ways.append(sa.and_(days, *words))
    return ways


def _has_word(word: str, searched: _Searched) -> sa.ColumnElement[bool]:
    """Returns the condition that the title, the code, the venue, the kind or the city of the
    office has the word.
    """
    offices = searched.offices
    at_venues = sa.select(Venue.id).where(
        Venue.office_id.in_([each.id for each in offices]), Venue.search_text.contains(f" {word}")
    )
    is_there: sa.ColumnElement[bool] = Workshop.venue_id.in_(at_venues)
    if searched.addresses is not None:
        known = [each.id for each in offices if each.slug in searched.addresses]
        is_open = Workshop.visibility == Visibility.PUBLIC
        is_there = sa.and_(is_there, sa.or_(is_open, Workshop.office_id.in_(known)))
    choices = [Workshop.search_text.contains(f" {word}"), is_there]
    if of_kinds := [each.id for each in searched.kinds if has_words(kind_words(each), (word,))]:
        choices.append(Workshop.kind_id.in_(of_kinds))
    if of_offices := [each.id for each in offices if has_words(office_words(each), (word,))]:
        choices.append(Workshop.office_id.in_(of_offices))
    return sa.or_(*choices)


def kind_words(kind: Kind) -> str:
    return fold(" ".join((*kind.name.values(), *kind.short_name.values(), kind.public_code)))


def office_words(office: Office) -> str:
    return fold(" ".join((*office.name.values(), office.city, office.slug)))


def has_words(folded: str, words: Collection[str]) -> bool:
    """Tells whether each word begins a word of a folded text."""
    padded = f" {folded}"
    return all(f" {word}" in padded for word in words)


def find_kinds(session: Session, words: Sequence[str]) -> list[Kind]:
    return [each for each in kinds.list_kinds(session) if has_words(kind_words(each), words)]


def find_venues(
    session: Session, offices: Sequence[Office], words: Sequence[str], *, limit: int
) -> Sequence[Venue]:
    """Returns venues of these offices by name or address, those in use first."""
    if not words or not offices:
        return []
    return session.scalars(
        sa.select(Venue)
        .options(sa.orm.joinedload(Venue.office, innerjoin=True))
        .where(
            Venue.office_id.in_([each.id for each in offices]),
            Venue.merged_into_id.is_(None),
            *(Venue.search_text.contains(f" {word}") for word in words),
        )
        .order_by(Venue.retired_at.is_not(None), Venue.name, Venue.id)
        .limit(limit)
    ).all()


def find_partners(
    session: Session, offices: Sequence[Office], words: Sequence[str], *, limit: int
) -> list[Partner]:
    """Returns the partners of these offices that have these words in their name, those in use
    first.

    The names of all of them are read: there are a few hundred.
    """
    if not words or not offices:
        return []
    rows = session.execute(
        sa.select(Partner.id, Partner.name).where(
            Partner.office_id.in_([each.id for each in offices])
        )
    )
    ids = [row.id for row in rows if has_words(fold(row.name), words)]
    found = sa.select(Partner).where(Partner.id.in_(ids[:limit]))
    return list(session.scalars(found.order_by(Partner.retired_at.is_not(None), Partner.name)))
