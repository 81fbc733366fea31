"""Where else there is a place, and whom to call: what a page says when this one cannot be had."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.network.kinds import Way
from outreach.domain.search import search
from outreach.domain.search.search import SearchFilters, SearchResult
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.web.context import config, store
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.presentation.workshop_cards import WorkshopCard

MOST: Final = 3
MOST_DAYS: Final = 12


@dataclass(frozen=True)
class AlternativeDay:
    """Another day of the same consultations."""

    address: str
    words: str
    is_this: bool


def alternatives(session: Session, workshop: Workshop, *, now: datetime) -> list[WorkshopCard]:
    """The next workshops of the office that can be had, of the same kind if there are any.

    None for a discreet kind: the page is neutral, and its cards would tell.
    """
    if workshop.is_discreet:
        return []
    of_kind = _same_kind(workshop)
    for filters in (of_kind, replace(of_kind, kinds=())):
        found = search.search_upcoming(session, filters, now=now, limit=20).found
        open_ones = [each for each in found if each.id != workshop.id and _can_be_had(each, now)]
        if open_ones:
            return [workshop_cards.card(each, now=now) for each in open_ones[:MOST]]
    return []


def other_days(workshop: Workshop) -> list[AlternativeDay]:
    """The days on which the office holds the same consultations, this one among them; none for a
    discreet kind, and none where this is the only day."""
    if workshop.is_discreet:
        return []
    now = clock.now()
    with store().read() as session:
        found = search.search_upcoming(session, _same_kind(workshop), now=now).found
    days = [
        each
        for each in found
        if each.way is Way.SLOTS
        and each.office_slug == workshop.office.slug
        and (each.id == workshop.id or _can_be_had(each, now))
    ][:MOST_DAYS]
    times = Counter(each.day for each in days)
    return [
        AlternativeDay(
            address=f"/{i18n.current()}/t/{each.public_id}/lugar",
            words=_words(each.day)
            + (f", {formatting.hour(each.starts)}" if times[each.day] > 1 else ""),
            is_this=each.id == workshop.id,
        )
        for each in (days if len(days) > 1 else [])
    ]


def phone_of(workshop: Workshop) -> str:
    """The number to call about a workshop; empty if nobody gave one."""
    return workshop.phone or workshop.office.phone or config().phone


def _same_kind(workshop: Workshop) -> SearchFilters:
    """Those of its kind, around its office."""
    office = workshop.office
    here = Location(
        scale=LocationScale.OFFICE, office=office.id, city=fold(office.city), region=office.region
    )
    return SearchFilters(where=here, kinds=(workshop.kind_id,))


def _can_be_had(found: SearchResult, now: datetime) -> bool:
    return (
        found.status is WorkshopStatus.PUBLISHED
        and found.starts_at > now
        and found.seats_left > 0
        and not found.is_discreet
        and workshop_cards.opening(found, now=now) is None
    )


def _words(day: date) -> str:
    """Sáb 5 dic"""
    return formatting.first_capital(formatting.slim_day(day))
