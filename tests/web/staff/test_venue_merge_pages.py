"""The pages that merge two venues, undo it, and ask whether a typed venue is a known one."""

import html
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.html_forms import fields, value
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_venues import venue_form
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database

FULL = "1805 S. Ejemplo St., Chicago, IL 60608"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def both(store: Store, chicago: Office, rights: Kind) -> tuple[int, int]:
    with store.change() as session:
        kept = venue(session, chicago, "Biblioteca de Pilsen", address=FULL, capacity=None)
        other = venue(session, chicago, "Bibl. Pilsen", address="900 W. Otra", capacity=40)
        make_workshop(session, chicago, rights, venue=other)
        return kept.id, other.id


def merge(ana: StaffClient, both: tuple[int, int], **changes: str) -> int:
    kept, other = both
    path = f"/org/sedes/chicago/{kept}/unir"
    answer = ana.post(path, **fields(ana.get(f"{path}?con={other}").text, path) | changes)
    return answer.status_code


def test_page_shows_row_by_row_what_stays_and_merges(
    ana: StaffClient, store: Store, both: tuple[int, int]
) -> None:
    kept, other = both
    assert "Bibl. Pilsen" in words(ana.get(f"/org/sedes/chicago/{kept}/unir"))
    shown = words(ana.get(f"/org/sedes/chicago/{kept}/unir?con={other}"))
    assert "1 taller pasa a esta sede." in shown
    assert "Nadie recibe aviso" in shown
    assert merge(ana, both) == 303
    with store.read() as session:
        assert session.scalars(sa.select(Workshop.venue_id)).all() == [kept]
        assert session.get_one(Venue, kept).capacity == 40, "the one that says something stays"
        entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.action == "venues merged"


def test_old_address_leads_to_the_merged_venue(ana: StaffClient, both: tuple[int, int]) -> None:
    merge(ana, both)
    answer = ana.get(f"/org/sedes/chicago/{both[1]}")
    assert (answer.status_code, answer.location) == (302, f"/org/sedes/chicago/{both[0]}")
    assert words(ana.get("/org/sedes")).count("Bibl. Pilsen") == 0


def test_old_page_of_a_merged_venue_does_not_retire_the_other(
    ana: StaffClient, store: Store, both: tuple[int, int]
) -> None:
    merge(ana, both)
    assert ana.post(f"/org/sedes/chicago/{both[1]}", do="retire").status_code == 303
    with store.read() as session:
        assert session.get_one(Venue, both[0]).retired_at is None


def test_more_people_are_not_notified_than_the_page_said(
    ana: StaffClient, store: Store, key_store: KeyStore, both: tuple[int, int]
) -> None:
    with store.read() as session:
        workshop = session.scalars(sa.select(Workshop)).one()
    path = f"/org/sedes/chicago/{both[0]}/unir"
    sent = fields(ana.get(f"{path}?con={both[1]}").text, path)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL)
    refused = ana.post(path, **sent)
    assert refused.status_code == 422
    assert "Avisamos a 1 persona o grupo" in words(refused)
    with store.read() as session:
        assert session.scalars(sa.select(Workshop.venue_id)).all() == [both[1]]
    sent = fields(refused.text, path)
    assert ana.post(path, **sent).status_code == 303
    assert ana.post(path, **sent).status_code == 303, "sent again over a bad network"


def test_venue_that_somebody_changed_is_shown_again(
    ana: StaffClient, store: Store, both: tuple[int, int]
) -> None:
    path = f"/org/sedes/chicago/{both[0]}/unir"
    sent = fields(ana.get(f"{path}?con={both[1]}").text, path)
    with store.change() as session:
        session.get_one(Venue, both[1]).capacity = 41
    again = ana.post(path, **sent | {"name": "other"})
    assert again.status_code == 409
    assert fields(again.text, path)["name"] == "other", "what was chosen is kept"


def test_merge_is_undone_from_the_venue(
    ana: StaffClient, store: Store, both: tuple[int, int]
) -> None:
    merge(ana, both, name="other")
    path = f"/org/sedes/chicago/{both[0]}"
    page = ana.get(path)
    assert "Se unió con «Bibl. Pilsen»" in words(page)
    sent = fields(page.text, f"{path}/separar") | {"merge": value(page.text, "merge")}
    assert ana.post(f"{path}/separar", **sent).status_code == 303
    with store.read() as session:
        assert session.scalars(sa.select(Workshop.venue_id)).all() == [both[1]]
        assert session.get_one(Venue, both[0]).name == "Biblioteca de Pilsen"
    assert ana.post(f"{path}/separar", **sent).status_code == 303, "once more does nothing"
    assert "Se unió con" not in words(ana.get(path))


