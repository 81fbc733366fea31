"""Mailings through a real mail server: the bulletin to subscribers, reminders to staff.

Each is sent to one person, once, also after crashes and refusals.
"""

import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role, StaffMember
from outreach.domain.newsletter import mailings as mailing_queue
from outreach.domain.newsletter import subscribers
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.reporting import months
from outreach.keystore import KeyStore
from outreach.mail import delivery, mailings
from outreach.mail.delivery_round import deliver
from outreach.maintenance import doctor
from outreach.maintenance.worker import Worker
from outreach.privacy import subscriber_erasure
from outreach.reports import month_report
from tests.conftest import make_workshop
from tests.faults.test_killed_worker import Counting, worker
from tests.support.login import server_key
from tests.support.ports import free_port
from tests.support.smtp_server import TAKE_AND_HANG_UP, Postman, serve_mail
from tests.support.staff_client import employ

pytestmark = pytest.mark.any_database

MARCH = Month(2026, 3)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)


class BulletinMailing:
    """Queues mailings and delivers them to the mail server."""

    def __init__(
        self, app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman
    ) -> None:
        self.app, self.store, self.key_store, self.postman = app, store, key_store, postman
        self.config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)

    def subscribe(self, *names: str, lang: str = "es", is_confirmed: bool = True) -> None:
        for name in names:
            sealed = subscribers.prepare(self.key_store, f"{name}@ejemplo.com", lang)
            self.key_store.keep(sealed.key_id, subscribers.ALWAYS)
            with self.store.change() as session:
                subscriber = subscribers.keep(session, sealed, now=APRIL)
                subscriber.confirmed_at = APRIL if is_confirmed else None

    def announce(self, edition: int = 1, *, now: datetime = APRIL) -> int:
        with self.store.change() as session:
            return mailing_queue.announce(session, MARCH, edition, now=now)

    def remind(self, *organizer_ids: int, now: datetime = APRIL) -> list[int]:
        with self.store.change() as session:
            return mailing_queue.remind(session, organizer_ids, MARCH, now=now)

    def deliver(self, now: datetime = APRIL) -> int:
        transport = delivery.letter_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            return deliver(
                mailings.letter_outlets(
                    self.store,
                    self.key_store,
                    self.config,
                    transport,
                    server_key=server_key(self.app),
                ),
                now=now,
            )

    def rows(self) -> list[Mailing]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(Mailing).order_by(Mailing.id)))

    def findings(self) -> dict[str, tuple[bool, str]]:
        found = doctor.examine(self.config)
        return {each.about: (each.is_well, each.words) for each in found}


@pytest.fixture
def mailing(
    app: Flask, store: Store, key_store: KeyStore, config: Config
) -> Iterator[BulletinMailing]:
    with serve_mail(Postman(free_port())) as postman:
        yield BulletinMailing(app, store, key_store, config, postman)


@pytest.fixture
def march(mailing: BulletinMailing, chicago: Office, rights: Kind) -> BulletinMailing:
    with mailing.store.change() as session:
        make_workshop(session, chicago, rights, day=date(2026, 3, 10))
    with mailing.store.change() as session:
        month_report.close(session, MARCH, now=APRIL)
        publish(session, 1)
    return mailing


def publish(session: Session, number: int) -> None:
    session.add(
        BulletinEdition(
            month=MARCH.number, number=number, revision=1, edited_at=APRIL, published_at=APRIL
        )
    )


def test_each_subscriber_gets_the_bulletin_once_in_their_language(
    march: BulletinMailing,
) -> None:
    march.subscribe("rosa", "luz")
    march.subscribe("marie", lang="fr")
    march.subscribe("nadie", is_confirmed=False)
    assert march.announce() == 3
    assert march.announce() == 0  # the same edition is queued once
    assert march.deliver() == 3
    assert march.deliver(APRIL + timedelta(days=1)) == 0
    by_name = {str(each["To"]).partition("@")[0]: each for each in march.postman.letters}
    assert sorted(by_name) == ["luz", "marie", "rosa"]
    letter = by_name["rosa"]
    assert letter["Subject"] == "Boletín de marzo de 2026"
    assert letter["List-Id"] == "Boletín <boletin.example.org>"
    assert letter["Precedence"] == "list"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.get_content_type() == "text/plain"
    body = letter.get_content()
    assert f"{march.config.public_url}/es/boletin/2026-03" in body
    assert "1 taller" in body
    assert letter["List-Unsubscribe"].strip("<>") in body
    assert "/fr/boletin/2026-03" in by_name["marie"].get_content()
    links = {each["List-Unsubscribe"] for each in march.postman.letters}
    assert len(links) == 3


