"""Moving a registration to another date of its kind."""

from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.checkin import checkin, checkin_events
from outreach.domain.checkin.checkin_events import Arrival
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    Registration,
    RegistrationStatus,
    totals,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.models import DeliveryMode
from outreach.errors import Conflict, Full, NotFound, RegistrationClosed
from outreach.keystore import KeyStore
from outreach.privacy import registration_move
from tests.support.scenario import DAY, HOUR, MONDAY, Stage, faults, stage

SLOTS: dict[str, Any] = {
    "way": Way.SLOTS,
    "slot_minutes": 20,
    "slot_places": 1,
    "ends": time(19, 0),
}


@pytest.fixture
def here(store: Store, chicago: Office, rights: Kind) -> Stage:
    return stage(store, chicago, rights)


@pytest.fixture
def there(store: Store, chicago: Office, rights: Kind) -> Stage:
    return stage(store, chicago, rights, day=DAY + timedelta(days=7))


def move(
    key_store: KeyStore, registration_id: str, target: Stage, slot: str = "", **more: Any
) -> bool:
    of_monday = KeyStore(key_store.store, key_store.envelope.master_keys, lambda: MONDAY)
    return registration_move.move(
        target.store, of_monday, registration_id, target.workshop_id,
        slot=slot, **{"now": target.now} | more,
    )  # fmt: skip


def wrong(*stages: Stage) -> list[str]:
    with stages[0].store.read() as session:
        return [fault for each in stages for fault in faults(session, each.workshop_id)]


