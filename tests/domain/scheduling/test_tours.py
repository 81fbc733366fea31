"""Tours of the mobile consulate: a change of a stop changes its workshops, and no others."""

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import tours, workshop_service
from outreach.domain.scheduling.tours import Tour, TourStopData
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.domain.workshops.tour_stops import TourStop
from outreach.errors import ErrorCode, NotFound
from outreach.keystore import KeyStore
from tests.conftest import a_saturday, seat, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.refusals import refuses

pytestmark = [pytest.mark.any_database, fixed_clock]

NINE, THREE = time(9), time(15)
CITIES = ("Waukegan", "Rockford", "Elgin", "South Bend", "Gary")


@pytest.fixture
def route(store: Store, chicago: Office, rights: Kind, women: Kind) -> Tour:
    return five_stops(store, chicago)


def five_stops(store: Store, chicago: Office) -> Tour:
    """Returns a tour with five published stops on five days, with two kinds each. South Bend is in
    another time zone."""
    with store.change() as session:
        office = session.merge(chicago, load=False)
        tour = tours.add(session, office, "Ruta del norte", "nonce", now=clock.now())
        for number, city in enumerate(CITIES):
            zone = ZoneInfo("America/Indiana/Indianapolis") if city == "South Bend" else office.zone
            found = venue(session, chicago, name=f"Parroquia de {city}", city=city, zone=zone)
            stop = tours.add_stop(session, tour, make_stop_data(found, number), now=clock.now())
            tours.publish_stop(session, stop, now=clock.now())
    return tour


def make_stop_data(venue: Venue | None, number: int = 0, **changes: Any) -> TourStopData:
    data = TourStopData(
        day=a_saturday() + timedelta(days=number),
        starts=NINE,
        ends=THREE,
        city=venue.city if venue else "Gary",
        region=venue.region if venue else "IN",
        venue=venue,
        kinds=Codes(["derechos", "mujeres"]),
    )
    return replace(data, **changes)


def list_stops(session: Session, tour: Tour) -> list[TourStop]:
    return tours.list_stops(session, [tour.id])[tour.id]


def get_data(stop: TourStop) -> TourStopData:
    return TourStopData(**{name: getattr(stop, name) for name in TourStopData.__annotations__})


def column_values(stop: TourStop) -> dict[str, object]:
    """Returns the stored columns of the stop."""
    return {column.key: getattr(stop, column.key) for column in sa.inspect(TourStop).columns}


def all_workshops(session: Session) -> dict[int, Workshop]:
    return {each.id: each for each in session.scalars(sa.select(Workshop))}


def count_notified(session: Session, cause: NotificationType) -> Counter[int]:
    """Returns the number of queued notifications of this type, by workshop."""
    rows = session.execute(
        sa.select(Registration.workshop_id)
        .join(Notification, Notification.registration_id == Registration.id)
        .where(Notification.cause == cause)
    )
    return Counter(row[0] for row in rows)


def seat_two_everywhere(store: Store, key_store: KeyStore) -> None:
    """Registers two people with an e-mail for each workshop."""
    with store.read() as session:
        stops = list(all_workshops(session).values())
    for workshop in stops:
        for name in ("Rosa", "Luz"):
            mail = f"{name}{workshop.id}@example.org"
            seat(store, key_store, workshop, name=name, contact=ContactMethod.EMAIL, address=mail)


def test_stop_has_a_workshop_of_each_kind_at_its_venue_and_in_its_zone(
    store: Store, route: Tour
) -> None:
    with store.read() as session:
        stops = list_stops(session, route)
        workshops_by_stop = tours.list_workshops(session, [stop.id for stop in stops])
        assert [stop.city for stop in stops] == list(CITIES)
        for stop in stops:
            assert [each.kind.code for each in workshops_by_stop[stop.id]] == [
                "derechos",
                "mujeres",
            ]
            for each in workshops_by_stop[stop.id]:
                assert (each.day, each.starts, each.ends) == (stop.day, NINE, THREE)
                assert each.venue is stop.venue
                assert each.zone == stop.zone
                assert each.status is WorkshopStatus.PUBLISHED
        hours = {workshops_by_stop[stop.id][0].starts_at.hour for stop in stops}
        assert len(hours) == 2, "South Bend is in another time zone"


