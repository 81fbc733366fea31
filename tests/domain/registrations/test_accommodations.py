"""Accommodations on the registration form: used-up ones, and the choice when the form is shown
again."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.registration_forms import answers, everyone, filled, send

pytestmark = pytest.mark.any_database


def test_form_shows_which_accommodations_are_used_up(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        limited = make_workshop(
            session,
            chicago,
            rights,
            has_childcare=True,
            interpretation=Codes(["nah", "mxt"]),
            support={"childcare": 1, "interpreter-nah": 1},
        )
    before = client.get(f"/es/t/{limited.public_id}/lugar").text
    assert "Ya no queda" not in before
    assert "Intérprete de náhuatl" in before
    seat(store, key_store, limited, needs=Codes(["childcare", "interpreter-nah"]))
    page = client.get(f"/es/t/{limited.public_id}/lugar").text
    assert "Ya no queda cuidado de niños" in page
    assert "Ya no queda intérprete de náhuatl" in page
    for need in ("childcare", "interpreter-nah"):
        assert f'value="{need}" disabled' in page
    assert 'value="interpreter-mxt" disabled' not in page


def test_accommodation_used_up_meanwhile_keeps_what_was_typed(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        limited = make_workshop(
            session, chicago, rights, has_childcare=True, support={"childcare": 1}
        )
    seat(store, key_store, limited, needs=Codes(["childcare"]))
    typed = answers(
        app,
        limited,
        needs=["childcare", "step_free"],
        contact="email",
        email="rosa@ejemplo.com",
        people="2",
    )
    answer = send(client, limited, typed)
    assert answer.status_code == 409
    assert "Ya no queda cuidado de niños. Puedes apartar sin eso, o llamarnos." in answer.text
    assert len(everyone(store)) == 1
    assert key_store.find("rosa@ejemplo.com") == []
    kept = filled(answer)
    assert (kept["needs"], kept["people"], kept["email"]) == (
        ["step_free"],
        ["2"],
        ["rosa@ejemplo.com"],
    )
    assert kept["nonce"] == [typed["nonce"]]
    corrected = {name: each[0] for name, each in kept.items()}
    assert send(client, limited, corrected).status_code == 303


def test_waitlisted_party_may_wait_for_childcare(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        small = make_workshop(
            session, chicago, rights, capacity=1, has_childcare=True, support={"childcare": 1}
        )
    seat(store, key_store, small, needs=Codes(["childcare"]))
    page = client.get(f"/es/t/{small.public_id}/lugar").text
    assert "Ya no queda cuidado de niños. Si lo marcas, esperas hasta que haya." in page
    assert 'value="childcare" disabled' not in page


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["interpreter"], ["interpreter-nah"]),
        (["interpreter", "step_free"], ["interpreter-nah", "step_free"]),
        (["interpreter-nah"], ["interpreter-nah"]),
    ],
)
def test_interpreter_without_language_means_the_only_one_offered(
    app: Flask,
    client: FlaskClient,
    store: Store,
    chicago: Office,
    rights: Kind,
    sent: list[str],
    kept: list[str],
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, interpretation=Codes(["nah"]))
        two = make_workshop(session, chicago, rights, interpretation=Codes(["nah", "mxt"]))
    assert send(client, workshop, answers(app, workshop, needs=sent)).status_code == 303
    assert everyone(store)[0].needs == Codes(kept)
    if "interpreter" in sent:
        assert send(client, two, answers(app, two, needs=sent)).status_code == 422


def test_more_than_three_interpreters_are_refused(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    languages = ["nah", "mxt", "zap", "yua"]
    with store.change() as session:
        many = make_workshop(session, chicago, rights, interpretation=Codes(languages))
    needs = [f"interpreter-{language}" for language in languages]
    answer = send(client, many, answers(app, many, needs=needs))
    assert answer.status_code == 422
    assert "Elige intérprete de 3 lenguas o menos." in answer.text
    assert send(client, many, answers(app, many, needs=needs[:3])).status_code == 303