def test_correction_replaces_letters_that_were_not_sent(
    march: BulletinMailing,
) -> None:
    march.subscribe("rosa", "luz")
    march.announce()
    march.postman.next_time["RCPT"] = deque(["250 OK", "451 busy"])
    assert march.deliver() == 1  # the other one is retried later
    with march.store.change() as session:
        publish(session, 2)
    assert march.announce(2, now=APRIL + timedelta(minutes=1)) == 2
    assert march.deliver(APRIL + timedelta(hours=1)) == 2
    first, *second = march.postman.letters
    assert first["Subject"] == "Boletín de marzo de 2026"
    assert {each["Subject"] for each in second} == {"Boletín de marzo de 2026, corregido"}
    assert len({each["Message-ID"] for each in march.postman.letters}) == 3


def test_corrected_edition_arrives_after_the_first_one(
    march: BulletinMailing,
) -> None:
    march.subscribe("rosa")
    march.announce()
    march.postman.always["TAKEN"] = TAKE_AND_HANG_UP
    assert march.deliver() == 0  # uncertain; another attempt is due later
    march.postman.always.clear()
    with march.store.change() as session:
        publish(session, 2)
    assert march.announce(2, now=APRIL + timedelta(minutes=1)) == 1
    for hours in range(1, 4):
        march.deliver(APRIL + timedelta(hours=hours))
    assert [each["Subject"] for each in march.postman.letters] == [
        "Boletín de marzo de 2026",
        "Boletín de marzo de 2026, corregido",
    ]
    assert [(row.edition, row.done_at is not None) for row in march.rows()] == [(2, True)]


def test_bulletin_letter_holds_the_whole_text(march: BulletinMailing) -> None:
    march.subscribe("rosa")
    with march.store.change() as session:
        edition = session.scalars(sa.select(BulletinEdition)).one()
        long = " ".join(f"palabra{number}" for number in range(600))
        edition.happened = {"es": long}
        edition.ahead = {"es": "Nos vemos en abril."}
    march.announce()
    assert march.deliver() == 1
    body = march.postman.letters[0].get_content()
    assert long in body
    assert "Nos vemos en abril." in body


def test_unsubscribing_meanwhile_prevents_the_letter(march: BulletinMailing) -> None:
    march.subscribe("rosa", "luz")
    march.announce()
    with march.store.read() as session:
        first = session.scalars(sa.select(Subscriber).order_by(Subscriber.id)).first()
    assert first is not None
    subscriber_erasure.erase(march.store, march.key_store, march.config, first.id, first.key_id)
    assert len(march.rows()) == 1
    assert march.deliver() == 1


def test_crash_between_key_and_row_sends_no_letter(march: BulletinMailing) -> None:
    march.subscribe("rosa")
    march.announce()
    with march.store.read() as session:
        march.key_store.destroy(*session.scalars(sa.select(Subscriber.key_id)))
    assert march.deliver() == 0
    assert march.postman.letters == []
    assert march.rows() == []


def test_refused_mailing_is_retried_for_three_days_then_reported_by_doctor(
    march: BulletinMailing,
) -> None:
    march.subscribe("rosa")
    march.announce()
    march.postman.always["RCPT"] = "451 busy"
    assert march.deliver() == 0
    assert march.deliver() == 0  # the retry is not due yet
    assert [row.tries for row in march.rows()] == [1]
    march.deliver(APRIL + timedelta(days=2))
    assert not march.findings()["outbox"][0]
    march.deliver(APRIL + timedelta(days=3, hours=1))
    assert [row.is_dead for row in march.rows()] == [True]
    is_well, words = march.findings()["letters given up"]
    assert (is_well, words[0]) == (False, "1")
    march.postman.always.clear()
    assert march.deliver(APRIL + timedelta(days=9)) == 0


def test_final_refusal_of_a_mailing_is_given_up_at_once(march: BulletinMailing) -> None:
    march.subscribe("nadie")
    march.announce()
    march.postman.always["RCPT"] = "550 no such person"
    assert march.deliver() == 0
    assert [row.is_dead for row in march.rows()] == [True]


def test_uncertain_mailing_is_sent_once_more_with_the_same_message_id(
    march: BulletinMailing,
) -> None:
    march.subscribe("rosa")
    march.announce()
    march.postman.always["TAKEN"] = TAKE_AND_HANG_UP
    for hours in range(4):
        march.deliver(APRIL + timedelta(hours=hours))
    first, second = march.postman.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert [row.is_dead for row in march.rows()] == [True]


def test_mailing_of_a_killed_worker_is_sent_after_its_lease(march: BulletinMailing) -> None:
    march.subscribe("rosa", "luz")
    march.announce()
    with march.store.change_rows() as connection:
        # The worker is killed after its claim.
        assert mailing_queue.OUTBOX.claim(connection, now=APRIL) is not None
    assert march.deliver() == 1
    assert march.deliver(APRIL + timedelta(minutes=6)) == 1
    assert sorted(march.postman.to) == ["luz@ejemplo.com", "rosa@ejemplo.com"]


