"""Assisted registration: many people register from one phone, and all of them get seats (S29)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import assisted
from outreach.domain.registrations.assisted import AssistedLink
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop
from tests.support.html_forms import fields
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import answers, everyone, seats_left, send
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database("pages")

TABLET = "203.0.113.9"
SEATS = 20


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Flask:
    return make_app(limits=UNLIMITED)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=SEATS)


@pytest.fixture
def ana(site: Flask, store: Store, workshop: Workshop) -> StaffClient:
    return signed_in_as(site, store, employ(store))


def make_link(ana: StaffClient, workshop: Workshop, parties: int) -> str:
    """Returns the path of the form that the link opens."""
    path = f"/org/talleres/{workshop.public_id}/asistido"
    page = ana.post(path, parties=str(parties)).text
    found = re.search(r'value="https?://[^/]+(/es/t/[^"]+)"', page)
    assert found is not None
    return found[1]


def register(client: FlaskClient, workshop: Workshop, code: str) -> TestResponse:
    typed = answers(client.application, workshop, assisted=code)
    answer = send(client, workshop, typed, address=TABLET)
    assert answer.status_code == 303
    return answer


def count_reviewed(store: Store) -> int:
    return sum(each.is_beyond_share for each in everyone(store))


def test_all_parties_of_a_link_get_seats(
    site: Flask, store: Store, workshop: Workshop, ana: StaffClient
) -> None:
    client, path = site.test_client(), make_link(ana, workshop, 12)
    form = fields(client.get(path).text, path.partition("?")[0])
    code = str(form["assisted"])
    for _ in range(12):
        register(client, workshop, code)
    assert (SEATS - seats_left(store, workshop), count_reviewed(store)) == (12, 0)
    for _ in range(6):  # used up: the share of the network counts again
        register(client, workshop, code)
    assert (SEATS - seats_left(store, workshop), count_reviewed(store)) == (17, 1)


def test_page_offers_to_register_the_next_person(
    site: Flask, workshop: Workshop, ana: StaffClient
) -> None:
    client, path = site.test_client(), make_link(ana, workshop, 12)
    code = path.partition("?a=")[2]
    page = client.get(register(client, workshop, code).location).text
    assert f'href="{path}"' in page
    own = client.get(register(client, workshop, code).location.partition("?")[0]).text
    assert "Registrar a otra persona" not in own


def test_link_is_for_one_workshop_and_two_hours(
    site: Flask, store: Store, chicago: Office, rights: Kind, workshop: Workshop, ana: StaffClient
) -> None:
    client, code = site.test_client(), make_link(ana, workshop, 99).partition("?a=")[2]
    with store.change() as session:
        other = make_workshop(session, chicago, rights, capacity=SEATS)
    for _ in range(6):
        register(client, other, code)
    assert count_reviewed(store) == 1
    with store.change() as session:
        session.execute(sa.update(AssistedLink).values(ends_at=clock.now()))
    for _ in range(6):
        register(client, workshop, code)
    assert count_reviewed(store) == 2
    with store.change() as session:
        assisted.purge(session, now=clock.now() + timedelta(seconds=1))
        assert session.scalars(sa.select(AssistedLink)).all() == []


@pytest.mark.parametrize("typed", ["", "0", "201", "muchos", "-1"])
def test_number_of_parties_is_checked(ana: StaffClient, workshop: Workshop, typed: str) -> None:
    answer = ana.post(f"/org/talleres/{workshop.public_id}/asistido", parties=typed)
    assert answer.status_code == 422
    assert "Escribe para cuántos registros, de 1 a 200." in answer.text


@pytest.mark.parametrize("code", ["", "nobody", "'; --", "ABCDEFGH"])
def test_unknown_code_opens_an_ordinary_form(
    site: Flask, workshop: Workshop, ana: StaffClient, code: str
) -> None:
    path = f"/es/t/{workshop.public_id}/lugar"
    answer = site.test_client().get(path, query_string={"a": code})
    assert answer.status_code == 200
    assert "assisted" not in fields(answer.text, path)
