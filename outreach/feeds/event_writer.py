"""Writes the VEVENTs of a feed that the event cache lacks.

icalendar writes some 2,500 events a second, too slow for a feed of a thousand at each change of
one. A cached text is valid while neither the workshop nor what writes it has changed: the address
of the site, the words, the zone rules (`EventStyle`). The worker stores texts in the database; a
request that finds none there writes it and keeps it in the memory of its process. Nothing is stored
by who reads a feed: a poll would stand in line with people who register (decision 0040).
"""

import hashlib
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import metadata
from typing import Any, Final
from weakref import WeakKeyDictionary

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
from outreach.domain.workshops import Workshop
from outreach.feeds import labels, vevent
from outreach.feeds.vevent import PublicSite
from outreach.i18n import list_languages
from outreach.memory_cache import MemoryCache
from outreach.whole_lists import make_each

FORMAT: Final = 5  # raise it when `vevent.write` writes the same workshop differently
MAX_TEXT_BYTES: Final = 8_000_000  # for texts, in the memory of one process
TEXT_OVERHEAD_BYTES: Final = 400  # that one text takes beside its own
# Texts that the database lacks, by workshop and style; the version is the time of the change.
TextMemory = MemoryCache[bytes]
_memories: WeakKeyDictionary[Any, TextMemory] = WeakKeyDictionary()  # by database
_memories_lock: Final = threading.Lock()


class EventWriter:
    """Fills in the texts of one feed's events: from the memory of the process, or newly written."""

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
        # Few feeds have links of discreet workshops, and only the worker needs those of pushed
        # feeds: both have styles that are never stored.
        self._has_links = has_links
        self._is_coarse = is_coarse
        self._memory = _memory_of(session)

    def style(self, *, is_short: bool = False) -> EventStyle:
        digest = style_digest(self.site)
        mark = "+" if self._has_links else "-" if self._is_coarse else digest[-1]
        return EventStyle(self.lang, is_short, digest[:-1] + mark)

    def fill(self, pieces: Sequence[EventText], *, is_short: bool = False) -> None:
        """Writes the missing texts."""
        style = self.style(is_short=is_short)
        missing = dict[int, EventText]()
        for piece in pieces:
            if piece.text is None:
                piece.text = self._memory.get((piece.id, style), version=piece.changed_at)
            if piece.text is None:
                missing[piece.id] = piece

        def write(workshop: Workshop) -> tuple[EventText, bytes]:
            return missing[workshop.id], vevent.write(
                workshop,
                self.lang,
                self.site,
                is_short=is_short,
                has_link=self._has_links,
                is_coarse=self._is_coarse,
            )

        workshops = feed_query.read(self.session, list(missing))
        for piece, text in make_each(workshops, write, what="a feed"):
            piece.text = text
            size = len(text) + TEXT_OVERHEAD_BYTES
            self._memory.put((piece.id, style), text, version=piece.changed_at, size=size)


def _memory_of(session: Session) -> TextMemory:
    with _memories_lock:
        return _memories.setdefault(session.get_bind().engine, MemoryCache(MAX_TEXT_BYTES))


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
    """Writes the events that feeds will need and whose present text the cache lacks, in every
    language, at most `limit` in each. Returns rows for `event_cache.keep`."""
    span = FeedSpan(today - KEPT_AFTER_THE_END, today + AHEAD, today)
    rows = []
    for lang in list_languages():
        writer = EventWriter(session, lang, site)
        style = writer.style()
        missing = event_cache.find_missing(session, FeedQuery(None), span, style, limit=limit)
        writer.fill(missing)
        for piece in missing:
            if piece.text is not None:
                changed_at = piece.changed_at.replace(tzinfo=UTC)
                rows.append(row(piece.id, style, changed_at, piece.text))
    return rows
