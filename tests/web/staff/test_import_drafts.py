"""Any sheet is brought in as a conversation: columns, rows mended in place, loading, undoing."""

import csv
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
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import import_drafts, workshop_service
from outreach.domain.scheduling.import_drafts import ImportDraft
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports import DATA, kinds
from outreach.imports.guess.remarks import RemarkCode, remark
from outreach.keystore import KeyStore
from outreach.privacy import retention
from outreach.web.staff.imports import remark_words
from tests.conftest import seat, venue
from tests.imports.guess.builders import xlsx
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields, value
from tests.support.staff_client import StaffClient, employ, enrol, signed_in_as, words
from tests.web.staff.test_kept_forms import expire, sign_in

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


def send(client: StaffClient, *sheet: str | bytes, name: str = "enero.csv") -> TestResponse:
    """Sends a sheet, its bytes or its lines, as the form does."""
    data = b"\n".join(each if isinstance(each, bytes) else each.encode() for each in sheet)
    file = FileStorage(io.BytesIO(data), name)
    form = {"token": client.form_token, "office": "chicago", "sheet": file}
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
        assert draft.packed  # read later, as the answers
        assert draft.answers
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


def test_columns_about_persons_are_never_stored(ana: StaffClient, store: Store) -> None:
    person = "Rosa Canaria,rosa@example.org,llama a Rosa"
    address = bring(
        ana,
        "Fecha,Hora,Tipo,Sede,Nombre completo,Correo,Obs,Título",
        f"2026-12-05,18:00,DACA,Biblioteca de Pilsen,{person},Pregunta al 312 555 0142",
        *(f"2026-12-{n},18:00,DACA,Biblioteca de Pilsen,{person},Renueva" for n in range(10, 14)),
    )
    draft = the_draft(store)
    stored = f"{import_drafts.read_source(draft)} {draft.answers}"
    for canary in ("Canaria", "rosa@", "llama a", "312 555 0142"):
        assert canary not in stored
    page = words(ana.get(f"{address}/columnas"))
    assert "Nunca traemos personas" in page
    assert "Rosa" not in page
    assert "trae un teléfono o un correo" in words(ana.get(address)), "and it is still refused"


def test_column_that_is_chosen_again_asks_for_the_file_and_is_remembered(
    ana: StaffClient, store: Store
) -> None:
    sheet = (HEAD.replace("Título", "Obs"), GOOD)
    address = bring(ana, *sheet)
    page = ana.get(f"{address}/columnas")
    path = f"{address}/columnas"
    answer = ana.post(path, **(fields(page.text, path) | {column_of(page, "Obs"): "title"}))
    assert answer.location == "/org/traer?oficina=chicago&otra=1"
    address = bring(ana, *sheet)
    assert "Renueva tu DACA" in words(ana.get(address + "?ver=ready"))


def column_of(page: TestResponse, heading: str) -> str:
    """The name of the choice for a heading."""
    names = re.findall(r'for="(column-\w+)">\s*Qué es la columna (.+?)\s*</label>', page.text)
    return next(str(name) for name, each in names if each == heading)


def test_columns_that_a_colleague_has_chosen_meanwhile_are_shown_again(ana: StaffClient) -> None:
    path = f"{bring(ana, HEAD, GOOD)}/columnas"
    page = ana.get(path)
    form = fields(page.text, path)
    assert ana.post(path, **(form | {column_of(page, "Título"): ""})).status_code == 303
    answer = ana.post(path, **form)
    assert answer.status_code == 422
    assert "Otra persona cambió las columnas." in words(answer)


def test_two_columns_cannot_be_the_same(ana: StaffClient) -> None:
    path = f"{bring(ana, HEAD, GOOD)}/columnas"
    page = ana.get(path)
    form = fields(page.text, path) | {column_of(page, "Tipo"): "title"}
    answer = ana.post(path, **form)
    assert answer.status_code == 422
    assert "Dos columnas dicen «Título». Deja una." in words(answer)


def test_order_of_day_and_month_is_asked_once(ana: StaffClient) -> None:
    lines = [GOOD.replace("2026-12-05", f"{day}/12/26") for day in ("05", "06", "07")]
    address = bring(ana, HEAD, *lines)
    path = f"{address}/columnas"
    page = ana.get(path)
    assert "¿Qué día es «05/12/26»?" in words(page)
    ana.post(path, **(fields(page.text, path) | {"order": "day_first"}))
    assert "3 listos, 0 por mirar" in words(ana.get(address))
    assert 'value="day_first" checked' in ana.get(path).text, "and can be changed"


