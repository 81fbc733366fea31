"""Staff pages of a network without Spanish, and of one with a single language."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import network_profile
from outreach.db.store import Store
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop
from outreach.network_profile import NetworkProfile
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_network import NEW_KIND, NEW_OFFICE
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database


@pytest.fixture(params=[("fr", "en"), ("en",)], ids=["fr-en", "en"])
def langs(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


@pytest.fixture
def elena(
    make_app: Callable[..., Flask],
    store: Store,
    chicago: Office,
    rights: Kind,
    langs: tuple[str, ...],
) -> Iterator[StaffClient]:
    app = make_app(languages=langs)
    yield signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    network_profile.set_for_process(NetworkProfile())


def only(store: Store) -> Workshop:
    with store.read() as session:
        found: Workshop = session.scalars(sa.select(Workshop)).one()
        session.expunge(found)
    return found


def test_texts_of_a_workshop_are_of_the_main_language(
    elena: StaffClient, store: Store, langs: tuple[str, ...]
) -> None:
    main = langs[0]
    form = typed(title_es="Main title", summary_es="Main summary", title_fr="Autre")
    assert elena.post("/org/talleres/nuevo", **form).status_code == 303
    workshop = only(store)
    assert workshop.title[main] == "Main title"
    assert "es" not in workshop.title
    assert set(workshop.title) <= set(langs)
    assert workshop.summary[main] == "Main summary"
    address = f"/org/talleres/{workshop.public_id}"
    for path in ("", "/editar", "/textos", "/mensaje", "/repetir"):
        page = elena.get(address + path)
        assert page.status_code == 200, path
        assert "/es/" not in page.text, path
        assert "Main title" in page.text, path
    texts = {f"title_{main}": "Another title", "lang": main}
    form_page = elena.get(f"{address}/textos").text
    assert f'name="title_{main}"' in form_page
    assert 'name="title_es"' not in form_page
    elena.post(f"{address}/textos", **texts)


def test_offices_and_kinds_need_the_main_language_alone(
    elena: StaffClient, store: Store, langs: tuple[str, ...]
) -> None:
    main = langs[0]

    def renamed(form: dict[str, Any]) -> dict[str, Any]:
        return {name.replace("_es", f"_{main}"): value for name, value in form.items()}

    assert elena.post("/org/red/nueva", **NEW_OFFICE).status_code == 422
    assert elena.post("/org/red/nueva", **renamed(NEW_OFFICE)).status_code == 303
    assert elena.post("/org/tipos/nuevo", **NEW_KIND).status_code == 422
    assert elena.post("/org/tipos/nuevo", **renamed(NEW_KIND)).status_code == 303
    with store.read() as session:
        assert offices.find(session, "rockford").name == {main: "Consulado en Rockford"}
        made = next(each for each in kinds.list_kinds(session) if each.code == "vivienda")
        assert set(made.name) == {main}
    for path in ("/org/red/rockford", "/org/tipos/vivienda", "/org/sedes/chicago/nueva"):
        page = elena.get(path)
        assert page.status_code == 200, path
        assert "name_es" not in page.text, path


def test_pages_of_staff_are_in_a_language_of_the_network(
    elena: StaffClient, langs: tuple[str, ...]
) -> None:
    page = elena.get("/org/")
    assert page.text.startswith("<!doctype html>")
    assert f'<html lang="{langs[0]}' in page.text
    assert words(elena.get("/org/cuenta"))
