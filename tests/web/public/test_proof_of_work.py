"""While the brake is on, the registration form asks for a proof of work, or for a wait (S29)."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import TimeMachineFixture
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import RegistrationStatus, assisted
from outreach.domain.workshops import Workshop
from tests.conftest import hold
from tests.support import brake
from tests.support.fixed_clock import fixed_clock
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    everyone,
    filled,
    own_address,
    seats_left,
    send,
)

pytestmark = pytest.mark.any_database

HOSTILE = "203.0.113.9"


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(limits=UNLIMITED).test_client()


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights, capacity=20)


@pytest.fixture
def discreet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, women, capacity=20)


def form_of(workshop: Workshop) -> str:
    return f"/es/t/{workshop.public_id}/lugar"


def open_form(client: FlaskClient, workshop: Workshop, clock: TimeMachineFixture) -> TestResponse:
    """The page of the form, five seconds before it is posted."""
    page = client.get(form_of(workshop))
    clock.shift(5)
    return page


# When it is asked for


def test_form_asks_for_nothing_while_the_brake_is_off(
    client: FlaskClient, workshop: Workshop
) -> None:
    page = client.get(form_of(workshop))
    assert brake.find_challenge(page) is None
    assert "proof_of_work" not in page.text
    assert 'name="pow"' not in page.text


@fixed_clock
@pytest.mark.parametrize("is_discreet", [False, True], ids=["ordinary", "discreet"])
def test_number_that_the_opened_form_asks_for_is_accepted(
    client: FlaskClient, store: Store, workshop: Workshop, discreet: Workshop,
    time_machine: TimeMachineFixture, is_discreet: bool,
) -> None:  # fmt: skip
    chosen = discreet if is_discreet else workshop
    brake.start(client.application)
    page = open_form(client, chosen, time_machine)
    found = brake.find_challenge(page)
    assert found is not None
    challenge, bits = found
    assert 0 < bits <= 16
    number = brake.solve(challenge, bits)
    digest = hashlib.sha256(f"{challenge}{number}".encode()).digest()
    assert int.from_bytes(digest, "big") >> (256 - bits) == 0
    typed = filled(page) | {"name": "Luz", "people": "1", "contact": "none", "pow": number}
    typed["consent"] = "yes" if is_discreet else ""
    assert send(client, chosen, typed).status_code == 303
    assert len(everyone(store)) == 1


@pytest.mark.thorough
def test_two_hundred_saves_of_one_address_start_the_brake_for_all(
    client: FlaskClient, workshop: Workshop, discreet: Workshop
) -> None:
    for _ in range(201):
        typed = answers(client.application, workshop)
        assert send(client, workshop, typed, address=HOSTILE).status_code == 303
    for each in (workshop, discreet):
        assert brake.find_challenge(client.get(form_of(each))) is not None


@pytest.mark.parametrize(
    ("posts", "people", "expected"),
    [(5, "4", True), (4, "4", False)],
    ids=["all seats", "not all"],
)
def test_workshop_that_few_networks_fill_starts_the_brake(
    client: FlaskClient, workshop: Workshop, discreet: Workshop,
    posts: int, people: str, expected: bool,
) -> None:  # fmt: skip
    for number in range(posts):
        typed = answers(client.application, workshop, people=people)
        send(client, workshop, typed, address=own_address(number))
    assert (brake.find_challenge(client.get(form_of(discreet))) is not None) is expected


def test_workshop_that_many_networks_fill_does_not(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    for number, people in enumerate([1] * 11 + [3] * 3):
        typed = answers(client.application, workshop, people=str(people))
        send(client, workshop, typed, address=own_address(number))
    assert seats_left(store, workshop) == 0
    assert brake.find_challenge(client.get(form_of(workshop))) is None


def test_small_workshop_is_always_filled_by_few(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        small = hold(session, chicago, rights, capacity=9)
    for number in range(9):
        typed = answers(client.application, small)
        send(client, small, typed, address=own_address(number))
    assert brake.find_challenge(client.get(form_of(small))) is None


@pytest.mark.thorough
def test_crowd_from_many_networks_is_not_asked(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        large = hold(session, chicago, rights, capacity=50)
    for number in range(300):
        typed = answers(client.application, large)
        assert send(client, large, typed, address=own_address(number)).status_code == 303
    assert brake.find_challenge(client.get(form_of(large))) is None
    statuses = [each.status for each in everyone(store)]
    assert statuses.count(RegistrationStatus.CONFIRMED) == 50


def test_all_hosts_share_the_brake(
    client: FlaskClient, make_app: Callable[..., Flask], workshop: Workshop
) -> None:
    brake.start(client.application)
    assert brake.find_challenge(make_app().test_client().get(form_of(workshop))) is not None


# The answer to a post without a number


def post_without(
    client: FlaskClient, workshop: Workshop, **changes: Any
) -> tuple[dict[str, Any], TestResponse]:
    typed = answers(client.application, workshop, **changes)
    return typed, send(client, workshop, typed)


def test_post_without_a_number_gets_the_filled_form_with_a_challenge(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    brake.start(client.application)
    typed, answer = post_without(
        client, workshop, name="Rosa", people="3", contact="email", email="r@ejemplo.com",
        needs=["sign_language"],
    )  # fmt: skip
    assert answer.status_code not in {303, 403, 429}
    assert "Tu turno sigue en 20 segundos." in answer.text
    kept = filled(answer)
    for name, value in typed.items():
        expected = value if isinstance(value, list) else [value]
        assert kept[name] == expected, name
    assert not everyone(store)
    found = brake.find_challenge(answer)
    assert found is not None
    typed = {name: values for name, values in kept.items() if name != "pow"}
    typed["pow"] = brake.solve(*found)
    assert send(client, workshop, typed).status_code == 303
    assert len(everyone(store)) == 1


def test_browser_begins_by_itself_after_a_press(client: FlaskClient, workshop: Workshop) -> None:
    brake.start(client.application)
    assert "data-pow-pressed" not in client.get(form_of(workshop)).text
    _typed, answer = post_without(client, workshop)
    assert "data-pow-pressed" in answer.text
    _typed, answer = post_without(client, workshop, pow="1")
    assert "data-pow-pressed" not in answer.text, "a browser that cannot would repeat it for ever"


@pytest.mark.parametrize("pow", ["", "0", "-5", "1e3", "٣٤", "9" * 17, "x"])
def test_wrong_number_is_no_proof(client: FlaskClient, workshop: Workshop, pow: str) -> None:
    brake.start(client.application)
    _typed, answer = post_without(client, workshop, pow=pow)
    assert answer.status_code == 200
    assert 'name="pow" value=""' in answer.text


def test_number_is_good_for_one_form_only(client: FlaskClient, workshop: Workshop) -> None:
    brake.start(client.application)
    _typed, answer = post_without(client, workshop)
    found = brake.find_challenge(answer)
    assert found is not None
    number = brake.solve(*found)
    _typed, other = post_without(client, workshop, pow=number)
    assert other.status_code == 200
    assert brake.find_challenge(other) != found


def test_form_with_an_error_keeps_its_number(client: FlaskClient, workshop: Workshop) -> None:
    brake.start(client.application)
    typed = answers(client.application, workshop, name="")
    found = brake.find_challenge(send(client, workshop, typed))
    assert found is not None
    typed["pow"] = brake.solve(*found)
    answer = send(client, workshop, typed)
    assert answer.status_code == 422
    assert filled(answer)["pow"] == [typed["pow"]]
    assert send(client, workshop, typed | {"name": "Rosa"}).status_code == 303


def test_repeated_post_needs_no_number(client: FlaskClient, workshop: Workshop) -> None:
    typed = answers(client.application, workshop)
    first = send(client, workshop, typed)
    brake.start(client.application)
    again = send(client, workshop, typed)
    assert again.status_code == 303
    assert again.location == first.location


# The wait of people without JavaScript


@fixed_clock
def test_form_is_accepted_after_the_wait(
    client: FlaskClient, store: Store, workshop: Workshop, time_machine: TimeMachineFixture
) -> None:
    brake.start(client.application)
    typed = filled(open_form(client, workshop, time_machine)) | {"name": "Rosa", "people": "2"}
    answer = send(client, workshop, typed | {"contact": "none"})
    assert seconds_of(answer) == 20
    for waited, left in ((5, 15), (14, 1)):
        time_machine.shift(waited)
        answer = send(client, workshop, filled(answer))
        assert answer.status_code == 200
        assert seconds_of(answer) == left, "the wait must not begin again"
    assert not everyone(store)
    time_machine.shift(1)
    assert send(client, workshop, filled(answer)).status_code == 303
    [registration] = everyone(store)
    assert registration.people == 2


@fixed_clock
def test_wait_outlasts_the_brake(
    client: FlaskClient, store: Store, workshop: Workshop, time_machine: TimeMachineFixture
) -> None:
    brake.start(client.application)
    _typed, answer = post_without(client, workshop)
    time_machine.shift(11 * 60)
    page = client.get(form_of(workshop))
    assert brake.find_challenge(page) is None
    assert send(client, workshop, filled(answer)).status_code == 303


@pytest.mark.thorough
@pytest.mark.parametrize("has_script", [True, False], ids=["with JavaScript", "without"])
@fixed_clock
def test_sixty_people_behind_one_address_are_not_refused(
    make_app: Callable[..., Flask], store: Store, workshop: Workshop,
    time_machine: TimeMachineFixture, has_script: bool,
) -> None:  # fmt: skip
    """One every two seconds, with the limits of an installation, while the brake is on."""
    client = make_app().test_client()
    waiting: list[dict[str, Any]] = []
    for number in range(60):
        brake.start(client.application)
        typed = answers(client.application, workshop, name=f"Rosa {chr(97 + number % 26)}")
        answer = send(client, workshop, typed, address=HOSTILE)
        assert answer.status_code == 200
        found = brake.find_challenge(answer)
        assert found is not None
        work = {"pow": [brake.solve(*found)]} if has_script else {}
        waiting.append(filled(answer) | work)
        time_machine.shift(2)
        if has_script or number >= 10:
            answer = send(client, workshop, waiting.pop(0), address=HOSTILE)
            assert answer.status_code == 303
    time_machine.shift(20)
    for typed in waiting:
        assert send(client, workshop, typed, address=HOSTILE).status_code == 303
    assert len(everyone(store)) == 60


def test_wait_of_another_form_is_none(client: FlaskClient, workshop: Workshop) -> None:
    brake.start(client.application)
    _typed, answer = post_without(client, workshop)
    [wait] = filled(answer)["wait"]
    _typed, other = post_without(client, workshop, wait=wait)
    assert "Tu turno sigue en 20 segundos." in other.text
    assert filled(other)["wait"] != [wait]


@pytest.mark.parametrize("wait", ["x", "WyJhIiwxXQ.abc", "ñ"])
def test_forged_wait_is_none(client: FlaskClient, workshop: Workshop, wait: str) -> None:
    brake.start(client.application)
    _typed, answer = post_without(client, workshop, wait=wait)
    assert "Tu turno sigue en 20 segundos." in answer.text


@fixed_clock
def test_assisted_registration_is_not_asked(
    client: FlaskClient, store: Store, workshop: Workshop, time_machine: TimeMachineFixture
) -> None:
    with store.change() as session:
        code = assisted.make(session, workshop, 1, now=clock.now()).code
    brake.start(client.application)
    page = client.get(form_of(workshop), query_string={"a": code})
    assert brake.find_challenge(page) is None
    typed = answers(client.application, workshop, assisted=code)
    assert send(client, workshop, typed).status_code == 303
    typed = answers(client.application, workshop, assisted=code)
    assert send(client, workshop, typed).status_code == 200, "its link is used up"


def seconds_of(page: TestResponse) -> int:
    found = re.search(r"Tu turno sigue en (\d+) segundo", page.text)
    assert found is not None
    return int(found[1])
