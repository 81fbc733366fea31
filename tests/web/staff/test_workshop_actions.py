"""The page of a workshop: its main actions and menu, its history, the dates of its series."""

from collections.abc import Sequence
from datetime import time, timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.workshops import Workshop, WorkshopStatus, series
from outreach.keystore import KeyStore
from outreach.web.staff.workshops.series_dates import MAX_UPCOMING
from outreach.web.staff.workshops.workshop_actions import MAX_MAIN_ACTIONS
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database("what a page shows")

STAGES = ("draft", "ahead", "tomorrow", "over", "held", "not_held", "cancelled")


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def store_workshop(store: Store, office: Office, kind: Kind, stage: str) -> Workshop:
    days = {"over": -3, "held": -3, "not_held": -3, "tomorrow": 1}.get(stage, 7)
    status = {"draft": WorkshopStatus.DRAFT}.get(stage, WorkshopStatus.PUBLISHED)
    day = clock.now().astimezone(office.zone).date() + timedelta(days=days)
    with store.change() as session:
        workshop = make_workshop(session, office, kind, day=day, status=status)
        if stage in {"held", "not_held", "cancelled"}:
            workshop.status = WorkshopStatus(stage)
        return workshop


def open_page(client: StaffClient, workshop: Workshop) -> BeautifulSoup:
    answer = client.get(f"/org/talleres/{workshop.public_id}")
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


def read_labels(found: Sequence[Tag]) -> list[str]:
    return [" ".join(each.get_text().split()) for each in found]


def list_main(page: BeautifulSoup) -> list[str]:
    row = page.select_one(".row:has(> .menu)") or page.select_one("main .spread > .row")
    assert row is not None
    return read_labels(row.select(":scope > a, :scope > form > button"))


@pytest.mark.parametrize(
    ("stage", "main"),
    [
        ("draft", ["Publicar de todos modos", "Editar", "Repetir"]),
        ("ahead", ["Editar", "Volante", "Enviar mensaje"]),
        ("tomorrow", ["Pasar lista", "Editar", "Volante"]),
        ("over", ["Reportar asistencia", "Pasar lista", "Editar"]),
        ("held", ["Constancias", "Reportar asistencia", "Editar"]),
        ("not_held", ["Reportar asistencia", "Editar"]),
        ("cancelled", ["Reactivar el taller", "Editar", "Ver la página pública"]),
    ],
)
def test_main_actions_are_what_comes_next(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, stage: str, main: list[str]
) -> None:
    page = open_page(ana, store_workshop(store, chicago, rights, stage))
    assert [label.replace(" de todos modos", "") for label in list_main(page)] == [
        label.replace(" de todos modos", "") for label in main
    ]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.LEAD, Role.ORGANIZER, Role.DOOR, Role.READER])
@pytest.mark.parametrize("stage", STAGES)
def test_every_action_that_is_offered_can_be_opened(
    app: Flask, store: Store, chicago: Office, rights: Kind, key_store: KeyStore,
    role: Role, stage: str,
) -> None:  # fmt: skip
    workshop = store_workshop(store, chicago, rights, stage)
    if stage == "ahead":
        seat(store, key_store, workshop)
    client = signed_in_as(app, store, employ(store, "rosa@example.org", role))
    page = open_page(client, workshop)
    assert len(list_main(page)) <= MAX_MAIN_ACTIONS
    links = [
        str(link["href"])
        for link in page.select("main .spread > .row a")
        if not str(link["href"]).startswith("/es/")
    ]
    assert len(links) == len(set(links))
    answers = {link: client.get(link) for link in links}
    assert {link: each.status_code for link, each in answers.items() if is_refusal(each)} == {}


def is_refusal(answer: TestResponse) -> bool:
    """A redirect is one to the page that asks for the second factor again, or to the door."""
    return answer.status_code not in {200, 302, 303}


