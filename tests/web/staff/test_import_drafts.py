"""Any sheet is brought in as a conversation: columns, rows mended in place, loading, undoing."""

import io
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.scheduling.import_drafts import ImportDraft
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports import DATA, kinds
from tests.conftest import venue
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

HEAD = "Fecha,Hora,Tipo,Título,Sede,Cupo,Estatus"
GOOD = "2026-12-05,18:00,DACA,Renueva tu DACA,Biblioteca de Pilsen,30,"
LATER = "2026-12-12,18:00,DACA,Renueva tu DACA,Biblioteca de Pilsen,30,"
IMPOSSIBLE = "31/02/2027,10:00,DACA,,Biblioteca de Pilsen,20,"
PAST = "2026-11-07,18:00,DACA,,Biblioteca de Pilsen,20,"


@pytest.fixture
def office(store: Store, chicago: Office) -> Office:
    """Chicago with the packaged kinds and two venues."""
    with store.change() as session:
        kinds.load(session, kinds.read(DATA / "taxonomy.json"), now=clock.now())
        venue(session, chicago, "Biblioteca de Pilsen")
        venue(session, chicago, "Parroquia San Pío", address="1901 S. Ejemplo St.")
    return chicago


@pytest.fixture
def ana(app: Flask, store: Store, office: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def send(client: StaffClient, *lines: str, name: str = "enero.csv", **more: Any) -> TestResponse:
    """Sends a sheet, as the form does."""
    sheet = FileStorage(io.BytesIO("\n".join(lines).encode()), name)
    form = {"token": client.form_token, "office": "chicago", "sheet": sheet} | more
    boundary, body = encode_multipart(form)
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.client.post(
        "/org/traer/hoja", data=body, content_type=content_type, headers=client.headers
    )


def bring(client: StaffClient, *lines: str) -> str:
    """The address of the rows of a sheet that was sent."""
    answer = send(client, *lines)
    assert answer.status_code == 303, words(answer)
    return answer.headers["Location"].removesuffix("/columnas")


def form_of(client: StaffClient, address: str, query: str = "") -> dict[str, Any]:
    return dict(fields(client.get(f"{address}{query}").text, address))


def save(client: StaffClient, address: str, form: dict[str, Any], **changes: str) -> TestResponse:
    return client.post(address, **(form | changes))


def load(client: StaffClient, address: str, form: dict[str, Any] | None = None) -> TestResponse:
    return client.post(f"{address}/cargar", **(form or form_of(client, address)))


def key_of(client: StaffClient, address: str, line: int) -> str:
    """The key of the row of that line."""
    text = client.get(f"{address}?ver=all").text
    found = re.findall(r'<tr id="r-([0-9a-f]{12})".*?data-label="Renglón">(\d+)<', text, re.DOTALL)
    return next(str(key) for key, number in found if int(number) == line)


def all_workshops(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop).order_by(Workshop.day, Workshop.id)))


def the_draft(store: Store) -> ImportDraft:
    with store.read() as session:
        draft = session.scalars(sa.select(ImportDraft)).one()
        assert draft.packed is not None
        return draft


def test_sheet_goes_through_columns_and_rows_to_loaded_drafts(
    ana: StaffClient, store: Store
) -> None:
    answer = send(ana, HEAD, GOOD, IMPOSSIBLE)
    columns = ana.get(answer.headers["Location"])
    assert "Leímos «enero.csv»: 2 renglones." in words(columns)
    assert "Renueva tu DACA" in words(columns)
    address = answer.headers["Location"].removesuffix("/columnas")
    chosen = ana.post(f"{address}/columnas", **fields(columns.text, f"{address}/columnas"))
    assert (chosen.status_code, chosen.location) == (303, address)
    rows = words(ana.get(address))
    assert "1 listo, 1 por mirar" in rows
    assert "«31/02/2027» no está en el calendario." in rows
    done = load(ana, address)
    assert (done.status_code, done.location) == (303, f"{address}/listo")
    assert "1 taller cargado" in words(ana.get(done.location))
    assert "Nadie recibió avisos." in words(ana.get(done.location))
    (workshop,) = all_workshops(store)
    assert (workshop.status, workshop.capacity) == (WorkshopStatus.DRAFT, 30)
    assert "1 renglón por terminar" in words(ana.get("/org/traer"))
    assert "A «enero.csv» le falta 1 renglón." in words(ana.get("/org/"))
    with store.read() as session:
        entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.office) == ("workshops brought in", "chicago")


def test_row_is_mended_in_place_and_judged_again(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD, IMPOSSIBLE)
    key, form = key_of(ana, address, 3), form_of(ana, address)
    assert form[f"day-{key}"] == "31/02/2027"
    save(ana, address, form, **{f"day-{key}": "30/02/2027"})
    assert form_of(ana, address)[f"day-{key}"] == "30/02/2027", "what was typed stays"
    save(ana, address, form_of(ana, address), **{f"day-{key}": "domingo 31 de enero de 2027"})
    assert "2 listos, 0 por mirar" in words(ana.get(address))
    load(ana, address, form_of(ana, address, "?ver=ready"))
    assert [f"{each.day}" for each in all_workshops(store)] == ["2026-12-05", "2027-01-31"]
    assert "Hojas a medias" not in words(ana.get("/org/traer"))
