"""`/joint.json`: what is in it, what never is, and how it is served and signed (S44)."""

import base64
import gzip
import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import OKPKey

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import network_changes, workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.joint import joint_reader, signed_documents
from outreach.joint.signed_documents import BadDocument
from outreach.keystore import KeyStore
from tests.conftest import kind, make_workshop, seat, venue
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = fixed_clock
STREET = "1805 S. Ejemplo St."


def read(client: FlaskClient) -> dict[str, Any]:
    """The payload, verified by the library and the key in the header alone."""
    document = client.get("/joint.json").json
    assert document is not None
    header = json.loads(_decode(document["protected"]))
    key = OKPKey.import_key(header["jwk"])
    assert header["kid"] == key.thumbprint()
    signed = jws.deserialize_json(document, key, algorithms=["Ed25519"])
    found: dict[str, Any] = json.loads(signed.payload or b"")
    return found


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def share(store: Store, office: Office, of: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, of, is_shared=True, **changes)


def test_document_says_what_the_page_says_and_no_more(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    made = share(
        store, chicago, rights, mode=DeliveryMode.HYBRID, online_url="https://meet.example.org/x",
        facilitator="Lupe", title={"es": "Conoce <b>tus</b> derechos\u202e"},
    )  # fmt: skip
    with store.change() as session:
        make_workshop(session, chicago, rights, title={"es": "No se comparte"})
    seat(store, key_store, made, name="Rosa Canario")
    payload = read(client)
    assert payload["network"] == "Talleres"
    assert payload["url"] == "http://localhost:8000"
    [entry] = payload["workshops"]
    assert entry["uid"] == f"taller-{made.uid}@talleres.example.org"
    assert entry["title"] == {"es": "Conoce ‹b›tus‹/b› derechos"}
    assert entry["attendance"] == "both"
    assert entry["address"] == STREET
    assert entry["starts_at"] == "2026-12-05T00:00:00Z"
    assert entry["zone"] == "America/Chicago"
    assert entry["state"] == "open"
    assert entry["url"]["fr"] == f"http://localhost:8000/fr/t/{made.public_id}"
    text = json.dumps(payload)
    for secret in ("meet.example.org", "Lupe", "Rosa", "capacity", "No se comparte"):
        assert secret not in text, secret
    assert not any(word in key for key in entry for word in ("seat", "people", "capacity", "left"))


def test_own_document_is_accepted_by_a_partner(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    share(store, chicago, rights, title={"es": "Ñandú <script>\u200b"}, summary={"es": "a\n<i>b"})
    found = signed_documents.verify(client.get("/joint.json").data)
    read_back = joint_reader.read(found.payload, site="http://localhost:8000", now=FIXED_NOW)
    assert len(list(joint_reader.make_rows(read_back))) == 1


@pytest.mark.parametrize(
    "visibility", [Visibility.REGISTERED, Visibility.APPROVED, Visibility.PHONE_ONLY]
)
def test_hidden_address_is_not_in_the_document(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, visibility: Visibility
) -> None:
    share(store, chicago, rights, visibility=visibility)
    [entry] = read(client)["workshops"]
    assert (entry["place"], entry["address"], entry["city"]) == ("", "", "Chicago")
    assert STREET not in json.dumps(entry)


def test_discreet_unlisted_and_unpublished_workshops_are_never_in_the_document(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    """Every sort of kind, way, status and time, all of them marked as shared in the database."""
    sensitivities, expected = ("low", "medium", "high", "very_high"), set[str]()
    with store.change() as session:
        place = venue(session, chicago)
        for number, (is_discreet, sensitivity) in enumerate(product((False, True), sensitivities)):
            of = kind(
                f"tipo-{number}",
                f"Tipo {number}",
                is_discreet=is_discreet,
                sensitivity=sensitivity,
                public_code=f"K{number}XQ",
                visibility=Visibility.REGISTERED,
            )
            session.add(of)
            session.flush()
            for way, status, days in product(Way, WorkshopStatus, (-3, 5, 400)):
                made = make_workshop(
                    session, chicago, of, way=way, status=status, venue=place,
                    day=(FIXED_NOW + timedelta(days=days)).date(),
                )  # fmt: skip
                made.is_shared = True
                if (
                    not is_discreet
                    and sensitivity in {"low", "medium"}
                    and way is not Way.UNLISTED
                    and status in {WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED}
                    and days == 5
                ):
                    expected.add(f"taller-{made.uid}@talleres.example.org")
    assert {each["uid"] for each in read(client)["workshops"]} == expected
    assert len(expected) == 16


def test_kind_that_became_discreet_leaves_the_document_at_once(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    share(store, chicago, rights)
    assert len(read(client)["workshops"]) == 1
    with store.change() as session:
        found = session.get_one(Kind, rights.id)
        network_changes.change_kind(
            session,
            found,
            {"is_discreet": True, "visibility": Visibility.REGISTERED, "retention_days": 7},
            now=FIXED_NOW,
        )
    assert read(client)["workshops"] == []


def test_workshop_of_a_discreet_kind_is_not_marked_as_shared(
    store: Store, chicago: Office, women: Kind, rights: Kind
) -> None:
    made = share(store, chicago, women)
    assert not made.is_shared
    other = share(store, chicago, rights)
    with store.change() as session:
        found = workshops.find(session, other.public_id)
        data = replace(workshop_service.get_data(found), way=Way.UNLISTED)
        workshop_service.change(session, found, data, now=FIXED_NOW)
        assert not found.is_shared


def test_state_says_whether_one_can_still_come(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    def state() -> str:
        [entry] = read(client)["workshops"]
        return str(entry["state"])

    made = share(store, chicago, rights, capacity=1, opens_days=2)
    assert state() == "soon"
    change(store, made, opens_days=None)
    assert state() == "open"
    with store.read() as session:
        opened = workshops.find(session, made.public_id)
    seat(store, key_store, opened)
    assert state() == "waitlist"
    change(store, made, has_waiting_list=False)
    assert state() == "closed"
    with store.change() as session:
        found = workshops.find(session, made.public_id)
        workshop_service.cancel(session, found, now=FIXED_NOW)
    assert state() == "cancelled"
    with time_machine.travel(made.ends_at - timedelta(minutes=10), tick=False):
        assert state() == "cancelled"
    with time_machine.travel(made.ends_at + timedelta(minutes=10), tick=False):
        assert read(client)["workshops"] == []


def test_bytes_are_stable_and_the_tag_changes_with_what_it_says(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    made = share(store, chicago, rights)
    first = client.get("/joint.json")
    with time_machine.travel(FIXED_NOW + timedelta(minutes=4), tick=False):
        assert client.get("/joint.json").data == first.data
    with time_machine.travel(FIXED_NOW + timedelta(minutes=6), tick=False):
        later = client.get("/joint.json")
    assert later.data != first.data
    assert later.headers["ETag"] == first.headers["ETag"]
    tag = {"If-None-Match": first.headers["ETag"]}
    same = client.get("/joint.json", headers=tag)
    assert (same.status_code, same.data) == (304, b"")
    change(store, made, title={"es": "Otro título"})
    assert client.get("/joint.json", headers=tag).status_code == 200


def test_document_is_compressed_where_that_is_asked_for(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    for _each in range(4):
        share(store, chicago, rights)
    plain = client.get("/joint.json")
    packed = client.get("/joint.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert plain.mimetype == "application/json"


def test_altered_byte_of_payload_header_or_signature_is_refused(client: FlaskClient) -> None:
    document = client.get("/joint.json").json
    assert document is not None
    for part in ("payload", "protected", "signature"):
        text = document[part]
        for place in range(0, len(text) - 1, max(1, len(text) // 40)):
            other = "A" if text[place] != "A" else "B"
            altered = document | {part: text[:place] + other + text[place + 1 :]}
            with pytest.raises(BadDocument):
                signed_documents.verify(json.dumps(altered).encode(), pinned_key=_get_key(document))


def _get_key(document: dict[str, str]) -> str:
    return str(json.loads(_decode(document["protected"]))["jwk"]["x"])


def change(store: Store, workshop: Workshop, **changes: Any) -> None:
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(found), **changes)
        workshop_service.change(session, found, data, now=FIXED_NOW)