def test_hours_without_half_are_asked_once(ana: StaffClient) -> None:
    address = bring(ana, HEAD, GOOD.replace("18:00", "6"), LATER.replace("18:00", "6:30"))
    path = f"{address}/columnas"
    page = ana.get(path)
    assert "¿De qué parte del día es «6, 6:30»?" in words(page)
    ana.post(path, **(fields(page.text, path) | {"half": "pm"}))
    page_text = words(ana.get(f"{address}?ver=ready")).replace("\xa0", " ")
    assert "2 listos" in page_text
    assert "6:30 p. m." in page_text


def test_sheets_of_a_workbook_are_chosen(ana: StaffClient) -> None:
    def rows(day: str) -> list[list[str]]:
        return [HEAD.split(","), GOOD.replace("2026-12-05", day).split(",")]

    book = xlsx(("Diciembre", rows("2026-12-05")), ("Viejo", rows("2026-12-06")))
    path = send(ana, book, name="a.xlsx").headers["Location"]
    form = fields(ana.get(path).text, path)
    assert form["sheet"] == ["Diciembre", "Viejo"]
    assert ana.post(path, **(form | {"sheet": "Otra"})).status_code == 422
    ana.post(path, **(form | {"sheet": "Diciembre"}))
    assert "1 listo, 0 por mirar" in words(ana.get(path.removesuffix("/columnas")))


def test_pasted_rows_are_read_as_a_file(ana: StaffClient) -> None:
    rows = "\n".join(each.replace(",", "\t") for each in (HEAD, GOOD))
    answer = ana.post("/org/traer/hoja", office="chicago", rows=rows)
    assert answer.status_code == 303
    assert "Leímos «lo que pegaste»: 1 renglón." in words(ana.get(answer.location))


def test_nothing_and_unreadable_files_are_refused_on_the_page(ana: StaffClient) -> None:
    answer = ana.post("/org/traer/hoja", office="chicago")
    assert answer.status_code == 422
    fault = "Elige un archivo, pega tus renglones o la dirección de un calendario."
    assert fault in words(answer)
    assert "Eso es un PDF" in words(send(ana, "%PDF-1.7", name="a.pdf"))


def test_any_field_of_a_row_is_opened_and_changed(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD)
    key = key_of(ana, address, 2)
    opened = save(ana, address, form_of(ana, address), ver="ready", do=f"open:{key}").location
    assert opened.endswith(f"&abre={key}#r-{key}")
    form = dict(fields(ana.get(opened).text, address))
    assert form[f"title-{key}"] == "Renueva tu DACA"
    typed = {f"title-{key}": "DACA: dudas", f"capacity-{key}": "12", f"ends-{key}": "8:30 pm"}
    save(ana, address, form, **typed)
    load(ana, address, form_of(ana, address))
    (workshop,) = all_workshops(store)
    assert (workshop.title["es"], workshop.capacity) == ("DACA: dudas", 12)
    assert f"{workshop.ends:%H:%M}" == "20:30"


def test_typed_rows_outlive_the_session(app: Flask, ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, IMPOSSIBLE)
    key, form = key_of(ana, address, 2), form_of(ana, address)
    enrol(app, store)
    expire(store)
    page = save(ana, address, form, **{f"day-{key}": "30/01/2027"})
    assert page.status_code == 401
    restored = sign_in(app, store, page)
    assert restored.status_code == 200
    assert value(restored.text, f"day-{key}") == "30/01/2027"
    assert "Todavía no se guardó" in words(restored)


# Questions


def test_like_venue_is_asked_and_remembered(ana: StaffClient, store: Store) -> None:
    sheet = (HEAD, GOOD.replace("Biblioteca de Pilsen", "Sn Pio"))
    address = bring(ana, *sheet)
    page = ana.get(address)
    assert "¿Es la misma?" in words(page)
    assert "Sí, es Parroquia San Pío" in words(page)
    with store.read() as session:
        parish = session.scalars(sa.select(Venue).where(Venue.name == "Parroquia San Pío")).one()
    form = form_of(ana, address) | {"venue-0": str(parish.id)}
    save(ana, address, form)
    load(ana, address)
    assert [each.venue_id for each in all_workshops(store)] == [parish.id]
    again = bring(ana, *(each.replace("2026-12-05", "2026-12-06") for each in sheet))
    assert "1 listo, 0 por mirar" in words(ana.get(again)), "not asked again"