def test_moved_stop_updates_its_workshops_and_notifies_their_people_only(
    store: Store, key_store: KeyStore, route: Tour
) -> None:
    seat_two_everywhere(store, key_store)
    with store.read() as session:
        stop = list_stops(session, route)[2]
        changed_ids = {each.id for each in tours.list_workshops(session, [stop.id])[stop.id]}
        before = all_workshops(session)
    with store.change() as session:
        stop = session.get_one(TourStop, stop.id)
        later = replace(get_data(stop), day=stop.day + timedelta(days=7), starts=time(10))
        changed = tours.change_stop(session, route, stop, later, now=clock.now())
        assert {each.id for each in changed} == changed_ids
    with store.read() as session:
        workshops_after = all_workshops(session)
        for number, workshop in workshops_after.items():
            old = before[number]
            assert workshop.sequence == old.sequence + (number in changed_ids)
            assert (workshop.changed_at > old.changed_at) == (number in changed_ids)
            assert (workshop.day, workshop.starts) == (
                (old.day + timedelta(days=7), time(10))
                if number in changed_ids
                else (old.day, NINE)
            )
        assert count_notified(session, NotificationType.CHANGED) == dict.fromkeys(changed_ids, 2)


def test_cancelled_stop_leaves_the_others_and_can_be_reinstated(
    store: Store, key_store: KeyStore, route: Tour
) -> None:
    seat_two_everywhere(store, key_store)
    with store.change() as session:
        stop = list_stops(session, route)[0]
        first, second = tours.list_workshops(session, [stop.id])[stop.id]
        workshop_service.cancel(session, first, now=clock.now() - timedelta(hours=1))
        cancelled, number = tours.cancel_stop(session, stop, now=clock.now())
        assert ([each.id for each in cancelled], number) == ([second.id], 2)
    with store.read() as session:
        statuses = Counter(each.status for each in all_workshops(session).values())
        assert statuses == {WorkshopStatus.PUBLISHED: 8, WorkshopStatus.CANCELLED: 2}
        assert count_notified(session, NotificationType.CANCELLED) == {first.id: 2, second.id: 2}
    with store.change() as session:
        stop = session.get_one(TourStop, stop.id)
        reinstated = tours.reinstate_stop(session, stop, now=clock.now())
        assert [each.id for each in reinstated] == [second.id], (
            "the first was cancelled before the stop"
        )
    with store.read() as session:
        # Nobody had been told of the cancellation.
        assert count_notified(session, NotificationType.CANCELLED) == {first.id: 2}
        assert not count_notified(session, NotificationType.REINSTATED)
        with refuses(ErrorCode.TOUR_STOP_NOT_CANCELLED):
            tours.reinstate_stop(session, session.get_one(TourStop, stop.id), now=clock.now())


def test_stop_gets_workshops_when_its_venue_is_set(
    store: Store, chicago: Office, route: Tour
) -> None:
    with store.change() as session:
        stop = tours.add_stop(session, route, make_stop_data(None, 9), now=clock.now())
        assert tours.list_workshops(session, [stop.id]) == {}
        with refuses(ErrorCode.TOUR_STOP_WITHOUT_VENUE, city="Gary"):
            tours.publish_stop(session, stop, now=clock.now())
        found = venue(session, chicago, name="Escuela Ejemplo", city="Gary")
        with_venue = replace(get_data(stop), venue=found)
        tours.change_stop(session, route, stop, with_venue, now=clock.now())
        created = tours.list_workshops(session, [stop.id])[stop.id]
        assert [each.status for each in created] == [WorkshopStatus.DRAFT, WorkshopStatus.DRAFT]
        assert len(tours.publish_stop(session, stop, now=clock.now())) == 2


def test_workshop_with_different_hours_shifts_with_the_stop(store: Store, route: Tour) -> None:
    with store.change() as session:
        stop = list_stops(session, route)[1]
        _first, second = tours.list_workshops(session, [stop.id])[stop.id]
        own_data = replace(workshop_service.get_data(second), starts=time(12), ends=time(13))
        workshop_service.change(session, second, own_data, now=clock.now())
        stop_data = replace(get_data(stop), starts=time(8), ends=time(14))
        tours.change_stop(session, route, stop, stop_data, now=clock.now())
        first, second = tours.list_workshops(session, [stop.id])[stop.id]
        assert (first.starts, first.ends) == (time(8), time(14))
        assert (second.starts, second.ends) == (time(11), time(12))


