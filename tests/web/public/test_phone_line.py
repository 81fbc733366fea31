"""The phone line, called by simulated callers: seats, silence, replays, and what is never said."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import i18n
from outreach.config import Config, VoiceLine
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.recordings.voice_notes import LinePrompt
from outreach.domain.registrations import Registration, RegistrationStatus, review
from outreach.domain.text import CROCKFORD, SPOKEN
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore, KeyStoreBase
from outreach.web.presentation import formatting
from outreach.web.public.phone_line import gateway_signature
from tests.conftest import kind, make_workshop, venue
from tests.support.phone_caller import (
    LANGUAGE_KEYS,
    MOST_SECONDS,
    NOT_YET,
    NUMBER,
    SECRET,
    SITE,
    Caller,
    ask_about,
    hold_near,
    read_code,
    review_all,
)
from tests.support.recordings import add_note
from tests.support.registration_forms import answers, own_address, send


@pytest.fixture
def line(make_app: Callable[..., Flask]) -> Flask:
    return make_app(voice=VoiceLine(secret=SECRET, number="312 555 0100"))


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return hold_near(store, chicago, rights)


def snapshot(store: Store, key_store: KeyStore) -> list[Any]:
    """Every row but the counters of the day."""
    found: list[Any] = []
    for database, metadata in ((store, Base.metadata), (key_store.store, KeyStoreBase.metadata)):
        with database.read() as session:
            for table in metadata.sorted_tables:
                if table.name not in {"rate_counter", "day_key"}:
                    found += [(table.name, *row) for row in session.execute(sa.select(table))]
    return found


def saved(store: Store) -> list[Registration]:
    with store.read() as session:
        return list(session.scalars(sa.select(Registration)))


# The way to a code


@pytest.mark.parametrize("lang", LANGUAGE_KEYS)
def test_caller_reaches_a_code_within_90_seconds_of_speech(
    line: Flask, store: Store, key_store: KeyStore, chicago: Office, lang: str
) -> None:
    names = ("Tus derechos", "Diagnóstico migratorio", "DACA y jóvenes", "Plan familiar", "Salud")
    for position, name in enumerate((*names, "Trabajo", "Vivienda"), 1):
        with store.change() as session:
            made = kind(f"k{position}", name, position=position)
            session.add(made)
        for hour in (9, 12, 16, 18):  # more than the line offers
            hold_near(store, chicago, made, starts=time(hour), ends=time(hour + 1))
    caller = Caller(line, "CA1")
    words = caller.reach_code(lang)
    assert len(read_code(words)) == 6
    assert caller.seconds <= MOST_SECONDS, caller.heard
    caller.press("2")
    assert caller.is_over
    [rosa] = saved(store)
    with store.read() as session:
        workshop_id = rosa.workshop_id
        [found] = registrations.find_by_code(session, key_store, read_code(words), [workshop_id])
        assert (found.id, found.people, found.language) == (rosa.id, 2, lang)
        assert found.status is RegistrationStatus.CONFIRMED


def test_prompt_says_day_hour_place_and_code(line: Flask, workshop: Workshop, store: Store) -> None:
    caller = Caller(line, "CA1")
    words = caller.reach_code()
    assert workshop.venue is not None
    with i18n.use_language("es"):
        day = formatting.day(workshop.day)
    place = f"{workshop.venue.name}, 1805 S. Ejemplo St., Chicago"
    assert re.search(rf"Es el {day}, 6:00\sp\.\sm\., en {place}\.", words), words
    assert "6:00" in caller.heard[-2]
    assert words.index("Apunta tu código") < words.index(", ".join(read_code(words)))
    assert caller.heard[-2].count("marca 1") == 1
    code = read_code(words)
    assert words.count(", ".join(code)) == 2, "said twice"
    assert caller.press("9").count(", ".join(code)) == 2, "and again for who asks"
    assert saved(store) == []
    assert "Quedó apartado" in caller.press("1")


def test_hour_of_a_consultation_is_the_first_free_one(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    made = hold_near(store, chicago, rights, way=Way.SLOTS, slot_minutes=20)
    for number, hour in enumerate(("6:00", "6:20")):
        caller = Caller(line, f"CA{number}", f"+1312555010{number}")
        caller.reach_code()
        assert hour in caller.heard[-2]
        assert "marca 1." in caller.heard[-1]
        caller.press("1")
    assert len(saved(store)) == 2
    with store.read() as session:
        assert session.get_one(Workshop, made.id).taken_seats == 2


def test_hour_that_is_taken_meanwhile_is_said_anew_and_not_saved(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_near(store, chicago, rights, way=Way.SLOTS, slot_minutes=20, ends=time(21))
    first, second = Caller(line, "CA1", "+13125550101"), Caller(line, "CA2", "+13125550102")
    for caller in (first, second):
        caller.ring()
        caller.press("1")
        caller.press("60608")
        assert "6:00" in caller.press("1")
    assert "6:00" in first.press("1")
    assert "Quedó apartado" in first.press("1")
    assert "6:20" in second.press("1"), "it had heard 6:00 before"
    third = Caller(line, "CA3", "+13125550103")
    assert "6:20" in third.reach_code()
    assert "Quedó apartado" in third.press("1")
    said = second.press("1")
    assert "La hora o el lugar cambió." in said
    assert "6:40" in said
    assert len(saved(store)) == 2
    assert "Quedó apartado" in second.press("1")
    assert sorted(each.slot.minute for each in saved(store) if each.slot) == [0, 20, 40]


@pytest.mark.parametrize("what", ["starts", "venue"])
def test_workshop_that_moves_during_a_call_is_said_anew_and_not_saved(
    line: Flask, store: Store, workshop: Workshop, what: str
) -> None:
    caller = Caller(line, "CA1")
    caller.reach_code()
    with store.change() as session:
        moved = session.get_one(Workshop, workshop.id)
        if what == "starts":
            moved.starts = time(17, 30)
            moved.retime()
        else:
            assert moved.venue is not None
            moved.venue.address = "7 Otra St."
    said = caller.press("1")
    assert "La hora o el lugar cambió." in said
    assert ("5:30" if what == "starts" else "7 Otra St.") in said
    assert saved(store) == []
    assert "Quedó apartado" in caller.press("1")


def test_kind_without_a_seat_by_phone_is_not_offered(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        other = kind("daca", "DACA", position=2)
        session.add(other)
    hold_near(store, chicago, rights)
    hold_near(store, chicago, other, opens_days=1)  # next week
    caller = Caller(line, "CA1")
    caller.ring()
    caller.press("1")
    said = caller.press("60608")
    assert "derechos" in said
    assert "DACA" not in said


def test_caller_in_canada_chooses_a_city(
    line: Flask, store: Store, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        here: dict[str, Any] = {"near_latitude": 51.05, "near_longitude": -114.07}
        place = venue(session, session.merge(calgary, load=False), **here)
        make_workshop(session, calgary, rights, venue=place)
    caller = Caller(line, "CA1", "+14035550100")
    caller.ring()
    caller.press("3")
    assert "Calgary" in caller.press("0")
    caller.press("1")
    caller.press("1")
    caller.press("1")
    assert "Calgary" in caller.heard[-1]
    caller.press("1")
    assert len(saved(store)) == 1


def test_recorded_prompts_are_played(line: Flask, store: Store, workshop: Workshop) -> None:
    welcome = add_note(store, LinePrompt.WELCOME)
    french = add_note(store, LinePrompt.ZIP_CODE, "fr")
    caller = Caller(line, "CA1")
    caller.ring()
    assert caller.played == [f"{SITE}/audio/{welcome.name}.mp3"]
    caller.press("1")
    assert len(caller.played) == 1, "that one is recorded in French only"
    silence = add_note(store, LinePrompt.NO_KEY)
    caller.wait()
    assert caller.played[-1] == f"{SITE}/audio/{silence.name}.mp3"
    caller.press("60608")
    caller.wait()
    assert caller.played.count(f"{SITE}/audio/{silence.name}.mp3") == 2
    other = Caller(line, "CA2")
    other.ring()
    other.press("3")
    assert other.played[-1] == f"{SITE}/audio/{french.name}.mp3"
    assert line.test_client().get(f"/audio/{french.name}.mp3").status_code == 200


# Hanging up, silence, wrong keys


def test_call_that_ends_at_any_step_holds_nothing(
    line: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    Caller(line, "CA").ring()  # makes the key of the day
    before = snapshot(store, key_store)
    keys = ["1", "60608", "1", "1"]
    for length in range(len(keys) + 1):
        caller = Caller(line, f"CA{length}")
        caller.ring()
        for each in keys[:length]:
            caller.press(each)
        assert snapshot(store, key_store) == before, f"after {length} keys"
    assert len(read_code(caller.heard[-1])) == 6, "the code was heard, and is worth nothing"


def test_silence_and_wrong_keys_lead_to_a_person(line: Flask, workshop: Workshop) -> None:
    silent = Caller(line, "CA1")
    silent.ring()
    silent.press("1")
    said = ""
    for _time in range(5):
        said = silent.wait()
        if silent.is_over:
            break
        assert "No te oímos." in said
    assert silent.is_over
    assert "Para hablar con una persona" in said
    child = Caller(line, "CA2")
    child.ring()
    child.press("1")
    for keys in ("99", "00000", "*"):
        assert not child.is_over
        child.press(keys)
    assert child.is_over


def test_caller_who_finds_the_key_the_third_time_goes_on(line: Flask, workshop: Workshop) -> None:
    slow = Caller(line, "CA1")
    slow.ring()
    slow.wait()
    slow.press("7")
    slow.press("1")
    slow.wait()
    slow.press("00000")
    assert "marca 1" in slow.press("60608")
    slow.press("1")
    slow.press("1")
    slow.wait()
    slow.wait()
    assert "Quedó apartado" in slow.press("1")


def test_caller_has_time_to_write_the_code_down(line: Flask, workshop: Workshop) -> None:
    caller = Caller(line, "CA1")
    caller.ring()
    assert caller.key_seconds == 6
    for keys in ("1", "60608", "1", "1"):
        caller.press(keys)
    assert caller.key_seconds == 15


def test_code_has_no_letters_that_sound_alike() -> None:
    assert not set("BCDEGJKLNOPQSTUVWYZI") & set(SPOKEN)
    assert set(SPOKEN) <= set(CROCKFORD)
    assert len(SPOKEN) == 16, "each letter is four bits"


@pytest.mark.parametrize("keys", [[], ["1"]])
def test_zero_says_how_to_reach_a_person(
    make_app: Callable[..., Flask], workshop: Workshop, keys: list[str]
) -> None:
    app = make_app(voice=VoiceLine(secret=SECRET), phone="312 555 0142")
    caller = Caller(app, "CA1")
    caller.ring()
    for each in ["1", "60608", *keys]:
        caller.press(each)
    assert "3, 1, 2, 5, 5, 5, 0, 1, 4, 2" in caller.press("0")
    assert caller.is_over


def test_place_without_workshops_leads_to_a_person(line: Flask, workshop: Workshop) -> None:
    caller = Caller(line, "CA1")
    caller.ring()
    caller.press("1")
    assert "no hay talleres" in caller.press("99501")
    assert caller.is_over


# Seats


def test_two_callers_for_one_seat(line: Flask, store: Store, chicago: Office, rights: Kind) -> None:
    made = hold_near(store, chicago, rights, capacity=1, has_waiting_list=False)
    first, second = Caller(line, "CA1", "+13125550101"), Caller(line, "CA2", "+13125550102")
    for caller in (first, second):
        assert len(read_code(caller.reach_code())) == 6
    assert "Quedó apartado" in first.press("1")
    assert "Ese código no sirve." in second.press("1")
    with store.read() as session:
        assert session.get_one(Workshop, made.id).seats_left == 0
    assert len(saved(store)) == 1


@pytest.mark.races
def test_callers_at_once_never_oversell(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    made = hold_near(store, chicago, rights, capacity=1)
    callers = [Caller(line, f"CA{number}", f"+1312555010{number}") for number in range(6)]
    for caller in callers:
        caller.reach_code()
    start = threading.Barrier(len(callers))

    def confirm(caller: Caller) -> str:
        start.wait()
        return caller.press("1")

    with ThreadPoolExecutor(len(callers)) as hands:
        said = list(hands.map(confirm, callers))
    seated = [each for each in saved(store) if each.status is RegistrationStatus.CONFIRMED]
    assert len(seated) == 1
    assert sum("Quedó apartado" in each for each in said) == 1
    with store.read() as session:
        assert session.get_one(Workshop, made.id).seats_left == 0


def test_one_phone_takes_no_more_than_its_share_and_leaves_others_theirs(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    """A bored teenager redials; all calls come from the address of the gateway."""
    made = hold_near(store, chicago, rights, capacity=20)
    share = review.compute_share(made).address
    for number in range(share + 3):
        caller = Caller(line, f"CA{number}", NUMBER)
        caller.reach_code()
        said = caller.press("1")
        assert ("Quedó apartado" in said) == (number < share)
    neighbour = Caller(line, "CB1", "+17735550100")
    neighbour.reach_code()
    assert "Quedó apartado" in neighbour.press("3")
    assert [each.is_beyond_share for each in saved(store)].count(True) == 3


@pytest.mark.parametrize(("seats", "most"), [(3, 2), (8, 3), (20, 8)])
@pytest.mark.parametrize("number", ["+1312555{:04}", "anonymous", ""])
def test_all_callers_together_take_two_fifths(
    line: Flask, store: Store, chicago: Office, rights: Kind, seats: int, most: int, number: str
) -> None:
    """Numbers can be invented, so nothing depends on them."""
    made = hold_near(store, chicago, rights, capacity=seats)
    for calls in range(24):
        caller = Caller(line, f"CA{calls}", number.format(calls))
        caller.reach_code()
        said = caller.press("1")
        assert ("Quedó apartado" in said) == (calls < most), said
        assert (NOT_YET in said) == (calls >= most), said
    with store.read() as session:
        assert session.get_one(Workshop, made.id).seats_left == seats - most
    # Who comes by the page has a share of her own, and who calls is not in her way.
    client = line.test_client()
    answer = send(client, made, answers(line, made), address=own_address(1))
    assert 'data-standing="seated"' in client.get(answer.headers["Location"]).text


def test_party_of_four_by_phone_counts_in_the_share_of_all_callers(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    made = hold_near(store, chicago, rights, capacity=20)
    for number in range(4):
        caller = Caller(line, f"CA{number}", f"+1312555010{number}")
        caller.reach_code()
        assert ("Quedó apartado" in caller.press("4")) == (number < 2)
    with store.read() as session:
        assert session.get_one(Workshop, made.id).seats_left == 12


def test_callers_of_a_sensitive_kind_all_hear_the_same(
    line: Flask, store: Store, key_store: KeyStore, chicago: Office
) -> None:
    """Nobody learns from the line that somebody else has called from the same telephone (S29)."""
    with store.change() as session:
        daca = kind("daca", "DACA", sensitivity="high")
        session.add(daca)
    made = hold_near(store, chicago, daca, capacity=8)
    said, codes = [], []
    for number in range(6):
        caller = Caller(line, f"CA{number}", NUMBER)
        codes.append(read_code(caller.reach_code()))
        said.append(caller.press("1"))
    assert len(set(said)) == 1
    assert "Quedó apartado" in said[0]
    assert "Si al llegar ya no hay lugar, ahí mismo te damos otra fecha." in said[0]
    with store.read() as session:
        assert session.get_one(Workshop, made.id).seats_left == 6
    before = [ask_about(line, code) for code in codes]
    review_all(store, key_store, made)
    assert [ask_about(line, code) for code in codes] == before
    assert len(set(before)) == 1
    assert "está apartado. Te esperamos." in before[0]
    assert "Si al llegar ya no hay lugar" in before[0]


def test_line_says_no_more_of_a_sensitive_kind_than_the_page(
    line: Flask, store: Store, chicago: Office
) -> None:
    """A watcher who calls after each registration hears the same as before it (S28)."""
    with store.change() as session:
        daca = kind("daca", "DACA", sensitivity="high")
        session.add(daca)
    hold_near(store, chicago, daca, capacity=2)
    first, second = Caller(line, "CA1", "+13125550101"), Caller(line, "CA2", "+13125550102")
    first.reach_code()
    assert "Quedó apartado" in first.press("2")
    second.reach_code()
    heard = [re.sub(r"\b(?:[0-9A-Z], ){5}[0-9A-Z]\b", "CODE", each) for each in second.heard]
    assert heard == [
        re.sub(r"\b(?:[0-9A-Z], ){5}[0-9A-Z]\b", "CODE", each) for each in first.heard[:-1]
    ]
    assert "Te guardamos un turno con ese código" in second.press("1")


def test_caller_is_offered_the_next_hour_where_a_sensitive_one_is_taken(
    line: Flask, store: Store, chicago: Office
) -> None:
    with store.change() as session:
        daca = kind("daca", "DACA", sensitivity="high")
        session.add(daca)
    hold_near(store, chicago, daca, way=Way.SLOTS, slot_minutes=20, ends=time(21))
    first, second = Caller(line, "CA1", "+13125550101"), Caller(line, "CA2", "+13125550102")
    assert "6:00" in first.reach_code()
    assert "Quedó apartado" in first.press("1")
    assert "6:00" in second.reach_code(), "the hour is shown as free for a while yet"
    said = second.press("1")
    assert "Ese lugar se acaba de ocupar. Ese código no sirve." in said
    assert "6:20" in said
    assert "6:20" in second.press("1")
    assert "Quedó apartado" in second.press("1")
    assert sorted(each.slot.minute for each in saved(store) if each.slot) == [0, 20]


def test_callers_who_withhold_their_number_have_shares_of_their_own(
    line: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_near(store, chicago, rights, capacity=20)
    # Keys that spell «anonymous» and «restricted», as Twilio sends them.
    named = ("", "anonymous", "+anonymous", "sip:anonymous@anonymous.invalid")
    for number, withheld in enumerate((*named, "+266696687", "+7378742833")):
        caller = Caller(line, f"CA{number}", withheld)
        caller.reach_code()
        assert "Quedó apartado" in caller.press("1")


# Who may ask, and what is kept


def test_line_is_off_without_a_secret(app: Flask) -> None:
    for path in ("/voz/inicio", "/voz/paso"):
        assert app.test_client().post(path).status_code == 404
    assert app.test_client().get("/es/por-telefono").status_code == 404


def test_settings_of_the_line(tmp_path: Path) -> None:
    given = {"OUTREACH_DATA": str(tmp_path), "OUTREACH_VOICE_NUMBER": "312 555 0100"}
    assert Config.from_environ(given).voice == VoiceLine(number="312 555 0100")
    good = Config.from_environ(given | {"OUTREACH_VOICE_SECRET": "x" * 32})
    assert good.voice.secret == "x" * 32
    assert "x" * 32 not in repr(good), "no log line has it"
    with pytest.raises(Misconfigured, match="OUTREACH_VOICE_SECRET has to be 16 to 200"):
        Config.from_environ(given | {"OUTREACH_VOICE_SECRET": "short"})


def test_only_the_gateway_is_answered(line: Flask, workshop: Workshop) -> None:
    client, form = line.test_client(), {"CallSid": "CA1", "From": NUMBER}
    good = gateway_signature.sign(SECRET, f"{SITE}/voz/inicio", form)
    assert client.post("/voz/inicio", data=form).status_code == 403
    for headers, data in (
        ({"X-Twilio-Signature": good[::-1]}, form),
        ({"X-Twilio-Signature": good}, form | {"From": "+13125550000"}),
        ({"X-Twilio-Signature": good}, form | {"Digits": "1"}),
        ({"Authorization": good}, form),
        ({"X-Twilio-Signature": gateway_signature.sign("", SITE, form)}, form),
    ):
        assert client.post("/voz/inicio", data=data, headers=headers).status_code == 403
    nobody = gateway_signature.sign(SECRET, f"{SITE}/voz/inicio", {"From": NUMBER})
    headers = {"X-Twilio-Signature": nobody}
    assert client.post("/voz/inicio", data={"From": NUMBER}, headers=headers).status_code == 403
    assert client.get("/voz/inicio").status_code == 405
    assert (
        client.post("/voz/inicio", data=form, headers={"X-Twilio-Signature": good}).status_code
        == 200
    )


def test_caller_hears_what_to_do_where_a_step_fails(
    line: Flask, store: Store, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller(line, "CA1")
    caller.ring()
    caller.press("2")
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE workshop RENAME TO gone"))
    words = caller.press("60608")
    assert words.startswith("Something went wrong. Call again in a few minutes.")
    assert caller.is_over
    assert "gone" not in caplog.text
    assert "POST /voz/paso" in caplog.text


def test_refused_request_gets_a_line_for_the_gateways_log(line: Flask) -> None:
    answer = line.test_client().post("/voz/inicio", data={"CallSid": "CA1"})
    assert (answer.status_code, answer.mimetype, answer.text) == (403, "text/plain", "Forbidden\n")


def test_replays_are_dropped(
    line: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    caller = Caller(line, "CA1")
    addresses = []
    caller.ring()
    for keys in ("1", "60608", "1", "1", "1"):
        addresses.append((caller.address, keys))
        caller.press(keys)
    assert len(saved(store)) == 1
    before = snapshot(store, key_store)
    assert caller.send("/voz/inicio").status_code == 409
    for address, keys in addresses:
        assert caller.send(address, Digits=keys).status_code == 409
        assert caller.send(address, Digits="4").status_code == 409, "with other keys neither"
    other = Caller(line, "CA2")
    for address, keys in addresses:
        assert other.send(address, Digits=keys).status_code == 403, "of another call"
    assert other.send("/voz/paso?e=nada", Digits="1").status_code == 403
    assert snapshot(store, key_store) == before


def test_no_number_and_no_call_is_kept(
    line: Flask,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    config: Config,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("DEBUG"):
        caller = Caller(line, "CAcanary", NUMBER)
        caller.reach_code()
        caller.press("1")
    rows = repr([*snapshot(store, key_store), *_counters(key_store)])
    # The ZIP code as a number of its own: the seconds since 1970 have its digits on some days.
    for trace in ("3125550199", "CAcanary", r"(?<!\d)60608(?!\d)"):
        assert not re.search(trace, rows)
        assert not re.search(trace, caplog.text)
        for path in config.data.rglob("*"):
            assert not path.is_file() or not re.search(trace.encode(), path.read_bytes()), path
    assert "3125550199" not in caller.address


def _counters(key_store: KeyStore) -> Iterator[Any]:
    with key_store.store.read() as session:
        for table in KeyStoreBase.metadata.sorted_tables:
            yield from session.execute(sa.select(table)).all()


def test_registration_of_a_call_opens_by_no_name_that_others_guess(
    line: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    names = set()
    for number in range(2):
        caller = Caller(line, f"CA{number}", f"+1312555010{number}")
        code = read_code(caller.reach_code())
        caller.press("1")
        with store.read() as session:
            [found] = registrations.find_by_code(session, key_store, code, [workshop.id])
            key = registrations.get_key(key_store, found)
            names.add(registrations.decrypt_person(found, key).name)
    assert len(names) == 2
    assert all(each.startswith("Llamada ") and len(each) == 12 for each in names)


def test_nothing_discreet_or_hidden_is_on_the_line(
    line: Flask, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        discreet_later = kind("refugio", "Refugio", position=2)
        session.add(discreet_later)
    hold_near(store, chicago, women)
    hold_near(store, chicago, rights, visibility=Visibility.REGISTERED)
    hold_near(store, chicago, rights, way=Way.UNLISTED)
    hold_near(store, chicago, rights, mode=DeliveryMode.PHONE_BANK, venue=None)
    made = hold_near(store, chicago, discreet_later)
    with store.change() as session:
        session.get_one(Workshop, made.id).is_discreet = True
    caller = Caller(line, "CA1")
    caller.ring()
    caller.press("1")
    said = caller.press("60608")
    assert caller.is_over, said
    for secret in ("mujeres", "Refugio", "Biblioteca", "derechos"):
        assert secret not in " ".join(caller.heard)


def test_workshop_that_becomes_discreet_is_not_saved_by_phone(
    line: Flask, store: Store, workshop: Workshop
) -> None:
    caller = Caller(line, "CA1")
    caller.reach_code()
    with store.change() as session:
        session.get_one(Workshop, workshop.id).is_discreet = True
    assert "Quedó apartado" not in caller.press("1")
    assert saved(store) == []


def test_page_says_what_the_telephone_company_keeps(line: Flask) -> None:
    for lang in i18n.LANGUAGES:
        page = line.test_client().get(f"/{lang}/por-telefono")
        assert page.status_code == 200
        assert "312 555 0100" in page.text
    spanish = line.test_client().get("/es/por-telefono").text
    assert "La compañía de teléfono sí guarda que llamaste." in spanish
    assert "/es/por-telefono" in line.test_client().get("/es/accesibilidad").text
