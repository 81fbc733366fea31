"""Manual calls, and letters that were not delivered."""

from datetime import datetime, timedelta

import pytest

from outreach import clock
from outreach.db.store import Store
from outreach.domain import outbox, registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat

pytestmark = pytest.mark.any_database


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def by_phone(store: Store, key_store: KeyStore, workshop: Workshop) -> list[Registration]:
    """Returns two phone contacts: Rosa allows text messages, Luz does not."""
    return [
        seat(
            store, key_store, workshop, name=name, contact=ContactMethod.PHONE,
            address=f"+1312555014{number}", may_leave_message=name == "Rosa",
        )
        for number, name in enumerate(("Rosa", "Luz"))
    ]  # fmt: skip


def cancel(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())


def list_calls(
    store: Store, workshop: Workshop, *, has_texts: bool = False, now: datetime | None = None
) -> list[tuple[str, NotificationType]]:
    with store.read() as session:
        found = outbox.list_calls(session, workshop, now=now or clock.now(), has_texts=has_texts)
    return [(notification.registration_id, notification.cause) for notification in found]


def test_phone_contacts_are_called_when_the_workshop_is_cancelled(
    store: Store, key_store: KeyStore, workshop: Workshop, by_phone: list[Registration]
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="ana@example.org")
    seat(store, key_store, workshop)
    assert list_calls(store, workshop) == []  # the registration page shows their seats
    cancel(store, workshop)
    rosa, luz = by_phone
    expected = [(rosa.id, NotificationType.CANCELLED), (luz.id, NotificationType.CANCELLED)]
    assert list_calls(store, workshop) == expected
    assert list_calls(store, workshop, has_texts=True) == expected[1:]  # Rosa gets a text


def test_call_is_marked_done_and_undone(
    store: Store, workshop: Workshop, by_phone: list[Registration]
) -> None:
    cancel(store, workshop)
    with store.change() as session:
        first, _second = outbox.list_calls(session, workshop, now=clock.now())
        outbox.mark_called(session, first.id, now=clock.now())
    assert len(list_calls(store, workshop)) == 1
    with store.change() as session:
        outbox.undo_called(session, first.id)
    assert len(list_calls(store, workshop)) == 2


def test_notification_of_another_workshop_is_not_found(
    store: Store, workshop: Workshop, chicago: Office, rights: Kind, by_phone: list[Registration]
) -> None:
    with store.change() as session:
        other_workshop = make_workshop(session, chicago, rights)
    cancel(store, workshop)
    with store.read() as session:
        notification, _second = outbox.list_calls(session, workshop, now=clock.now())
        assert outbox.find(session, workshop, notification.id).id == notification.id
        with pytest.raises(NotFound):
            outbox.find(session, other_workshop, notification.id)
        with pytest.raises(NotFound):
            outbox.find(session, workshop, 10**9)


def test_obsolete_notification_needs_no_call(
    store: Store, key_store: KeyStore, workshop: Workshop, by_phone: list[Registration]
) -> None:
    cancel(store, workshop)
    with store.change() as session:
        for each in outbox.list_calls(session, workshop, now=clock.now()):
            outbox.mark_called(session, each.id, now=clock.now())
    with store.change() as session:
        workshop_service.reinstate(session, session.get_one(Workshop, workshop.id), now=clock.now())
    assert {cause for _registration_id, cause in list_calls(store, workshop)} == {
        NotificationType.REINSTATED
    }
    rosa, luz = by_phone
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, rosa.id), now=clock.now())
    assert [registration_id for registration_id, _cause in list_calls(store, workshop)] == [luz.id]
    after_the_end = workshop.ends_at + timedelta(minutes=1)
    assert list_calls(store, workshop, now=after_the_end) == []


def test_undeliverable_letter_is_listed_and_can_be_retried(
    store: Store, key_store: KeyStore, workshop: Workshop, chicago: Office
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="nobody@example.org")
    now = clock.now() + timedelta(days=4)
    with store.change_rows() as connection:
        taken = outbox.LETTERS.claim(connection, now=now)
        assert taken is not None
        outbox.LETTERS.mark_refused(connection, taken, now=now, is_final=True)
    with store.read() as session:
        (dead,) = outbox.list_undelivered(session, workshop)
        (todo,) = outbox.to_do(session, [chicago.id], now=now)
        assert (todo.workshop.id, todo.calls, todo.dead) == (workshop.id, 0, 1)
        assert outbox.to_do(session, [chicago.id + 1], now=now) == []
        assert outbox.count_dead(session) == 1
    with store.change() as session:
        outbox.retry_delivery(session, dead.id, now=now)
    with store.read() as session:
        assert outbox.list_undelivered(session, workshop) == []
    with store.change_rows() as connection:
        claimed = outbox.LETTERS.claim(connection, now=now)
        assert claimed is not None
        # The three days of retries start again.
        outbox.LETTERS.mark_refused(
            connection, claimed, now=now + timedelta(minutes=1), is_final=False
        )
    with store.read() as session:
        assert outbox.count_dead(session) == 0


def test_undeliverable_text_becomes_a_call(
    store: Store, workshop: Workshop, by_phone: list[Registration]
) -> None:
    cancel(store, workshop)
    rosa, _luz = by_phone
    now = clock.now()
    with store.change_rows() as connection:
        last = None
        while (taken := outbox.TEXTS.claim(connection, now=now, after=last)) is not None:
            outbox.LETTERS.mark_refused(connection, taken, now=now, is_final=True)
            last = taken
    assert (rosa.id, NotificationType.CANCELLED) in list_calls(store, workshop, has_texts=True)


def test_text_overdue_by_three_days_becomes_a_call(
    store: Store, workshop: Workshop, by_phone: list[Registration]
) -> None:
    cancel(store, workshop)
    rosa, _luz = by_phone
    later = clock.now() + timedelta(days=3, minutes=1)
    assert (rosa.id, NotificationType.CANCELLED) in list_calls(
        store, workshop, has_texts=True, now=later
    )
    with store.change_rows() as connection:
        assert outbox.TEXTS.claim(connection, now=later) is None


def test_pending_calls_are_counted_by_workshop(
    store: Store, workshop: Workshop, chicago: Office, by_phone: list[Registration]
) -> None:
    with store.read() as session:
        assert outbox.to_do(session, [chicago.id], now=clock.now()) == []
    cancel(store, workshop)
    with store.read() as session:
        (todo,) = outbox.to_do(session, [chicago.id], now=clock.now())
    assert (todo.calls, todo.dead) == (2, 0)
