"""Reminders, and the question whether one still comes, wait as long as the change that they would
tell of can be undone, and no longer."""

from datetime import datetime, time, timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, reconfirmation
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.domain.registrations.test_change_notifications import (
    TELL,
    ZONE,
    StaffMember,
    decide,
    list_subjects,
)

# Before 10:00, so that the reminder is due at 18:00 of the day before.
HOURS = (time(9), time(9, 15), time(9, 30))


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """In ten days, at nine."""
    with store.change() as session:
        day = clock.now().date() + timedelta(days=10)
        return make_workshop(
            session, chicago, rights, day=day, starts=HOURS[0], ends=time(15), capacity=3
        )


@pytest.fixture
def staff(app: Flask, store: Store, key_store: KeyStore, config: Config) -> StaffMember:
    return StaffMember(app, store, key_store, config)


@pytest.fixture
def luz(staff: StaffMember, workshop: Workshop) -> Registration:
    """Has a place and an e-mail, and wants the reminder; her confirmation was sent."""
    made = seat(
        staff.store,
        staff.key_store,
        workshop,
        contact=ContactMethod.EMAIL,
        address="luz@example.org",
        wants_reminder=True,
    )
    staff.wait()
    staff.letters.clear()
    return made


@pytest.mark.parametrize(
    ("mode", "subject"), [(NotifyMode.NOTIFY, "Cambio"), (NotifyMode.LATER, "Mañana")]
)
def test_reminder_waits_until_the_change_that_it_tells_can_no_longer_be_undone(
    staff: StaffMember, workshop: Workshop, luz: Registration, mode: NotifyMode, subject: str
) -> None:
    """The workshop is moved to tomorrow, after the hour of reminders."""
    staff.now = datetime.combine(workshop.day - timedelta(days=5), time(19), ZONE)
    tomorrow = workshop.day - timedelta(days=4)
    staff.change(workshop, decide(mode, "move"), day=tomorrow)
    staff.wait(UNDO_WINDOW - timedelta(seconds=1))
    assert not staff.letters
    staff.wait(timedelta(seconds=2))
    assert list_subjects(staff) == [subject]
    staff.wait(timedelta(days=1))
    assert len(staff.letters) == 1, "it said the same"


def test_reminder_that_is_due_within_the_hold_waits_too(
    staff: StaffMember, workshop: Workshop, luz: Registration
) -> None:
    staff.now = workshop.remind_at - timedelta(minutes=1)
    staff.change(workshop, decide(batch="later"), starts=HOURS[1])
    staff.wait(timedelta(minutes=3))
    assert not staff.letters
    assert staff.undo("later") == [None]
    staff.wait()
    [(_address, text)] = staff.letters
    assert "9:00" in text
    assert list_subjects(staff) == ["Mañana"]


@pytest.mark.parametrize("way", ["move", "cancel"])
def test_reminder_is_sent_at_its_hour_once_nothing_is_on_hold(
    staff: StaffMember, workshop: Workshop, luz: Registration, way: str
) -> None:
    staff.now = workshop.remind_at - timedelta(minutes=1)
    if way == "move":
        staff.change(workshop, decide(batch="later"), starts=HOURS[1])
    else:
        staff.cancel(workshop, decide(batch="later"))
    staff.wait(timedelta(minutes=2))
    assert not staff.letters
    assert staff.undo("later") == [None]
    staff.wait(timedelta(0))
    assert list_subjects(staff) == ["Mañana"]


def test_reminder_is_sent_at_its_hour_once_the_workshop_is_reinstated(
    staff: StaffMember, workshop: Workshop, luz: Registration
) -> None:
    """By a second change, with a hold of its own: Luz knows what is true."""
    staff.now = workshop.remind_at - timedelta(minutes=1)
    staff.cancel(workshop, decide(batch="there"))
    staff.wait(timedelta(minutes=2))
    assert not staff.letters
    staff.reinstate(workshop, decide(batch="back"))
    staff.wait(timedelta(0))
    assert list_subjects(staff) == ["Mañana"]


@pytest.mark.parametrize("mode", [None, NotifyMode.LATER])
def test_reminder_waits_for_the_change_that_is_still_on_hold(
    staff: StaffMember, workshop: Workshop, luz: Registration, mode: NotifyMode | None
) -> None:
    """The second change is undone, or people are told later of it: the first one is on hold."""
    staff.now = workshop.remind_at - timedelta(minutes=1)
    staff.change(workshop, decide(batch="first"), starts=HOURS[1])
    staff.wait(timedelta(minutes=1))
    staff.change(workshop, decide(mode or NotifyMode.NOTIFY, "second"), starts=HOURS[2])
    if mode is None:
        assert staff.undo("second") == [None]
    staff.wait(timedelta(minutes=3))
    assert not staff.letters
    staff.wait(UNDO_WINDOW)
    assert list_subjects(staff) == ["Cambio"]


def test_reminder_waits_for_a_change_that_is_decided_later(
    staff: StaffMember, workshop: Workshop, luz: Registration
) -> None:
    """The change after it is undone; it can still be undone too."""
    staff.now = workshop.remind_at - timedelta(minutes=1)
    staff.change(workshop, decide(NotifyMode.LATER, "first"), starts=HOURS[1])
    staff.wait(timedelta(minutes=1))
    staff.change(workshop, decide(NotifyMode.LATER, "second"), starts=HOURS[2])
    assert staff.undo("second") == [None]
    staff.wait(timedelta(minutes=3))
    assert not staff.letters
    staff.wait(UNDO_WINDOW)
    assert list_subjects(staff) == ["Mañana"]


def test_question_is_sent_at_once_when_the_cancellation_is_undone(
    staff: StaffMember, workshop: Workshop, luz: Registration
) -> None:
    staff.change(workshop, TELL, confirm_days=3)
    staff.now = datetime.combine(workshop.day - timedelta(days=2), time(12), ZONE)
    with staff.store.change() as session:
        stored = session.get_one(Workshop, workshop.id)
        assert reconfirmation.request_reconfirmation(session, stored, now=staff.now) == 1
    staff.cancel(workshop, decide(batch="off"))
    staff.wait(timedelta(minutes=1))
    assert not staff.letters
    assert staff.undo("off") == [None]
    staff.wait(timedelta(0))
    [subject] = list_subjects(staff)
    assert subject.startswith("¿Sigues viniendo?")


def test_question_whether_one_still_comes_waits_for_the_hold(
    staff: StaffMember, workshop: Workshop, luz: Registration
) -> None:
    staff.change(workshop, TELL, confirm_days=3)
    staff.now = datetime.combine(workshop.day - timedelta(days=6), time(12), ZONE)
    staff.change(workshop, TELL, day=workshop.day - timedelta(days=4))
    with staff.store.change() as session:
        stored = session.get_one(Workshop, workshop.id)
        assert reconfirmation.request_reconfirmation(session, stored, now=staff.now) == 1
    staff.wait(UNDO_WINDOW - timedelta(seconds=1))
    assert not staff.letters
    staff.wait(timedelta(seconds=2))
    change, question = list_subjects(staff)
    assert change == "Cambio"
    assert question.startswith("¿Sigues viniendo?")
