"""Moving a workshop in the calendar: what is asked, what is refused, two organizers at once."""

import re
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from tests.conftest import hold, seat
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
        return hold(session, chicago, rights, day=DAY, starts=time(18), ends=time(20))


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


# Two organizers, in any order of looking, moving and undoing


@dataclass
class Organizer:
    client: StaffClient
    seen: str = ""  # the version that their page shows
    undo: str = ""  # the address of their last undo


@dataclass
class Expected:
    """Where the workshop has to be; what undoes each change, and where it was before."""

    place: tuple[str, str, str]
    changes: list[tuple[str, tuple[str, str, str]]] = field(default_factory=list)


steps = st.tuples(
    st.sampled_from(["look", "move", "undo"]),
    st.integers(0, 1),  # who
    st.integers(0, 6),  # days later
    st.integers(8, 18),  # the hour
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(walk=st.lists(steps, min_size=4, max_size=14))
def test_workshop_is_where_the_last_accepted_change_put_it(
    app: Flask, store: Store, chicago: Office, rights: Kind, walk: list[tuple[str, int, int, int]]
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights, day=DAY, starts=time(18), ends=time(20))
        emails = [f"{workshop.public_id}{number}@example.org" for number in range(2)]
    two = [Organizer(signed_in_as(app, store, employ(store, each))) for each in emails]
    path = path_of(workshop)
    expected = Expected(place_of(store, workshop))
    for action, who, days, hour in walk:
        organizer = two[who]
        if action == "look":
            organizer.seen = str(fields(organizer.client.get(path).text, path)["visto"])
        elif action == "move" and organizer.seen:
            day = str(DAY + timedelta(days=days))
            to = (day, f"{hour:02}:00", f"{hour + 2:02}:00")
            is_current = organizer.seen == _version(store, workshop)
            answer = organizer.client.post(
                path, dia=to[0], hora=to[1], hasta=to[2], visto=organizer.seen
            )
            assert answer.status_code == (303 if is_current else 422)
            if is_current and to != expected.place:
                organizer.undo = f"/org/deshacer/{answer.location.rpartition('lote=')[2]}"
                expected.changes.append((organizer.undo, expected.place))
                expected.place = to
        elif action == "undo" and organizer.undo:
            answer = organizer.client.post(organizer.undo)
            if place_of(store, workshop) != expected.place:
                last, expected.place = expected.changes.pop()
                assert organizer.undo == last, "a change on which another depends is not undone"
            assert answer.status_code < 500
        assert place_of(store, workshop) == expected.place


def _version(store: Store, workshop: Workshop) -> str:
    with store.read() as session:
        return str(session.get_one(Workshop, workshop.id).sequence)
