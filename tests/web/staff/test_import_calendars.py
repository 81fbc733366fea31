"""Sheets and calendars arrive as drafts, which are published in one act; calendars are read in a
bounded time, and what repeats without an end asks until when."""

import io
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.imports.guess.builders import calendar
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_import_drafts import (
    GOOD,
    HEAD,
    LATER,
    all_workshops,
    bring,
    form_of,
    load,
    office,
    published,
    save,
    send,
)

__all__ = ["office"]

pytestmark = [pytest.mark.any_database, fixed_clock]


@pytest.fixture
def ana(app: Flask, store: Store, office: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def test_calendar_sent_as_a_ready_file_arrives_as_drafts(ana: StaffClient, store: Store) -> None:
    """A calendar is no file of ours, wherever it is sent."""
    event = ("UID:a@example.org", "SUMMARY:DACA", "CATEGORIES:daca", "STATUS:CONFIRMED")
    at = ("DTSTART:20261205T180000", "DTEND:20261205T200000")
    file = FileStorage(io.BytesIO(calendar([*event, *at])), "a.ics")
    form = {"token": ana.form_token, "office": "chicago", "kind": "daca", "file": file}
    boundary, body = encode_multipart(form)
    content_type = f"multipart/form-data; boundary={boundary}"
    answer = ana.client.post(
        "/org/traer", data=body, content_type=content_type, headers=ana.headers
    )
    assert answer.status_code == 303, words(answer)
    page = ana.get(answer.headers["Location"])
    ana.post("/org/traer/cargar", **fields(page.text, "/org/traer/cargar"))
    (workshop,) = all_workshops(store)
    assert (workshop.status, workshop.published_at) == (WorkshopStatus.DRAFT, None)


def test_event_that_repeats_without_an_end_asks_until_when(ana: StaffClient, store: Store) -> None:
    event = ("UID:a@example.org", "SUMMARY:DACA", "LOCATION:Biblioteca de Pilsen")
    when = ("DTSTART:20261205T180000", "DTEND:20261205T200000", "RRULE:FREQ=WEEKLY")
    answer = send(ana, calendar([*event, *when]), name="a.ics")
    path = answer.headers["Location"]
    page = ana.get(path)
    assert "¿Hasta cuándo?" in words(page)
    form = dict(fields(page.text, path))
    assert form["until"] == "2027-05-27", "half a year"
    refused = ana.post(path, **(form | {"until": "2036-01-01"}))
    assert refused.status_code == 422
    assert "Escribe hasta qué día repetimos los talleres" in words(refused)
    address = path.removesuffix("/columnas")
    assert ana.post(path, **(form | {"until": "2026-12-20"})).location == address
    load(ana, address)
    assert [each.day.day for each in all_workshops(store)] == [5, 12, 19]


def test_event_with_an_end_asks_nothing(ana: StaffClient) -> None:
    event = ("UID:a@example.org", "SUMMARY:DACA", "DTSTART:20261205T180000", "DURATION:PT2H")
    answer = send(ana, calendar([*event, "RRULE:FREQ=WEEKLY;COUNT=3"]), name="a.ics")
    assert "¿Hasta cuándo?" not in words(ana.get(answer.headers["Location"]))


def test_file_is_read_and_judged_while_somebody_else_writes(ana: StaffClient, store: Store) -> None:
    """Only what is stored takes the lock of writers."""
    events = [
        (f"UID:{n}", "DTSTART:20261205T180000", "DURATION:PT2H", "SUMMARY:x", "RRULE:FREQ=DAILY")
        for n in range(40)
    ]
    with store.change() as session:
        session.execute(sa.update(Workshop).values(capacity=Workshop.capacity))
        answer = send(ana, calendar(*events), name="a.ics")
    assert answer.status_code == 422
    assert "5,000" in words(answer)


def test_answer_after_which_there_would_be_too_many_dates_is_refused(
    ana: StaffClient, store: Store
) -> None:
    events = [
        (f"UID:{n}", "DTSTART:20261205T180000", "DURATION:PT2H", "SUMMARY:x", "RRULE:FREQ=DAILY")
        for n in range(27)
    ]
    path = send(ana, calendar(*events), name="a.ics").headers["Location"]
    form = dict(fields(ana.get(path).text, path))
    refused = ana.post(path, **(form | {"until": "2027-11-30"}))
    assert refused.status_code == 422
    assert "5,000" in words(refused)
    assert ana.get(path).status_code == 200, "the draft is as it was"
    assert ana.get(path.removesuffix("/columnas")).status_code == 200


def test_rows_are_judged_while_nobody_is_kept_from_writing(ana: StaffClient, store: Store) -> None:
    """The transactions that store a form read no workshops and venues: thousands of rows would be
    compared with them."""
    path = send(ana, HEAD, GOOD.replace("18:00", "25:00"), name="a.csv").headers["Location"]
    address = path.removesuffix("/columnas")
    said: list[str] = []

    def note(connection: sa.Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "BEGIN IMMEDIATE":
            said.append(statement)

    engine = ana.client.application.extensions["outreach_store"].engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        answers = [
            ana.post(path, **dict(fields(ana.get(path).text, path))),
            save(ana, address, form_of(ana, address), do="out-past"),
        ]
        form = form_of(ana, address)
        hour = next(name for name in form if name.startswith("starts-"))
        answers.append(save(ana, address, form, **{hour: "15:00"}))
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert {each.status_code for each in answers} == {303}
    assert sum("UPDATE import_draft" in each for each in said) >= 2, "they were stored"
    assert [each for each in said if "FROM workshop" in each or "FROM venue" in each] == []


def test_loaded_drafts_are_published_in_one_act(ana: StaffClient, store: Store) -> None:
    """Those that the file gives as cancelled are not among them."""
    off = GOOD.replace("2026-12-05", "2026-12-26").removesuffix(",") + ",cancelado"
    address = bring(ana, HEAD, GOOD, published(LATER), off)
    assert "Entra como borrador: si no se hace, bórralo." in words(ana.get(f"{address}?ver=ready"))
    load(ana, address)
    page = ana.get(f"{address}/listo")
    assert "Publicar estos 2…" in words(page)
    offered = re.findall(r"[?&;]t=([0-9A-Z]{16})", page.text)
    by_id = {each.public_id: each for each in all_workshops(store)}
    assert [by_id[each].day.day for each in offered] == [5, 12]
    assert {each.status for each in by_id.values()} == {WorkshopStatus.DRAFT}
