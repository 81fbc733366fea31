"""Rounds of the worker: each step by itself, and link recovery."""

import stat
from collections.abc import Callable
from datetime import timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.outbox import link_recovery
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, RateCounter
from outreach.maintenance.worker import Worker
from outreach.maintenance.worker_steps import STEPS
from tests.conftest import make_workshop, seat

pytestmark = [pytest.mark.core, pytest.mark.any_database]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=1)


@pytest.fixture
def worker(make_app: Callable[..., Flask], config: Config) -> Worker:
    return Worker(make_app(mail_folder=config.data / "letters"))


def letters_of(config: Config) -> list[str]:
    paths: list[Path] = sorted((config.data / "letters").glob("*.eml"))
    return [path.read_text() for path in paths]


def count_queued_links(store: Store) -> int:
    with store.read() as session:
        return len(
            session.scalars(
                sa.select(Notification).where(Notification.cause == NotificationType.LINK_RECOVERY)
            ).all()
        )


def test_letters_in_the_demo_folder_have_mode_600(
    store: Store, key_store: KeyStore, config: Config, workshop: Workshop, worker: Worker
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    assert worker.once() == 1
    folder = config.data / "letters"
    [letter] = folder.iterdir()
    assert [stat.filemode(path.stat().st_mode) for path in (folder, letter)] == [
        "drwx------",
        "-rw-------",
    ]


def test_link_recovery_sends_one_letter_to_the_registered_address(
    store: Store, key_store: KeyStore, config: Config, workshop: Workshop, worker: Worker
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    assert worker.once() == 1
    for address in ("Rosa@Example.org ", "rosa@example.org", "nobody@example.org"):
        key_store.request_link(address)
    assert worker.once() == 1
    (letter,) = [each for each in letters_of(config) if "Subject: Tu enlace" in each]
    assert "To: rosa@example.org" in letter
    key_store.request_link("rosa@example.org")
    assert worker.once() == 0  # a link was sent less than ten minutes ago
    assert key_store.link_requests() == []


def test_link_can_be_requested_after_ten_minutes(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    key_ids, now = [rosa.key_id or b""], clock.now()
    recent = link_recovery.RecentLinks(key_store)
    assert recent.leave_out(key_ids) == key_ids
    for count in (1, 0):  # the second while the first is queued
        with store.change() as session:
            assert link_recovery.enqueue_links(session, key_ids, now=now) == count
    recent.remember(key_ids)
    assert recent.leave_out(key_ids) == []
    with key_store.store.change() as session:
        for counter in session.scalars(sa.select(RateCounter)):
            counter.ends_at -= link_recovery.MIN_INTERVAL
    assert recent.leave_out(key_ids) == key_ids
    with store.change() as session:
        session.execute(sa.update(Notification).values(done_at=now))
        assert link_recovery.enqueue_links(session, key_ids, now=now) == 1
        assert link_recovery.enqueue_links(session, [], now=now) == 0


def test_no_link_for_a_phone_contact_or_a_cancelled_registration(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    phone = seat(store, key_store, workshop, contact=ContactMethod.PHONE, address="+13125550142")
    cancelled = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="luz@example.org"
    )
    key_ids = [each.key_id for each in (phone, cancelled) if each.key_id]
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, cancelled.id), now=clock.now())
        assert link_recovery.enqueue_links(session, key_ids, now=clock.now()) == 0
    assert count_queued_links(store) == 0


def test_failing_step_stops_no_other(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config,
    workshop: Workshop, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    key_store.digest_of_today("")  # the key of the day is made, which tidies all tables
    with key_store.store.change() as session:
        session.execute(sa.text("ALTER TABLE link_request RENAME TO elsewhere"))
    worker = Worker(make_app(mail_folder=config.data / "letters"))
    assert worker.round() == 1
    assert "links failed" in caplog.text
    assert "rosa" not in caplog.text


def test_worker_offers_a_freed_seat_to_the_next_in_waitlist(
    store: Store, key_store: KeyStore, config: Config, workshop: Workshop, worker: Worker
) -> None:
    first = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org"
    )
    second = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="luz@example.org"
    )
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, first.id), now=clock.now())
    assert worker.once() == 1  # the notification that Luz is waitlisted is obsolete
    (letter,) = letters_of(config)
    assert "To: luz@example.org" in letter
    subject = message_from_string(letter, policy=default)["Subject"]
    assert subject.startswith("Ya hay un lugar para ti. Confirma antes de la")
    with store.change() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == second.id)
            .values(offered_until=clock.now() - timedelta(minutes=1))
        )
    assert worker.once() == 1
    with store.read() as session:
        assert session.get_one(Registration, second.id).lapses == 1


def test_erasure_runs_before_delivery() -> None:
    names = [step.name for step in STEPS]
    assert names.index("purge") == 0
    assert names.index("links") < min(names.index(step.name) for step in STEPS if step.sends)


def test_without_mail_server_all_other_steps_run(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    with key_store.store.change() as session:
        session.execute(sa.update(Key).values(forget_on=clock.now().date()))
    with store.change() as session:
        past = session.get_one(Workshop, workshop.id)
        past.day = clock.now().date() - timedelta(days=past.retention_days)
        past.retime()
    assert Worker(app).once() == 0
    with store.read() as session:
        assert session.scalars(sa.select(Registration)).one().sealed is None
