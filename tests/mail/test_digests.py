"""The morning's digest: at the chosen hour of working days, once, in numbers, and only if something
waits.
"""

import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.dashboard import digests
from outreach.domain.dashboard.digests import DigestMorning, SentDigest
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter import mail_choices, mailings
from outreach.domain.newsletter.mail_choices import LetterGroup
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import retention
from outreach.reports import month_report
from tests.conftest import make_workshop, office, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.smtp_server import TAKE_AND_HANG_UP
from tests.support.staff_client import employ
from tests.support.staff_mail import StaffMail, engage, html_of, serve_staff_mail, text_of

pytestmark = fixed_clock  # Friday, November 27, 2026

FRIDAY = date(2026, 11, 27)
SEVEN = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)  # 7:00 in Chicago
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def mail(app: Flask, store: Store, key_store: KeyStore, config: Config) -> Iterator[StaffMail]:
    with serve_staff_mail(app, store, key_store, config) as served:
        yield served


@pytest.fixture
def ana(store: Store, chicago: Office) -> int:
    return engage(store)


@pytest.fixture
def today(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """A workshop this afternoon, which gives everybody at its office a digest."""
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=FRIDAY, starts=time(16), ends=time(18))


@pytest.fixture
def discreet(store: Store, key_store: KeyStore, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop next week, where Rosa has asked for the address since yesterday."""
    with store.change() as session:
        day = FRIDAY + timedelta(days=7)
        workshop = make_workshop(session, chicago, women, day=day, visibility=Visibility.APPROVED)
    email = {"contact": ContactMethod.EMAIL, "address": "rosa@ejemplo.com"}
    seat(store, key_store, workshop, now=SEVEN - 5 * HOUR, **email)
    return workshop


def test_digest_comes_at_seven_of_the_offices_clock_and_once(
    mail: StaffMail, ana: int, today: Workshop
) -> None:
    assert mail.digests(SEVEN - MINUTE) == []
    assert mail.digests(SEVEN) == ["ana@example.org"]
    assert mail.digests(SEVEN + MINUTE) == []
    assert mail.digests(SEVEN + HOUR) == []


def test_digest_says_numbers_and_the_workshops_of_today(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind, ana: int, today: Workshop,
    discreet: Workshop, key_store: KeyStore,
) -> None:  # fmt: skip
    with store.change() as session:
        make_workshop(session, chicago, rights, day=FRIDAY - DAY)  # over and not reported
        full = make_workshop(session, chicago, rights, day=FRIDAY + 9 * DAY, capacity=2)
    seat(store, key_store, full, now=SEVEN - 3 * DAY, people=2)
    seat(store, key_store, today, now=SEVEN - 3 * DAY, people=3)
    assert mail.digests(SEVEN) == ["ana@example.org"]
    assert mail.last["Subject"] == "Hoy: 1 taller, 2 pendientes"
    for text in (mail.text, html_of(mail.last)):
        assert "Hoy, 4:00 p. m.: Tus derechos. 3 de 20 lugares." in text
        assert "Por aprobar" in text
        assert "Por reportar" in text
        assert "Taller lleno" in text
        assert "Registro nuevo" in text
        assert "hora de Chicago" in text
        assert f"{mail.config.public_url}/org/por-atender" in text
    assert f'{mail.config.public_url}/org/por-atender?ver=reportar"' in html_of(mail.last)
    assert "- 1 · Por aprobar" in mail.text
    assert "- 1 · Registro nuevo" in mail.text, "the three of days ago are no news"


def test_digest_names_no_person_and_no_discreet_topic(
    mail: StaffMail, store: Store, chicago: Office, women: Kind, ana: int, discreet: Workshop
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, women, day=FRIDAY)
    mail.digests(SEVEN)
    letter = mail.last.as_string() + mail.text + html_of(mail.last)
    for word in ("Rosa", "rosa@", "ujeres", "mujeres", "Pilsen", "Biblioteca", "onsulado"):
        assert word not in letter
    assert "6:00 p. m.: Taller.\n" in mail.text, "neither seats nor place"


def test_nothing_is_sent_when_nothing_waits_nor_later_that_morning(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind, key_store: KeyStore, ana: int
) -> None:
    with store.change() as session:
        ahead = make_workshop(session, chicago, rights, day=FRIDAY + 9 * DAY, capacity=2)
    seat(store, key_store, ahead, now=SEVEN - 5 * DAY, people=2)  # full, which is no news
    assert mail.make_digests(SEVEN) == 0
    with store.change() as session:
        make_workshop(session, chicago, rights, day=FRIDAY)
    assert mail.digests(SEVEN + HOUR) == []
    assert mail.count_queued() == 0


@pytest.mark.parametrize(
    ("day", "is_sent"),
    [
        (date(2026, 11, 28), True),  # Saturday
        (date(2026, 11, 29), False),  # Sunday
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 16), False),  # a holiday of Mexico, which its consulates keep
        (date(2026, 3, 2), True),  # a holiday of Illinois only
    ],
)
def test_digest_comes_on_working_days(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind, ana: int, day: date, is_sent: bool
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=day)
    at = clock.instant(day, time(7), chicago.zone)
    assert bool(mail.digests(at)) is is_sent


def test_monday_counts_what_came_since_saturday(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind, key_store: KeyStore, ana: int
) -> None:
    with store.change() as session:
        ahead = make_workshop(session, chicago, rights, day=FRIDAY + 9 * DAY)
    seat(store, key_store, ahead, now=SEVEN + DAY - HOUR)  # before Saturday's digest
    seat(store, key_store, ahead, now=SEVEN + DAY + HOUR)
    seat(store, key_store, ahead, now=SEVEN + 2 * DAY)
    assert mail.digests(SEVEN + 3 * DAY) == ["ana@example.org"]
    assert mail.last["Subject"] == "2 registros nuevos"


def test_each_account_chooses_its_hour_or_none(
    mail: StaffMail, store: Store, ana: int, today: Workshop
) -> None:
    beto = engage(store, "beto@example.org")
    with store.change() as session:
        mail_choices.choose(session, ana, digest_hour=9, unwanted=())
        mail_choices.switch_off(session, beto, LetterGroup.DIGEST)
    assert mail.digests(SEVEN) == []
    assert mail.digests(SEVEN + 2 * HOUR) == ["ana@example.org"]
    assert "a las 9:00" in mail.text
    with store.change() as session:
        mail_choices.choose(session, ana, digest_hour=10, unwanted=())
    assert mail.digests(SEVEN + 3 * HOUR) == [], "one a day, whatever is chosen meanwhile"


def test_each_office_has_its_own_clock_and_its_own_numbers(
    mail: StaffMail, store: Store, rights: Kind, ana: int, today: Workshop
) -> None:
    engage(store, "mar@example.org", Role.ORGANIZER, "seattle")
    with store.change() as session:
        seattle = office("seattle", "Seattle", "WA", "America/Los_Angeles")
        session.add(seattle)
        session.flush()
        for hour in (9, 12):
            make_workshop(
                session, seattle, rights, day=FRIDAY, starts=time(hour), ends=time(hour + 1)
            )
    assert mail.digests(SEVEN) == ["ana@example.org"]
    assert mail.last["Subject"] == "Hoy: 1 taller"
    assert mail.digests(SEVEN + 2 * HOUR) == ["mar@example.org"]
    assert mail.last["Subject"] == "Hoy: 2 talleres"
    assert "hora de Los Ángeles" in mail.text


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        (date(2026, 10, 31), 12),  # the day before clocks go back
        (date(2026, 11, 1), 13),
        (date(2026, 11, 2), 13),
        (date(2027, 3, 13), 13),
        (date(2027, 3, 14), 12),  # they go forward
        (date(2027, 3, 15), 12),
    ],
)
def test_seven_is_seven_when_clocks_change(day: date, hour: int) -> None:
    morning = DigestMorning(
        organizer_id=1, grants={}, places=(), zone=ZoneInfo("America/Chicago"), hour=7, day=day
    )
    assert morning.due_at == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_digest_comes_once_around_the_change_of_clocks(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind, ana: int
) -> None:
    with store.change() as session:
        for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)):
            make_workshop(session, chicago, rights, day=day)
    at, sent = datetime(2026, 10, 31, 6, tzinfo=UTC), []
    while at < datetime(2026, 11, 3, 6, tzinfo=UTC):
        sent += [at for _each in range(mail.make_digests(at))]
        at += timedelta(minutes=30)
    assert sent == [
        datetime(2026, 10, 31, 12, tzinfo=UTC),
        datetime(2026, 11, 2, 13, tzinfo=UTC),
    ]


def test_only_proven_addresses_of_active_accounts_are_written_to(
    mail: StaffMail, store: Store, ana: int, today: Workshop
) -> None:
    employ(store, "invitada@example.org")  # has not signed in
    gone = engage(store, "ivan@example.org")
    with store.change() as session:
        session.get_one(StaffMember, gone).disabled_at = SEVEN - DAY
    assert mail.digests(SEVEN) == ["ana@example.org"]


def test_account_that_is_disabled_or_stops_it_meanwhile_gets_nothing(
    mail: StaffMail, store: Store, ana: int, today: Workshop
) -> None:
    beto = engage(store, "beto@example.org")
    assert mail.make_digests(SEVEN) == 2
    with store.change() as session:
        session.get_one(StaffMember, ana).disabled_at = SEVEN
        mail_choices.switch_off(session, beto, LetterGroup.DIGEST)
    assert mail.deliver(SEVEN) == []
    assert mail.count_queued() == 0


def test_role_at_another_office_since_then_changes_what_is_said(
    mail: StaffMail, store: Store, ana: int, today: Workshop
) -> None:
    assert mail.make_digests(SEVEN) == 1
    with store.change() as session:
        session.get_one(StaffMember, ana).grants[0].office = "seattle"
    assert mail.deliver(SEVEN) == [], "nothing of Chicago is theirs any more"


def test_who_keeps_the_door_reads_of_today_only_and_a_reader_gets_nothing(
    mail: StaffMail, store: Store, chicago: Office, today: Workshop, discreet: Workshop
) -> None:
    engage(store, "tomas@example.org", Role.DOOR)
    engage(store, "luis@example.org", Role.READER)
    assert mail.digests(SEVEN) == ["tomas@example.org"]
    assert mail.last["Subject"] == "Hoy: 1 taller"
    assert "Por aprobar" not in mail.text


def test_headquarters_read_what_they_decide(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind, today: Workshop,
    discreet: Workshop,
) -> None:  # fmt: skip
    engage(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    seven = clock.instant(FRIDAY, time(7), clock.headquarters_zone())
    assert mail.make_digests(seven) == 0, "what an office has to do is its own"
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2026, 10, 10))
    assert mail.digests(seven + DAY) == ["elena@example.org"]
    assert mail.last["Subject"] == "1 pendiente"
    assert "- 1 · Mes por cerrar" in mail.text
    assert f"{mail.config.public_url}/org/mes/2026-10" in mail.text
    assert "Por aprobar" not in mail.text
    with store.change() as session:
        month_report.close(session, Month(2026, 10), now=seven + DAY)
    assert mail.digests(seven + 3 * DAY) == []


def test_month_is_not_asked_for_while_offices_may_still_report(
    mail: StaffMail, store: Store, chicago: Office, rights: Kind
) -> None:
    engage(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2026, 10, 10))
    for day, count in ((4, 0), (5, 0), (6, 1)):
        at = clock.instant(date(2026, 11, day), time(7), clock.headquarters_zone())
        assert mail.make_digests(at) == count


def test_letter_can_be_turned_off_with_one_click(
    mail: StaffMail, ana: int, today: Workshop
) -> None:
    mail.digests(SEVEN)
    address = mail.last["List-Unsubscribe"]
    assert mail.last["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address.startswith(f"<{mail.config.public_url}/org/correo/")
    assert address.strip("<>") in mail.text
    assert address.strip("<>") in html_of(mail.last)


def test_html_holds_nothing_to_fetch(mail: StaffMail, ana: int, today: Workshop) -> None:
    mail.digests(SEVEN)
    assert mail.last.get_content_type() == "multipart/alternative"
    for tag in ("<img", "<script", "<link", "style", "src="):
        assert tag not in html_of(mail.last)


def test_digest_of_a_killed_worker_is_sent_once_after_its_lease(
    mail: StaffMail, store: Store, ana: int, today: Workshop
) -> None:
    mail.make_digests(SEVEN)
    with store.change_rows() as connection:
        assert mailings.OUTBOX.claim(connection, now=SEVEN) is not None
    assert mail.digests(SEVEN + MINUTE) == []
    assert mail.digests(SEVEN + 6 * MINUTE) == ["ana@example.org"]
    assert mail.digests(SEVEN + 12 * MINUTE) == []


def test_uncertain_digest_is_repeated_with_the_same_message_id(
    mail: StaffMail, ana: int, today: Workshop
) -> None:
    mail.postman.next_time["TAKEN"] = deque([TAKE_AND_HANG_UP])
    mail.digests(SEVEN)
    mail.deliver(SEVEN + 6 * MINUTE)
    mail.deliver(SEVEN + 12 * MINUTE)
    assert len({each["Message-ID"] for each in mail.postman.letters}) == 1


def test_digest_of_yesterday_is_not_sent_today(mail: StaffMail, ana: int, today: Workshop) -> None:
    mail.postman.always["RCPT"] = "451 busy"
    assert mail.digests(SEVEN) == []
    mail.postman.always.clear()
    assert mail.deliver(SEVEN + DAY) == []
    assert mail.count_queued() == 0


def test_worker_that_was_down_all_morning_leaves_it_out(
    mail: StaffMail, ana: int, today: Workshop
) -> None:
    assert mail.make_digests(SEVEN + digests.LATE_BY) == 0
    assert mail.make_digests(SEVEN + digests.LATE_BY - MINUTE) == 1


@pytest.mark.races
def test_simultaneous_workers_make_and_send_one_digest_each(
    mail: StaffMail, store: Store, today: Workshop
) -> None:
    for number in range(6):
        engage(store, f"p{number}@example.org")
    ready = threading.Barrier(3)

    def work() -> None:
        ready.wait()
        mail.digests(SEVEN)

    threads = [threading.Thread(target=work) for _each in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    mail.deliver(SEVEN)
    assert sorted(mail.postman.to) == [f"p{number}@example.org" for number in range(6)]


def test_record_of_a_digest_is_deleted_after_two_weeks(
    mail: StaffMail, store: Store, key_store: KeyStore, config: Config, ana: int, today: Workshop
) -> None:
    mail.digests(SEVEN)
    for days, count in ((13, 1), (15, 0)):
        retention.purge(store, key_store, config, now=SEVEN + days * DAY)
        with store.read() as session:
            assert len(session.scalars(sa.select(SentDigest)).all()) == count


def test_text_and_html_say_the_same_address(mail: StaffMail, ana: int, today: Workshop) -> None:
    mail.digests(SEVEN)
    account = f"{mail.config.public_url}/org/cuenta#correos"
    assert account in text_of(mail.last)
    assert account in html_of(mail.last)
