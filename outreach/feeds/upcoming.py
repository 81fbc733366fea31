"""Reads the iCalendar feed back, from today on, for Atom, JSON Feed and jCal.

These formats are derived from the text of the feed, so that they cannot reveal more than it does:
what an event may say is decided in `vevent.py` only. The parser handles the lines that
`ics_feed` writes and no others (decision 0012).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery, UnknownFilter
from outreach.domain.text import clean
from outreach.feeds import ics_feed, labels
from outreach.feeds.ics_feed import HEADER_BYTES, MAX_BYTES
from outreach.feeds.vevent import PublicSite
from outreach.formats import cached_by_wording
from outreach.i18n import say, translate

TAG_YEAR: Final = 2026  # in tag URIs (RFC 4151); it never changes

_LINE: Final = re.compile(r'([^;:]+)((?:;[^=]+=(?:"[^"]*"|[^;:"]*))*):(.*)', re.DOTALL)
_NO_PARAMETERS: Final[Mapping[str, str]] = {}
_COMPONENT: Final = re.compile(r"(?<=\n)(?=BEGIN:(?:VEVENT|VTIMEZONE)\r)")  # where one begins
_ESCAPED: Final = re.compile(r"\\(.)")


class UpcomingItem(NamedTuple):
    """One content line; `value` is escaped, as it is written."""

    name: str
    parameters: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        """The unescaped value."""
        if "\\" not in self.value:
            return self.value
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)

    @property
    def moment(self) -> datetime:
        """The value as a date-time in its zone, or in UTC."""
        zone = self.parameters.get("TZID")
        moment = datetime.fromisoformat(self.value.removesuffix("Z"))
        return moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)


@dataclass(frozen=True)
class UpcomingEvent:
    """A VEVENT of the calendar feed."""

    ics: str  # unfolded, from BEGIN:VEVENT to the last line end
    zone: ZoneInfo  # where the venue is; the event may be written in another (`zone_rules`)

    @cached_property
    def lines(self) -> Mapping[str, UpcomingItem]:
        """The content lines by property name; each name occurs once."""
        inner = self.ics.split("\r\n")[1:-2]
        return {line.name: line for line in map(_parse_line, inner)}

    def text(self, name: str) -> str:
        """The text of a property; empty if the event lacks it."""
        return self.lines[name].text if name in self.lines else ""

    @property
    def tag(self) -> str:
        """A tag URI (RFC 4151) made of the UID: permanent, and no address of a page."""
        local, _at, host = self.text("UID").partition("@")
        return f"tag:{host},{TAG_YEAR}:{local}"

    @cached_property
    def starts(self) -> datetime:
        """The start, in the zone of the venue."""
        return self.lines["DTSTART"].moment.astimezone(self.zone)

    @property
    def utc_day(self) -> date:
        """The day of its start in UTC, by which feeds are cut."""
        return self.starts.astimezone(UTC).date()

    @property
    def ends(self) -> datetime:
        """The end, in the zone of the venue."""
        return self.lines["DTEND"].moment.astimezone(self.zone)

    @property
    def changed_at(self) -> datetime:
        return self.lines["LAST-MODIFIED"].moment

    @property
    def is_cancelled(self) -> bool:
        return self.text("STATUS") == "CANCELLED"

    def content(self, lang: str) -> str:
        """Returns day and hour in words, the place, and the description, a line each."""
        starts = self.starts
        hour = labels.local_time(starts, lang)
        # The first line has the hour, and the entry has its link.
        repeated = {hour, self.text("URL")}
        about = [line for line in self.text("DESCRIPTION").split("\n") if line not in repeated]
        lines = [f"{_day(starts.date(), lang)}, {hour}", self.text("LOCATION"), *about]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True)
class UpcomingFeed:
    """The calendar feed, without the events that are over."""

    head: str  # BEGIN:VCALENDAR and the calendar's own lines, unfolded, each with its line end
    zones: Sequence[str]  # the VTIMEZONE components, unfolded
    events: Sequence[UpcomingEvent]
    reaches: date | None  # the last day (UTC) of the calendar feed, if it had to be cut

    @cached_property
    def _head_lines(self) -> Mapping[str, UpcomingItem]:
        lines = map(_parse_line, self.head.split("\r\n")[1:-1])
        return {line.name: line for line in lines}

    def text(self, name: str) -> str:
        """The text of a calendar property; empty if the calendar has no such property."""
        return self._head_lines[name].text if name in self._head_lines else ""


@dataclass(frozen=True)
class UpcomingCut:
    """The number of events that fit, and the description of the feed."""

    count: int
    about: str


def read(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> UpcomingFeed:
    """The feed of a query from `today` (UTC) on.

    Raises UnknownFilter for a discreet kind: only iCalendar feeds show those (S14).
    """
    for kind in choice.kinds:
        if kind.is_discreet or kind.id in choice.neutral:
            raise UnknownFilter("kind", choice.get_code(kind))
    feed = ics_feed.write(session, choice, lang, site, today=today)
    body = feed.body.decode().replace("\r\n ", "")
    parts = _COMPONENT.split(body.removesuffix("END:VCALENDAR\r\n"))
    texts = [each for each in parts if each.startswith("BEGIN:VEVENT")]
    events = [
        UpcomingEvent(text, ZoneInfo(zone))
        for text, zone in zip(texts, feed.venue_zones, strict=True)
    ]
    return UpcomingFeed(
        head=parts[0],
        zones=[each for each in parts if each.startswith("BEGIN:VTIMEZONE")],
        events=[each for each in events if each.utc_day >= today],
        reaches=feed.reaches,
    )


def fit(feed: UpcomingFeed, texts: Sequence[bytes], lang: str) -> UpcomingCut:
    """Returns how many of the events, written as `texts`, fit: up to the last whole day. If not all
    do, the description says until when the feed reaches."""
    if HEADER_BYTES + sum(map(len, texts)) <= MAX_BYTES:
        return UpcomingCut(len(texts), feed.text("DESCRIPTION"))
    days = [each.utc_day for each in feed.events]
    size, kept, reaches = HEADER_BYTES, 0, days[0] - ics_feed.DAY
    for day, group in groupby(days):
        count = len(list(group))
        size += sum(map(len, texts[kept : kept + count]))
        if size > MAX_BYTES:
            break
        kept, reaches = kept + count, day
    until = translate(labels.REACHES, lang, day=labels.day(reaches, lang))
    return UpcomingCut(kept, f"{translate(labels.ABOUT, lang)} {until}")


def tag(choice: FeedQuery, lang: str, site: PublicSite, form: str) -> str:
    """Returns a tag URI of a feed in one of its formats (RFC 4151). It stays the same if the site
    moves."""
    return f"tag:{site.host},{TAG_YEAR}:{ics_feed.address(choice, lang, '', form).lstrip('/')}"


def author(choice: FeedQuery, feed: UpcomingFeed, lang: str) -> str:
    """The author of a feed: the office, or the network."""
    return clean(say(choice.office.name, lang)) if choice.office else feed.text("NAME")


def changed_at(events: Iterable[UpcomingEvent]) -> datetime:
    """Returns when anything last changed that a feed of these events shows."""
    return max((each.changed_at for each in events), default=labels.WORDED_AT)


def _parse_line(text: str) -> UpcomingItem:
    name, _colon, value = text.partition(":")
    if ";" not in name:  # most have no parameter
        return UpcomingItem(name, _NO_PARAMETERS, value)
    found = _LINE.fullmatch(text)
    assert found is not None, "a line of ics_feed"
    name, parameters, value = found.groups()
    pairs = (each.partition("=") for each in parameters.split(";")[1:])
    return UpcomingItem(name, {key: text.strip('"') for key, _equals, text in pairs}, value)


@cached_by_wording
def _day(value: date, lang: str) -> str:
    return labels.day(value, lang)
