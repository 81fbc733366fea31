"""What the staff of some offices did today of what waited in the queue, the latest first.

There is no table of it. Calls and approvals are read from the rows of the people, which go with
them; who approved, and everything else, from the audit log, and of what is about people only as
long as the workshop still has somebody. What was undone or taken back is left out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from outreach import clock
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.dashboard.pending_items import PENDING_ITEMS, DoneSort
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.call_attempts import CallAttempt, CallOutcome
from outreach.domain.workshops import Workshop, WorkshopStatus

_SORTS: Final[Mapping[str, DoneSort]] = {
    action: sort for each in PENDING_ITEMS for action, sort in each.ended_by.items()
}
_UNDOING: Final[Mapping[str, DoneSort]] = {
    action: sort for each in PENDING_ITEMS for action, sort in each.taken_back_by.items()
}
_ABOUT_PEOPLE: Final = frozenset({DoneSort.REVIEWED, DoneSort.RELEASED, DoneSort.LETTERS})
_HAS_DATA: Final = Registration.key_id.is_not(None)


@dataclass(frozen=True, kw_only=True, repr=False)
class DoneLine:
    """One thing that staff ended today. Of each sort and workshop only the last is listed, but
    all calls.
    """

    sort: DoneSort
    workshop: Workshop
    at: datetime
    is_exact: bool = False  # else the hour: a row of a person has no minute (S33)
    organizer_ids: Sequence[int] = ()  # who; empty where the account is gone
    registration: Registration | None = None  # that was called
    outcome: CallOutcome | None = None
    number: int = 0  # which call to the person it was, or how many parties or people
    decision: str = ""  # about telling people

    @property
    def is_private(self) -> bool:
        """Whether nothing of the person, nor of what came of the call, is shown."""
        return self.workshop.is_sensitive


def load(session: Session, slugs: Collection[str], *, now: datetime) -> list[DoneLine]:
    """Returns what was done since midnight by the clock of each of these offices, the latest first.

    They are the offices where the staff member edits workshops and calls people.
    """
    offices = session.scalars(sa.select(Office).where(Office.slug.in_(slugs))).all()
    if not offices:
        return []
    midnights = {each.id: _find_midnight(each, now) for each in offices}
    entries = _list_entries(session, midnights)
    lines = [
        *_list_calls(session, midnights),
        *_list_decisions(session, midnights, entries),
        *_list_others(session, entries),
    ]
    lines.sort(key=lambda line: (line.at, line.workshop.id), reverse=True)
    return lines


def _find_midnight(office: Office, now: datetime) -> datetime:
    return clock.instant(now.astimezone(office.zone).date(), time(0), office.zone)


def _list_entries(session: Session, midnights: Mapping[int, datetime]) -> list[AuditEntry]:
    """Returns today's entries of the audit log about pending work of these offices, the oldest
    first.
    """
    rows = session.execute(
        sa.select(AuditEntry, Workshop.office_id)
        .join(Workshop, Workshop.id == AuditEntry.workshop_id)
        .where(
            AuditEntry.at >= min(midnights.values()),
            AuditEntry.action.in_([*_SORTS, *_UNDOING]),
            Workshop.office_id.in_(midnights),
        )
        .order_by(AuditEntry.id)
    )
    return [entry for entry, office_id in rows if entry.at >= midnights[office_id]]


def _list_calls(session: Session, midnights: Mapping[int, datetime]) -> list[DoneLine]:
    rows = session.execute(
        sa.select(CallAttempt, Registration)
        .join(Registration, Registration.id == CallAttempt.registration_id)
        .join(Registration.workshop)
        .options(contains_eager(Registration.workshop))
        .where(
            CallAttempt.made_at >= clock.hour_of(min(midnights.values())),
            CallAttempt.outcome.is_not(None),
            Workshop.office_id.in_(midnights),
            _HAS_DATA,
        )
        .order_by(CallAttempt.made_at, CallAttempt.id)
    )
    return [
        DoneLine(
            sort=DoneSort.CALL,
            workshop=registration.workshop,
            at=attempt.made_at,
            organizer_ids=_ids([attempt.organizer_id]),
            registration=registration,
            outcome=attempt.outcome,
            number=attempt.number,
        )
        for attempt, registration in rows
        if attempt.made_at >= clock.hour_of(midnights[registration.workshop.office_id])
    ]


def _list_decisions(
    session: Session, midnights: Mapping[int, datetime], entries: Sequence[AuditEntry]
) -> list[DoneLine]:
    """Returns lines for approvals, as many as people still have, and for decisions not to
    approve.
    """
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.max(Registration.approved_at), sa.func.count())
        .join(Registration.workshop)
        .where(
            Registration.approved_at >= clock.hour_of(min(midnights.values())),
            Workshop.office_id.in_(midnights),
            _HAS_DATA,
        )
        .group_by(Registration.workshop_id)
    )
    approving = _group(entries, DoneSort.APPROVED)
    lines = [
        DoneLine(
            sort=DoneSort.APPROVED,
            workshop=session.get_one(Workshop, workshop_id),
            at=approved_at,
            organizer_ids=_ids(each.organizer_id for each in approving[workshop_id]),
            number=count,
        )
        for workshop_id, approved_at, count in rows.all()
        if workshop_id in approving and approved_at is not None
    ]
    declining = _group(entries, DoneSort.DECLINED)
    declined = _count_declined(session, declining)
    for workshop_id, of_workshop in declining.items():
        number = min(declined.get(workshop_id, 0), sum(map(_count_parties, of_workshop)))
        if number:
            lines.append(_make_line(session, DoneSort.DECLINED, of_workshop, number))
    return lines


def _count_declined(session: Session, workshop_ids: Iterable[int]) -> dict[int, int]:
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.count())
        .where(
            Registration.workshop_id.in_(list(workshop_ids)),
            Registration.is_declined.is_(True),
            _HAS_DATA,
        )
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in rows}


def _list_others(session: Session, entries: Sequence[AuditEntry]) -> list[DoneLine]:
    ids = sorted({each.workshop_id for each in entries if each.workshop_id is not None})
    with_people = set(
        session.scalars(
            sa.select(Registration.workshop_id)
            .where(Registration.workshop_id.in_(ids), _HAS_DATA)
            .distinct()
        )
    )
    lines = []
    for sort in (*sorted(_ABOUT_PEOPLE), DoneSort.NOTIFIED, DoneSort.REPORTED):
        for workshop_id, of_workshop in _group(entries, sort).items():
            if sort in _ABOUT_PEOPLE and workshop_id not in with_people:
                continue
            line = _make_line(session, sort, of_workshop, 0)
            if sort is not DoneSort.REPORTED or line.workshop.status in _REPORTED:
                lines.append(line)
    return lines


_REPORTED: Final = frozenset({WorkshopStatus.HELD, WorkshopStatus.NOT_HELD})


def _group(entries: Iterable[AuditEntry], sort: DoneSort) -> dict[int, list[AuditEntry]]:
    """Returns the entries of a sort that were not taken back, by id of workshop."""
    found: dict[int, list[AuditEntry]] = {}
    for entry in entries:
        if entry.workshop_id is None:
            continue
        if _UNDOING.get(entry.action) is sort:
            found.pop(entry.workshop_id, None)
        elif _SORTS.get(entry.action) is sort:
            found.setdefault(entry.workshop_id, []).append(entry)
    return found


def _make_line(
    session: Session, sort: DoneSort, entries: Sequence[AuditEntry], number: int
) -> DoneLine:
    """Makes the line of the last of these entries, which are about one workshop."""
    last, details = entries[-1], audit_log.details_of(entries[-1])
    return DoneLine(
        sort=sort,
        workshop=session.get_one(Workshop, last.workshop_id),
        at=last.at,
        is_exact=True,
        organizer_ids=_ids([last.organizer_id]),
        number=number,
        decision=str(details.get("decision", "")),
    )


def _count_parties(entry: AuditEntry) -> int:
    details: Mapping[str, Any] = audit_log.details_of(entry)
    return int(details.get("parties", 1))


def _ids(given: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(each for each in given if each is not None))
