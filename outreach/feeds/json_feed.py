"""Writes the workshops to come as JSON Feed 1.1.

The format has no fields for events, so each item has an extension `_outreach`:

    starts, ends   instants with the offset of the venue: 2026-12-05T10:00:00-06:00
    zone           the venue's zone: America/Chicago
    location       one line; the city only where the address is not public
    status         confirmed or cancelled

A feed that is too large has pages (`next_url`). A page begins with a day and not at a number, so
that it stays where it is when workshops before it come and go.
"""

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery
from outreach.feeds import feed_links, ics_feed, upcoming
from outreach.feeds.upcoming import UpcomingCut, UpcomingEvent, UpcomingFeed
from outreach.feeds.vevent import PublicSite
from outreach.whole_lists import make_each

MIMETYPE: Final = "application/feed+json"
VERSION: Final = "https://jsonfeed.org/version/1.1"


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """Writes the workshops of a query from `today` (UTC) on. Raises UnknownFilter for a discreet
    kind."""
    feed = upcoming.read(session, choice, lang, site, today=today)
    items = make_each(feed.events, lambda each: _bytes(_item(each, lang)), what="a feed")
    cut = upcoming.fit(feed, items, lang)
    next_day = _find_next_day(feed, cut, choice.since or today - ics_feed.DAY)
    head = _bytes(_head(choice, lang, site, feed, cut) | _next(choice, lang, site, next_day))
    head = head.removesuffix(b"}")
    return b"".join([head, b',"items":[\n', b",\n".join(items[: cut.count]), b"\n]}\n"])


def _head(
    choice: FeedQuery, lang: str, site: PublicSite, feed: UpcomingFeed, cut: UpcomingCut
) -> dict[str, Any]:
    home, whole = feed.text("URL"), replace(choice, since=None)
    links = site.links if not choice.since else ()
    return {
        "version": VERSION,
        "title": feed.text("NAME"),
        "description": cut.about,
        "home_page_url": home,
        "feed_url": ics_feed.address(whole, lang, site.public_url, "json"),
        "language": lang,
        **feed_links.write_json(links, site.public_url),
        "authors": [{"name": upcoming.author(choice, feed, lang), "url": home}],
    }


def _next(choice: FeedQuery, lang: str, site: PublicSite, day: date | None) -> dict[str, str]:
    """Returns `next_url`; nothing for the last page (JSON Feed 1.1, Top-level)."""
    if day is None:
        return {}
    page = replace(choice, since=day, published_until=None)
    return {"next_url": ics_feed.address(page, lang, site.public_url, "json")}


def _find_next_day(feed: UpcomingFeed, cut: UpcomingCut, begins: date) -> date | None:
    """The first day (UTC) of the page after one that `begins` on a day; None for the last page, and
    where one day does not fit on a page, since the pages would never end."""
    if cut.count < len(feed.events):
        day = feed.events[cut.count].utc_day
    elif feed.reaches is not None:
        day = feed.reaches + ics_feed.DAY
    else:
        return None
    return day if day > begins else None


def _item(event: UpcomingEvent, lang: str) -> dict[str, Any]:
    kind = event.text("CATEGORIES")
    return {
        "id": event.tag,
        "url": event.text("URL"),
        "title": event.text("SUMMARY"),
        "content_text": event.content(lang),
        "date_published": _moment(event.lines["CREATED"].moment),
        "date_modified": _moment(event.changed_at),
        "tags": [kind] if kind else [],
        "language": lang,
        "_outreach": {
            "starts": event.starts.isoformat(),
            "ends": event.ends.isoformat(),
            "zone": event.zone.key,
            "location": event.text("LOCATION"),
            "status": "cancelled" if event.is_cancelled else "confirmed",
        },
    }


def _bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
