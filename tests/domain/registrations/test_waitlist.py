"""The waitlist: a freed seat is offered to the party that waited longest and fits."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.errors import ErrorCode, Full, RegistrationClosed
from outreach.maintenance import scheduled_jobs
from tests.support.refusals import refuses
from tests.support.scenario import DAY, HOUR, MINUTE, MONDAY, SECOND, STARTS, Stage, stage

pytestmark = [pytest.mark.core, pytest.mark.any_database]

SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CANCELLED, LAPSED = RegistrationStatus.CANCELLED, RegistrationStatus.EXPIRED
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def full(store: Store, chicago: Office, rights: Kind) -> Stage:
    """A workshop for two."""
    return stage(store, chicago, rights)


# Expiry of offers


def test_error_in_one_workshop_does_not_stop_offers_of_others(
    store: Store, chicago: Office, rights: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    broken, working = stage(store, chicago, rights), stage(store, chicago, rights)
    offered = []
    for each in (broken, working):
        first, next_one = each.register(2), each.register()
        each.cancel(first)
        offered.append(next_one)
    with store.change() as session:  # a value that this version does not know
        session.execute(
            sa.text("UPDATE registration SET contact = 'pigeon' WHERE id = :id"),
            {"id": offered[0]},
        )
    assert scheduled_jobs.expire_offers(store, now=MONDAY + 24 * HOUR) == 1
    assert working.of(offered[1]).lapses == 1
    assert f"offers of workshop {broken.workshop_id}: LookupError" in caplog.text


@pytest.mark.parametrize(
    ("before", "lasts"),
    [
        (7 * 24 * HOUR, 24 * HOUR),
        (24 * HOUR + SECOND, 24 * HOUR),
        (24 * HOUR, 2 * HOUR),
        (4 * HOUR, 2 * HOUR),
        (3 * HOUR, 2 * HOUR),
    ],
)
def test_offer_lasts_a_day_or_two_hours_near_the_start(
    full: Stage, before: timedelta, lasts: timedelta
) -> None:
    rosa, luz = full.register(2), full.register()
    full.now = STARTS - before
    full.cancel(rosa)
    assert full.status(luz) is OFFERED
    assert full.of(luz).offered_until == clock.next_hour(full.now + lasts)
    assert full.notification_types(luz) == [NotificationType.OFFER, NotificationType.WAITLISTED]


def test_no_offer_in_the_last_three_hours(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.now = STARTS - 3 * HOUR + MICROSECOND
    full.cancel(rosa)
    assert full.offer() == 0
    assert full.status(luz) is WAITING
    assert full.left() == 2


def test_offer_expires_exactly_at_its_deadline(full: Stage) -> None:
    rosa, luz, ines = full.register(2), full.register(2), full.register(2)
    full.cancel(rosa)
    full.work(at=MONDAY + 24 * HOUR - MICROSECOND)
    assert full.statuses(luz, ines) == [OFFERED, WAITING]
    full.work(at=MONDAY + 24 * HOUR)
    assert full.statuses(luz, ines) == [WAITING, OFFERED]
    assert full.of(ines).offered_until == MONDAY + 48 * HOUR
    assert full.notification_types(luz) == [
        NotificationType.OFFER_EXPIRED,
        NotificationType.WAITLISTED,
    ]
    assert full.notification_types(ines) == [NotificationType.OFFER, NotificationType.WAITLISTED]


def test_first_expired_offer_moves_to_the_end_and_second_leaves_the_waitlist(
    full: Stage,
) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.now += HOUR
    ines, elena = full.register(2), full.register(2)
    full.cancel(rosa)
    for owner in (luz, ines, elena, luz):
        assert full.status(owner) is OFFERED
        full.work(at=full.now + 24 * HOUR)
    assert full.status(luz) is LAPSED
    assert full.of(luz).lapses == 2
    assert full.statuses(ines, elena) == [OFFERED, WAITING]


def test_only_waitlisted_party_gets_a_second_offer(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.cancel(rosa)
    full.work(at=MONDAY + 24 * HOUR)
    assert full.status(luz) is OFFERED
    assert full.of(luz).offered_until == MONDAY + 48 * HOUR
    full.work(at=MONDAY + 48 * HOUR)
    assert full.status(luz) is LAPSED
    assert full.left() == 2


def test_new_offer_takes_the_place_of_the_message_that_an_earlier_one_lapsed(full: Stage) -> None:
    """Whoever is called hears of one lapsed offer, not of two."""
    rosa, luz = full.register(2), full.register(2)
    full.cancel(rosa)
    full.work(at=MONDAY + 24 * HOUR)
    assert full.notification_types(luz).count(NotificationType.OFFER_EXPIRED) == 0
    full.work(at=MONDAY + 48 * HOUR)
    assert full.notification_types(luz).count(NotificationType.OFFER_EXPIRED) == 1


def test_offers_expiring_together_keep_their_order(full: Stage) -> None:
    rosa = full.register(2)
    luz = full.register()
    full.now += MINUTE
    ines = full.register()
    full.now += MINUTE
    elena = full.register()
    full.cancel(rosa)
    assert full.statuses(luz, ines, elena) == [OFFERED, OFFERED, WAITING]
    full.work(at=full.now + 25 * HOUR)  # an offer ends at a whole hour
    assert full.statuses(luz, ines, elena) == [OFFERED, WAITING, OFFERED]


# Order of offers


def test_freed_seat_goes_to_the_longest_waiting_party(full: Stage) -> None:
    rosa, elena = full.register(), full.register()
    luz = full.register()
    full.now += SECOND
    ines = full.register()
    full.cancel(elena)
    assert full.statuses(rosa, luz, ines) == [SEATED, OFFERED, WAITING]
    assert full.left() == 0


def test_offer_skips_a_party_that_does_not_fit(
    full: Stage,
) -> None:
    rosa, three = full.register(2), full.register(3)
    full.now += SECOND
    two = full.register(2)
    full.cancel(rosa)
    assert full.statuses(three, two) == [WAITING, OFFERED]


def test_smaller_waitlisted_party_may_fit(full: Stage) -> None:
    rosa, elena = full.register(), full.register()
    luz = full.register(2)
    full.cancel(rosa)
    assert full.status(luz) is WAITING
    assert full.left() == 1
    full.change(luz, 1)
    assert full.statuses(elena, luz) == [SEATED, OFFERED]


def test_smaller_confirmed_party_frees_seats_for_the_next(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.change(rosa, 1)
    assert full.statuses(rosa, luz) == [SEATED, OFFERED]


def test_confirmed_party_grows_only_within_capacity(full: Stage) -> None:
    rosa = full.register()
    full.change(rosa, 2)
    assert full.left() == 0
    with pytest.raises(Full):
        full.change(rosa, 3)
    assert full.of(rosa).people == 2
    assert full.left() == 0


def test_registration_with_open_offer_cannot_be_changed(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.cancel(rosa)
    with pytest.raises(RegistrationClosed):
        full.change(luz, 2)
    assert full.of(luz).people == 1


def test_late_registration_does_not_pass_a_waitlisted_party_that_fits(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.now = STARTS - 2 * HOUR
    full.cancel(rosa)
    assert full.status(luz) is WAITING
    latecomer = full.register()
    assert full.status(latecomer) is WAITING
    full.grant(luz)
    full.grant(latecomer)
    assert full.statuses(luz, latecomer) == [SEATED, SEATED]


def test_late_registration_is_confirmed_when_no_waitlisted_party_fits(
    full: Stage,
) -> None:
    rosa, elena, luz = full.register(), full.register(), full.register(2)
    full.now = STARTS - 2 * HOUR
    full.cancel(rosa)
    assert full.status(full.register()) is SEATED
    assert full.statuses(elena, luz) == [SEATED, WAITING]


def test_late_growth_does_not_pass_a_waitlisted_party_that_fits(
    full: Stage,
) -> None:
    rosa, elena, luz = full.register(), full.register(), full.register()
    full.now = STARTS - 2 * HOUR
    full.cancel(rosa)
    with pytest.raises(Full):
        full.change(elena, 2)
    assert full.statuses(elena, luz) == [SEATED, WAITING]


def test_offer_without_contact_is_on_the_registration_page(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(contact=ContactMethod.NONE)
    full.cancel(rosa)
    assert full.status(luz) is OFFERED
    assert full.notification_types(luz) == []
    full.accept(luz)
    assert full.status(luz) is SEATED


def test_full_workshop_without_waitlist_is_refused(
    store: Store, chicago: Office, rights: Kind
) -> None:
    small = stage(store, chicago, rights, has_waiting_list=False)
    small.register()
    with pytest.raises(Full):
        small.register(2)
    assert small.left() == 1


# Freed seats


@pytest.mark.parametrize("changes", [{"capacity": 3}, {"overbooked": 1}])
def test_added_capacity_is_offered_at_once(full: Stage, changes: dict[str, int]) -> None:
    full.register(2)
    luz = full.register()
    full.change_workshop(**changes)
    assert full.status(luz) is OFFERED
    assert full.notification_types(luz) == [NotificationType.OFFER, NotificationType.WAITLISTED]


def test_capacity_below_confirmed_and_offered_seats_is_refused(full: Stage) -> None:
    rosa, luz = full.register(2), full.register(2)
    full.cancel(rosa)
    assert full.status(luz) is OFFERED
    with refuses(ErrorCode.CAPACITY_BELOW_TAKEN, taken=2):
        full.change_workshop(capacity=1)
    full.change_workshop(capacity=1, overbooked=1)
    assert full.left() == 0


def test_reinstated_workshop_offers_seats_that_came_free(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.call_off()
    full.cancel(rosa)
    assert full.status(luz) is WAITING
    full.reinstate()
    assert full.status(luz) is OFFERED


def test_postponed_workshop_extends_open_offers(
    full: Stage,
) -> None:
    rosa, luz = full.register(2), full.register()
    full.now = STARTS - 4 * HOUR
    full.cancel(rosa)
    assert full.of(luz).offered_until == full.now + 2 * HOUR
    full.change_workshop(day=DAY + timedelta(days=7))
    assert full.of(luz).offered_until == full.now + 24 * HOUR


def test_offer_does_not_expire_while_the_workshop_is_cancelled(full: Stage) -> None:
    rosa, luz = full.register(2), full.register()
    full.cancel(rosa)
    full.call_off()
    full.work(at=MONDAY + 30 * HOUR)
    assert full.status(luz) is OFFERED
    assert full.of(luz).lapses == 0


# Grants by staff


def test_staff_grant_seats_in_any_order_but_only_free_ones(full: Stage) -> None:
    rosa, elena = full.register(), full.register()
    luz, ines = full.register(2), full.register(wants_reminder=True)
    with pytest.raises(Full):
        full.grant(ines)
    full.now = STARTS - 2 * HOUR
    full.cancel(rosa)
    full.grant(ines)
    assert full.statuses(elena, luz, ines) == [SEATED, WAITING, SEATED]
    assert full.notification_types(ines) == [
        NotificationType.SEAT_GRANTED,
        NotificationType.WAITLISTED,
    ]


# Reminders


def test_only_confirmed_people_are_reminded(full: Stage) -> None:
    rosa, luz = full.register(2, wants_reminder=True), full.register(wants_reminder=True)
    assert full.notification_types(rosa) == [
        NotificationType.EARLY_REMINDER,
        NotificationType.REMINDER,
        NotificationType.REGISTERED,
    ]
    assert full.notification_types(luz) == [NotificationType.WAITLISTED]
    full.cancel(rosa)
    assert full.notification_types(rosa) == []
    full.accept(luz)
    assert NotificationType.REMINDER in full.notification_types(luz)


def test_postponed_workshop_sends_a_second_reminder(
    full: Stage,
) -> None:
    rosa = full.register(wants_reminder=True)
    luz = full.register(wants_reminder=False)
    full.now = STARTS - 5 * HOUR
    full.deliver(NotificationType.REMINDER)
    full.change_workshop(day=DAY + timedelta(days=7))
    assert full.notification_types(rosa) == [
        NotificationType.CHANGED,
        NotificationType.EARLY_REMINDER,
        NotificationType.REMINDER,
        NotificationType.REGISTERED,
    ]
    assert full.notification_types(luz) == [NotificationType.CHANGED, NotificationType.REGISTERED]
