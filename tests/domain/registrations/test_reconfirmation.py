"""Reconfirmation («¿Sigues viniendo?»): who gets it, and what happens after a no or without an
answer."""

from datetime import datetime, time, timedelta

import pytest

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, RegistrationStatus, reconfirmation
from outreach.domain.registrations.notifications import NotificationType
from outreach.errors import ErrorCode, RegistrationClosed
from tests.support.refusals import refuses
from tests.support.scenario import DAY, HOUR, MINUTE, MONDAY, SECOND, STARTS, Stage, stage

pytestmark = pytest.mark.any_database

SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CANCELLED, LAPSED = RegistrationStatus.CANCELLED, RegistrationStatus.EXPIRED
REQUESTED_AT = STARTS - timedelta(days=4) - 7 * HOUR  # four days before, at 11 in the morning
EVENING = 33 * HOUR  # until 20:00 of the day after the question


@pytest.fixture
def strict(store: Store, chicago: Office, rights: Kind) -> Stage:
    """Returns a workshop for four that frees the seats of people who do not answer."""
    return stage(store, chicago, rights, capacity=4, confirm_days=4, frees_silence=True)


@pytest.fixture
def lenient(store: Store, chicago: Office, rights: Kind) -> Stage:
    return stage(store, chicago, rights, capacity=4, confirm_days=4)


def test_reconfirmation_is_sent_at_eleven_to_confirmed_people_with_contact(
    strict: Stage,
) -> None:
    rosa, luz = strict.register(), strict.register(2, contact=ContactMethod.PHONE)
    silent, waits = strict.register(contact=ContactMethod.NONE), strict.register()
    strict.work(at=REQUESTED_AT - SECOND)
    assert NotificationType.RECONFIRM not in strict.notification_types(rosa)
    strict.work(at=REQUESTED_AT)
    strict.work(at=REQUESTED_AT + MINUTE)
    assert [
        strict.notification_types(each).count(NotificationType.RECONFIRM)
        for each in (rosa, luz, silent, waits)
    ] == [
        1,
        1,
        0,
        0,
    ]
    assert strict.of(rosa).asked_at == REQUESTED_AT


def test_registration_made_after_reconfirmation_began_needs_none(strict: Stage) -> None:
    strict.work(at=REQUESTED_AT)
    rosa = strict.register()
    strict.work(at=REQUESTED_AT + HOUR)
    assert strict.notification_types(rosa) == [NotificationType.REGISTERED]


def test_accepted_offer_needs_no_reconfirmation(strict: Stage) -> None:
    rosa, luz = strict.register(4), strict.register()
    strict.now = REQUESTED_AT - HOUR
    strict.cancel(rosa)
    strict.accept(luz)
    strict.work(at=REQUESTED_AT)
    assert NotificationType.RECONFIRM not in strict.notification_types(luz)


def test_no_reconfirmation_on_the_last_day(strict: Stage) -> None:
    rosa = strict.register()
    strict.work(at=STARTS - 24 * HOUR + SECOND)
    assert NotificationType.RECONFIRM not in strict.notification_types(rosa)


def test_no_reconfirmation_of_a_cancelled_workshop(strict: Stage) -> None:
    rosa = strict.register()
    strict.call_off()
    strict.work(at=REQUESTED_AT)
    assert strict.of(rosa).asked_at is None


def test_answering_no_frees_the_seat_at_once(strict: Stage) -> None:
    rosa, luz = strict.register(4), strict.register(3)
    strict.work(at=REQUESTED_AT)
    strict.cancel(rosa)
    assert strict.statuses(rosa, luz) == [CANCELLED, OFFERED]
    assert strict.left() == 1


def test_answering_yes_keeps_the_seat(strict: Stage) -> None:
    rosa = strict.register()
    strict.work(at=REQUESTED_AT)
    strict.deliver(NotificationType.RECONFIRM)
    strict.now += HOUR
    strict.confirm(rosa)
    strict.confirm(rosa)
    strict.work(at=REQUESTED_AT + 60 * HOUR)
    assert strict.status(rosa) is SEATED


def test_unanswered_reconfirmation_frees_the_seat_on_the_next_evening(strict: Stage) -> None:
    rosa, luz = strict.register(4, wants_reminder=True), strict.register()
    strict.work(at=REQUESTED_AT)
    strict.deliver(NotificationType.RECONFIRM)
    assert reconfirmation.get_answer_deadline(strict.of(rosa)) == REQUESTED_AT + EVENING
    strict.work(at=REQUESTED_AT + EVENING - SECOND)
    assert strict.statuses(rosa, luz) == [SEATED, WAITING]
    strict.work(at=REQUESTED_AT + EVENING)
    assert strict.statuses(rosa, luz) == [LAPSED, OFFERED]
    assert strict.notification_types(rosa) == [NotificationType.OFFER_EXPIRED]
    assert strict.left() == 3


def test_unanswered_reconfirmation_keeps_the_seat_if_staff_chose_so(lenient: Stage) -> None:
    rosa = lenient.register(4)
    lenient.work(at=REQUESTED_AT)
    lenient.deliver(NotificationType.RECONFIRM)
    lenient.work(at=REQUESTED_AT + 60 * HOUR)
    assert lenient.status(rosa) is SEATED
    assert reconfirmation.get_answer_deadline(lenient.of(rosa)) is None


def test_registration_without_contact_keeps_its_seat(strict: Stage) -> None:
    rosa = strict.register(contact=ContactMethod.NONE)
    for hours in range(0, 90, 6):
        strict.work(at=REQUESTED_AT + hours * HOUR)
        strict.deliver(NotificationType.RECONFIRM)
    assert strict.status(rosa) is SEATED