def test_row_of_which_only_the_venue_is_asked_points_to_that_question(ana: StaffClient) -> None:
    like = GOOD.replace("Biblioteca de Pilsen", "Bibl. Pilzen")
    address = bring(ana, HEAD, like, like.replace("18:00", "25:00").replace("-05", "-06"))
    page = ana.get(address)
    first, second = (key_of(ana, address, line) for line in (2, 3))
    assert page.text.count("Responder arriba") == 1
    assert f'name="venue-{first}"' not in page.text
    assert f'name="venue-{second}"' in page.text, "its hour is asked too"
    opened = ana.get(f"{address}?abre={first}")
    assert f'name="venue-{first}"' in opened.text
    assert "Responder arriba" not in words(opened)


def test_loaded_page_says_what_is_next(ana: StaffClient, store: Store) -> None:
    without_venue = LATER.replace("Biblioteca de Pilsen", "")
    address = bring(ana, HEAD, GOOD, without_venue, IMPOSSIBLE)
    page = ana.get(load(ana, address).location)
    text = words(page)
    complete, incomplete = all_workshops(store)
    assert "1 Publica el que ya está completo" in text
    assert f"/org/talleres/varios?hacer=publicar&amp;t={complete.public_id}" in page.text
    assert "2 Completa 1 borrador Falta para publicar: sede." in text
    assert f"/org/talleres/{incomplete.public_id}/editar" in page.text
    assert "3 Arregla el renglón que no entró" in text
    reviewed = words(ana.get(f"/org/talleres/varios?hacer=publicar&t={complete.public_id}"))
    assert "Renueva tu DACA" in reviewed


def test_titles_above_the_headings_are_said(ana: StaffClient) -> None:
    heading = HEAD.split(",")
    sheet = xlsx(("Enero", [["CONSULADO GENERAL"], [], heading, GOOD.split(",")]))
    page = ana.get(send(ana, sheet, name="enero.xlsx").headers["Location"])
    assert "Los nombres de las columnas estaban en el renglón 3." in words(page)


def test_like_venue_can_be_new_or_another(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD.replace("Biblioteca de Pilsen", "Sn Pio"))
    save(ana, address, form_of(ana, address) | {"venue-0": "new"})
    load(ana, address)
    with store.read() as session:
        assert len(session.scalars(sa.select(Venue)).all()) == 3
    other = bring(ana, HEAD, LATER.replace("Biblioteca de Pilsen", "Bibl. Pilzen"))
    with store.read() as session:
        pilsen = session.scalars(sa.select(Venue).where(Venue.name.contains("Pilsen"))).one()
    form = form_of(ana, other)
    if "venue-name-0" in form:
        save(ana, other, form | {"venue-0": "other", "venue-other-0": str(pilsen.id)})
    load(ana, other)
    assert all_workshops(store)[-1].venue_id == pilsen.id


def test_venue_of_another_office_is_no_answer(
    ana: StaffClient, store: Store, calgary: Office
) -> None:
    with store.change() as session:
        foreign = venue(session, calgary, "Sn Pio")
        number = foreign.id
    address = bring(ana, HEAD, GOOD.replace("Biblioteca de Pilsen", "Sn Pio"))
    save(ana, address, form_of(ana, address) | {"venue-0": str(number)})
    assert "1 por mirar" in words(ana.get(address))


def test_past_rows_are_left_out_and_taken_in_again(ana: StaffClient) -> None:
    address = bring(ana, HEAD, GOOD, PAST)
    assert "Ya pasó (sáb 7 nov 2026, 6:00 p. m.)." in words(ana.get(address))
    save(ana, address, form_of(ana, address), do="out-past")
    assert "1 listo, 0 por mirar" in words(ana.get(address))
    key = key_of(ana, address, 3)
    save(ana, address, form_of(ana, address, "?ver=out"), do=f"in:{key}")
    assert "1 listo, 1 por mirar" in words(ana.get(address))


