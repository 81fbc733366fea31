"""Forms interrupted by a sign-in are kept on the server and restored to their sender."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts import interrupted_forms
from outreach.accounts.interrupted_forms import InterruptedForm
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.support.html_forms import hidden, value
from tests.support.login import age, half_a_minute_later
from tests.support.staff_client import (
    StaffClient,
    Visitor,
    at_once,
    code_now,
    employ,
    enrol,
    words,
)
from tests.web.staff.test_workshops import ana, published, typed

__all__ = ["ana"]  # a fixture

NEW = "/org/talleres/nuevo"
FORM_KEPT = "lo que escribiste sigue aquí"


@pytest.fixture
def expired(app: Flask, ana: StaffClient, store: Store) -> StaffClient:
    """Ana's browser with an expired session."""
    enrol(app, store)
    expire(store)
    return ana


def expire(store: Store) -> None:
    age(store, seen_at=timedelta(minutes=31))


def count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(InterruptedForm)) or 0


def workshops_of(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop)))


def sign_in(app: Flask, store: Store, page: TestResponse, **fields: str) -> TestResponse:
    half_a_minute_later(store)  # a code works once
    return Visitor(app).come_in(**hidden(page.get_data(as_text=True)) | fields)


def test_form_of_expired_session_is_restored_after_sign_in(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    page = expired.post(NEW, **typed(title_es="Un título largo y pensado"))
    assert page.status_code == 401
    assert FORM_KEPT in words(page)
    assert "Un título largo" not in page.text, "the form is stored on the server only"
    restored = sign_in(app, store, page)
    assert restored.status_code == 200
    cookies = [each.partition("=")[0] for each in restored.headers.getlist("Set-Cookie")]
    assert "__Host-staff" in cookies
    text = restored.get_data(as_text=True)
    assert value(text, "title_es") == "Un título largo y pensado"
    assert 'name="languages" value="en" checked' in text
    assert "Todavía no se guardó" in words(restored)
    assert value(text, "token") not in {"", expired.form_token}
    assert workshops_of(store) == [], "the form is not sent automatically"
    assert count(store) == 0, "the stored form is deleted when it is restored"


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("textos", {"title_es": "Pensado", "summary_fr": "Réfléchi", "bring_en": "Thought"}),
        ("mensaje", {"template": "bring", "audience": "all", "more_es": "Pensado"}),
    ],
)
def test_texts_and_messages_of_expired_session_are_restored(
    app: Flask, ana: StaffClient, store: Store, page: str, fields: dict[str, str]
) -> None:
    workshop = published(ana, store)
    enrol(app, store)
    expire(store)
    login_page = ana.post(f"/org/talleres/{workshop.public_id}/{page}", **fields)
    assert login_page.status_code == 401
    restored = sign_in(app, store, login_page)
    assert restored.status_code == 200
    for typed_ in fields.values():
        assert typed_ in restored.get_data(as_text=True)


