"""Saying yes to an offer: twice, late, too late; and waiting again."""

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


def test_saying_yes_twice_is_saying_it_once(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(wants_reminder=True)
    full.cancel(rosa)
    full.accept(luz)
    full.accept(luz)
    assert full.status(luz) is SEATED
    assert full.notification_types(luz) == [
        NotificationType.REMINDER,
        NotificationType.REGISTERED,
        NotificationType.WAITLISTED,
    ]
    assert full.left() == 1


def test_saying_yes_too_late_is_yes_where_nobody_else_waits(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.cancel(rosa)
    full.now += 30 * HOUR
    full.accept(luz)
    assert full.status(luz) is SEATED
    assert full.notification_types(luz) == [
        NotificationType.REGISTERED,
        NotificationType.WAITLISTED,
    ]


def test_saying_yes_too_late_is_too_late_where_somebody_else_was_next(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.now += SECOND
    ines = full.register(2)
    full.cancel(rosa)
    full.now += 30 * HOUR
    with pytest.raises(RegistrationClosed):
        full.accept(luz)
    full.work()
    assert full.statuses(luz, ines) == [WAITING, OFFERED]


def test_saying_yes_when_the_workshop_is_off_or_has_begun_is_too_late(full: Stage) -> None:
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


def test_who_was_not_offered_anything_cannot_say_yes(full: Stage) -> None:
    full.register(2)
    luz = full.register()
    with pytest.raises(RegistrationClosed):
        full.accept(luz)
    assert full.status(luz) is WAITING


def test_who_lost_the_turn_waits_again_behind_the_others(full: Stage) -> None:
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


def test_who_lost_the_turn_cannot_wait_again_once_it_is_off(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.cancel(rosa)
    for _missed in range(2):
        full.work(at=full.now + 24 * HOUR)
    full.call_off()
    with pytest.raises(RegistrationClosed):
        full.rejoin(luz)
    assert full.status(luz) is LAPSED
