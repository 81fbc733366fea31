"""Codes of the call centre: they can be keyed in at the phone line, and the agent reads what became
of one."""

from collections.abc import Callable

import pytest
from flask import Flask

from outreach.config import Config, VoiceLine
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.support.call_scene import BY_CODE, CallScene
from tests.support.fixed_clock import fixed_clock
from tests.support.phone_caller import SECRET, UNKNOWN, ask_about, review_all
from tests.support.registration_forms import answers, send
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = fixed_clock


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
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women)


def test_code_of_a_call_is_keyed_in_at_the_phone_line(
    scene: CallScene, circle: Workshop, make_app: Callable[..., Flask]
) -> None:
    line = make_app(voice=VoiceLine(secret=SECRET))
    scene.held_call()
    scene.held_call(circle, consent=circle.public_id)
    said = {each.workshop_id: ask_about(line, each.door_code or "") for each in scene.parties()}
    assert "está apartado. Te esperamos." in said[scene.workshop.id]
    assert UNKNOWN in said[circle.id]


def test_code_page_says_until_when_a_place_is_confirmed_and_what_became_of_it(
    scene: CallScene, key_store: KeyStore, rights: Kind
) -> None:
    with scene.store.change() as session:
        workshop = make_workshop(session, scene.workshop.office, rights, capacity=8)
    client = scene.app.test_client()
    for _each in range(6):
        typed = answers(scene.app, workshop)
        assert send(client, workshop, typed, address="203.0.113.9").status_code == 303
    codes = [each.door_code for each in scene.parties() if each.workshop_id == workshop.id]

    def ask() -> list[str]:
        return [words(scene.agent.post(BY_CODE, code=code)) for code in codes]

    until = "Por confirmar, a más tardar el sábado 28 de noviembre, 9:00 a. m."
    assert [until in page for page in ask()] == [False] * 2 + [True] * 4
    review_all(scene.store, key_store, workshop)
    pages = ask()
    assert ["Tiene lugar" in page for page in pages] == [True] * 4 + [False] * 2
    left = "Sin lugar seguro: que venga, y entra si hay silla"
    assert [left in page for page in pages] == [False] * 4 + [True] * 2
    assert not any("lista de espera" in page for page in pages)
