"""Time slots of one-to-one consultations, and limited accommodations."""

from dataclasses import replace
from datetime import time

import pytest

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import RegistrationStatus, capacity
from outreach.domain.registrations.capacity import CapacityHold
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, time_slots
from outreach.errors import Conflict, ErrorCode, Full
from tests.support.refusals import refuses
from tests.support.scenario import HOUR, STARTS, Stage, stage

pytestmark = pytest.mark.any_database

SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CHILD, NAHUATL = "childcare", "interpreter-nah"


@pytest.fixture
def consultations(store: Store, chicago: Office, rights: Kind) -> Stage:
    """Consultations at 18:00, 18:20 and 18:40, for two people each."""
    return stage(
        store, chicago, rights, way=Way.SLOTS, ends=time(19), slot_minutes=20, slot_places=2
    )


@pytest.fixture
def limited(store: Store, chicago: Office, rights: Kind) -> Stage:
    """Returns a workshop for four, with childcare for one party and an interpreter for one."""
    return stage(
        store,
        chicago,
        rights,
        capacity=4,
        has_childcare=True,
        interpretation=Codes(["nah", "zap"]),
        support={CHILD: 1, NAHUATL: 1},
    )


# Time slots


def test_capacity_is_the_sum_of_the_time_slots(consultations: Stage) -> None:
    assert consultations.hours() == {"18:00": 2, "18:20": 2, "18:40": 2}
    rosa = consultations.register(slot="18:20")
    assert consultations.hours() == {"18:00": 2, "18:20": 1, "18:40": 2}
    assert consultations.left() == 5
    assert consultations.hour(rosa) == "18:20"


def test_time_slot_taken_meanwhile_is_refused_and_nothing_stored(consultations: Stage) -> None:
    consultations.register(2, slot="18:20")
    for hour in ("18:20", "18:10", ""):
        with pytest.raises(Conflict):
            consultations.register(slot=hour)
    assert consultations.hours() == {"18:00": 2, "18:20": 0, "18:40": 2}
    assert consultations.left() == 4


def test_party_that_fits_in_no_time_slot_is_waitlisted(consultations: Stage) -> None:
    registration_ids = [consultations.register(slot=hour) for hour in ("18:00", "18:20", "18:40")]
    assert consultations.left() == 3
    luz = consultations.register(2, slot="18:00")
    assert consultations.status(luz) is WAITING
    assert consultations.left() == 3
    consultations.cancel(registration_ids[1])
    assert consultations.status(luz) is OFFERED
    assert consultations.hour(luz) == "18:20"


def test_earliest_free_time_slot_is_offered(consultations: Stage) -> None:
    first, second, third = (consultations.register(2, slot=h) for h in ("18:00", "18:20", "18:40"))
    luz = consultations.register()
    assert consultations.hour(luz) is None
    consultations.cancel(third)
    assert consultations.hour(luz) == "18:40"
    consultations.accept(luz)
    assert (consultations.status(luz), consultations.hour(luz)) == (SEATED, "18:40")
    consultations.cancel(second, first)
    assert consultations.hours() == {"18:00": 2, "18:20": 2, "18:40": 1}


def test_expired_offer_releases_its_time_slot(consultations: Stage) -> None:
    rosa, *_others = (consultations.register(2, slot=h) for h in ("18:00", "18:20", "18:40"))
    luz = consultations.register()
    consultations.cancel(rosa)
    for _missed in range(2):
        consultations.work(at=consultations.now + 24 * HOUR)
    assert consultations.hour(luz) is None
    assert consultations.hours() == {"18:00": 2, "18:20": 0, "18:40": 0}


def test_changed_time_slot_is_reserved_before_the_old_one_is_released(consultations: Stage) -> None:
    rosa = consultations.register(2, slot="18:00")
    consultations.register(slot="18:20")
    with pytest.raises(Conflict):
        consultations.change(rosa, 2, slot="18:20")
    with pytest.raises(Conflict):
        consultations.change(rosa, 2, slot="18:30")
    assert (consultations.hour(rosa), consultations.of(rosa).changes) == ("18:00", 0)
    consultations.change(rosa, 2, slot="18:40")
    assert (consultations.hour(rosa), consultations.of(rosa).changes) == ("18:40", 1)
    assert consultations.hours() == {"18:00": 2, "18:20": 1, "18:40": 0}


