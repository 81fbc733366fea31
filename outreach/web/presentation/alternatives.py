"""Alternatives to a workshop that takes no registration: other workshops, other days, a phone."""

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
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.web.context import config, store
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.presentation.workshop_cards import WorkshopCard

MAX_ALTERNATIVES: Final = 3
MAX_DAYS: Final = 12


@dataclass(frozen=True)
class AlternativeDay:
    """Another day of the same consultations."""

    address: str
    words: str
    is_this: bool
    place: str = ""  # where it is, if somewhere else


def alternatives(session: Session, workshop: Workshop, *, now: datetime) -> list[WorkshopCard]:
    """Returns up to three upcoming workshops with free places, of the same kind if any.

    Returns none for a discreet kind: cards would reveal the kind on a neutral page.
    """
    if workshop.is_discreet:
        return []
    of_kind = search_same_kind(workshop)
    for filters in (of_kind, replace(of_kind, kinds=())):
        found = search.search_upcoming(session, filters, now=now, limit=20).found
        available = [each for each in found if each.id != workshop.id and _is_available(each, now)]
        if available:
            return [workshop_cards.card(each, now=now) for each in available[:MAX_ALTERNATIVES]]
    return []


def other_days(workshop: Workshop) -> list[AlternativeDay]:
    """Returns the days of the same consultations at the office, including this one.

    Returns none for a discreet kind, and none if this is the only day.
    """
    if workshop.is_discreet:
        return []
    now = clock.now()
    with store().read() as session:
        found = search.search_upcoming(session, search_same_kind(workshop), now=now).found
    days = [
        each
        for each in found
        if each.way is Way.SLOTS
        and each.office_slug == workshop.office.slug
        and (each.id == workshop.id or _is_available(each, now))
    ][:MAX_DAYS]
    times = Counter(each.day for each in days)
    own_place = next((_place(each) for each in days if each.id == workshop.id), "")
    return [
        AlternativeDay(
            address=f"/{i18n.current()}/t/{each.public_id}/lugar",
            words=_words(each.day)
            + (f", {formatting.hour(each.starts)}" if times[each.day] > 1 else ""),
            is_this=each.id == workshop.id,
            place=_place(each) if _place(each) != own_place else "",
        )
        for each in (days if len(days) > 1 else [])
    ]


def phone_of(workshop: Workshop) -> str:
    """Returns the phone number for questions about a workshop; empty if there is none."""
    return workshop.phone or workshop.office.phone or config().phone


def search_same_kind(workshop: Workshop) -> SearchFilters:
    """Returns the search for workshops of the same kind near the same office."""
    office = workshop.office
    location = Location(
        scale=LocationScale.OFFICE, office=office.id, city=fold(office.city), region=office.region
    )
    return SearchFilters(where=location, kinds=(workshop.kind_id,))


def _is_available(found: SearchResult, now: datetime) -> bool:
    return (
        found.status is WorkshopStatus.PUBLISHED
        and found.starts_at > now
        and found.seats_left > 0
        and not found.is_discreet
        and workshop_cards.opening(found, now=now) is None
    )


def _place(found: SearchResult) -> str:
    if found.mode is DeliveryMode.PHONE_BANK or not found.mode.has_venue:
        return workshop_cards.mode_words(found.mode)
    return workshop_cards.place(found)


def _words(day: date) -> str:
    """Returns a day in short with a capital, as «Sáb 5 dic»."""
    return formatting.first_capital(formatting.slim_day(day))
