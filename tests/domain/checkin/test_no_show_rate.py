"""No-show rates from past check-ins, and the overbooking that they allow."""

from datetime import date, timedelta
from fractions import Fraction
from math import comb

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import no_show_rate
from outreach.domain.checkin.no_show_rate import AttendanceRate
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.conftest import make_workshop
from tests.support.arrivals import store_arrival

pytestmark = pytest.mark.any_database

people = st.integers(min_value=1, max_value=400)
chairs = st.integers(min_value=0, max_value=300)


# Overbooking


@given(st.data(), people, chairs)
def test_overbooking_does_not_fall_when_more_people_stay_away(
    data: st.DataObject, people: int, chairs: int
) -> None:
    came = data.draw(st.integers(min_value=0, max_value=people))
    fewer = data.draw(st.integers(min_value=0, max_value=came))
    least = no_show_rate.overbooking_allowance(AttendanceRate(5, people, came), chairs)
    assert no_show_rate.overbooking_allowance(AttendanceRate(5, people, fewer), chairs) >= least


@given(st.data(), people, chairs)
def test_overbooking_does_not_fall_with_more_chairs(
    data: st.DataObject, people: int, chairs: int
) -> None:
    rate = AttendanceRate(5, people, data.draw(st.integers(min_value=0, max_value=people)))
    assert no_show_rate.overbooking_allowance(
        rate, chairs + 1
    ) >= no_show_rate.overbooking_allowance(rate, chairs)


@given(st.data(), people, chairs)
def test_overbooking_is_at_most_half_the_chairs(
    data: st.DataObject, people: int, chairs: int
) -> None:
    rate = AttendanceRate(5, people, data.draw(st.integers(min_value=0, max_value=people)))
    assert 0 <= no_show_rate.overbooking_allowance(rate, chairs) <= chairs / 2


@given(people, chairs)
def test_no_overbooking_where_everybody_comes(people: int, chairs: int) -> None:
    assert no_show_rate.overbooking_allowance(AttendanceRate(5, people, people), chairs) == 0


@given(
    st.integers(min_value=50, max_value=400),
    st.fractions(min_value="0.3", max_value=1, max_denominator=100),
    st.integers(min_value=1, max_value=60),
)
def test_chairs_suffice_in_nineteen_of_twenty_workshops(
    people: int, share: Fraction, chairs: int
) -> None:
    rate = AttendanceRate(5, people, int(people * share))
    extra = no_show_rate.overbooking_allowance(rate, chairs)
    assert _more_than(chairs, chairs + extra, Fraction(rate.came, people)) <= Fraction(1, 20)


def test_overbooking_of_forty_chairs_at_sixty_percent() -> None:
    assert no_show_rate.overbooking_allowance(AttendanceRate(8, 300, 180), 40) == 13
    # A smaller sample allows less.
    assert no_show_rate.overbooking_allowance(AttendanceRate(5, 50, 30), 40) == 10


def _more_than(chairs: int, people: int, share: Fraction) -> Fraction:
    """The exact probability that more people come than there are chairs."""
    return sum(
        (
            comb(people, number) * share**number * (1 - share) ** (people - number)
            for number in range(chairs + 1, people + 1)
        ),
        start=Fraction(0),
    )


# Rates