def test_staff_grant_the_first_free_time_slot_in_the_last_three_hours(consultations: Stage) -> None:
    rosa, *_others = (consultations.register(2, slot=h) for h in ("18:00", "18:20", "18:40"))
    luz = consultations.register(2)
    consultations.now = STARTS - HOUR
    consultations.cancel(rosa)
    assert consultations.status(luz) is WAITING
    consultations.grant(luz)
    assert (consultations.status(luz), consultations.hour(luz)) == (SEATED, "18:00")


def test_time_slots_move_with_the_workshop(consultations: Stage) -> None:
    rosa = consultations.register(slot="18:20")
    consultations.change_workshop(starts=time(16, 30), ends=time(17, 30))
    assert consultations.hours() == {"16:30": 2, "16:50": 1, "17:10": 2}
    assert consultations.hour(rosa) == "16:50"


def test_reserved_time_slot_cannot_be_removed(consultations: Stage) -> None:
    consultations.register(slot="18:40")
    with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 40)):
        consultations.change_workshop(ends=time(18, 40))
    with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 40)):
        consultations.change_workshop(slot_minutes=30)
    assert consultations.hours() == {"18:00": 2, "18:20": 2, "18:40": 1}


def test_free_time_slots_can_be_replaced(consultations: Stage) -> None:
    rosa = consultations.register(slot="18:00")
    consultations.change_workshop(slot_minutes=30)
    assert consultations.hours() == {"18:00": 1, "18:30": 2}
    consultations.change_workshop(ends=time(19, 30))
    assert consultations.hours() == {"18:00": 1, "18:30": 2, "19:00": 2}
    assert consultations.left() == 5
    assert consultations.hour(rosa) == "18:00"


def test_workshop_with_seats_instead_of_time_slots_has_none_of_them(consultations: Stage) -> None:
    consultations.change_workshop(way=Way.PLACE, capacity=10)
    assert (consultations.hours(), consultations.left()) == ({}, 10)
    consultations.change_workshop(capacity=12)
    assert consultations.left() == 12
    consultations.change_workshop(way=Way.SLOTS, slot_places=2)
    assert consultations.hours() == {"18:00": 2, "18:20": 2, "18:40": 2}
    assert consultations.left() == 6


def test_added_time_slot_and_added_seat_are_offered_at_once(consultations: Stage) -> None:
    for hour in ("18:00", "18:20", "18:40"):
        consultations.register(2, slot=hour)
    luz, ines = consultations.register(2), consultations.register(1)
    consultations.change_workshop(ends=time(19, 20))
    assert [consultations.hour(each) for each in (luz, ines)] == ["19:00", None]
    consultations.change_workshop(slot_places=3)
    assert consultations.hour(ines) == "18:00"


def test_slot_places_below_reserved_seats_are_refused(consultations: Stage) -> None:
    consultations.register(2, slot="18:20")
    with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 20)):
        consultations.change_workshop(slot_places=1)
    assert consultations.left() == 4


def test_time_slots_continue_past_midnight(store: Store, chicago: Office, rights: Kind) -> None:
    night = stage(
        store,
        chicago,
        rights,
        way=Way.SLOTS,
        starts=time(23, 30),
        ends=time(0, 30),
        slot_minutes=30,
        slot_places=1,
    )
    rosa, luz = night.register(slot="23:30"), night.register(slot="00:00")
    before, after = night.of(rosa), night.of(luz)
    assert (after.day - before.day).days == 1
    assert (before.starts, before.ends) == (time(23, 30), time(0))
    assert (after.starts, after.ends) == (time(0), time(0, 30))


def test_stale_time_slots_do_not_give_a_seat_twice(consultations: Stage) -> None:
    with consultations.store.change() as session:
        workshop = session.get_one(Workshop, consultations.workshop_id)
        early = time_slots.list_slots(session, workshop)
        assert capacity.reserve(session, workshop, CapacityHold(2, (), early[0].id))
        fewer = replace(workshop_service.get_data(workshop), slot_places=1)
        with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 0)):
            workshop_service.change(session, workshop, fewer, now=consultations.now)
        session.rollback()