def test_move_takes_the_new_seats_and_releases_the_old_ones(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa = here.register(2)
    assert move(key_store, rosa, there)
    assert (here.left(), there.left()) == (2, 0)
    moved = there.of(rosa)
    assert moved.workshop_id == there.workshop_id
    assert moved.status is RegistrationStatus.CONFIRMED
    assert wrong(here, there) == []


def test_freed_seat_is_offered_to_the_waitlist_of_the_old_date(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, luz = here.register(2), here.register(1)
    assert here.status(luz) is RegistrationStatus.WAITLISTED
    move(key_store, rosa, there)
    assert here.status(luz) is RegistrationStatus.OFFERED


def test_full_date_takes_nobody_and_the_old_seat_is_kept(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, _full = here.register(), there.register(2)
    with pytest.raises(Full):
        move(key_store, rosa, there)
    assert here.of(rosa).workshop_id == here.workshop_id
    assert (here.left(), there.left()) == (1, 0)
    assert here.notification_types(rosa) == [NotificationType.REGISTERED]


def test_second_post_of_a_move_changes_nothing(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa = here.register()
    assert move(key_store, rosa, there)
    assert not move(key_store, rosa, there)
    assert (here.left(), there.left()) == (2, 1)
    assert there.notification_types(rosa) == [NotificationType.MOVED]


def test_link_and_code_stay_and_the_old_door_does_not_know_the_code(
    store: Store, key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa = here.register()
    before = here.of(rosa)
    move(key_store, rosa, there)
    after = there.of(rosa)
    assert after.manage_digest == before.manage_digest
    with store.read() as session:
        code = session.get_one(Registration, rosa).door_code
        [found] = registrations.find_by_code(session, key_store, code, [there.workshop_id])
        assert found.id == rosa
        assert registrations.find_by_code(session, key_store, code, [here.workshop_id]) == []
        old = session.get_one(Workshop, here.workshop_id)
        with pytest.raises(NotFound):
            checkin.find(session, old, rosa)


def test_code_that_somebody_has_at_the_new_date_is_replaced(
    store: Store, key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, luz = here.register(), there.register()
    with store.change() as session:
        code = session.get_one(Registration, rosa).door_code
        other = session.get_one(Registration, luz)
        other.change_details(code=code)
        other.code_digest = key_store.code_digest(there.workshop_id, code)
    move(key_store, rosa, there)
    with store.read() as session:
        assert session.get_one(Registration, rosa).door_code != code


def test_key_follows_the_new_workshop(key_store: KeyStore, here: Stage, there: Stage) -> None:
    rosa = here.register()
    key_id = here.of(rosa).key_id or b""
    move(key_store, rosa, there)
    assert key_store.list_workshops()[key_id] == there.workshop_id
    assert key_store.days()[key_id] == there.workshop().forget_on


def test_calendar_takes_the_moved_entry_for_a_change(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    here.change_workshop(starts=time(17, 0))
    rosa = here.register()
    before = here.workshop().sequence + here.of(rosa).changes
    move(key_store, rosa, there)
    assert there.workshop().sequence + there.of(rosa).changes > before


def test_needs_move_with_the_party(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    childcare: dict[str, Any] = {"has_childcare": True, "support": {"childcare": 1}}
    one = stage(store, chicago, rights, **childcare)
    two = stage(store, chicago, rights, day=DAY + timedelta(days=1), **childcare)
    rosa = one.register(needs=Codes(["childcare"]))
    move(key_store, rosa, two)
    assert (one.supported(), two.supported()) == ({"childcare": 1}, {"childcare": 0})
    luz = one.register(needs=Codes(["childcare"]))
    with pytest.raises(Conflict, match="childcare"):
        move(key_store, luz, two)
    assert one.supported() == {"childcare": 0}


def test_date_without_what_the_party_needs_is_refused(
    key_store: KeyStore, store: Store, chicago: Office, rights: Kind, there: Stage
) -> None:
    here = stage(store, chicago, rights, has_childcare=True)
    rosa = here.register(needs=Codes(["childcare"]))
    with pytest.raises(Conflict, match="childcare"):
        move(key_store, rosa, there)


def test_hour_of_consultations_is_chosen_and_the_old_one_is_free(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    one = stage(store, chicago, rights, **SLOTS)
    two = stage(store, chicago, rights, day=DAY + timedelta(days=1), **SLOTS)
    rosa, _luz = one.register(slot="18:20"), two.register(slot="18:20")
    with pytest.raises(Conflict):
        move(key_store, rosa, two, slot="18:20")
    with pytest.raises(Conflict):
        move(key_store, rosa, two)
    move(key_store, rosa, two, slot="18:40")
    assert two.hour(rosa) == "18:40"
    assert one.hours()["18:20"] == 1
    assert wrong(one, two) == []


def test_discreet_workshop_takes_no_part(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, here: Stage, there: Stage
) -> None:
    rosa, luz = here.register(), there.register()
    with store.change() as session:
        session.get_one(Workshop, there.workshop_id).is_discreet = True
    with pytest.raises(NotFound):
        move(key_store, rosa, there)
    with pytest.raises(RegistrationClosed):
        move(key_store, luz, here)


@pytest.mark.parametrize(
    "changes",
    [{"way": Way.UNLISTED}, {"mode": DeliveryMode.PHONE_BANK, "venue": None}],
    ids=["unlisted", "telephone without a phone"],
)
def test_date_that_is_none_for_the_party(
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    here: Stage,
    changes: dict[str, Any],
) -> None:
    rosa = here.register()
    other = stage(store, chicago, rights, day=DAY + timedelta(days=1), **changes)
    with pytest.raises(NotFound):
        move(key_store, rosa, other)


def test_other_kind_is_no_date(
    store: Store, key_store: KeyStore, chicago: Office, here: Stage, women: Kind
) -> None:
    other = stage(store, chicago, women)
    with pytest.raises(NotFound):
        move(key_store, here.register(), other)


def test_party_that_waits_or_has_come_is_not_moved(
    store: Store, key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, luz = here.register(2), here.register()
    with store.change() as session:
        checkin.mark_arrived(session, session.get_one(Registration, rosa), 1)
    for each in (rosa, luz):
        with pytest.raises(RegistrationClosed):
            move(key_store, each, there)


def test_party_is_moved_from_a_cancelled_date_but_not_after_it_began(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, luz = here.register(), here.register()
    here.call_off()
    assert move(key_store, rosa, there)
    with pytest.raises(RegistrationClosed):
        move(key_store, luz, there, now=here.workshop().starts_at)


def test_course_of_a_group_moves_to_no_date_that_it_has(
    store: Store, key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, same = here.register(), there.register()
    with store.change() as session:
        for each in (rosa, same):
            session.get_one(Registration, each).joint_id = rosa
    with pytest.raises(NotFound):
        move(key_store, rosa, there)


def test_waitlist_comes_first_shortly_before_the_new_date(
    key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa, full, _luz = here.register(), there.register(2), there.register(1)
    late = there.workshop().starts_at - HOUR
    here.change_workshop(day=DAY + timedelta(days=14))
    there.now = late
    there.cancel(full)
    with pytest.raises(Full):
        move(key_store, rosa, there, now=late)


def test_nothing_of_the_old_date_stays_with_the_party(
    store: Store, key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa = here.register(wants_reminder=True)
    here.deliver(NotificationType.REGISTERED)
    with store.change() as session:
        row = session.get_one(Registration, rosa)
        row.approved_at = row.asked_at = row.confirmed_at = MONDAY
    move(key_store, rosa, there)
    moved = there.of(rosa)
    assert (moved.approved_at, moved.asked_at, moved.confirmed_at) == (None, None, None)
    assert there.notification_types(rosa) == [
        NotificationType.EARLY_REMINDER,
        NotificationType.MOVED,
        NotificationType.REMINDER,
    ]
    with store.read() as session:
        causes = session.scalars(sa.text("SELECT cause FROM notification")).all()
    assert sorted(causes) == ["early_reminder", "moved", "reminder"]


def test_offline_phone_of_the_old_door_counts_the_party_as_a_walk_in(
    store: Store, key_store: KeyStore, here: Stage, there: Stage
) -> None:
    rosa = here.register()
    move(key_store, rosa, there)
    with store.change() as session:
        old = session.get_one(Workshop, here.workshop_id)
        counted = checkin_events.merge_offline_events(session, old, [Arrival(b"1" * 16, 1, rosa)])
    assert (counted.arrived, counted.walk_ins, counted.strangers) == (0, 1, 1)
    with store.read() as session:
        assert session.get_one(Registration, rosa).arrived_count == 0
        assert totals.read(session, there.workshop_id)[totals.ARRIVED] == 0
