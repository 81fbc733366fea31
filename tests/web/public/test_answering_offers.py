"""Accepting an offer of a seat: twice, late, too late; and rejoining the waitlist."""

import pytest

from outreach.domain.registrations import RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.errors import RegistrationClosed
from tests.domain.registrations.test_waitlist import full
from tests.support.scenario import HOUR, SECOND, STARTS, Stage

pytestmark = pytest.mark.any_database

__all__ = ["full"]  # a fixture

SEATED, WAITING = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED
OFFERED, LAPSED = RegistrationStatus.OFFERED, RegistrationStatus.EXPIRED


def test_accepting_an_offer_twice_has_one_effect(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(wants_reminder=True)
    full.cancel(rosa)
    full.accept(luz)
    full.accept(luz)
    assert full.status(luz) is SEATED
    assert full.notification_types(luz) == [
        NotificationType.EARLY_REMINDER,
        NotificationType.REMINDER,
        NotificationType.REGISTERED,
        NotificationType.WAITLISTED,
    ]
    assert full.left() == 1


def test_late_acceptance_succeeds_if_nobody_else_waits(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.cancel(rosa)
    full.now += 30 * HOUR
    full.accept(luz)
    assert full.status(luz) is SEATED
    assert full.notification_types(luz) == [
        NotificationType.REGISTERED,
        NotificationType.WAITLISTED,
    ]


def test_late_acceptance_fails_if_another_person_was_next(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.now += SECOND
    ines = full.register(2)
    full.cancel(rosa)
    full.now += 30 * HOUR
    with pytest.raises(RegistrationClosed):
        full.accept(luz)
    full.work()
    assert full.statuses(luz, ines) == [WAITING, OFFERED]


def test_offer_of_a_cancelled_or_begun_workshop_cannot_be_accepted(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.now = STARTS - 3 * HOUR
    full.cancel(rosa)
    full.call_off()
    with pytest.raises(RegistrationClosed):
        full.accept(luz)
    full.reinstate()
    full.now = STARTS
    with pytest.raises(RegistrationClosed):
        full.accept(luz)
    assert full.status(luz) is OFFERED


def test_registration_without_an_offer_cannot_accept(full: Stage) -> None:
    full.register(2)
    luz = full.register()
    with pytest.raises(RegistrationClosed):
        full.accept(luz)
    assert full.status(luz) is WAITING


def test_expired_offer_can_rejoin_at_the_end_of_the_waitlist(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.cancel(rosa)
    for _missed in range(2):
        full.work(at=full.now + 24 * HOUR)
    elena, ines = full.register(2), full.register()
    full.now += SECOND
    full.rejoin(luz)
    full.rejoin(luz)
    assert full.of(luz).lapses == 0
    full.cancel(elena)
    assert full.statuses(ines, luz) == [OFFERED, WAITING]


def test_expired_offer_of_a_cancelled_workshop_cannot_rejoin(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.cancel(rosa)
    for _missed in range(2):
        full.work(at=full.now + 24 * HOUR)
    full.call_off()
    with pytest.raises(RegistrationClosed):
        full.rejoin(luz)
    assert full.status(luz) is LAPSED
