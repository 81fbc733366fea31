"""Moving a workshop in the calendar: what is asked, and what is refused. Two organizers who move,
edit and undo in any order are in `test_editors_walk`."""

import re
from datetime import date, time
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

DAY: Final = date(2027, 1, 15)
SHEET: Final = "¿A quién le avisamos?"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=DAY, starts=time(18), ends=time(20))


def path_of(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/mover"


def place_of(store: Store, workshop: Workshop) -> tuple[str, str, str]:
    with store.read() as session:
        row = session.get_one(Workshop, workshop.id)
        return str(row.day), f"{row.starts:%H:%M}", f"{row.ends:%H:%M}"


def move(
    ana: StaffClient, workshop: Workshop, day: str = "2027-01-16", **more: Any
) -> TestResponse:
    asked = {"dia": day, "hora": "10:00", "hasta": "12:30", "vista": "semana"} | more
    return ana.post(path_of(workshop), **asked)


def test_workshop_without_people_moves_at_once_and_back(
    ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    answer = move(ana, workshop)
    assert answer.status_code == 303
    assert place_of(store, workshop) == ("2027-01-16", "10:00", "12:30")
    page = ana.get(answer.location)
    assert "16 de enero" in words(page) or "Sáb 16" in words(page)
    undo = re.search(r'action="(/org/deshacer/[^"]+)"', page.text)
    assert undo is not None
    assert ana.post(undo[1]).status_code in {200, 303}
    assert place_of(store, workshop) == ("2027-01-15", "18:00", "20:00")
    with store.read() as session:
        actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert "workshop changed" in actions


def test_end_before_the_start_is_asked_about(
    ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    hours = {"hora": "17:15", "hasta": "16:00"}
    asked = move(ana, workshop, **hours)
    assert asked.status_code == 422
    assert "¿Termina el día siguiente?" in words(asked)
    assert place_of(store, workshop)[1:] == ("18:00", "20:00")
    assert move(ana, workshop, **hours, next_day="17:15-16:00").status_code == 303
    assert place_of(store, workshop)[1:] == ("17:15", "16:00")


def test_page_of_moving_works_without_javascript(
    ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    filled = fields(ana.get(f"{path_of(workshop)}?vista=mes").text, path_of(workshop))
    assert (filled["dia"], filled["hora"], filled["hasta"]) == ("2027-01-15", "18:00", "20:00")
    answer = ana.post(path_of(workshop), **{**filled, "dia": "2027-01-20"})
    assert answer.location == (
        "/org/talleres?vista=mes&dia=2027-01-20" + answer.location.partition("2027-01-20")[2]
    )
    assert place_of(store, workshop) == ("2027-01-20", "18:00", "20:00")


def test_workshop_with_people_asks_first_whom_to_tell(
    ana: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    sheet = move(ana, workshop)
    assert SHEET in words(sheet)
    assert place_of(store, workshop) == ("2027-01-15", "18:00", "20:00")
    again = fields(sheet.text, path_of(workshop)) | {"aviso": "avisar"}
    assert ana.post(path_of(workshop), **again).status_code == 303
    assert place_of(store, workshop) == ("2027-01-16", "10:00", "12:30")
    with store.read() as session:
        causes = session.scalars(
            sa.select(Notification.cause).where(
                Notification.registration_id == rosa.id,
                Notification.cause == NotificationType.CHANGED,
            )
        ).all()
    assert len(causes) == 1


def test_move_of_what_another_organizer_moved_meanwhile_is_refused(
    app: Flask, ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    seen = fields(ana.get(path_of(workshop)).text, path_of(workshop))["visto"]
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert move(luz, workshop, visto=seen).status_code == 303
    page = move(ana, workshop, "2027-01-18", visto=seen)
    assert page.status_code == 422
    assert "Alguien más cambió este taller" in words(page)
    assert "10:00 a. m." in words(page), "where it is now"
    assert fields(page.text, path_of(workshop))["dia"] == "2027-01-18", "what was typed is kept"
    assert place_of(store, workshop) == ("2027-01-16", "10:00", "12:30")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dia": "2020-01-15"}, "ya pasó"),
        ({"dia": ""}, "Escribe la fecha"),
        ({"hora": "25:00"}, "Escribe la hora como 18:30."),
        ({"dia": "2027-11-07", "hora": "01:30", "hasta": "03:00"}, "esa hora pasa dos veces"),
        ({"dia": "2027-03-14", "hora": "02:30", "hasta": "03:30"}, "no existe"),
    ],
)
def test_day_and_hour_that_cannot_be_are_refused_in_words(
    ana: StaffClient, store: Store, workshop: Workshop, given: dict[str, str], message: str
) -> None:
    page = ana.post(
        path_of(workshop), **({"dia": "2027-01-16", "hora": "10:00", "hasta": "12:00"} | given)
    )
    assert page.status_code == 422
    assert message in words(page)
    assert place_of(store, workshop) == ("2027-01-15", "18:00", "20:00")


def test_only_editors_of_the_office_move_its_workshops(
    app: Flask, store: Store, chicago: Office, calgary: Office, workshop: Workshop
) -> None:
    for email, role, office in (
        ("iris@example.org", Role.READER, "chicago"),
        ("olga@example.org", Role.ORGANIZER, "calgary"),
    ):
        client = signed_in_as(app, store, employ(store, email, role, office))
        assert move(client, workshop).status_code in {403, 404}
        assert client.get(path_of(workshop)).status_code in {403, 404}
    assert place_of(store, workshop) == ("2027-01-15", "18:00", "20:00")
