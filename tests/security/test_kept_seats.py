"""While the brake is on, half of the seats are for whoever opens the link of our letter (S29)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import TimeMachineFixture

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import RegistrationStatus
from outreach.domain.workshops import Workshop
from outreach.maintenance.worker import Worker
from tests.conftest import hold
from tests.support import brake
from tests.support.daytime import zone_in_the_morning
from tests.support.fixed_clock import fixed_clock
from tests.support.gateway_server import serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.ports import free_port
from tests.support.registration_forms import (
    answers,
    everyone,
    filled,
    seats_left,
    send,
)
from tests.support.smtp_server import Postman, serve_mail

pytestmark = [
    pytest.mark.any_database("the rules are in domain/registrations/test_kept_seats.py"),
    fixed_clock,
]

SEATS = 4
BUTTON = '/confirmar"'  # the address of its form
CONFIRMED, WAITLISTED = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED


@pytest.fixture
def postman() -> Iterator[Postman]:
    with serve_mail(Postman(free_port())) as postman:
        yield postman


@pytest.fixture
def client(make_app: Callable[..., Flask], postman: Postman) -> FlaskClient:
    app = make_app(limits=UNLIMITED, smtp_url=f"smtp://127.0.0.1:{postman.port}")
    return app.test_client()


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    zone = zone_in_the_morning(clock.now())  # where texts are sent now
    with store.change() as session:
        return hold(session, chicago, rights, capacity=SEATS, zone=zone)


def register(client: FlaskClient, workshop: Workshop, **typed: Any) -> str:
    """Registers while the brake is on; returns the path of the registration's page."""
    brake.start(client.application)
    consent = {"consent": "yes"} if workshop.is_discreet else {}
    form = answers(client.application, workshop, **(consent | typed))
    found = brake.find_challenge(send(client, workshop, form))
    assert found is not None
    answer = send(client, workshop, form | {"pow": brake.solve(*found)})
    assert answer.status_code == 303
    return answer.location


