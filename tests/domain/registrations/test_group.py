"""Group registrations: one person registers for all dates of a series."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    change_notifications,
)
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, series
from outreach.errors import Full
from tests.conftest import make_workshop, registration_data
from tests.support.scenario import DAY, MONDAY, Stage, make_sealed_registration

pytestmark = pytest.mark.any_database

SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
Course = Callable[..., list[Stage]]


@pytest.fixture
def course(store: Store, chicago: Office, rights: Kind) -> Course:
    """Three Saturdays with two seats each; `of_second` are fields of the second one."""

    def make(**of_second: Any) -> list[Stage]:
        with store.change() as session:
            course_series = series.find_or_create(
                session, session.merge(chicago), "Curso", is_joint=True
            )
            return [
                Stage(
                    store,
                    make_workshop(
                        session,
                        chicago,
                        rights,
                        series=course_series,
                        day=DAY + timedelta(days=7 * number),
                        **{"capacity": 2, "now": MONDAY} | (of_second if number == 1 else {}),
                    ).id,
                )
                for number in range(3)
            ]

    return make


def _save_all(dates: list[Stage], nonce: str = "", **answers: Any) -> list[str]:
    """Registers for these dates; returns the ids of the registrations, in the same order."""
    someone = registration_data(**{"contact": ContactMethod.EMAIL} | answers)
    pairs = [
        (workshop, make_sealed_registration(dates[0].store, workshop, someone))
        for workshop in (each.workshop() for each in dates)
    ]
    with dates[0].store.change() as session:
        registrations.register_group(
            session, pairs, someone, nonce or secrets.token_hex(16), now=MONDAY
        )
    return [ticket.id for _workshop, ticket in pairs]


def test_group_registration_takes_each_date_and_sends_one_letter(course: Course) -> None:
    dates = course()
    registration_ids = _save_all(dates, wants_reminder=True)
    assert [date.left() for date in dates] == [1, 1, 1]
    assert [date.status(each) for date, each in zip(dates, registration_ids, strict=True)] == [
        SEATED
    ] * 3
    assert [
        date.notification_types(each) for date, each in zip(dates, registration_ids, strict=True)
    ] == [
        [NotificationType.EARLY_REMINDER, NotificationType.REMINDER, NotificationType.REGISTERED],
        [NotificationType.EARLY_REMINDER, NotificationType.REMINDER],
        [NotificationType.EARLY_REMINDER, NotificationType.REMINDER],
    ]


def test_person_on_several_dates_is_counted_once_among_those_to_notify(course: Course) -> None:
    dates = course()
    _save_all(dates)
    _save_all(dates[:1], name="Luz", contact=ContactMethod.NONE)
    with dates[0].store.change() as session:
        for date in dates:
            workshop = session.get_one(Workshop, date.workshop_id)
            later = replace(workshop_service.get_data(workshop), ends=time(23))
            workshop_service.change(session, workshop, later, now=MONDAY, decision=LATER)
        changed = [session.get_one(Workshop, date.workshop_id) for date in dates]
        reach = change_notifications.count_uninformed(session, changed, has_texts=False)
        assert (reach.letters, reach.unreachable) == (3, 1)
        ids = [each.id for each in changed]
        assert change_notifications.count_people(session, ids, has_texts=True) == 1
        assert change_notifications.count_people(session, [], has_texts=True) == 0


def test_group_lists_its_registrations_by_date(course: Course) -> None:
    first, second, third = course()
    registration_ids = _save_all([second, third, first])
    with first.store.read() as session:
        registration = session.get_one(Registration, registration_ids[0])
        assert [each.id for each in registrations.list_group(session, registration)] == [
            registration_ids[2],
            *registration_ids[:2],
        ]


def test_group_registration_waits_for_a_full_date_only(course: Course) -> None:
    dates = course()
    rosa = dates[1].register(2)
    registration_ids = _save_all(dates)
    assert [date.status(each) for date, each in zip(dates, registration_ids, strict=True)] == [
        SEATED,
        WAITING,
        SEATED,
    ]
    dates[1].cancel(rosa)
    assert dates[1].status(registration_ids[1]) is OFFERED
    assert dates[1].notification_types(registration_ids[1]) == [NotificationType.OFFER]


def test_full_date_without_waitlist_refuses_the_whole_group(course: Course) -> None:
    dates = course(has_waiting_list=False)
    dates[1].register(2)
    with pytest.raises(Full):
        _save_all(dates)
    assert [date.left() for date in dates] == [2, 0, 2]


def test_group_form_sent_twice_registers_once(course: Course) -> None:
    dates = course()
    _save_all(dates, nonce="the same")
    with pytest.raises(sa.exc.IntegrityError):
        _save_all(dates, nonce="the same")
    assert [date.left() for date in dates] == [1, 1, 1]


def test_cancelling_one_date_keeps_the_others(course: Course) -> None:
    dates = course()
    registration_ids = _save_all(dates)
    dates[0].cancel(registration_ids[0])
    assert [date.left() for date in dates] == [2, 1, 1]
    with dates[0].store.read() as session:
        registration = session.get_one(Registration, registration_ids[1])
        assert [
            each.id for each in registrations.list_group(session, registration)
        ] == registration_ids[1:]


def test_cancelled_date_of_a_group_sends_a_notification(course: Course) -> None:
    dates = course()
    registration_ids = _save_all(dates)
    dates[2].call_off()
    assert dates[2].notification_types(registration_ids[2]) == [NotificationType.CANCELLED]
    with dates[2].store.read() as session:
        assert session.get_one(Workshop, dates[2].workshop_id).is_cancelled