# Accommodations


def test_used_up_accommodation_is_refused_and_nothing_stored(limited: Stage) -> None:
    limited.register(needs=Codes([CHILD]))
    with pytest.raises(Conflict, match=CHILD):
        limited.register(needs=Codes([CHILD, NAHUATL]))
    assert limited.supported() == {CHILD: 0, NAHUATL: 1}
    assert limited.left() == 3


def test_accommodation_without_limit_is_never_used_up(limited: Stage) -> None:
    for _each in range(3):
        limited.register(needs=Codes(["step_free", "interpreter-zap"]))
    assert limited.supported() == {CHILD: 1, NAHUATL: 1}


def test_offer_skips_parties_that_need_full_childcare(
    limited: Stage,
) -> None:
    limited.register(3, needs=Codes([CHILD]))
    rosa = limited.register()
    luz = limited.register(needs=Codes([CHILD]))
    limited.now += HOUR
    ines = limited.register()
    limited.cancel(rosa)
    assert limited.statuses(luz, ines) == [WAITING, OFFERED]


def test_raised_accommodation_limit_is_offered_at_once(limited: Stage) -> None:
    elena = limited.register(needs=Codes([CHILD]))
    rosa = limited.register(3)
    luz = limited.register(needs=Codes([CHILD]))
    limited.cancel(rosa)
    assert limited.status(luz) is WAITING
    limited.change_workshop(support={CHILD: 2, NAHUATL: 1})
    assert limited.statuses(elena, luz) == [SEATED, OFFERED]
    assert limited.supported() == {CHILD: 0, NAHUATL: 1}


def test_removed_accommodation_limit_offers_all_free_seats(limited: Stage) -> None:
    limited.register(needs=Codes([CHILD]))
    rosa = limited.register(3)
    luz = limited.register(needs=Codes([CHILD]))
    limited.cancel(rosa)
    limited.change_workshop(support={})
    assert limited.status(luz) is OFFERED
    assert limited.supported() == {}
    limited.change_workshop(support={CHILD: 3})
    assert limited.supported() == {CHILD: 1}


def test_dropped_childcare_is_offered_to_the_next_party(limited: Stage) -> None:
    rosa = limited.register(3, needs=Codes([CHILD]))
    elena = limited.register()
    luz = limited.register(needs=Codes([CHILD]))
    limited.cancel(elena)
    assert limited.status(luz) is WAITING
    limited.change(rosa, 3)
    assert limited.status(luz) is OFFERED


def test_full_childcare_cannot_be_added_to_a_registration(limited: Stage) -> None:
    limited.register(needs=Codes([CHILD]))
    rosa = limited.register(2)
    with pytest.raises(Conflict, match=CHILD):
        limited.change(rosa, 2, needs=(CHILD,))
    assert limited.of(rosa).needs == Codes()
    assert limited.left() == 1


def test_late_registration_does_not_take_childcare_of_the_waitlist(
    limited: Stage,
) -> None:
    rosa, elena = limited.register(2, needs=Codes([CHILD])), limited.register(2)
    luz = limited.register(needs=Codes([CHILD]))
    limited.now = STARTS - HOUR
    limited.cancel(rosa)
    with pytest.raises(Full):
        limited.change(elena, 2, needs=(CHILD,))
    limited.grant(luz)
    assert limited.supported() == {CHILD: 0, NAHUATL: 1}


def test_accommodation_limit_below_reserved_is_refused(limited: Stage) -> None:
    limited.register(needs=Codes([CHILD]))
    with refuses(ErrorCode.ACCOMMODATION_PROMISED, promised=1):
        limited.change_workshop(support={CHILD: 0})
    assert limited.supported() == {CHILD: 0, NAHUATL: 1}


def test_limit_set_after_the_form_was_opened_is_enforced(limited: Stage) -> None:
    limited.change_workshop(support={})
    opened = limited.workshop()
    limited.change_workshop(support={CHILD: 0})
    with pytest.raises(Conflict, match=CHILD):
        limited.register(needs=Codes([CHILD]), workshop=opened)
    assert limited.left() == 4
