"""What is coming, for the formats beside iCalendar: Atom, JSON Feed and jCal.

They are made from the calendar's own text, so that they can tell nothing that it does not tell:
what an entry may say is decided once, in `vevent.py`. Read with those rules in mind: every line
here was written by us.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery, UnknownFilter
from outreach.domain.text import clean
from outreach.feeds import ics_feed, labels
from outreach.feeds.ics_feed import HEADER_ROOM, LARGEST
from outreach.feeds.vevent import PublicSite
from outreach.i18n import say, translate

TAGGED: Final = 2026  # the year a name was first given in this way; it never changes

_LINE: Final = re.compile(r'([^;:]+)((?:;[^=]+=(?:"[^"]*"|[^;:"]*))*):(.*)', re.DOTALL)
_NONE: Final[Mapping[str, str]] = {}
_COMPONENT: Final = re.compile(r"(?<=\n)(?=BEGIN:(?:VEVENT|VTIMEZONE)\r)")  # where one begins
_ESCAPED: Final = re.compile(r"\\(.)")


class UpcomingItem(NamedTuple):
    """One content line; its value as it is written, escaped."""

    name: str
    parameters: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        if "\\" not in self.value:
            return self.value
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)

    @property
    def moment(self) -> datetime:
        """On the clock of its zone; in UTC without one."""
        zone = self.parameters.get("TZID")
        read = datetime.fromisoformat(self.value.removesuffix("Z"))
        return read.replace(tzinfo=ZoneInfo(zone) if zone else UTC)


@dataclass(frozen=True)
class UpcomingEvent:
    """A VEVENT of the calendar feed."""

    ics: str  # unfolded, from BEGIN:VEVENT to the last line end

    @cached_property
    def lines(self) -> Mapping[str, UpcomingItem]:
        """The content lines by property name; each name occurs once."""
        inner = self.ics.split("\r\n")[1:-2]
        return {line.name: line for line in map(_parse_line, inner)}

    def text(self, name: str) -> str:
        """What the line of that name says; empty if there is none."""
        return self.lines[name].text if name in self.lines else ""

    @property
    def tag(self) -> str:
        """Its name for readers of feeds: as lasting as the UID it is made of, no address."""
        local, _at, host = self.text("UID").partition("@")
        return f"tag:{host},{TAGGED}:{local}"

    @cached_property
    def starts(self) -> datetime:
        return self.lines["DTSTART"].moment

    @property
    def ends(self) -> datetime:
        return self.lines["DTEND"].moment

    @property
    def changed_at(self) -> datetime:
        return self.lines["LAST-MODIFIED"].moment

    @property
    def is_cancelled(self) -> bool:
        return self.text("STATUS") == "CANCELLED"

    def content(self, lang: str) -> str:
        """When in words, where, and what a calendar says of it."""
        starts = self.starts
        hour = labels.local_time(starts, lang)
        # Said in the first line, and by the entry's own link.
        said = {hour, self.text("URL")}
        about = [line for line in self.text("DESCRIPTION").split("\n") if line not in said]
        lines = [f"{_day(starts.date(), lang)}, {hour}", self.text("LOCATION"), *about]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True)
class UpcomingFeed:
    """The calendar feed, without the events that are over."""

    head: str  # BEGIN:VCALENDAR and the calendar's own lines, unfolded, each with its line end
    zones: Sequence[str]  # the VTIMEZONE components, unfolded
    events: Sequence[UpcomingEvent]

    @cached_property
    def _head_lines(self) -> Mapping[str, UpcomingItem]:
        lines = map(_parse_line, self.head.split("\r\n")[1:-1])
        return {line.name: line for line in lines}

    def text(self, name: str) -> str:
        """The text of a calendar property; empty if the calendar has no such property."""
        return self._head_lines[name].text if name in self._head_lines else ""


@dataclass(frozen=True)
class UpcomingCut:
    """What fits: so many of the events, and what the feed says of itself."""

    count: int
    about: str


def read(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> UpcomingFeed:
    """What the calendar of that choice has from `today` (UTC) on. Raises Unknown for a discreet
    kind: outside the calendar of who asked for it, there is none."""
    for kind in choice.kinds:
        if kind.is_discreet:
            raise UnknownFilter("kind", kind.public_code)
    body = (
        ics_feed.write_bytes(session, choice, lang, site, today=today).decode().replace("\r\n ", "")
    )
    parts = _COMPONENT.split(body.removesuffix("END:VCALENDAR\r\n"))
    events = [UpcomingEvent(each) for each in parts if each.startswith("BEGIN:VEVENT")]
    return UpcomingFeed(
        head=parts[0],
        zones=[each for each in parts if each.startswith("BEGIN:VTIMEZONE")],
        events=[each for each in events if each.starts.astimezone(UTC).date() >= today],
    )


def fit(coming: UpcomingFeed, texts: Sequence[bytes], lang: str) -> UpcomingCut:
    """How many of the events, each written as one of `texts`, a feed can hold: up to the last
    whole day. What it says of itself tells until when it reaches, if not all could stay."""
    if HEADER_ROOM + sum(map(len, texts)) <= LARGEST:
        return UpcomingCut(len(texts), coming.text("DESCRIPTION"))
    days = [each.starts.astimezone(UTC).date() for each in coming.events]
    size, kept, reaches = HEADER_ROOM, 0, days[0] - ics_feed.DAY
    for day, group in groupby(days):
        count = len(list(group))
        size += sum(map(len, texts[kept : kept + count]))
        if size > LARGEST:
            break
        kept, reaches = kept + count, day
    until = translate(labels.REACHES, lang, day=labels.day(reaches, lang))
    return UpcomingCut(kept, f"{translate(labels.ABOUT, lang)} {until}")


def tag(choice: FeedQuery, lang: str, site: PublicSite) -> str:
    """The lasting name of a feed, wherever the site moves to."""
    return f"tag:{site.host},{TAGGED}:{ics_feed.address(choice, lang, '', 'atom').lstrip('/')}"


def author(choice: FeedQuery, coming: UpcomingFeed, lang: str) -> str:
    """Who holds these workshops: an office, or the network."""
    return clean(say(choice.office.name, lang)) if choice.office else coming.text("NAME")


def changed_at(events: Iterable[UpcomingEvent]) -> datetime:
    """The last change of anything a feed of these events shows."""
    return max((each.changed_at for each in events), default=labels.WORDED_AT)


def _parse_line(text: str) -> UpcomingItem:
    name, _colon, value = text.partition(":")
    if ";" not in name:  # most have no parameter
        return UpcomingItem(name, _NONE, value)
    found = _LINE.fullmatch(text)
    assert found is not None, "a line that we wrote"
    name, parameters, value = found.groups()
    given = (each.partition("=") for each in parameters.split(";")[1:])
    return UpcomingItem(name, {key: said.strip('"') for key, _is, said in given}, value)


@lru_cache(maxsize=1024)
def _day(value: date, lang: str) -> str:
    return labels.day(value, lang)
