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
def talks(store: Store, chicago: Office, rights: Kind) -> Stage:
    """Consultations at 18:00, 18:20 and 18:40, for two people each."""
    return stage(
        store, chicago, rights, way=Way.SLOTS, ends=time(19), slot_minutes=20, slot_places=2
    )


@pytest.fixture
def cared(store: Store, chicago: Office, rights: Kind) -> Stage:
    """A workshop for four, with childcare for one party and an interpreter for one."""
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


def test_capacity_is_the_sum_of_the_time_slots(talks: Stage) -> None:
    assert talks.hours() == {"18:00": 2, "18:20": 2, "18:40": 2}
    rosa = talks.register(slot="18:20")
    assert talks.hours() == {"18:00": 2, "18:20": 1, "18:40": 2}
    assert talks.left() == 5
    assert talks.hour(rosa) == "18:20"


def test_time_slot_taken_meanwhile_is_refused_and_nothing_stored(talks: Stage) -> None:
    talks.register(2, slot="18:20")
    for hour in ("18:20", "18:10", ""):
        with pytest.raises(Conflict):
            talks.register(slot=hour)
    assert talks.hours() == {"18:00": 2, "18:20": 0, "18:40": 2}
    assert talks.left() == 4


def test_party_that_fits_in_no_time_slot_is_waitlisted(talks: Stage) -> None:
    registration_ids = [talks.register(slot=hour) for hour in ("18:00", "18:20", "18:40")]
    assert talks.left() == 3
    luz = talks.register(2, slot="18:00")
    assert talks.status(luz) is WAITING
    assert talks.left() == 3
    talks.cancel(registration_ids[1])
    assert talks.status(luz) is OFFERED
    assert talks.hour(luz) == "18:20"


def test_earliest_free_time_slot_is_offered(talks: Stage) -> None:
    first, second, third = (talks.register(2, slot=h) for h in ("18:00", "18:20", "18:40"))
    luz = talks.register()
    assert talks.hour(luz) is None
    talks.cancel(third)
    assert talks.hour(luz) == "18:40"
    talks.accept(luz)
    assert (talks.status(luz), talks.hour(luz)) == (SEATED, "18:40")
    talks.cancel(second, first)
    assert talks.hours() == {"18:00": 2, "18:20": 2, "18:40": 1}


def test_expired_offer_releases_its_time_slot(talks: Stage) -> None:
    rosa, *_others = (talks.register(2, slot=h) for h in ("18:00", "18:20", "18:40"))
    luz = talks.register()
    talks.cancel(rosa)
    for _missed in range(2):
        talks.work(at=talks.now + 24 * HOUR)
    assert talks.hour(luz) is None
    assert talks.hours() == {"18:00": 2, "18:20": 0, "18:40": 0}


def test_changed_time_slot_is_reserved_before_the_old_one_is_released(talks: Stage) -> None:
    rosa = talks.register(2, slot="18:00")
    talks.register(slot="18:20")
    with pytest.raises(Conflict):
        talks.change(rosa, 2, slot="18:20")
    with pytest.raises(Conflict):
        talks.change(rosa, 2, slot="18:30")
    assert (talks.hour(rosa), talks.of(rosa).changes) == ("18:00", 0)
    talks.change(rosa, 2, slot="18:40")
    assert (talks.hour(rosa), talks.of(rosa).changes) == ("18:40", 1)
    assert talks.hours() == {"18:00": 2, "18:20": 1, "18:40": 0}


def test_staff_grant_the_first_free_time_slot_in_the_last_three_hours(talks: Stage) -> None:
    rosa, *_others = (talks.register(2, slot=h) for h in ("18:00", "18:20", "18:40"))
    luz = talks.register(2)
    talks.now = STARTS - HOUR
    talks.cancel(rosa)
    assert talks.status(luz) is WAITING
    talks.grant(luz)
    assert (talks.status(luz), talks.hour(luz)) == (SEATED, "18:00")


def test_time_slots_move_with_the_workshop(talks: Stage) -> None:
    rosa = talks.register(slot="18:20")
    talks.change_workshop(starts=time(16, 30), ends=time(17, 30))
    assert talks.hours() == {"16:30": 2, "16:50": 1, "17:10": 2}
    assert talks.hour(rosa) == "16:50"


def test_reserved_time_slot_cannot_be_removed(talks: Stage) -> None:
    talks.register(slot="18:40")
    with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 40)):
        talks.change_workshop(ends=time(18, 40))
    with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 40)):
        talks.change_workshop(slot_minutes=30)
    assert talks.hours() == {"18:00": 2, "18:20": 2, "18:40": 1}


def test_free_time_slots_can_be_replaced(talks: Stage) -> None:
    rosa = talks.register(slot="18:00")
    talks.change_workshop(slot_minutes=30)
    assert talks.hours() == {"18:00": 1, "18:30": 2}
    talks.change_workshop(ends=time(19, 30))
    assert talks.hours() == {"18:00": 1, "18:30": 2, "19:00": 2}
    assert talks.left() == 5
    assert talks.hour(rosa) == "18:00"


