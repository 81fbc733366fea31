"""Writes the VEVENTs of a feed that are not kept yet.

icalendar writes some 2,500 of them a second; a feed of a thousand must not wait for that at each
change of one. A kept text holds while nothing it shows has changed, and while what writes it has
not: the site's address, the words, the zone rules.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import metadata
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.domain.calendar import event_cache, feed_query
from outreach.domain.calendar.event_cache import (
    AHEAD,
    KEPT_AFTER_THE_END,
    EventStyle,
    EventText,
    FeedSpan,
)
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.feeds import labels, vevent
from outreach.feeds.vevent import PublicSite
from outreach.i18n import LANGUAGES

WRITTEN_BY: Final = 2  # raise it when `event.write` writes the same workshop differently


class EventWriter:
    """Fills pieces of one feed with their texts. What it had to write is in `fresh`, for
    `domain.entries.keep`."""

    def __init__(self, session: Session, lang: str, site: PublicSite) -> None:
        self.session, self.lang, self.site = session, lang, site
        self.fresh: list[dict[str, Any]] = []

    def manner(self, *, is_short: bool = False) -> EventStyle:
        return EventStyle(self.lang, is_short, made_with(self.site))

    def fill(self, pieces: Sequence[EventText], *, is_short: bool = False) -> None:
        """Writes the texts that are not there."""
        missing = {piece.id: piece for piece in pieces if piece.text is None}
        for workshop in feed_query.read(self.session, list(missing)):
            piece = missing[workshop.id]
            piece.text = vevent.write(workshop, self.lang, self.site, is_short=is_short)
            manner, changed_at = self.manner(is_short=is_short), piece.changed_at
            self.fresh.append(row(piece.id, manner, changed_at.replace(tzinfo=UTC), piece.text))


def row(workshop_id: int, manner: EventStyle, changed_at: datetime, text: bytes) -> dict[str, Any]:
    """A written entry, as `domain.entries.keep` takes it."""
    return {
        "workshop_id": workshop_id,
        "lang": manner.lang,
        "is_short": manner.is_short,
        "made_with": manner.made_with,
        "changed_at": changed_at,
        "text": text,
    }


@lru_cache(maxsize=8)
def made_with(site: PublicSite) -> str:
    """Another one as soon as the same workshop would be written differently."""
    parts = (
        WRITTEN_BY,
        labels.WORDED_AT,
        site.public_url,
        site.host,
        site.phone,
        *(metadata.version(name) for name in ("tzdata", "babel", "icalendar")),
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def write_missing(
    session: Session, site: PublicSite, *, today: date, limit: int
) -> list[dict[str, Any]]:
    """What feeds are going to ask for and nobody has yet, written in every language, at most
    `limit` of each: for `domain.entries.keep`."""
    span = FeedSpan(today - KEPT_AFTER_THE_END, today + AHEAD, today)
    fresh = []
    for lang in LANGUAGES:
        writer = EventWriter(session, lang, site)
        writer.fill(
            event_cache.find_missing(session, FeedQuery(None), span, writer.manner(), limit=limit)
        )
        fresh += writer.fresh
    return fresh
