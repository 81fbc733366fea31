"""What several rows of a sheet ask is asked once, and what is shown is what is loaded."""

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.imports import DATA, kinds
from tests.conftest import venue
from tests.imports.guess.builders import xlsx
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_import_drafts import (
    GOOD,
    HEAD,
    LATER,
    all_workshops,
    bring,
    form_of,
    load,
    save,
    send,
)

pytestmark = [pytest.mark.any_database, fixed_clock]


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """Chicago with the packaged kinds and two venues."""
    with store.change() as session:
        kinds.load(session, kinds.read(DATA / "taxonomy.json"), now=clock.now())
        venue(session, chicago, "Biblioteca de Pilsen")
        venue(session, chicago, "Parroquia San Pío", address="1901 S. Ejemplo St.")
    return signed_in_as(app, store, employ(store))


def test_unknown_kind_is_chosen_once_for_all_its_rows(ana: StaffClient) -> None:
    address = bring(
        ana, HEAD, *(e.replace("DACA,Renueva tu DACA", "Plática Sra. Luz,") for e in (GOOD, LATER))
    )
    form = form_of(ana, address)
    assert "0 listos, 2 por mirar" in words(ana.get(address))
    assert "¿De qué tipo es «Plática Sra. Luz»? 2 renglones" in words(ana.get(address))
    save(ana, address, form, **{shared_field(form): "mujeres"})
    assert "2 listos, 0 por mirar" in words(ana.get(address))
    again = bring(ana, HEAD, GOOD.replace("DACA,Renueva tu DACA", "Plática Sra. Luz,"))
    assert "¿De qué tipo" not in words(ana.get(again)), "remembered for later sheets"


def shared_field(form: dict[str, Any]) -> str:
    """The field of the one question that is asked for several rows."""
    (name,) = [each for each in form if each.startswith("shared-")]
    return name


def press_for_all(client: StaffClient, address: str, number: int) -> TestResponse:
    """Presses a way out of the one question that is asked for several rows."""
    (name,) = set(re.findall(r'value="all:([0-9a-f]{10}):', client.get(address).text))
    return save(client, address, form_of(client, address), do=f"all:{name}:{number}")


def test_year_is_asked_once_for_all_rows(ana: StaffClient, store: Store) -> None:
    days = ("1 de octubre", "8 de octubre", "15 de octubre")
    address = bring(ana, HEAD, *(GOOD.replace("2026-12-05", day) for day in days))
    page = words(ana.get(address))
    assert "0 listos, 3 por mirar" in page
    assert page.count("no dice el año. ¿Es 2027?") == 4, "once above, and in each row as its reason"
    assert "Sí, 2027" in page
    press_for_all(ana, address, 0)
    assert "3 listos, 0 por mirar" in words(ana.get(address))
    load(ana, address)
    assert [f"{each.day}" for each in all_workshops(store)] == [
        "2027-10-01",
        "2027-10-08",
        "2027-10-15",
    ]


def test_order_of_day_and_month_is_asked_once_for_all_rows(ana: StaffClient) -> None:
    days = ("5/1/2027", "6/2/2027", "7/3/2027")
    address = bring(ana, HEAD, *(GOOD.replace("2026-12-05", day) for day in days))
    assert "¿Va primero el día o el mes? 3 renglones" in words(ana.get(address))
    press_for_all(ana, address, 1)
    page = words(ana.get(f"{address}?ver=all"))
    assert "3 listos, 0 por mirar" in page
    assert "sáb 1 may 2027" in page


def test_capacity_is_typed_once_for_all_rows_that_say_the_same(
    ana: StaffClient, store: Store
) -> None:
    open_rows = [each.replace(",30,", ",por definir,") for each in (GOOD, LATER)]
    address = bring(ana, HEAD, *open_rows, GOOD.replace("12-05", "12-19"))
    form = form_of(ana, address)
    save(ana, address, form, **{shared_field(form): "18"})
    load(ana, address, form_of(ana, address, "?ver=ready"))
    assert [each.capacity for each in all_workshops(store)] == [18, 18, 30]


def test_hidden_rows_are_taken_in_at_once(ana: StaffClient) -> None:
    rows = [["Fecha", "Hora", "Tipo"], *([f"2026-12-0{day}", "18:00", "DACA"] for day in (5, 6, 7))]
    book = xlsx(("Hoja", rows), hide_rows=(2, 4))
    answer = send(ana, book, name="a.xlsx")
    address = answer.headers["Location"].removesuffix("/columnas")
    assert "En la hoja están ocultos. ¿Los traemos? 2 renglones" in words(ana.get(address))
    press_for_all(ana, address, 0)
    assert "3 listos, 0 por mirar" in words(ana.get(address))


def test_places_of_consultations_are_shown_as_they_are_loaded(
    ana: StaffClient, store: Store
) -> None:
    row = "2026-12-05,10:00 a 13:00,Diagnóstico migratorio,,Biblioteca de Pilsen,30,"
    address = bring(ana, HEAD, row)
    page = words(ana.get(address))
    assert "Tu hoja dice 30 lugares. Con citas, en esas horas caben 27." in page
    load(ana, address)
    assert [each.capacity for each in all_workshops(store)] == [27]


def test_message_is_pasted_and_loaded(ana: StaffClient, store: Store) -> None:
    message = """Hola! van los de enero 👋
sáb 16 ene DACA 10am biblioteca de Pilsen
viernes 22 y sábado 23 9am becas, parroquia San Pío
Gracias!"""
    answer = ana.post("/org/traer/hoja", office="chicago", rows=message)
    assert answer.status_code == 303, words(answer)
    address = answer.headers["Location"].removesuffix("/columnas")
    load(ana, address)
    assert [
        (
            f"{each.day}",
            f"{each.starts:%H:%M}",
            each.kind.code,
            each.venue.name if each.venue else "",
        )
        for each in all_workshops(store)
    ] == [
        ("2027-01-16", "10:00", "daca", "Biblioteca de Pilsen"),
        ("2027-01-22", "09:00", "educacion", "Parroquia San Pío"),
        ("2027-01-23", "09:00", "educacion", "Parroquia San Pío"),
    ]
