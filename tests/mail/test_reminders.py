"""Two plain reminders: one message a day to a recipient, by day, and no flood (S30)."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

import pytest
import time_machine
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, reconfirmation
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery, delivery_round
from outreach.mail.text_budget import TextBudget, TextPurse
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.smtp_server import Postman
from tests.support.text_conversation import plain, settings

pytestmark = pytest.mark.any_database("instants of messages, and counts of the key store")

ROSA: Final = "rosa@example.org"
PHONE: Final = "+13125550142"
MAX_WORDS: Final = 45
DAY: Final = FIXED_NOW.date() + timedelta(days=10)


class Outbox:
    """An installation, what it sends at the instants that a test names, and its clock."""

    def __init__(
        self,
        app: Flask,
        store: Store,
        key_store: KeyStore,
        postman: Postman,
        gateway: Gateway,
        clock_: time_machine.Traveller,
    ) -> None:
        self.app, self.store, self.key_store = app, store, key_store
        self.postman, self.gateway, self.clock = postman, gateway, clock_

    def work(self, at: datetime) -> list[str]:
        """Returns what is sent at an instant: the words of letters, subject first, and of texts."""
        letters, texts = len(self.postman.letters), len(self.gateway.asked)
        self.clock.move_to(at)
        config: Config = self.app.extensions["outreach_config"]
        parts = (self.store, self.key_store, config)
        by_letter = delivery.letter_transport(config)
        by_text = delivery.text_transport(config)
        with self.app.app_context():
            if by_letter is not None:
                delivery_round.deliver(delivery.letter_outlets(*parts, by_letter), now=at)
            if by_text is not None:
                delivery_round.deliver(delivery.text_outlets(*parts, by_text), now=at)
        found = [
            f"{letter['Subject']}\n{letter.get_content()}"
            for letter in self.postman.letters[letters:]
        ]
        return found + [Gateway.read_text(each)[1] for each in self.gateway.asked[texts:]]

    def sweep(self, workshop: Workshop) -> list[tuple[timedelta, str]]:
        """Returns what is sent hour by hour until the workshop ends: how long after midnight of its
        day, on the clock of the venue, and the words."""
        midnight = clock.instant(workshop.day, time(0), workshop.zone)
        at, sent = clock.now(), []
        while at < workshop.ends_at:
            sent += [(at - midnight, each) for each in self.work(at)]
            at = clock.hour_of(at) + timedelta(hours=1)
        return sent


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FIXED_NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with serve_gateway() as gateway:
        yield gateway


@pytest.fixture
def app(
    make_app: Callable[..., Flask], gateway: Gateway, postman: Postman,
    traveller: time_machine.Traveller,
) -> Flask:  # fmt: skip
    by_mail = f"smtp://127.0.0.1:{postman.port}"
    return make_app(limits=UNLIMITED, smtp_url=by_mail, **settings(gateway))


@pytest.fixture
def outbox(
    app: Flask, store: Store, key_store: KeyStore, postman: Postman, gateway: Gateway,
    traveller: time_machine.Traveller,
) -> Outbox:  # fmt: skip
    return Outbox(app, store, key_store, postman, gateway, traveller)


@pytest.fixture
def store_workshop(store: Store, chicago: Office) -> Callable[..., Workshop]:
    def make(kind: Kind, **changes: Any) -> Workshop:
        with store.change() as session:
            return make_workshop(session, chicago, kind, **{"day": DAY} | changes)

    return make


@pytest.fixture
def remind(store: Store, key_store: KeyStore) -> Callable[..., Registration]:
    """Takes a place for somebody who wants the reminders."""

    def take(workshop: Workshop, contact: ContactMethod, **changes: Any) -> Registration:
        by_phone = {"address": PHONE, "may_leave_message": True}
        theirs = by_phone if contact is ContactMethod.PHONE else {"address": ROSA}
        values = theirs | {"wants_reminder": True} | changes
        return seat(store, key_store, workshop, contact=contact, **values)

    return take


def _hours(sent: Sequence[tuple[timedelta, str]]) -> list[float]:
    return [at / timedelta(hours=1) for at, _words in sent]


@pytest.mark.parametrize("contact", [ContactMethod.EMAIL, ContactMethod.PHONE])
@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        # Hours after midnight of its day: 11:00 two days before, and 8:00 of the day.
        ({"starts": time(18)}, [-37, 8]),
        ({"starts": time(10)}, [-37, 8]),
        # The evening before at 18:00 where it starts early, or is no place to go to.
        ({"starts": time(9, 45)}, [-37, -6]),
        (
            {
                "starts": time(18),
                "mode": DeliveryMode.VIDEO_CALL,
                "venue": None,
                "online_url": "https://video.example.org/1",
            },
            [-37, -6],
        ),
    ],
)
def test_two_reminders_come_at_their_hours_by_the_clock_of_the_venue(
    outbox: Outbox, rights: Kind, contact: ContactMethod, changes: dict[str, Any],
    hours: list[float], store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(rights, **changes)
    remind(workshop, contact)
    outbox.work(clock.now())  # the confirmation
    assert _hours(outbox.sweep(workshop)) == hours


@pytest.mark.parametrize(
    ("before", "hours"), [(timedelta(days=3), [-37, 8]), (timedelta(days=1), [8])]
)
def test_who_registers_later_gets_the_reminder_that_is_ahead(
    outbox: Outbox, rights: Kind, before: timedelta, hours: list[float],
    store_workshop: Callable[..., Workshop], remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(rights)
    outbox.clock.move_to(workshop.starts_at - before)
    remind(workshop, ContactMethod.EMAIL)
    outbox.work(clock.now())
    assert _hours(outbox.sweep(workshop)) == hours


@pytest.mark.parametrize(("days", "hours"), [(2, [8]), (3, [8]), (4, [-37, 8]), (9, [-37, 8])])
def test_question_some_days_before_takes_the_place_of_the_first_reminder(
    outbox: Outbox, store: Store, rights: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration], days: int, hours: list[float],
) -> None:  # fmt: skip
    workshop = store_workshop(rights, confirm_days=days)
    assert workshop.confirm_at is not None
    remind(workshop, ContactMethod.EMAIL)
    outbox.work(clock.now())
    with store.change() as session:
        asked = session.get_one(Workshop, workshop.id)
        assert reconfirmation.request_reconfirmation(session, asked, now=workshop.confirm_at) == 1
    [question] = outbox.work(workshop.confirm_at)
    assert question.startswith("¿Sigues viniendo?")
    assert _hours(outbox.sweep(workshop)) == hours


def test_discreet_workshop_reminds_only_who_asked_and_once(
    outbox: Outbox, women: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(women)
    remind(workshop, ContactMethod.EMAIL)
    remind(workshop, ContactMethod.EMAIL, wants_reminder=False, address="luz@example.org")
    outbox.work(clock.now())
    assert _hours(outbox.sweep(workshop)) == [8]
    assert outbox.postman.to.count("luz@example.org") == 1


@pytest.mark.parametrize("contact", [ContactMethod.EMAIL, ContactMethod.PHONE])
def test_reminders_of_a_day_are_one_message(
    outbox: Outbox, rights: Kind, contact: ContactMethod,
    store_workshop: Callable[..., Workshop], remind: Callable[..., Registration],
) -> None:  # fmt: skip
    """Two first ones at 11:00, and on the day one of each hour at 8:00."""
    morning, evening = (store_workshop(rights, starts=time(hour)) for hour in (11, 18))
    for each in (morning, evening):
        remind(each, contact)
    outbox.work(clock.now())
    sent = outbox.sweep(evening)
    assert _hours(sent) == [-37, 8]
    for _at, words in sent:
        assert "11:00" in words
        assert "6:00" in words
        assert len(re.findall(r"/es/r/", words)) == 2


def test_reminder_of_the_evening_and_of_the_morning_are_of_two_days(
    outbox: Outbox, rights: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    early, late = (store_workshop(rights, starts=time(hour)) for hour in (9, 18))
    for each in (early, late):
        remind(each, ContactMethod.EMAIL)
    outbox.work(clock.now())
    assert _hours(outbox.sweep(late)) == [-37, -6, 8]


def test_ordinary_and_discreet_reminders_are_never_one_message(
    outbox: Outbox, rights: Kind, women: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshops = [store_workshop(each) for each in (rights, women)]
    for each in workshops:
        remind(each, ContactMethod.EMAIL)
    outbox.work(clock.now())
    sent = outbox.sweep(workshops[0])
    assert _hours(sent) == [-37, 8, 8]
    assert all(len(re.findall(r"/es/r/", words)) == 1 for _at, words in sent)


@pytest.mark.parametrize("contact", [ContactMethod.EMAIL, ContactMethod.PHONE])
def test_thirty_registrations_of_a_number_that_never_answered_remind_of_two(
    outbox: Outbox, rights: Kind, contact: ContactMethod,
    store_workshop: Callable[..., Workshop], remind: Callable[..., Registration],
) -> None:  # fmt: skip
    """A stranger types somebody's number for thirty workshops of fifteen days."""
    workshops = [
        store_workshop(rights, day=DAY + timedelta(days=number // 2), capacity=1)
        for number in range(30)
    ]
    for each in workshops:
        remind(each, contact)
    for hours in range(4):  # what follows from registering is limited in other ways
        outbox.work(FIXED_NOW + timedelta(hours=hours))
    sent = [words for _at, words in outbox.sweep(workshops[-1])]
    reminded = {link for words in sent for link in re.findall(r"/es/r/\S+", words)}
    assert 0 < len(reminded) <= 2
    assert len(sent) <= 3, sent


def test_who_confirmed_once_is_reminded_of_all(
    outbox: Outbox, store: Store, rights: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshops = [
        store_workshop(rights, day=DAY + timedelta(days=7 * number)) for number in range(4)
    ]
    taken = [remind(each, ContactMethod.EMAIL) for each in workshops]
    with store.change() as session:
        session.get_one(Registration, taken[0].id).confirmed_at = clock.now()
    outbox.work(clock.now())
    sent = outbox.sweep(workshops[-1])
    assert len({link for _at, words in sent for link in re.findall(r"/es/r/\S+", words)}) == 4


def test_worker_that_slept_over_the_evening_sends_no_reminder_at_night(
    outbox: Outbox, rights: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(rights, starts=time(9))
    remind(workshop, ContactMethod.EMAIL)
    outbox.work(clock.now())
    for hour in (20, 21, 22, 23, 24, 30, 31):
        evening = clock.instant(workshop.day - timedelta(days=1), time(0), workshop.zone)
        assert outbox.work(evening + timedelta(hours=hour)) == [], hour
    assert len(outbox.work(clock.instant(workshop.day, time(8), workshop.zone))) == 1


def test_baja_ends_reminders_by_text(
    outbox: Outbox, key_store: KeyStore, rights: Kind, store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(rights)
    remind(workshop, ContactMethod.PHONE)
    outbox.work(clock.now())
    assert plain(PHONE, "BAJA").send(outbox.app.test_client()).status_code == 204
    outbox.work(clock.now())
    assert outbox.sweep(workshop) == []


def test_no_reminder_by_text_where_no_answer_comes_back(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, gateway: Gateway,
    postman: Postman, rights: Kind, traveller: time_machine.Traveller,
    store_workshop: Callable[..., Workshop],
    remind: Callable[..., Registration],
) -> None:  # fmt: skip
    app = make_app(limits=UNLIMITED, texts=settings(gateway)["texts"])
    outbox = Outbox(app, store, key_store, postman, gateway, traveller)
    workshop = store_workshop(rights)
    remind(workshop, ContactMethod.PHONE)
    assert len(outbox.work(clock.now())) == 1, "the confirmation"
    assert outbox.sweep(workshop) == []


def test_reminders_are_sent_when_strangers_used_up_the_texts_of_the_day(
    outbox: Outbox, config: Config, key_store: KeyStore, rights: Kind,
    store_workshop: Callable[..., Workshop], remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(rights)
    remind(workshop, ContactMethod.PHONE)
    outbox.work(clock.now())
    outbox.clock.move_to(clock.instant(workshop.day, time(7, 59), workshop.zone))
    budget = TextBudget(config, key_store)
    for _ in range(config.texts.a_day):
        budget.count(TextPurse.OF_STAFF)
    assert budget.explain_wait(TextPurse.OF_STAFF)
    assert len(outbox.work(workshop.remind_at)) == 1


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
@pytest.mark.parametrize("contact", [ContactMethod.EMAIL, ContactMethod.PHONE])
def test_reminder_says_when_where_and_what_to_bring_in_few_words(
    outbox: Outbox, rights: Kind, contact: ContactMethod, lang: str,
    store_workshop: Callable[..., Workshop], remind: Callable[..., Registration],
) -> None:  # fmt: skip
    workshop = store_workshop(rights)
    remind(workshop, contact, language=lang)
    outbox.work(clock.now())
    for _at, words in outbox.sweep(workshop):
        assert workshop.venue is not None
        assert workshop.venue.name in words
        assert len(words.split()) <= MAX_WORDS, words
        assert words.count("://") == 1, words


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
@pytest.mark.parametrize("contact", [ContactMethod.EMAIL, ContactMethod.PHONE])
def test_reminder_of_high_sensitivity_names_neither_kind_nor_venue(
    outbox: Outbox, store: Store, rights: Kind, contact: ContactMethod, lang: str,
    store_workshop: Callable[..., Workshop], remind: Callable[..., Registration],
) -> None:  # fmt: skip
    with store.change() as session:
        session.get_one(Kind, rights.id).sensitivity = min(HIGH_SENSITIVITIES)
    with store.read() as session:
        kind = session.get_one(Kind, rights.id)
    workshop = store_workshop(kind)
    assert workshop.is_sensitive
    remind(workshop, contact, language=lang)
    outbox.work(clock.now())
    sent = outbox.sweep(workshop)
    assert len(sent) == 2
    title = workshop.title[lang]
    for _at, words in sent:
        assert workshop.venue is not None
        for said in (workshop.venue.name, workshop.venue.address, title, "Rosa"):
            assert said not in words, words
        assert len(words.split()) <= MAX_WORDS
