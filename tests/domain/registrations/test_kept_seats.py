"""Half of the seats are kept for proven contacts while the brake is on, and a day longer (S29)."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    SeatClaim,
    contact_proof,
    kept_seats,
)
from outreach.domain.registrations.kept_seats import Keeping
from outreach.errors import Full
from outreach.maintenance import scheduled_jobs
from tests.conftest import registration_data
from tests.support.scenario import (
    HOUR,
    MONDAY,
    STARTS,
    Stage,
    faults,
    make_sealed_registration,
    stage,
)

CONFIRMED, WAITLISTED, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
SEATS = 8
PROVABLE = frozenset({ContactMethod.EMAIL})
BRAKE_ENDS_AT = MONDAY + timedelta(minutes=10)


@pytest.fixture
def small(store: Store, chicago: Office, rights: Kind) -> Stage:
    return stage(store, chicago, rights, capacity=SEATS)


def come(
    scene: Stage, people: int = 1, *, brake_ends_at: datetime | None = BRAKE_ENDS_AT, **changes: Any
) -> str:
    """Registers a party by itself, by default while the brake is on; returns its id."""
    is_beyond = changes.pop("is_beyond", False)
    data = registration_data(**({"contact": ContactMethod.EMAIL} | changes | {"people": people}))
    sealed = make_sealed_registration(scene.store, scene.workshop(), data)
    scene.now += timedelta(microseconds=1)
    with scene.store.change() as session:
        registrations.register(
            session,
            scene.workshop(),
            data,
            sealed,
            secrets.token_hex(16),
            now=scene.now,
            is_beyond_share=lambda _workshop: is_beyond,
            keeping=Keeping(PROVABLE, brake_ends_at),
        )
    return sealed.id


def prove(scene: Stage, *ids: str) -> None:
    with scene.store.change() as session:
        group = [session.get_one(Registration, each) for each in ids]
        contact_proof.accept(session, group, now=scene.now)


def statuses(scene: Stage, ids: list[str]) -> list[RegistrationStatus]:
    return [scene.status(each) for each in ids]


def claims(scene: Stage, ids: list[str]) -> list[SeatClaim]:
    return [scene.of(each).claim for each in ids]


def left(scene: Stage) -> int:
    return scene.workshop().seats_left


def fill_open_half(scene: Stage) -> list[str]:
    ids = [come(scene) for _ in range(SEATS // 2)]
    assert set(statuses(scene, ids)) == {CONFIRMED}
    return ids


# Who gets which seats


def test_half_of_the_seats_is_kept(small: Stage) -> None:
    fill_open_half(small)
    late = [come(small) for _ in range(3)]
    assert statuses(small, late) == [WAITLISTED] * 3
    assert claims(small, late) == [SeatClaim.OPEN] * 3
    assert left(small) == 4


def test_nothing_is_kept_while_the_brake_is_off(small: Stage) -> None:
    ids = [come(small, brake_ends_at=None) for _ in range(SEATS)]
    assert statuses(small, ids) == [CONFIRMED] * SEATS
    assert small.workshop().kept_until is None


def test_proven_parties_get_the_kept_seats_and_no_more(small: Stage) -> None:
    fill_open_half(small)
    ids = [come(small) for _ in range(6)]
    for each in reversed(ids):
        prove(small, each)
    assert statuses(small, ids) == [
        WAITLISTED,
        WAITLISTED,
        CONFIRMED,
        CONFIRMED,
        CONFIRMED,
        CONFIRMED,
    ]
    assert claims(small, ids) == [SeatClaim.PROVEN] * 6
    assert left(small) == 0


def test_proving_twice_takes_one_seat(small: Stage) -> None:
    fill_open_half(small)
    late = come(small)
    prove(small, late)
    prove(small, late)
    assert small.status(late) is CONFIRMED
    assert left(small) == 3


def test_party_that_does_not_fit_in_the_kept_seats_waits(small: Stage) -> None:
    fill_open_half(small)
    for _ in range(3):
        prove(small, come(small))
    large = come(small, 2)
    assert claims(small, [large]) == [SeatClaim.NONE], "no two seats are left, kept or not"
    prove(small, large)
    assert small.status(large) is WAITLISTED


def test_without_contact_it_waits_like_others(small: Stage) -> None:
    fill_open_half(small)
    late = come(small, contact=ContactMethod.NONE)
    assert statuses(small, [late]) == [WAITLISTED]
    assert claims(small, [late]) == [SeatClaim.NONE]
    prove(small, late)
    assert small.status(late) is WAITLISTED


@pytest.mark.parametrize(
    ("may_leave_message", "claim"), [(True, SeatClaim.OPEN), (False, SeatClaim.NONE)]
)
def test_phone_without_texts_proves_nothing(may_leave_message: bool, claim: SeatClaim) -> None:
    data = registration_data(contact=ContactMethod.PHONE, may_leave_message=may_leave_message)
    both = Keeping(frozenset({ContactMethod.PHONE}), None)
    assert both.can_prove(data) is (claim is SeatClaim.OPEN)
    assert not Keeping(PROVABLE, None).can_prove(data)


def test_staff_give_kept_seats(small: Stage) -> None:
    fill_open_half(small)
    assert small.status(small.register()) is CONFIRMED
    waiting = come(small)
    small.grant(waiting)
    assert small.status(waiting) is CONFIRMED


def test_nothing_is_kept_at_a_discreet_workshop(store: Store, chicago: Office, women: Kind) -> None:
    discreet = stage(store, chicago, women, capacity=SEATS)
    ids = [come(discreet) for _ in range(SEATS)]
    assert statuses(discreet, ids) == [CONFIRMED] * SEATS


def test_party_beyond_its_share_gets_no_kept_seat(small: Stage) -> None:
    fill_open_half(small)
    late = come(small, is_beyond=True)
    prove(small, late)
    assert small.status(late) is WAITLISTED
    assert claims(small, [late]) == [SeatClaim.NONE]


def test_party_is_saved_where_there_is_no_waitlist(
    store: Store, chicago: Office, rights: Kind
) -> None:
    scene = stage(store, chicago, rights, capacity=2, has_waiting_list=False)
    come(scene)
    late, without = come(scene), come(scene, contact=ContactMethod.NONE)
    assert statuses(scene, [late, without]) == [WAITLISTED] * 2
    prove(scene, late)
    assert scene.status(late) is CONFIRMED
    with pytest.raises(Full):
        come(scene)


def test_hours_are_kept_too(store: Store, chicago: Office, rights: Kind) -> None:
    scene = stage(store, chicago, rights, way=Way.SLOTS, slot_minutes=20)
    seats = left(scene)
    assert seats >= 4
    hours = sorted(scene.hours())
    ids = [come(scene, slot=hour) for hour in hours[:-1]]
    waiting = [each for each in ids if scene.status(each) is WAITLISTED]
    assert len(ids) - len(waiting) == seats - seats // 2
    prove(scene, waiting[0])
    found = scene.of(waiting[0])
    assert found.status is CONFIRMED
    assert found.slot_id is not None


# What becomes free


def test_freed_open_seat_goes_to_the_first_in_the_waitlist(small: Stage) -> None:
    first, *_others = fill_open_half(small)
    late = [come(small, contact=ContactMethod.NONE), come(small)]
    small.cancel(first)
    assert statuses(small, late) == [OFFERED, WAITLISTED]
    assert left(small) == 4


def test_freed_kept_seat_is_kept_again(small: Stage) -> None:
    fill_open_half(small)
    ids = [come(small) for _ in range(6)]
    prove(small, *ids[:5])
    assert statuses(small, ids) == [CONFIRMED] * 4 + [WAITLISTED] * 2
    small.cancel(ids[0])
    assert small.status(ids[4]) is OFFERED, "its contact is proven"
    small.cancel(ids[1])
    assert small.status(ids[5]) is WAITLISTED
    prove(small, ids[5])
    assert small.status(ids[5]) is CONFIRMED
    assert left(small) == 0


def test_more_seats_are_kept_by_half(small: Stage) -> None:
    fill_open_half(small)
    late = [come(small) for _ in range(5)]
    small.change_workshop(capacity=12)
    assert statuses(small, late) == [OFFERED, OFFERED, WAITLISTED, WAITLISTED, WAITLISTED]
    assert left(small) == 6


def test_expired_offer_of_an_open_seat_does_not_take_a_kept_one(small: Stage) -> None:
    first, *_others = fill_open_half(small)
    late = [come(small) for _ in range(2)]
    small.cancel(first)
    small.now += 23 * HOUR
    come(small, brake_ends_at=small.now + HOUR)
    small.now += 2 * HOUR
    small.work()
    assert statuses(small, late) == [WAITLISTED, OFFERED]
    assert left(small) == 4


def test_more_people_leave_the_kept_seats(small: Stage) -> None:
    first, second, *_others = fill_open_half(small)
    with pytest.raises(Full):
        small.change(first, 2)
    proven = come(small)
    prove(small, proven)
    small.change(proven, 2)
    assert left(small) == 2
    small.change(second, 1, ("sign_language",))
    assert small.status(second) is CONFIRMED


def test_fewer_people_fit_also_where_more_than_half_was_taken(small: Stage) -> None:
    before = [come(small, 3, brake_ends_at=None), come(small, 3, brake_ends_at=None)]
    assert small.status(come(small)) is WAITLISTED
    small.change(before[0], 2)
    assert small.of(before[0]).people == 2
    assert left(small) == 3


# When it ends


def test_seats_are_kept_until_a_day_after_the_brake(small: Stage) -> None:
    fill_open_half(small)
    late = [come(small), come(small, contact=ContactMethod.NONE)]
    small.now = BRAKE_ENDS_AT + 23 * HOUR
    assert open_kept_seats(small) == 0
    assert small.status(come(small, brake_ends_at=None)) is WAITLISTED, "not before those who wait"
    small.now = BRAKE_ENDS_AT + 24 * HOUR
    assert open_kept_seats(small) == 3
    assert statuses(small, late) == [OFFERED] * 2
    assert small.status(come(small, brake_ends_at=None)) is CONFIRMED
    assert small.workshop().kept_until is None


def open_kept_seats(scene: Stage) -> int:
    return scheduled_jobs.open_kept_seats(scene.store, now=scene.now)


def test_all_seats_are_open_a_day_before_the_start(small: Stage) -> None:
    small.now = STARTS - 25 * HOUR
    ends = small.now + timedelta(minutes=10)
    ids = [come(small, brake_ends_at=ends) for _ in range(SEATS)]
    assert statuses(small, ids) == [CONFIRMED] * 4 + [WAITLISTED] * 4
    assert open_kept_seats(small) == 0
    small.now = STARTS - 24 * HOUR
    assert open_kept_seats(small) == 4
    assert statuses(small, ids[4:]) == [OFFERED] * 4


def test_nothing_is_kept_within_a_day_of_the_start(small: Stage) -> None:
    small.now = STARTS - 24 * HOUR
    ids = [come(small, brake_ends_at=small.now + HOUR) for _ in range(SEATS)]
    assert statuses(small, ids) == [CONFIRMED] * SEATS
    assert small.workshop().kept_until is None


def test_workshop_that_is_moved_near_opens_its_seats(small: Stage) -> None:
    fill_open_half(small)
    late = come(small)
    small.change_workshop(day=MONDAY.date())
    open_kept_seats(small)
    assert small.status(late) is OFFERED


def test_proof_comes_within_a_day(small: Stage) -> None:
    fill_open_half(small)
    late = come(small)
    registered_at = small.now
    with small.store.read() as session:
        registration = session.get_one(Registration, late)
        for hours, expected in ((23, True), (24, False)):
            now = registered_at + hours * HOUR
            assert contact_proof.is_awaited(registration, now) is expected
    small.now = registered_at + 24 * HOUR
    prove(small, late)
    assert small.status(late) is WAITLISTED


def test_brake_keeps_seats_again(small: Stage) -> None:
    come(small)
    kept_until = small.workshop().kept_until
    come(small, brake_ends_at=BRAKE_ENDS_AT + timedelta(seconds=30))
    assert small.workshop().kept_until == kept_until, "not worth a write"
    come(small, brake_ends_at=BRAKE_ENDS_AT + HOUR)
    assert small.workshop().kept_until == BRAKE_ENDS_AT + HOUR + kept_seats.PROVE_WITHIN
    small.now = BRAKE_ENDS_AT + kept_seats.PROVE_WITHIN
    assert open_kept_seats(small) == 0
    assert small.workshop().kept_until is not None


def test_erased_party_claims_nothing(small: Stage) -> None:
    fill_open_half(small)
    late = come(small)
    small.cancel(late)
    assert claims(small, [late]) == [SeatClaim.NONE]


def test_one_proof_is_good_for_all_dates_of_a_group(
    store: Store, small: Stage, chicago: Office, rights: Kind
) -> None:
    other = stage(store, chicago, rights, capacity=SEATS)
    for scene in (small, other):
        fill_open_half(scene)
    group = [come(small), come(other)]
    prove(small, *group)
    assert [small.status(each) for each in group] == [CONFIRMED] * 2


def test_counters_agree_with_the_registrations(small: Stage) -> None:
    ids = [come(small, 1 + number % 3) for number in range(8)]
    for number, each in enumerate(ids):
        prove(small, each)
        if number % 3 == 0:
            small.cancel(each)
    small.change_workshop(capacity=11)
    open_kept_seats(small)
    with small.store.read() as session:
        assert faults(session, small.workshop_id) == []
