"""The world of `notification_world` with a team and a mail server that refuses, and all that an
undo has to restore: what is queued, what waits for a call, and what each person was told."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.message_types import CHANGE_TYPES
from outreach.domain.registrations.notifications import Notification
from outreach.domain.roster import assignments, undecided_changes
from outreach.domain.roster.models import RosterAssignment, RosterLetter, RosterMember
from outreach.domain.scheduling import undo
from outreach.domain.workshops import Workshop, facts
from outreach.errors import Refusal
from outreach.keystore import KeyStore
from outreach.mail.delivery_errors import DeliveryRefused
from outreach.mail.sms_gateway import SmsMessage
from tests.support.notification_world import NotificationWorld
from tests.support.roster import add_member

Snapshot = dict[str, list[tuple[Any, ...]]]
_REGISTRATION = ("id", "status", "known_facts", "asked_at", "confirmed_at", "offered_until")
_NOTIFICATION = (
    "registration_id", "cause", "message_id", "is_urgent", "due_at", "tries", "leased_until",
    "done_at", "is_dead",
)  # fmt: skip
# What tells of a change has its facts from the beginning. Others get theirs whenever they are
# claimed: one that was claimed at night, and waits for the day, has some that nothing reads.
_FACTS = sa.case(
    (
        sa.or_(
            Notification.cause.in_(CHANGE_TYPES),
            Notification.done_at.is_not(None),
            Notification.leased_until.is_not(None),
        ),
        Notification.facts,
    )
)
# A row that waits to tell of a change is never sent to who knows the change already from another
# letter of that hour: whether such a row stands there makes no difference.
_IS_TO_BE_SAID = sa.not_(
    sa.and_(
        Notification.cause.in_(CHANGE_TYPES),
        Notification.done_at.is_(None),
        sa.exists().where(
            Registration.id == Notification.registration_id,
            Registration.known_facts == Notification.facts,
        ),
    )
)
_WORKSHOP = ("id", "status", "withheld_facts", "undo_until", "held_seats", "seats_left")
_ASSIGNMENT = ("id", "state", "known_facts", "confirmed_facts")
_LETTER = ("assignment_id", "letter_type", "facts", "due_at", "tries", "leased_until", "done_at")


class UndoWorld(NotificationWorld):
    def __init__(
        self,
        app: Flask,
        store: Store,
        key_store: KeyStore,
        config: Config,
        office: Office,
        kind: Kind,
    ) -> None:
        super().__init__(app, store, key_store, config, office, kind)
        self.refusals: list[bool] = []  # how the next messages are refused; True: for good
        self.sent: list[str] = []  # addresses and phones
        mark = secrets.token_hex(4)
        members = [
            add_member(store, key_store, office, email=f"team{n}.{mark}@example.org").id
            for n in range(2)
        ]
        with store.change() as session:
            session.execute(sa.delete(RosterAssignment))  # an earlier example left them
            for each in self.workshop_ids[:2]:
                workshop = session.get_one(Workshop, each)
                for member_id in members:
                    member = session.get_one(RosterMember, member_id)
                    assignments.ask(session, workshop, member, now=self.now)

    def answer(self, index: int, number: int, *, can_come: bool) -> None:
        def act(session: Session) -> None:
            workshop = session.get_one(Workshop, self.workshop_ids[index])
            active = assignments.list_active(session, workshop)
            if active:
                of_member = active[number % len(active)]
                assignments.answer(session, of_member, can_come=can_come, now=self.now)

        self.do(f"team {number} of {index}: {can_come}", act)

    def refuse(self, *, is_final: bool) -> None:
        """The mail server or the gateway refuses the next message."""
        self.refusals.append(is_final)

    @contextmanager
    def _collect_letters(self) -> Iterator[Callable[[EmailMessage], None]]:
        yield lambda letter: self._take(str(letter["To"]))

    @contextmanager
    def _collect_texts(self) -> Iterator[Callable[[SmsMessage], None]]:
        yield lambda text: self._take(text.to)

    def _take(self, to: str) -> None:
        is_refused = bool(self.refusals)
        self.log.append(f"  to {to}{' refused' if is_refused else ''}")
        if is_refused:
            raise DeliveryRefused(is_final=self.refusals.pop())
        self.sent.append(to)

    def call_all(self) -> None:
        """Staff make all calls that wait."""
        with self.store.change() as session:
            for workshop in session.scalars(
                sa.select(Workshop).where(Workshop.id.in_(self.workshop_ids))
            ).all():
                for each in outbox.list_calls(session, workshop, now=self.now, has_texts=True):
                    outbox.mark_all_called(session, each.registration, now=self.now, has_texts=True)
        self.log.append("calls")

    def act_and_undo(
        self, act: Callable[[], None], *, minutes: int, has_round: bool
    ) -> tuple[Snapshot, Snapshot] | None:
        """What an undo has to restore, before the act and after its undo `minutes` later; with
        `has_round`, the worker did its round in between. None where nothing was done, it could not
        be undone, or the worker had something else to do."""
        self._work_at(self.now)
        later = self.now + timedelta(minutes=minutes)
        before, count = self.read_queue(later), len(self.batches)
        is_quiet = not self._has_other_work(later)
        act()
        if len(self.batches) == count:
            return None
        batch, _known = self.batches.pop()
        sent = len(self.sent)
        self.now = later
        if has_round:
            self._work_at(later)
        is_undone = self._undo(batch)
        if not is_undone or (has_round and not is_quiet) or len(self.sent) > sent:
            return None
        return before, self.read_queue(later)

    def _undo(self, batch: str) -> bool:
        """Whether all that the act changed is as it was."""
        refusals: list[Refusal] = []

        def act(session: Session) -> None:
            undone = undo.undo_all(session, batch, now=self.now)
            refusals.extend(each.refusal for each in undone.workshops if each.refusal)
            refusals.extend([undone.refusal] if undone.refusal else [])

        return self.do(f"undo {batch}", act) and not refusals

    def _has_other_work(self, later: datetime) -> bool:
        """Whether the worker has something to do until then, without the act."""
        with self.store.read() as session:
            due = sa.select(Notification.id).where(
                Notification.done_at.is_(None), Notification.due_at.between(self.now, later)
            )
            holds = sa.select(Registration.id).where(
                sa.or_(
                    Registration.offered_until <= later, Registration.approval_undo_until <= later
                )
            )
            people = session.scalars(
                sa.select(Workshop).where(Workshop.id.in_(self.workshop_ids))
            ).all()
            instants = [
                at
                for each in people
                for at in (each.confirm_at, each.remind_early_at, each.remind_at, each.undo_until)
            ]
            return (
                session.scalar(due.limit(1)) is not None
                or session.scalar(holds.limit(1)) is not None
                or any(at is not None and self.now <= at <= later for at in instants)
            )

    def read_queue(self, now: datetime) -> Snapshot:
        """All that an undo has to restore; the calls are those that wait at `now`."""
        with self.store.read() as session:
            workshops = session.scalars(
                sa.select(Workshop).where(Workshop.id.in_(self.workshop_ids))
            ).all()
            found = {
                "registrations": _read(session, Registration, _REGISTRATION),
                "notifications": _read(
                    session, Notification, _NOTIFICATION, _IS_TO_BE_SAID, _FACTS
                ),
                "workshops": [
                    (*(getattr(each, name) for name in _WORKSHOP), facts.compute_facts(each))
                    for each in workshops
                ],
                "team": _read(session, RosterAssignment, _ASSIGNMENT),
                "letters to the team": _read(session, RosterLetter, _LETTER),
                "calls": [
                    (each.registration_id, each.cause)
                    for workshop in workshops
                    for each in outbox.list_calls(session, workshop, now=now, has_texts=True)
                ],
                "undecided": [
                    (each.id, undecided_changes.is_undecided(session, each, now=now))
                    for each in workshops
                ],
            }
        return {name: sorted(rows, key=repr) for name, rows in found.items()}


def _read(
    session: Session,
    table: type[Base],
    names: tuple[str, ...],
    where: sa.ColumnElement[bool] | None = None,
    *more: sa.ColumnElement[Any],
) -> list[tuple[Any, ...]]:
    rows = session.execute(
        sa.select(*(getattr(table, name) for name in names), *more).where(
            sa.true() if where is None else where
        )
    )
    return [tuple(row) for row in rows]
