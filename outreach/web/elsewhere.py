"""Where else there is a place, and whom to call: what a page says when this one cannot be had."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain import finding
from outreach.domain.finding import Filters, Found
from outreach.domain.text import plain
from outreach.domain.whereabouts import Scale, Where
from outreach.domain.workshops import Standing, Workshop
from outreach.web import cards
from outreach.web.cards import Card
from outreach.web.context import config

MOST: Final = 3


def alternatives(session: Session, workshop: Workshop, *, now: datetime) -> list[Card]:
    """The next workshops of the office that can be had, of the same kind if there are any.

    None for a discreet kind: the page is neutral, and its cards would tell.
    """
    if workshop.is_discreet:
        return []
    office = workshop.office
    here = Where(
        scale=Scale.OFFICE, office=office.id, city=plain(office.city), region=office.region
    )
    of_kind = Filters(where=here, kinds=(workshop.kind_id,))
    for filters in (of_kind, replace(of_kind, kinds=())):
        found = finding.upcoming(session, filters, now=now, limit=20).found
        open_ones = [each for each in found if each.id != workshop.id and _can_be_had(each, now)]
        if open_ones:
            return [cards.card(each, now=now) for each in open_ones[:MOST]]
    return []


def phone_of(workshop: Workshop) -> str:
    """The number to call about a workshop; empty if nobody gave one."""
    return workshop.phone or workshop.office.phone or config().phone


def _can_be_had(found: Found, now: datetime) -> bool:
    return (
        found.standing is Standing.PUBLISHED
        and found.starts_at > now
        and found.seats_left > 0
        and not found.is_discreet
    )
