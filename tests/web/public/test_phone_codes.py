"""What the phone line says of a code: confirmed, not yet, left, waiting, offered or cancelled."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from outreach import clock, i18n
from outreach.config import VoiceLine
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, review
from outreach.domain.text import SPOKEN, list_codes_of_keys, spoken_code
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.web.presentation import formatting
from tests.conftest import seat
from tests.support.fixed_clock import fixed_clock
from tests.support.phone_caller import (
    NOT_YET,
    NUMBER,
    SECRET,
    UNKNOWN,
    Caller,
    ask_about,
    call_with_a_code,
    hold_near,
    keys_of,
    read_code,
    review_all,
)
from tests.support.registration_forms import everyone, link_of


@pytest.fixture
def line(make_app: Callable[..., Flask]) -> Flask:
    return make_app(voice=VoiceLine(secret=SECRET, number="312 555 0100"))


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return hold_near(store, chicago, rights)


def test_keys_lead_back_to_every_spoken_code() -> None:
    for letter in SPOKEN:
        code = f"{letter}0{letter}1{letter}5"
        found = list_codes_of_keys(keys_of(code))
        assert code in found
        assert len(found) <= 8
    assert len(list_codes_of_keys("234679")) == 64
    assert all(set(spoken_code(6)) <= set(SPOKEN) for _ in range(20))


def test_code_says_confirmed(line: Flask, workshop: Workshop) -> None:
    caller = Caller(line, "CA1")
    code = read_code(caller.reach_code())
    caller.press("1")
    with i18n.use_language("es"):
        day = formatting.day(workshop.day)
    said = ask_about(line, code)
    assert re.fullmatch(
        rf"Tu lugar del {day}, 6:00\sp\.\sm\., está apartado\. Te esperamos\.", said
    )


def test_code_says_not_yet_and_then_what_the_review_decided(
    line: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    made = hold_near(store, chicago, rights, capacity=8)
    codes = []
    for number in range(7):
        caller = Caller(line, f"CA{number}", NUMBER)
        codes.append(read_code(caller.reach_code()))
        caller.press("1")
    said = [ask_about(line, code) for code in codes]
    assert ["está apartado. Te esperamos." in each for each in said] == [True] * 2 + [False] * 5
    assert all(each.startswith(NOT_YET) for each in said[2:])
    review_all(store, key_store, made)
    said = [ask_about(line, code) for code in codes]
    assert ["está apartado. Te esperamos." in each for each in said] == [True] * 4 + [False] * 3
    left = "No pudimos guardarte el lugar. Ven de todos modos: si hay una silla, entras."
    assert all(each.startswith(left) for each in said[4:])


def test_code_within_the_last_day_says_until_when(
    line: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    starts = clock.next_hour(clock.now()) + timedelta(hours=6)
    local = starts.astimezone(chicago.zone)
    ends = (local + timedelta(minutes=30)).time()
    made = hold_near(
        store, chicago, rights, capacity=8, day=local.date(), starts=local.time(), ends=ends
    )
    codes = []
    for number in range(3):
        caller = Caller(line, f"CA{number}", NUMBER)
        codes.append(read_code(caller.reach_code()))
        caller.press("1")
    due = review.compute_review(made, clock.now()).astimezone(chicago.zone)
    with i18n.use_language("es"):
        day, hour = formatting.day(due.date()), formatting.hour(due.time())
    assert re.search(
        rf"Todavía no está confirmado\. Llama el {day} después de las? {re.escape(hour)} y marca",
        ask_about(line, codes[2]),
    )


def test_code_says_waiting_offered_and_cancelled(
    line: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    made = hold_near(store, chicago, rights, capacity=1)
    first = seat(store, key_store, made, code="000001")
    seat(store, key_store, made, code="A0F0H0")
    waiting = "Te guardamos un turno con ese código: llega a la hora, y entras si hay una silla."
    assert waiting in ask_about(line, "A0F0H0")
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, first.id), now=clock.now())
    assert "Hay un lugar para ti. Para tomarlo, habla con una persona." in ask_about(line, "A0F0H0")
    with store.change() as session:
        session.get_one(Workshop, made.id).status = WorkshopStatus.CANCELLED
    assert ask_about(line, "A0F0H0").startswith("Ese taller se canceló.")


def test_code_of_who_has_cancelled_is_unknown(
    line: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    caller = Caller(line, "CA1")
    code = read_code(caller.reach_code())
    caller.press("1")
    assert "está apartado. Te esperamos." in ask_about(line, code)
    [rosa] = everyone(store)
    line.test_client().post(f"{link_of(key_store, rosa)}/cancelar")
    assert UNKNOWN in ask_about(line, code)


def test_code_of_a_discreet_or_past_workshop_is_unknown(
    line: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    circle, past = hold_near(store, chicago, women), hold_near(store, chicago, rights)
    seat(store, key_store, circle, code="A0F0H0")
    seat(store, key_store, past, code="A1F1H1")
    assert "está apartado. Te esperamos." in ask_about(line, "A1F1H1")
    with store.change() as session:
        row = session.get_one(Workshop, past.id)
        row.day = clock.now().date() - timedelta(days=2)
        row.retime()
    [*said] = (ask_about(line, code) for code in ("A0F0H0", "A1F1H1", "A2F2H2"))
    assert len(set(said)) == 1
    assert UNKNOWN in said[0]


def test_unknown_codes_lead_to_a_person(line: Flask, workshop: Workshop) -> None:
    caller = call_with_a_code(line)
    for keys in ("123456", "12"):
        said = caller.press(keys)
        assert not caller.is_over
        assert "Marca tu código." in said
    assert "Para hablar con una persona" in caller.wait()
    assert caller.is_over


def test_zero_leads_from_the_code_to_a_person(line: Flask, workshop: Workshop) -> None:
    caller = call_with_a_code(line)
    assert "Para hablar con una persona" in caller.press("0")
    assert caller.is_over


@fixed_clock  # a new hour begins new counts
def test_code_is_tried_five_times_in_an_hour_whoever_calls(
    line: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, code="A0F0H0")
    said = [ask_about(line, "A0F0H0") for _ in range(6)]
    assert ["está apartado. Te esperamos." in each for each in said] == [True] * 5 + [False]
    assert UNKNOWN in said[5]


@fixed_clock  # a new hour begins new counts
def test_caller_tries_sixty_codes_in_an_hour(
    line: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, code="A0F0H0")
    for number in range(60):
        assert UNKNOWN in ask_about(line, f"5555{number:02}", NUMBER)
    assert UNKNOWN in ask_about(line, "A0F0H0", NUMBER)
    assert "está apartado. Te esperamos." in ask_about(line, "A0F0H0")
