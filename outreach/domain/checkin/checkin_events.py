"""Check-in events: each mark that a party, or somebody without a registration, has come.

Phones without a network send their events later, in any order and more than once. So each event has
an id made by the phone and counts once, and an undo is stored even where it arrives before its
event. Counts are computed from all events: a party marked on two phones is one party, two walk-ins
are two.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import clock
from outreach.db.base import Base
from outreach.domain.registrations import STATUSES_WITH_SEATS, Registration, capacity
from outreach.domain.workshops import Workshop

AFTER: Final = timedelta(days=2)  # until the end of the day after


class CheckinEvent(Base):
    """That somebody came, without name or time."""

    __tablename__ = "door_event"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    # None: a walk-in. The row of an erased registration gets another id.
    registration_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE", onupdate="CASCADE"), index=True
    )
    people: Mapped[int]
    # A party that holds no seat any more counts as walk-ins.
    is_walk_in: Mapped[bool]
    is_online: Mapped[bool]  # made on the check-in page
    is_undone: Mapped[bool]
    ends_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Arrival:
    """So many people of a party have come; without a party, so many walk-ins."""

    id: bytes
    people: int
    registration_id: str | None = None


@dataclass(frozen=True)
class UndoneArrival:
    """The event of that id is undone, whether or not it has arrived yet."""

    id: bytes


@dataclass(frozen=True)
class WalkInCount:
    """The counts of a workshop's check-in."""

    arrived: int  # people with a seat, or admitted from the waitlist
    walk_ins: int
    strangers: int  # parties among the walk-ins that hold no seat any more
    new: int = 0  # events that were not known before


def checkin_ends_at(workshop: Workshop) -> datetime:
    """Until when phones may send events: the end of the following day, local time."""
    last = workshop.ends_at.astimezone(workshop.zone).date()
    return clock.instant(last + AFTER, datetime.min.time(), workshop.zone)


def merge_offline_events(
    session: Session, workshop: Workshop, events: Sequence[Arrival | UndoneArrival]
) -> WalkInCount:
    """Merges the events of a phone, in any order and more than once, and returns the counts."""
    capacity.lock(session, workshop)
    session.refresh(workshop, ("walk_ins",))
    merge = _EventMerge(session, workshop)
    registration_ids = {each.registration_id for each in events if isinstance(each, Arrival)}
    undone = {each.id for each in events if isinstance(each, UndoneArrival)}
    registration_ids |= {
        event.registration_id for event in merge.events.values() if event.id in undone
    }
    merge.open({each for each in registration_ids if each is not None})
    new = 0
    for each in events:
        is_new = merge.undo(each.id) if isinstance(each, UndoneArrival) else merge.add(each)
        new += is_new
    merge.close()
    return WalkInCount(_arrived(session, workshop), workshop.walk_ins, merge.strangers(), new)


def mark_online(session: Session, registration: Registration, people: int) -> None:
    """Marks a party on the check-in page, which has one event for each party."""
    merge = _merge_one(session, registration)
    event = next((each for each in merge.list_events(registration.id) if each.is_online), None)
    if event is None:
        merge.add(Arrival(secrets.token_bytes(16), people, registration.id), is_online=True)
    else:
        event.people = people if event.is_undone else max(event.people, people)
        event.is_undone = False
    merge.close()


def undo_online(session: Session, registration: Registration) -> None:
    """Undoes all known events of a party."""
    merge = _merge_one(session, registration)
    for each in merge.list_events(registration.id):
        each.is_undone = True
    merge.close()


def purge(session: Session, *, now: datetime) -> None:
    """Deletes the events of workshops whose phones are too late. The counts stay."""
    session.execute(sa.delete(CheckinEvent).where(CheckinEvent.ends_at <= now))


