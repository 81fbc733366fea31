"""Workshops: made from a kind, changed, published, cancelled and reported by staff."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.scheduling.workshop_data import MAX_PARTY, WorkshopData
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refusal
from tests.conftest import LONG_AGO, kind, make_workshop, venue
from tests.support.refusals import refuses

pytestmark = [pytest.mark.core, pytest.mark.any_database]

LATER = LONG_AGO + timedelta(hours=1)


def test_new_workshop_has_all_defaults_of_its_kind_but_the_venue(
    chicago: Office, women: Kind
) -> None:
    data = workshop_data.from_kind(women, chicago, date(2026, 12, 5), time(23, 0))
    assert data.ends == time(0, 30)  # ninety minutes later, on the next day
    assert data.venue is None
    assert (data.capacity, data.retention_days) == (40, 7)
    assert data.visibility is Visibility.REGISTERED
    assert not data.has_reminders


def test_time_slots_of_a_kind_approximate_its_capacity(chicago: Office) -> None:
    one_to_one = kind("asesoria", "Asesoría", way=Way.SLOTS, slot_minutes=20, minutes=240)
    data = workshop_data.from_kind(one_to_one, chicago, date(2026, 12, 5), time(9, 0))
    assert (data.way, data.slot_minutes, data.slot_places) == (Way.SLOTS, 20, 3)
    # Twelve slots with three places, for a capacity of 40.
    assert workshop_data.normalize(data).capacity == 36


def test_party_limit_of_a_kind_is_capped(
    chicago: Office,
) -> None:
    data = workshop_data.from_kind(
        kind("a", "A", party_limit=100), chicago, date(2026, 12, 5), time(9)
    )
    assert data.party_limit == MAX_PARTY


def test_new_workshop_has_the_reconfirmation_defaults_of_its_kind(chicago: Office) -> None:
    kind_with_reconfirmation = kind("a", "A", opens_days=21, confirm_days=3, frees_silence=True)
    data = workshop_data.from_kind(kind_with_reconfirmation, chicago, date(2026, 12, 5), time(9, 0))
    assert (data.opens_days, data.confirm_days, data.frees_silence) == (21, 3, True)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"day": date(2027, 3, 14), "starts": time(2, 30)}, ErrorCode.HOUR_SKIPPED),
        ({"starts": time(20, 0)}, ErrorCode.ENDS_AT_START),
        ({"capacity": -1}, ErrorCode.CAPACITY_NEGATIVE),
        ({"venue": None}, ErrorCode.VENUE_MISSING),
        ({"overbooked": -1}, ErrorCode.CAPACITY_NEGATIVE),
        ({"support": {"childcare": 3}}, ErrorCode.LIMIT_WITHOUT_ACCOMMODATION),
        ({"has_childcare": True, "support": {"childcare": -1}}, ErrorCode.CAPACITY_NEGATIVE),
        ({"opens_days": 0}, ErrorCode.OPENING_TOO_LATE),
        ({"confirm_days": 1}, ErrorCode.RECONFIRMATION_OUT_OF_RANGE),
        ({"confirm_days": 15}, ErrorCode.RECONFIRMATION_OUT_OF_RANGE),
        ({"way": Way.SLOTS, "slot_minutes": 4}, ErrorCode.SLOT_TOO_SHORT),
        ({"way": Way.SLOTS, "slot_places": 0}, ErrorCode.SLOT_WITHOUT_PLACES),
        ({"way": Way.SLOTS, "overbooked": 1}, ErrorCode.SLOTS_OVERBOOKED),
    ],
)
def test_impossible_workshop_data_are_refused_with_a_code(
    store: Store, chicago: Office, rights: Kind, wrong: dict[str, Any], code: ErrorCode
) -> None:
    with store.change() as session, refuses(code):
        make_workshop(session, chicago, rights, **wrong)


def test_kind_of_another_country_is_refused(store: Store, calgary: Office) -> None:
    daca = kind("daca", "DACA", countries=("US",))
    with store.change() as session:
        session.add(daca)
        session.flush()
        with refuses(ErrorCode.KIND_NOT_IN_COUNTRY):
            make_workshop(session, calgary, daca)


def test_visible_change_updates_changed_at_and_move_increments_the_sequence(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    changed = _change(store, public_id, phone="312 555 0199")
    assert (changed.sequence, changed.changed_at > LONG_AGO) == (0, True)
    moved = _change(store, public_id, starts=time(17, 0))
    assert moved.sequence == 1
    assert moved.changed_at > changed.changed_at


def test_invisible_change_leaves_changed_at(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        before = make_workshop(session, chicago, rights)
    after = _change(store, before.public_id, facilitator="Lic. Mora", retention_days=10)
    assert (after.sequence, after.changed_at) == (before.sequence, before.changed_at)


def test_two_changes_in_one_second_have_different_times(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    first = _change(store, public_id, starts=time(17, 0))
    second = _change(store, public_id, starts=time(16, 0))
    assert second.changed_at - first.changed_at >= timedelta(seconds=1)


def test_new_venue_is_a_later_change_than_the_last_one_of_the_former_venue(
    store: Store, chicago: Office, rights: Kind
) -> None:
    shown_at = LATER + timedelta(seconds=9)
    with store.change() as session:
        former = venue(session, chicago, "Sede de antes", changed_at=shown_at)
        other = venue(session, chicago, "Otra sede")
        workshop = make_workshop(session, chicago, rights, venue=former)
        data = replace(workshop_service.get_data(workshop), venue=other)
        workshop_service.change(session, workshop, data, now=LATER)
    assert workshop.changed_at > shown_at


def test_publishing_a_draft_names_its_missing_fields(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(
            session, chicago, rights, status=WorkshopStatus.DRAFT, capacity=0, languages=()
        )
        with refuses(
            ErrorCode.FIELDS_MISSING, fields=[RequiredField.LANGUAGES, RequiredField.CAPACITY]
        ):
            workshop_service.publish(session, draft, now=LATER)
        assert draft.status is WorkshopStatus.DRAFT


def test_only_published_is_cancelled_and_only_cancelled_is_reinstated(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        with pytest.raises(Refusal):
            workshop_service.cancel(session, draft, now=LATER)
        with pytest.raises(Refusal):
            workshop_service.reinstate(session, draft, now=LATER)


def test_simultaneous_cancellation_or_reinstatement_is_refused(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        before = make_workshop(session, chicago, rights)
    with store.change() as session:
        workshop_service.cancel(session, workshops.find(session, before.public_id), now=LATER)
    with store.change() as session, refuses(ErrorCode.CANCEL_NEEDS_PUBLISHED):
        workshop_service.cancel(session, session.merge(before, load=False), now=LATER)
    with store.read() as session:
        cancelled = workshops.find(session, before.public_id)
    with store.change() as session:
        workshop_service.reinstate(session, workshops.find(session, before.public_id), now=LATER)
    with store.change() as session, refuses(ErrorCode.WORKSHOP_NOT_CANCELLED):
        workshop_service.reinstate(session, session.merge(cancelled, load=False), now=LATER)


def test_online_workshop_needs_no_venue(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        online = make_workshop(session, chicago, rights, venue=None, mode=DeliveryMode.VIDEO_CALL)
    assert online.venue is None


def test_attendance_report_after_the_start_can_be_corrected(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        with refuses(ErrorCode.REPORT_TOO_EARLY):
            workshop_service.report(
                workshop, head_count=3, now=workshop.starts_at - timedelta(minutes=1)
            )
        workshop_service.report(workshop, head_count=3, now=workshop.ends_at)
        assert (workshop.status, workshop.head_count) == (WorkshopStatus.HELD, 3)
        workshop_service.report(workshop, head_count=None, now=workshop.ends_at)
        assert (workshop.status, workshop.head_count) == (WorkshopStatus.NOT_HELD, None)


def _change(store: Store, public_id: str, **changes: Any) -> Workshop:
    with store.change() as session:
        workshop = workshops.find(session, public_id)
        data: WorkshopData = replace(workshop_service.get_data(workshop), **changes)
        workshop_service.change(session, workshop, data, now=LATER)
    return workshop
