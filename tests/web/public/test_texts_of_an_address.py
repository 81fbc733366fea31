"""One network address causes a fiftieth of the day's texts (S31); and whom the forms allow us to
call."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Texts
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.keystore import KeyStore
from outreach.maintenance.worker import Worker
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import answers, ask_for_link_by_text, everyone, link_of, send
from tests.support.staff_client import employ, signed_in_as
from tests.support.worker_steps import find_step

HALL: Final = "10.9.8.7"  # the address of everybody here
SHARE: Final = 3


@pytest.fixture(autouse=True)
def clock_of_test() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FIXED_NOW, tick=False) as traveller:
        yield traveller


@dataclass(frozen=True)
class Site:
    client: FlaskClient
    gateway: Gateway
    app: Flask

    def register(self, workshop: Workshop, number: int, **changes: Any) -> str:
        """The answer's location: the page of who registers with the phone of that number."""
        typed = {"contact": "phone", "phone": f"+131255502{number:02}", "by": "text"} | changes
        filled = answers(self.app, workshop, **typed)
        answer = send(self.client, workshop, filled, address=HALL)
        assert answer.status_code == 303, answer.text
        return answer.location

    def send_texts(self) -> list[str]:
        before, worker = len(self.gateway.asked), Worker(self.app)
        worker.run_step(find_step("links"), clock.now())
        worker.once()
        return [self.gateway.read_text(each)[1] for each in self.gateway.asked[before:]]


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Iterator[Site]:
    with serve_gateway() as gateway:
        texts = Texts(url=f"{gateway.url}/send", body="To={to}&Body={text}", a_day=50 * SHARE)
        app = make_app(limits=UNLIMITED, texts=texts)
        client = app.test_client()
        client.environ_base = client.environ_base | {"REMOTE_ADDR": HALL}
        yield Site(client, gateway, app)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=100)


def use_up(site: Site, workshop: Workshop) -> None:
    for number in range(SHARE):
        site.register(workshop, number)
    site.send_texts()


def test_registrations_of_one_address_cause_a_fiftieth(
    site: Site, workshop: Workshop, store: Store, clock_of_test: time_machine.Traveller
) -> None:
    pages = [site.register(workshop, number) for number in range(SHARE + 3)]
    assert len(site.send_texts()) == SHARE
    assert len(everyone(store)) == SHARE + 3, "nobody is refused"
    assert site.client.get(pages[-1]).status_code == 200
    site.register(workshop, 30, by="call")
    site.register(workshop, 31, contact="email", email="rosa@example.org")
    clock_of_test.shift(timedelta(days=1))
    site.register(workshop, 40)
    assert len(site.send_texts()) == 1, "those of yesterday read their page"


def test_form_that_saves_nothing_counts_nothing(site: Site, workshop: Workshop) -> None:
    for _ in range(SHARE + 1):
        wrong = answers(site.app, workshop, contact="phone", phone="12", by="text")
        assert send(site.client, workshop, wrong, address=HALL).status_code == 422
    filled = answers(site.app, workshop, contact="phone", phone="+13125550299", by="text")
    for _ in range(SHARE + 1):  # one form
        send(site.client, workshop, filled, address=HALL)
    site.register(workshop, 1)
    site.register(workshop, 2)
    assert len(site.send_texts()) == SHARE


def test_assisted_registration_of_a_hall_is_exempt(
    site: Site, workshop: Workshop, store: Store
) -> None:
    ana = signed_in_as(site.app, store, employ(store))
    page = ana.post(f"/org/talleres/{workshop.public_id}/asistido", parties="10").text
    found = re.search(r'value="https?://[^/]+/es/t/[^"]+\?a=([^"]+)"', page)
    assert found is not None
    for number in range(SHARE + 3):
        site.register(workshop, number, assisted=found[1])
    assert len(site.send_texts()) == SHARE + 3


def test_links_beyond_it_are_refused_in_true_words(site: Site, workshop: Workshop) -> None:
    use_up(site, workshop)
    known = ask_for_link_by_text(site.client, "+13125550200")
    unknown = ask_for_link_by_text(site.client, "+13125550299")
    assert (known.status_code, unknown.status_code) == (429, 429)
    assert "Desde tu conexión ya se pidieron muchos mensajes hoy." in known.text
    assert site.send_texts() == []


def test_move_and_change_of_contact_say_and_send_nothing_beyond_it(
    site: Site, workshop: Workshop, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        day = workshop.day + timedelta(days=7)
        other = make_workshop(session, chicago, rights, capacity=100, day=day)
    site.register(workshop, 0)
    [rosa] = everyone(store)
    page = site.client.get(f"{link_of(key_store, rosa)}/mover").text
    assert "Te mandamos un mensaje con la fecha nueva." in page
    for number in range(1, SHARE):
        site.register(workshop, number)
    site.send_texts()
    page = site.client.get(f"{link_of(key_store, rosa)}/mover").text
    assert "No te mandamos mensaje: anota la fecha nueva." in page
    path = link_of(key_store, rosa)
    moved = site.client.post(f"{path}/mover", data={"day": other.public_id})
    assert moved.status_code == 303, moved.text
    assert site.send_texts() == []
    changed = {"name": "Rosa", "people": "1", "contact": "phone", "phone": "3125550288"}
    answer = site.client.post(f"{path}/cambiar", data=changed | {"by": "text"})
    assert answer.status_code == 303
    assert site.send_texts() == []


def test_request_for_several_links_is_one_text(
    site: Site, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshops = [make_workshop(session, chicago, rights) for _ in range(2)]
    for each in workshops:
        site.register(each, 0)
    site.send_texts()
    assert ask_for_link_by_text(site.client, "+13125550200").status_code == 200
    [words] = site.send_texts()
    assert words.startswith("Tienes 2 citas.")
    assert words.count("/es/r/") == 2


@pytest.mark.parametrize(
    ("by", "mode", "takes_calls"),
    [
        ({"by": "text"}, DeliveryMode.IN_PERSON, False),
        ({"by": "call"}, DeliveryMode.IN_PERSON, True),
        ({"message_ok": "yes", "by": ""}, DeliveryMode.IN_PERSON, True),
        ({"by": "text"}, DeliveryMode.PHONE_BANK, True),
    ],
)
def test_form_says_who_takes_calls(
    site: Site, store: Store, key_store: KeyStore, chicago: Office, women: Kind,
    by: dict[str, str], mode: DeliveryMode, takes_calls: bool,
) -> None:  # fmt: skip
    with store.change() as session:
        venue = {"venue": None} if mode is DeliveryMode.PHONE_BANK else {}
        discreet = make_workshop(session, chicago, women, mode=mode, **venue)
    site.register(discreet, 0, consent="yes", **by)
    [luz] = everyone(store)
    assert luz.takes_calls is takes_calls
    link = f"{link_of(key_store, luz)}/cambiar"
    assert site.client.post(link, data={"people": "1"}).status_code == 303
    assert everyone(store)[0].takes_calls is takes_calls, "nobody asked again"
    fields = {"name": "Rosa", "people": "1", "contact": "phone", "phone": "3125550288"}
    assert site.client.post(link, data=fields | {"by": "call"}).status_code == 303
    assert everyone(store)[0].takes_calls