@fixed_clock  # 30 hours before the start: closing the entrance for danger is offered from 24 on
def test_every_action_is_in_the_page_once(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    page = open_page(ana, store_workshop(store, chicago, rights, "tomorrow"))
    labels = [*list_main(page), *read_labels(page.select(".menu-items > *"))]
    assert labels.count("Enviar mensaje") == 1, "the fourth of the wanted ones is in the menu"
    assert len(labels) == len(set(labels)) == 15


def test_danger_and_cancellation_come_last_in_the_menu(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    page = open_page(ana, store_workshop(store, chicago, rights, "ahead"))
    labels = read_labels(page.select(".menu-items > *"))
    assert "Pasar lista" not in labels, "it is not yet open"
    assert {"Mover", "Clonar", "Bitácora", "Ver la página pública"} <= set(labels)
    assert labels[-1] == "Cancelar el taller…"
    assert "Lista en Excel" not in labels, "nobody is registered"


def test_page_says_who_cancelled_and_why(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, key_store: KeyStore
) -> None:
    workshop = store_workshop(store, chicago, rights, "ahead")
    seat(store, key_store, workshop, name="Rosa Canariosa")
    ana.post(f"/org/talleres/{workshop.public_id}/cancelar", reason="weather", aviso="avisar")
    with store.read() as session:
        assert workshops.find(session, workshop.public_id).status is WorkshopStatus.CANCELLED
    page = words(ana.get(f"/org/talleres/{workshop.public_id}"))
    assert "Canceló ana@example.org, " in page
    assert ": Clima o emergencia" in page


def test_history_has_the_last_changes_and_no_names_of_people(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, key_store: KeyStore
) -> None:
    workshop = store_workshop(store, chicago, rights, "ahead")
    seat(store, key_store, workshop, name="Rosa Canariosa")
    for seats in range(21, 28):
        ana.post(f"/org/talleres/{workshop.public_id}/lugares", capacity=str(seats))
    history = read_labels(open_page(ana, workshop).select(".history li"))
    assert len(history) == 5
    assert history[0].endswith("ana@example.org cambió los lugares: de 26; a 27")
    assert "Canariosa" not in " ".join(history)


def test_history_is_for_who_may_edit(
    app: Flask, store: Store, chicago: Office, rights: Kind, ana: StaffClient
) -> None:
    workshop = store_workshop(store, chicago, rights, "ahead")
    ana.post(f"/org/talleres/{workshop.public_id}/lugares", capacity="31")
    door = signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))
    assert open_page(ana, workshop).select(".history li")
    assert not open_page(door, workshop).select(".history li")


def test_dates_of_a_series_are_listed_with_their_states(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    today = clock.now().astimezone(chicago.zone).date()
    with store.change() as session:
        office = session.merge(chicago, load=False)
        course = series.find_or_create(session, office, "Curso de derechos", is_joint=False)
        dates = [
            make_workshop(session, chicago, rights, day=today + timedelta(days=days), series=course)
            for days in (-7, 7, 14, *range(21, 21 + MAX_UPCOMING))
        ]
        dates[0].status, dates[0].head_count = WorkshopStatus.HELD, 22
        dates[2].status = WorkshopStatus.CANCELLED
    page = open_page(ana, dates[1])
    assert f"Serie de {len(dates)} fechas" in words(ana.get(f"/org/talleres/{dates[1].public_id}"))
    past, upcoming = page.select(".series-dates")
    assert "llegaron 22 personas" in " ".join(read_labels([past]))
    rows = read_labels(upcoming.select("li"))
    assert len(rows) == MAX_UPCOMING
    assert "Esta fecha" in rows[0]
    assert rows[1].endswith("Cancelado")
    assert "Y 2 fechas más." in words(ana.get(f"/org/talleres/{dates[1].public_id}"))


def test_workshop_without_a_series_lists_no_dates(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, starts=time(9, 0), ends=time(10, 0))
    assert "Las fechas" not in words(ana.get(f"/org/talleres/{workshop.public_id}"))
