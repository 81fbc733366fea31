"""What an answer does, and to whose place: spoofed, late, of several places, of discreet ones."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from outreach import clock
from outreach.answers import text_limits
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    notifications,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, TextChallenge, TextReply, TextStop, text_exchange
from outreach.mail import text_budget
from tests.conftest import make_workshop, seat
from tests.support import text_conversation as conversation
from tests.support.gateway_server import Gateway
from tests.support.registration_forms import link_of
from tests.support.text_conversation import LUZ, ROSA, STRANGER, Phones, read_digits

pytestmark = pytest.mark.any_database("what a text does and is answered")

HELP: Final = "Contesta SI si vienes, NO o CANCELAR si no, DONDE para la direccion."
SITE: Final = "http://localhost:8000"
HOUR: Final = timedelta(hours=1)


def is_help(texts: list[str]) -> bool:
    return len(texts) == 1 and texts[0].startswith(HELP)


def test_yes_keeps_the_place_that_was_asked_about(
    phones: Phones, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = phones.register(workshop)
    phones.ask(rosa)
    [reply] = phones.write(ROSA, "sí")
    assert reply.startswith("Gracias. Te esperamos: ")
    assert reply.endswith(f"{SITE}{link_of(key_store, rosa)}")
    assert phones.read(rosa).confirmed_at is not None


def test_yes_accepts_the_offer(phones: Phones, store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        full = make_workshop(session, chicago, rights, capacity=1)
    first = phones.register(full, LUZ)
    rosa = phones.register(full)
    assert phones.read(rosa).status is RegistrationStatus.WAITLISTED
    [digits] = [read_digits(each) for each in phones.write(LUZ, "cancelar")]
    phones.write(LUZ, digits)
    assert not phones.is_registered(first)
    [(to, offer)] = phones.send_texts()
    assert to == ROSA
    assert "Contesta SI antes de" in offer
    [reply] = phones.write(ROSA, "👍")
    assert reply.startswith("Listo, el lugar es tuyo: ")
    assert phones.read(rosa).status is RegistrationStatus.CONFIRMED


@pytest.mark.parametrize("words", ["no", "cancelar", "non", "CANCEL"])
def test_place_ends_only_when_the_digits_come_back(
    phones: Phones, key_store: KeyStore, workshop: Workshop, words: str
) -> None:
    rosa = phones.register(workshop)
    phones.remind(rosa)
    [reply] = phones.write(ROSA, words)
    assert reply.startswith("Para cancelar lo del ")
    assert phones.is_registered(rosa)
    digits = read_digits(reply)
    wrong = f"{(int(digits) + 1) % 10**6:06}"
    [reply] = phones.write(ROSA, wrong)
    assert reply.startswith("Ese numero no es. Tu lugar sigue apartado.")
    assert is_help(phones.write(STRANGER, digits)), "they are of that phone"
    assert phones.is_registered(rosa)
    assert phones.write(ROSA, digits) == ["Cancelaste tu lugar. Borramos tus datos."]
    assert not phones.is_registered(rosa)
    assert key_store.count() == 0
    assert is_help(phones.write(ROSA, digits)), "they act once"


def test_digits_are_good_for_three_tries(phones: Phones, workshop: Workshop) -> None:
    rosa = phones.register(workshop)
    digits = read_digits(phones.write(ROSA, "cancelar")[0])
    for number in range(text_exchange.MAX_TRIES):
        phones.write(ROSA, f"{(int(digits) + 1 + number) % 10**6:06}")
    phones.write(ROSA, digits)
    assert phones.is_registered(rosa)


def test_text_has_no_digits_that_were_sent_about_another_place(
    phones: Phones, store: Store, chicago: Office, rights: Kind,
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    """Both wait: the digits of the first are good no more, and it is not sent."""
    with store.change() as session:
        first, second = (make_workshop(session, chicago, rights) for _ in range(2))
    rosa, other = phones.register(first), phones.register(second)
    clock_of_test.shift(2 * HOUR)  # young registrations cause three messages in an hour (S30)
    phones.remind(rosa)
    conversation.plain(ROSA, "no").send(phones.client)
    phones.ask(other)
    conversation.plain(ROSA, "no").send(phones.client)
    [(_to, words)] = phones.send_replies()
    phones.write(ROSA, read_digits(words))
    assert phones.is_registered(rosa)
    assert not phones.is_registered(other)


def test_digits_that_are_good_no_more_are_not_sent(
    phones: Phones, workshop: Workshop, clock_of_test: time_machine.Traveller
) -> None:
    phones.register(workshop)
    phones.gateway.answers = [401]
    phones.write(ROSA, "cancelar")
    clock_of_test.shift(timedelta(minutes=31))
    assert phones.send_replies() == []


def test_digits_are_good_for_half_an_hour(
    phones: Phones, workshop: Workshop, clock_of_test: time_machine.Traveller
) -> None:
    rosa = phones.register(workshop)
    digits = read_digits(phones.write(ROSA, "cancelar")[0])
    clock_of_test.shift(timedelta(minutes=30))
    assert is_help(phones.write(ROSA, digits))
    assert phones.is_registered(rosa)


def test_whoever_forges_a_number_cannot_guess_digits_all_day(
    phones: Phones, key_store: KeyStore, workshop: Workshop, clock_of_test: time_machine.Traveller
) -> None:
    rosa = phones.register(workshop)
    sent = []
    for _ in range(6):
        sent += phones.write(ROSA, "cancelar")
        clock_of_test.shift(timedelta(minutes=20))
    assert sum(each.startswith("Para cancelar") for each in sent) == 3
    assert sent[3].startswith("Hoy ya te mandamos varios")
    assert sent[3].endswith(f"{SITE}{link_of(key_store, rosa)}")
    assert len(sent) <= text_limits.REPLIES[1].amount
    assert phones.is_registered(rosa)
    with key_store.store.read() as session:
        row = session.scalars(sa.select(TextChallenge)).one()
    assert row.contact == key_store.index(ROSA)


def test_answer_to_nothing_gets_what_one_can_say_and_changes_nothing(
    phones: Phones, workshop: Workshop
) -> None:
    phones.register(workshop)
    before = phones.list_rows()
    for words in ("sí", "no", "hola", "123456", "quién viene?"):
        assert len(phones.write(ROSA, words)) <= 1
    assert phones.list_rows() == before


def test_where_says_day_street_and_link(
    phones: Phones, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = phones.register(workshop)
    [reply] = phones.write(ROSA, "¿Dónde?")
    assert "1805 S. Ejemplo St." in reply
    assert reply.endswith(f"{SITE}{link_of(key_store, rosa)}")


@pytest.mark.parametrize("visibility", [Visibility.APPROVED, Visibility.PHONE_ONLY])
def test_where_says_no_street_that_the_person_may_not_read(
    phones: Phones, store: Store, chicago: Office, rights: Kind, visibility: Visibility
) -> None:
    with store.change() as session:
        hidden = make_workshop(session, chicago, rights, visibility=visibility)
    phones.register(hidden)
    [reply] = phones.write(ROSA, "donde")
    assert "Ejemplo" not in reply


def test_of_several_places_none_is_changed_unless_one_was_asked_about(
    phones: Phones, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshops = [make_workshop(session, chicago, rights) for _ in range(2)]
    first, second = (phones.register(each) for each in workshops)
    assert phones.write(ROSA, "cancelar")[0].startswith("Tienes varias citas.")
    phones.ask(second)
    [reply] = phones.write(ROSA, "sí")
    assert reply.startswith("Gracias.")
    assert phones.read(first).confirmed_at is None
    assert phones.read(second).confirmed_at is not None


def test_question_that_was_not_sent_was_not_asked(
    phones: Phones, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(
        store, key_store, workshop,
        contact=ContactMethod.PHONE, address=ROSA, may_leave_message=True,
    )  # fmt: skip
    with store.change() as session:
        session.get_one(Registration, rosa.id).asked_at = clock.now()
        notifications.enqueue(session, rosa.id, NotificationType.RECONFIRM, now=clock.now())
    assert is_help(phones.write(ROSA, "sí"))
    assert phones.read(rosa).confirmed_at is None


def test_late_answer_says_so(
    phones: Phones, store: Store, chicago: Office, rights: Kind,
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    with store.change() as session:
        full = make_workshop(session, chicago, rights, capacity=1)
    phones.register(full, LUZ)
    rosa = phones.register(full)
    phones.register(full, STRANGER)
    phones.write(LUZ, read_digits(phones.write(LUZ, "cancelar")[0]))
    phones.send_texts()
    clock_of_test.shift(timedelta(days=2))
    [reply] = phones.write(ROSA, "sí")
    assert reply.startswith("Ya paso el tiempo para contestar.")
    assert phones.read(rosa).status is not RegistrationStatus.CONFIRMED


@pytest.mark.parametrize("is_only_reader", [False, True])
@pytest.mark.parametrize(
    "words", ["sí", "no", "cancelar", "donde", "ayuda", "baja", "alta", "123456", "qué es esto"]
)
def test_phone_of_a_discreet_place_gets_what_an_unknown_one_gets(
    phones: Phones, discreet: Workshop, words: str, is_only_reader: bool
) -> None:
    luz = phones.register(discreet, LUZ, is_only_reader=is_only_reader)
    phones.ask(luz)
    phones.remind(luz)
    before = phones.list_rows()
    assert phones.write(LUZ, words) == phones.write(STRANGER, words)
    assert phones.list_rows() == before


def test_discreet_place_beside_an_ordinary_one_is_as_if_it_were_not_there(
    phones: Phones, workshop: Workshop, discreet: Workshop
) -> None:
    rosa = phones.register(workshop)
    luz = phones.register(discreet)
    phones.ask(luz)
    phones.write(ROSA, read_digits(phones.write(ROSA, "cancelar")[0]))
    assert not phones.is_registered(rosa)
    assert phones.is_registered(luz)
    assert is_help(phones.write(ROSA, "cancelar"))
    assert phones.is_registered(luz)


@pytest.mark.parametrize("words", ["STOP", "ALTO", "BAJA", "arrêt"])
def test_stop_ends_all_texts_and_the_staff_call(
    phones: Phones, store: Store, key_store: KeyStore, workshop: Workshop, words: str
) -> None:
    rosa = phones.register(workshop)
    assert len(phones.write(ROSA, words)) == 1
    phones.ask(rosa)
    assert phones.send_texts() == []
    assert phones.write(ROSA, "ayuda") == []
    assert phones.write(ROSA, "baja") == []
    with store.read() as session:
        calls = outbox.list_calls(session, workshop, now=clock.now(), has_texts=True)
    assert [each.registration_id for each in calls] == [rosa.id]
    assert text_exchange.list_stopped(key_store, [rosa.key_id or b""]) == {rosa.key_id}


def test_forged_stop_is_replied_to_also_after_other_forged_texts(phones: Phones) -> None:
    """Or its texts would end without a word."""
    for _ in range(text_limits.UNASKED_REPLIES[0].amount + 1):
        phones.write(ROSA, "hola")
    [reply] = phones.write(ROSA, "stop")
    assert reply.startswith("Ya no te mandamos mensajes.")


def test_replies_to_forged_stops_are_limited(
    make_app: Callable[..., Flask], gateway: Gateway, store: Store, key_store: KeyStore
) -> None:
    changes: dict[str, Any] = conversation.settings(gateway)
    app = make_app(**changes | {"texts": _with_budget(changes["texts"], 40)})
    phones = Phones(app=app, store=store, key_store=key_store, gateway=gateway)
    sent = [words for each in ("stop", "alta") * 5 for words in phones.write(ROSA, each)]
    assert sum(each.startswith("Ya no") for each in sent) == text_limits.STOP_REPLIES[0].amount
    others = [phones.write(f"+1312555{number:04}", "stop") for number in range(100, 110)]
    assert sum(map(len, others)) == 40 // text_budget.STOP_REPLIES - 2


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_stop_of_several_languages_is_replied_to_in_that_of_the_place(
    phones: Phones, workshop: Workshop, lang: str
) -> None:
    phones.register(workshop, language=lang)
    for words, begins in (
        ("STOP", {"en": "We send you no more", "fr": "Nous ne vous envoyons plus"}),
        ("START", {"en": "We text you", "fr": "Nous vous envoyons de nouveau"}),
    ):
        [reply] = phones.write(ROSA, words)
        assert reply.startswith(begins[lang])


def test_stop_holds_for_later_registrations_until_alta(
    phones: Phones, store: Store, chicago: Office, rights: Kind, workshop: Workshop
) -> None:
    phones.register(workshop)
    phones.write(ROSA, "baja")
    with store.change() as session:
        other = make_workshop(session, chicago, rights)
    rosa = phones.register(other)
    assert phones.write(ROSA, "alta")[0].startswith("Te mandamos otra vez")
    phones.remind(rosa)
    assert phones.gateway.asked[-1][3].count("To=%2B13125550142") == 1
    assert phones.gateway.read_text(phones.gateway.asked[-1])[1].startswith("Mañana: ")


def test_stop_is_heard_beyond_the_limit_of_texts(phones: Phones, key_store: KeyStore) -> None:
    for _ in range(text_limits.INBOUND[0].amount + 2):
        phones.write(ROSA, "hola")
    phones.write(ROSA, "stop")
    assert text_exchange.is_stopped(key_store, ROSA)


def test_forged_senders_do_not_make_us_write_to_somebody(phones: Phones) -> None:
    replies = [phones.write(ROSA, "hola") for _ in range(20)]
    assert sum(map(len, replies)) == text_limits.UNASKED_REPLIES[0].amount


def test_forged_senders_do_not_use_up_the_texts_of_a_day(
    make_app: Callable[..., Flask], gateway: Gateway, store: Store, key_store: KeyStore
) -> None:
    changes: dict[str, Any] = conversation.settings(gateway)
    app = make_app(**changes | {"texts": _with_budget(changes["texts"], 8)})
    phones = Phones(app=app, store=store, key_store=key_store, gateway=gateway)
    sent = [phones.write(f"+1312555{number:04}", "hola") for number in range(100, 120)]
    assert sum(map(len, sent)) == 8 // text_limits.SHARE_OF_BUDGET


def _with_budget(texts: Any, a_day: int) -> Any:
    return type(texts)(url=texts.url, body=texts.body, a_day=a_day)


def test_phone_that_was_taken_back_says_nothing_of_the_place(
    phones: Phones, workshop: Workshop, key_store: KeyStore
) -> None:
    rosa = phones.register(workshop)
    digits = read_digits(phones.write(ROSA, "cancelar")[0])
    typed = {"name": "Rosa", "people": "1", "contact": "phone", "phone": LUZ, "by": "text"}
    assert phones.client.post(f"{link_of(key_store, rosa)}/cambiar", data=typed).status_code == 303
    assert phones.write(ROSA, digits)[0].startswith(HELP)
    assert phones.is_registered(rosa)


def test_workshop_that_was_cancelled_is_answered_no_more(
    phones: Phones, store: Store, workshop: Workshop
) -> None:
    rosa = phones.register(workshop)
    phones.ask(rosa)
    with store.change() as session:
        row = session.get_one(Workshop, workshop.id)
        workshop_service.cancel(session, row, now=clock.now())
    assert is_help(phones.write(ROSA, "sí"))


@pytest.mark.parametrize("status", [401, 429, 503])
def test_reply_waits_while_the_gateway_is_away_and_no_longer_than_an_hour(
    phones: Phones, key_store: KeyStore, clock_of_test: time_machine.Traveller, status: int
) -> None:
    phones.gateway.answers = [status]
    assert len(phones.write(ROSA, "ayuda")) == 1
    assert phones.send_replies() == []
    clock_of_test.shift(timedelta(minutes=2))
    assert len(phones.send_replies()) == 1
    conversation.plain(LUZ, "ayuda").send(phones.client)
    clock_of_test.shift(HOUR)
    assert phones.send_replies() == []
    key_store.tidy()
    with key_store.store.read() as session:
        assert session.scalars(sa.select(TextReply)).all() == []


def test_erased_person_leaves_only_that_a_number_wants_no_texts(
    phones: Phones, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = phones.register(workshop)
    conversation.plain(ROSA, "cancelar").send(phones.client)
    assert phones.client.post(f"{link_of(key_store, rosa)}/borrar").status_code == 200
    assert phones.send_replies() == []
    phones.write(ROSA, "baja")
    with key_store.store.read() as session:
        assert session.scalars(sa.select(TextChallenge)).all() == []
        assert session.scalars(sa.select(TextReply)).all() == []
        [stop] = session.scalars(sa.select(TextStop)).all()
    assert stop.contact == key_store.index(ROSA)
