"""Group registration: one form for all dates of a series."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import RegistrationStatus
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, series
from outreach.keystore import KeyStore
from tests.conftest import a_saturday, make_workshop, seat
from tests.support.registration_forms import answers, everyone, filled, seats_left, send

pytestmark = pytest.mark.any_database


@pytest.fixture
def course(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    """A series of three Saturdays."""
    return make_series(store, chicago, rights, 3)


def make_series(
    store: Store, office: Office, kind: Kind, count: int, **changes: object
) -> list[Workshop]:
    """A series of `count` Saturdays that is open to group registration."""
    with store.change() as session:
        merged = session.merge(office, load=False)
        saturdays = series.find_or_create(session, merged, "Los sábados", is_joint=True)
        return [
            make_workshop(
                session,
                office,
                kind,
                day=a_saturday() + timedelta(days=7 * week),
                series=saturdays,
                **changes,
            )
            for week in range(count)
        ]


def test_form_offers_the_other_available_dates(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    first, second, cancelled, full, draft, walk_in = make_series(store, chicago, rights, 6)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, cancelled.id), now=clock.now())
        session.get_one(Workshop, full.id).has_waiting_list = False
        session.get_one(Workshop, full.id).seats_left = 0
        session.get_one(Workshop, draft.id).status = WorkshopStatus.DRAFT
        session.get_one(Workshop, walk_in.id).way = Way.OPEN
    page = client.get(f"/es/t/{first.public_id}/lugar").text
    assert "Apartar también en la otra fecha" in page
    assert f"{second.day.day} de " in page
    assert filled(client.get(f"/es/t/{first.public_id}/lugar")).get("series") is None


def test_group_registration_has_all_dates(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, course: list[Workshop]
) -> None:
    first = course[0]
    page = client.get(f"/es/t/{first.public_id}/lugar").text
    assert "Apartar también en las otras 2 fechas" in page
    typed = answers(app, first, series="yes", people="2")
    link = send(client, first, typed).headers["Location"]
    rows = everyone(store)
    assert [row.status for row in rows] == [RegistrationStatus.CONFIRMED] * 3
    assert len({row.joint_id for row in rows}) == 1
    assert [seats_left(store, each) for each in course] == [18, 18, 18]
    assert send(client, first, typed).headers["Location"] == link, "a repeated post changes nothing"
    assert len(everyone(store)) == 3
    page = client.get(link).text
    assert "Tus otras fechas" in page
    assert page.count("Tienes lugar") == 2
    others = [part.split('"')[0] for part in page.split('class="number" href="')[1:]]
    dates = [path for path in others if path.startswith("/es/r/")]
    assert len(dates) == 2
    assert all(client.get(path).status_code == 200 for path in dates)


def test_unticked_form_registers_for_one_date(
    app: Flask, client: FlaskClient, store: Store, course: list[Workshop]
) -> None:
    send(client, course[0], answers(app, course[0]))
    [only] = everyone(store)
    assert only.joint_id is None


def test_group_registration_is_waitlisted_for_a_full_date(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, course: list[Workshop]
) -> None:
    with store.change() as session:
        second = session.get_one(Workshop, course[1].id)
        second.capacity, second.seats_left = 0, 0
    link = send(client, course[0], answers(app, course[0], series="yes")).headers["Location"]
    page = client.get(link).text
    assert 'data-standing="seated"' in page
    assert "En lista de espera" in page


def test_missing_accommodation_on_one_date_stores_nothing_and_leaves_no_key(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    course = make_series(store, chicago, rights, 2, has_childcare=True, support={"childcare": 1})
    seat(store, key_store, course[1], name="Ana", needs=("childcare",))
    typed = answers(
        app,
        course[0],
        series="yes",
        needs=["childcare"],
        contact="email",
        email="rosa@ejemplo.com",
    )
    answer = send(client, course[0], typed)
    assert answer.status_code == 409
    assert "Ya no queda cuidado de niños en una de las fechas." in answer.text
    assert filled(answer)["series"] == ["yes"]
    assert len(everyone(store)) == 1
    assert key_store.find("rosa@ejemplo.com") == []


def test_one_date_or_all_dates_can_be_cancelled(
    app: Flask, client: FlaskClient, store: Store, course: list[Workshop]
) -> None:
    link = send(client, course[0], answers(app, course[0], series="yes")).headers["Location"]
    form = client.get(f"{link}/cancelar").text
    assert "Solo cancelas esta fecha. Tus otras 2 fechas siguen." in form
    assert "Cancelar mis 3 fechas" in form
    second = next(
        part.split('"')[0]
        for part in client.get(link).text.split('class="number" href="')[1:]
        if part.startswith("/es/r/")
    )
    client.post(f"{link}/cancelar")
    assert client.get(link).status_code == 404
    assert client.get(second).status_code == 200
    last = client.post(f"{second}/cancelar", data={"todas": "yes"})
    assert "Cancelaste todas tus fechas." in last.text
    assert [row.status for row in everyone(store)] == [RegistrationStatus.CANCELLED] * 3
    assert [seats_left(store, each) for each in course] == [20, 20, 20]


@pytest.mark.parametrize(("typed", "left"), [({}, 0), ({"todas": "no"}, 2)])
def test_erasure_covers_all_dates_or_only_one(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    course: list[Workshop],
    typed: dict[str, str],
    left: int,
) -> None:
    link = send(client, course[0], answers(app, course[0], series="yes")).headers["Location"]
    assert "Borrar solo esta fecha" in client.get(f"{link}/borrar").text
    client.post(f"{link}/borrar", data=typed)
    assert client.get(link).status_code == 404
    assert len(key_store.ids()) == left
    assert sum(row.key_id is not None for row in everyone(store)) == left


def test_workshops_with_time_slots_have_no_group_registration(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    first, _second = make_series(store, chicago, rights, 2, way=Way.SLOTS, slot_minutes=20)
    assert "Apartar también" not in client.get(f"/es/t/{first.public_id}/lugar").text


def test_series_without_group_registration_registers_for_one_date(
    app: Flask, client: FlaskClient, store: Store, course: list[Workshop]
) -> None:
    with store.change() as session:
        course_series = session.get_one(Workshop, course[0].id).series
        assert course_series
        course_series.is_joint = False
    assert "Apartar también" not in client.get(f"/es/t/{course[0].public_id}/lugar").text
    send(client, course[0], answers(app, course[0], series="yes"))
    assert len(everyone(store)) == 1
