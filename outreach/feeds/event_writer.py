"""Writes the VEVENTs of a feed that the event cache lacks.

icalendar writes some 2,500 events a second, too slow for a feed of a thousand at each change of
one. A cached text is valid while neither the workshop nor what writes it has changed: the address
of the site, the words, the zone rules (`EventStyle`).
"""

import hashlib
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import metadata
from typing import Any, Final
from weakref import WeakKeyDictionary

from cachetools import LRUCache
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

FORMAT: Final = 4  # raise it when `vevent.write` writes the same workshop differently


MAX_COARSE_TEXTS: Final = 5000  # kept in the process that pushes feeds
CoarseTexts = LRUCache[tuple[int, EventStyle, datetime], bytes]
_coarse_texts: WeakKeyDictionary[Any, CoarseTexts] = WeakKeyDictionary()  # by database
_coarse_lock: Final = threading.Lock()


class EventWriter:
    """Fills in the texts of one feed's events. New texts are in `fresh`, as rows for
    `event_cache.keep`."""

    def __init__(
        self,
        session: Session,
        lang: str,
        site: PublicSite,
        *,
        has_links: bool = False,
        is_coarse: bool = False,
    ) -> None:
        self.session, self.lang, self.site = session, lang, site
        # Few feeds have links of discreet workshops: their events are not cached.
        self._has_links = has_links
        # Those of pushed feeds are cached in memory: only the worker needs them.
        self._is_coarse = is_coarse
        self.fresh: list[dict[str, Any]] = []

    def style(self, *, is_short: bool = False) -> EventStyle:
        digest = style_digest(self.site)
        mark = "+" if self._has_links else "-" if self._is_coarse else digest[-1]
        return EventStyle(self.lang, is_short, digest[:-1] + mark)

    def fill(self, pieces: Sequence[EventText], *, is_short: bool = False) -> None:
        """Writes the missing texts."""
        style = self.style(is_short=is_short)
        if self._is_coarse:
            self._recall(pieces, style)
        missing = {piece.id: piece for piece in pieces if piece.text is None}
        for workshop in feed_query.read(self.session, list(missing)):
            piece = missing[workshop.id]
            piece.text = vevent.write(
                workshop,
                self.lang,
                self.site,
                is_short=is_short,
                has_link=self._has_links,
                is_coarse=self._is_coarse,
            )
            if self._is_coarse:
                with _coarse_lock:
                    self._coarse_texts()[piece.id, style, piece.changed_at] = piece.text
            elif not self._has_links:
                changed_at = piece.changed_at.replace(tzinfo=UTC)
                self.fresh.append(row(piece.id, style, changed_at, piece.text))

    def _recall(self, pieces: Sequence[EventText], style: EventStyle) -> None:
        with _coarse_lock:
            texts = self._coarse_texts()
            for piece in pieces:
                piece.text = texts.get((piece.id, style, piece.changed_at))

    def _coarse_texts(self) -> CoarseTexts:
        database = self.session.get_bind().engine
        return _coarse_texts.setdefault(database, LRUCache(MAX_COARSE_TEXTS))


def row(workshop_id: int, style: EventStyle, changed_at: datetime, text: bytes) -> dict[str, Any]:
    """A written event as a row for `event_cache.keep`."""
    return {
        "workshop_id": workshop_id,
        "lang": style.lang,
        "is_short": style.is_short,
        "made_with": style.made_with,
        "changed_at": changed_at,
        "text": text,
    }


@lru_cache(maxsize=8)
def style_digest(site: PublicSite) -> str:
    """A digest that changes when the same workshop would be written differently."""
    parts = (
        FORMAT,
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
    """Events that feeds will need and the cache lacks, written in every language, at most `limit`
    of each. Returns rows for `event_cache.keep`."""
    span = FeedSpan(today - KEPT_AFTER_THE_END, today + AHEAD, today)
    fresh = []
    for lang in LANGUAGES:
        writer = EventWriter(session, lang, site)
        writer.fill(
            event_cache.find_missing(session, FeedQuery(None), span, writer.style(), limit=limit)
        )
        fresh += writer.fresh
    return fresh
