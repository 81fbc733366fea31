"""A workshop and its registrations at a given time; each call is a transaction of its own."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keystore
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
    RegistrationChange,
    RegistrationData,
    RegistrationStatus,
    SealedRegistration,
    accommodations,
    reconfirmation,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, registration_data

MONDAY = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
DAY = date(2027, 3, 8)  # a week later, at 18:00 in Chicago
STARTS = datetime(2027, 3, 9, 0, 0, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
Answer = TypeVar("Answer")


class Stage:
    def __init__(self, store: Store, workshop_id: int, *, now: datetime = MONDAY) -> None:
        self.store, self.workshop_id, self.now = store, workshop_id, now
        _attach_key_store_of_monday(store)
        self._came = 0

    # What people do

    def register(self, people: int = 1, **changes: Any) -> str:
        """The id of a new registration, by default Rosa's with an e-mail.

        `workshop` is the row as her page read it, perhaps some time ago."""
        opened = changes.pop("workshop", None) or self.workshop()
        changes = {"contact": ContactMethod.EMAIL} | changes | {"people": people}
        data = registration_data(**changes)
        sealed = make_sealed_registration(self.store, opened, data)
        self._came += 1
        now = self.now + timedelta(microseconds=self._came)  # one comes after the other
        with self.store.change() as session:
            registrations.register(session, opened, data, sealed, secrets.token_hex(16), now=now)
        return sealed.id

    def cancel(self, *ids: str) -> None:
        for each in ids:
            self._with(each, registrations.cancel)

    def change(
        self, registration_id: str, people: int, needs: tuple[str, ...] = (), slot: str = ""
    ) -> None:
        wanted = RegistrationChange(people=people, needs=Codes(needs), slot=slot)
        with self.store.change() as session:
            registration = session.get_one(Registration, registration_id)
            registrations.change(session, registration, wanted, now=self.now)

    def accept(self, registration_id: str) -> None:
        self._with(registration_id, registrations.accept_offer)

    def rejoin(self, registration_id: str) -> None:
        self._with(registration_id, registrations.rejoin)

    def confirm(self, registration_id: str) -> None:
        self._with(registration_id, reconfirmation.confirm)

    # What the staff and the worker do

    def grant(self, registration_id: str) -> None:
        self._with(registration_id, registrations.grant_seat)

    def change_workshop(self, **changes: Any) -> None:
        with self.store.change() as session:
            workshop = session.get_one(Workshop, self.workshop_id)
            workshop_service.change(
                session,
                workshop,
                replace(workshop_service.get_data(workshop), **changes),
                now=self.now,
            )

    def call_off(self) -> None:
        self._of_workshop(workshop_service.cancel)

    def reinstate(self) -> None:
        self._of_workshop(workshop_service.reinstate)

    def offer(self) -> int:
        return self._of_workshop(registrations.offer_free_seats)

    def ask(self) -> int:
        return self._of_workshop(reconfirmation.request_reconfirmation)

    def free_silent(self) -> int:
        return self._of_workshop(reconfirmation.release_unanswered)

    def work(self, *, at: datetime | None = None) -> None:
        """Runs the worker's scheduled jobs at that time."""
        self.now = at or self.now
        scheduled_jobs.expire_offers(self.store, now=self.now)
        scheduled_jobs.request_reconfirmations(self.store, now=self.now)

    def deliver(self, cause: NotificationType, *, is_dead: bool = False) -> None:
        """Marks all due notifications of a type as sent now, or as given up."""
        with self.store.change() as session:
            session.execute(
                sa.update(Notification)
                .where(
                    Notification.cause == cause,
                    Notification.done_at.is_(None),
                    Notification.due_at <= self.now,
                )
                .values(done_at=self.now, is_dead=is_dead)
            )

    # What came of it

    def of(self, registration_id: str) -> Registration:
        with self.store.read() as session:
            workshop = sa.orm.joinedload(Registration.workshop)
            return session.get_one(Registration, registration_id, options=[workshop])

    def workshop(self) -> Workshop:
        with self.store.read() as session:
            return session.get_one(Workshop, self.workshop_id)

    def status(self, registration_id: str) -> RegistrationStatus:
        return self.of(registration_id).status

    def statuses(self, *ids: str) -> list[RegistrationStatus]:
        return [self.status(each) for each in ids]

    def left(self) -> int:
        return self.workshop().seats_left

    def hours(self) -> dict[str, int]:
        """The seats left in each time slot, by start."""
        with self.store.read() as session:
            workshop = session.get_one(Workshop, self.workshop_id)
            rows = time_slots.list_slots(session, workshop)
            return {
                f"{time_slots.get_start(workshop, row.minute):%H:%M}": row.seats_left
                for row in rows
            }

    def hour(self, registration_id: str) -> str | None:
        with self.store.read() as session:
            registration = session.get_one(Registration, registration_id)
            return None if registration.slot_id is None else f"{registration.starts:%H:%M}"

    def supported(self) -> dict[str, int]:
        with self.store.read() as session:
            return dict(accommodations.get_left(session, self.workshop_id))

    def notification_types(self, registration_id: str) -> list[NotificationType]:
        """The types of pending notifications, sorted."""
        with self.store.read() as session:
            return sorted(
                session.scalars(
                    sa.select(Notification.cause).where(
                        Notification.registration_id == registration_id,
                        Notification.done_at.is_(None),
                    )
                )
            )

    def _with(self, registration_id: str, do: Callable[..., object]) -> None:
        with self.store.change() as session:
            do(session, session.get_one(Registration, registration_id), now=self.now)

    def _of_workshop(self, do: Callable[..., Answer]) -> Answer:
        with self.store.change() as session:
            return do(session, session.get_one(Workshop, self.workshop_id), now=self.now)


