"""What insiders see of people: lists and contacts are logged, and many contacts noticed (S23)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, RateCounter
from outreach.web.middleware.rate_limits import CONTACTS_AN_HOUR, MORE_CONTACTS_AN_HOUR
from tests.conftest import hold, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as

# Counts end with their hour and with the day.
pytestmark = [pytest.mark.any_database("counts of the key store"), fixed_clock]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


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