def test_undoing_that_is_refused_names_the_cause(
    ana: StaffClient, store: Store, both: tuple[int, int]
) -> None:
    merge(ana, both)
    path = f"/org/sedes/chicago/{both[0]}"
    page = ana.get(path).text
    sent = fields(page, f"{path}/separar") | {"merge": value(page, "merge")}
    with store.change() as session:
        session.get_one(Venue, both[0]).capacity = 7
    refused = ana.post(f"{path}/separar", **sent)
    assert refused.status_code == 422
    assert "se cambió después de unirlas" in words(refused)


def test_venue_of_another_office_is_not_found(
    ana: StaffClient, store: Store, calgary: Office, both: tuple[int, int]
) -> None:
    with store.change() as session:
        foreign = venue(session, calgary).id
    assert ana.get(f"/org/sedes/chicago/{both[0]}/unir?con={foreign}").status_code == 404
    assert ana.get(f"/org/sedes/chicago/{both[0]}/unir?con={both[0]}").status_code == 404


def test_form_that_was_open_during_a_merge_is_saved_at_the_kept_venue(
    ana: StaffClient, store: Store, both: tuple[int, int]
) -> None:
    path = "/org/talleres/nuevo"
    sent = fields(ana.get(f"{path}?tipo=derechos").text, path) | typed(venue=str(both[1]))
    merge(ana, both)
    assert ana.post(path, **sent).status_code == 303
    with store.read() as session:
        assert set(session.scalars(sa.select(Workshop.venue_id))) == {both[0]}


def test_new_venue_like_a_known_one_is_asked(
    ana: StaffClient, store: Store, chicago: Office
) -> None:
    with store.change() as session:
        venue(session, chicago, "Biblioteca de Pilsen", address=FULL)
    path = "/org/sedes/chicago/nueva"
    asked = ana.post(path, **venue_form(name="Bibloteca Pilsen", address=""))
    assert asked.status_code == 422
    assert "¿Es la misma?" in words(asked)
    assert "Bibloteca Pilsen" in asked.text, "what was typed is kept"
    answer = {"other": value(asked.text, "other")}
    other = venue_form(name="Biblioteca Pilsen 2", address="")
    assert ana.post(path, **other | {"other": "nueva 99"}).status_code == 422
    assert ana.post(path, **other | answer).status_code == 303


def test_workshop_at_a_venue_in_another_spelling_doubles_nothing(
    ana: StaffClient, store: Store, chicago: Office
) -> None:
    with store.change() as session:
        known = venue(session, chicago, "Biblioteca de Pilsen", address=FULL).id
    path = "/org/talleres/nuevo"
    sent = fields(ana.get(f"{path}?tipo=derechos").text, path)
    new = typed(
        venue="nueva", venue_name="BIBL. PILSEN", venue_city="Chicago", venue_region="IL",
        venue_address="", nonce="m" * 22,
    )  # fmt: skip
    assert ana.post(path, **sent | new).status_code == 303
    sent = fields(ana.get(f"{path}?tipo=derechos").text, path)
    asked = ana.post(path, **sent | new | {"venue_name": "Biblioteca de Pilsne", "nonce": "o" * 22})
    assert asked.status_code == 422
    assert "¿Es la misma sede?" in words(asked)
    sent = fields(asked.text, path) | {"venue_same": str(known)}
    assert ana.post(path, **sent).status_code == 303
    with store.read() as session:
        assert session.scalars(sa.select(Venue.id)).all() == [known]
        assert set(session.scalars(sa.select(Workshop.venue_id))) == {known}


def test_no_chooser_shows_two_lines_alike(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for number, name in enumerate(("Casa Juárez", "casa juarez", "CASA JUÁREZ")):
            venue(session, chicago, name, address=f"{number % 2} Calle", city="Chicago")
        venue(session, chicago, "Casa Juárez", address="9 Calle", city="Cicero")
        workshop = make_workshop(
            session, chicago, rights, venue=None, status=WorkshopStatus.DRAFT
        ).public_id
    month = clock.now().strftime("%Y-%m")
    for path, name in (
        ("/org/talleres/nuevo?tipo=derechos", "venue"),
        (f"/org/talleres/mes-nuevo?mes={month}", "venue"),
        (f"/org/talleres/varios?hacer=mover&t={workshop}", "sede"),
    ):
        lines = _options(ana.get(path).text, name)
        assert len(lines) >= 4
        assert len({line.casefold() for line in lines}) == len(lines), lines


def _options(page: str, name: str) -> list[str]:
    """The lines of a list to choose from."""
    found = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    assert found is not None, name
    return [html.unescape(each).strip() for each in re.findall(r"<option[^>]*>([^<]*)", found[0])]
