"""Check-in events: each mark that a party, or somebody without a registration, has come.

Phones without a network send their events later, in any order and more than once. So each event has
an id made by the phone and counts once, and an undo is stored even where it arrives before its
event. Counts are computed from all events: a party marked on two phones is one party, two walk-ins
are two.
"""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import clock, keystore
from outreach.db.base import Base
from outreach.db.store import change_rows
from outreach.domain.registrations import (
    STATUSES_WITH_SEATS,
    Registration,
    capacity,
    open_details,
    totals,
)
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased
from outreach.keystore import KeyStore

AFTER: Final = timedelta(days=2)  # until the end of the day after


class CheckinEvent(Base):
    """Notes that somebody came, without name or time."""

    __tablename__ = "checkin_event"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    # HMAC of the registration (`party_digest`); None: a walk-in.
    party: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)
    people: Mapped[int]
    # A party that holds no seat any more counts as walk-ins.
    is_walk_in: Mapped[bool]
    is_online: Mapped[bool]  # made on the check-in page
    is_undone: Mapped[bool]
    ends_at: Mapped[datetime] = mapped_column(index=True)


def party_digest(key_store: KeyStore, registration_id: str) -> bytes:
    """Returns the HMAC of a registration, under a key that is only for check-in events (S33)."""
    return key_store.digest_for("check-in event", registration_id)


@dataclass(frozen=True)
class Arrival:
    """The arrival of so many people of a party; without a party, of so many walk-ins."""

    id: bytes
    people: int
    registration_id: str | None = None


@dataclass(frozen=True)
class UndoneArrival:
    """The undoing of the event with that id, whether or not it has arrived yet."""

    id: bytes


@dataclass(frozen=True)
class WalkInCount:
    """The counts of a workshop's check-in."""

    arrived: int  # people with a seat, or admitted from the waitlist
    walk_ins: int
    strangers: int  # parties among the walk-ins that hold no seat any more
    new: int = 0  # events that were not known before


def checkin_ends_at(workshop: Workshop) -> datetime:
    """Returns until when phones may send events: the end of the following day, local time."""
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
    merge.open({each for each in registration_ids if each is not None})
    undone_events = [event for event in merge.events.values() if event.id in undone]
    merge.open(merge.find_parties(event.party for event in undone_events))
    new = 0
    for each in events:
        is_new = merge.undo(each.id) if isinstance(each, UndoneArrival) else merge.add(each)
        new += is_new
    merge.close()
    arrived = totals.read(session, workshop.id)[totals.ARRIVED]
    return WalkInCount(arrived, workshop.walk_ins, merge.strangers(), new)


def mark_online(
    session: Session, registration: Registration, people: int, *, is_admitted: bool = False
) -> None:
    """Marks a party on the check-in page, which has one event for each party.

    `is_admitted`: a party of the waitlist gets a chair.
    """
    merge = _merge_one(session, registration)
    if is_admitted:
        merge.admitted.add(registration.id)
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


def read_arrivals_of_erased(
    session: Session, workshop: Workshop, parties: Iterable[Registration]
) -> dict[str, int]:
    """Counts the people who came for those of these registrations that nobody can read, by
    their id.
    """
    merge = _EventMerge(session, workshop)
    merge.parties = {each.id: each for each in parties if not each.is_readable}
    return {each.id: merge.count_arrived(each) for each in merge.parties.values()}


def rename_party(session: Session, old_id: str, new_id: str) -> None:
    """Keeps the events of a registration that gets another id."""
    key_store = keystore.of_session(session)
    session.execute(
        sa.update(CheckinEvent)
        .where(CheckinEvent.party == party_digest(key_store, old_id))
        .values(party=party_digest(key_store, new_id))
        .execution_options(synchronize_session=False)
    )


def purge(session: Session, *, now: datetime) -> int:
    """Deletes the events of workshops whose phones are too late, and returns how many. The counts
    stay."""
    return change_rows(session, sa.delete(CheckinEvent).where(CheckinEvent.ends_at <= now))


