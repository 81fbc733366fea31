"""Changes of a tour stop combined with changes of its workshops, and simultaneous ones."""

from collections import Counter
from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.locations import venues
from outreach.domain.locations.venues import VenueData
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import tours, venue_change, workshop_service
from outreach.domain.scheduling.tours import Tour
from outreach.domain.workshops import WorkshopStatus
from outreach.errors import ErrorCode
from outreach.keystore import KeyStore
from tests.domain.scheduling.test_tours import (
    NINE,
    THREE,
    count_notified,
    get_data,
    list_stops,
    route,
    seat_two_everywhere,
)
from tests.support.refusals import refuses
from tests.support.staff_client import TIMES, StaffClient, at_once
from tests.web.staff.test_tours import ana

pytestmark = pytest.mark.any_database

__all__ = ["ana", "route"]  # fixtures


def test_workshop_hours_shifted_past_midnight_are_on_the_next_day(
    store: Store, route: Tour
) -> None:
    with store.change() as session:
        stop = list_stops(session, route)[1]
        _first, second = tours.list_workshops(session, [stop.id])[stop.id]
        own_hours = replace(workshop_service.get_data(second), starts=time(20), ends=time(22))
        workshop_service.change(session, second, own_hours, now=clock.now())
        later = replace(get_data(stop), starts=time(14), ends=time(20))
        tours.change_stop(session, route, stop, later, now=clock.now())
        first, second = tours.list_workshops(session, [stop.id])[stop.id]
        assert (first.day, first.starts, first.ends) == (stop.day, time(14), time(20))
        assert second.day == stop.day + timedelta(days=1)
        assert (second.starts, second.ends) == (time(1), time(3))
        moved_back = replace(
            get_data(stop), day=stop.day + timedelta(days=7), starts=NINE, ends=THREE
        )
        tours.change_stop(session, route, stop, moved_back, now=clock.now())
        assert (second.day, second.starts, second.ends) == (stop.day, time(20), time(22))


def test_workshop_of_a_cancelled_stop_is_reinstated_with_the_stop_only(
    store: Store, route: Tour
) -> None:
    with store.change() as session:
        stop = list_stops(session, route)[0]
        first, second = tours.list_workshops(session, [stop.id])[stop.id]
        tours.cancel_stop(session, stop, now=clock.now())
        with refuses(ErrorCode.WORKSHOP_OF_CANCELLED_STOP):
            workshop_service.reinstate(session, first, now=clock.now())
        assert tours.reinstate_stop(session, stop, now=clock.now()) == [first, second]
        assert {first.status, second.status} == {WorkshopStatus.PUBLISHED}


@pytest.mark.races
def test_simultaneous_cancellations_of_a_stop_notify_once(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, route: Tour
) -> None:
    seat_two_everywhere(store, key_store)
    with store.read() as session:
        stops = [each.id for each in list_stops(session, route)]
    fields = {"aviso": "avisar", "reason": "few"}
    for number, stop in enumerate(stops, 1):
        path = f"/org/giras/chicago/{route.id}/parada/{stop}/cancelar"
        answers = Counter(each.status_code for each in at_once(app, ana, path, fields))
        assert answers == {303: 1, 422: TIMES - 1}
        with store.read() as session:
            assert sum(count_notified(session, NotificationType.CANCELLED).values()) == 4 * number


def test_stop_follows_its_venue_to_another_city(store: Store, route: Tour) -> None:
    with store.change() as session:
        first, second = list_stops(session, route)[:2]
        place = first.venue
        assert place is not None
        data = VenueData(**{name: getattr(place, name) for name in venues.DETAIL_FIELDS})
        new_place = replace(
            data, city="Hammond", region="IN", zone=ZoneInfo("America/Indianapolis")
        )
        venue_change.change_venue(session, place, new_place, now=clock.now())
        before = (second.city, second.region, second.zone)
    with store.read() as session:
        first, second = list_stops(session, route)[:2]
        assert (first.city, first.region, first.zone) == (
            new_place.city,
            new_place.region,
            new_place.zone,
        )
        assert (second.city, second.region, second.zone) == before