def test_undelivered_reconfirmation_keeps_the_seat(strict: Stage) -> None:
    rosa, luz = strict.register(), strict.register()
    strict.work(at=REQUESTED_AT)
    strict.cancel(luz)
    strict.work(at=REQUESTED_AT + 60 * HOUR)
    assert strict.status(rosa) is SEATED, "the reconfirmation has not been sent"
    strict.deliver(NotificationType.RECONFIRM, is_dead=True)
    strict.work(at=REQUESTED_AT + 87 * HOUR)
    assert strict.status(rosa) is SEATED, "the letter was undeliverable"


def test_late_reconfirmation_leaves_a_day_to_answer(strict: Stage) -> None:
    rosa = strict.register()
    strict.work(at=REQUESTED_AT)
    strict.now = REQUESTED_AT + 30 * HOUR
    strict.deliver(NotificationType.RECONFIRM)
    strict.work(at=REQUESTED_AT + 54 * HOUR - SECOND)
    assert strict.status(rosa) is SEATED
    strict.work(at=REQUESTED_AT + 55 * HOUR)  # the delivery is known to the hour
    assert strict.status(rosa) is LAPSED


def test_unanswered_reconfirmation_frees_no_seat_in_the_last_three_hours(strict: Stage) -> None:
    rosa = strict.register()
    strict.work(at=STARTS - 38 * HOUR)
    assert reconfirmation.get_answer_deadline(strict.of(rosa)) is None
    strict.deliver(NotificationType.RECONFIRM)
    strict.work(at=STARTS - 2 * HOUR)
    assert strict.status(rosa) is SEATED


def test_released_registration_can_rejoin_the_waitlist(strict: Stage) -> None:
    rosa = strict.register(4)
    luz = strict.register(4)
    strict.work(at=REQUESTED_AT)
    strict.deliver(NotificationType.RECONFIRM)
    strict.work(at=REQUESTED_AT + 36 * HOUR)
    with pytest.raises(RegistrationClosed):
        strict.confirm(rosa)
    strict.rejoin(rosa)
    assert strict.statuses(rosa, luz) == [WAITING, OFFERED]
    strict.cancel(luz)
    strict.accept(rosa)
    strict.work(at=strict.now + 40 * HOUR)
    assert strict.status(rosa) is SEATED, "confirmed before"


def test_answering_yes_after_the_start_is_refused(strict: Stage) -> None:
    rosa = strict.register()
    strict.work(at=REQUESTED_AT)
    strict.now = STARTS
    with pytest.raises(RegistrationClosed):
        strict.confirm(rosa)


def test_moved_workshop_is_reconfirmed_anew(strict: Stage) -> None:
    rosa, luz = strict.register(), strict.register()
    strict.work(at=REQUESTED_AT)
    strict.deliver(NotificationType.RECONFIRM)
    strict.now += HOUR
    strict.confirm(luz)
    strict.change_workshop(day=DAY + timedelta(days=7))
    strict.work(at=REQUESTED_AT + 40 * HOUR)
    assert strict.statuses(rosa, luz) == [SEATED, SEATED], (
        "the reconfirmation of the old day does not count"
    )
    strict.work(at=REQUESTED_AT + timedelta(days=7, hours=1))
    assert [
        strict.notification_types(each).count(NotificationType.RECONFIRM) for each in (rosa, luz)
    ] == [1, 1]


def test_answer_for_the_old_time_does_not_confirm_the_new_time(
    strict: Stage,
) -> None:
    rosa = strict.register()
    strict.work(at=REQUESTED_AT)
    strict.deliver(NotificationType.RECONFIRM)
    strict.now += HOUR
    strict.change_workshop(starts=time(17))
    assert strict.of(rosa).asked_at is None
    strict.work(at=REQUESTED_AT + 2 * HOUR)
    strict.work(at=REQUESTED_AT + 37 * HOUR)
    assert strict.status(rosa) is SEATED, "the sent letter names the old hour"


def test_reconfirmation_of_the_old_day_is_not_sent(strict: Stage) -> None:
    rosa = strict.register()
    strict.work(at=REQUESTED_AT)
    strict.change_workshop(day=DAY + timedelta(days=1))
    assert NotificationType.RECONFIRM not in strict.notification_types(rosa)
    strict.work(at=REQUESTED_AT + 24 * HOUR)
    assert strict.notification_types(rosa).count(NotificationType.RECONFIRM) == 1


@pytest.mark.parametrize("days", [0, 1, 15])
def test_reconfirmation_leaves_time_to_answer(strict: Stage, days: int) -> None:
    strict.now = MONDAY
    with refuses(ErrorCode.RECONFIRMATION_OUT_OF_RANGE, least=2, most=14):
        strict.change_workshop(confirm_days=days)


@pytest.mark.parametrize("day", ["2028-02-28", "2028-03-10", "2028-11-03", "2028-12-30"])
def test_deadline_is_by_day_whenever_the_question_was_asked(strict: Stage, day: str) -> None:
    """Also after the worker was down, and where clocks change meanwhile."""
    workshop = strict.workshop()
    first = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    for minutes in range(0, 72 * 60, 10):
        asked = first + timedelta(minutes=minutes)
        deadline = reconfirmation.compute_deadline(workshop, asked)
        local = deadline.astimezone(workshop.zone)
        assert time(9) <= local.time() <= time(20), asked
        assert timedelta(hours=31) < deadline - asked <= timedelta(hours=46), asked
