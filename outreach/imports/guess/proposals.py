"""What each row would do: a new workshop, a change of one that was imported, or a question.

Nothing is written. A row is *same* or *changed* where this office imported it before; it is a twin
where it is like a workshop made otherwise, or like an earlier line.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain import workshops
from outreach.domain.dashboard import agenda
from outreach.domain.locations import holidays
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import import_memory
from outreach.domain.scheduling.import_memory import ImportedBefore, StoredWorkshop
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import get_default_language
from outreach.imports.guess.headings import Field
from outreach.imports.guess.parsed_rows import ParsedRow
from outreach.imports.guess.remarks import Remark, RemarkCode, Severity
from outreach.imports.guess.venue_choice import ChosenVenue, NewVenue, VenueChooser
from outreach.imports.import_result import Watch, without_progress
from outreach.imports.workshops import write
from outreach.imports.workshops.load import (
    NamedRows,
    compute_capacity,
    find_faults,
    find_impossible_changes,
)
from outreach.imports.workshops.read import ImportedPlace, WorkshopImportRow

_DAY: Final = timedelta(days=1)
# A change of one of these is told to who is registered, or makes room for who waits.
_NOTIFYING: Final = frozenset({"day", "starts", "ends", "venue", "status", "capacity"})
_Hour = tuple[date, time, str]  # day, start and kind
# Questions that «yes» answers: the row is whole, and may be loaded as it is.
ACCEPTABLE: Final = frozenset(
    {
        RemarkCode.CHANGE_TELLS_PEOPLE,
        RemarkCode.ENDS_NEXT_DAY,
        RemarkCode.HOUR_DOUBLED,
        RemarkCode.LASTS_LONG,
        RemarkCode.TWIN_OF_WORKSHOP,
        RemarkCode.ZONE_UNKNOWN,
        RemarkCode.ZONES_DIFFER,
    }
)


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"
    ASKED = "asked"


LOADED_OUTCOMES: Final = frozenset({Outcome.NEW, Outcome.CHANGED})


@dataclass
class RowProposal:
    """A row, what loading it would do, and why. `row` is what the loader takes; None for a row that
    cannot be loaded."""

    parsed: ParsedRow
    outcome: Outcome = Outcome.NEW
    venue: ChosenVenue | None = None
    title: str = ""
    ends: time | None = None
    capacity: int | None = None
    row: WorkshopImportRow | None = None
    fingerprint: str = ""
    said: Words = field(default_factory=dict)
    workshop_id: int | None = None  # that it is, or would change
    changed_fields: frozenset[str] = frozenset()

    @property
    def remarks(self) -> list[Remark]:
        return self.parsed.remarks

    @property
    def reason(self) -> str | None:
        """Why the row is not loaded, and what else was noted about it, the gravest first."""
        ordered = sorted(self.remarks, key=lambda each: -each.severity)
        return "; ".join(dict.fromkeys(map(str, ordered))) or None

    @property
    def venue_name(self) -> str | None:
        """The existing venue's own name where it was found, else what the row says."""
        return self.venue.name if self.venue is not None else self.parsed.venue or None

    @property
    def status(self) -> WorkshopStatus:
        """What it would be once the row is loaded; a new one is a draft, whatever its file says."""
        is_there = self.workshop_id is not None and self.row is not None
        return self.row.status if is_there and self.row is not None else WorkshopStatus.DRAFT

    @property
    def is_venue_new(self) -> bool | None:
        """Whether a venue would be made; None where there is none, or it is not decided."""
        return None if self.venue is None else isinstance(self.venue, NewVenue)


def propose(
    session: Session,
    office: Office,
    parsed_rows: Iterable[ParsedRow],
    *,
    now: datetime,
    watch: Watch = without_progress,
    said_before: Mapping[str, Words] = MappingProxyType({}),
) -> list[RowProposal]:
    """Says what each row would do to the workshops of an office.

    `said_before` has what rows said before staff mended them, by fingerprint. Other rows are
    compared with what they said when they were loaded."""
    rows = list(parsed_rows)
    proposer = _Proposer(session, office, rows, now, said_before)
    return [proposer.propose(each, at) for at, each in enumerate(watch(rows))]


