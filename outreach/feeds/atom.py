"""Writes the workshops to come as Atom (RFC 4287).

Without a library, so that equal workshops give equal bytes, in some microseconds an entry.
"""

import re
from datetime import date, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery
from outreach.feeds import feed_links, ics_feed, upcoming
from outreach.feeds.upcoming import UpcomingCut, UpcomingEvent, UpcomingFeed
from outreach.feeds.vevent import PublicSite
from outreach.i18n import list_languages
from outreach.whole_lists import make_each

MIMETYPE: Final = "application/atom+xml; charset=utf-8"
_ADDRESS: Final = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")
_NOT_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """Writes the workshops of a query from `today` (UTC) on. Raises UnknownFilter for a discreet
    kind."""
    feed = upcoming.read(session, choice, lang, site, today=today)
    entries = make_each(feed.events, lambda each: _entry(each, lang).encode(), what="a feed")
    cut = upcoming.fit(feed, entries, lang)
    head = _head(choice, lang, site, feed, cut).encode()
    return b"".join([head, *entries[: cut.count], b"</feed>\n"])


def _head(
    choice: FeedQuery, lang: str, site: PublicSite, feed: UpcomingFeed, cut: UpcomingCut
) -> str:
    home = feed.text("URL")
    author = _element("name", upcoming.author(choice, feed, lang)) + _element("uri", home)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{lang}">\n',
        _element("id", upcoming.tag(choice, lang, site, "atom")),
        _element("title", feed.text("NAME")),
        _element("subtitle", cut.about),
        _element("updated", _moment(upcoming.changed_at(feed.events[: cut.count]))),
        f"<author>\n{author}</author>\n",
        _link("alternate", "text/html", home, lang),
        _link("alternate", "text/calendar", ics_feed.address(choice, lang, site.public_url), lang),
    ]
    parts.append(feed_links.write_atom(site.links, site.public_url))
    for each in list_languages():
        address = ics_feed.address(choice, each, site.public_url, "atom")
        relation = "self" if each == lang else "alternate"
        parts.append(_link(relation, "application/atom+xml", address, each))
    return "".join(parts)


def _entry(event: UpcomingEvent, lang: str) -> str:
    kind = event.text("CATEGORIES")
    return "".join(
        [
            "<entry>\n",
            _element("id", event.tag),
            _element("title", event.text("SUMMARY")),
            _element("updated", _moment(event.changed_at)),
            _element("published", _moment(event.lines["CREATED"].moment)),
            _link("alternate", "text/html", event.text("URL"), lang),
            f"<category term={quoteattr(_remove_invalid(kind))}/>\n" if kind else "",
            _html("content", event.content(lang)),
            "</entry>\n",
        ]
    )


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_remove_invalid(text))}</{name}>\n"


def _html(name: str, text: str) -> str:
    """An element with a text as HTML, a paragraph a line, with links (RFC 4287, 3.1.1.3)."""
    paragraphs = "".join(f"<p>{_mark_up(line)}</p>" for line in text.split("\n"))
    return f'<{name} type="html">{escape(_remove_invalid(paragraphs))}</{name}>\n'


def _mark_up(line: str) -> str:
    parts = _ADDRESS.split(line)  # an address at every other place
    return "".join(
        f"<a href={quoteattr(part)}>{escape(part)}</a>" if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def _link(relation: str, mimetype: str, address: str, lang: str) -> str:
    href = quoteattr(_remove_invalid(address))
    return f'<link rel="{relation}" type="{mimetype}" hreflang="{lang}" href={href}/>\n'


def _remove_invalid(text: str) -> str:
    return _NOT_XML.sub("", text)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
