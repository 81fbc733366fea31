"""What waits in the queue of the demo's office, whenever the demo is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Final

import pytest
from flask import Flask
from time_machine import TimeMachineFixture

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.dashboard import work_queue
from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.dashboard.work_queue import WorkLine
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.imports import demo, demo_queue
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.web.staff.common import pending_work
from tests.conftest import kind

ANA: Final = "ana@example.org"
WAITING: Final = {
    WorkSort.APPROVE, WorkSort.CALL, WorkSort.CONFIRM, WorkSort.NOTIFY, WorkSort.LETTER,
    WorkSort.REPORT,
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.any_database
def test_demo_has_something_of_each_sort_for_ana(store: Store, key_store: KeyStore) -> None:
    now = clock.now()
    demo.fill(store, key_store, now=now)
    with store.read() as session:
        grants = {each.office: each.role for each in staff.get_by_email(session, ANA).grants}
    assert pending_work.own_offices(grants) == {"chicago"}
    assert set(work_queue.count_by_sort(load(store, now))) >= WAITING


def load(store: Store, now: datetime) -> list[WorkLine]:
    with store.read() as session:
        return work_queue.load(session, ["chicago"], now=now)


@contextmanager
def collect() -> Iterator[Callable[[EmailMessage], None]]:
    """A mail server that takes every letter."""
    yield lambda letter: None


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 0, 30, tzinfo=UTC),  # still November in Chicago
        datetime(2027, 1, 1, 5, 59, tzinfo=UTC),
        datetime(2027, 3, 12, 14, 0, tzinfo=UTC),  # two days before the clocks change
    ],
)
def test_each_sort_of_work_waits(
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    app: Flask,
    config: Config,
    time_machine: TimeMachineFixture,
    now: datetime,
) -> None:
    time_machine.move_to(now, tick=False)
    with store.change() as session:
        session.add_all([kind("daca", "DACA"), kind("finanzas", "Finanzas")])
    demo_queue.add(store, key_store, now=now)
    with app.app_context():
        deliver(
            delivery.letter_outlets(store, key_store, config, collect), now=now
        )  # a round of the worker
    lines = load(store, now)
    assert set(work_queue.count_by_sort(lines)) == WAITING
    assert 6 <= len(lines) <= 12, "few enough to look at"
    assert lines[0].sorts[0] is WorkSort.APPROVE
    [report] = [line for line in lines if WorkSort.REPORT in line.sorts]
    assert (report.came, report.expected) == (4, 6)
    assert report.workshop.ends_at < now
    for line in lines:
        assert WorkSort.REPORT in line.sorts or line.workshop.starts_at > now + timedelta(days=1)
