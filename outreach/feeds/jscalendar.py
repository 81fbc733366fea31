"""Writes the workshops to come as JSCalendar (RFC 8984): a Group of Events.

Made of the text of the feed, like the other formats. An event has the time zone in which the feed
has it, which programs with older zone rules read right (`zone_rules`).
"""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery
from outreach.feeds import ics_feed, upcoming
from outreach.feeds.upcoming import UpcomingEvent, UpcomingFeed
from outreach.feeds.vevent import PublicSite
from outreach.whole_lists import make_each

MIMETYPE: Final = "application/jscalendar+json;type=group"


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """Writes the workshops of a query from `today` (UTC) on. Raises UnknownFilter for a discreet
    kind."""
    feed = upcoming.read(session, choice, lang, site, today=today)
    entries = make_each(feed.events, lambda each: _bytes(_event(each, lang)), what="a feed")
    cut = upcoming.fit(feed, entries, lang)
    head = _bytes(_group(choice, lang, site, feed, cut.about)).removesuffix(b"}")
    shown = feed.events[: cut.count]
    updated = _utc(upcoming.changed_at(shown)).encode()
    entries = entries[: cut.count]
    return b"".join([
        head, b',"updated":"', updated, b'","entries":[\n', b",\n".join(entries), b"\n]}\n",
    ])  # fmt: skip


def _group(
    choice: FeedQuery, lang: str, site: PublicSite, feed: UpcomingFeed, about: str
) -> dict[str, Any]:
    return {
        "@type": "Group",
        "uid": upcoming.tag(choice, lang, site, "jscal"),
        "title": feed.text("NAME"),
        "description": about,
        "locale": lang,
        "prodId": ics_feed.PRODID,
        "source": ics_feed.address(choice, lang, site.public_url, "jscal"),
        "links": {"1": {"@type": "Link", "href": feed.text("URL"), "rel": "alternate"}},
    }


def _event(event: UpcomingEvent, lang: str) -> dict[str, Any]:
    starts, ends = event.lines["DTSTART"].moment, event.lines["DTEND"].moment
    kind, url = event.text("CATEGORIES"), event.text("URL")
    location: dict[str, Any] = {"@type": "Location", "name": event.text("LOCATION")}
    if position := event.text("GEO"):
        location["coordinates"] = f"geo:{position.replace(';', ',')}"
    about: dict[str, Any] = {
        "@type": "Event",
        "uid": event.text("UID"),
        "created": _utc(event.lines["CREATED"].moment),
        "updated": _utc(event.changed_at),
        "sequence": int(event.text("SEQUENCE")),
        "title": event.text("SUMMARY"),
        "description": event.text("DESCRIPTION"),
        "locale": lang,
        "start": f"{starts:%Y-%m-%dT%H:%M:%S}",
        "timeZone": event.lines["DTSTART"].parameters.get("TZID", "Etc/UTC"),
        # In UTC, because Python subtracts the wall clocks of two times in one zone.
        "duration": _duration(ends.astimezone(UTC) - starts.astimezone(UTC)),
        "status": "cancelled" if event.is_cancelled else "confirmed",
        "freeBusyStatus": "free",
        "locations": {"1": location},
    }
    if kind:
        about["keywords"] = {kind: True}
    if url:
        about["links"] = {"1": {"@type": "Link", "href": url, "rel": "alternate"}}
    return {name: value for name, value in about.items() if value != ""}


def _duration(length: timedelta) -> str:
    """Returns a length as PT1H30M: the time that passes, since hours are exact and only days follow
    the wall clock (RFC 8984, 1.4.6 and 5.1.2). So hours are not split into days, which may have 23
    or 25."""
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")


def _bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
