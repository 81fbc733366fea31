"""Notifications of changes: what each person was told last is what is true, nobody is told twice of
one thing, and nobody of what was undone."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import outbox, registrations
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    waitlist,
)
from outreach.domain.registrations.change_notifications import (
    LATER,
    NotifyDecision,
    NotifyMode,
    compute_due,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import undecided_changes
from outreach.domain.scheduling import (
    undo,
    venue_change,
    venue_merge,
    workshop_changes,
    workshop_service,
)
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat, venue
from tests.support.refusals import refuses

HOURS = (time(9), time(11), time(13))
TELL = NotifyDecision(NotifyMode.NOTIFY, UNDO_WINDOW, batch="")
ACTS = ("register", "move", "move", "status", "undo", "undo", "decide", "wait", "wait", "wait")
ZONE = ZoneInfo("America/Chicago")


def decide(mode: NotifyMode = NotifyMode.NOTIFY, batch: str = "") -> NotifyDecision:
    return NotifyDecision(mode, UNDO_WINDOW, batch=batch)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """In ten days, at nine."""
    with store.change() as session:
        day = clock.now().date() + timedelta(days=10)
        return make_workshop(
            session, chicago, rights, day=day, starts=HOURS[0], ends=time(15), capacity=3
        )


class StaffMember:
    """Changes a workshop as staff do, and delivers what is due, at an instant of its own."""

    def __init__(self, app: Flask, store: Store, key_store: KeyStore, config: Config) -> None:
        self.app, self.store, self.key_store, self.config = app, store, key_store, config
        self.now = clock.now()
        self.letters: list[tuple[str, str]] = []  # address and text

    def change(self, workshop: Workshop, decision: NotifyDecision, **fields: Any) -> None:
        with self.store.change() as session:
            stored = session.get_one(Workshop, workshop.id)
            data = replace(workshop_service.get_data(stored), **fields)
            workshop_service.change(session, stored, data, now=self.now, decision=decision)

    def cancel(self, workshop: Workshop, decision: NotifyDecision) -> None:
        with self.store.change() as session:
            stored = session.get_one(Workshop, workshop.id)
            workshop_service.cancel(session, stored, now=self.now, decision=decision)

    def reinstate(self, workshop: Workshop, decision: NotifyDecision) -> None:
        with self.store.change() as session:
            stored = session.get_one(Workshop, workshop.id)
            workshop_service.reinstate(session, stored, now=self.now, decision=decision)

    def notify(self, workshop: Workshop, decision: NotifyDecision) -> None:
        with self.store.change() as session:
            stored = session.get_one(Workshop, workshop.id)
            workshop_service.notify(session, stored, decision, now=self.now)

    def undo(self, batch: str) -> list[Refusal | None]:
        with self.store.change() as session:
            changes = workshop_changes.list_batch(session, batch)
            return [each.refusal for each in undo.undo_batch(session, changes, now=self.now)]

    def wait(self, duration: timedelta = UNDO_WINDOW) -> None:
        """Lets time pass, and has the worker do what is due."""
        self.now += duration
        scheduled_jobs.end_undo_windows(self.store, now=self.now)
        with self.app.app_context():
            deliver(
                delivery.letter_outlets(self.store, self.key_store, self.config, self._collect),
                now=self.now,
            )

    @contextmanager
    def _collect(self) -> Iterator[Callable[[EmailMessage], None]]:
        def send(letter: EmailMessage) -> None:
            payload = letter.get_payload(decode=True)
            assert isinstance(payload, bytes)
            self.letters.append((str(letter["To"]), f"{letter['Subject']}\n{payload.decode()}"))

        yield send

    def read(self, workshop: Workshop) -> Workshop:
        with self.store.read() as session:
            return session.get_one(Workshop, workshop.id)


@pytest.fixture
def staff(app: Flask, store: Store, key_store: KeyStore, config: Config) -> StaffMember:
    return StaffMember(app, store, key_store, config)


@pytest.fixture
def rosa(staff: StaffMember, workshop: Workshop) -> Registration:
    """Has a place and an e-mail; her confirmation was sent."""
    made = seat(
        staff.store,
        staff.key_store,
        workshop,
        contact=ContactMethod.EMAIL,
        address="rosa@example.org",
    )
    staff.wait()
    staff.letters.clear()
    return made


def test_change_is_notified_after_the_hold(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, TELL, starts=HOURS[1])
    assert staff.read(workshop).starts == HOURS[1], "pages and calendars know at once"
    staff.wait(UNDO_WINDOW - timedelta(seconds=1))
    assert not staff.letters
    staff.wait(timedelta(seconds=1))
    [(address, text)] = staff.letters
    assert "rosa@example.org" in address
    assert "11:00" in text
    staff.wait(timedelta(days=1))
    assert len(staff.letters) == 1


def test_changes_within_the_hold_are_one_letter(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, TELL, starts=HOURS[1])
    staff.wait(timedelta(minutes=3))
    staff.change(workshop, TELL, starts=HOURS[2])
    staff.wait(timedelta(minutes=3))
    assert not staff.letters, "the hold of the second change"
    staff.wait(timedelta(minutes=2))
    [(_address, text)] = staff.letters
    assert "1:00" in text


def test_change_of_every_type_of_field_is_undone(staff: StaffMember, workshop: Workshop) -> None:
    fields = {
        "starts": time(10),
        "languages": Codes(("es", "nah")),
        "visibility": Visibility.REGISTERED,
        "bring": {"es": "Lápiz"},
        "capacity": 8,
        "has_childcare": True,
    }
    staff.change(workshop, decide(batch="one"), **fields)
    assert staff.undo("one") == [None]
    undone = staff.read(workshop)
    assert {name: getattr(undone, name) for name in fields} == {
        name: getattr(workshop, name) for name in fields
    }


def test_cancelled_and_reinstated_within_the_hold_tells_nobody(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.cancel(workshop, TELL)
    staff.reinstate(workshop, TELL)
    staff.wait(timedelta(hours=1))
    assert not staff.letters
    assert staff.read(workshop).sequence == 2, "calendars may have seen it"


def test_later_waits_for_a_decision(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, LATER, starts=HOURS[1])
    staff.wait(timedelta(hours=1))
    assert not staff.letters
    with staff.store.read() as session:
        assert undecided_changes.is_undecided(session, workshop, now=staff.now)
    staff.notify(workshop, TELL)
    staff.wait()
    assert len(staff.letters) == 1
    with staff.store.read() as session:
        assert not undecided_changes.is_undecided(session, workshop, now=staff.now)


def test_nobody_is_notified_with_a_reason_until_the_next_change(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, decide(NotifyMode.NOBODY), starts=HOURS[1])
    staff.wait(timedelta(hours=1))
    assert not staff.letters
    with staff.store.read() as session:
        assert not undecided_changes.is_undecided(session, workshop, now=staff.now)
    staff.change(workshop, TELL, starts=HOURS[2])
    staff.wait()
    assert len(staff.letters) == 1


def test_near_change_and_any_cancellation_are_never_silent(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    with refuses(ErrorCode.CANCEL_NEEDS_NOTICE):
        staff.cancel(workshop, decide(NotifyMode.NOBODY))
    staff.now = workshop.starts_at - timedelta(days=6)
    with refuses(ErrorCode.CANCEL_NEEDS_NOTICE):
        staff.change(workshop, decide(NotifyMode.NOBODY), starts=HOURS[1])


def test_urgent_is_at_once_and_only_within_a_day(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    with refuses(ErrorCode.NOT_URGENT):
        staff.change(workshop, decide(NotifyMode.URGENT), starts=HOURS[1])
    staff.now = workshop.starts_at - timedelta(hours=20)
    staff.change(workshop, decide(NotifyMode.URGENT), starts=HOURS[1])
    staff.wait(timedelta(0))
    assert any("11:00" in text for _address, text in staff.letters)


@pytest.mark.parametrize(
    ("hour", "due"),
    [
        (time(10), (0, time(10, 5))),
        (time(19, 54), (0, time(19, 59))),
        (time(19, 56), (1, time(8))),
        (time(23), (1, time(8))),
        (time(3), (0, time(8))),
    ],
)
def test_texts_are_sent_by_day(workshop: Workshop, hour: time, due: tuple[int, time]) -> None:
    day = workshop.day - timedelta(days=3)
    now = datetime.combine(day, hour, ZONE)
    expected = datetime.combine(day + timedelta(days=due[0]), due[1], ZONE)
    assert compute_due(workshop, TELL, is_text=True, now=now) == expected
    assert compute_due(workshop, TELL, is_text=False, now=now) == now + UNDO_WINDOW
    urgent = decide(NotifyMode.URGENT)
    assert compute_due(workshop, urgent, is_text=True, now=now) == now


def test_texts_do_not_wait_for_a_morning_after_the_start(workshop: Workshop) -> None:
    early = replace_start(workshop, time(7))
    now = datetime.combine(workshop.day, time(3), ZONE)
    assert compute_due(early, TELL, is_text=True, now=now) == now + UNDO_WINDOW
    at_once = datetime.combine(workshop.day, time(5), ZONE)
    assert compute_due(early, TELL, is_text=True, now=at_once) == at_once, "less than two hours"


def replace_start(workshop: Workshop, starts: time) -> Workshop:
    workshop.starts = starts
    workshop.retime()
    return workshop


def test_added_seats_are_on_hold_and_then_offered(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    seat(staff.store, staff.key_store, workshop, name="Paty", people=2)
    luz = seat(staff.store, staff.key_store, workshop, name="Luz", people=2)
    staff.change(workshop, decide(batch="seats"), capacity=5)
    assert (staff.read(workshop).seats_left, staff.read(workshop).held_seats) == (0, 2)
    late = seat(staff.store, staff.key_store, workshop, name="Tarde", people=2)
    staff.wait()
    with staff.store.read() as session:
        offered = session.get_one(Registration, luz.id)
        assert offered.status is RegistrationStatus.OFFERED
        ends = waitlist.compute_offer_end(workshop, staff.now)
        assert offered.offered_until == ends, "its clock starts when the hold ends"
        assert session.get_one(Registration, late.id).status is RegistrationStatus.WAITLISTED
    [refusal] = staff.undo("seats")
    assert refusal is not None
    assert refusal.code is ErrorCode.CAPACITY_BELOW_TAKEN


def test_added_seats_are_taken_back_within_the_hold(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    seat(staff.store, staff.key_store, workshop, name="Paty", people=2)
    luz = seat(staff.store, staff.key_store, workshop, name="Luz", people=2)
    staff.change(workshop, decide(batch="seats"), capacity=5)
    assert staff.undo("seats") == [None]
    staff.wait()
    with staff.store.read() as session:
        assert session.get_one(Registration, luz.id).status is RegistrationStatus.WAITLISTED
    now = staff.read(workshop)
    assert (now.capacity, now.seats_left, now.held_seats) == (3, 0, 0)


def test_added_seats_that_nobody_waiting_fits_are_free_at_once(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    seat(staff.store, staff.key_store, workshop, name="Paty", people=2)
    seat(staff.store, staff.key_store, workshop, name="Grupo", people=3)
    staff.change(workshop, decide(), capacity=4)
    assert (staff.read(workshop).seats_left, staff.read(workshop).held_seats) == (1, 0)


def test_undone_change_notifies_nobody_and_is_a_new_version(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, decide(batch="move"), starts=HOURS[1])
    assert staff.undo("move") == [None]
    now = staff.read(workshop)
    assert (now.starts, now.sequence) == (HOURS[0], 2)
    staff.wait(timedelta(days=1))
    assert not any("11:00" in text for _address, text in staff.letters)


@pytest.mark.parametrize(
    ("since", "cause"),
    [
        ("told", ErrorCode.UNDO_NOTIFIED_SINCE),
        ("registered", ErrorCode.UNDO_REGISTERED_SINCE),
        ("edited", ErrorCode.UNDO_EDITED_SINCE),
        ("late", ErrorCode.UNDO_TOO_LATE),
    ],
)
def test_undo_is_refused_with_its_cause(
    staff: StaffMember, workshop: Workshop, rosa: Registration, since: str, cause: ErrorCode
) -> None:
    staff.change(workshop, decide(batch="move"), starts=HOURS[1])
    if since == "told":
        staff.wait()
    elif since == "registered":
        seat(staff.store, staff.key_store, workshop, name="Nueva")
    elif since == "edited":
        staff.change(workshop, TELL, starts=HOURS[2])
    else:
        staff.now += timedelta(days=2)
    [refusal] = staff.undo("move")
    assert refusal is not None
    assert refusal.code is cause


def test_a_call_is_listed_once_and_says_what_is_true(
    staff: StaffMember, workshop: Workshop
) -> None:
    seat(
        staff.store, staff.key_store, workshop, contact=ContactMethod.PHONE, address="+13125550142"
    )
    staff.change(workshop, TELL, starts=HOURS[1])
    staff.wait()
    staff.cancel(workshop, TELL)
    assert list_calls(staff, workshop) == [], "on hold again"
    staff.wait()
    [(number, cause)] = list_calls(staff, workshop)
    assert cause is NotificationType.CANCELLED
    with staff.store.change() as session:
        outbox.mark_called(session, number, now=staff.now)
    assert list_calls(staff, workshop) == []
    with staff.store.change() as session:
        outbox.undo_called(session, number)
    assert list_calls(staff, workshop) == [(number, NotificationType.CANCELLED)]


def list_calls(staff: StaffMember, workshop: Workshop) -> list[tuple[int, NotificationType]]:
    with staff.store.read() as session:
        calls = outbox.list_calls(session, workshop, now=staff.now)
        return [(each.id, each.cause) for each in calls]


def test_nothing_of_what_people_know_outlives_them(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, LATER, starts=HOURS[1])
    with staff.store.change() as session:
        stored = session.get_one(Registration, rosa.id)
        registrations.cancel(session, stored, now=staff.now)
    with staff.store.read() as session:
        known = sa.select(Registration.known_facts).where(Registration.id == rosa.id)
        assert session.scalar(known) is None


@pytest.mark.parametrize("seed", range(6))
def test_what_people_know_is_true_whatever_happens(
    staff: StaffMember, workshop: Workshop, seed: int
) -> None:
    walk(staff, workshop, random.Random(seed), steps=40)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6, 60))
def test_what_people_know_is_true_in_long_walks(
    staff: StaffMember, workshop: Workshop, seed: int
) -> None:
    walk(staff, workshop, random.Random(seed), steps=60)


def walk(staff: StaffMember, workshop: Workshop, chance: random.Random, *, steps: int) -> None:
    """Random changes, decisions, undos and rounds of the worker. Each letter says what is true when
    it is sent and not what its person was told before; in the end everybody knows the truth."""
    known: dict[str, str] = {}  # what each person was told last, by address
    batches: list[str] = []
    for step in range(steps):
        mode = chance.choice([NotifyMode.NOTIFY, NotifyMode.NOTIFY, NotifyMode.LATER])
        decision = decide(mode, batch=f"b{step}")
        act = "register" if step < 2 else chance.choice(ACTS)
        if act == "register" and not staff.read(workshop).is_cancelled and len(known) < 6:
            address = f"p{step}@example.org"
            seat(
                staff.store, staff.key_store, workshop, now=staff.now,
                contact=ContactMethod.EMAIL, address=address, wants_reminder=False,
            )  # fmt: skip
            known[address] = truth(staff, workshop)
            work(staff, workshop, known, timedelta(0))
        elif act == "move":
            batches.append(decision.batch)
            staff.change(workshop, decision, starts=chance.choice(HOURS))
        elif act == "status":
            batches.append(decision.batch)
            is_off = staff.read(workshop).is_cancelled
            (staff.reinstate if is_off else staff.cancel)(workshop, decision)
        elif act == "undo" and batches:
            staff.undo(batches.pop())
        elif act == "decide":
            staff.notify(workshop, TELL)
        elif act == "wait":
            work(staff, workshop, known, timedelta(minutes=chance.choice([1, 6, 30])))
    staff.notify(workshop, TELL)
    work(staff, workshop, known, UNDO_WINDOW)
    assert set(known.values()) <= {truth(staff, workshop)}
    work(staff, workshop, known, timedelta(hours=1))


def work(
    staff: StaffMember, workshop: Workshop, known: dict[str, str], duration: timedelta
) -> None:
    staff.letters.clear()
    staff.wait(duration)
    now = truth(staff, workshop)
    for address, text in staff.letters:
        if is_about_a_change(text):
            said = "off" if text.startswith("Se cancel") else str(find_hour(text))
            assert said == now
            assert known[address] != said, "told twice"
            known[address] = said


def is_about_a_change(text: str) -> bool:
    return text.startswith(("Cambio:", "Se cancel", "Sí se hace"))


def find_hour(text: str) -> time:
    words = {"9:00": HOURS[0], "11:00": HOURS[1], "1:00": HOURS[2]}
    return next(
        hour for shown, hour in sorted(words.items(), key=lambda each: -len(each[0]))
        if f" {shown}" in text.replace("\xa0", " ")
    )  # fmt: skip


def truth(staff: StaffMember, workshop: Workshop) -> str:
    now = staff.read(workshop)
    return "off" if now.is_cancelled else str(now.starts)


def seat_with_letter(staff: StaffMember, workshop: Workshop) -> Registration:
    """Luz, whose confirmation has not been sent."""
    return seat(
        staff.store,
        staff.key_store,
        workshop,
        now=staff.now,
        name="Luz",
        contact=ContactMethod.EMAIL,
        address="luz@example.org",
    )


def test_letter_that_says_the_new_hour_is_not_followed_by_one_of_the_change(
    staff: StaffMember, workshop: Workshop
) -> None:
    seat_with_letter(staff, workshop)
    staff.change(workshop, decide(batch="move"), starts=HOURS[1])
    staff.wait(timedelta(0))
    [(_address, text)] = staff.letters
    assert text.startswith("Tu lugar:")
    assert "11:00" in text
    [refusal] = staff.undo("move")
    assert refusal is not None
    assert refusal.code is ErrorCode.UNDO_NOTIFIED_SINCE
    staff.wait(timedelta(days=1))
    assert len(staff.letters) == 1


def test_offer_that_says_the_new_hour_tells_of_the_change(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    seat(staff.store, staff.key_store, workshop, name="Paty", people=2)
    luz = seat_with_letter(staff, workshop)
    staff.wait(timedelta(0))
    staff.change(workshop, LATER, starts=HOURS[1])
    with staff.store.change() as session:
        registrations.cancel(session, session.get_one(Registration, rosa.id), now=staff.now)
    staff.letters.clear()
    staff.wait(timedelta(0))
    [offer] = [text for address, text in staff.letters if "luz@example.org" in address]
    assert "11:00" in offer
    with staff.store.read() as session:
        assert session.get_one(Registration, luz.id).status is RegistrationStatus.OFFERED
    staff.letters.clear()
    staff.notify(workshop, TELL)
    staff.wait()
    assert not staff.letters


def test_confirmation_waits_for_a_cancellation_that_can_be_undone(
    staff: StaffMember, workshop: Workshop
) -> None:
    seat_with_letter(staff, workshop)
    staff.cancel(workshop, decide(batch="off"))
    staff.wait(timedelta(minutes=1))
    assert not staff.letters
    assert staff.undo("off") == [None]
    staff.wait(2 * UNDO_WINDOW)
    [(_address, text)] = staff.letters
    assert text.startswith("Tu lugar:")


def test_confirmation_is_not_sent_after_a_cancellation(
    staff: StaffMember, workshop: Workshop
) -> None:
    seat_with_letter(staff, workshop)
    staff.cancel(workshop, TELL)
    for _ in range(4):
        staff.wait()
    [(_address, text)] = staff.letters
    assert text.startswith("Se canceló")


def test_venue_that_is_renamed_makes_nobody_uninformed(
    staff: StaffMember, workshop: Workshop, rosa: Registration
) -> None:
    staff.change(workshop, decide(batch="move"), starts=HOURS[1])
    with staff.store.change() as session:
        place = session.get_one(Workshop, workshop.id).venue
        assert place is not None
        data = replace(venue_merge.get_data(place), name="Biblioteca Nueva")
        venue_change.change_venue(session, place, data, now=staff.now, decision=TELL)
    assert staff.undo("move") == [None]
    staff.wait(timedelta(days=1))
    assert not staff.letters
    with staff.store.read() as session:
        assert not undecided_changes.is_undecided(session, workshop, now=staff.now)


def test_venue_is_not_changed_back_under_people_who_know_that_they_go_there(
    staff: StaffMember, workshop: Workshop, rosa: Registration, chicago: Office
) -> None:
    with staff.store.change() as session:
        other = venue(session, chicago, name="Centro", address="2 Dos St.")
        data = replace(venue_merge.get_data(other), address="3 Tres St.")
        there = decide(NotifyMode.LATER, batch="place")
        venue_change.change_venue(session, other, data, now=staff.now, decision=there)
    with staff.store.change() as session:
        stored = session.get_one(Workshop, workshop.id)
        at_other = replace(
            workshop_service.get_data(stored), venue=session.get_one(Venue, other.id)
        )
        workshop_service.change(session, stored, at_other, now=staff.now, decision=TELL)
    staff.wait()
    [(_address, text)] = staff.letters
    assert "3 Tres St." in text
    with staff.store.change() as session:
        refusal = undo.undo_all(session, "place", now=staff.now).refusal
    assert refusal is not None
    assert refusal.code is ErrorCode.UNDO_NOTIFIED_SINCE


def list_subjects(staff: StaffMember) -> list[str]:
    return [text.partition("\n")[0].partition(":")[0] for _address, text in staff.letters]


@pytest.mark.parametrize(
    ("fields", "number"), [({"ends": time(14)}, 0), ({"starts": HOURS[1]}, 1), ({"day": 1}, 1)]
)
def test_party_with_a_time_slot_is_notified_of_its_own_hour_only(
    staff: StaffMember, workshop: Workshop, fields: dict[str, Any], number: int
) -> None:
    staff.change(workshop, TELL, way=Way.SLOTS, slot_minutes=20, slot_places=1)
    rosa = seat(
        staff.store,
        staff.key_store,
        staff.read(workshop),
        slot="09:20",
        contact=ContactMethod.EMAIL,
        address="rosa@example.org",
    )
    staff.wait()
    with staff.store.change() as session:
        session.get_one(Registration, rosa.id).confirmed_at = staff.now
    staff.letters.clear()
    if "day" in fields:
        fields = {"day": workshop.day + timedelta(days=1)}
    staff.change(workshop, TELL, **fields)
    staff.wait()
    assert list_subjects(staff) == ["Cambio"] * number
    with staff.store.read() as session:
        stored = session.get_one(Registration, rosa.id)
        assert (stored.confirmed_at is None) == bool(number), "it still comes"
