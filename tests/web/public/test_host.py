"""Whose site this is: the full name on pages, flyers and letters of its workshops."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from outreach.pdf import flyer_text
from tests.conftest import make_workshop, seat
from tests.support.letters import write_all
from tests.support.registration_forms import link_of

pytestmark = [pytest.mark.any_database]

HOST = "Consulado en Chicago"


def test_pages_of_an_office_and_its_workshops_name_the_host(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    pages = [f"/es/t/{workshop.public_id}", f"/es/t/{workshop.public_id}/lugar", "/es/o/chicago"]
    for path in [*pages, link_of(key_store, seat(store, key_store, workshop))]:
        assert f"<small>{HOST}</small>" in client.get(path).text.partition("</header>")[0], path
    assert HOST not in client.get("/es/").text.partition("</header>")[0]


def test_discreet_workshop_names_neither_host_nor_network(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    client = make_app(brand="Red consular").test_client()
    with store.change() as session:
        circle = make_workshop(session, chicago, women)
    pages = [f"/es/t/{circle.public_id}", f"/es/t/{circle.public_id}/lugar"]
    for path in [*pages, link_of(key_store, seat(store, key_store, circle))]:
        page = client.get(path).text
        assert HOST not in page, path
        assert "Red consular" not in page, path
    assert "Red consular" in client.get("/es/").text
    assert "Red consular" not in client.get("/es/?tipo=mujeres").text


# A summary lists workshops of several hosts, and a reminder says only what one needs to come.
PLAIN = {"summary", "early", "reminder"}


def test_letters_and_flyers_name_the_host_of_ordinary_workshops_only(
    app: Flask, config: Config, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        workshop, circle = (
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, women),
        )
    with app.test_request_context():
        for each, has_host in ((workshop, True), (circle, False)):
            for sent in write_all(each, config, "es", now=clock.now()):
                body = sent.letter.get_content()
                assert (HOST in body) == (has_host and sent.case not in PLAIN), sent.case
                assert HOST not in str(sent.text)
            facts = flyer_text.make_text(each, "es", link="https://example.org", phone="").facts
            assert (f"Te invita: {HOST}" in facts) == has_host
