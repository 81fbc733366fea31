"""The address of a hidden workshop is on no public page, in no file, and cannot be found by search
(S13)."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import hold, seat, venue
from tests.support.public_urls import FurnishedSite, in_every_status, manage_token

pytestmark = pytest.mark.any_database

CANARY: Final = re.compile(r"canari|41[.,]1234|87[.,]1234", re.IGNORECASE)


@pytest.fixture
def patient(make_app: Callable[..., Flask]) -> Flask:
    return make_app(limits=Limits(posts=100_000))


def held_in_secret(
    store: Store, office: Office, kind: Kind, visibility: Visibility
) -> dict[str, Workshop]:
    """Workshops of every status at a hidden address."""
    found: dict[str, Workshop] = {}
    with store.change() as session:
        for status in WorkshopStatus:
            here = venue(
                session,
                office,
                name=f"Casa Canaria {status}",
                address="Calle Canario 99",
                latitude=41.123456,
                longitude=-87.123456,
            )
            is_past = status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD}
            made = hold(
                session,
                office,
                kind,
                venue=here,
                visibility=visibility,
                online_url="https://sala.example/canario",
                day=clock.now().date() + timedelta(days=-2 if is_past else 7),
            )
            made.status = status
            found[status] = made
        for name, way in (("open", Way.OPEN), ("phone", Way.PHONE), ("unlisted", Way.UNLISTED)):
            found[name] = hold(session, office, kind, venue=here, visibility=visibility, way=way)
        found["full"] = hold(session, office, kind, venue=here, visibility=visibility, capacity=0)
    return found


def crawled(place: FurnishedSite) -> Iterator[TestResponse]:
    """All public pages."""
    client = place.app.test_client()
    for _, path in place.addresses():
        yield client.get(path)
    for _, path in place.addresses("POST"):
        yield client.post(path, data={"name": ""})
        yield place.post(client, path)


def content(answer: TestResponse) -> str:
    """The text of an answer, of spreadsheets too."""
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as sheet:
            return " ".join(sheet.read(name).decode() for name in sheet.namelist())
    return answer.get_data().decode("utf-8", "replace")


@pytest.mark.any_database("what every page says, asked for one by one")
@pytest.mark.parametrize(
    ("visibility", "is_discreet"),
    [
        pytest.param(
            each,
            is_discreet,
            id=f"{each}, {'discreet' if is_discreet else 'plain'}",
            # In the plain run «approved» stands for all that hide their address.
            marks=[]
            if each is Visibility.APPROVED or (each is Visibility.PUBLIC and is_discreet)
            else pytest.mark.long,
        )
        for each in Visibility
        for is_discreet in (True, False)
    ],
)
def test_hidden_address_is_on_no_public_page(
    patient: Flask,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    visibility: Visibility,
    is_discreet: bool,
) -> None:
    kind = women if is_discreet else rights
    workshops = held_in_secret(store, chicago, kind, visibility)
    links = in_every_status(store, key_store, workshops[WorkshopStatus.PUBLISHED])
    if visibility not in {Visibility.APPROVED, Visibility.PHONE_ONLY}:  # not approved yet
        links = {
            way: each for way, each in links.items() if not way.startswith(("seated", "asked"))
        }
    links["full"] = manage_token(key_store, seat(store, key_store, workshops["full"]))
    place = FurnishedSite(patient, workshops, links, "x" * 22, ())
    telling = {
        answer.request.path: found[0]
        for answer in crawled(place)
        if (found := CANARY.search(content(answer)))
    }
    if visibility is not Visibility.PUBLIC:
        assert telling == {}
        return
    # The address is shown where staff allow it; never in a calendar of a discreet kind.
    assert telling
    assert not [path for path in telling if workshops[WorkshopStatus.DRAFT].public_id in path]
    if is_discreet:
        assert not [path for path in telling if path.endswith((".ics", ".json", ".csv", ".xlsx"))]


@pytest.mark.parametrize("typed", ["Casa Canaria published", "Calle Canario 99", "Canaria"])
def test_hidden_address_cannot_be_found_by_search(
    patient: Flask, store: Store, chicago: Office, women: Kind, typed: str
) -> None:
    held_in_secret(store, chicago, women, Visibility.REGISTERED)
    client, nowhere = patient.test_client(), "Calle Que No Hay 1"

    def answered(path: str, where: str) -> str:
        text = client.get(path, query_string={"donde": where}).text
        twice = quote_plus(quote_plus(where))  # an address within an address
        for written in (where, quote_plus(where), quote(where), twice):
            text = text.replace(written, "")
        return text

    for path in ("/es/", "/en/calendario", "/fr/cal/red.ics"):
        assert answered(path, typed) == answered(path, nowhere), path