class _Proposer:
    def __init__(
        self,
        session: Session,
        office: Office,
        rows: Sequence[ParsedRow],
        now: datetime,
        said_before: Mapping[str, Words],
    ) -> None:
        self._session, self._office, self._now = session, office, now
        self._named = NamedRows.read(session)
        memory = import_memory.recall(session, office)
        chooser = VenueChooser(session, office, memory.venues)
        share_addresses(rows)
        self._venues = [chooser.choose(each) for each in rows]
        for row, venue in zip(rows, self._venues, strict=True):
            _move_to_venue(row, venue)
        self._before = import_memory.find_rows(
            session, office, {each for row in rows for each in list_fingerprints(row)}
        )
        self._before = {
            name: ImportedBefore(each.workshop_id, said_before.get(name, each.said))
            for name, each in self._before.items()
        }
        ids = [row.own_id for row in rows if _is_own_id(row.own_id)]
        self._own = workshops.find_imported(session, list(dict.fromkeys(ids))) if ids else {}
        days = [row.day for row in rows if row.day is not None]
        stored = import_memory.list_stored(session, office, min(days), max(days)) if days else []
        self._by_hour: dict[_Hour, list[StoredWorkshop]] = defaultdict(list)
        self._by_venue: dict[tuple[int, date], list[StoredWorkshop]] = defaultdict(list)
        for each in stored:
            self._by_hour[each.day, each.starts, each.kind].append(each)
            if each.venue_id is not None and not each.is_cancelled:
                self._by_venue[each.venue_id, each.day].append(each)
        self._lines: dict[tuple[object, ...], int] = {}  # the first line of each workshop
        self._taken: dict[tuple[int, date], list[RowProposal]] = defaultdict(list)
        self._workshops: dict[int, int] = {}  # the line of each stored workshop

    def propose(self, parsed: ParsedRow, at: int) -> RowProposal:
        """Returns what the row at that place of the list would do."""
        proposal = RowProposal(parsed, venue=self._venues[at])
        kind = self._named.kinds.get(parsed.kind or "")
        if kind is not None:
            self._complete(proposal, kind)
        else:
            proposal.title, proposal.ends = parsed.title, parsed.ends
            proposal.capacity = parsed.capacity
        if kind is not None and parsed.day is not None and parsed.starts is not None:
            self._compare(proposal, kind)
            self._show_as_loaded(proposal)
        self._set_outcome(proposal)
        return proposal

    def _complete(self, proposal: RowProposal, kind: Kind) -> None:
        """Fills the values that the row leaves out with those of its kind."""
        parsed = proposal.parsed
        names = kind.name if kind.is_discreet else kind.short_name
        proposal.title = parsed.title or names.get(get_default_language(), "")
        is_given = any(each.field is Field.CAPACITY for each in parsed.remarks)
        proposal.capacity = parsed.capacity
        if parsed.capacity is None and not is_given:
            proposal.capacity = kind.capacity
        proposal.ends = parsed.ends
        if parsed.ends is None and parsed.starts is not None:
            begins = datetime.combine(date(2000, 1, 1), parsed.starts)
            proposal.ends = (begins + timedelta(minutes=kind.minutes)).time()

    def _show_as_loaded(self, proposal: RowProposal) -> None:
        """Shows the places and the end that loading stores: those of slots follow from the hours,
        and a changed workshop keeps what its row leaves out."""
        row, given = proposal.row, proposal.parsed.capacity
        if row is None or any(each.field is Field.CAPACITY for each in proposal.remarks):
            return
        workshop = None
        if proposal.workshop_id is not None:
            workshop = workshops.find_by_id(self._session, proposal.workshop_id)
            proposal.title = row.title.get(get_default_language(), proposal.title)
        proposal.ends = row.ends
        proposal.capacity = compute_capacity(row, workshop, self._named)
        if given is not None and given != proposal.capacity:
            values = {"typed": given, "count": proposal.capacity}
            proposal.parsed.say(Field.CAPACITY, RemarkCode.CAPACITY_IN_SLOTS, **values)

    def _compare(self, proposal: RowProposal, kind: Kind) -> None:
        """Finds out whether the row is there already."""
        parsed = proposal.parsed
        assert parsed.day is not None
        assert parsed.starts is not None
        proposal.said = list_said(parsed)
        proposal.fingerprint = list_fingerprints(parsed)[0]
        before = self._find_before(proposal)
        if before is not None:
            self._compare_with_before(proposal, before)
            return
        proposal.row = self._new_row(proposal, kind)
        if clock.instant(parsed.day, parsed.starts, self._zone(proposal)) <= self._now:
            starts = f"{parsed.starts:%H:%M}"
            parsed.say(Field.DAY, RemarkCode.DAY_PAST, day=parsed.day, starts=starts)
        if proposal.row is not None and proposal.row.has_doubled_hour:
            parsed.say(Field.STARTS, RemarkCode.HOUR_DOUBLED, day=parsed.day)
        self._find_twins(proposal)
        self._check_new(proposal)
        self._note_clashes(proposal)

    def _find_before(self, proposal: RowProposal) -> ImportedBefore | None:
        """Finds the workshop that the row describes, and what the file said about it before."""
        parsed = proposal.parsed
        found = next(
            (self._before[each] for each in list_fingerprints(parsed) if each in self._before), None
        )
        if found is not None:
            return found
        own = self._own.get(parsed.own_id)
        if own is not None and own.office is self._office:
            return ImportedBefore(own.id, say_workshop(own))
        return self._find_retyped(proposal)

    def _find_retyped(self, proposal: RowProposal) -> ImportedBefore | None:
        """The workshop of a row that was imported with another spelling of its venue."""
        parsed = proposal.parsed
        if parsed.uid or not isinstance(proposal.venue, Venue):
            return None
        assert parsed.day is not None
        assert parsed.starts is not None
        here = [
            each.id
            for each in self._by_hour[parsed.day, parsed.starts, parsed.kind or ""]
            if each.venue_id == proposal.venue.id
        ]
        found = import_memory.find_by_workshop(self._session, self._office, here)
        for before in found.values():
            said = {**before.said, "venue": proposal.said["venue"]}
            return ImportedBefore(before.workshop_id, said)
        return None

    def _compare_with_before(self, proposal: RowProposal, before: ImportedBefore) -> None:
        parsed = proposal.parsed
        if before.workshop_id in self._workshops:
            line = self._workshops[before.workshop_id]
            parsed.say(None, RemarkCode.TWIN_OF_LINE, line=line)
            return
        self._workshops[before.workshop_id] = parsed.line
        proposal.workshop_id = before.workshop_id
        proposal.outcome = Outcome.SAME
        changed = {
            name
            for name, value in proposal.said.items()
            if value and value != before.said.get(name, "")
        }
        workshop = workshops.find_by_id(self._session, before.workshop_id) if changed else None
        if workshop is None:
            return
        proposal.row, proposal.changed_fields = _changed_row(proposal, workshop, changed)
        if not proposal.changed_fields:
            return
        proposal.outcome = Outcome.CHANGED
        if proposal.changed_fields & _NOTIFYING:
            reached = agenda.count_reachable(self._session, [workshop.id]).get(workshop.id, 0)
            if reached:
                parsed.say(None, RemarkCode.CHANGE_TELLS_PEOPLE, count=reached)
        faults = find_impossible_changes(
            self._session, proposal.row, workshop, self._named, now=self._now
        )
        parsed.remarks += [Remark(None, fault.error) for fault in faults]

    def _find_twins(self, proposal: RowProposal) -> None:
        parsed = proposal.parsed
        venue = proposal.venue
        place: object = venue.id if isinstance(venue, Venue) else id(venue) if venue else None
        keys: list[tuple[object, ...]] = [(parsed.day, parsed.starts, parsed.kind, place)]
        if parsed.uid:
            keys.append(("uid", parsed.uid))
        line = next((self._lines[key] for key in keys if key in self._lines), None)
        if line is not None:
            parsed.say(None, RemarkCode.TWIN_OF_LINE, line=line)
            return
        for key in keys:
            self._lines[key] = parsed.line
        assert parsed.day is not None
        assert parsed.starts is not None
        for each in self._by_hour[parsed.day, parsed.starts, parsed.kind or ""]:
            is_near = venue is None or each.venue_id is None or each.venue_id == place
            if is_near and not each.is_cancelled:
                parsed.say(None, RemarkCode.TWIN_OF_WORKSHOP, workshop=each.public_id)
                return

    def _check_new(self, proposal: RowProposal) -> None:
        """Remarks what the domain refuses of a new workshop."""
        if proposal.row is None:
            return
        faults = find_faults(proposal.row, None, self._named)
        proposal.remarks.extend(Remark(None, fault.error) for fault in faults)
        if proposal.parsed.is_cancelled:
            proposal.parsed.say(Field.STATUS, RemarkCode.CANCELLED_IN_FILE)

    def _note_clashes(self, proposal: RowProposal) -> None:
        """Notes what else is at that time in that place, and holidays."""
        parsed = proposal.parsed
        assert parsed.day is not None
        office = self._office
        for each in holidays.list_holidays(parsed.day, office.country, office.region)[:1]:
            parsed.say(Field.DAY, RemarkCode.HOLIDAY, name=each.name)
        if proposal.venue is None:
            return
        if isinstance(proposal.venue, Venue):
            for stored in self._by_venue[proposal.venue.id, parsed.day]:
                if _overlap(proposal, stored.starts, stored.ends):
                    parsed.say(Field.VENUE, RemarkCode.OVERLAPS_WORKSHOP)
                    break
        taken = self._taken[id(proposal.venue), parsed.day]
        for other in taken:
            assert other.parsed.starts is not None
            if _overlap(proposal, other.parsed.starts, other.ends or other.parsed.starts):
                parsed.say(Field.VENUE, RemarkCode.OVERLAPS_LINE, line=other.parsed.line)
                break
        if not parsed.is_cancelled:
            taken.append(proposal)

    def _set_outcome(self, proposal: RowProposal) -> None:
        """Sets the outcome by the gravest remark."""
        # What somebody has said yes to is asked no more.
        open_remarks = (r for r in proposal.remarks if not _is_accepted(r, proposal.parsed))
        worst = max((each.severity for each in open_remarks), default=Severity.NOTE)
        if worst is Severity.REFUSAL:
            proposal.outcome = Outcome.REFUSED
        elif worst is Severity.QUESTION:
            proposal.outcome = Outcome.ASKED

    def _zone(self, proposal: RowProposal) -> ZoneInfo:
        venue = proposal.venue
        return venue.zone if isinstance(venue, Venue) else self._office.zone

    def _new_row(self, proposal: RowProposal, kind: Kind) -> WorkshopImportRow | None:
        parsed = proposal.parsed
        if parsed.day is None or parsed.starts is None:
            return None
        title = {get_default_language(): parsed.title} if parsed.title else None
        names = kind.name if kind.is_discreet else kind.short_name
        return WorkshopImportRow(
            line=parsed.line,
            id="",
            office=self._office.slug,
            kind=kind.code,
            title=title or dict(names),
            has_french=True,
            zone=self._zone(proposal),
            day=parsed.day,
            starts=parsed.starts,
            ends=proposal.ends or parsed.starts,
            place=place_of(proposal.venue, self._office),
            mode=parsed.mode,
            way=kind.way,
            capacity=proposal.capacity or 0,
            languages=Codes(parsed.languages or (get_default_language(),)),
            has_childcare=parsed.has_childcare,
            status=WorkshopStatus.DRAFT,
            phone=None,
            live_url=None,
        )


