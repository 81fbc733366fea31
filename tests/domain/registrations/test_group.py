"""One person, all the dates of a series."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.workshops import Workshop, series
from outreach.errors import Full
from tests.conftest import hold, registration_data
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
    """Three Saturdays for two; more is said of one of them by its number."""

    def make(**of_second: Any) -> list[Stage]:
        with store.change() as session:
            both = series.find_or_create(session, session.merge(chicago), "Curso", is_joint=True)
            return [
                Stage(
                    store,
                    hold(
                        session,
                        chicago,
                        rights,
                        series=both,
                        day=DAY + timedelta(days=7 * number),
                        **{"capacity": 2, "now": MONDAY} | (of_second if number == 1 else {}),
                    ).id,
                )
                for number in range(3)
            ]

    return make


def _save_all(dates: list[Stage], nonce: str = "", **said: Any) -> list[str]:
    """The ids of the registrations, one for each date, in their order."""
    someone = registration_data(**{"contact": ContactMethod.EMAIL} | said)
    pairs = [(each.workshop(), make_sealed_registration()) for each in dates]
    with dates[0].store.change() as session:
        registrations.register_group(
            session, pairs, someone, nonce or secrets.token_hex(16), now=MONDAY
        )
    return [ticket.id for _workshop, ticket in pairs]


def test_group_registration_takes_each_date_and_sends_one_letter(course: Course) -> None:
    dates = course()
    mine = _save_all(dates, wants_reminder=True)
    assert [date.left() for date in dates] == [1, 1, 1]
    assert [date.status(each) for date, each in zip(dates, mine, strict=True)] == [SEATED] * 3
    assert [date.notification_types(each) for date, each in zip(dates, mine, strict=True)] == [
        [NotificationType.REMINDER, NotificationType.REGISTERED],
        [NotificationType.REMINDER],
        [NotificationType.REMINDER],
    ]


def test_they_know_of_each_other_in_the_order_of_the_days(course: Course) -> None:
    first, second, third = course()
    mine = _save_all([second, third, first])
    with first.store.read() as session:
        one = session.get_one(Registration, mine[0])
        assert [each.id for each in registrations.list_group(session, one)] == [mine[2], *mine[:2]]


def test_where_one_date_is_full_one_waits_for_that_one(course: Course) -> None:
    dates = course()
    rosa = dates[1].register(2)
    mine = _save_all(dates)
    assert [date.status(each) for date, each in zip(dates, mine, strict=True)] == [
        SEATED,
        WAITING,
        SEATED,
    ]
    dates[1].cancel(rosa)
    assert dates[1].status(mine[1]) is OFFERED
    assert dates[1].notification_types(mine[1]) == [NotificationType.OFFER]


def test_where_one_date_cannot_be_had_at_all_nothing_is_kept(course: Course) -> None:
    dates = course(has_waiting_list=False)
    dates[1].register(2)
    with pytest.raises(Full):
        _save_all(dates)
    assert [date.left() for date in dates] == [2, 0, 2]


def test_the_same_form_sent_twice_is_one_registration_of_each_date(course: Course) -> None:
    dates = course()
    _save_all(dates, nonce="the same")
    with pytest.raises(sa.exc.IntegrityError):
        _save_all(dates, nonce="the same")
    assert [date.left() for date in dates] == [1, 1, 1]


def test_one_date_can_be_given_up_and_the_others_stay(course: Course) -> None:
    dates = course()
    mine = _save_all(dates)
    dates[0].cancel(mine[0])
    assert [date.left() for date in dates] == [2, 1, 1]
    with dates[0].store.read() as session:
        other = session.get_one(Registration, mine[1])
        assert [each.id for each in registrations.list_group(session, other)] == mine[1:]


def test_a_date_that_is_called_off_says_so_to_who_saved_all(course: Course) -> None:
    dates = course()
    mine = _save_all(dates)
    dates[2].call_off()
    assert dates[2].notification_types(mine[2]) == [NotificationType.CANCELLED]
    with dates[2].store.read() as session:
        assert session.get_one(Workshop, dates[2].workshop_id).is_cancelled
