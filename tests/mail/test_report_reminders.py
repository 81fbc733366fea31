"""Reminders of missing attendance reports, to the staff of an office: the morning after a workshop
and on the third of the next month, one letter about all of them, none once they are reported.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter import mailings as mailing_queue
from outreach.domain.newsletter.mailings import Mailing
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery, mailings
from outreach.mail.delivery_round import deliver
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, office
from tests.support.login import server_key
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import employ

pytestmark = pytest.mark.any_database

SATURDAY = date(2026, 11, 21)
# The morning after, at ten in Chicago (UTC-6).
AFTER = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
THIRD = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class ReminderWorker:
    """Runs the worker's step of reminders with a mail server."""

    def __init__(
        self, app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman
    ) -> None:
        self.app, self.store, self.key_store, self.postman = app, store, key_store, postman
        self.config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)

    def round(self, now: datetime) -> list[str]:
        """Queues and sends the reminders due; returns the recipients."""
        before = len(self.postman.letters)
        scheduled_jobs.ask_for_reports(self.store, now=now)
        transport = delivery.letter_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            deliver(
                mailings.letter_outlets(
                    self.store,
                    self.key_store,
                    self.config,
                    transport,
                    server_key=server_key(self.app),
                ),
                now=now,
            )
        return sorted(self.postman.to[before:])

    @property
    def last(self) -> str:
        body: str = self.postman.letters[-1].get_content()
        return body


@pytest.fixture
def mail(app: Flask, store: Store, key_store: KeyStore, config: Config) -> Iterator[ReminderWorker]:
    with serve_mail(Postman(free_port())) as postman:
        yield ReminderWorker(app, store, key_store, config, postman)


@pytest.fixture
def staff(store: Store, chicago: Office) -> None:
    employ(store, "ana@example.org", Role.ORGANIZER)
    employ(store, "beto@example.org", Role.ADMIN)
    employ(store, "tomas@example.org", Role.DOOR)
    employ(store, "luis@example.org", Role.READER)
    employ(store, "mar@example.org", Role.ORGANIZER, "seattle")
    employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)


@pytest.fixture
def saturday(store: Store, chicago: Office, women: Kind, staff: None) -> Workshop:
    """A discreet workshop, which letters must not name."""
    with store.change() as session:
        return make_workshop(session, chicago, women, day=SATURDAY, title={"es": "Para mujeres"})


def test_report_is_requested_once_the_morning_after(
    mail: ReminderWorker, saturday: Workshop
) -> None:
    assert mail.round(AFTER - MINUTE) == []
    assert mail.round(AFTER) == ["ana@example.org", "beto@example.org"]
    assert mail.round(AFTER + MINUTE) == []
    assert mail.round(AFTER + timedelta(days=1)) == []
    letter = mail.postman.letters[0]
    assert letter["Subject"] == "Falta reportar asistencia"
    assert "sábado 21 de noviembre" in mail.last
    assert "Chicago" in mail.last
    assert mail.last.count("http") == 1
    assert "http://localhost:8000/org/" in mail.last
    assert "mujeres" not in mail.last


def test_second_request_on_the_third_of_the_month(mail: ReminderWorker, saturday: Workshop) -> None:
    mail.round(AFTER)
    assert mail.round(THIRD - MINUTE) == []
    assert mail.round(THIRD) == ["ana@example.org", "beto@example.org"]
    assert mail.round(THIRD + timedelta(hours=30)) == []


def test_one_letter_lists_all_missing_reports(
    mail: ReminderWorker, store: Store, chicago: Office, rights: Kind, saturday: Workshop
) -> None:
    with store.change() as session:
        for hour in (9, 12, 15):
            make_workshop(
                session, chicago, rights, day=SATURDAY, starts=time(hour), ends=time(hour + 1)
            )
    assert mail.round(AFTER) == ["ana@example.org", "beto@example.org"]
    assert "Falta decir cómo salieron 4 talleres de tu oficina:" in mail.last
    assert mail.last.count("- sábado 21 de noviembre") == 4
    with store.change() as session:
        for day in range(1, 22):
            make_workshop(session, chicago, rights, day=date(2026, 11, day))
        make_workshop(session, chicago, rights, day=SATURDAY + timedelta(days=1))
    mail.round(AFTER + timedelta(days=1))
    assert mail.last.count("\n- ") == 21
    assert "- y 6 más" in mail.last


def test_no_request_for_a_report_made_meanwhile(
    mail: ReminderWorker, store: Store, saturday: Workshop
) -> None:
    assert scheduled_jobs.ask_for_reports(store, now=AFTER) == 2
    with store.change() as session:
        workshop_service.report(session.get_one(Workshop, saturday.id), head_count=3, now=AFTER)
    assert mail.round(AFTER + MINUTE) == []
    assert count_mailings(store) == 0, "the row of an obsolete letter is deleted"
    assert mail.round(THIRD) == []


def test_disabled_account_gets_no_request(
    mail: ReminderWorker, store: Store, saturday: Workshop
) -> None:
    with store.change() as session:
        session.execute(
            sa.update(StaffMember)
            .where(StaffMember.email == "beto@example.org")
            .values(disabled_at=AFTER)
        )
    assert mail.round(AFTER) == ["ana@example.org"]


def test_two_workers_queue_one_request(
    mail: ReminderWorker, store: Store, saturday: Workshop
) -> None:
    with store.change() as session:
        assert len(mailing_queue.ask_for_reports(session, now=AFTER)) == 2
    with store.change() as session:
        assert mailing_queue.ask_for_reports(session, now=AFTER + MINUTE) == []
    assert mail.round(AFTER + MINUTE) == ["ana@example.org", "beto@example.org"]


def test_restarted_worker_skips_requests_of_last_week(
    mail: ReminderWorker, saturday: Workshop
) -> None:
    assert mail.round(AFTER + timedelta(days=2)) == []
    assert mail.round(THIRD) == ["ana@example.org", "beto@example.org"]


def test_workshop_past_midnight_is_requested_a_day_later(
    mail: ReminderWorker, store: Store, chicago: Office, rights: Kind, staff: None
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=SATURDAY, starts=time(22), ends=time(1))
    assert mail.round(AFTER) == []
    assert mail.round(AFTER + timedelta(days=1)) == ["ana@example.org", "beto@example.org"]


def test_each_office_is_asked_at_ten_local_time_for_its_own_workshops(
    mail: ReminderWorker, store: Store, rights: Kind, saturday: Workshop
) -> None:
    with store.change() as session:
        seattle = office("seattle", "Seattle", "WA", "America/Los_Angeles")
        session.add(seattle)
        session.flush()
        make_workshop(session, seattle, rights, day=SATURDAY)
    mail.round(AFTER)
    ten_in_seattle = datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert mail.round(ten_in_seattle - MINUTE) == []
    assert mail.round(ten_in_seattle) == ["mar@example.org"]
    assert "Chicago" not in mail.last


def count_mailings(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Mailing)) or 0
