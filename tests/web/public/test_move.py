"""The page that moves a registration to another date, reached by the person's link."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.clock import now as clock_now
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.models import DeliveryMode
from outreach.keystore import Burst, Key, KeyStore, bursts
from outreach.mail import render
from outreach.mail.message_context import MessageContext
from outreach.web.middleware import rate_limits
from tests.conftest import make_workshop, seat, venue
from tests.domain.registrations.test_moving import SLOTS
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    everyone,
    filled,
    link_of,
    now_of,
    own_address,
    seats_left,
    send,
)

pytestmark = pytest.mark.any_database


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(limits=UNLIMITED).test_client()


def after(days: int) -> Any:
    return clock_now().date() + timedelta(days=7 + days)


@pytest.fixture
def here(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        where = venue(session, chicago, name="Biblioteca de Pilsen")
        return make_workshop(session, chicago, rights, capacity=8, venue=where)


@pytest.fixture
def there(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        where = venue(session, chicago, name="Escuela de Cicero")
        return make_workshop(session, chicago, rights, capacity=8, day=after(7), venue=where)


@pytest.fixture
def rosa(store: Store, key_store: KeyStore, here: Workshop) -> Registration:
    return seat(
        store, key_store, here,
        people=2, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com",
    )  # fmt: skip


def page_of(key_store: KeyStore, registration: Registration) -> str:
    return f"{link_of(key_store, registration)}/mover"


def post(client: FlaskClient, path: str, day: str, number: int = 1, **more: str) -> TestResponse:
    return client.post(
        path, data={"day": day} | more, environ_base={"REMOTE_ADDR": own_address(number)}
    )


def place_of(store: Store, registration: Registration) -> int:
    return now_of(store, registration).workshop_id


def test_each_date_says_where_it_is(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    here: Workshop, there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    with store.change() as session:
        same = session.merge(here, load=False).venue
        make_workshop(session, chicago, rights, day=after(14), venue=same)
        make_workshop(
            session, chicago, rights, day=after(15), venue=None, mode=DeliveryMode.VIDEO_CALL
        )
        make_workshop(session, chicago, rights, day=after(16), capacity=0)
    page = client.get(page_of(key_store, rosa))
    text = " ".join(page.text.split())
    assert page.status_code == 200
    assert "<b>Otro lugar:</b> Escuela de Cicero" in text
    assert "el mismo lugar" in text
    assert "En línea, por videollamada" in text
    assert "Lleno: lista de espera" in text
    assert "Tu lugar de ahora no se suelta hasta que el nuevo quede apartado." in text
    assert f'value="{here.public_id}"' not in text


def test_ticket_leads_to_the_page(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    path = page_of(key_store, rosa)
    assert f'href="{path}"' in client.get(link_of(key_store, rosa)).text


def test_move_leads_to_the_same_link_with_the_new_date(
    client: FlaskClient, store: Store, key_store: KeyStore,
    here: Workshop, there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    answer = post(client, page_of(key_store, rosa), there.public_id)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{link_of(key_store, rosa)}?fecha=nueva"
    ticket = client.get(answer.headers["Location"]).text
    assert "Movimos tu lugar a esta fecha." in ticket
    assert "Escuela de Cicero" in ticket
    assert "Biblioteca de Pilsen" not in ticket
    assert (seats_left(store, here), seats_left(store, there)) == (8, 6)


def test_second_post_gets_the_same_answer(
    client: FlaskClient, store: Store, key_store: KeyStore, there: Workshop, rosa: Registration
) -> None:
    first, second = (post(client, page_of(key_store, rosa), there.public_id) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert seats_left(store, there) == 6


def test_full_date_keeps_the_place_and_offers_its_waitlist_besides(
    client: FlaskClient, store: Store, key_store: KeyStore,
    here: Workshop, there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    seat(store, key_store, there, people=7)
    answer = post(client, page_of(key_store, rosa), there.public_id)
    assert answer.status_code == 409
    assert "Tu lugar de ahora sigue apartado." in " ".join(answer.text.split())
    assert f'href="/es/t/{there.public_id}/lugar"' in answer.text
    assert place_of(store, rosa) == here.id


def test_hour_of_a_day_of_consultations_has_to_be_chosen(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        one = make_workshop(session, chicago, rights, **SLOTS)
        two = make_workshop(session, chicago, rights, day=after(1), **SLOTS)
    rosa = seat(store, key_store, one, slot="18:20")
    path = page_of(key_store, rosa)
    assert post(client, path, two.public_id).status_code == 422
    name = f"slot-{two.public_id}"
    assert post(client, path, two.public_id, 1, **{name: "18:40"}).status_code == 303
    with store.read() as session:
        assert f"{session.get_one(Registration, rosa.id).starts:%H:%M}" == "18:40"


def test_date_without_what_the_party_needs_cannot_be_chosen(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    there: Workshop,
) -> None:  # fmt: skip
    with store.change() as session:
        here = make_workshop(session, chicago, rights, has_childcare=True)
    rosa = seat(store, key_store, here, needs=Codes(["childcare"]))
    path = page_of(key_store, rosa)
    assert "Ahí no hay: Cuidado de niños." in client.get(path).text
    assert post(client, path, there.public_id).status_code == 409
    assert place_of(store, rosa) == here.id


@pytest.mark.parametrize("day", ["", "nada", "X" * 300])
def test_date_that_is_not_offered_is_asked_for_again(
    client: FlaskClient, key_store: KeyStore, there: Workshop, rosa: Registration, day: str
) -> None:
    answer = post(client, page_of(key_store, rosa), day)
    assert answer.status_code == 422
    assert "Elige una de estas fechas." in answer.text


def test_party_that_waits_has_no_move(
    client: FlaskClient, store: Store, key_store: KeyStore, here: Workshop, there: Workshop
) -> None:
    seat(store, key_store, here, people=8)
    luz = seat(store, key_store, here)
    assert now_of(store, luz).status is RegistrationStatus.WAITLISTED
    assert "Ya no se puede mover." in client.get(page_of(key_store, luz)).text
    assert post(client, page_of(key_store, luz), there.public_id).status_code == 409


# Discreet workshops


@pytest.fixture
def quiet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, day=after(3), title={"es": "Solo mujeres"})


def test_discreet_date_is_a_new_request(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind,
    quiet: Workshop,
) -> None:  # fmt: skip
    with store.change() as session:
        other = make_workshop(session, chicago, women, day=after(5))
    rosa = seat(store, key_store, quiet)
    path = page_of(key_store, rosa)
    page = client.get(path)
    assert "Cada fecha es una solicitud nueva" in page.text
    assert f'href="/es/t/{other.public_id}/lugar"' in page.text
    for word in ("mujer", "Chicago", "onsul"):
        assert word not in page.text.partition("<main")[2].partition("</main>")[0]
    answer = post(client, path, other.public_id)
    assert answer.status_code == 409
    assert place_of(store, rosa) == quiet.id


def test_ordinary_place_does_not_become_a_discreet_one(
    client: FlaskClient, store: Store, key_store: KeyStore, here: Workshop, there: Workshop,
    rosa: Registration,
) -> None:  # fmt: skip
    with store.change() as session:
        session.merge(there, load=False).is_discreet = True
    path = page_of(key_store, rosa)
    assert there.public_id not in client.get(path).text
    answer = post(client, path, there.public_id)
    assert answer.status_code == 409
    assert "Esa fecha es una solicitud nueva" in answer.text
    assert f'href="/es/t/{there.public_id}/lugar"' in answer.text
    assert place_of(store, rosa) == here.id


# No way round the limits of registrations (S29)


def test_move_counts_in_the_share_of_the_network(
    client: FlaskClient, store: Store, key_store: KeyStore, here: Workshop, there: Workshop
) -> None:
    people = [seat(store, key_store, here) for _ in range(5)]
    answers = [post(client, page_of(key_store, each), there.public_id) for each in people]
    assert [each.status_code for each in answers] == [303, 303, 409, 409, 409]
    assert "Ahora no podemos mover tu lugar a esa fecha" in answers[-1].text
    assert seats_left(store, there) == 6
    assert sum(each.workshop_id == here.id for each in everyone(store)) == 3


def test_refused_move_counts_for_nobody(
    client: FlaskClient, store: Store, key_store: KeyStore, here: Workshop, there: Workshop
) -> None:
    full = seat(store, key_store, there, people=8)
    people = [seat(store, key_store, here) for _ in range(4)]
    for each in people:
        assert post(client, page_of(key_store, each), there.public_id).status_code == 409
    assert client.post(f"{link_of(key_store, full)}/cancelar").status_code == 200
    assert post(client, page_of(key_store, people[0]), there.public_id).status_code == 303


def test_burst_goes_with_who_moves(
    client: FlaskClient, store: Store, key_store: KeyStore,
    here: Workshop, there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    """Nobody moves seats out of the sight of the staff."""
    with key_store.store.change() as session:
        session.add(Burst(id=b"b" * 16, began_at=clock_now(), day=key_store.today()))
        session.get_one(Key, rosa.key_id).burst = b"b" * 16
    assert post(client, page_of(key_store, rosa), there.public_id).status_code == 303
    found = bursts.list_bursts(key_store.store, key_store.today())
    assert [(each.workshop, each.key_ids) for each in found] == [(there.id, [rosa.key_id])]


def test_link_moves_ten_times_a_day(
    client: FlaskClient, store: Store, key_store: KeyStore,
    here: Workshop, there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    path = page_of(key_store, rosa)
    statuses = [
        post(client, path, (there, here)[number % 2].public_id, number).status_code
        for number in range(rate_limits.MAX_MOVES + 1)
    ]
    assert statuses == [303] * rate_limits.MAX_MOVES + [429]


# Letters and languages


def test_one_letter_says_what_moved(
    client: FlaskClient, config: Config, store: Store, key_store: KeyStore,
    there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    post(client, page_of(key_store, rosa), there.public_id)
    with store.read() as session, client.application.app_context():
        [notification] = session.scalars(sa.select(Notification)).all()
        letter = render.write(
            MessageContext(
                notification=notification,
                address="rosa@ejemplo.com",
                key=registrations.get_key(key_store, rosa),
                now=clock_now(),
            ),
            config,
        ).get_content()
    assert "Moviste tu lugar a otra fecha." in letter
    assert "Escuela de Cicero" in letter
    assert "Pilsen" not in letter


def test_language_of_the_page_changes_and_the_choice_stays(
    client: FlaskClient, store: Store, key_store: KeyStore,
    here: Workshop, there: Workshop, rosa: Registration,
) -> None:  # fmt: skip
    path = page_of(key_store, rosa).replace("/es/", "/en/")
    answer = post(client, path, there.public_id, switch="language")
    assert answer.status_code == 200
    assert 'lang="en"' in answer.text
    assert filled(answer)["day"] == [there.public_id]
    assert place_of(store, rosa) == here.id


def test_form_that_made_the_registration_leads_to_it_after_the_move(
    client: FlaskClient, store: Store, key_store: KeyStore, here: Workshop, there: Workshop
) -> None:
    typed = answers(client.application, here)
    link = send(client, here, typed, address=own_address(1)).headers["Location"]
    assert post(client, f"{link}/mover", there.public_id).status_code == 303
    again = send(client, here, typed, address=own_address(1))
    assert again.headers["Location"] == link
