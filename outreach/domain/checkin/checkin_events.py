"""Marks of the door: each time somebody said that a party has come, or somebody without a place.

Several phones mark without a network and tell it later, in any order and as often as they like.
So a mark has a name of its own, made where it was made; what it is counts once; and taking it back
is remembered even when that comes before the mark itself. Who came is worked out from all marks:
a party on two phones is one party, two walk-ins are two.
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
from outreach.domain.registrations import SEAT_HOLDING_STATUSES, Registration, capacity
from outreach.domain.workshops import Workshop

AFTER: Final = timedelta(days=2)  # until the end of the day after


class CheckinEvent(Base):
    """No name, and no minute: that somebody came is all that has to be known."""

    __tablename__ = "door_event"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    # None: somebody without a place. A row of somebody forgotten gets another id.
    registration_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE", onupdate="CASCADE"), index=True
    )
    people: Mapped[int]
    # A party that has no place any more is counted like somebody who never had one.
    is_walk_in: Mapped[bool]
    is_online: Mapped[bool]  # made on the door's own page
    is_undone: Mapped[bool]
    ends_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Arrival:
    """So many of a party have come; of no party: so many without a place."""

    id: bytes
    people: int
    registration_id: str | None = None


@dataclass(frozen=True)
class UndoneArrival:
    """The mark of that name was a mistake, whether or not it is known yet."""

    id: bytes


@dataclass(frozen=True)
class WalkInCount:
    """What a door has counted until now."""

    arrived: int  # people who have a place, or were let in
    walk_ins: int
    strangers: int  # parties among the walk-ins: they had given up their place
    new: int = 0  # marks that were not known before


def checkin_ends_at(workshop: Workshop) -> datetime:
    """Until when phones may tell who came: the end of the day after, there."""
    last = workshop.ends_at.astimezone(workshop.zone).date()
    return clock.instant(last + AFTER, datetime.min.time(), workshop.zone)


def merge_offline_events(
    session: Session, workshop: Workshop, told: Sequence[Arrival | UndoneArrival]
) -> WalkInCount:
    """Counts what a phone tells, what is told again or in another order too."""
    capacity.lock(session, workshop)
    session.refresh(workshop, ("walk_ins",))
    book = _EventMerge(session, workshop)
    concerned = {each.registration_id for each in told if isinstance(each, Arrival)}
    undone = {each.id for each in told if isinstance(each, UndoneArrival)}
    concerned |= {event.registration_id for event in book.events.values() if event.id in undone}
    book.open({each for each in concerned if each is not None})
    new = 0
    for each in told:
        is_new = book.undo(each.id) if isinstance(each, UndoneArrival) else book.add(each)
        new += is_new
    book.close()
    return WalkInCount(_arrived(session, workshop), workshop.walk_ins, book.strangers(), new)


def mark_online(session: Session, registration: Registration, people: int) -> None:
    """The door's own page says so. It has one mark for each party, which grows."""
    book = _of_one(session, registration)
    mine = next((each for each in book.of(registration.id) if each.is_online), None)
    if mine is None:
        book.add(Arrival(secrets.token_bytes(16), people, registration.id), is_online=True)
    else:
        mine.people = people if mine.is_undone else max(mine.people, people)
        mine.is_undone = False
    book.close()


def undo_online(session: Session, registration: Registration) -> None:
    """Whoever undoes it there has seen all marks that are known: they are all taken back."""
    book = _of_one(session, registration)
    for each in book.of(registration.id):
        each.is_undone = True
    book.close()


def purge(session: Session, *, now: datetime) -> None:
    """Deletes the marks that no phone may add to any more. The counts stay."""
    session.execute(sa.delete(CheckinEvent).where(CheckinEvent.ends_at <= now))


