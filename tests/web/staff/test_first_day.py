"""The first day: what an empty site needs stands on the first page of who administers it, and the
files that come with the program are loaded by a button."""

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.imports import packaged
from tests.conftest import make_workshop
from tests.support.staff_client import StaffClient, at_once, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

OFFICES, KINDS = "/org/empezar/oficinas", "/org/empezar/tipos"


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def slugs(store: Store) -> list[str]:
    with store.read() as session:
        return [each.slug for each in offices.list_offices(session)]


def kind_count(store: Store) -> int:
    with store.read() as session:
        return len(kinds.list_kinds(session))


def audited(store: Store) -> list[tuple[str, int | None]]:
    with store.read() as session:
        entries = session.execute(
            sa.select(AuditEntry.action, AuditEntry.organizer_id).order_by(AuditEntry.id)
        )
        return [(action, who) for action, who in entries]


def test_empty_site_says_what_comes_first(elena: StaffClient) -> None:
    text = words(elena.get("/org/"))
    number = len(packaged.read_offices())
    for said in (
        "Empecemos",
        "1 de 6 listos",
        f"Revisar las {number} : Las oficinas",
        "Los tipos de taller",
        "Otra persona que administre",
        "Primero van las oficinas y los tipos.",
    ):
        assert said in text, said
    assert "Hoy no hay talleres" not in text
    assert "Nuevo taller" not in text


def test_from_nothing_to_the_first_workshop(elena: StaffClient, store: Store) -> None:
    page = words(elena.get(OFFICES))
    assert "Chicago" in page
    assert "hora de Chicago" in page
    chosen = ["chicago", "calgary"]
    answer = elena.post(OFFICES, t=chosen, checked="yes")
    assert answer.headers["Location"] == "/org/"
    assert slugs(store) == ["calgary", "chicago"]
    assert "Hay 2." in words(elena.get("/org/"))
    assert elena.post(KINDS, checked="yes").status_code == 303
    assert kind_count(store) == len(packaged.read_kinds().kinds)
    text = words(elena.get("/org/"))
    assert "3 de 6 listos" in text
    assert "Escribir : El primer taller" in text
    with store.read() as session:
        chicago = offices.find(session, "chicago")
        rights = kinds.find(session, "derechos")
    with store.change() as session:
        make_workshop(session, chicago, rights)
    assert "Empecemos" not in words(elena.get("/org/"))


def test_loading_is_audited_with_the_name_of_who_did_it(elena: StaffClient, store: Store) -> None:
    elena.post(OFFICES, t=["chicago"], checked="yes")
    elena.post(KINDS, checked="yes")
    written = audited(store)
    assert [action for action, _who in written] == ["office opened", "kinds brought in"]
    assert all(who is not None for _action, who in written)


def test_loading_needs_the_tick_and_one_office(elena: StaffClient, store: Store) -> None:
    answer = elena.post(OFFICES, t=["chicago"])
    assert answer.status_code == 422
    assert "Marca que ya lo revisaste." in words(answer)
    assert 'value="chicago" checked' in answer.text
    assert 'value="calgary" checked' not in answer.text
    assert elena.post(OFFICES, checked="yes").status_code == 422
    assert elena.post(KINDS).status_code == 422
    assert slugs(store) == []
    assert kind_count(store) == 0
    assert elena.get("/org/empezar/otra").status_code == 404
    assert elena.post("/org/empezar/otra", checked="yes").status_code == 404


def test_existing_lists_are_never_overwritten(
    elena: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        offices.find(session, "chicago").phone = "312 555 0100"
    assert elena.get(OFFICES).headers["Location"] == "/org/red"
    elena.post(OFFICES, t=["chicago", "atlanta"], checked="yes")
    elena.post(KINDS, checked="yes")
    assert slugs(store) == ["chicago"]
    assert kind_count(store) == 1
    with store.read() as session:
        assert offices.find(session, "chicago").phone == "312 555 0100"
    assert audited(store) == []


@pytest.mark.races
def test_button_pressed_by_several_at_once_loads_once(
    app: Flask, elena: StaffClient, store: Store
) -> None:
    form = {"t": ["chicago", "calgary"], "checked": "yes"}
    assert {each.status_code for each in at_once(app, elena, OFFICES, form)} == {303}
    assert slugs(store) == ["calgary", "chicago"]
    assert len(audited(store)) == 2


@pytest.mark.parametrize(("role", "office"), [(Role.ADMIN, "chicago"), (Role.READER, ALL_OFFICES)])
def test_only_who_administers_the_network_sees_the_list(
    app: Flask, store: Store, chicago: Office, role: Role, office: str
) -> None:
    luz = signed_in_as(app, store, employ(store, "luz@example.org", role, office))
    assert "Empecemos" not in words(luz.get("/org/"))
    assert luz.get(OFFICES).status_code == 403
    assert luz.post(OFFICES, t=["atlanta"], checked="yes").status_code == 403
    assert slugs(store) == ["chicago"]


def test_page_that_needs_an_office_says_that_there_is_none(elena: StaffClient) -> None:
    answer = elena.get("/org/talleres/nuevo")
    assert answer.status_code == 403
    assert "Todavía no hay oficinas" in words(answer)
    assert "Tu papel no alcanza" not in words(answer)
