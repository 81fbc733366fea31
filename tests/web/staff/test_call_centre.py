"""The call centre: places held while somebody is on the telephone, the code that is read out, a
call that breaks off, and who calls again with a code."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.accounts import administration
from outreach.config import Config, Texts
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.call_centre import call_holds
from outreach.domain.call_centre.call_holds import CALL_LASTS, HOLD_AFTER_CUT, CallHold
from outreach.domain.checkin import checkin
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.keystore import KeyStore
from outreach.web.middleware.rate_limits import CALL_LOOK_UPS_AN_HOUR, CODE_TRIES_AN_HOUR
from tests.conftest import make_workshop, seat, venue
from tests.support import html_forms
from tests.support.call_scene import BY_CODE, CALLS, CallScene
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, at_once, employ, signed_in_as, words

pytestmark = fixed_clock

AFTER_END: Final = FIXED_NOW + HOLD_AFTER_CUT + timedelta(minutes=1)  # the clock goes on
PHONE: Final = "(312) 555-0142"
SECRETS: Final = ("Canario Sur", "1605 S. Canario", "Zona Canaria")


def colleague(scene: CallScene) -> StaffClient:
    staff_id = employ(scene.store, "luis@example.org", Role.CALLER, ALL_OFFICES)
    return signed_in_as(scene.app, scene.store, staff_id)


@pytest.fixture
def scene(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> CallScene:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=3)
    staff_id = employ(store, "marta@example.org", Role.CALLER, ALL_OFFICES)
    agent = signed_in_as(app, store, staff_id)
    return CallScene(app, store, key_store, config, agent, workshop)


@pytest.fixture
def discreet(scene: CallScene, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop whose title, venue and address are canaries."""
    with scene.store.change() as session:
        place = venue(session, chicago, name=SECRETS[0], address=SECRETS[1], area=SECRETS[2])
        return make_workshop(
            session, chicago, women, venue=place, capacity=3, title={"es": "Título canario"}
        )


def code_of(answer: TestResponse) -> str:
    """The code that a page of a call shows."""
    signs = re.findall(r"<li><b>(.)</b><small>", answer.text)
    return "".join(signs)


def test_place_is_held_and_its_code_read_out(scene: CallScene) -> None:
    found = words(scene.search())
    assert "Hay 1 fecha con lugar." in found
    assert "Es gratis. No necesita identificación ni papeles." in found
    answer = scene.hold()
    assert answer.status_code == 303
    page = scene.agent.get(answer.headers["Location"])
    (party,) = scene.parties()
    assert party.status is RegistrationStatus.CONFIRMED
    assert party.people == 2
    assert scene.seats_left() == 1
    assert code_of(page) == party.door_code
    assert "Su código es:" in words(page)
    assert "Son 2 lugares, el viernes 4 de diciembre, 6:00 p. m." in words(page)
    assert "1805 S. Ejemplo St." in words(page)
    assert "place held by phone" in scene.actions()


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("language", "sentence"),
    [("es", "Su código es:"), ("en", "Your code is:"), ("fr", "Votre code est")],
)
def test_code_is_spelled_in_the_language_of_who_calls(
    scene: CallScene, language: str, sentence: str
) -> None:
    page = scene.agent.get(scene.held_call(idioma=language))
    assert sentence in words(page)
    (party,) = scene.parties()
    assert party.language == language
    spelled = re.findall(r"<li><b>(.)</b><small>([^<]+)</small>", page.text)
    assert "".join(sign for sign, _word in spelled) == party.door_code
    for sign, word in spelled:
        if not sign.isdigit():
            assert word.split()[-1][0].upper().replace("É", "E") in {sign, "Á"}, (sign, word)


def test_form_sent_twice_holds_one_place(scene: CallScene) -> None:
    form = html_forms.fields(scene.search().text, CALLS)
    form["one"], form["workshop"] = scene.workshop.public_id, ""
    first, second = scene.agent.post(CALLS, **form), scene.agent.post(CALLS, **form)
    assert first.status_code == second.status_code == 303
    assert len(scene.parties()) == 1


