"""One form sent twice, too late, too often, or while the database is down."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import RegistrationStatus as Seated
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore
from tests.conftest import make_workshop
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    everyone,
    filled,
    send,
)

pytestmark = pytest.mark.any_database


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def discreet_workshop(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, title={"es": "Círculo de mujeres"})


def test_expired_form_comes_back_filled_and_can_be_sent(
    app: Flask, client: FlaskClient, workshop: Workshop
) -> None:
    typed = answers(app, workshop, minutes=12 * 60 + 1, people="3")
    answer = send(client, workshop, typed)
    assert answer.status_code == 422
    assert "Vuelve a enviar: tus datos siguen aquí." in answer.text
    fields = filled(answer)
    assert fields["stamp"] != [typed["stamp"]]
    assert (fields["nonce"], fields["name"], fields["people"]) == (
        [typed["nonce"]],
        ["Rosa"],
        ["3"],
    )


def test_form_token_of_another_workshop_is_refused(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop, discreet_workshop: Workshop
) -> None:
    typed = answers(app, discreet_workshop)
    assert send(client, workshop, typed).status_code == 422
    assert everyone(store) == []


def test_filled_honeypot_field_is_refused_and_nothing_is_saved(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    answer = send(client, workshop, answers(app, workshop, website="http://example.org"))
    assert answer.status_code == 422
    assert "Algo llenó un dato que no se ve." in answer.text
    assert everyone(store) == []


def test_form_sent_twice_makes_one_registration(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    typed = answers(app, workshop)
    first, second = send(client, workshop, typed), send(client, workshop, typed)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(everyone(store)) == 1


@pytest.mark.races
def test_form_sent_eight_times_at_once_makes_one_registration_and_one_key(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    typed = answers(app, workshop)
    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(lambda _: send(app.test_client(), workshop, typed), range(8)))
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["Location"] for answer in sent}) == 1
    assert len(everyone(store)) == 1
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Key)) == 1


@pytest.mark.races
def test_form_sent_five_times_at_once_with_other_names_makes_one_registration(
    app: Flask, store: Store, workshop: Workshop
) -> None:
    typed = answers(app, workshop)
    names = ["Rosa", "Luz", "Ana", "Eva", "Sol"]
    with ThreadPoolExecutor(5) as threads:
        sent = list(
            threads.map(
                lambda name: send(app.test_client(), workshop, typed | {"name": name}), names
            )
        )
    assert sorted(answer.status_code for answer in sent) == [303, 409, 409, 409, 409]
    assert len(everyone(store)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Luz"},
        {"people": "2"},
        {"contact": "none"},
        {"email": "luz@ejemplo.com"},
        {"name": ""},
    ],
    ids=str,
)
def test_used_form_leads_nobody_else_to_the_registration(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop, change: dict[str, str]
) -> None:
    typed = answers(app, workshop, contact="email", email="rosa@ejemplo.com")
    link = send(client, workshop, typed).location
    answer = send(client, workshop, typed | change)
    assert answer.status_code == 409
    assert "Con esta página ya se apartó un lugar." in answer.text
    assert link not in answer.text
    fields = filled(answer)
    assert fields["name"] == [change.get("name", "Rosa")]
    assert fields["nonce"] != [typed["nonce"]]
    assert fields["stamp"] != [typed["stamp"]]
    assert len(everyone(store)) == 1


def test_form_is_not_repeated_after_ten_minutes(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    typed = answers(app, workshop)
    link = send(client, workshop, typed).location
    for minutes, status in ((9, 303), (10.1, 409)):
        made_at = clock.now() - timedelta(minutes=minutes)
        with key_store.store.change() as session:
            session.execute(sa.update(Key).values(made_at=made_at))
        answer = send(client, workshop, typed)
        assert (answer.status_code, answer.location) == (status, link if status == 303 else None)
    again = typed | {name: filled(answer)[name][0] for name in ("nonce", "stamp")}
    assert send(client, workshop, again).status_code == 422, "the new form is too young"
    assert len(everyone(store)) == 1


def test_nonce_of_another_form_is_refused(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    one, other = answers(app, workshop), answers(app, workshop)
    answer = send(client, workshop, one | {"nonce": other["nonce"]})
    assert answer.status_code == 422
    assert everyone(store) == []


def test_form_of_a_cancelled_registration_is_refused(
    app: Flask, client: FlaskClient, workshop: Workshop
) -> None:
    typed = answers(app, workshop)
    link = send(client, workshop, typed).headers["Location"]
    assert client.post(f"{link}/cancelar").status_code == 200
    assert send(client, workshop, typed).status_code == 404


def test_rate_limited_post_returns_the_filled_form(
    make_app: Callable[..., Flask], store: Store, workshop: Workshop
) -> None:
    app = make_app(limits=Limits(posts=2))
    client = app.test_client()
    for _ in range(2):
        typed = answers(app, workshop)
        assert send(client, workshop, typed, address="203.0.113.9").status_code == 303
    typed = answers(app, workshop, name="Luz", people="3")
    answer = send(client, workshop, typed, address="203.0.113.9")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 600
    fields = filled(answer)
    assert (fields["name"], fields["people"]) == (["Luz"], ["3"])
    assert (fields["nonce"], fields["stamp"]) == ([typed["nonce"]], [typed["stamp"]])
    assert "Espera un momento" in answer.text
    assert len(everyone(store)) == 2


def test_database_error_returns_the_filled_form_and_logs_no_name(
    app: Flask,
    client: FlaskClient,
    store: Store,
    workshop: Workshop,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE registration RENAME TO elsewhere"))
    typed = answers(app, workshop, name="Rosaura", contact="email", email="rosaura@ejemplo.com")
    broken = send(client, workshop, typed)
    assert broken.status_code == 500
    assert "No sabemos si se guardó. Intenta otra vez: no se aparta dos veces." in broken.text
    assert filled(broken)["nonce"] == [typed["nonce"]]
    assert filled(broken)["name"] == ["Rosaura"]
    assert "rosaura" not in caplog.text.lower()
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE elsewhere RENAME TO registration"))
    resent_form = {name: each[0] for name, each in filled(broken).items()}
    assert send(client, workshop, resent_form).status_code == 303


@pytest.mark.races
def test_competing_duplicate_forms_register_each_person_once(
    make_app: Callable[..., Flask], store: Store, chicago: Office, rights: Kind
) -> None:
    app = make_app(limits=UNLIMITED)
    with store.change() as session:
        small = make_workshop(session, chicago, rights, capacity=3)
    typed = [answers(app, small) for _ in range(24)]
    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(lambda each: send(app.test_client(), small, each), typed))
    assert {answer.status_code for answer in sent} == {303}
    statuses = [each.status for each in everyone(store)]
    assert (statuses.count(Seated.CONFIRMED), statuses.count(Seated.WAITLISTED)) == (3, 21)
