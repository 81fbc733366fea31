"""One process of a crowd: registers, moves, cancels, accepts offers, and does the work of staff and
worker, at random and as fast as it can."""

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any, Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions, registrations
from outreach.domain.registrations import (
    Registration,
    RegistrationChange,
    RegistrationData,
    RegistrationStatus,
    reconfirmation,
)
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import OutreachError
from outreach.keystore import KeyStore, MasterKeys
from outreach.maintenance import scheduled_jobs
from outreach.privacy import registration_move

BEGAN: Final = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
_start: list[Barrier] = []


@dataclass(frozen=True)
class Scene:
    """The databases and the workshops; all processes compete for the first workshop."""

    database_url: str
    keyring_url: str
    keys: Path
    workshop_ids: tuple[int, ...]
    has_slots: bool = False


@dataclass
class Done:
    """What one process has done."""

    steps: Counter[str] = field(default_factory=Counter)
    registered: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    moves: int = 0
    errors: list[str] = field(default_factory=list)  # errors that must not occur


def begin_together(barrier: Barrier) -> None:
    _start.append(barrier)


def act(scene: Scene, seed: int, count: int) -> Done:
    """Runs that many steps, each an hour after the other."""
    one = _One(scene, seed)
    _start[0].wait(timeout=120)
    try:
        for _number in range(count):
            one.step()
    finally:
        one.store.close()
        one.key_store.store.close()
    return one.done


class _One:
    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.done, self.now = scene, Done(), BEGAN
        self.random = random.Random(seed)
        self.store = Store(scene.database_url)
        self.key_store = KeyStore(Store(scene.keyring_url), MasterKeys(scene.keys))
        self.key_store.attach(self.store)
        change_sessions.install(self.store)

    def step(self) -> None:
        [(do, _often)] = self.random.choices(_STEPS, [often for _do, often in _STEPS])
        self.now += timedelta(hours=1)
        name = do.__name__.strip("_")
        try:
            do(self)
        except OutreachError as answer:
            name = f"{name}: {type(answer).__name__}"
        except Exception as error:
            self.done.errors.append(f"{name}: {error!r}")
        self.done.steps[name] += 1

    # What people do

    def save(self) -> None:
        self._save(self.scene.workshop_ids[:1])

    def save_all(self) -> None:
        """Registers for both dates at once, in either order."""
        ids = list(self.scene.workshop_ids)
        self.random.shuffle(ids)
        self._save(ids)

    def _save(self, workshop_ids: Sequence[int]) -> None:
        with self.store.read() as session:
            wanted = [session.get_one(Workshop, each) for each in workshop_ids]
        if len(wanted) > 1 and wanted[0].has_slots:
            wanted = wanted[:1]
        someone = RegistrationData(
            name="Rosa",
            people=self.random.randint(1, 3),
            needs=Codes(self.random.choice([(), (), ("childcare",)])),
            slot=self.random.choice(["18:00", "18:20", "18:40"]) if wanted[0].has_slots else "",
        )
        tickets = [registrations.prepare(self.key_store, each, someone) for each in wanted]
        nonce = secrets.token_hex(16)
        with self.store.change() as session:
            if len(wanted) > 1:
                pairs = list(zip(wanted, tickets, strict=True))
                registrations.register_group(session, pairs, someone, nonce, now=self.now)
            else:
                [workshop], [ticket] = wanted, tickets
                registrations.register(session, workshop, someone, ticket, nonce, now=self.now)
        self.done.registered |= {ticket.id for ticket in tickets}

    def cancel(self) -> None:
        registration = self._somebody(*registrations.ACTIVE_STATUSES, RegistrationStatus.EXPIRED)
        if registration is None or registration.key_id is None:
            return
        self.done.cancelled.add(registration.id)
        self.key_store.destroy(registration.key_id)
        self._with(registration, registrations.cancel)

    def change(self) -> None:
        registration = self._somebody(RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED)
        if registration is None:
            return
        wanted = RegistrationChange(
            people=self.random.randint(1, 3),
            needs=Codes(self.random.choice([(), ("childcare",)])),
            slot=self.random.choice(["18:00", "18:20", "18:40"]) if registration.slot_id else "",
        )
        with self.store.change() as session:
            registration = session.get_one(Registration, registration.id)
            registrations.change(session, registration, wanted, now=self.now)

    def move(self) -> None:
        """Moves to the other date, at any hour of it."""
        registration = self._somebody(RegistrationStatus.CONFIRMED)
        if registration is None:
            return
        others = [each for each in self.scene.workshop_ids if each != registration.workshop_id]
        hour = self.random.choice(["18:00", "18:20", "18:40"]) if self.scene.has_slots else ""
        target = self.random.choice(others)
        if registration_move.move(
            self.store, self.key_store, registration.id, target, now=self.now, slot=hour
        ):
            self.done.moves += 1

    def move_twice(self) -> None:
        """Two tabs: the second one names a date that the first one has just left."""
        for _tab in range(2):
            self.move()

    def accept(self) -> None:
        self._with(self._somebody(RegistrationStatus.OFFERED), registrations.accept_offer)

    def confirm(self) -> None:
        self._with(self._somebody(RegistrationStatus.CONFIRMED), reconfirmation.confirm)

    def rejoin(self) -> None:
        self._with(self._somebody(RegistrationStatus.EXPIRED), registrations.rejoin)

    # What the staff and the worker do

    def grant(self) -> None:
        self._with(self._somebody(RegistrationStatus.WAITLISTED), registrations.grant_seat)

    def resize(self) -> None:
        with self.store.change() as session:
            workshop = session.get_one(Workshop, self.scene.workshop_ids[0])
            data = workshop_service.get_data(workshop)
            places = self.random.randint(2, 4) if workshop.has_slots else self.random.randint(8, 12)
            changed: dict[str, Any] = {"slot_places" if workshop.has_slots else "capacity": places}
            changed_data = replace(data, **changed, support={"childcare": places // 2})
            workshop_service.change(session, workshop, changed_data, now=self.now)

    def work(self) -> None:
        scheduled_jobs.expire_offers(self.store, now=self.now)
        scheduled_jobs.request_reconfirmations(self.store, now=self.now)

    def _somebody(self, *statuses: RegistrationStatus) -> Registration | None:
        with self.store.read() as session:
            return session.scalar(
                sa.select(Registration)
                .where(
                    Registration.workshop_id.in_(self.scene.workshop_ids),
                    Registration.status.in_(statuses),
                )
                .order_by(sa.func.random())
                .limit(1)
            )

    def _with(self, registration: Registration | None, do: Any) -> None:
        if registration is not None:
            with self.store.change() as session:
                do(session, session.get_one(Registration, registration.id), now=self.now)


_STEPS: Final = (
    (_One.save, 30),
    (_One.save_all, 8),
    (_One.cancel, 24),
    (_One.change, 6),
    (_One.move, 16),
    (_One.move_twice, 4),
    (_One.accept, 14),
    (_One.confirm, 3),
    (_One.rejoin, 4),
    (_One.grant, 2),
    (_One.resize, 3),
    (_One.work, 8),
)
