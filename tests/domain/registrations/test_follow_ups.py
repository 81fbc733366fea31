"""What follows a workshop is queued once, when it is due, for those of whom it is true."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, notify
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    AtDiscreet,
    FollowUp,
    MessageChannel,
    MessageDeclaration,
    NotificationType,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat

DAY = timedelta(days=1)


def _get_tenth_day(workshop: Workshop) -> datetime:
    return workshop.ends_at + 10 * DAY


def _has_come(registration: Registration, _now: datetime) -> bool:
    return registration.arrived_count > 0


# A type that nothing else queues here.
THANKS: MessageDeclaration = replace(
    DECLARATIONS[NotificationType.APPROVED],
    at_discreet=AtDiscreet.IS_NOT_SENT,
    follow_up=FollowUp(wait=3 * DAY, is_on_request=True),
    channels=frozenset({MessageChannel.LETTER}),
    valid_until=_get_tenth_day,
    is_true_of=_has_come,
)


class Scene:
    def __init__(self, store: Store, workshop: Workshop) -> None:
        self.store, self.workshop = store, workshop

    def come(self, registration: Registration) -> None:
        with self.store.change() as session:
            checkin.mark_arrived(session, session.get_one(Registration, registration.id), 1)

    def queue(self, days: float) -> int:
        """Runs the worker's step so many days after the end."""
        now, count = self.workshop.ends_at + days * DAY, 0
        with self.store.change() as session:
            for each in notify.list_workshops_to_follow_up(session, [THANKS], now=now):
                workshop = session.get_one(Workshop, each)
                count += notify.enqueue_follow_ups(session, workshop, [THANKS], now=now)
        return count

    def list_queued(self) -> list[str]:
        with self.store.read() as session:
            query = sa.select(Notification.registration_id).where(
                Notification.cause == THANKS.notification_type
            )
            return list(session.scalars(query))


@pytest.fixture
def scene(store: Store, chicago: Office, rights: Kind) -> Scene:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    return Scene(store, workshop)


def test_who_came_and_asked_for_it_gets_it_once(scene: Scene, key_store: KeyStore) -> None:
    def register(
        number: int,
        *,
        contact: ContactMethod = ContactMethod.EMAIL,
        wants_reminder: bool = True,
    ) -> Registration:
        address = f"rosa{number}@example.org"
        if contact is ContactMethod.PHONE:
            address = "+13125550142"
        return seat(
            scene.store, key_store, scene.workshop, contact=contact, address=address,
            wants_reminder=wants_reminder,
        )  # fmt: skip

    rosa, _absent = register(0), register(1)
    for other in (
        rosa, register(2, wants_reminder=False), register(3, contact=ContactMethod.PHONE),
    ):  # fmt: skip
        scene.come(other)
    assert [scene.queue(each) for each in (-0.1, 2.9, 3, 3.1, 4.9)] == [0, 0, 1, 0, 0]
    assert scene.list_queued() == [rosa.id]


def test_worker_that_was_away_for_two_days_queues_nothing_stale(
    scene: Scene, key_store: KeyStore
) -> None:
    rosa = seat(
        scene.store, key_store, scene.workshop, contact=ContactMethod.EMAIL,
        address="rosa@example.org", wants_reminder=True,
    )  # fmt: skip
    scene.come(rosa)
    assert scene.queue(5.1) == 0


def test_nothing_follows_a_cancelled_or_a_discreet_workshop(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    for kind in (rights, women):
        with store.change() as session:
            workshop = make_workshop(session, chicago, kind)
        scene = Scene(store, workshop)
        rosa = seat(
            store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org",
            wants_reminder=True,
        )  # fmt: skip
        scene.come(rosa)
        if kind is rights:
            with store.change() as session:
                again = session.get_one(Workshop, workshop.id)
                workshop_service.cancel(session, again, now=workshop.starts_at)
        assert scene.queue(3.5) == 0
