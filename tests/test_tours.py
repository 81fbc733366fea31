"""The mobile consulate: whatever is done to a stop is done to its workshops, and to no others."""

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import planning, tours
from outreach.domain.journal import Entry
from outreach.domain.kinds import Kind
from outreach.domain.notices import Cause, Notice
from outreach.domain.offices import Office
from outreach.domain.registrations import Contact, Registration
from outreach.domain.tours import Stop, StopPlan, Tour
from outreach.domain.venues import Venue
from outreach.domain.workshops import Standing, Workshop
from outreach.errors import NotFound, Refused
from outreach.keyring import Keyring
from tests.conftest import a_saturday, seat, venue
from tests.desk import Desk, at_desk, employ, words

NINE, THREE = time(9), time(15)
CITIES = ("Waukegan", "Rockford", "Elgin", "South Bend", "Gary")


@pytest.fixture
def route(store: Store, chicago: Office, rights: Kind, women: Kind) -> Tour:
    """Five stops on five days, of two kinds each, all published; South Bend is on other clocks."""
    with store.change() as session:
        here = session.merge(chicago, load=False)
        tour = tours.add(session, here, "Ruta del norte", "nonce", now=clock.now())
        for number, city in enumerate(CITIES):
            zone = ZoneInfo("America/Indiana/Indianapolis") if city == "South Bend" else here.zone
            found = venue(session, chicago, name=f"Parroquia de {city}", city=city, zone=zone)
            stop = tours.add_stop(session, tour, planned(found, number), now=clock.now())
            tours.publish_stop(session, stop, now=clock.now())
    return tour


def planned(venue: Venue | None, number: int = 0, **changes: Any) -> StopPlan:
    plan = StopPlan(
        day=a_saturday() + timedelta(days=number),
        starts=NINE,
        ends=THREE,
        city=venue.city if venue else "Gary",
        region=venue.region if venue else "IN",
        venue=venue,
        kinds=Codes(["derechos", "mujeres"]),
    )
    return replace(plan, **changes)


def stops_of(session: Session, tour: Tour) -> list[Stop]:
    return tours.stops(session, [tour.id])[tour.id]


def plan_of(stop: Stop) -> StopPlan:
    return StopPlan(**{name: getattr(stop, name) for name in StopPlan.__annotations__})


def bare(stop: Stop) -> dict[str, object]:
    """What is stored of it."""
    return {column.key: getattr(stop, column.key) for column in sa.inspect(Stop).columns}


def all_workshops(session: Session) -> dict[int, Workshop]:
    return {each.id: each for each in session.scalars(sa.select(Workshop))}


def told(session: Session, cause: Cause) -> Counter[int]:
    """How many are owed such a notice, by workshop."""
    rows = session.execute(
        sa.select(Registration.workshop_id)
        .join(Notice, Notice.registration_id == Registration.id)
        .where(Notice.cause == cause)
    )
    return Counter(row[0] for row in rows)


def all_seated(store: Store, ring: Keyring) -> None:
    """Two people with an e-mail in every workshop there is."""
    with store.read() as session:
        there = list(all_workshops(session).values())
    for workshop in there:
        for name in ("Rosa", "Luz"):
            mail = f"{name}{workshop.id}@example.org"
            seat(store, ring, workshop, name=name, contact=Contact.EMAIL, address=mail)


def test_a_stop_holds_a_workshop_of_each_kind_at_its_venue_and_on_its_clocks(
    store: Store, route: Tour
) -> None:
    with store.read() as session:
        there = stops_of(session, route)
        held = tours.workshops_at(session, [stop.id for stop in there])
        assert [stop.city for stop in there] == list(CITIES)
        for stop in there:
            assert [each.kind.code for each in held[stop.id]] == ["derechos", "mujeres"]
            for each in held[stop.id]:
                assert (each.day, each.starts, each.ends) == (stop.day, NINE, THREE)
                assert each.venue is stop.venue
                assert each.zone == stop.zone
                assert each.standing is Standing.PUBLISHED
        hours = {held[stop.id][0].starts_at.hour for stop in there}
        assert len(hours) == 2, "nine in South Bend is another moment"


