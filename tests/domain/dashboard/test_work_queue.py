"""The order of the queue, and what is in one line."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.dashboard import work_queue
from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.dashboard.work_queue import WorkLine
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, notifications
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.reporting import attendance_slips
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import BurstDecision, KeyStore
from outreach.keystore.bursts import BurstKeys
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.index_use import collect_statements

pytestmark = fixed_clock


def make(store: Store, office: Office, kind: Kind, days: int, **changes: Any) -> Workshop:
    with store.change() as session:
        return make_workshop(
            session, office, kind, day=FIXED_NOW.date() + timedelta(days=days), **changes
        )


def lines_of(store: Store, **more: Any) -> list[WorkLine]:
    with store.read() as session:
        return work_queue.load(session, ["chicago"], **{"now": clock.now()} | more)


def to_call(store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    party = seat(store, key_store, workshop, contact=ContactMethod.PHONE, address="+13125550142")
    with store.change() as session:
        notifications.enqueue(session, party.id, NotificationType.CHANGED, now=clock.now())
    return party


def test_decisions_come_first_then_what_is_near_then_the_rest(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    make(store, chicago, rights, -3)  # to report
    far, near = make(store, chicago, rights, 9), make(store, chicago, rights, 1)
    to_call(store, key_store, far)
    to_call(store, key_store, near)
    circle = make(store, chicago, women, 20, visibility=Visibility.APPROVED)
    seat(store, key_store, circle)
    found = [(line.workshop.id, line.sorts[0]) for line in lines_of(store)]
    assert found[:3] == [
        (circle.id, WorkSort.APPROVE),
        (near.id, WorkSort.CALL),
        (far.id, WorkSort.CALL),
    ]
    assert [sort for _id, sort in found[3:]] == [WorkSort.REPORT]


def test_office_without_work_is_asked_for_in_three_statements(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    seat(store, key_store, make(store, chicago, rights, 9))
    with collect_statements(store.engine) as statements:
        assert lines_of(store) == []
    assert len(statements) == 3


def test_person_with_an_approval_and_a_call_is_one_line(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    circle = make(store, chicago, women, 8, visibility=Visibility.APPROVED)
    to_call(store, key_store, circle)
    [line] = lines_of(store)
    assert line.sorts == [WorkSort.APPROVE, WorkSort.CALL]
    assert line.is_private
    assert work_queue.count_by_sort([line]) == {WorkSort.APPROVE: 1, WorkSort.CALL: 1}


def test_burst_is_one_line_of_its_workshop(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = make(store, chicago, rights, 8)
    parties = [seat(store, key_store, workshop) for _ in range(4)]
    burst = BurstKeys(
        id=b"1",
        workshop=workshop.id,
        began_at=FIXED_NOW,
        decision=None,
        due_at=None,
        key_ids=[each.key_id for each in parties if each.key_id is not None],
    )
    [line] = lines_of(store, bursts=[burst])
    assert (line.sorts, line.count) == ([WorkSort.REVIEW], 4)
    decided = replace(burst, decision=BurstDecision.RELEASE, due_at=FIXED_NOW)
    assert lines_of(store, bursts=[decided]) == []


def test_cancelled_and_past_workshops_ask_for_no_approval(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    circle = make(store, chicago, women, 8, visibility=Visibility.APPROVED)
    seat(store, key_store, circle)
    assert lines_of(store, now=circle.starts_at) == []
    with store.change() as session:
        session.execute(sa.update(Workshop).values(status=WorkshopStatus.CANCELLED))
    assert lines_of(store) == []


@pytest.mark.parametrize(
    ("people", "marked", "likely"),
    [
        (19, 19, None), (190, 19, 19), (1, 19, 19), (2, 19, None), (0, 19, 19), (189, 19, None),
        (30, 2, None),  # hardly anybody was marked at the door, and the seats bear it
        (400, 0, 40), (399, 0, None), (5, 0, None),
    ],
)  # fmt: skip
def test_number_ten_times_or_a_tenth_of_the_likely_one_is_asked_about(
    store: Store, chicago: Office, rights: Kind, people: int, marked: int, likely: int | None
) -> None:
    workshop = make(store, chicago, rights, -3, capacity=40)
    with store.read() as session:
        assert attendance_slips.find_likely(session, workshop, people, marked) == likely


def test_number_is_compared_with_the_year_before(
    store: Store, chicago: Office, rights: Kind
) -> None:
    for days, came in ((-40, 30), (-20, 80)):
        held = make(store, chicago, rights, days)
        with store.change() as session:
            session.execute(
                sa.update(Workshop)
                .where(Workshop.id == held.id)
                .values(status=WorkshopStatus.HELD, head_count=came)
            )
    workshop = make(store, chicago, rights, -3, capacity=40)
    with store.read() as session:
        for people, likely in ((800, 80), (799, None), (3, 30), (4, None)):
            assert attendance_slips.find_likely(session, workshop, people, 0) == likely
