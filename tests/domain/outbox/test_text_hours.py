"""Texts are sent from 8 to 20 by the clock of the venue, of whatever kind they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.outbox import messaging
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    notifications,
    text_hours,
    waitlist,
)
from outreach.domain.registrations.message_types import REMINDERS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.staff_messages import Audience, MessageTemplate
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.mail.sms_gateway import SmsMessage
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.scenario import Stage

pytestmark = fixed_clock

CHICAGO = ZoneInfo("America/Chicago")
DAY = date(2027, 3, 8)
NIGHT = datetime(2027, 3, 2, 22, 0, tzinfo=CHICAGO).astimezone(UTC)
MORNING = datetime(2027, 3, 3, 8, 0, tzinfo=CHICAGO).astimezone(UTC)
BY_TEXT: dict[str, Any] = {
    "contact": ContactMethod.PHONE,
    "address": "+13125550142",
    "may_leave_message": True,
}
MINUTE = timedelta(minutes=1)


class Gateway:
    """Sends what is due at an instant, and stores it."""

    def __init__(self, app: Flask, store: Store, key_store: KeyStore, config: Config) -> None:
        self.app, self.store, self.key_store, self.config = app, store, key_store, config
        self.texts: list[str] = []

    def work(self, at: datetime) -> int:
        with self.app.app_context():
            return deliver(
                delivery.text_outlets(self.store, self.key_store, self.config, self._collect),
                now=at,
            )

    @contextmanager
    def _collect(self) -> Iterator[Callable[[SmsMessage], None]]:
        def send(text: SmsMessage) -> None:
            self.texts.append(text.words)

        yield send


@pytest.fixture
def gateway(app: Flask, store: Store, key_store: KeyStore, config: Config) -> Gateway:
    return Gateway(app, store, key_store, config)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=DAY, capacity=1)


@pytest.mark.any_database("computes an instant")
@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("2027-03-01T07:59", "2027-03-01T08:00"),
        ("2027-03-01T08:00", "2027-03-01T08:00"),
        ("2027-03-01T19:59", "2027-03-01T19:59"),
        ("2027-03-01T20:00", "2027-03-02T08:00"),
        ("2027-03-02T00:30", "2027-03-02T08:00"),
        # It starts at 18:00: the next morning is too late.
        ("2027-03-08T20:30", "2027-03-08T20:30"),
        # It is over.
        ("2027-03-11T21:00", "2027-03-12T08:00"),
    ],
)
def test_texts_go_by_day_by_the_clock_of_the_venue(workshop: Workshop, at: str, sent: str) -> None:
    instants = (datetime.fromisoformat(each).replace(tzinfo=CHICAGO) for each in (at, sent))
    asked, expected = (each.astimezone(UTC) for each in instants)
    assert text_hours.find_next(workshop, asked) == expected


@pytest.mark.any_database("hours of the day")
@pytest.mark.parametrize("cause", NotificationType)
@pytest.mark.parametrize("is_urgent", [False, True])
def test_no_kind_of_text_passes_but_what_is_urgent(
    store: Store, key_store: KeyStore, workshop: Workshop, cause: NotificationType, is_urgent: bool
) -> None:
    rosa = seat(store, key_store, workshop, **BY_TEXT)
    with store.change() as session:
        notifications.enqueue(session, rosa.id, cause, now=NIGHT)
        [made] = session.scalars(sa.select(Notification).order_by(Notification.id.desc()).limit(1))
        made.is_urgent = is_urgent
        sent_at = outbox.TEXTS.compute_send_time(made, NIGHT)
        assert sent_at == (NIGHT if is_urgent else MORNING)
        waits = cause in REMINDERS and not is_urgent
        assert outbox.LETTERS.compute_send_time(made, NIGHT) == (MORNING if waits else NIGHT)


def test_text_of_the_night_is_sent_once_in_the_morning(
    gateway: Gateway, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, now=NIGHT, **BY_TEXT)
    with store.change() as session:
        it = session.get_one(Workshop, workshop.id)
        template, audience = MessageTemplate.REMINDER, Audience.ALL
        messaging.send(session, it, template, audience, {}, "n", organizer_id=None, now=NIGHT)
    assert gateway.work(NIGHT) == 0
    assert gateway.work(MORNING - MINUTE) == 0
    with store.read() as session:
        rows = session.scalars(sa.select(Notification)).all()
    assert {(each.due_at, each.tries, each.leased_until) for each in rows} == {(MORNING, 0, None)}
    assert gateway.work(MORNING) == 2
    assert gateway.work(MORNING + MINUTE) == 0


def test_offer_of_the_night_starts_in_the_morning(
    gateway: Gateway, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    stage = Stage(store, workshop.id, now=NIGHT)
    first = stage.register(contact=ContactMethod.NONE, address="")
    luz = stage.register(**BY_TEXT)
    gateway.work(MORNING)
    gateway.texts.clear()
    stage.now = NIGHT + timedelta(days=1)
    stage.cancel(first)
    offered = stage.of(luz)
    assert offered.status is RegistrationStatus.OFFERED
    morning = MORNING + timedelta(days=1)
    assert offered.offered_until == waitlist.compute_offer_end(workshop, morning)
    assert gateway.work(stage.now) == 0
    assert gateway.work(morning) == 1


def test_offer_that_a_text_would_tell_too_late_goes_to_the_next(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        early = make_workshop(
            session, chicago, rights, day=MORNING.date(), starts=time(10), ends=time(12), capacity=1
        )
    stage = Stage(store, early.id, now=NIGHT)
    first = stage.register(contact=ContactMethod.NONE, address="")
    luz, ana = stage.register(**BY_TEXT), stage.register()
    stage.cancel(first)
    assert stage.status(luz) is RegistrationStatus.WAITLISTED
    assert stage.status(ana) is RegistrationStatus.OFFERED


def test_offer_that_waits_for_the_gateway_over_night_keeps_its_time(
    gateway: Gateway, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    evening = NIGHT - timedelta(hours=3)  # 19:00: the gateway is away until 22:00
    stage = Stage(store, workshop.id, now=evening)
    first, luz = stage.register(contact=ContactMethod.NONE, address=""), stage.register(**BY_TEXT)
    stage.cancel(first)
    assert stage.of(luz).offered_until == waitlist.compute_offer_end(workshop, evening)
    assert gateway.work(NIGHT) == 0
    assert stage.of(luz).offered_until == waitlist.compute_offer_end(workshop, MORNING)
    assert gateway.work(MORNING) == 1


def test_offers_of_a_reinstated_workshop_last_from_the_morning_on(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    stage = Stage(store, workshop.id, now=NIGHT - timedelta(hours=8))
    first, luz = stage.register(contact=ContactMethod.NONE, address=""), stage.register(**BY_TEXT)
    stage.cancel(first)
    stage.call_off()
    stage.now = NIGHT
    stage.reinstate()
    assert stage.of(luz).offered_until == waitlist.compute_offer_end(workshop, MORNING)


def test_urgent_text_is_sent_at_night(
    gateway: Gateway, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, now=NIGHT, **BY_TEXT)
    with store.change() as session:
        session.execute(sa.update(Notification).values(is_urgent=True))
        assert session.get_one(Registration, rosa.id).is_live
    assert gateway.work(NIGHT) == 1