def share_addresses(rows: Sequence[ParsedRow]) -> None:
    """Gives the rows that only name a venue the one address that others of the file have for it."""
    found: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for row in rows:
        if row.venue and row.address:
            found[fold(row.venue)][row.address, row.city] = None
    for row in rows:
        addresses = list(found.get(fold(row.venue), ())) if row.venue and not row.address else []
        if len({fold(address) for address, _city in addresses}) == 1:
            address, city = addresses[0]
            if row.city in {"", city}:
                row.address, row.city = address, city


def _move_to_venue(parsed: ParsedRow, venue: ChosenVenue | None) -> None:
    """Puts a moment on the clock of its venue."""
    if parsed.zone is None or not isinstance(venue, Venue) or venue.zone == parsed.zone:
        return
    if parsed.day is None or parsed.starts is None:
        return
    starts = datetime.combine(parsed.day, parsed.starts, parsed.zone).astimezone(venue.zone)
    if parsed.ends is not None:
        ends = datetime.combine(parsed.day, parsed.ends, parsed.zone)
        parsed.ends = ends.astimezone(venue.zone).time()
    parsed.day, parsed.starts, parsed.zone = starts.date(), starts.time(), venue.zone


def place_of(venue: ChosenVenue | None, office: Office) -> ImportedPlace | None:
    """A venue as a row of a file has it."""
    if venue is None:
        return None
    return ImportedPlace(
        name=venue.name,
        address=venue.address,
        city=venue.city or office.city,
        region=venue.region if isinstance(venue, Venue) else office.region,
        area=venue.area if isinstance(venue, Venue) else "",
    )