def test_moving_one_of_five_stops_is_one_version_more_there_and_tells_its_people_alone(
    store: Store, ring: Keyring, route: Tour
) -> None:
    all_seated(store, ring)
    with store.read() as session:
        stop = stops_of(session, route)[2]
        mine = {each.id for each in tours.workshops_at(session, [stop.id])[stop.id]}
        before = all_workshops(session)
    with store.change() as session:
        stop = session.get_one(Stop, stop.id)
        later = replace(plan_of(stop), day=stop.day + timedelta(days=7), starts=time(10))
        changed = tours.change_stop(session, route, stop, later, now=clock.now())
        assert {each.id for each in changed} == mine
    with store.read() as session:
        after = all_workshops(session)
        for number, workshop in after.items():
            was = before[number]
            assert workshop.sequence == was.sequence + (number in mine)
            assert (workshop.changed_at > was.changed_at) == (number in mine)
            assert (workshop.day, workshop.starts) == (
                (was.day + timedelta(days=7), time(10)) if number in mine else (was.day, NINE)
            )
        assert told(session, Cause.CHANGED) == dict.fromkeys(mine, 2)


def test_cancelling_one_stop_cancels_nothing_else_and_can_be_undone(
    store: Store, ring: Keyring, route: Tour
) -> None:
    all_seated(store, ring)
    with store.change() as session:
        stop = stops_of(session, route)[0]
        first, second = tours.workshops_at(session, [stop.id])[stop.id]
        planning.cancel(session, first, now=clock.now() - timedelta(hours=1))
        cancelled, number = tours.cancel_stop(session, stop, now=clock.now())
        assert ([each.id for each in cancelled], number) == ([second.id], 2)
    with store.read() as session:
        standings = Counter(each.standing for each in all_workshops(session).values())
        assert standings == {Standing.PUBLISHED: 8, Standing.CANCELLED: 2}
        assert told(session, Cause.CANCELLED) == {first.id: 2, second.id: 2}
    with store.change() as session:
        stop = session.get_one(Stop, stop.id)
        back = tours.reinstate_stop(session, stop, now=clock.now())
        assert [each.id for each in back] == [second.id], "the first was cancelled on its own"
    with store.read() as session:
        assert told(session, Cause.REINSTATED) == {second.id: 2}
        with pytest.raises(Refused, match="no está cancelada"):
            tours.reinstate_stop(session, session.get_one(Stop, stop.id), now=clock.now())


def test_a_stop_without_a_venue_waits_and_gets_its_workshops_with_it(
    store: Store, chicago: Office, route: Tour
) -> None:
    with store.change() as session:
        stop = tours.add_stop(session, route, planned(None, 9), now=clock.now())
        assert tours.workshops_at(session, [stop.id]) == {}
        with pytest.raises(Refused, match="Gary: falta la sede"):
            tours.publish_stop(session, stop, now=clock.now())
        found = venue(session, chicago, name="Escuela Ejemplo", city="Gary")
        with_venue = replace(plan_of(stop), venue=found)
        tours.change_stop(session, route, stop, with_venue, now=clock.now())
        made = tours.workshops_at(session, [stop.id])[stop.id]
        assert [each.standing for each in made] == [Standing.DRAFT, Standing.DRAFT]
        assert len(tours.publish_stop(session, stop, now=clock.now())) == 2