def take_open_half(client: FlaskClient, workshop: Workshop) -> None:
    for _ in range(SEATS // 2):
        register(client, workshop)


def by_mail(number: int = 0) -> dict[str, str]:
    return {"contact": "email", "email": f"rosa{number}@ejemplo.com"}


def texts_of(postman: Postman) -> list[str]:
    return [letter.get_content() for letter in postman.letters]


def links_of(client: FlaskClient, postman: Postman) -> list[str]:
    """The paths of the links in all letters, after the worker has sent them."""
    Worker(client.application).once()
    return [
        found[1]
        for text in texts_of(postman)
        if (found := re.search(r"localhost:8000(/es/r/\S+)", text))
    ]


def test_link_of_the_letter_confirms_a_kept_seat(
    client: FlaskClient, store: Store, workshop: Workshop, postman: Postman
) -> None:
    take_open_half(client, workshop)
    own = register(client, workshop, **by_mail())
    page = client.get(own)
    assert 'data-standing="waiting"' in page.text
    assert "Te mandamos un enlace a r•••@ejemplo.com." in page.text
    assert BUTTON not in page.text
    [link] = links_of(client, postman)
    assert "Confirmar mi lugar" in texts_of(postman)[0]
    opened = client.get(link)
    assert BUTTON in opened.text
    assert [each.status for each in everyone(store)] == [CONFIRMED] * 2 + [WAITLISTED]
    confirmed = client.post(f"{own}/confirmar", data=filled(opened))
    assert confirmed.status_code == 303
    assert 'data-standing="seated"' in client.get(own).text
    assert seats_left(store, workshop) == 1
    again = client.post(f"{own}/confirmar", data=filled(opened))
    assert again.status_code == 303
    assert seats_left(store, workshop) == 1
    Worker(client.application).once()
    assert "Tu lugar está apartado." in texts_of(postman)[-1]


def test_page_after_the_registration_proves_nothing(
    client: FlaskClient, store: Store, workshop: Workshop, postman: Postman
) -> None:
    """Whoever typed a stranger's address has the link of the page, and not that of the letter."""
    take_open_half(client, workshop)
    own, other = (register(client, workshop, **by_mail(number)) for number in range(2))
    code_of_other = links_of(client, postman)[1].partition("?c=")[2]
    assert other in links_of(client, postman)[1]
    for code in ("", "x" * 11, code_of_other, "ñ"):
        assert BUTTON not in client.get(own, query_string={"c": code}).text
        answer = client.post(f"{own}/confirmar", data={"proof": code})
        assert answer.status_code == 422
        assert "Para confirmar, abre el enlace que te mandamos." in answer.text
    assert [each.status for each in everyone(store)][2:] == [WAITLISTED] * 2


def test_new_contact_has_to_be_proven_again(
    client: FlaskClient, store: Store, workshop: Workshop, postman: Postman
) -> None:
    take_open_half(client, workshop)
    own = register(client, workshop, **by_mail(0))
    [first] = links_of(client, postman)
    typed = filled(client.get(f"{own}/cambiar")) | by_mail(1)
    assert client.post(f"{own}/cambiar", data=typed).status_code == 303
    assert BUTTON not in client.get(first).text
    assert BUTTON in client.get(links_of(client, postman)[-1]).text


def test_link_proves_for_a_day(
    client: FlaskClient, store: Store, workshop: Workshop, postman: Postman,
    time_machine: TimeMachineFixture,
) -> None:  # fmt: skip
    take_open_half(client, workshop)
    own = register(client, workshop, **by_mail())
    [link] = links_of(client, postman)
    typed = filled(client.get(link))
    time_machine.shift(24 * 3600)
    assert BUTTON not in client.get(link).text
    assert client.post(f"{own}/confirmar", data=typed).status_code == 303
    assert [each.status for each in everyone(store)][2:] == [WAITLISTED]


def test_link_of_a_text_confirms_too(
    make_app: Callable[..., Flask], config: Config, store: Store, workshop: Workshop
) -> None:
    with serve_gateway() as gateway:
        texts = replace(config.texts, url=gateway.url, body="text={text}")
        client = make_app(limits=UNLIMITED, texts=texts).test_client()
        take_open_half(client, workshop)
        by_text = {"contact": "phone", "phone": "312 555 0142", "message_ok": "yes"}
        own = register(client, workshop, **by_text)
        register(client, workshop, **by_mail())  # of which no letter can be sent
        Worker(client.application).once()
        [(_method, _path, _headers, body)] = gateway.asked
    text = parse_qs(body)["text"][0]
    found = re.search(r"localhost:8000(/es/r/\S+)", text)
    assert found is not None
    assert len(text) < 160
    client.post(f"{own}/confirmar", data=filled(client.get(found[1])))
    assert [each.status for each in everyone(store)][2:] == [CONFIRMED, WAITLISTED]


def test_nothing_is_kept_where_no_message_can_be_sent(
    make_app: Callable[..., Flask], store: Store, workshop: Workshop
) -> None:
    client = make_app(limits=UNLIMITED).test_client()
    for _ in range(SEATS):
        register(client, workshop)
    assert seats_left(store, workshop) == 0


def test_nothing_is_kept_at_a_discreet_workshop(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        discreet = hold(session, chicago, women, capacity=SEATS)
    for number in range(SEATS):
        register(client, discreet, **by_mail(number))
    assert [each.status for each in everyone(store)] == [CONFIRMED] * SEATS


def test_form_says_whom_the_seats_are_for(
    client: FlaskClient, workshop: Workshop, postman: Postman
) -> None:
    address = f"/es/t/{workshop.public_id}/lugar"
    assert "Quedan 4 lugares." in client.get(address).text
    register(client, workshop)
    assert "Queda 1 lugar." in client.get(address).text
    register(client, workshop)
    page = client.get(address).text
    assert "Los lugares que quedan son para quien confirma con el enlace que le mandamos." in page
    assert "entran juntas" not in page


@pytest.mark.parametrize(("is_braking", "taken"), [(True, 8), (False, 10)])
def test_networks_around_an_address_are_limited_while_the_brake_is_on(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind,
    time_machine: TimeMachineFixture, is_braking: bool, taken: int,
) -> None:  # fmt: skip
    """Also where no address in them wants more than its share, and not within one minute."""
    with store.change() as session:
        large = hold(session, chicago, rights, capacity=20)
    for number in range(10):
        form = answers(client.application, large)
        if is_braking:
            brake.start(client.application)
            found = brake.find_challenge(send(client, large, form))
            assert found is not None
            form["pow"] = brake.solve(*found)
        assert send(client, large, form, address=f"203.0.113.{number}").status_code == 303
        time_machine.shift(61)
    assert seats_left(store, large) == 20 - taken
