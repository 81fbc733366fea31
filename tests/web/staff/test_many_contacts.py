"""What insiders see of people: lists and contacts are logged, and many contacts noticed (S23)."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts import administration
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.registrations import ContactMethod
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, RateCounter
from outreach.web.middleware.rate_limits import CONTACTS_AN_HOUR, MORE_CONTACTS_AN_HOUR
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as

# Counts end with their hour and with the day.
pytestmark = [pytest.mark.any_database("counts of the key store"), fixed_clock]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def ana(app: Flask, store: Store, workshop: Workshop) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def actions(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.parametrize(("sensitivity", "count"), [("high", 1), ("very_high", 1), ("medium", 0)])
def test_list_of_a_sensitive_kind_is_logged(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: StaffClient,
    sensitivity: str, count: int,
) -> None:  # fmt: skip
    seat(store, key_store, workshop)
    with store.change() as session:
        session.execute(sa.update(Kind).values(sensitivity=sensitivity))
    ana.get(f"/org/talleres/{workshop.public_id}")
    assert actions(store).count("list seen") == count


@pytest.mark.thorough
def test_more_contacts_need_the_second_factor_and_a_letter(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: StaffClient
) -> None:
    employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    path = f"/org/talleres/{workshop.public_id}/contacto"

    def look() -> int:
        return ana.post(path, registration=rosa.id).status_code

    def let_factor_age() -> None:
        with store.change() as session:
            old = clock.now() - timedelta(minutes=20)
            session.execute(sa.update(StaffSession).values(proven_at=old))

    let_factor_age()
    assert [look() for _ in range(CONTACTS_AN_HOUR)] == [200] * CONTACTS_AN_HOUR
    assert look() == 401
    assert letters(store) == 0
    with store.change() as session:
        session.execute(sa.update(StaffSession).values(proven_at=clock.now()))
    assert [look() for _ in range(3)] == [200] * 3
    assert letters(store) == 1
    with key_store.store.change() as session:
        is_more = RateCounter.count == 3
        session.execute(sa.update(RateCounter).where(is_more).values(count=MORE_CONTACTS_AN_HOUR))
    assert look() == 429
    assert actions(store).count("contact seen") == CONTACTS_AN_HOUR + 3


def letters(store: Store) -> int:
    with store.read() as session:
        topics = session.scalars(sa.select(Mailing.topic)).all()
        return topics.count(MailingTopic.CONTACTS)


def test_file_of_registrations_needs_a_fresh_second_factor(
    store: Store, app: Flask, workshop: Workshop
) -> None:
    elena = signed_in_as(app, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    path = f"/org/talleres/{workshop.public_id}/lista.csv"
    assert elena.get(path).status_code == 200
    with store.change() as session:
        old = clock.now() - timedelta(minutes=20)
        session.execute(sa.update(StaffSession).values(proven_at=old))
    answer = elena.get(path)
    assert (answer.status_code, answer.location[:14]) == (303, "/org/confirmar")


def contact_looker(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> Callable[[StaffClient], int]:
    """A function by which somebody looks at a contact, with a second factor of long ago."""
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    path = f"/org/talleres/{workshop.public_id}/contacto"

    def look(client: StaffClient) -> int:
        with store.change() as session:
            old = clock.now() - timedelta(minutes=20)
            session.execute(sa.update(StaffSession).values(proven_at=old))
        return client.post(path, registration=rosa.id).status_code

    return look


def invite(store: Store, email: str, by: int | None, *, days_ago: int = 0) -> int:
    """An account that this one made so many days ago."""
    now = clock.now() - timedelta(days=days_ago)
    with store.change() as session:
        administration.invite(session, email, Role.ORGANIZER, ["chicago"], by=by, now=now)
        return staff.get_by_email(session, email).id


def test_inviter_and_invited_share_one_allowance(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    """Also with whom the invited one invites, and with two whom one has invited."""
    lead = employ(store, "lea@example.org", Role.LEAD)
    second = invite(store, "dos@example.org", lead)
    with store.change() as session:
        session.get_one(StaffMember, second).grants[0].role = Role.LEAD
    third, other = invite(store, "tres@example.org", second), invite(store, "o@example.org", lead)
    look = contact_looker(store, key_store, workshop)
    everybody = [signed_in_as(app, store, each) for each in (lead, second, third, other)]
    lookers = [everybody[number % 4] for number in range(CONTACTS_AN_HOUR)]
    assert {look(each) for each in lookers} == {200}
    assert [look(each) for each in everybody] == [401] * 4


@pytest.mark.parametrize(("days_ago", "status"), [(29, 401), (31, 200)])
def test_allowance_is_shared_for_thirty_days(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop, days_ago: int, status: int
) -> None:
    lead = employ(store, "lea@example.org", Role.LEAD)
    luz = signed_in_as(app, store, invite(store, "luz@example.org", lead, days_ago=days_ago))
    eva = signed_in_as(app, store, invite(store, "eva@example.org", None))
    look = contact_looker(store, key_store, workshop)
    boss = signed_in_as(app, store, lead)
    assert [look(boss) for _ in range(CONTACTS_AN_HOUR)] == [200] * CONTACTS_AN_HOUR
    assert look(luz) == status
    assert look(eva) == 200, "the command line made this account"


@pytest.mark.parametrize("cause", ["danger", "cancelled today", "cancelled before", "not a call"])
def test_calls_that_cannot_wait_are_logged_and_not_counted(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, ana: StaffClient, cause: str
) -> None:
    """Of a workshop that was closed for danger or cancelled on its day: all of its people are
    called."""
    today = clock.now().astimezone(chicago.zone).date()
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, day=today, starts=time(19, 0), ends=time(20, 0), capacity=60
        )
    phones = [
        seat(store, key_store, workshop, contact=ContactMethod.PHONE, address=f"+13125550{n:03}")
        for n in range(CONTACTS_AN_HOUR + 2)
    ]
    with store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        if cause == "danger":
            workshop_service.close_for_danger(session, found, now=clock.now())
        else:
            days = 1 if cause == "cancelled before" else 0
            workshop_service.cancel(session, found, now=clock.now() - timedelta(days=days))
        old = clock.now() - timedelta(minutes=20)
        session.execute(sa.update(StaffSession).values(proven_at=old))
    path = f"/org/por-atender/abrir/{workshop.public_id}"
    if cause == "not a call":
        path = f"/org/talleres/{workshop.public_id}/contacto"
    statuses = [ana.post(path, registration=each.id).status_code for each in phones]
    is_counted = cause in {"cancelled before", "not a call"}
    assert statuses == [200] * CONTACTS_AN_HOUR + [401 if is_counted else 200] * 2
    assert actions(store).count("contact seen") == statuses.count(200)