@pytest.mark.races
def test_last_seats_are_held_once(scene: CallScene) -> None:
    """Of four agents' posts for two of three seats each one holds them; others wait in line."""
    with scene.store.change() as session:
        session.get_one(Workshop, scene.workshop.id).has_waiting_list = False
    forms = [html_forms.fields(scene.search().text, CALLS) for _each in range(2)]
    held = 0
    for form in forms:  # the same page four times at once, then another one
        form |= {"one": scene.workshop.public_id, "workshop": ""}
        held += any(a.status_code == 303 for a in at_once(scene.app, scene.agent, CALLS, form))
    assert held == 1
    assert scene.seats_left() == 1
    assert len(scene.parties()) == 1


def test_places_of_one_address_are_staffs_own_act(scene: CallScene, rights: Kind) -> None:
    """No share of the network's address counts them (S29): all agents have the same."""
    with scene.store.change() as session:
        large = make_workshop(session, scene.workshop.office, rights, capacity=30)
    for _each in range(12):
        scene.held_call(large, personas="1")
    assert {each.status for each in scene.parties()} == {RegistrationStatus.CONFIRMED}
    assert not any(each.is_beyond_share for each in scene.parties())
    assert scene.seats_left(large) == 18


def test_full_workshop_has_a_waitlist(scene: CallScene, key_store: KeyStore) -> None:
    seat(scene.store, key_store, scene.workshop, people=2)
    assert "A la lista de espera" in words(scene.search())
    page = words(scene.agent.get(scene.held_call()))
    assert "Queda en la lista de espera" in page
    assert "Todavía no tiene lugar." in page
    assert scene.seats_left() == 1


def test_several_dates_and_several_people_are_one_call(scene: CallScene, rights: Kind) -> None:
    with scene.store.change() as session:
        later = make_workshop(
            session, scene.workshop.office, rights, day=FIXED_NOW.date() + timedelta(days=9)
        )
    form = html_forms.fields(scene.search().text, CALLS)
    form["workshop"] = [scene.workshop.public_id, later.public_id]
    call = scene.agent.post(CALLS, **form, do="several").headers["Location"].partition("?")[0]
    assert len(scene.parties()) == 2
    more = re.search(
        r'href="(/org/llamada\?[^"]*)"[^>]*>Otra fecha u otra persona', scene.agent.get(call).text
    )
    assert more is not None
    assert call.rpartition("/")[2] in more[1]
    assert scene.held_call(later, personas="1", llamada=call.rpartition("/")[2]) == call
    page = scene.agent.get(call)
    assert "Lee los códigos" in words(page)
    assert {each.door_code for each in scene.parties()} == {
        code_of(page)[start : start + 6] for start in (0, 6, 12)
    }


def test_consultation_is_held_at_its_first_free_hour(scene: CallScene, rights: Kind) -> None:
    with scene.store.change() as session:
        slots = make_workshop(
            session, scene.workshop.office, rights, way=Way.SLOTS, slot_minutes=20, capacity=6,
            day=FIXED_NOW.date() + timedelta(days=3),
        )  # fmt: skip
    scene.held_call(slots, personas="1")
    scene.held_call(slots, personas="1")
    starts = [each.starts.isoformat() for each in scene.parties() if each.workshop_id == slots.id]
    assert starts == ["18:00:00", "18:20:00"]


def held(scene: CallScene) -> str:
    return scene.held_call()


def with_contact(scene: CallScene) -> str:
    call = scene.held_call()
    assert scene.do(call, "contact", name="Rosa", phone=PHONE).status_code == 303
    return call


def with_needs(scene: CallScene) -> str:
    call = scene.held_call()
    assert scene.do(call, "contact", needs="step_free").status_code == 303
    return call


def changed(scene: CallScene) -> str:
    call = scene.held_call()
    assert scene.do(call, "people", people="1").status_code == 303
    return call


def two_dates(scene: CallScene) -> str:
    call = scene.held_call(personas="1")
    return scene.held_call(personas="1", llamada=call.rpartition("/")[2])


def released_in_part(scene: CallScene) -> str:
    call = two_dates(scene)
    assert scene.do(call, "free").status_code == 303
    return call