def _is_accepted(remark: Remark, parsed: ParsedRow) -> bool:
    code = remark.error.code
    return code in ACCEPTABLE and isinstance(code, RemarkCode) and code.name in parsed.accepted


def _is_own_id(text: str) -> bool:
    """Whether an id may be one that we wrote to a file: a running number never is."""
    return len(text) >= 6 and any(map(str.isalpha, text))


def list_fingerprints(parsed: ParsedRow) -> list[str]:
    """Returns the fingerprints by which a row is recognized when its file comes again: one of its
    UID, or of its day, start, venue and kind."""
    if parsed.uid:
        return [import_memory.fingerprint_uid(parsed.uid)]
    if parsed.day is None or parsed.starts is None or parsed.kind is None:
        return []
    return [
        import_memory.fingerprint_row(parsed.day, parsed.starts, _place_words(parsed), parsed.kind)
    ]


def _place_words(parsed: ParsedRow) -> str:
    """The venue as the row has it, or how it is delivered without one."""
    return parsed.venue or (parsed.mode.value if parsed.mode is not None else "")


def list_said(parsed: ParsedRow) -> Words:
    """Returns what a row says, by field; empty for what it leaves out."""
    return {
        "day": parsed.day.isoformat() if parsed.day else "",
        "starts": f"{parsed.starts:%H:%M}" if parsed.starts else "",
        "ends": f"{parsed.ends:%H:%M}" if parsed.ends else "",
        "kind": parsed.kind or "",
        "title": parsed.title,
        "venue": fold(_place_words(parsed)),
        "capacity": "" if parsed.capacity is None else str(parsed.capacity),
        "status": WorkshopStatus.CANCELLED.value if parsed.is_cancelled else "",
    }


