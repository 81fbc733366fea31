"""Free hours of a venue that is taken, and other venues that are free."""

from datetime import date, time
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus, free_times
from outreach.domain.workshops.free_times import FreeTime
from tests.conftest import make_workshop, venue
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database, fixed_clock]

TUESDAY = date(2027, 2, 2)


def taken(
    session: Session, office: Office, kind: Kind, room: Venue, starts: int, ends: int, **more: Any
) -> Workshop:
    fields: dict[str, Any] = {"day": TUESDAY, "venue": room}
    return make_workshop(
        session, office, kind, starts=time(starts), ends=time(ends), **fields | more
    )


def test_next_free_hour_of_the_day_comes_first_then_the_hour_on_other_days(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        room = venue(session, chicago)
        taken(session, chicago, rights, room, 9, 12)
        taken(session, chicago, rights, room, 13, 15)
        taken(session, chicago, rights, room, 10, 11, day=date(2027, 2, 3))
        cancelled = {"status": WorkshopStatus.CANCELLED, "day": date(2027, 2, 4)}
        taken(session, chicago, rights, room, 10, 11, **cancelled)
        wanted = taken(session, chicago, rights, room, 10, 12, status=WorkshopStatus.DRAFT)
        assert free_times.list_free_times(session, wanted, now=clock.now()) == [
            FreeTime(TUESDAY, time(15), time(17)),
            FreeTime(date(2027, 2, 4), time(10), time(12)),
            FreeTime(date(2027, 2, 5), time(10), time(12)),
        ]


def test_free_times_skip_holidays_and_late_hours(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        room = venue(session, chicago)
        saturday = date(2027, 2, 13)  # Monday is Presidents' Day
        wanted = taken(session, chicago, rights, room, 19, 21, day=saturday)
        taken(session, chicago, rights, room, 19, 21, day=saturday)
        found = free_times.list_free_times(session, wanted, now=clock.now())
    assert [each.day for each in found] == [date(2027, 2, day) for day in (14, 16, 17)]


def test_free_times_are_ahead_and_exist(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        room = venue(session, chicago)
        night = taken(session, chicago, rights, room, 2, 3, day=date(2027, 3, 13))
        found = free_times.list_free_times(session, night, now=clock.now())
        assert date(2027, 3, 14) not in [each.day for each in found]
        past = taken(session, chicago, rights, room, 8, 9, day=date(2026, 11, 20))
        found = free_times.list_free_times(session, past, now=clock.now())
        assert found[0].day == date(2026, 11, 28)


def test_other_venue_is_free_in_use_and_large_enough(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        room = venue(session, chicago)
        wanted = taken(session, chicago, rights, room, 10, 12, capacity=30)
        small = venue(session, chicago, "Cuarto", capacity=20)
        busy = venue(session, chicago, "Salón", capacity=90)
        taken(session, chicago, rights, busy, 11, 13)
        retired = venue(session, chicago, "Teatro", retired_at=clock.now())
        free = venue(session, chicago, "Centro", capacity=30)
        offered = [room, small, busy, retired, free]
        assert free_times.list_free_venues(session, wanted, offered) == [free]