def test_office_with_enough_workshops_has_its_own_rate(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    _create_past_workshops(store, chicago, rights, times=5, people=12, came=6)
    _create_past_workshops(store, calgary, rights, times=5, people=12, came=12)
    assert _rate(store, chicago, rights) == AttendanceRate(5, 60, 30)
    assert _rate(store, calgary, rights) == AttendanceRate(5, 60, 60)


def test_office_with_too_few_workshops_has_the_rate_of_the_network(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    # One workshop too few for an own rate.
    _create_past_workshops(store, chicago, rights, times=4, people=20, came=10)
    _create_past_workshops(store, calgary, rights, times=5, people=12, came=12)
    assert _rate(store, chicago, rights) == AttendanceRate(9, 140, 100, is_of_network=True)


@pytest.mark.parametrize(("times", "people"), [(4, 50), (6, 8), (0, 0)])
def test_no_rate_where_numbers_are_too_small_everywhere(
    store: Store, chicago: Office, rights: Kind, times: int, people: int
) -> None:
    _create_past_workshops(store, chicago, rights, times=times, people=people, came=people)
    assert _rate(store, chicago, rights) is None


def test_workshops_without_complete_checkin_do_not_count(
    store: Store, chicago: Office, rights: Kind
) -> None:
    _create_past_workshops(store, chicago, rights, times=5, people=12, came=6)
    _create_past_workshops(store, chicago, rights, times=3, people=20, came=0)  # no check-in
    # Two of twenty reported people were checked in: check-in was incomplete.
    _create_past_workshops(store, chicago, rights, times=3, people=20, came=2, reported=20)
    _create_past_workshops(
        store, chicago, rights, times=3, people=20, came=4, status=WorkshopStatus.NOT_HELD
    )
    assert _rate(store, chicago, rights) == AttendanceRate(5, 60, 30)


def test_other_kinds_and_admissions_from_the_waitlist_do_not_count(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    _create_past_workshops(store, chicago, rights, times=5, people=12, came=6, waiting=3)
    _create_past_workshops(store, chicago, women, times=9, people=12, came=12)
    assert _rate(store, chicago, rights) == AttendanceRate(5, 60, 30)


def test_rate_of_discreet_kind_is_suppressed_for_small_numbers(
    store: Store, chicago: Office, women: Kind
) -> None:
    _create_past_workshops(store, chicago, women, times=6, people=10, came=10, away=4)
    assert _rate(store, chicago, women) is None
    _create_past_workshops(store, chicago, women, times=1, people=10, came=9)
    assert _rate(store, chicago, women) == AttendanceRate(7, 70, 65)


def test_only_the_latest_workshops_count(store: Store, chicago: Office, rights: Kind) -> None:
    _create_past_workshops(
        store, chicago, rights, times=10, people=10, came=1, last_day=date(2024, 5, 1)
    )
    _create_past_workshops(store, chicago, rights, times=no_show_rate.LATEST, people=10, came=8)
    assert _rate(store, chicago, rights) == AttendanceRate(12, 120, 96)


def test_search_for_complete_checkins_is_limited(
    store: Store, chicago: Office, rights: Kind
) -> None:
    tried = no_show_rate.LATEST * no_show_rate.CANDIDATES_PER_WORKSHOP
    _create_past_workshops(
        store, chicago, rights, times=5, people=12, came=6, last_day=date(2015, 5, 1)
    )
    _create_past_workshops(
        store, chicago, rights, times=tried - 5, people=12, came=0
    )  # no check-in
    assert _rate(store, chicago, rights) == AttendanceRate(5, 60, 30)
    _create_past_workshops(store, chicago, rights, times=1, people=12, came=0)
    with store.read() as session:
        found = no_show_rate._list_counts(
            session, session.merge(rights), session.merge(chicago), no_show_rate.LATEST
        )
    assert len(found) == 4


def _rate(store: Store, office: Office, kind: Kind) -> AttendanceRate | None:
    with store.read() as session:
        return no_show_rate.estimate_attendance_rate(
            session, session.merge(office), session.merge(kind)
        )


def _create_past_workshops(
    store: Store,
    office: Office,
    kind: Kind,
    *,
    times: int,
    people: int,
    came: int,
    away: int = 0,
    waiting: int = 0,
    reported: int | None = None,
    status: WorkshopStatus = WorkshopStatus.HELD,
    last_day: date | None = None,
) -> None:
    """Creates past workshops whose personal data are erased. In the first one, `away` more people
    stayed away."""
    last = last_day or clock.now().date()
    with store.change() as session:
        for number in range(times):
            workshop = make_workshop(
                session, office, kind, day=last - timedelta(days=7 * number + 40), capacity=200
            )
            absent = away if number == 0 else 0
            _row(session, workshop, Place.CONFIRMED, people, came - absent)
            if waiting:
                _row(session, workshop, Place.WAITLISTED, waiting, waiting)
            head_count = came - absent + waiting if reported is None else reported
            is_held = status is WorkshopStatus.HELD
            workshop_service.report(
                workshop, head_count=head_count if is_held else None, now=workshop.ends_at
            )


def _row(
    session: sa.orm.Session, workshop: Workshop, status: Place, people: int, came: int
) -> None:
    registration_id = f"{workshop.id}-{status}"
    registration = Registration(
        id=registration_id,
        workshop_id=workshop.id,
        status=status,
        people=people,
        contact=ContactMethod.NONE,
        may_leave_message=False,
        wants_reminder=False,
        key_id=None,
        sealed=None,
        manage_digest=None,
        entry_digest=None,
        nonce=registrations.digest(registration_id),
        registered_at=workshop.created_at,
    )
    session.add(registration)
    session.flush()
    if came:
        store_arrival(session, registration, came)
