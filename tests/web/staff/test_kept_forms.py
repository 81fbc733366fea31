"""What was typed is kept: a session that ended, a wrong password, somebody else's change."""

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.workshops import Workshop
from tests.support.html_forms import hidden, value
from tests.support.staff_client import StaffClient, Visitor, code_now, enrol, words
from tests.web.staff.test_workshops import ana, published, typed

pytestmark = pytest.mark.any_database

__all__ = ["ana"]  # a fixture


def test_what_was_typed_survives_a_session_that_ended(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    enrol(app, store)
    out = StaffClient(ana.client, "ended", "")
    page = out.post("/org/talleres/nuevo", **typed(title_es="Un título largo y pensado"))
    assert page.status_code == 401
    assert "lo que escribiste sigue aquí" in words(page)
    again = Visitor(app).come_in(**hidden(page.get_data(as_text=True)))
    assert again.status_code == 200
    assert again.headers["Set-Cookie"].startswith("__Host-staff=")
    text = again.get_data(as_text=True)
    assert value(text, "title_es") == "Un título largo y pensado"
    assert 'name="languages" value="en" checked' in text
    assert value(text, "token") not in {"", ana.form_token}


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("textos", {"title_es": "Pensado", "summary_fr": "Réfléchi", "bring_en": "Thought"}),
        ("mensaje", {"template": "bring", "audience": "all", "more_es": "Pensado"}),
    ],
)
def test_neither_are_texts_and_messages_lost(
    app: Flask, ana: StaffClient, store: Store, page: str, fields: dict[str, str]
) -> None:
    made = published(ana, store)
    enrol(app, store)
    path = f"/org/talleres/{made.public_id}/{page}"
    asked = StaffClient(ana.client, "ended", "").post(path, **fields)
    assert asked.status_code == 401
    again = Visitor(app).come_in(**hidden(asked.get_data(as_text=True)))
    assert again.status_code == 200
    for typed_ in fields.values():
        assert typed_ in again.get_data(as_text=True)


def test_a_form_of_another_session_of_ones_own_asks_who_one_is_and_is_filled_again(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    enrol(app, store)
    stale = StaffClient(ana.client, ana.cookie, "of an earlier session")
    asked = stale.post("/org/talleres/nuevo", **typed(title_es="Pensado"))
    assert asked.status_code == 401
    kept = hidden(asked.get_data(as_text=True)) | {"code": code_now()}
    again = ana.post("/org/confirmar", **kept)
    assert again.status_code == 200
    assert value(again.get_data(as_text=True), "title_es") == "Pensado"
    assert stale.post("/org/venues", **typed()).status_code in {403, 404}
    with store.read() as session:
        assert session.scalars(sa.select(Workshop)).all() == []


def test_a_form_sent_while_one_is_half_signed_in_is_filled_again(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    enrol(app, store)
    half = Visitor(app)
    half.password()
    asked = half.post("/org/talleres/nuevo", typed(title_es="Pensado"))
    assert asked.status_code == 401
    again = half.come_in(**hidden(asked.get_data(as_text=True)))
    assert value(again.get_data(as_text=True), "title_es") == "Pensado"


def test_a_change_since_the_form_was_opened_is_said_and_nothing_of_it_lost(
    ana: StaffClient, store: Store
) -> None:
    made = published(ana, store)
    path = f"/org/talleres/{made.public_id}/editar"
    seen = value(ana.get(path).text, "seen")
    assert ana.post(path, **typed(capacity="41", seen=seen)).status_code == 303
    late = ana.post(path, **typed(title_es="Corregido", seen=seen))
    assert late.status_code == 409
    assert "Alguien más cambió este taller" in words(late)
    assert value(late.text, "title_es") == "Corregido"
    with store.read() as session:
        assert session.scalars(sa.select(Workshop.capacity)).one() == 41
    again = value(late.text, "seen")
    assert again != seen
    assert ana.post(path, **typed(title_es="Corregido", seen=again)).status_code == 303


def test_a_wrong_password_does_not_lose_it_either(ana: StaffClient) -> None:
    page = StaffClient(ana.client, "ended", "").post(
        "/org/talleres/nuevo", **typed(title_es="Pensado")
    )
    kept = hidden(page.get_data(as_text=True)) | {"email": "ana@example.org", "password": "x"}
    again = ana.client.post("/org/entrar", data=kept).get_data(as_text=True)
    assert hidden(again)["dato-title_es"] == "Pensado"