def say_workshop(workshop: Workshop) -> Words:
    """Returns, as `list_said` does, what a row would say that leaves the workshop as it is."""
    venue = workshop.venue
    return {
        "day": workshop.day.isoformat(),
        "starts": f"{workshop.starts:%H:%M}",
        "ends": f"{workshop.ends:%H:%M}",
        "kind": workshop.kind.code,
        "title": workshop.title.get(get_default_language(), ""),
        "venue": fold(venue.name if venue is not None else workshop.mode.value),
        "capacity": str(workshop.capacity),
        "status": workshop.status.value,
    }


def _changed_row(
    proposal: RowProposal, workshop: Workshop, changed: set[str]
) -> tuple[WorkshopImportRow, frozenset[str]]:
    """The workshop as it would be, and the fields that differ from what it is now."""
    parsed = proposal.parsed
    current = _current_row(workshop, parsed.line)
    plain = ("day", "starts", "kind", "capacity")
    new: dict[str, Any] = {name: getattr(parsed, name) for name in plain if name in changed}
    if "ends" in changed or ("starts" in changed and parsed.ends is not None):
        new["ends"] = parsed.ends
    elif "starts" in changed:
        new["ends"] = _shifted_end(workshop, parsed.starts)
    if "title" in changed:
        new["title"] = {**workshop.title, get_default_language(): parsed.title}
    if "venue" in changed:
        new |= _list_new_place(proposal, workshop)
    if "status" in changed and workshop.status is WorkshopStatus.PUBLISHED:
        new["status"] = WorkshopStatus.CANCELLED  # nobody has known of a draft
    row = replace(current, **new)
    differing = frozenset(
        "venue" if name in {"place", "mode", "zone"} else name
        for name in new
        if getattr(row, name) != getattr(current, name)
        and not (name == "mode" and parsed.mode is None)
    )
    return row, differing