class _EventMerge:
    """The marks of one workshop, or of one party of it, and what they come to. The workshop's row
    is locked, so nobody else is counting."""

    def __init__(
        self, session: Session, workshop: Workshop, registration: Registration | None = None
    ) -> None:
        self.session, self.workshop = session, workshop
        of = CheckinEvent.workshop_id == workshop.id
        if registration is not None:
            of &= CheckinEvent.registration_id == registration.id
        found = session.scalars(sa.select(CheckinEvent).where(of)).all()
        self.events = {each.id: each for each in found}
        self.parties: dict[str, Registration] = {}
        self.among: dict[str, int] = {}  # people of a party who were counted as walk-ins
        self.walk_ins = self._walk_ins()

    def of(self, registration_id: str) -> list[CheckinEvent]:
        return [e for e in self.events.values() if e.registration_id == registration_id]

    def open(self, registration_ids: Iterable[str]) -> None:
        """Looks at how these parties stand before anything is added."""
        wanted = list(registration_ids)
        for start in range(0, len(wanted), 500):
            rows = self.session.scalars(
                sa.select(Registration)
                .where(Registration.id.in_(wanted[start : start + 500]))
                .execution_options(populate_existing=True)
            )
            self.parties |= {row.id: row for row in rows}
        for party in self.parties.values():
            live = [each for each in self.of(party.id) if not each.is_undone]
            self.among[party.id] = max((e.people for e in live if e.is_walk_in), default=0)
            if party.arrived and all(each.is_walk_in for each in live):
                # Known to have come, and not by a mark of ours: no phone takes that back.
                self.add(Arrival(secrets.token_bytes(16), party.arrived, party.id), is_online=True)

    def add(self, came: Arrival, *, is_online: bool = False) -> bool:
        """False when a mark of that name is known, or was taken back before it came."""
        if came.id in self.events:
            return False
        self._keep(came.id, came.registration_id, came.people, is_online=is_online)
        return True

    def undo(self, mark_id: bytes) -> bool:
        event = self.events.get(mark_id)
        if event is None:
            self._keep(mark_id, None, 0, is_undone=True)
            return True
        event.is_undone = True
        return False

    def close(self) -> None:
        """Writes down what all marks come to now."""
        more = self._walk_ins() - self.walk_ins
        for party in self.parties.values():
            more += self._settle(party)
        if more:
            self.workshop.walk_ins = max(0, self.workshop.walk_ins + more)
        self.session.flush()

    def strangers(self) -> int:
        live = [each for each in self.events.values() if each.is_walk_in and not each.is_undone]
        return len({each.registration_id for each in live} - {None})

    def _settle(self, party: Registration) -> int:
        """Counts a party where it belongs; by how many the walk-ins grow."""
        marks, before = self.of(party.id), self.among[party.id]
        came = max((each.people for each in marks if not each.is_undone), default=0)
        came = min(came, party.people)
        is_stranger = party.status not in SEAT_HOLDING_STATUSES and not party.arrived
        for each in marks:
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

    def _keep(
        self,
        mark_id: bytes,
        registration_id: str | None,
        people: int,
        *,
        is_online: bool = False,
        is_undone: bool = False,
    ) -> None:
        event = CheckinEvent(
            workshop_id=self.workshop.id,
            id=mark_id,
            registration_id=registration_id,
            people=people,
            is_walk_in=registration_id is None,
            is_online=is_online,
            is_undone=is_undone,
            ends_at=checkin_ends_at(self.workshop),
        )
        self.session.add(event)
        self.events[mark_id] = event


def _of_one(session: Session, registration: Registration) -> _EventMerge:
    workshop = registration.workshop
    session.refresh(workshop, ("walk_ins",))
    book = _EventMerge(session, workshop, registration)
    book.open([registration.id])
    return book


def _arrived(session: Session, workshop: Workshop) -> int:
    counted = sa.select(sa.func.coalesce(sa.func.sum(Registration.arrived), 0)).where(
        Registration.workshop_id == workshop.id
    )
    return session.scalar(counted) or 0