def test_twin_is_asked_with_a_way_out_each(ana: StaffClient, store: Store, office: Office) -> None:
    load(ana, bring(ana, HEAD, GOOD))
    with store.change() as session:
        workshop_service.create(
            session,
            workshop_service.get_data(session.scalars(sa.select(Workshop)).one()),
            now=clock.now(),
        )
        session.execute(sa.text("DELETE FROM imported_row"))
    address = bring(ana, HEAD, GOOD)
    key = key_of(ana, address, 2)
    assert "Se parece a uno que ya tienes." in words(ana.get(address))
    save(ana, address, form_of(ana, address), do=f"fix:{key}:TWIN_OF_WORKSHOP-0")
    load(ana, address, form_of(ana, address, "?ver=ready"))
    assert len(all_workshops(store)) == 3


def test_clash_and_holiday_are_shown_and_the_row_is_loaded(ana: StaffClient) -> None:
    christmas = GOOD.replace("2026-12-05", "2026-12-25")
    address = bring(ana, HEAD, christmas, christmas.replace("18:00", "19:00"))
    page = words(ana.get(f"{address}?ver=clash"))
    assert "2 listos" in page
    assert "Ese día es feriado" in page
    assert "Choca con el renglón 2: misma sede, misma hora." in page


def test_every_remark_is_said_in_words(app: Flask) -> None:
    for code in RemarkCode:
        names = re.findall(r"%\((\w+)\)s", code.value)
        values = dict.fromkeys(names, "x")
        assert remark_words.remark_words(remark(None, code, **values)), code


# Two people, two presses


def test_two_people_in_one_draft_lose_nothing(app: Flask, ana: StaffClient, store: Store) -> None:
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    address = bring(ana, HEAD, IMPOSSIBLE, IMPOSSIBLE.replace("31/", "30/"))
    first, second = key_of(ana, address, 2), key_of(ana, address, 3)
    of_ana, of_luz = form_of(ana, address), form_of(luz, address)
    save(ana, address, of_ana, **{f"day-{first}": "31/01/2027"})
    save(luz, address, of_luz, **{f"day-{second}": "30/01/2027"})
    assert "2 listos, 0 por mirar" in words(ana.get(address)), "different rows are both kept"


