"""Discretion is a ratchet: while somebody is registered, it becomes only stricter (S32)."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal
from outreach.imports import kinds as kinds_file
from outreach.imports.import_result import RowOutcome
from outreach.keystore import Key, KeyStore
from tests.conftest import make_workshop, seat
from tests.support.html_forms import fields
from tests.support.import_files import bring, csv_of, row
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database("rules of the domain")

ADDRESS: Final = "1805 S. Ejemplo"
KIND_PAGE: Final = "/org/tipos/mujeres"


@pytest.fixture
def ana(app: Flask, store: Store) -> StaffClient:
    return signed_in_as(app, store, employ(store, "ana@example.org", Role.ADMIN, ALL_OFFICES))


@pytest.fixture
def workshop(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind
) -> Workshop:
    """A discreet workshop with one registered woman; `rights` is an ordinary kind."""
    with store.change() as session:
        made = make_workshop(session, chicago, women)
        made.external_id = "W-1"
    seat(store, key_store, made)
    return made


def promised(store: Store, key_store: KeyStore, workshop: Workshop) -> tuple[object, ...]:
    """What the registered woman was promised."""
    with store.read() as session:
        now = session.get_one(Workshop, workshop.id)
        found = (now.is_discreet, now.visibility, now.retention_days)
    with key_store.store.read() as session:
        [day] = session.scalars(sa.select(Key.forget_on))
    return (*found, day)


def everything_public(app: Flask, store: Store, workshop: Workshop) -> str:
    """All public pages, feeds and answers of the API that may show the discreet workshop."""
    client = app.test_client()
    with store.read() as session:
        public_id = session.get_one(Workshop, workshop.id).public_id
    paths = [
        f"/es/t/{public_id}", "/api/v1/workshops",
        "/es/", "/es/o/chicago", "/es/cal/chicago.ics", "/es/cal/red.ics",
        "/es/cal/red.ics?tipo=mujeres", "/sitemap.xml",
        "/es/cal/red.ics?tipo=K7QX", "/es/?tipo=K7QX", "/es/calendario?tipo=K7QX",
        "/es/cifras/tipo/K7QX",
    ]  # fmt: skip
    assert client.get(f"/api/v1/workshops/{public_id}").status_code == 404
    answers = [client.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return "\n".join(answer.text for answer in answers)


Attempt = Callable[[StaffClient, Store, Workshop], None]


def change_in_form(**changes: str) -> Attempt:
    def attempt(ana: StaffClient, _store: Store, workshop: Workshop) -> None:
        refused_change(ana, workshop, **changes)

    return attempt


def refused_change(ana: StaffClient, workshop: Workshop, **changes: str) -> TestResponse:
    path = f"/org/talleres/{workshop.public_id}/editar"
    sent = fields(ana.get(path).text, path) | changes | {"action": "save"}
    answer = ana.post(path, **sent)
    assert answer.status_code == 422
    assert "mientras tanto, clona el taller" in answer.text
    return answer


def change_kind(**changes: Any) -> Attempt:
    def attempt(ana: StaffClient, _store: Store, _workshop: Workshop) -> None:
        sent = fields(ana.get(KIND_PAGE).text, KIND_PAGE)
        for name in changes:
            sent.pop(name, None)
        sent |= {name: value for name, value in changes.items() if value is not None}
        answer = ana.post(KIND_PAGE, **sent)
        assert answer.status_code == 303, answer.text

    return attempt


def load_kinds(_ana: StaffClient, store: Store, _workshop: Workshop) -> None:
    with resources.as_file(resources.files("outreach.imports") / "data" / "taxonomy.json") as path:
        taxonomy = json.loads(path.read_text())
    women = next(each for each in taxonomy["kinds"] if each["discreet"])
    women |= {"code": "mujeres", "discreet": False}
    women["defaults"] |= {"venue_visibility": "public", "retention_days": 365}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kinds.json")
        file.write_text(json.dumps({"kinds": [women]}))
        with store.change() as session:
            result = kinds_file.load(session, kinds_file.read(file), now=clock.now())
    assert result.counts[RowOutcome.CHANGED] == 1


def load_workshops(ana: StaffClient, _store: Store, workshop: Workshop) -> None:
    sheet = csv_of(
        row(id="W-1", kind="derechos", starts_at=f"{workshop.day}T18:00", venue="Biblioteca")
    )
    answer = bring(ana, sheet)
    page = ana.get(answer.headers["Location"]).text
    assert "mientras tanto, clona el taller" in page


def change_directly(**changes: Any) -> Attempt:
    """As bulk edits, series, tours and venues do."""

    def attempt(_ana: StaffClient, store: Store, workshop: Workshop) -> None:
        with pytest.raises(Refusal) as refused, store.change() as session:
            found = session.get_one(Workshop, workshop.id)
            if "kind" in changes:
                changes["kind"] = session.scalars(
                    sa.select(Kind).where(Kind.code == "derechos")
                ).one()
            data = replace(workshop_service.get_data(found), **changes)
            workshop_service.change(session, found, data, now=clock.now())
        assert refused.value.code is ErrorCode.DISCRETION_PROMISED

    return attempt


ATTEMPTS: Final[dict[str, Attempt]] = {
    "form: kind": change_in_form(kind="derechos"),
    "form: kind and address": change_in_form(kind="derechos", visibility="public"),
    "file of workshops": load_workshops,
    "kind: not discreet": change_kind(is_discreet=None),
    "kind: public address": change_kind(is_discreet=None, visibility="public"),
    "kind: longer retention": change_kind(retention_days="365"),
    "kind: all of it": change_kind(
        is_discreet=None, visibility="public", retention_days="365", neutral_title_es=""
    ),
    "file of kinds": load_kinds,
    "other kind": change_directly(kind=None),
    "public address": change_directly(visibility=Visibility.PUBLIC),
    "longer retention": change_directly(retention_days=8),
    "all at once": change_directly(kind=None, visibility=Visibility.PUBLIC, retention_days=365),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_promise_to_a_registered_woman_is_kept(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop, ana: StaffClient,
    attempt: Attempt,
) -> None:  # fmt: skip
    before = promised(store, key_store, workshop)
    attempt(ana, store, workshop)
    assert promised(store, key_store, workshop) == before
    assert ADDRESS not in everything_public(app, store, workshop)
    client = app.test_client()
    for path in ("/es/cal/red.ics?tipo=mujeres", "/api/v1/workshops"):
        assert workshop.title["es"] not in client.get(path).text, path


def test_stricter_is_always_possible(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        data = replace(
            workshop_service.get_data(found), visibility=Visibility.PHONE_ONLY, retention_days=3
        )
        workshop_service.change(session, found, data, now=clock.now())
        assert (found.visibility, found.retention_days) == (Visibility.PHONE_ONLY, 3)


def test_without_registered_people_everything_can_be_changed(
    store: Store, chicago: Office, women: Kind, rights: Kind
) -> None:
    with store.change() as session:
        empty = make_workshop(session, chicago, women)
        data = replace(
            workshop_service.get_data(empty), kind=session.merge(rights, load=False),
            visibility=Visibility.PUBLIC, retention_days=30,
        )  # fmt: skip
        workshop_service.change(session, empty, data, now=clock.now())
        assert not empty.is_discreet


def test_refusal_names_the_day(ana: StaffClient, workshop: Workshop) -> None:
    day = workshop.day + timedelta(days=workshop.retention_days)
    answer = refused_change(ana, workshop, kind="derechos")
    assert f"Hasta el {day.day}/{day.month}/{day.year}" in answer.text


def test_new_workshops_of_a_looser_kind_are_looser(
    ana: StaffClient, store: Store, chicago: Office, workshop: Workshop
) -> None:
    change_kind(is_discreet=None, visibility="public")(ana, store, workshop)
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "mujeres")).one()
        assert not make_workshop(session, chicago, kind).is_discreet


def test_looser_kind_needs_a_fresh_factor_and_sends_letters_to_all_admins(
    app: Flask, store: Store, workshop: Workshop, ana: StaffClient
) -> None:
    other = employ(store, "luz@example.org", Role.ADMIN, ALL_OFFICES)
    with store.change() as session:
        stale = clock.now() - timedelta(hours=1)
        session.execute(sa.update(StaffSession).values(proven_at=stale))
    sent = fields(ana.get(KIND_PAGE).text, KIND_PAGE)
    sent = {name: value for name, value in sent.items() if name not in {"is_discreet", "token"}}
    assert ana.post(KIND_PAGE, **sent).status_code == 401
    assert discretion_letters(store) == []
    fresh = signed_in_as(app, store, other)
    assert fresh.post(KIND_PAGE, **sent).status_code == 303
    assert len(discretion_letters(store)) == 2


def discretion_letters(store: Store) -> list[int | None]:
    with store.read() as session:
        topic = Mailing.topic == MailingTopic.DISCRETION
        return list(session.scalars(sa.select(Mailing.organizer_id).where(topic)))


def test_neutral_code_opens_its_kind_for_ever(
    app: Flask, ana: StaffClient, store: Store, chicago: Office, workshop: Workshop
) -> None:
    path, client = "/es/cal/red.ics?tipo=K7QX", app.test_client()
    before = client.get(path).text
    change_kind(is_discreet=None)(ana, store, workshop)
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "mujeres")).one()
        make_workshop(session, chicago, kind, title={"es": "Círculo abierto"})
    after = client.get(path)
    # The subscriber's calendar shows what it showed: the discreet workshop and no word of the kind.
    assert f"UID:taller-{workshop.uid}" in before
    assert f"UID:taller-{workshop.uid}" in after.text
    for secret in ("Círculo abierto", "mujeres", "Mujeres"):
        assert secret not in after.text, secret
    assert client.get("/es/cal/red.json?tipo=K7QX").status_code == 404
    assert "Círculo abierto" in client.get("/es/cal/red.ics?tipo=mujeres").text
    assert client.get("/es/?tipo=K7QX").headers["X-Robots-Tag"].startswith("noindex")
    # Discreet again, it has the same code.
    change_kind(is_discreet="yes", sure="yes")(ana, store, workshop)
    with store.read() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "mujeres")).one()
        assert (kind.is_discreet, kind.public_code) == (True, "K7QX")