class _EventMerge:
    """The events of a workshop, or of one party of it, and their counts.

    The caller has locked the workshop's row.
    """

    def __init__(
        self, session: Session, workshop: Workshop, registration: Registration | None = None
    ) -> None:
        self.session, self.workshop = session, workshop
        self._key_store = keystore.of_session(session)
        condition = CheckinEvent.workshop_id == workshop.id
        if registration is not None:
            condition &= CheckinEvent.party == self._digest(registration.id)
        found = session.scalars(sa.select(CheckinEvent).where(condition)).all()
        self.events = {each.id: each for each in found}
        self.parties: dict[str, Registration] = {}
        self.admitted: set[str] = set()  # parties of the waitlist that get a chair
        # By registration: people counted as walk-ins, and as arrived, before.
        self.walk_ins_before: dict[str, int] = {}
        self.arrived_before: dict[str, int] = {}
        self.walk_ins = self._walk_ins()

    def list_events(self, registration_id: str) -> list[CheckinEvent]:
        digest = self._digest(registration_id)
        return [event for event in self.events.values() if event.party == digest]

    def find_parties(self, digests: Iterable[bytes | None]) -> list[str]:
        """Returns the ids of the registrations with these HMACs."""
        wanted = set(digests) - {None}
        if not wanted:
            return []
        is_of_workshop = Registration.workshop_id == self.workshop.id
        ids = self.session.scalars(sa.select(Registration.id).where(is_of_workshop))
        return [each for each in ids if self._digest(each) in wanted]

    def open(self, registration_ids: Iterable[str]) -> None:
        """Reads these parties and their counts before events are added."""
        wanted = [each for each in registration_ids if each not in self.parties]
        for start in range(0, len(wanted), 500):
            rows = self.session.scalars(
                sa.select(Registration)
                .where(Registration.id.in_(wanted[start : start + 500]))
                .execution_options(populate_existing=True)
            ).all()
            open_details(self._key_store, rows)
            for party in rows:
                self._open_party(party)

    def _open_party(self, party: Registration) -> None:
        self.parties[party.id] = party
        live = [each for each in self.list_events(party.id) if not each.is_undone]
        self.walk_ins_before[party.id] = max((e.people for e in live if e.is_walk_in), default=0)
        arrived = self.arrived_before[party.id] = self.count_arrived(party)
        if arrived and all(each.is_walk_in for each in live):
            # Marked before without an event: phones cannot undo it.
            self.add(Arrival(secrets.token_bytes(16), arrived, party.id), is_online=True)

    def count_arrived(self, party: Registration) -> int:
        """Counts the people of a party who have arrived.

        The events are counted where the party's details cannot be read any more, or count at
        another workshop.
        """
        if party.is_readable and party.workshop_id == self.workshop.id:
            return party.arrived_count
        live = (e for e in self.list_events(party.id) if not (e.is_undone or e.is_walk_in))
        return max((event.people for event in live), default=0)

    def add(self, came: Arrival, *, is_online: bool = False) -> bool:
        """Adds an event. Returns False where its id is known, or it was undone before it
        arrived.
        """
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
        return len({each.party for each in live} - {None})

    def _update_party(self, party: Registration) -> int:
        """Updates the count of a party; returns by how many the walk-ins grow."""
        party_events, before = self.list_events(party.id), self.walk_ins_before[party.id]
        came = max((each.people for each in party_events if not each.is_undone), default=0)
        came = min(came, party.people)
        # A phone that was off line may still have a party that has moved to another date.
        is_here = party.workshop_id == self.workshop.id
        has_seat = is_here and party.status in STATUSES_WITH_SEATS
        has_chair = has_seat or party.id in self.admitted
        is_stranger = not has_chair and not self.arrived_before[party.id]
        for each in party_events:
            each.is_walk_in = is_stranger
        if is_stranger:
            return came - before
        self._set_arrived(party, came)
        return -before

    def _set_arrived(self, party: Registration, came: int) -> None:
        more = came - self.arrived_before[party.id]
        if not more:
            return
        with suppress(DataErased):  # then only the total says it
            party.change_details(arrived=came)
        totals.add(self.session, self.workshop.id, totals.of_arrival(party, more))
        self.arrived_before[party.id] = came

    def _walk_ins(self) -> int:
        return sum(
            each.people
            for each in self.events.values()
            if each.party is None and not each.is_undone
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
            party=None if registration_id is None else self._digest(registration_id),
            people=people,
            is_walk_in=registration_id is None,
            is_online=is_online,
            is_undone=is_undone,
            ends_at=checkin_ends_at(self.workshop),
        )
        self.session.add(event)
        self.events[event_id] = event

    def _digest(self, registration_id: str) -> bytes:
        return party_digest(self._key_store, registration_id)


def _merge_one(session: Session, registration: Registration) -> _EventMerge:
    workshop = registration.workshop
    session.refresh(workshop, ("walk_ins",))
    merge = _EventMerge(session, workshop, registration)
    merge.open([registration.id])
    return merge