def confirmed_and_cut_again(scene: CallScene) -> str:
    call = scene.held_call()
    assert scene.do(call, "cut").status_code == 303
    assert scene.do(call, "confirm").status_code == 303
    return call


def waitlisted(scene: CallScene) -> str:
    scene.held_call(personas="3")
    scene.do(scene.held_call(personas="1"), "free")
    return scene.held_call(personas="1")


STEPS: Final = [
    held, with_contact, with_needs, changed, two_dates, released_in_part, confirmed_and_cut_again,
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_after_a_hang_up_at_any_step_nothing_of_the_person_is_kept(
    scene: CallScene, step: Callable[[CallScene], str]
) -> None:
    call = step(scene)
    assert scene.do(call, "cut").headers["Location"] == f"{CALLS}?hecho=cortada"
    assert scene.work(FIXED_NOW + HOLD_AFTER_CUT - timedelta(minutes=1)) == 0
    assert scene.seats_left() < 3
    assert scene.work(AFTER_END) > 0
    assert scene.seats_left() == 3
    assert scene.parties() == []
    with scene.store.read() as session:
        for row in session.scalars(sa.select(Registration)):
            assert row.status is RegistrationStatus.CANCELLED
            kept = (row.sealed, row.sealed_details, row.manage_digest, row.code_digest)
            assert kept == (None, None, None, None)
            assert row.contact is ContactMethod.NONE
        assert session.scalars(sa.select(Notification)).all() == []
        assert session.scalars(sa.select(CallHold)).all() == []
    assert "call hold ended" in scene.actions()
    assert scene.work(AFTER_END) == 0, "done twice"


def test_after_a_hang_up_before_a_place_is_held_there_is_nothing(scene: CallScene) -> None:
    scene.search()
    with scene.store.read() as session:
        assert session.scalars(sa.select(Registration)).all() == []
        assert session.scalars(sa.select(CallHold)).all() == []


def test_reading_the_code_out_confirms(scene: CallScene) -> None:
    """Without «Se cortó» the place stays, whatever becomes of the page; the call is forgotten."""
    scene.held_call()
    scene.work(FIXED_NOW + CALL_LASTS + timedelta(hours=1))
    assert scene.seats_left() == 1
    assert len(scene.parties()) == 1
    with scene.store.read() as session:
        assert session.scalars(sa.select(CallHold)).all() == []


def test_broken_call_is_confirmed_by_its_agent(scene: CallScene) -> None:
    call = scene.held_call()
    scene.do(call, "cut")
    page = scene.agent.get(CALLS)
    assert "2 lugares se sueltan" not in words(page)  # one registration, of two people
    assert "1 lugar se suelta a las" in words(page)
    scene.agent.post(call, do="confirm")
    assert "se suelta a las" not in words(scene.agent.get(CALLS))
    assert scene.work(FIXED_NOW + timedelta(hours=2)) == 0
    assert len(scene.parties()) == 1
    assert scene.actions()[-1] == "call hold confirmed"


def test_who_calls_again_with_the_code_has_confirmed(scene: CallScene) -> None:
    scene.do(scene.held_call(), "cut")
    colleague(scene).post(BY_CODE, code=scene.parties()[0].door_code)
    assert scene.work(FIXED_NOW + timedelta(hours=2)) == 0
    assert len(scene.parties()) == 1


def test_end_that_has_come_is_not_confirmed(scene: CallScene) -> None:
    scene.held_call()
    (party,) = scene.parties()
    with scene.store.change() as session:
        call_holds.break_off(session, [party.id], now=FIXED_NOW - HOLD_AFTER_CUT)
        assert call_holds.confirm(session, [party.id], now=FIXED_NOW) == 0
    assert scene.work(FIXED_NOW) == 1


def test_call_that_broke_off_late_is_confirmed_until_its_end(scene: CallScene) -> None:
    """Its page is open no more for the time of the call, but the places wait."""
    call = scene.held_call()
    scene.do(call, "cut")
    with scene.store.change() as session:
        session.execute(
            sa.update(CallHold).values(held_at=FIXED_NOW - CALL_LASTS - timedelta(hours=1))
        )
    assert "1 lugar se suelta a las" in words(scene.agent.get(CALLS))
    scene.agent.post(call, do="confirm")
    assert scene.work(AFTER_END) == 0
    assert len(scene.parties()) == 1


@pytest.fixture
def texting(scene: CallScene, make_app: Callable[..., Flask]) -> CallScene:
    """The same with a gateway of texts, which nothing is sent to here."""
    app = make_app(texts=Texts(url="http://127.0.0.1:9/sms"))
    with scene.store.read() as session:
        marta = staff.get_by_email(session, "marta@example.org")
    return replace(scene, app=app, agent=signed_in_as(app, scene.store, marta.id))


@pytest.mark.any_database
@pytest.mark.parametrize("actions", [("text", "cut"), ("cut", "text")])
def test_place_whose_code_went_by_text_stays(texting: CallScene, actions: Sequence[str]) -> None:
    call = texting.held_call()
    for action in actions:
        assert texting.do(call, action, phone=PHONE).status_code == 303
    assert texting.work(AFTER_END) == 0
    assert len(texting.parties()) == 1


def test_phone_that_is_only_noted_keeps_no_place(texting: CallScene) -> None:
    call = texting.held_call()
    texting.do(call, "contact", phone=PHONE, by="text")
    assert texting.do(call, "cut").headers["Location"] == f"{CALLS}?hecho=cortada"
    assert texting.work(AFTER_END) == 1


def test_who_opens_the_place_with_its_code_has_confirmed(scene: CallScene) -> None:
    call = scene.held_call()
    scene.do(call, "contact", name="Rosa")
    scene.do(call, "cut")
    (party,) = scene.parties()
    assert scene.open_publicly(party.door_code, "Rosa").status_code == 303
    assert scene.work(AFTER_END) == 0
    assert len(scene.parties()) == 1


def test_who_was_checked_in_before_the_start_is_not_erased(scene: CallScene) -> None:
    scene.do(scene.held_call(), "cut")
    (party,) = scene.parties()
    with scene.store.change() as session:
        found = session.get_one(Registration, party.id)
        registrations.open_details(scene.key_store, [found])
        checkin.mark_arrived(session, found, 2)
    assert scene.work(AFTER_END) == 0
    assert len(scene.parties()) == 1


def test_seat_of_a_broken_call_goes_to_who_waits(scene: CallScene, key_store: KeyStore) -> None:
    scene.do(scene.held_call(personas="3"), "cut")
    waiting = seat(scene.store, key_store, scene.workshop, name="Luz")
    scene.work(AFTER_END)
    with scene.store.read() as session:
        status = session.get_one(Registration, waiting.id).status
    assert status is RegistrationStatus.OFFERED


def test_who_has_come_is_not_erased(scene: CallScene) -> None:
    """The workshop begins before the end of the hold."""
    scene.do(scene.held_call(), "cut")
    assert scene.work(scene.workshop.starts_at) == 0
    assert len(scene.parties()) == 1
    with scene.store.read() as session:
        assert session.scalars(sa.select(CallHold)).all() == []


def test_only_its_agent_opens_a_call(scene: CallScene) -> None:
    call = scene.held_call()
    (party,) = scene.parties()
    luis = colleague(scene)
    assert luis.get(call).headers["Location"] == f"{CALLS}?hecho=terminada"
    for action in ("free", "cut", "people", "contact"):
        assert luis.post(call, do=action, party=party.id, people="1", name="X").status_code == 303
    form = html_forms.fields(luis.get(CALLS, query_string={"donde": "Chicago"}).text, CALLS)
    form |= {"one": scene.workshop.public_id, "workshop": "", "llamada": call.rpartition("/")[2]}
    assert luis.post(CALLS, **form).status_code == 422
    assert scene.seats_left() == 1
    assert [each.id for each in scene.parties()] == [party.id]


def test_page_of_a_call_ends_with_it(scene: CallScene) -> None:
    call = scene.held_call()
    with scene.store.change() as session:
        session.execute(
            sa.update(CallHold).values(held_at=FIXED_NOW - CALL_LASTS - timedelta(hours=1))
        )
    assert scene.agent.get(call).status_code == 303


def test_released_place_leaves_nothing(scene: CallScene) -> None:
    call = scene.held_call()
    answer = scene.do(call, "free")
    assert answer.headers["Location"] == f"{CALLS}?hecho=suelto"
    assert scene.seats_left() == 3
    assert scene.parties() == []
    with scene.store.read() as session:
        assert session.scalars(sa.select(CallHold)).all() == []


def test_nickname_and_phone_come_later(scene: CallScene, make_app: Callable[..., Flask]) -> None:
    call = scene.held_call()
    for name in ("A12345678", "rosa@example.org", "http://x.example.org", "x" * 61):
        assert scene.do(call, "contact", name=name).status_code == 422
    assert scene.do(call, "contact", phone="12").status_code == 422
    assert scene.do(call, "text", name="Rosa", phone=PHONE).status_code == 422, "no gateway"
    assert scene.do(call, "contact", name="Rosa", phone=PHONE).status_code == 303
    (party,) = scene.parties()
    assert party.contact is ContactMethod.PHONE
    with scene.store.read() as session:
        assert session.scalars(sa.select(Notification)).all() == [], "nobody is written to"
    assert scene.key_store.find("+13125550142") == [party.key_id]
    page = scene.agent.get(call)
    assert "5550142" not in re.sub(r"\D", "", page.text), "the number is not shown again"
    opened = words(scene.agent.post(BY_CODE, code=party.door_code, name="rosa"))
    assert "Cancelar su lugar" in opened


def test_code_alone_shows_day_hour_and_standing(scene: CallScene) -> None:
    scene.do(scene.held_call(), "contact", name="Rosa")
    (party,) = scene.parties()
    code = party.door_code
    page = scene.agent.post(BY_CODE, code=f"{code[:3].lower()} {code[3:]}")
    text = words(page)
    assert "Viernes 4 de diciembre, 6:00 p. m." in text
    assert "Tiene lugar" in text
    for hidden in ("Rosa", "Conoce tus derechos", "Biblioteca", "1805", "Cancelar su lugar"):
        assert hidden not in text
    unknown = words(scene.agent.post(BY_CODE, code="ZZZZZZ"))
    assert "Con ese código no se ve ningún lugar." in unknown
    assert scene.actions().count("code looked up by phone") == 2


def test_code_and_nickname_change_and_cancel(scene: CallScene, rights: Kind) -> None:
    with scene.store.change() as session:
        later = make_workshop(
            session, scene.workshop.office, rights, day=FIXED_NOW.date() + timedelta(days=9)
        )
    scene.do(scene.held_call(), "contact", name="Rosa")
    code = scene.parties()[0].door_code

    def act(action: str, **fields: str) -> TestResponse:
        return scene.agent.post(BY_CODE, code=code, name="ROSA", do=action, **fields)

    assert "Biblioteca" in words(act(""))
    assert "Cambiado." in words(act("people", people="1"))
    assert scene.seats_left() == 2
    assert act("people", people="9").status_code == 422
    assert act("date", day="0000000000").status_code == 422
    assert "Cambiado de fecha." in words(act("date", day=later.public_id))
    assert scene.seats_left() == 3
    code = scene.parties()[0].door_code
    assert "Borramos sus datos." in words(act("cancel"))
    assert scene.parties() == []
    assert [each for each in scene.actions() if each.endswith("by phone")] == [
        "place held by phone", "code looked up by phone", "code looked up by phone",
        "place changed by phone", "code looked up by phone", "code looked up by phone",
        "code looked up by phone", "place moved by phone", "code looked up by phone",
        "place cancelled by phone",
    ]  # fmt: skip


def test_place_without_a_nickname_is_opened_by_no_name(scene: CallScene) -> None:
    scene.held_call()
    code = scene.parties()[0].door_code
    for name in ("", "–", "-", "—", " ", "Rosa"):
        page = words(scene.agent.post(BY_CODE, code=code, name=name, do="cancel"))
        assert "Cancelar su lugar" not in page
    answer = scene.open_publicly(code, "–")
    assert answer.status_code == 422
    assert "No encontramos ese lugar." in answer.text
    assert len(scene.parties()) == 1


def test_nicknames_cannot_be_tried_out(scene: CallScene) -> None:
    scene.do(scene.held_call(), "contact", name="Rosa")
    code = scene.parties()[0].door_code
    for _each in range(CODE_TRIES_AN_HOUR):
        page = scene.agent.post(BY_CODE, code=code, name="Luz")
        assert "Con ese código el apodo es otro." in words(page)
    luis = colleague(scene)
    for name in ("Luz", "Rosa"):  # the right one tells nothing any more either
        assert luis.post(BY_CODE, code=code, name=name).status_code == 429


def test_right_nickname_counts_as_no_try(scene: CallScene) -> None:
    scene.do(scene.held_call(), "contact", name="Rosa")
    code = scene.parties()[0].door_code
    for _each in range(CODE_TRIES_AN_HOUR + 2):
        page = scene.agent.post(BY_CODE, code=code, name="Rosa")
        assert "Cancelar su lugar" in words(page)


def test_codes_cannot_be_tried_out(scene: CallScene) -> None:
    answers = [
        scene.agent.post(BY_CODE, code="ZZZZZZ").status_code
        for _each in range(CALL_LOOK_UPS_AN_HOUR + 1)
    ]
    assert answers[-2:] == [200, 429]


def test_discreet_place_needs_the_consent_of_who_calls(
    scene: CallScene, discreet: Workshop
) -> None:
    asked = {"tipo": "K7QX"}
    form = html_forms.fields(scene.search(**asked).text, CALLS)
    form |= {"one": discreet.public_id, "workshop": ""}
    form.pop("consent", None)
    refused = scene.agent.post(CALLS, **form)
    assert refused.status_code == 409
    assert "Pregúntale si acepta" in words(refused)
    assert scene.parties() == []


def discreet_call(scene: CallScene, discreet: Workshop) -> str:
    return scene.held_call(discreet, consent=discreet.public_id)


def test_neither_kind_nor_address_of_a_discreet_place_is_shown(
    scene: CallScene, discreet: Workshop
) -> None:
    """On the page of the call, by the code, and by code and nickname; whoever asks."""
    call = discreet_call(scene, discreet)
    assert scene.do(call, "contact", name="Luz").status_code == 303
    code = next(each for each in scene.parties() if each.workshop_id == discreet.id).door_code
    pages = [
        scene.agent.get(call),
        scene.agent.post(BY_CODE, code=code),
        scene.agent.post(BY_CODE, code=code, name="Luz"),
    ]
    unknown = words(scene.agent.post(BY_CODE, code="ZZZZZZ"))
    assert words(pages[1]).replace(code, "ZZZZZZ") == unknown, "the code alone tells nothing"
    wrong = words(scene.agent.post(BY_CODE, code=code, name="Rosa"))
    assert wrong.replace(code, "ZZZZZZ") == unknown, "neither does a wrong nickname"
    for page in pages:
        text = words(page)
        for hidden in (*SECRETS, "Título canario", "mujeres", "Chicago"):
            assert hidden not in text, hidden
    assert "La dirección no se dice por teléfono." in words(pages[0])
    assert "Cancelar su lugar" in words(pages[2])


def test_discreet_place_is_changed_to_fewer_people_only(
    scene: CallScene, discreet: Workshop
) -> None:
    """Whether more fit would tell how many came (S29)."""
    call = discreet_call(scene, discreet)
    page = words(scene.agent.get(call))
    assert "Cambiar a 1" in page
    assert "Cambiar a 3" not in page
    assert scene.do(call, "people", people="3").status_code == 422
    assert scene.seats_left(discreet) == 1


def test_discreet_place_cancelled_by_phone_still_opens_the_door(
    scene: CallScene, discreet: Workshop
) -> None:
    """Who knows code and nickname may be the one she hides from."""
    scene.do(discreet_call(scene, discreet), "contact", name="Luz")
    (party,) = scene.parties()
    page = words(scene.agent.post(BY_CODE, code=party.door_code, name="Luz", do="cancel"))
    assert "Cancelado." in page
    assert scene.seats_left(discreet) == 3
    (after,) = scene.parties()
    assert after.door_code == party.door_code
    assert after.apparent_status is RegistrationStatus.CONFIRMED
    assert after.is_released, "she enters like a walk-in"


def test_search_offers_no_address_of_a_discreet_workshop(
    scene: CallScene, discreet: Workshop
) -> None:
    text = scene.search(tipo="K7QX").text
    assert discreet.public_id in text
    assert SECRETS[0] not in text
    assert SECRETS[1] not in text


def test_unknown_place_is_asked_about(scene: CallScene) -> None:
    assert "No encontramos ese lugar." in words(scene.search(donde="Xyzzy"))
    assert "¿Cuál de estos lugares?" in words(scene.search(donde="Aurora"))


def test_mangled_forms_hold_nothing(scene: CallScene) -> None:
    form = html_forms.fields(scene.search().text, CALLS)
    form.pop("workshop", None)
    for wrong in (
        {}, {"one": "0000000000"}, {"one": scene.workshop.public_id, "nonce": "short"},
        {"one": scene.workshop.public_id, "nonce": ""}, {"workshop": [str(n) for n in range(9)]},
    ):  # fmt: skip
        assert scene.agent.post(CALLS, **(form | wrong)).status_code in {409, 422}
    many = form | {"one": scene.workshop.public_id, "personas": "999", "inicio": "x", "en": "y"}
    scene.agent.post(CALLS, **many)
    assert [each.people for each in scene.parties()] == [1]


def test_page_lists_no_people(scene: CallScene, key_store: KeyStore) -> None:
    """Neither those of others nor those of the agent's own earlier calls."""
    seat(scene.store, key_store, scene.workshop, name="Canaria", people=1)
    scene.do(scene.held_call(personas="1"), "contact", name="Canaria")
    codes = [each.door_code for each in scene.parties()]
    for path in (CALLS, f"{CALLS}?donde=Chicago", BY_CODE):
        text = scene.agent.get(path).text
        assert "Canaria" not in text
        assert not any(code in text for code in codes)
    assert "Apartados hoy 1" in words(scene.agent.get(CALLS))


def test_audit_log_names_no_discreet_workshop(scene: CallScene, discreet: Workshop) -> None:
    """The log has the minute, and her telephone has the minute of her call."""
    scene.do(discreet_call(scene, discreet), "contact", name="Luz")
    (party,) = scene.parties()
    for action in ("", "cancel"):
        scene.agent.post(BY_CODE, code=party.door_code, name="Luz", do=action)
    scene.do(discreet_call(scene, discreet), "cut")
    scene.work(AFTER_END)
    with scene.store.read() as session:
        rows = session.scalars(sa.select(AuditEntry).where(AuditEntry.what == discreet.id)).all()
        of_calls = [each for each in rows if "phone" in each.action or "call" in each.action]
        assert of_calls == []
        assert {each.office for each in session.scalars(sa.select(AuditEntry))} <= {"", "chicago"}
    assert "place cancelled by phone" in scene.actions()
    assert "call hold ended" in scene.actions()


@pytest.mark.any_database
def test_role_is_for_the_whole_network_and_alone(scene: CallScene) -> None:
    """Beside another role, «all offices» would be what the account sees."""
    agent = {ALL_OFFICES: Role.CALLER}
    with scene.store.change() as session:
        with pytest.raises(Refusal):
            administration.invite(
                session, "a@example.org", Role.CALLER, ["chicago"], by=None, now=FIXED_NOW
            )
        marta = staff.get_by_email(session, "marta@example.org")
        with pytest.raises(Refusal):
            administration.change(
                session, marta, {**agent, "chicago": Role.READER}, by=None, now=FIXED_NOW
            )
    assert staff.get_office_slugs(agent) == frozenset()
    assert staff.get_office_slugs({**agent, "chicago": Role.READER}) == frozenset({"chicago"})


def test_page_of_the_offices_is_refused(scene: CallScene) -> None:
    assert scene.agent.get("/org/").headers["Location"] == CALLS
    for path in ("/org/talleres", "/org/buscar", "/org/mas", "/org/cifras", "/org/mes/2020-01"):
        assert scene.agent.get(path).status_code == 403, path
    assert scene.agent.get(f"/org/talleres/{scene.workshop.public_id}").status_code == 404
    assert scene.agent.get("/org/cuenta").status_code == 200