def test_workshop_elsewhere_or_online_keeps_its_place(
    store: Store, key_store: KeyStore, chicago: Office, route: Tour
) -> None:
    with store.change() as session:
        stop = list_stops(session, route)[3]
        first, second = tours.list_workshops(session, [stop.id])[stop.id]
        room = venue(session, chicago, name="Sala 2", city="South Bend", zone=first.zone)
        own_data = replace(workshop_service.get_data(first), venue=room)
        workshop_service.change(session, first, own_data, now=clock.now())
        online = replace(
            workshop_service.get_data(second),
            venue=None,
            mode=DeliveryMode.LIVE_STREAM,
            zone=chicago.zone,
        )
        workshop_service.change(session, second, online, now=clock.now())
    seat_two_everywhere(store, key_store)
    with store.change() as session:
        stop = session.get_one(TourStop, stop.id)
        found = venue(session, chicago, name="Escuela Ejemplo", city="South Bend", zone=stop.zone)
        stop_data = replace(get_data(stop), venue=found)
        assert tours.change_stop(session, route, stop, stop_data, now=clock.now()) == []
        assert not count_notified(session, NotificationType.CHANGED)
        later = replace(get_data(stop), day=stop.day + timedelta(days=1))
        assert len(tours.change_stop(session, route, stop, later, now=clock.now())) == 2
        first, second = tours.list_workshops(session, [stop.id])[stop.id]
        assert (first.venue, first.day) == (session.get_one(Venue, room.id), later.day)
        assert (second.venue, second.zone, second.day) == (None, chicago.zone, later.day)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kinds": Codes()}, ErrorCode.TOUR_STOP_WITHOUT_KIND),
        ({"kinds": Codes(["derechos"])}, ErrorCode.TOUR_STOP_KIND_IN_USE),
        ({"venue": None}, ErrorCode.TOUR_STOP_NEEDS_VENUE),
        ({"starts": THREE}, ErrorCode.ENDS_AT_START),
        ({"day": date(2027, 3, 14), "starts": time(2, 30)}, ErrorCode.HOUR_SKIPPED),
        ({"capacity": 1}, ErrorCode.CAPACITY_BELOW_TAKEN),
    ],
)
def test_refused_change_leaves_the_stop_unchanged(
    store: Store, key_store: KeyStore, route: Tour, changes: dict[str, Any], code: ErrorCode
) -> None:
    seat_two_everywhere(store, key_store)
    with store.read() as session:
        before = column_values(list_stops(session, route)[0])
    with refuses(code), store.change() as session:
        stop = list_stops(session, route)[0]
        stop_data = replace(get_data(stop), **changes)
        tours.change_stop(session, route, stop, stop_data, now=clock.now())
    with store.read() as session:
        assert column_values(list_stops(session, route)[0]) == before
        assert not count_notified(session, NotificationType.CHANGED)


def test_venue_of_another_office_is_not_found(store: Store, calgary: Office, route: Tour) -> None:
    with store.change() as session:
        foreign_venue = venue(session, calgary, name="Biblioteca de Calgary")
        with pytest.raises(NotFound):
            tours.add_stop(session, route, make_stop_data(foreign_venue), now=clock.now())


def test_workshop_on_a_different_day_shifts_with_the_stop(store: Store, route: Tour) -> None:
    with store.change() as session:
        stop = list_stops(session, route)[1]
        _first, second = tours.list_workshops(session, [stop.id])[stop.id]
        own_data = stop.day + timedelta(days=1)
        workshop_service.change(
            session,
            second,
            replace(workshop_service.get_data(second), day=own_data),
            now=clock.now(),
        )
        stop_data = replace(get_data(stop), capacity=30)
        changed = tours.change_stop(session, route, stop, stop_data, now=clock.now())
        assert {each.day for each in changed} == {stop.day, own_data}
        later = replace(get_data(stop), day=stop.day + timedelta(days=7))
        tours.change_stop(session, route, stop, later, now=clock.now())
        assert second.day == own_data + timedelta(days=7)


def test_draft_of_a_cancelled_stop_is_not_published(store: Store, route: Tour) -> None:
    with store.change() as session:
        stops = list_stops(session, route)[0].venue
        stop = tours.add_stop(session, route, make_stop_data(stops, 12), now=clock.now())
        tours.cancel_stop(session, stop, now=clock.now())
        draft = tours.list_workshops(session, [stop.id])[stop.id][0]
        with refuses(ErrorCode.WORKSHOP_OF_CANCELLED_STOP):
            workshop_service.publish(session, draft, now=clock.now())