def stage(store: Store, office: Office, kind: Kind, **changes: Any) -> Stage:
    """A scenario with a workshop for two, a week after its now."""
    with store.change() as session:
        workshop = make_workshop(
            session, office, kind, **{"day": DAY, "capacity": 2, "now": MONDAY} | changes
        )
        return Stage(store, workshop.id)


def make_sealed_registration(
    store: Store, workshop: Workshop, data: RegistrationData
) -> SealedRegistration:
    with store.read() as session:
        key_store = keystore.of_session(session)
    return registrations.prepare(key_store, workshop, data)


def _attach_key_store_of_monday(store: Store) -> None:
    """A key store for which it is Monday: a key whose day has come cannot be read."""
    with store.read() as session:
        key_store = keystore.of_session(session)
    KeyStore(key_store.store, key_store.envelope.master_keys, lambda: MONDAY).attach(store)


def faults(session: Session, workshop_id: int) -> list[str]:
    """The differences between the stored counters and the registrations; always empty."""
    workshop = session.get_one(Workshop, workshop_id, populate_existing=True)
    held = session.scalars(
        sa.select(Registration).where(
            Registration.workshop_id == workshop_id,
            Registration.status.in_(STATUSES_WITH_SEATS),
        )
    ).all()
    people = sum(row.people for row in held)
    seats = workshop.capacity + workshop.overbooked
    found = [_fault("seats", seats, people, workshop.seats_left + workshop.held_seats)]
    for slot in session.scalars(sa.select(TimeSlot).where(TimeSlot.workshop_id == workshop_id)):
        people = sum(row.people for row in held if row.slot_id == slot.id)
        found.append(_fault(f"slot {slot.minute}", slot.capacity, people, slot.seats_left))
    left = accommodations.get_left(session, workshop_id)
    for need, capacity in workshop.support.items():
        # Nobody knows what a party holds whose key has just been destroyed, and until it is
        # cancelled what other such parties held is not subtracted either (`totals.recount`).
        parties = sum(need in each.needs for each in held)
        taken = capacity - left[need]
        if taken < parties or (taken > parties and not _is_erasing(session, workshop_id)):
            found.append(_fault(need, capacity, parties, left[need]))
    return [each for each in found if each]


def _is_erasing(session: Session, workshop_id: int) -> bool:
    """Whether somebody's key has been destroyed whose row is not cleared yet."""
    rows = session.scalars(
        sa.select(Registration).where(
            Registration.workshop_id == workshop_id, Registration.key_id.is_not(None)
        )
    )
    return any(not each.is_readable for each in rows)


def _fault(what: str, capacity: int, held: int, left: int) -> str:
    is_right = held + left == capacity and left >= 0
    return "" if is_right else f"{what}: {held} held and {left} left of {capacity}"


def stranded(session: Session, workshop_id: int) -> list[str]:
    """The waitlisted registrations that would fit, computed without the product's rules."""
    workshop = session.get_one(Workshop, workshop_id, populate_existing=True)
    hours = session.scalars(
        sa.select(TimeSlot.seats_left).where(TimeSlot.workshop_id == workshop_id)
    ).all()
    supported = accommodations.get_left(session, workshop_id)
    room = max(hours, default=0) if workshop.has_slots else workshop.seats_left
    waiting = session.scalars(
        sa.select(Registration).where(
            Registration.workshop_id == workshop_id,
            Registration.status == RegistrationStatus.WAITLISTED,
        )
    )
    return [
        row.id
        for row in waiting
        if row.is_readable
        and row.people <= room
        and all(supported.get(need, 1) > 0 for need in row.needs)
    ]