def test_hours_of_their_own_are_kept_and_move_along(store: Store, route: Tour) -> None:
    with store.change() as session:
        stop = stops_of(session, route)[1]
        _first, second = tours.workshops_at(session, [stop.id])[stop.id]
        own = replace(planning.plan_of(second), starts=time(12), ends=time(13))
        planning.change(session, second, own, now=clock.now())
        wanted = replace(plan_of(stop), starts=time(8), ends=time(14))
        tours.change_stop(session, route, stop, wanted, now=clock.now())
        first, second = tours.workshops_at(session, [stop.id])[stop.id]
        assert (first.starts, first.ends) == (time(8), time(14))
        assert (second.starts, second.ends) == (time(11), time(12))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kinds": Codes()}, "al menos un tipo"),
        ({"kinds": Codes(["derechos"])}, "ya tiene su taller"),
        ({"venue": None}, "ya tienen sede"),
        ({"starts": THREE}, "la misma que la de inicio"),
        ({"day": date(2027, 3, 14), "starts": time(2, 30)}, "el reloj se adelanta"),
        ({"capacity": 1}, "Ya hay 2 lugares"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_of_the_stop_changes(
    store: Store, ring: Keyring, route: Tour, changes: dict[str, Any], said: str
) -> None:
    all_seated(store, ring)
    with store.read() as session:
        before = bare(stops_of(session, route)[0])
    with pytest.raises(Refused, match=said), store.change() as session:
        stop = stops_of(session, route)[0]
        wanted = replace(plan_of(stop), **changes)
        tours.change_stop(session, route, stop, wanted, now=clock.now())
    with store.read() as session:
        assert bare(stops_of(session, route)[0]) == before
        assert not told(session, Cause.CHANGED)


def test_a_venue_of_another_office_is_none(store: Store, calgary: Office, route: Tour) -> None:
    with store.change() as session:
        theirs = venue(session, calgary, name="Biblioteca de Calgary")
        with pytest.raises(NotFound):
            tours.add_stop(session, route, planned(theirs), now=clock.now())


# On the pages


@pytest.fixture
def ana(app: Flask, store: Store, route: Tour) -> Desk:
    return at_desk(app, store, employ(store))


FILLED = {
    "day": "2026-12-12",
    "starts": "09:00",
    "ends": "15:00",
    "venue": "",
    "city": "Joliet",
    "region": "IL",
    "kinds": ["derechos"],
    "capacity": "60",
}


def test_ana_makes_a_tour_and_its_stops(ana: Desk, store: Store) -> None:
    made = ana.post("/org/giras/nueva", office="chicago", name="Ruta del sur", nonce="abc")
    again = ana.post("/org/giras/nueva", office="chicago", name="Ruta del sur", nonce="abc")
    assert made.location == again.location, "the same form makes one tour"
    day = str(a_saturday())
    added = ana.post(f"{made.location}/parada", **FILLED | {"day": day})
    assert added.status_code == 303
    page = words(ana.get(added.location))
    assert "Joliet, IL" in page
    assert "Sin sede. No se puede publicar." in page
    with store.read() as session:
        actions = set(session.scalars(sa.select(Entry.action)))
    assert {"tour created", "stop added"} <= actions


def test_what_is_wrong_is_said_and_what_was_typed_stays(ana: Desk, route: Tour) -> None:
    path = f"/org/giras/chicago/{route.id}/parada"
    answer = ana.post(path, **FILLED | {"day": "mañana", "city": "", "kinds": [], "capacity": "x"})
    assert answer.status_code == 422
    said = words(answer)
    for fault in (
        "Escribe la fecha como 2026-12-05.",
        "Escribe la ciudad, o elige la sede.",
        "Elige al menos un tipo de taller.",
        "Escribe un número entero.",
    ):
        assert fault in said
    assert 'value="09:00"' in answer.text
    assert ana.post("/org/giras/nueva", office="chicago", name="").status_code == 422


def test_a_stop_is_moved_published_and_cancelled_on_its_page(
    ana: Desk, store: Store, ring: Keyring, route: Tour
) -> None:
    all_seated(store, ring)
    with store.read() as session:
        stop = stops_of(session, route)[3]
        here = str(stop.venue.id) if stop.venue else ""
        one = tours.workshops_at(session, [stop.id])[stop.id][0]
    path = f"/org/giras/chicago/{route.id}/parada/{stop.id}"
    asked = words(ana.get(f"{path}/cancelar"))
    assert "A 4 registros les avisamos por correo." in asked
    moved = FILLED | {
        "day": str(stop.day + timedelta(days=2)),
        "venue": here,
        "kinds": ["derechos", "mujeres"],
        "capacity": "",
    }
    assert ana.post(path, **moved).status_code == 303
    with store.read() as session:
        assert sum(told(session, Cause.CHANGED).values()) == 4
        now = session.get_one(Workshop, one.id)
        key = session.scalars(sa.select(Registration.key_id).limit(1)).one()
        assert key is not None
        assert now.day == stop.day + timedelta(days=2)
    assert ana.post(f"{path}/cancelar").status_code == 303
    assert "Parada cancelada" in words(ana.get(f"/org/giras/chicago/{route.id}?hecho=cancelada"))
    assert ana.post(f"{path}/reactivar").status_code == 303
    assert "no está cancelada" in words(ana.post(f"{path}/reactivar"))
    answer = ana.post(f"/org/giras/chicago/{route.id}/publicar")
    assert answer.location.endswith("publicados=0")


def test_another_tours_stop_is_not_there(ana: Desk, store: Store, route: Tour) -> None:
    made = ana.post("/org/giras/nueva", office="chicago", name="Otra", nonce="xyz").location
    with store.read() as session:
        stop = stops_of(session, route)[0]
    assert ana.get(f"{made}/parada/{stop.id}").status_code == 404
    assert ana.get("/org/giras/chicago/9999").status_code == 404


def test_a_workshop_with_a_day_of_its_own_keeps_it_and_moves_by_as_much(
    store: Store, route: Tour
) -> None:
    with store.change() as session:
        stop = stops_of(session, route)[1]
        _first, second = tours.workshops_at(session, [stop.id])[stop.id]
        own = stop.day + timedelta(days=1)
        planning.change(
            session, second, replace(planning.plan_of(second), day=own), now=clock.now()
        )
        wanted = replace(plan_of(stop), capacity=30)
        changed = tours.change_stop(session, route, stop, wanted, now=clock.now())
        assert {each.day for each in changed} == {stop.day, own}
        later = replace(plan_of(stop), day=stop.day + timedelta(days=7))
        tours.change_stop(session, route, stop, later, now=clock.now())
        assert second.day == own + timedelta(days=7)


def test_a_draft_of_a_cancelled_stop_comes_out_nowhere(store: Store, route: Tour) -> None:
    with store.change() as session:
        there = stops_of(session, route)[0].venue
        stop = tours.add_stop(session, route, planned(there, 12), now=clock.now())
        tours.cancel_stop(session, stop, now=clock.now())
        draft = tours.workshops_at(session, [stop.id])[stop.id][0]
        with pytest.raises(Refused, match="parada de la gira está cancelada"):
            planning.publish(session, draft, now=clock.now())


def test_the_same_stop_is_not_there_twice(ana: Desk, route: Tour) -> None:
    path = f"/org/giras/chicago/{route.id}/parada"
    filled = FILLED | {"day": str(a_saturday())}
    assert ana.post(path, **filled).status_code == 303
    again = ana.post(path, **filled)
    assert again.status_code == 422
    assert "Esa parada ya está en la gira" in words(again)


def test_a_change_that_cannot_be_comes_back_as_it_was_typed(
    ana: Desk, store: Store, route: Tour
) -> None:
    with store.read() as session:
        stop = stops_of(session, route)[0]
    path = f"/org/giras/chicago/{route.id}/parada/{stop.id}"
    answer = ana.post(path, **FILLED | {"day": str(a_saturday()), "capacity": "77"})
    assert answer.status_code == 422
    assert "ya tienen sede" in words(answer)
    assert 'value="77"' in answer.text
