"""Workshops of an office and their people, for random series of what staff, people and the worker
do: what each person was told last, read from the messages themselves.

Each workshop starts in December at one of three hours and is at one of three addresses, so a
message says which state of it is meant.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import outbox, registrations
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    RegistrationStatus,
    address_approval,
    text_hours,
)
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.registrations.message_types import CHANGE_TYPES
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import undecided_changes
from outreach.domain.scheduling import tours, undo, venue_change, venue_merge, workshop_service
from outreach.domain.scheduling.venue_merge import VenueMerge
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.series import WorkshopSeries
from outreach.domain.workshops.tour_stops import TourStop
from outreach.errors import Conflict, Full, Refusal, RegistrationClosed
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.mail.sms_gateway import SmsMessage
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, registration_data, venue
from tests.support.fixed_clock import FIXED_NOW

HOURS: Final = (time(9), time(11), time(13))
ADDRESSES: Final = ("11 Uno St.", "22 Dos St.", "33 Tres St.")
FIRST_DAY: Final = date(2026, 12, 7)  # ten days after the fixed clock
CHANGE_WORDS: Final = ("Cambio:", "Se cancel", "Sí se hace", "Hay un cambio", "Sigue en pie")
BEGINNINGS: Final = ("Tu lugar", "Lista de espera", "Moviste", "Ya tienes", "Te apuntamos")


class State(NamedTuple):
    """What people have to know of a workshop; all of a cancelled one is that it is cancelled."""

    hour: time | None
    day: int = 0  # a day of December; 0 where a message does not say it
    ends: time | None = None  # a letter of a change says it, others lead to the page that does
    address: str = ""
    venue_id: int = 0  # two may have one address; no message says it


OFF: Final = State(None)


@dataclass
class Someone:
    """A person with one registration, and what they know."""

    registration_id: str
    workshop_id: int
    contact: ContactMethod
    takes_texts: bool
    address: str
    known: State
    messages: list[str] = field(default_factory=list)
    has_seen_address: bool = False
    is_gone: bool = False

    @property
    def is_reachable(self) -> bool:
        return not self.is_gone and self.contact is not ContactMethod.NONE


class NotificationWorld:
    """An instant, workshops, people, and all messages. Every message is judged when it is sent;
    `log` says what happened, for the message of a failure."""

    def __init__(
        self,
        app: Flask,
        store: Store,
        key_store: KeyStore,
        config: Config,
        office: Office,
        kind: Kind,
    ) -> None:
        self.app, self.store, self.key_store, self.config = app, store, key_store, config
        self.office, self.kind = office, kind
        self.now = FIXED_NOW
        self.people: dict[str, Someone] = {}  # by address
        self.batches: list[tuple[str, dict[str, State]]] = []  # and what people knew before
        self.urgent: set[int] = set()  # workshops whose people were told at once
        self.log: list[str] = []
        self._round: list[tuple[Someone, str]] = []
        with store.change() as session:
            # The worker has nothing to do for an earlier example.
            session.execute(sa.delete(Notification))
            session.execute(sa.delete(Registration))
            session.execute(sa.delete(VenueMerge))
            session.execute(
                sa.update(Workshop).values(
                    status=WorkshopStatus.DRAFT, undo_until=None, held_seats=0
                )
            )
            self._make(session)

    def _make(self, session: Session) -> None:
        mark = secrets.token_hex(8)
        places = [
            venue(session, self.office, name=f"Sede {n} {mark}", address=address)
            for n, address in enumerate(ADDRESSES)
        ]
        self.venue_ids = [each.id for each in places]
        office = session.merge(self.office, load=False)
        series = WorkshopSeries(office_id=office.id, name=mark)
        session.add(series)
        session.flush()
        plain: dict[str, Any] = {"starts": time(9), "ends": time(15), "capacity": 3}
        plain |= {"now": self.now, "venue": places[0]}
        made = [
            make_workshop(session, self.office, self.kind, day=FIRST_DAY, series=series, **plain),
            make_workshop(
                session, self.office, self.kind, day=FIRST_DAY + timedelta(days=1), series=series,
                visibility=Visibility.APPROVED, confirm_days=4, **plain,
            ),
        ]  # fmt: skip
        tour = tours.add(session, office, f"Ruta {mark}", secrets.token_hex(8), now=self.now)
        stop = tours.add_stop(
            session,
            tour,
            tours.TourStopData(
                day=FIRST_DAY + timedelta(days=2), starts=time(9), ends=time(15),
                city=places[0].city, region=places[0].region, venue=places[0],
                kinds=Codes([self.kind.code]), capacity=3,
            ),
            now=self.now,
        )  # fmt: skip
        made += tours.publish_stop(session, stop, now=self.now)
        self.tour_id, self.stop_id = tour.id, stop.id
        self.workshop_ids = [each.id for each in made]

    # What people do

    def register(self, index: int, contact: ContactMethod, *, takes_texts: bool) -> None:
        workshop = self.read(index)
        if len(self.people) > 8:
            return
        number = len(self.people)
        address = {
            ContactMethod.EMAIL: f"p{number}.{secrets.token_hex(3)}@example.org",
            ContactMethod.PHONE: f"+1312{secrets.randbelow(7_000_000) + 2_000_000}",
        }.get(contact, "")
        data = registration_data(
            name=f"P{number}", contact=contact, address=address, may_leave_message=takes_texts,
            wants_reminder=True,
        )  # fmt: skip
        sealed = registrations.prepare(self.key_store, workshop, data)
        if not self.do(
            f"register {contact} texts={takes_texts} at {index}",
            lambda session: registrations.register(
                session, workshop, data, sealed, secrets.token_hex(16), now=self.now
            ),
        ):
            return
        key = address or f"none{number}"
        self.people[key] = Someone(
            sealed.id, workshop.id, contact, takes_texts, address, self.state_of(workshop)
        )

    def leave(self, number: int) -> None:
        someone = self._choose(number)
        if someone is not None and self._with(someone, "leave", registrations.cancel):
            someone.is_gone = True

    def accept(self, number: int) -> None:
        someone = self._choose(number)
        if someone is not None:
            self._with(someone, "accept", registrations.accept_offer)

    # What staff do

    def change(self, index: int, mode: NotifyMode, **fields: Any) -> None:
        def act(session: Session) -> None:
            workshop = session.get_one(Workshop, self.workshop_ids[index])
            if "venue" in fields:
                fields["venue"] = session.get_one(Venue, self.venue_ids[fields["venue"]])
            data = replace(workshop_service.get_data(workshop), **fields)
            workshop_service.lock(session, workshop)
            workshop_service.change(session, workshop, data, now=self.now, decision=decision)

        decision = self.decide(mode, index)
        self.do(f"change {index} {mode} {fields}", act, decision.batch)

    def change_series(self, mode: NotifyMode, starts: time) -> None:
        """Both dates of the series, as the page of many does."""

        def act(session: Session) -> None:
            for each in self.workshop_ids[:2]:
                workshop = session.get_one(Workshop, each)
                data = replace(workshop_service.get_data(workshop), starts=starts)
                workshop_service.change(session, workshop, data, now=self.now, decision=decision)

        decision = self.decide(mode, 0, 1)
        self.do(f"series {mode} {starts}", act, decision.batch)

    def switch(self, index: int, mode: NotifyMode) -> None:
        """Cancels a workshop, or reinstates it."""

        def act(session: Session) -> None:
            workshop = session.get_one(Workshop, self.workshop_ids[index])
            is_off = workshop.is_cancelled
            to = workshop_service.reinstate if is_off else workshop_service.cancel
            to(session, workshop, now=self.now, decision=decision)

        decision = self.decide(mode, index)
        self.do(f"switch {index} {mode}", act, decision.batch)

    def change_venue(self, mode: NotifyMode, number: int, **fields: Any) -> None:
        def act(session: Session) -> None:
            place = session.get_one(Venue, self.venue_ids[number])
            data = replace(venue_merge.get_data(place), **fields)
            venue_change.change_venue(session, place, data, now=self.now, decision=decision)

        decision = self.decide(mode, *range(3))
        self.do(f"venue {number} {mode} {fields}", act, decision.batch)

    def change_venue_words(self, mode: NotifyMode, number: int, to: str, new: int) -> None:
        """Another name, another address, or another room of the same building."""
        place = self.read_venue(number)
        words: dict[str, dict[str, Any]] = {
            "name": {"name": f"{place.name[:20]} {new}"},
            "address": {"address": ADDRESSES[new]},
            "room": {"landmark": {"es": f"Frente al parque {new}"}},
        }
        self.change_venue(mode, number, **words[to])

    def read_venue(self, number: int) -> Venue:
        with self.store.read() as session:
            return session.get_one(Venue, self.venue_ids[number])

    def merge(self, kept: int, merged: int) -> None:
        def act(session: Session) -> None:
            first = session.get_one(Venue, self.venue_ids[kept])
            second = session.get_one(Venue, self.venue_ids[merged])
            data = venue_merge.choose(first, second, ())
            decision = NotifyDecision(undo_window=UNDO_WINDOW)
            venue_merge.merge(session, first, second, data, now=self.now, decision=decision)

        before = self._read_places()
        self.do(f"merge {merged} into {kept}", act)
        self._follow_merge(before, {self.venue_ids[kept], self.venue_ids[merged]})

    def undo_merge(self) -> None:
        def act(session: Session) -> None:
            of_world = VenueMerge.kept_id.in_(self.venue_ids)
            last = session.scalars(
                sa.select(VenueMerge).where(of_world).order_by(VenueMerge.id.desc()).limit(1)
            ).first()
            if last is not None:
                decision = NotifyDecision(undo_window=UNDO_WINDOW)
                both.update({last.kept_id, last.merged_id})
                venue_merge.undo(session, last, now=self.now, decision=decision)

        before, both = self._read_places(), set[int]()
        self.do("undo merge", act)
        self._follow_merge(before, both)

    def _read_places(self) -> dict[int, tuple[str, int]]:
        """Address and id of each workshop's venue, also of a cancelled one, by id of workshop."""
        places = [(each, self.read(n).venue) for n, each in enumerate(self.workshop_ids)]
        return {each: (place.address, place.id) for each, place in places if place is not None}

    def _follow_merge(self, before: dict[int, tuple[str, int]], both: set[int]) -> None:
        """Two venues of one address became one, or two again: whoever knows that address of a
        workshop there does not go elsewhere, whatever hour they know."""
        after = self._read_places()
        for each in self.people.values():
            was_there = before[each.workshop_id][1] in both and each.known.venue_id in both
            address, venue_id = after[each.workshop_id]
            if was_there and each.known.address == address:
                each.known = each.known._replace(venue_id=venue_id)

    def change_stop(self, mode: NotifyMode, **fields: Any) -> None:
        def act(session: Session) -> None:
            tour = session.get_one(tours.Tour, self.tour_id)
            stop = session.get_one(TourStop, self.stop_id)
            data = tours.TourStopData(
                **{name: getattr(stop, name) for name in tours.TourStopData.__annotations__}
            )
            tours.change_stop(
                session, tour, stop, replace(data, **fields), now=self.now, decision=decision
            )

        decision = self.decide(mode, 2)
        self.do(f"stop {mode} {fields}", act, decision.batch)

    def switch_stop(self, mode: NotifyMode) -> None:
        def act(session: Session) -> None:
            stop = session.get_one(TourStop, self.stop_id)
            to = tours.reinstate_stop if stop.cancelled_at else tours.cancel_stop
            to(session, stop, now=self.now, decision=decision)

        decision = self.decide(mode, 2)
        self.do(f"switch stop {mode}", act, decision.batch)

    def endanger(self, index: int, *, is_notified: bool) -> None:
        """Closes a workshop for danger and tells of it at once, or opens it again."""

        def act(session: Session) -> None:
            workshop = session.get_one(Workshop, self.workshop_ids[index])
            if workshop.is_closed_for_danger:
                decision = NotifyDecision(NotifyMode.URGENT)
                workshop_service.reopen_after_danger(
                    session, workshop, now=self.now, decision=decision
                )
                return
            workshop_service.close_for_danger(session, workshop, now=self.now)
            if is_notified:
                decision = NotifyDecision(NotifyMode.URGENT)
                workshop_service.notify(session, workshop, decision, now=self.now)

        if self.do(f"danger {index} notified={is_notified}", act):
            self.urgent.add(self.workshop_ids[index])

    def notify(self, index: int, mode: NotifyMode) -> None:
        def act(session: Session) -> None:
            workshop = session.get_one(Workshop, self.workshop_ids[index])
            workshop_service.lock(session, workshop)
            workshop_service.notify(session, workshop, self.decide(mode, index), now=self.now)

        self.do(f"notify {index} {mode}", act)

    def approve(self, number: int) -> None:
        someone = self._choose(number)
        if someone is not None:
            self._with(someone, "approve", registrations.approve)

    def undo_approval(self, number: int) -> None:
        someone = self._choose(number)
        if someone is None:
            return

        def act(session: Session, party: Registration, *, now: datetime) -> None:
            address_approval.undo_decision(session, party)

        self._with(someone, "undo approval", act)

    def undo(self) -> None:
        """Undoes the last batch. Nobody was told what is undone, unless it had been true before."""
        if not self.batches:
            return
        batch, known = self.batches.pop()
        before = self.truth()
        self.do(f"undo {batch}", lambda session: undo.undo_all(session, batch, now=self.now))
        after = self.truth()
        for each in self.active():
            was, is_now = before[each.workshop_id], after[each.workshop_id]
            if was != is_now and known.get(each.registration_id) != was:
                assert each.known != was, self.say(f"{each.address} was told what was undone")

    def decide(self, mode: NotifyMode, *indexes: int) -> NotifyDecision:
        if mode is NotifyMode.URGENT:
            self.urgent |= {self.workshop_ids[each] for each in indexes}
        return NotifyDecision(mode, UNDO_WINDOW, batch=f"b{secrets.token_hex(6)}")

    # The worker, and who calls

    def wait(self, duration: timedelta) -> None:
        """Lets time pass, and has the worker do what is due."""
        latest = min(self.read(index).starts_at for index in range(3)) - timedelta(minutes=5)
        self._work_at(max(self.now, min(self.now + duration, latest)))

    def _work_at(self, now: datetime) -> None:
        self.now = now
        self.log.append(f"{self.now.astimezone(self.office.zone):%d %H:%M} round")
        scheduled_jobs.expire_offers(self.store, now=self.now)
        scheduled_jobs.end_undo_windows(self.store, now=self.now)
        scheduled_jobs.end_approval_undo_windows(self.store, now=self.now)
        scheduled_jobs.request_reconfirmations(self.store, now=self.now)
        self._round = []
        given = (self.store, self.key_store, self.config)
        with self.app.app_context():
            deliver(delivery.letter_outlets(*given, self._collect_letters), now=self.now)
            deliver(delivery.text_outlets(*given, self._collect_texts), now=self.now)

    def call(self) -> None:
        """Staff make all calls that wait; there is one a person."""
        for workshop_id in self.workshop_ids:
            with self.store.change() as session:
                workshop = session.get_one(Workshop, workshop_id)
                due = outbox.list_calls(session, workshop, now=self.now, has_texts=True)
                callees = {each.registration_id: each.registration for each in due}
                for registration_id, party in callees.items():
                    causes = [e.cause for e in due if e.registration_id == registration_id]
                    self.log.append(f"call {registration_id[-4:]} {causes}")
                    changes = [each for each in causes if each in CHANGE_TYPES]
                    someone = next(
                        e for e in self.people.values() if e.registration_id == registration_id
                    )
                    truth = self.state_of(workshop)
                    assert len(changes) <= 1, self.say("a call owed twice")
                    assert len(causes) == len(set(causes)), self.say("a call owed twice")
                    if changes:
                        assert someone.known != truth, self.say("called about what is known")
                    if outbox.mark_all_called(session, party, now=self.now, has_texts=True):
                        someone.known = truth

    @contextmanager
    def _collect_letters(self) -> Iterator[Callable[[EmailMessage], None]]:
        def send(letter: EmailMessage) -> None:
            payload = letter.get_payload(decode=True)
            assert isinstance(payload, bytes)
            text = f"{letter['Subject']}\n{payload.decode()}"
            to = str(letter["To"])
            self._judge(next(each for each in self.people if each and each in to), text)

        yield send

    @contextmanager
    def _collect_texts(self) -> Iterator[Callable[[SmsMessage], None]]:
        def send(text: SmsMessage) -> None:
            someone = self.people[text.to]
            with self.store.read() as session:
                workshop = session.get_one(Workshop, someone.workshop_id)
                is_hour = text_hours.find_next(workshop, self.now) == self.now
            is_urgent = someone.workshop_id in self.urgent
            assert is_hour or is_urgent, self.say(f"a text at night: {text.words}")
            self._judge(text.to, text.words)

        yield send

    def _judge(self, to: str, text: str) -> None:
        someone = self.people[to]
        truth = self.truth()[someone.workshop_id]
        head = text.partition("\n")[0]
        self.log.append(f"  to {to}: {head}")
        assert not someone.is_gone, self.say(f"{to} had left")
        said = find_state(text)
        if said is None:
            return
        is_change = text.startswith(CHANGE_WORDS)
        assert said.hour == truth.hour, self.say(f"{to} is told {said}, but it is {truth}")
        assert said.day in {0, truth.day}, self.say(f"{to} is told {said}, but it is {truth}")
        assert said.address in {"", truth.address}, self.say(f"{to}: {said}, but {truth}")
        if is_change:
            is_letter = someone.contact is ContactMethod.EMAIL
            assert not is_letter or said.ends == truth.ends, self.say(f"{to}: {said}, but {truth}")
            assert someone.known != truth, self.say(f"{to} is told twice: {head}")
        earlier = [words for who, words in self._round if who is someone]
        if is_change or text.startswith(("Hoy:", "Mañana:")):
            assert not any(is_of_facts(words) for words in earlier), self.say(
                f"{to} gets two of one: {earlier} {head}"
            )
        self._round.append((someone, head))
        someone.known = truth
        someone.messages.append(head)
        if said.address:
            someone.has_seen_address = True
            self._require_may_see(someone)

    def _require_may_see(self, someone: Someone) -> None:
        with self.store.read() as session:
            party = session.get_one(Registration, someone.registration_id)
            assert party.sees_address, self.say("an address that is not theirs")

    # What came of it

    def check(self) -> None:
        """Whoever does not know the truth is about to be told, or somebody has to decide, or has
        decided that nobody is."""
        truth = self.truth()
        with self.store.read() as session:
            for each in self.active():
                if each.known == truth[each.workshop_id]:
                    continue
                workshop = session.get_one(Workshop, each.workshop_id)
                party = session.get_one(Registration, each.registration_id)
                is_withheld = workshop.withheld_facts == workshop.facts
                is_queued = session.scalar(
                    sa.select(sa.func.count()).where(
                        Notification.registration_id == each.registration_id,
                        Notification.done_at.is_(None),
                    )
                )
                is_undecided = undecided_changes.is_undecided(session, workshop, now=self.now)
                assert is_withheld or is_queued or is_undecided, self.say(
                    f"{each.address or each.registration_id} is forgotten: knows {each.known}, "
                    f"it is {truth[each.workshop_id]}, {party.known_facts!r} {workshop.facts!r}"
                )

    def finish(self) -> None:
        """In the end everybody who can be told knows the truth."""
        for index in range(3):
            self.notify(index, NotifyMode.NOTIFY)
        for _ in range(2):
            self._work_at(self.now + UNDO_WINDOW)
            self.call()
        while not self._is_day():
            self._work_at(self.now + timedelta(hours=1))
        self._work_at(self.now + timedelta(minutes=1))
        self.call()
        truth = self.truth()
        for each in self.active():
            assert each.known == truth[each.workshop_id], self.say(
                f"{each.address} knows {each.known}, but it is {truth[each.workshop_id]}"
            )
            self._require_welcomed(each)

    def _require_welcomed(self, someone: Someone) -> None:
        """A seat was confirmed by some letter, and an approved person has the address."""
        with self.store.read() as session:
            party = session.get_one(Registration, someone.registration_id)
            workshop = session.get_one(Workshop, someone.workshop_id)
            is_seated = party.status is RegistrationStatus.CONFIRMED and not workshop.is_cancelled
            is_approved = party.approved_at is not None and party.sees_address
            if not is_seated or someone.contact is not ContactMethod.EMAIL:
                return
            assert someone.messages, self.say(f"{someone.address} never got a letter")
            assert not is_approved or someone.has_seen_address, self.say(
                f"{someone.address} was approved and not told"
            )

    def active(self) -> list[Someone]:
        with self.store.read() as session:
            alive = set(
                session.scalars(
                    sa.select(Registration.id).where(Registration.status.in_(ACTIVE_STATUSES))
                )
            )
        return [e for e in self.people.values() if e.is_reachable and e.registration_id in alive]

    def truth(self) -> dict[int, State]:
        with self.store.read() as session:
            return {
                each: self.state_of(session.get_one(Workshop, each)) for each in self.workshop_ids
            }

    def state_of(self, workshop: Workshop) -> State:
        if workshop.is_cancelled:
            return OFF
        place = workshop.venue
        state = State(workshop.starts, workshop.day.day, workshop.ends)
        return state._replace(address=place.address, venue_id=place.id) if place else state

    def read(self, index: int) -> Workshop:
        with self.store.read() as session:
            found = session.get_one(Workshop, self.workshop_ids[index])
            assert found.venue is None or found.venue.address
            return found

    def say(self, what: str) -> str:
        return "\n".join([what, *self.log])

    def do(self, what: str, act: Callable[[Session], object], batch: str = "") -> bool:
        """Runs a transaction; False where it was refused."""
        known = {each.registration_id: each.known for each in self.people.values()}
        try:
            with self.store.change() as session:
                act(session)
        except (Refusal, Conflict, Full, RegistrationClosed) as refusal:
            self.log.append(f"{what}: refused {getattr(refusal, 'code', refusal)}")
            return False
        self.log.append(what)
        if batch:
            self.batches.append((batch, known))
        return True

    def _with(self, someone: Someone, what: str, do: Callable[..., object]) -> bool:
        return self.do(
            f"{what} {someone.address}",
            lambda session: do(
                session, session.get_one(Registration, someone.registration_id), now=self.now
            ),
        )

    def _choose(self, number: int) -> Someone | None:
        here = [each for each in self.people.values() if not each.is_gone]
        return here[number % len(here)] if here else None

    def _is_day(self) -> bool:
        zone: ZoneInfo = self.office.zone
        there = self.now.astimezone(zone).time()
        return text_hours.FROM <= there < text_hours.UNTIL


def is_of_facts(head: str) -> bool:
    """Whether a message that begins so says when and where, and asks nothing."""
    return head.startswith((*CHANGE_WORDS, *BEGINNINGS, "Hoy:", "Mañana:"))


def find_state(text: str) -> State | None:
    """The state that a message says; without an address where it names none."""
    if text.startswith(("Tus citas", "Tienes")):  # a summary does not say where
        return None
    words = text.replace("\xa0", " ").replace("\u202f", " ")
    if words.startswith("Se cancel"):
        return OFF
    address = next((each for each in ADDRESSES if each in words), "")
    # Not the end of an offer: «las 9:00 a. m. del 7 de diciembre».
    found = re.search(rf"(\d+) de diciembre, {_HOUR}", words)
    if found is None:
        return None
    day, *hour = found.groups()
    end = re.search(rf" de diciembre, \S+ .\. m\. a {_HOUR}", words)
    ends = _make_hour(*end.groups()) if end else None
    return State(_make_hour(*hour), int(day), ends, address)


_HOUR: Final = r"(\d+):(\d\d) ([ap])\."


def _make_hour(hour: str, minute: str, half: str) -> time:
    return time(int(hour) % 12 + (12 if half == "p" else 0), int(minute))
