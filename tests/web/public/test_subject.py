"""What one learns at a workshop, on its page: its own words, or those of its kind."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.imports import DATA, kinds
from outreach.languages import CODES
from tests.conftest import make_workshop

pytestmark = pytest.mark.any_database("the words of a page")

OWN, OF_KIND = "Qué papeles nunca firmar.", "Lo que dice el tipo."


def page_of(
    client: FlaskClient, store: Store, office: Office, kind: Kind, lang: str = "es", **changes: Any
) -> str:
    with store.change() as session:
        session.get_one(Kind, kind.id).description = {"es": OF_KIND, "fr": "Ce que dit le type."}
    with store.change() as session:
        number = make_workshop(session, office, kind, **changes).public_id
    return client.get(f"/{lang}/t/{number}").text


def test_words_of_a_workshop_stand_before_those_of_its_kind(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    page = page_of(client, store, chicago, rights, summary={"es": OWN})
    assert "Qué vas a aprender" in page
    assert page.count(f"<p>{OWN}</p>") == 1
    assert OF_KIND not in page
    assert OF_KIND in page_of(client, store, chicago, rights, summary={})
    french = page_of(client, store, chicago, rights, "fr", summary={})
    assert "Ce que dit le type." in french


def test_heading_fits_an_hour_of_ones_own_and_what_is_over(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hours = page_of(client, store, chicago, rights, way=Way.SLOTS, slot_minutes=20)
    past = page_of(client, store, chicago, rights, day=clock.now().date() - timedelta(days=3))
    assert "De qué trata" in hours
    assert "Lo que vimos" in past
    for page in (hours, past):
        assert "Qué vas a aprender" not in page


def test_discreet_page_says_no_words_of_its_kind(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    for summary in ({}, {"es": OWN}):
        page = page_of(client, store, chicago, women, summary=summary)
        assert OF_KIND not in page
        assert "Qué vas a aprender" not in page


def test_every_packaged_kind_has_words_in_every_language() -> None:
    for each in kinds.read(DATA / "taxonomy.json").kinds:
        assert set(each.description) == set(CODES), each.code