def _list_new_place(proposal: RowProposal, workshop: Workshop) -> dict[str, Any]:
    """The values of a row that names another venue, or none."""
    venue, mode = proposal.venue, proposal.parsed.mode
    if venue is workshop.venue and venue is not None:
        return {"mode": mode}
    new: dict[str, Any] = {"place": place_of(venue, workshop.office), "mode": mode}
    return {**new, "zone": venue.zone} if isinstance(venue, Venue) else new


def _shifted_end(workshop: Workshop, starts: time | None) -> time:
    """The end that keeps the length of a workshop that starts at another hour."""
    assert starts is not None
    noted = date(2000, 1, 1)
    before = datetime.combine(noted, workshop.starts), datetime.combine(noted, workshop.ends)
    lasting = (before[1] - before[0]) % _DAY
    return (datetime.combine(noted, starts) + lasting).time()


def _current_row(workshop: Workshop, line: int) -> WorkshopImportRow:
    """The row that would leave the stored workshop as it is."""
    venue = workshop.venue
    return WorkshopImportRow(
        line=line,
        id=workshop.external_id or "",
        office=workshop.office.slug,
        kind=workshop.kind.code,
        title=dict(workshop.title),
        has_french="fr" in workshop.title,
        zone=workshop.zone,
        day=workshop.day,
        starts=workshop.starts,
        ends=workshop.ends,
        is_second_hour=workshop.is_second_hour,
        place=place_of(venue, workshop.office),
        mode=workshop.mode,
        way=workshop.way,
        capacity=workshop.capacity,
        languages=workshop.languages,
        has_childcare=workshop.has_childcare,
        status=write.status(workshop.status),
        phone=None,
        live_url=None,
    )


def _overlap(proposal: RowProposal, starts: time, ends: time) -> bool:
    """Whether a row is held at the same time as something else of that day."""
    assert proposal.parsed.starts is not None
    own = _minutes(proposal.parsed.starts, proposal.ends or proposal.parsed.starts)
    other = _minutes(starts, ends)
    return own[0] < other[1] and other[0] < own[1]


def _minutes(starts: time, ends: time) -> tuple[int, int]:
    first = starts.hour * 60 + starts.minute
    last = ends.hour * 60 + ends.minute
    return first, last if last > first else last + 24 * 60


def list_loadable(proposals: Iterable[RowProposal]) -> Iterator[RowProposal]:
    """The rows that are loaded."""
    return (each for each in proposals if each.outcome in LOADED_OUTCOMES)