@pytest.mark.races
def test_simultaneous_workers_send_each_mailing_once(march: BulletinMailing) -> None:
    march.subscribe(*(f"p{number}" for number in range(12)))
    assert march.announce() == 12
    threads = [threading.Thread(target=march.deliver) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(march.postman.to) == len(set(march.postman.to)) == 12
    assert {row.tries for row in march.rows()} == {1}


def test_late_staff_are_reminded_once_a_day_in_spanish(
    mailing: BulletinMailing, chicago: Office
) -> None:
    ana, elena = employ(mailing.store), employ(mailing.store, "elena@example.org")
    disabled = employ(mailing.store, "ivan@example.org")
    with mailing.store.change() as session:
        session.get_one(StaffMember, disabled).disabled_at = APRIL
    assert mailing.remind(ana, disabled) == [ana]
    assert mailing.remind(ana, elena) == [elena]
    assert mailing.remind(ana, elena, now=APRIL + timedelta(hours=23)) == []
    assert mailing.deliver() == 2
    assert mailing.remind(ana, now=APRIL + timedelta(hours=25)) == [ana]
    letter = mailing.postman.letters[0]
    assert letter["To"] == "ana@example.org"
    assert letter["Subject"] == "Falta completar marzo de 2026"
    assert f"{mailing.config.public_url}/org/mes/2026-03" in letter.get_content()
    assert letter["List-Unsubscribe"] is None
    assert len(mailing.postman.letters) == 2


@pytest.mark.races
def test_simultaneous_reminders_are_queued_once(mailing: BulletinMailing) -> None:
    ana = employ(mailing.store)
    ready = threading.Barrier(2)

    def remind() -> None:
        ready.wait()
        mailing.remind(ana)

    threads = [threading.Thread(target=remind) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(mailing.rows()) == 1


def test_no_reminder_of_what_was_reported_during_the_hold(
    mailing: BulletinMailing, chicago: Office, calgary: Office
) -> None:
    both = employ(mailing.store, "ana@example.org", Role.ORGANIZER, "chicago", "calgary")
    mailing.remind(employ(mailing.store, "beto@example.org"), both)
    with mailing.store.change() as session:
        months.set_complete(session, chicago.id, MARCH, organizer_id=both, now=APRIL)
    assert mailing.deliver() == 1
    assert mailing.postman.to == ["ana@example.org"], "Calgary has not reported"
    assert len(mailing.rows()) == 1


def test_no_reminder_of_a_closed_month(march: BulletinMailing) -> None:
    march.remind(employ(march.store))
    assert march.deliver() == 0
    assert march.rows() == []


def test_worker_writes_mailings_into_the_demo_folder(
    march: BulletinMailing, make_app: Callable[..., Flask], config: Config
) -> None:
    march.subscribe("rosa")
    march.remind(employ(march.store))
    march.announce(now=clock.now())
    worker = Worker(make_app(mail_folder=config.data / "letters"))
    assert worker.once() == 1
    worker.ran_at.clear()
    assert worker.once() == 0  # and the daily purge does not delete it
    assert len(list((config.data / "letters").glob("*.eml"))) == 1


def test_rows_of_old_mailings_are_deleted(march: BulletinMailing) -> None:
    march.subscribe("rosa")
    march.announce()
    march.deliver()
    for days, left in ((89, 1), (91, 0)):
        subscriber_erasure.purge(march.store, march.key_store, now=APRIL + timedelta(days=days))
        assert len(march.rows()) == left
    with march.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) == 1
    assert [row.topic for row in march.rows() if row.topic is MailingTopic.BULLETIN] == []


@pytest.mark.long
def test_each_kill_of_a_worker_repeats_one_letter_at_most(
    march: BulletinMailing,
) -> None:
    names = [f"p{number}" for number in range(60)]
    march.subscribe(*names)
    march.announce(now=clock.now())
    kills = 3
    with serve_mail(Counting(free_port())) as postman:
        assert isinstance(postman, Counting)
        for kill in range(kills):
            with worker(march.config, postman.port) as process:
                assert postman.wait_for((kill + 1) * 15), "the worker sends nothing"
                process.send_signal(signal.SIGKILL)
                process.wait()
        march.config = replace(march.config, smtp_url=f"smtp://127.0.0.1:{postman.port}")
        while march.deliver(clock.now() + timedelta(minutes=6)):
            pass
        received = Counter(postman.to)
        assert set(received) == {f"{name}@ejemplo.com" for name in names}
        assert sum(received.values()) - len(received) <= kills
        assert max(received.values()) <= 2
        assert len({each["Message-ID"] for each in postman.letters}) == len(names)