class _EventMerge:
    """The events of a workshop, or of one party of it, and their counts. The caller has locked the
    workshop's row."""

    def __init__(
        self, session: Session, workshop: Workshop, registration: Registration | None = None
    ) -> None:
        self.session, self.workshop = session, workshop
        condition = CheckinEvent.workshop_id == workshop.id
        if registration is not None:
            condition &= CheckinEvent.registration_id == registration.id
        found = session.scalars(sa.select(CheckinEvent).where(condition)).all()
        self.events = {each.id: each for each in found}
        self.parties: dict[str, Registration] = {}
        self.walk_ins_before: dict[
            str, int
        ] = {}  # by registration: people counted as walk-ins before
        self.walk_ins = self._walk_ins()

    def list_events(self, registration_id: str) -> list[CheckinEvent]:
        return [e for e in self.events.values() if e.registration_id == registration_id]

    def open(self, registration_ids: Iterable[str]) -> None:
        """Reads these parties and their counts before events are added."""
        wanted = list(registration_ids)
        for start in range(0, len(wanted), 500):
            rows = self.session.scalars(
                sa.select(Registration)
                .where(Registration.id.in_(wanted[start : start + 500]))
                .execution_options(populate_existing=True)
            )
            self.parties |= {row.id: row for row in rows}
        for party in self.parties.values():
            live = [each for each in self.list_events(party.id) if not each.is_undone]
            self.walk_ins_before[party.id] = max(
                (e.people for e in live if e.is_walk_in), default=0
            )
            if party.arrived and all(each.is_walk_in for each in live):
                # Marked before without an event: phones cannot undo it.
                self.add(Arrival(secrets.token_bytes(16), party.arrived, party.id), is_online=True)

    def add(self, came: Arrival, *, is_online: bool = False) -> bool:
        """Adds an event. False where its id is known, or it was undone before it arrived."""
        if came.id in self.events:
            return False
        self._store(came.id, came.registration_id, came.people, is_online=is_online)
        return True

    def undo(self, event_id: bytes) -> bool:
        event = self.events.get(event_id)
        if event is None:
            self._store(event_id, None, 0, is_undone=True)
            return True
        event.is_undone = True
        return False

    def close(self) -> None:
        """Stores the new counts."""
        more = self._walk_ins() - self.walk_ins
        for party in self.parties.values():
            more += self._update_party(party)
        if more:
            self.workshop.walk_ins = max(0, self.workshop.walk_ins + more)
        self.session.flush()

    def strangers(self) -> int:
        live = [each for each in self.events.values() if each.is_walk_in and not each.is_undone]
        return len({each.registration_id for each in live} - {None})

    def _update_party(self, party: Registration) -> int:
        """Updates the count of a party; returns by how many the walk-ins grow."""
        party_events, before = self.list_events(party.id), self.walk_ins_before[party.id]
        came = max((each.people for each in party_events if not each.is_undone), default=0)
        came = min(came, party.people)
        is_stranger = party.status not in STATUSES_WITH_SEATS and not party.arrived
        for each in party_events:
            each.is_walk_in = is_stranger
        if is_stranger:
            return came - before
        party.arrived = came
        return -before

    def _walk_ins(self) -> int:
        return sum(
            each.people
            for each in self.events.values()
            if each.registration_id is None and not each.is_undone
        )

    def _store(
        self,
        event_id: bytes,
        registration_id: str | None,
        people: int,
        *,
        is_online: bool = False,
        is_undone: bool = False,
    ) -> None:
        event = CheckinEvent(
            workshop_id=self.workshop.id,
            id=event_id,
            registration_id=registration_id,
            people=people,
            is_walk_in=registration_id is None,
            is_online=is_online,
            is_undone=is_undone,
            ends_at=checkin_ends_at(self.workshop),
        )
        self.session.add(event)
        self.events[event_id] = event


def _merge_one(session: Session, registration: Registration) -> _EventMerge:
    workshop = registration.workshop
    session.refresh(workshop, ("walk_ins",))
    merge = _EventMerge(session, workshop, registration)
    merge.open([registration.id])
    return merge


def _arrived(session: Session, workshop: Workshop) -> int:
    counted = sa.select(sa.func.coalesce(sa.func.sum(Registration.arrived), 0)).where(
        Registration.workshop_id == workshop.id
    )
    return session.scalar(counted) or 0