def test_same_row_changed_by_two_is_shown_with_both(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    address = bring(ana, HEAD, IMPOSSIBLE)
    key = key_of(ana, address, 2)
    of_luz = form_of(luz, address)
    save(ana, address, form_of(ana, address), **{f"day-{key}": "31/01/2027"})
    answer = save(luz, address, of_luz, **{f"day-{key}": "28/02/2027"})
    assert answer.status_code == 409
    assert "Otra persona cambió el mismo renglón." in words(answer)
    assert "Ahora dice: Día: 31/01/2027." in words(answer)
    form = dict(fields(answer.text, address))
    assert form[f"day-{key}"] == "28/02/2027", "what was typed stays"
    assert save(luz, address, form).status_code == 303
    shown = words(luz.get(f"{address}?ver=ready"))
    assert "28 feb 2027" in shown


def test_load_sent_twice_loads_once(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD)
    form = form_of(ana, address)
    assert load(ana, address, form).location == f"{address}/listo"
    assert load(ana, address, form).location == f"{address}/listo"
    assert len(all_workshops(store)) == 1


def test_same_sheet_twice_brings_nothing_new(ana: StaffClient, store: Store) -> None:
    load(ana, bring(ana, HEAD, GOOD))
    address = bring(ana, HEAD, GOOD)
    assert "0 listos, 0 por mirar" in words(ana.get(address))
    assert load(ana, address).status_code == 409
    assert len(all_workshops(store)) == 1


def test_typed_values_are_kept_and_shown_before_loading(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD, IMPOSSIBLE)
    key = key_of(ana, address, 3)
    form = form_of(ana, address) | {f"day-{key}": "31/01/2027"}
    answer = load(ana, address, form)
    assert answer.location == f"{address}?hecho=si"
    assert all_workshops(store) == []
    assert "2 listos, 0 por mirar" in words(ana.get(answer.location))


def test_what_changed_since_the_page_was_shown_is_not_loaded(
    ana: StaffClient, store: Store, office: Office
) -> None:
    address = bring(ana, HEAD, GOOD)
    form = form_of(ana, address)
    load(ana, bring(ana, HEAD, GOOD, LATER))
    answer = load(ana, address, form)
    assert answer.status_code == 409
    assert "No se cargó nada" in words(answer)
    assert len(all_workshops(store)) == 2


def test_what_a_colleague_made_ready_meanwhile_is_not_loaded_unseen(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    address = bring(ana, HEAD, GOOD, IMPOSSIBLE)
    key, of_ana = key_of(ana, address, 3), form_of(ana, address)
    save(luz, address, form_of(luz, address), **{f"day-{key}": "31/01/2027"})
    answer = load(ana, address, of_ana)
    assert answer.status_code == 409
    assert "2 listos, 0 por mirar" in words(answer)
    assert all_workshops(store) == []


def test_draft_belongs_to_its_office(app: Flask, ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD)
    eva = signed_in_as(app, store, employ(store, "eva@example.org"))
    assert eva.get(address).status_code == 200, "a colleague of the office finishes it"


def test_draft_of_another_office_looks_nonexistent(
    app: Flask, ana: StaffClient, store: Store, calgary: Office
) -> None:
    address = bring(ana, HEAD, GOOD)
    eva = signed_in_as(
        app, store, employ(store, "eva@calgary.example.org", Role.ORGANIZER, "calgary")
    )
    foreign = address.replace("chicago", "calgary")
    for path in (address, foreign, f"{foreign}/columnas", f"{foreign}/listo"):
        assert eva.get(path).status_code == 404, path
    assert eva.post(f"{foreign}/cargar", seen="x").status_code == 404
    assert eva.post(f"{foreign}/borrar").status_code == 303, "as one that is gone"
    assert "enero.csv" not in words(eva.get("/org/traer")) + words(eva.get("/org/"))
    assert the_draft(store).name == "enero.csv"


# Changes with people, and undoing


def published(line: str) -> str:
    return f"{line}publicado"


def bring_changed_capacity(ana: StaffClient) -> str:
    """The address of a sheet that makes the workshop of GOOD smaller."""
    load(ana, bring(ana, HEAD, published(GOOD)))
    return bring(ana, HEAD, published(GOOD.replace("18:00", "19:00")))


def publish(store: Store, workshop: Workshop) -> Workshop:
    with store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        workshop_service.publish(session, found, now=clock.now())
    return found


def test_changed_workshop_with_people_shows_the_sheet_first(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    events = (
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "UID:a@example.org",
        "DTSTART:20261205T180000",
        "DTEND:20261205T200000",
        "SUMMARY:DACA",
        "LOCATION:Biblioteca de Pilsen",
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    load(ana, bring(ana, *events))
    (workshop,) = all_workshops(store)
    workshop = publish(store, workshop)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    later = [each.replace("T180000", "T190000").replace("T200000", "T210000") for each in events]
    address = bring(ana, *later)
    assert "ya hay registros (1)" in words(ana.get(f"{address}?ver=ready"))
    sheet = load(ana, address)
    assert "¿A quién le avisamos?" in words(sheet)
    assert all_workshops(store)[0].starts.hour == 18
    path = f"{address}/cargar"
    done = ana.post(path, **(fields(sheet.text, path) | {"aviso": "avisar"}))
    assert done.location == f"{address}/listo"
    assert all_workshops(store)[0].starts.hour == 19
    with store.read() as session:
        causes = session.scalars(sa.select(Notification.cause)).all()
    assert "changed" in [each.value for each in causes]
    undone = undo(ana, address)
    assert "1 volvió a como estaba." in words(undone)
    assert all_workshops(store)[0].starts.hour == 18


def undo(client: StaffClient, address: str) -> TestResponse:
    path = f"{address}/deshacer"
    return client.post(path, **fields(client.get(f"{address}/listo").text, path))


def test_whole_load_is_undone_in_one_act(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD, published(LATER))
    load(ana, address)
    assert {each.status for each in all_workshops(store)} == {WorkshopStatus.DRAFT}
    form = fields(ana.get(f"{address}/listo").text, f"{address}/deshacer")
    page = words(ana.post(f"{address}/deshacer", **form))
    assert "Quitamos 2 borradores." in page
    assert all_workshops(store) == []
    assert ana.post(f"{address}/deshacer", **form).location == f"{address}/listo", "sent twice"
    assert "2 listos" in words(ana.get(address)), "the rows can be loaded anew"
    load(ana, address)
    assert len(all_workshops(store)) == 2


def test_undo_names_what_stays_and_why(ana: StaffClient, store: Store, key_store: KeyStore) -> None:
    address = bring(ana, HEAD, published(GOOD), LATER, published(LATER.replace("12-12", "12-19")))
    load(ana, address)
    first, second, _third = all_workshops(store)
    first, second = publish(store, first), publish(store, second)
    seat(store, key_store, first, contact=ContactMethod.EMAIL, address="rosa@example.org")
    page = words(undo(ana, address))
    assert "2 se quedaron" in page
    assert "Ya tiene personas registradas. No se borra." in page
    assert "Ya se publicó, y alguien pudo verlo." in page
    assert [each.status.value for each in all_workshops(store)] == ["published", "published"]


def test_draft_is_deleted_by_hand_and_after_thirty_days(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    ana.post(f"{bring(ana, HEAD, GOOD)}/borrar")
    address = bring(ana, HEAD, GOOD)
    with store.change() as session:
        draft = session.scalars(sa.select(ImportDraft)).one()
        draft.made_at -= import_drafts.RETENTION
    assert ana.get(address).status_code == 404
    assert retention.purge(store, key_store, now=clock.now()).rows["sheets begun"] == 1


def test_office_has_a_bounded_number_of_drafts(ana: StaffClient) -> None:
    for _number in range(import_drafts.MAX_DRAFTS):
        bring(ana, HEAD, GOOD)
    answer = send(ana, HEAD, GOOD)
    assert answer.status_code == 422
    assert "Termina o borra una." in words(answer)


def test_hostile_form_changes_nothing(ana: StaffClient, store: Store) -> None:
    address = bring(ana, HEAD, GOOD)
    for order in ("fix:x", "fix:000000000000:Y", "out:", "open:<b>", "in:1:2:3", "\x00"):
        assert ana.post(address, do=order, row="zz", ver="<x>", pag="-1").status_code == 303
    assert "1 listo" in words(ana.get(f"{address}?ver=<b>&pag=99999&abre=%00"))
    markup = GOOD.replace("Renueva tu DACA", "<script>alert(1)</script>")
    assert "<script>alert" not in ana.get(f"{bring(ana, HEAD, markup)}?ver=ready").text


def download_left(client: StaffClient, address: str) -> list[dict[str, str]]:
    """The rows of the file of rows that wait, by heading."""
    answer = client.get(f"{address}/renglones.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=renglones.csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_rows_that_wait_are_downloaded_with_what_they_lack(ana: StaffClient) -> None:
    person = "Rosa Canaria,rosa@example.org"
    address = bring(
        ana,
        f"{HEAD},Nombre completo,Correo",
        f"{GOOD},{person}",
        f"31/02/2027,10:00,DACA,=Renueva,Biblioteca de Pilsen,20,,{person}",
        f"2027-02-28,18:00,DACA,-Renueva,Biblioteca de Pilsen,s/l,,{person}",
        f"{PAST},{person}",
    )
    save(ana, address, form_of(ana, address), do=f"out:{key_of(ana, address, 5)}")
    first, second = download_left(ana, address)
    assert first == {
        "Fecha": "31/02/2027",
        "Hora": "10:00",
        "Tipo": "DACA",
        "Título": "'=Renueva",
        "Sede": "Biblioteca de Pilsen",
        "Cupo": "20",
        "Estatus": "",
        "Qué falta": "«31/02/2027» no está en el calendario.",
    }
    assert (second["Título"], second["Qué falta"]) == ("'-Renueva", "«s/l»: ¿cuántos lugares?")


def test_rows_that_wait_are_mended_elsewhere_and_brought_in_again(
    ana: StaffClient, store: Store
) -> None:
    address = bring(ana, "Tipo,Sede,Hora", "2026-12-12", "DACA,Biblioteca de Pilsen,18 hr o 19")
    form, key = form_of(ana, address), key_of(ana, address, 3)
    (left,) = download_left(ana, address)
    assert (left["Día"], left["Hora"]) == ("2026-12-12", "18 hr o 19"), "it stood above the row"
    save(ana, address, form, **{f"starts-{key}": "25:00"})
    (left,) = download_left(ana, address)
    assert left["Hora"] == "25:00", "what was typed"
    file = ana.get(f"{address}/renglones.csv").data
    path = send(ana, file, name="renglones.csv").headers["Location"]
    page = ana.get(path)
    assert fields(page.text, path)[column_of(page, "Qué falta")] == "", "it is not read"
    mended = file.replace(b"25:00", b"18:00")
    address = send(ana, mended, name="renglones.csv").headers["Location"].removesuffix("/columnas")
    load(ana, address)
    (workshop,) = all_workshops(store)
    assert f"{workshop.day} {workshop.starts:%H:%M}" == "2026-12-12 18:00"
