"""What a calendar says anew of the workshops that came of it.

A draft that nobody has edited since may follow its calendar. Whatever else differs is told: a
published workshop is changed by staff only, who see whom it would reach.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.base import Words
from outreach.domain import workshops
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.scheduling import import_memory
from outreach.domain.scheduling.calendar_links import (
    CalendarDifference,
    CalendarLink,
    CalendarReport,
    GoneEvent,
)
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports.calendar_links import event_list
from outreach.imports.calendar_links.event_list import CalendarRows, ListedEvent
from outreach.imports.guess import proposals
from outreach.imports.guess.headings import Field
from outreach.imports.guess.parsed_rows import ParsedRow
from outreach.imports.guess.proposals import Outcome, RowProposal

_PLACE: Final = "place"  # the venue as the calendar writes it, in what is told
_AHEAD: Final = frozenset({WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED})


@dataclass
class CalendarComparison:
    """A calendar beside the workshops of its office. Nothing is written yet."""

    events: Sequence[ListedEvent] = ()  # that stand to be ticked
    followed: list[RowProposal] = field(default_factory=list)  # drafts that may be changed
    differing: list[CalendarDifference] = field(default_factory=list)
    gone: list[GoneEvent] = field(default_factory=list)
    taken: dict[str, Words] = field(default_factory=dict)  # as `CalendarLink.taken`

    @property
    def report(self) -> CalendarReport:
        waiting = sum(each.is_like_a_workshop for each in self.events)
        return CalendarReport(self.differing, self.gone, waiting)


def compare(
    session: Session,
    office: Office,
    found: CalendarRows,
    taken: Mapping[str, Words],
    *,
    now: datetime,
) -> CalendarComparison:
    """Compares the dates of a calendar with the workshops that the office has for them. `taken` has
    what the calendar said earlier about the dates that were ticked, by fingerprint."""
    result = CalendarComparison(events=event_list.list_events(found))
    said_now: dict[str, Words] = {}
    known = [each for each in found.rows if found.is_known(each)]
    for row in known:
        said_now |= dict.fromkeys(proposals.list_fingerprints(row), proposals.list_said(row))
        _fill_kind(session, row, found)
    for proposal in proposals.propose(session, office, known, now=now, said_before=taken):
        _judge(session, office, proposal, found, taken, said_now, result)
    untold = {each.fingerprint for each in result.differing}
    there = {each for row in found.rows for each in proposals.list_fingerprints(row)}
    result.gone = _list_gone(session, office, taken.keys() - there, now=now)
    remembered = there | {each.fingerprint for each in result.gone}
    kept = {name: said for name, said in taken.items() if name in remembered}
    new = {name: said for name, said in said_now.items() if name not in untold}
    result.taken = kept | new
    return result


def _list_gone(
    session: Session, office: Office, missing: Collection[str], *, now: datetime
) -> list[GoneEvent]:
    """Returns the workshops still to be held whose fingerprints are in `missing`: the calendar does
    not have their events any more."""
    gone = import_memory.find_rows(session, office, missing)
    ahead = _list_ahead(session, {each.workshop_id for each in gone.values()}, now=now)
    return [
        GoneEvent(each.workshop_id, name)
        for name, each in sorted(gone.items())
        if each.workshop_id in ahead
    ]


def _fill_kind(session: Session, row: ParsedRow, found: CalendarRows) -> None:
    """Gives a date that names no kind that of its workshop: staff chose it there."""
    if row.kind is not None:
        return
    before = next(found.known[e] for e in proposals.list_fingerprints(row) if e in found.known)
    workshop = workshops.find_by_id(session, before.workshop_id)
    if workshop is not None:
        row.kind = workshop.kind.code
        row.remarks = [each for each in row.remarks if each.field is not Field.KIND]


def _judge(
    session: Session,
    office: Office,
    proposal: RowProposal,
    found: CalendarRows,
    taken: Mapping[str, Words],
    said_now: Mapping[str, Words],
    result: CalendarComparison,
) -> None:
    """Sorts a date that is here already: nothing new, a draft that follows, or a difference."""
    fingerprint = proposal.fingerprint
    before = found.known.get(fingerprint)
    workshop = workshops.find_by_id(session, before.workshop_id) if before is not None else None
    if before is None or workshop is None or workshop.status not in _AHEAD:
        return
    said = said_now[fingerprint]
    said_before = taken.get(fingerprint, before.said)
    is_cancelled = bool(said["status"]) and said["status"] != said_before.get("status")
    fields = proposal.changed_fields - {"status"}
    if not is_cancelled and not fields:
        return
    may_follow = proposal.outcome is Outcome.CHANGED and not is_cancelled
    if may_follow and is_untouched(session, workshop, office, fingerprint):
        result.followed.append(proposal)
        return
    result.differing.append(make_difference(proposal, said, is_cancelled=is_cancelled))


def make_difference(
    proposal: RowProposal, said: Words, *, is_cancelled: bool = False
) -> CalendarDifference:
    """Describes for staff how a date would change its workshop. `said` is what the calendar says
    now."""
    assert proposal.workshop_id is not None
    return CalendarDifference(
        proposal.workshop_id,
        proposal.fingerprint,
        {**said, _PLACE: proposal.parsed.venue},
        sorted(proposal.changed_fields - {"status"}),
        is_cancelled,
    )


def is_untouched(session: Session, workshop: Workshop, office: Office, fingerprint: str) -> bool:
    """Whether a workshop is a draft that nobody has published, edited or registered for since its
    row was brought in."""
    if workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None:
        return False
    imported_at = session.scalar(
        sa.select(import_memory.ImportedRow.imported_at).where(
            import_memory.ImportedRow.office_id == office.id,
            import_memory.ImportedRow.fingerprint == fingerprint,
            import_memory.ImportedRow.workshop_id == workshop.id,
        )
    )
    if imported_at is None or workshop.changed_at > imported_at or workshop.office is not office:
        return False
    query = sa.select(Registration.id).where(Registration.workshop_id == workshop.id).limit(1)
    return session.scalar(query) is None


def _list_ahead(session: Session, ids: Collection[int], *, now: datetime) -> set[int]:
    """Returns the ids of those workshops that are still to be held."""
    if not ids:
        return set()
    query = sa.select(Workshop.id).where(
        Workshop.id.in_(ids), Workshop.status.in_(_AHEAD), Workshop.starts_at > now
    )
    return set(session.scalars(query))


@dataclass(frozen=True)
class OpenDifference:
    """A workshop as it is now and, by field, what its calendar says instead."""

    workshop: Workshop
    says: Mapping[str, str]
    is_cancelled: bool


def list_open(
    session: Session, link: CalendarLink, *, now: datetime
) -> tuple[list[OpenDifference], list[Workshop]]:
    """Returns what still holds of the last reading: the differences, and the workshops whose event
    is gone. A field that staff have changed since to what the calendar says is no difference any
    more."""
    report = CalendarReport.read(link.report)
    ids = {each.workshop_id for each in report.differing}
    ids |= {each.workshop_id for each in report.gone}
    ahead = _list_ahead(session, ids, now=now)
    found = {
        each.id: each
        for each in session.scalars(sa.select(Workshop).where(Workshop.id.in_(ahead)))
        if each.office_id == link.office_id
    }
    differing = []
    for each in report.differing:
        workshop = found.get(each.workshop_id)
        if workshop is None:
            continue
        current = proposals.say_workshop(workshop)
        values = each.said | {"venue": each.said.get(_PLACE, "")}
        says = {
            name: values.get(name, "")
            for name in each.fields
            if fold(values.get(name, "")) != fold(current.get(name, ""))
        }
        if says or each.is_cancelled:
            differing.append(OpenDifference(workshop, says, each.is_cancelled))
    gone = [found[each.workshop_id] for each in report.gone if each.workshop_id in found]
    return differing, gone
