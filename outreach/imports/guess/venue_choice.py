"""The venue of each row: one of the office's, one of an earlier line, or a new one.

What is only almost the same is asked, and never made anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain.locations import venues
from outreach.domain.locations.venue_matching import MatchKind, VenueIndex, VenueMatch
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.imports.guess.headings import Field
from outreach.imports.guess.parsed_rows import ParsedRow
from outreach.imports.guess.remarks import RemarkCode, quote

MAX_NEW_VENUES: Final = 300  # in a file: each is compared with every other


@dataclass(frozen=True, eq=False)
class NewVenue:
    """A venue that the office does not have yet, as the first row has it."""

    name: str
    address: str
    city: str
    line: int
    is_confirmed: bool = False  # somebody said that it is no known one


ChosenVenue = Venue | NewVenue


class VenueChooser:
    """Finds the venue of row after row."""

    def __init__(self, session: Session, office: Office, remembered: Mapping[str, str]) -> None:
        self._office = office
        self._index: VenueIndex[ChosenVenue] = VenueIndex()
        by_id: dict[str, Venue] = {}
        for each in venues.list_venues(session, office):
            self._index.add(each, each.name, address=each.address, city=each.city)
            by_id[str(each.id)] = each
        self._remembered = {
            words: by_id[number] for words, number in remembered.items() if number in by_id
        }
        self._known_as_new = {words for words, number in remembered.items() if not number}
        self._answers: dict[tuple[str, str, str], ChosenVenue] = {}
        self._new = 0

    def choose(self, parsed: ParsedRow) -> ChosenVenue | None:
        """The venue of a row; None, with a question if there is one, where it is not sure."""
        if not parsed.venue:
            return None
        typed = parsed.venue, parsed.address, parsed.city
        if typed not in self._answers:
            chosen = self._remembered.get(fold(parsed.venue)) or self._match(parsed)
            if chosen is None:
                return None
            self._answers[typed] = chosen
        found = self._answers[typed]
        if isinstance(found, Venue) and found.retired_at is not None:
            parsed.say(Field.VENUE, RemarkCode.VENUE_RETIRED, venue=found.name)
        return found

    def _match(self, parsed: ParsedRow) -> ChosenVenue | None:
        match = self._index.match(parsed.venue, address=parsed.address, city=parsed.city)
        if match.place is not None:
            return match.place
        is_confirmed = fold(parsed.venue) in self._known_as_new
        if match.kind is MatchKind.NEAR and not is_confirmed:
            self._ask(parsed, match)
            return None
        if self._new >= MAX_NEW_VENUES:
            parsed.say(Field.VENUE, RemarkCode.VENUES_TOO_MANY, most=MAX_NEW_VENUES)
            return None
        self._new += 1
        new = NewVenue(parsed.venue, parsed.address, parsed.city, parsed.line, is_confirmed)
        city = parsed.city or self._office.city
        self._index.add(new, new.name, address=new.address, city=city)
        return new

    def _ask(self, parsed: ParsedRow, match: VenueMatch[ChosenVenue]) -> None:
        value = quote(parsed.venue)
        first = match.candidates[0]
        if isinstance(first, NewVenue):
            parsed.say(
                Field.VENUE,
                RemarkCode.VENUE_LIKE_LINE,
                value=value,
                venue=first.name,
                line=first.line,
            )
            return
        known = [each for each in match.candidates if isinstance(each, Venue)]
        names = venues.get_distinct_names(known)
        listed = " / ".join(f"“{names[each.id]}”" for each in known)
        parsed.say(Field.VENUE, RemarkCode.VENUE_DOUBTFUL, value=value, venues=listed)