def test_added_time_slot_and_added_seat_are_offered_at_once(talks: Stage) -> None:
    for hour in ("18:00", "18:20", "18:40"):
        talks.register(2, slot=hour)
    luz, ines = talks.register(2), talks.register(1)
    talks.change_workshop(ends=time(19, 20))
    assert [talks.hour(each) for each in (luz, ines)] == ["19:00", None]
    talks.change_workshop(slot_places=3)
    assert talks.hour(ines) == "18:00"


def test_slot_places_below_reserved_seats_are_refused(talks: Stage) -> None:
    talks.register(2, slot="18:20")
    with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 20)):
        talks.change_workshop(slot_places=1)
    assert talks.left() == 4


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


def test_stale_time_slots_do_not_give_a_seat_twice(talks: Stage) -> None:
    with talks.store.change() as session:
        workshop = session.get_one(Workshop, talks.workshop_id)
        early = time_slots.list_slots(session, workshop)
        assert capacity.reserve(session, workshop, CapacityHold(2, (), early[0].id))
        fewer = replace(workshop_service.get_data(workshop), slot_places=1)
        with refuses(ErrorCode.SLOT_TAKEN, hour=time(18, 0)):
            workshop_service.change(session, workshop, fewer, now=talks.now)
        session.rollback()


# Accommodations


def test_used_up_accommodation_is_refused_and_nothing_stored(cared: Stage) -> None:
    cared.register(needs=Codes([CHILD]))
    with pytest.raises(Conflict, match=CHILD):
        cared.register(needs=Codes([CHILD, NAHUATL]))
    assert cared.supported() == {CHILD: 0, NAHUATL: 1}
    assert cared.left() == 3


def test_accommodation_without_limit_is_never_used_up(cared: Stage) -> None:
    for _each in range(3):
        cared.register(needs=Codes(["step_free", "interpreter-zap"]))
    assert cared.supported() == {CHILD: 1, NAHUATL: 1}


def test_offer_skips_parties_that_need_full_childcare(
    cared: Stage,
) -> None:
    cared.register(3, needs=Codes([CHILD]))
    rosa = cared.register()
    luz = cared.register(needs=Codes([CHILD]))
    cared.now += HOUR
    ines = cared.register()
    cared.cancel(rosa)
    assert cared.statuses(luz, ines) == [WAITING, OFFERED]


def test_raised_accommodation_limit_is_offered_at_once(cared: Stage) -> None:
    elena = cared.register(needs=Codes([CHILD]))
    rosa = cared.register(3)
    luz = cared.register(needs=Codes([CHILD]))
    cared.cancel(rosa)
    assert cared.status(luz) is WAITING
    cared.change_workshop(support={CHILD: 2, NAHUATL: 1})
    assert cared.statuses(elena, luz) == [SEATED, OFFERED]
    assert cared.supported() == {CHILD: 0, NAHUATL: 1}


def test_removed_accommodation_limit_offers_all_free_seats(cared: Stage) -> None:
    cared.register(needs=Codes([CHILD]))
    rosa = cared.register(3)
    luz = cared.register(needs=Codes([CHILD]))
    cared.cancel(rosa)
    cared.change_workshop(support={})
    assert cared.status(luz) is OFFERED
    assert cared.supported() == {}
    cared.change_workshop(support={CHILD: 3})
    assert cared.supported() == {CHILD: 1}


def test_dropped_childcare_is_offered_to_the_next_party(cared: Stage) -> None:
    rosa = cared.register(3, needs=Codes([CHILD]))
    elena = cared.register()
    luz = cared.register(needs=Codes([CHILD]))
    cared.cancel(elena)
    assert cared.status(luz) is WAITING
    cared.change(rosa, 3)
    assert cared.status(luz) is OFFERED


def test_full_childcare_cannot_be_added_to_a_registration(cared: Stage) -> None:
    cared.register(needs=Codes([CHILD]))
    rosa = cared.register(2)
    with pytest.raises(Conflict, match=CHILD):
        cared.change(rosa, 2, needs=(CHILD,))
    assert cared.of(rosa).needs == Codes()
    assert cared.left() == 1


def test_late_registration_does_not_take_childcare_of_the_waitlist(
    cared: Stage,
) -> None:
    rosa, elena = cared.register(2, needs=Codes([CHILD])), cared.register(2)
    luz = cared.register(needs=Codes([CHILD]))
    cared.now = STARTS - HOUR
    cared.cancel(rosa)
    with pytest.raises(Full):
        cared.change(elena, 2, needs=(CHILD,))
    cared.grant(luz)
    assert cared.supported() == {CHILD: 0, NAHUATL: 1}


def test_accommodation_limit_below_reserved_is_refused(cared: Stage) -> None:
    cared.register(needs=Codes([CHILD]))
    with refuses(ErrorCode.ACCOMMODATION_PROMISED, promised=1):
        cared.change_workshop(support={CHILD: 0})
    assert cared.supported() == {CHILD: 0, NAHUATL: 1}


def test_limit_set_after_the_form_was_opened_is_enforced(cared: Stage) -> None:
    cared.change_workshop(support={})
    opened = cared.workshop()
    cared.change_workshop(support={CHILD: 0})
    with pytest.raises(Conflict, match=CHILD):
        cared.register(needs=Codes([CHILD]), workshop=opened)
    assert cared.left() == 4
