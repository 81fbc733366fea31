"""Address approval: staff approve each person who may read a hidden address."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, address_approval
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import NO_UNDO_BEFORE, UNDO_WINDOW
from outreach.errors import ErrorCode
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat
from tests.support.refusals import refuses

SECOND = timedelta(seconds=1)

pytestmark = [pytest.mark.core, pytest.mark.any_database]


def test_approved_person_reads_the_address_and_is_notified(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, visibility=Visibility.APPROVED)
    luz = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="luz@example.com")
    assert _decide(store, luz, is_approved=True)
    assert not _decide(store, luz, is_approved=True), "already approved"
    assert _sees_address(store, luz)
    assert _queued_types(store, luz) == [NotificationType.REGISTERED, NotificationType.APPROVED]
    assert _decide(store, luz, is_approved=False)
    assert not _sees_address(store, luz)
    assert _queued_types(store, luz) == [NotificationType.REGISTERED]


@pytest.mark.parametrize("is_approved", [True, False])
def test_decision_holds_after_five_minutes_and_can_be_undone_before(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, is_approved: bool
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, visibility=Visibility.APPROVED)
    luz = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="luz@example.com")
    now, decide = clock.now(), registrations.approve if is_approved else decline
    with store.change() as session:
        assert decide(session, session.get_one(Registration, luz.id), now=now)
    held = _read(store, luz)
    assert not held.sees_address
    assert not held.appears_declined
    assert scheduled_jobs.end_approval_undo_windows(store, now=now + UNDO_WINDOW - SECOND) == 0
    assert _queued_types(store, luz) == [NotificationType.REGISTERED]
    with store.change() as session:
        assert address_approval.undo_decision(session, session.get_one(Registration, luz.id))
    assert scheduled_jobs.end_approval_undo_windows(store, now=now + UNDO_WINDOW) == 0
    assert _read(store, luz).is_undecided, "it is back in the queue"
    assert _queued_types(store, luz) == [NotificationType.REGISTERED], "nothing is sent"
    with store.change() as session:
        assert decide(session, session.get_one(Registration, luz.id), now=now)
    assert scheduled_jobs.end_approval_undo_windows(store, now=now + UNDO_WINDOW) == 1
    assert scheduled_jobs.end_approval_undo_windows(store, now=now + UNDO_WINDOW) == 0
    with store.change() as session:
        assert not address_approval.undo_decision(session, session.get_one(Registration, luz.id))
    decided = _read(store, luz)
    assert decided.sees_address == is_approved
    assert decided.appears_declined != is_approved
    assert _queued_types(store, luz)[1:] == ([NotificationType.APPROVED] if is_approved else [])


def test_near_the_start_an_approval_holds_at_once(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, visibility=Visibility.APPROVED)
    luz = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="luz@example.com")
    with store.change() as session:
        party = session.get_one(Registration, luz.id)
        assert registrations.approve(session, party, now=workshop.starts_at - NO_UNDO_BEFORE)
    assert _read(store, luz).sees_address
    assert NotificationType.APPROVED in _queued_types(store, luz)


def test_approval_requires_a_seat_and_a_hidden_address(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind
) -> None:
    with store.change() as session:
        hidden = make_workshop(session, chicago, women, visibility=Visibility.APPROVED, capacity=1)
        visible = make_workshop(session, chicago, rights)
    seat(store, key_store, hidden)
    with refuses(ErrorCode.APPROVAL_NEEDS_SEAT):
        _decide(store, seat(store, key_store, hidden), is_approved=True)
    with refuses(ErrorCode.ADDRESS_NOT_BY_APPROVAL):
        _decide(store, seat(store, key_store, visible), is_approved=True)


def _decide(store: Store, registration: Registration, *, is_approved: bool) -> bool:
    with store.change() as session:
        registration = session.get_one(Registration, registration.id)
        if is_approved:
            now, hold = clock.now(), timedelta(0)
            return registrations.approve(session, registration, now=now, undo_window=hold)
        return registrations.revoke_approval(session, registration)


def decline(session: Session, registration: Registration, *, now: datetime) -> bool:
    return registrations.decline_approval(session, registration, now=now)


def _read(store: Store, registration: Registration) -> Registration:
    with store.read() as session:
        workshop = sa.orm.joinedload(Registration.workshop)
        return session.get_one(Registration, registration.id, options=[workshop])


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
