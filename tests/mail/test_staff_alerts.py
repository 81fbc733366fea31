"""Letters to staff at once: somebody awaits approval, a workshop is full, a burst of registrations.

Each is written about once, to those who decide at the office, in neutral words.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.dashboard.staff_alerts import StaffAlert
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter import mail_choices
from outreach.domain.newsletter.mail_choices import LetterGroup, StaffLetter
from outreach.domain.registrations import ContactMethod, Registration, address_approval
from outreach.domain.workshops import Workshop
from outreach.keystore import Burst, Key, KeyStore
from outreach.privacy import retention
from tests.conftest import make_workshop, office, seat
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_mail import StaffMail, engage, serve_staff_mail

pytestmark = fixed_clock  # Friday, November 27, 2026

NOW = FIXED_NOW
DAY = date(2026, 12, 5)
STARTS = datetime(2026, 12, 6, 0, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def mail(app: Flask, store: Store, key_store: KeyStore, config: Config) -> Iterator[StaffMail]:
    with serve_staff_mail(app, store, key_store, config) as served:
        yield served


@pytest.fixture
def ana(store: Store, chicago: Office) -> int:
    return engage(store)


@pytest.fixture
def discreet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, day=DAY, visibility=Visibility.APPROVED)


@pytest.fixture
def small(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=DAY, capacity=2)


def ask(store: Store, key_store: KeyStore, workshop: Workshop, **changes: object) -> Registration:
    """Rosa registers, with her e-mail."""
    email = {"contact": ContactMethod.EMAIL, "address": "rosa@ejemplo.com"}
    return seat(store, key_store, workshop, now=NOW, **(email | changes))


def test_first_who_awaits_approval_is_written_about_at_once(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop
) -> None:
    assert mail.alerts(NOW) == []
    ask(store, key_store, discreet)
    assert mail.alerts(NOW) == ["ana@example.org"]
    assert mail.last["Subject"] == "Alguien espera tu aprobación"
    assert "- sábado 5 de diciembre, 6:00 p. m., Taller, Chicago: alguien espera" in mail.text
    assert f"{mail.config.public_url}/org/por-atender" in mail.text
    assert mail.last["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    letter = mail.last.as_string() + mail.text
    for word in ("Rosa", "rosa@", "ujeres", "Biblioteca", "Ejemplo", "onsulado"):
        assert word not in letter
    ask(store, key_store, discreet, address="luz@ejemplo.com")
    for minutes in (1, 11, 90, 60 * 30):
        assert mail.alerts(NOW + minutes * MINUTE) == [], "somebody waits as before"


def test_next_one_is_written_about_again_after_nobody_waited(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop
) -> None:
    rosa = ask(store, key_store, discreet)
    mail.alerts(NOW)
    with store.change() as session:
        address_approval.approve(session, session.get_one(Registration, rosa.id), now=NOW)
    mail.alerts(NOW + HOUR)
    ask(store, key_store, discreet, address="luz@ejemplo.com")
    assert mail.alerts(NOW + 2 * HOUR) == [], "one a day about a workshop"
    with store.change() as session:
        luz = session.scalars(
            sa.select(Registration).where(Registration.approved_at.is_(None))
        ).one()
        address_approval.approve(session, luz, now=NOW)
    assert mail.alerts(NOW + 2 * ONE_DAY) == []
    ask(store, key_store, discreet, address="mar@ejemplo.com")
    assert mail.alerts(NOW + 2 * ONE_DAY + MINUTE) == ["ana@example.org"]


def test_full_workshop_is_written_about(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, small: Workshop, rights: Kind
) -> None:
    first = ask(store, key_store, small)
    assert mail.alerts(NOW) == []
    ask(store, key_store, small, address="luz@ejemplo.com")
    assert mail.alerts(NOW) == ["ana@example.org"]
    assert mail.last["Subject"] == "Un taller se llenó"
    assert f"{rights.short_name['es']}, Chicago: se llenó" in mail.text
    for hours in (1, 2, 3):  # somebody cancels and registers again and again
        with store.change() as session:
            row = session.get_one(Registration, first.id)
            registrations.cancel(session, row, now=NOW)
        assert mail.alerts(NOW + hours * HOUR) == []
        first = ask(store, key_store, small)
        assert mail.alerts(NOW + hours * HOUR + MINUTE) == []


def test_burst_is_written_about(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, small: Workshop
) -> None:
    ask(store, key_store, small, people=2)
    mail.alerts(NOW)
    late = ask(store, key_store, small)
    with key_store.store.change() as session:
        session.add(Burst(id=b"b" * 16, began_at=NOW, day=key_store.today()))
        session.get_one(Key, late.key_id).burst = b"b" * 16
    assert mail.alerts(NOW + MINUTE) == [], "soon after another letter of the office"
    assert mail.alerts(NOW + 11 * MINUTE) == ["ana@example.org"]
    assert mail.last["Subject"] == "Hay registros por revisar"
    assert mail.alerts(NOW + 22 * MINUTE) == []


def test_what_happens_together_is_one_letter(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop,
    small: Workshop,
) -> None:  # fmt: skip
    ask(store, key_store, discreet)
    ask(store, key_store, small, people=2)
    assert mail.alerts(NOW) == ["ana@example.org"]
    assert mail.last["Subject"] == "Hay algo por atender"
    assert mail.text.count("\n- ") == 2


def test_what_is_decided_meanwhile_is_not_written(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop
) -> None:
    rosa = ask(store, key_store, discreet)
    assert mail.make_alerts(NOW) == 1
    with store.change() as session:
        address_approval.approve(session, session.get_one(Registration, rosa.id), now=NOW)
    assert mail.deliver(NOW) == []
    assert mail.count_queued() == 0


def test_who_decides_at_the_office_is_written_to(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop
) -> None:
    engage(store, "beto@example.org", Role.ADMIN)
    engage(store, "tomas@example.org", Role.DOOR)
    engage(store, "luis@example.org", Role.READER)
    engage(store, "mar@example.org", Role.ORGANIZER, "seattle")
    engage(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    gone = engage(store, "ivan@example.org")
    with store.change() as session:
        session.get_one(StaffMember, gone).disabled_at = NOW
    ask(store, key_store, discreet)
    assert mail.alerts(NOW) == ["ana@example.org", "beto@example.org"]


def test_office_without_staff_is_left_to_headquarters(
    mail: StaffMail, store: Store, key_store: KeyStore, discreet: Workshop
) -> None:
    engage(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    ask(store, key_store, discreet)
    assert mail.alerts(NOW) == ["elena@example.org"]


def test_each_reads_of_their_own_office_only(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, women: Kind, discreet: Workshop
) -> None:
    engage(store, "mar@example.org", Role.ORGANIZER, "seattle")
    with store.change() as session:
        seattle = office("seattle", "Seattle", "WA", "America/Los_Angeles")
        session.add(seattle)
        session.flush()
        other = make_workshop(session, seattle, women, day=DAY, visibility=Visibility.APPROVED)
    ask(store, key_store, discreet)
    ask(store, key_store, other)
    assert mail.alerts(NOW) == ["ana@example.org", "mar@example.org"]
    texts = {str(each["To"]): each.get_content() for each in mail.postman.letters}
    assert "Seattle" not in texts["ana@example.org"]
    assert "Chicago" not in texts["mar@example.org"]


def test_account_that_is_disabled_meanwhile_gets_nothing(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop
) -> None:
    ask(store, key_store, discreet)
    mail.make_alerts(NOW)
    with store.change() as session:
        session.get_one(StaffMember, ana).disabled_at = NOW
    assert mail.deliver(NOW) == []


def test_each_kind_of_alert_is_a_choice(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop,
    small: Workshop,
) -> None:  # fmt: skip
    beto = engage(store, "beto@example.org")
    with store.change() as session:
        mail_choices.choose(session, ana, digest_hour=7, unwanted={StaffLetter.FULL})
        mail_choices.switch_off(session, beto, LetterGroup.ALERTS)
    ask(store, key_store, small, people=2)
    assert mail.alerts(NOW) == []
    ask(store, key_store, discreet)
    assert mail.alerts(NOW + 11 * MINUTE) == ["ana@example.org"]
    assert "se llenó" not in mail.text


def test_workshop_that_has_begun_or_is_cancelled_is_no_occasion(
    mail: StaffMail, store: Store, key_store: KeyStore, config: Config, ana: int, small: Workshop
) -> None:
    ask(store, key_store, small, people=2)
    assert mail.make_alerts(STARTS) == 0
    assert mail.make_alerts(NOW) == 1
    retention.purge(store, key_store, config, now=STARTS + ONE_DAY)
    with store.read() as session:
        assert session.scalars(sa.select(StaffAlert)).all() == []


@pytest.mark.races
def test_simultaneous_workers_write_once(
    mail: StaffMail, store: Store, key_store: KeyStore, ana: int, discreet: Workshop,
    small: Workshop,
) -> None:  # fmt: skip
    ask(store, key_store, discreet)
    ask(store, key_store, small, people=2)
    ready = threading.Barrier(3)

    def work() -> None:
        ready.wait()
        mail.make_alerts(NOW)

    threads = [threading.Thread(target=work) for _each in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert mail.deliver(NOW) == ["ana@example.org"]
    assert mail.text.count("\n- ") == 2
