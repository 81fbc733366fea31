"""Address approval: staff approve each person who may read a hidden address."""

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.errors import ErrorCode
from outreach.keystore import KeyStore
from tests.conftest import hold, seat
from tests.support.refusals import refuses

pytestmark = [pytest.mark.core, pytest.mark.any_database]


def test_approved_person_reads_the_address_and_is_notified(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, women, visibility=Visibility.APPROVED)
    luz = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="luz@example.com")
    assert _decide(store, luz, is_approved=True)
    assert not _decide(store, luz, is_approved=True), "already approved"
    assert _sees_address(store, luz)
    assert _queued_types(store, luz) == [NotificationType.REGISTERED, NotificationType.APPROVED]
    assert _decide(store, luz, is_approved=False)
    assert not _sees_address(store, luz)
    assert _queued_types(store, luz) == [NotificationType.REGISTERED]


def test_approval_requires_a_seat_and_a_hidden_address(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind
) -> None:
    with store.change() as session:
        hidden = hold(session, chicago, women, visibility=Visibility.APPROVED, capacity=1)
        visible = hold(session, chicago, rights)
    seat(store, key_store, hidden)
    with refuses(ErrorCode.APPROVAL_NEEDS_SEAT):
        _decide(store, seat(store, key_store, hidden), is_approved=True)
    with refuses(ErrorCode.ADDRESS_NOT_BY_APPROVAL):
        _decide(store, seat(store, key_store, visible), is_approved=True)


def _decide(store: Store, registration: Registration, *, is_approved: bool) -> bool:
    with store.change() as session:
        registration = session.get_one(Registration, registration.id)
        if is_approved:
            return registrations.approve(session, registration, now=clock.now())
        return registrations.revoke_approval(session, registration)


def _sees_address(store: Store, registration: Registration) -> bool:
    with store.read() as session:
        return session.get_one(Registration, registration.id).sees_address


def _queued_types(store: Store, registration: Registration) -> list[NotificationType]:
    query = (
        sa.select(Notification.cause)
        .where(Notification.registration_id == registration.id)
        .order_by(Notification.id)
    )
    with store.read() as session:
        return list(session.scalars(query))