def test_form_of_earlier_session_asks_for_second_factor_and_is_restored(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    enrol(app, store)
    stale = StaffClient(ana.client, ana.cookie, "of an earlier session")
    page = stale.post(NEW, **typed(title_es="Pensado"))
    assert page.status_code == 401
    restored = ana.post(
        "/org/confirmar", **hidden(page.get_data(as_text=True)) | {"code": code_now()}
    )
    assert restored.status_code == 200
    assert value(restored.get_data(as_text=True), "title_es") == "Pensado"
    assert stale.post("/org/venues", **typed()).status_code in {403, 404}
    assert workshops_of(store) == []


def test_form_sent_between_password_and_code_is_restored(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    enrol(app, store)
    half = Visitor(app)
    half.password()
    page = half.post(NEW, typed(title_es="Pensado"))
    assert page.status_code == 401
    code_page = half.get("/org/codigo")
    restored = half.post(
        "/org/codigo", hidden(code_page.get_data(as_text=True)) | {"code": code_now()}
    )
    assert value(restored.get_data(as_text=True), "title_es") == "Pensado"


def test_form_sent_with_the_password_only_is_not_restored_to_the_account_owner(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    """A thief with the password must not put text into a form of the account owner."""
    enrol(app, store)
    thief = Visitor(app)
    thief.password()
    thief.post(NEW, typed(title_es="Ven a otra dirección"))
    assert count(store) == 1
    answer = Visitor(app).come_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/")


def test_wrong_password_does_not_lose_the_form(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    page = expired.post(NEW, **typed(title_es="Pensado"))
    fields = hidden(page.get_data(as_text=True)) | {"email": "ana@example.org", "password": "x"}
    wrong = expired.client.post("/org/entrar", data=fields)
    assert wrong.status_code == 422
    restored = sign_in(app, store, page)
    assert value(restored.get_data(as_text=True), "title_es") == "Pensado"


def test_form_is_restored_after_sign_in_in_another_tab(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    """She signs in from the start page in a new tab."""
    expired.post(NEW, **typed(title_es="Pensado"))
    restored = Visitor(app).come_in(volver="/org/")
    assert value(restored.get_data(as_text=True), "title_es") == "Pensado"


def strangers(app: Flask, store: Store, ana: StaffClient) -> Iterator[StaffClient]:
    yield StaffClient(app.test_client(use_cookies=False), "", "")
    yield StaffClient(app.test_client(use_cookies=False), "made up", ana.form_token)
    yield StaffClient(ana.client, ana.cookie, "")  # an old cookie, and a form of another site
    yield StaffClient(ana.client, ana.cookie, "made up")
    with store.change() as session:  # an ended session
        session.execute(sa.update(StaffSession).values(ended_at=clock.now()))
    yield ana


def test_form_of_an_unauthenticated_sender_is_not_kept(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    for stranger in strangers(app, store, expired):
        page = stranger.post(NEW, **typed(title_es="x" * 60_000))
        assert page.status_code == 401
        assert FORM_KEPT not in words(page)
        assert "envíala otra vez" in words(page)
        assert count(store) == 0


def test_form_of_a_disabled_account_is_not_kept(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    with store.change() as session:
        session.execute(sa.text("UPDATE staff_member SET disabled_at = '2026-01-01 00:00:00'"))
    assert FORM_KEPT not in words(expired.post(NEW, **typed()))
    assert count(store) == 0


def test_form_of_another_staff_member_is_not_shown(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    page = expired.post(NEW, **typed(title_es="Pensado"))
    enrol(app, store, employ(store, "luz@example.org"))
    luz = sign_in(app, store, page, email="luz@example.org")
    assert (luz.status_code, luz.headers["Location"]) == (303, NEW)
    assert "Pensado" not in luz.text
    assert count(store) == 1
    restored = sign_in(app, store, page)
    assert value(restored.get_data(as_text=True), "title_es") == "Pensado"


def test_form_moved_to_a_session_of_another_staff_member_does_not_open(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    """An attacker with write access to the database moves the row."""
    expired.post(NEW, **typed(title_es="Pensado"))
    luz = employ(store, "luz@example.org")
    enrol(app, store, luz)
    with store.change() as session:
        session.execute(sa.update(StaffSession).values(organizer_id=luz))
    answer = Visitor(app).come_in(email="luz@example.org")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/")


def test_form_is_deleted_if_its_sender_lost_the_permission(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    expired.post(NEW, **typed(title_es="Pensado"))
    with store.change() as session:
        session.execute(sa.text("UPDATE role_assignment SET role = 'reader'"))
    answer = Visitor(app).come_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/")
    assert count(store) == 0


def test_form_about_a_discreet_workshop_is_unreadable_in_the_database(
    expired: StaffClient, store: Store, women: Kind
) -> None:
    expired.post(NEW, **typed(kind=women.code, title_es="Salir de casa sin avisar"))
    with store.read() as session:
        stored = session.scalars(sa.select(InterruptedForm)).one()
    assert b"Salir" not in stored.sealed
    assert women.code.encode() not in stored.sealed
    assert b"/org/" not in stored.sealed


def test_form_is_kept_for_twelve_hours(
    app: Flask, expired: StaffClient, store: Store, key_store: KeyStore
) -> None:
    expired.post(NEW, **typed(title_es="Pensado"))
    now = clock.now()
    purged = retention.purge(store, key_store, now=now + timedelta(hours=11))
    assert purged.rows["interrupted forms"] == 0
    with store.change() as session:
        old = now - interrupted_forms.LIFETIME - timedelta(minutes=1)
        session.execute(sa.update(InterruptedForm).values(saved_at=old))
    answer = Visitor(app).come_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/")
    assert count(store) == 1
    assert retention.purge(store, key_store, now=now).rows["interrupted forms"] == 1
    assert count(store) == 0


def test_cookie_of_an_expired_session_keeps_forms_for_twelve_hours(
    expired: StaffClient, store: Store, key_store: KeyStore
) -> None:
    retention.purge(store, key_store, now=clock.now() + timedelta(hours=11))
    age(store, started_at=timedelta(hours=23), seen_at=timedelta(hours=12))
    assert FORM_KEPT in words(expired.post(NEW, **typed()))
    age(store, started_at=timedelta(hours=25), seen_at=timedelta(hours=14))
    assert FORM_KEPT not in words(expired.post(NEW, **typed()))
    assert retention.purge(store, key_store, now=clock.now()).rows["sessions"] == 1
    assert count(store) == 0, "the form is deleted with its session"


def test_kept_form_is_replaced_only_by_a_form_of_the_same_page(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    workshop = published(ana, store)
    enrol(app, store)
    expire(store)
    texts = f"/org/talleres/{workshop.public_id}/textos"
    page = ana.post(NEW, **typed(title_es="Primero"))
    assert FORM_KEPT in words(page)
    assert FORM_KEPT not in words(ana.post(texts, title_es="Otra página"))
    assert FORM_KEPT in words(ana.post(NEW, **typed(title_es="Primero, corregido")))
    assert count(store) == 1
    restored = sign_in(app, store, page)
    assert value(restored.get_data(as_text=True), "title_es") == "Primero, corregido"


def test_form_of_more_than_64_kb_is_not_kept_and_its_sender_is_informed(
    expired: StaffClient, store: Store
) -> None:
    # Control characters take six letters in JSON and three in the body.
    page = expired.post(NEW, title_es="\x01" * 15_000)
    assert page.status_code == 401
    assert FORM_KEPT not in words(page)
    assert expired.post(NEW, title_es="x" * 70_000).status_code == 413
    assert count(store) == 0


def test_form_kept_for_a_confirmation_is_not_restored_at_a_later_sign_in(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    """The user abandoned the confirmation."""
    enrol(app, store)
    age(store, proven_at=timedelta(minutes=11))
    assert ana.post("/org/cuenta/codigos", any="thing").status_code == 401
    assert count(store) == 1
    assert Visitor(app).come_in().headers["Location"] == "/org/"


def test_form_kept_for_a_confirmation_is_not_restored_by_another_confirmation(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    enrol(app, store)
    age(store, proven_at=timedelta(minutes=11))
    ana.post("/org/cuenta/codigos", any="thing")
    answer = ana.post("/org/confirmar", code=code_now(), volver="/org/cuenta/llaves")
    assert answer.headers["Location"] == "/org/cuenta/llaves"


def test_conflicting_change_is_reported_and_typed_form_is_kept(
    ana: StaffClient, store: Store
) -> None:
    workshop = published(ana, store)
    path = f"/org/talleres/{workshop.public_id}/editar"
    seen = value(ana.get(path).text, "seen")
    assert ana.post(path, **typed(capacity="41", seen=seen)).status_code == 303
    conflict = ana.post(path, **typed(title_es="Corregido", seen=seen))
    assert conflict.status_code == 409
    assert "Alguien más cambió este taller" in words(conflict)
    assert value(conflict.text, "title_es") == "Corregido"
    with store.read() as session:
        assert session.scalars(sa.select(Workshop.capacity)).one() == 41
    current = value(conflict.text, "seen")
    assert current != seen
    assert ana.post(path, **typed(title_es="Corregido", seen=current)).status_code == 303


@pytest.mark.races
def test_simultaneous_forms_of_two_tabs_leave_one_kept_form(
    app: Flask, expired: StaffClient, store: Store
) -> None:
    answers = at_once(app, expired, NEW, typed(title_es="Pensado"))
    assert {answer.status_code for answer in answers} == {401}
    assert all(FORM_KEPT in words(answer) for answer in answers)
    assert count(store) == 1
