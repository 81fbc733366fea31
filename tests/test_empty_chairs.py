"""Empty chairs: how many places more than chairs one may give away, and who is let in at the start
for those that stayed empty."""

import threading
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import comb

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from outreach import clock
from outreach.db.store import Store
from outreach.domain import door, planning, registrations, shows
from outreach.domain.kinds import Kind, Visibility, Way
from outreach.domain.notices import Cause, Notice
from outreach.domain.offices import Office
from outreach.domain.registrations import Contact, Registration
from outreach.domain.registrations import Standing as Place
from outreach.domain.shows import Show
from outreach.domain.workshops import Standing, Workshop
from outreach.errors import Refused
from outreach.keyring import Keyring
from tests.conftest import hold, seat

people = st.integers(min_value=1, max_value=400)
chairs = st.integers(min_value=0, max_value=300)


# How many places more than chairs


@given(st.data(), people, chairs)
def test_the_more_stayed_away_the_more_places_never_fewer(
    data: st.DataObject, people: int, chairs: int
) -> None:
    came = data.draw(st.integers(min_value=0, max_value=people))
    fewer = data.draw(st.integers(min_value=0, max_value=came))
    least = shows.extra_places(Show(5, people, came), chairs)
    assert shows.extra_places(Show(5, people, fewer), chairs) >= least


@given(st.data(), people, chairs)
def test_more_chairs_bear_as_many_places_or_more(
    data: st.DataObject, people: int, chairs: int
) -> None:
    show = Show(5, people, data.draw(st.integers(min_value=0, max_value=people)))
    assert shows.extra_places(show, chairs + 1) >= shows.extra_places(show, chairs)


@given(st.data(), people, chairs)
def test_never_more_than_half_the_chairs_again(
    data: st.DataObject, people: int, chairs: int
) -> None:
    show = Show(5, people, data.draw(st.integers(min_value=0, max_value=people)))
    assert 0 <= shows.extra_places(show, chairs) <= chairs / 2


@given(people, chairs)
def test_where_everybody_comes_there_is_none(people: int, chairs: int) -> None:
    assert shows.extra_places(Show(5, people, people), chairs) == 0


@given(
    st.integers(min_value=50, max_value=400),
    st.fractions(min_value="0.3", max_value=1, max_denominator=100),
    st.integers(min_value=1, max_value=60),
)
def test_nobody_stands_more_than_once_in_twenty_times_if_people_come_as_before(
    people: int, share: Fraction, chairs: int
) -> None:
    show = Show(5, people, int(people * share))
    extra = shows.extra_places(show, chairs)
    assert _more_than(chairs, chairs + extra, Fraction(show.came, people)) <= Fraction(1, 20)


def test_six_of_ten_in_forty_chairs() -> None:
    assert shows.extra_places(Show(8, 300, 180), 40) == 13
    # The fewer we have seen, the fewer places.
    assert shows.extra_places(Show(5, 50, 30), 40) == 10


def _more_than(chairs: int, people: int, share: Fraction) -> Fraction:
    """How likely it is that more than so many of the people come, exactly."""
    return sum(
        (
            comb(people, number) * share**number * (1 - share) ** (people - number)
            for number in range(chairs + 1, people + 1)
        ),
        start=Fraction(0),
    )


# What the doors say


def test_what_an_offices_doors_say_comes_first(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    _past(store, chicago, rights, times=5, people=12, came=6)
    _past(store, calgary, rights, times=5, people=12, came=12)
    assert _rate(store, chicago, rights) == Show(5, 60, 30)
    assert _rate(store, calgary, rights) == Show(5, 60, 60)


def test_too_few_of_ones_own_and_the_network_speaks(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    _past(store, chicago, rights, times=4, people=20, came=10)  # four workshops are too few
    _past(store, calgary, rights, times=5, people=12, came=12)
    assert _rate(store, chicago, rights) == Show(9, 140, 100, is_of_network=True)


@pytest.mark.parametrize(("times", "people"), [(4, 50), (6, 8), (0, 0)])
def test_too_few_everywhere_and_nothing_is_said(
    store: Store, chicago: Office, rights: Kind, times: int, people: int
) -> None:
    _past(store, chicago, rights, times=times, people=people, came=people)
    assert _rate(store, chicago, rights) is None


def test_only_doors_that_were_kept_count(store: Store, chicago: Office, rights: Kind) -> None:
    _past(store, chicago, rights, times=5, people=12, came=6)
    _past(store, chicago, rights, times=3, people=20, came=0)  # nobody was ticked
    # Two were ticked of twenty who were reported: the list was put away.
    _past(store, chicago, rights, times=3, people=20, came=2, reported=20)
    _past(store, chicago, rights, times=3, people=20, came=4, standing=Standing.NOT_HELD)
    assert _rate(store, chicago, rights) == Show(5, 60, 30)


def test_another_kind_and_whoever_was_let_in_from_the_list_say_nothing_of_it(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    _past(store, chicago, rights, times=5, people=12, came=6, waiting=3)
    _past(store, chicago, women, times=9, people=12, came=12)
    assert _rate(store, chicago, rights) == Show(5, 60, 30)


def test_of_a_discreet_kind_nothing_is_said_that_tells_of_somebody(
    store: Store, chicago: Office, women: Kind
) -> None:
    _past(store, chicago, women, times=6, people=10, came=10, away=4)
    assert _rate(store, chicago, women) is None
    _past(store, chicago, women, times=1, people=10, came=9)
    assert _rate(store, chicago, women) == Show(7, 70, 65)


def test_the_last_workshops_count_and_those_of_long_ago_do_not(
    store: Store, chicago: Office, rights: Kind
) -> None:
    _past(store, chicago, rights, times=10, people=10, came=1, until=date(2024, 5, 1))
    _past(store, chicago, rights, times=shows.LATEST, people=10, came=8)
    assert _rate(store, chicago, rights) == Show(12, 120, 96)


# At the start


def test_who_waits_is_let_in_once_it_began_while_there_are_chairs(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    workshop, rosa, waiting = _with_line(store, ring, chicago, rights, capacity=3)
    before, after = workshop.starts_at - timedelta(minutes=1), workshop.starts_at
    assert _chairs(store, workshop, before) is None
    with pytest.raises(Refused, match="cuando empiece"):
        _admit(store, waiting[0], 1, now=before)
    _arrive(store, rosa, 1)  # of three
    assert _chairs(store, workshop, after) == 2
    assert _admit(store, waiting[0], 1, now=after)
    assert not _admit(store, waiting[0], 1, now=after), "the second phone says the same"
    assert _chairs(store, workshop, after) == 1
    with pytest.raises(Refused, match="no hay sillas"):
        _admit(store, waiting[1], 2, now=after)
    assert _admit(store, waiting[1], 1, now=after), "one of the two"
    assert _chairs(store, workshop, after) == 0


def test_a_walk_in_takes_a_chair_too(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    workshop, _rosa, waiting = _with_line(store, ring, chicago, rights, capacity=3)
    with store.change() as session:
        door.count_walk_in(session, session.get_one(Workshop, workshop.id), 3)
    assert _chairs(store, workshop, workshop.starts_at) == 0
    with pytest.raises(Refused):
        _admit(store, waiting[0], 1, now=workshop.starts_at)


def test_places_beyond_the_chairs_are_no_chairs(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    workshop, rosa, _waiting = _with_line(
        store, ring, chicago, rights, capacity=2, overbooked=1, people=3
    )
    _arrive(store, rosa, 3)
    assert _chairs(store, workshop, workshop.starts_at) == 0


def test_whoever_was_let_in_by_mistake_waits_again(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    workshop, _rosa, waiting = _with_line(store, ring, chicago, rights, capacity=3)
    _admit(store, waiting[0], 1, now=workshop.starts_at)
    with store.change() as session:
        luz = session.get_one(Registration, waiting[0].id)
        assert luz.standing is Place.WAITING
        assert door.undo(session, luz)
    assert _chairs(store, workshop, workshop.starts_at) == 3


def test_whoever_waits_is_not_marked_as_if_they_had_a_place(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    _workshop, _rosa, waiting = _with_line(store, ring, chicago, rights, capacity=3)
    with store.change() as session:
        luz = session.get_one(Registration, waiting[0].id)
        assert not door.mark_arrived(session, luz, 1)


def test_of_consultations_the_place_of_the_hour_that_is_on_is_free(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(
            session,
            chicago,
            rights,
            way=Way.SLOTS,
            slot_minutes=30,
            slot_places=1,
            starts=time(9, 0),
            ends=time(10, 0),
            party_limit=1,
        )
    for hour in ("09:00", "09:30"):
        seat(store, ring, workshop, slot=hour)
    luz = seat(store, ring, workshop, name="Luz", slot="09:00")
    ivan = seat(store, ring, workshop, name="Iván", slot="09:00")
    begins = workshop.starts_at
    assert _chairs(store, workshop, begins) == 1
    assert _admit(store, luz, 1, now=begins + timedelta(minutes=10))
    with pytest.raises(Refused):
        _admit(store, ivan, 1, now=begins + timedelta(minutes=20))
    assert _admit(store, ivan, 1, now=begins + timedelta(minutes=40)), "the next hour's"
    assert _chairs(store, workshop, begins + timedelta(hours=2)) == 0


def test_two_phones_at_one_door_never_let_in_more_than_there_are_chairs(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    workshop, _rosa, _waiting = _with_line(store, ring, chicago, rights, capacity=3)
    crowd = [seat(store, ring, workshop, name=f"Persona {n}") for n in range(8)]
    let_in: list[str] = []

    def stand_at_door(those: Sequence[Registration]) -> None:
        for each in those:
            try:
                if _admit(store, each, 1, now=workshop.starts_at):
                    let_in.append(each.id)
            except Refused:
                continue

    phones = [
        threading.Thread(target=stand_at_door, args=(order,)) for order in (crowd, crowd[::-1])
    ]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    assert len(let_in) == len(set(let_in)) == 3
    with store.read() as session:
        assert door.arrived(session, workshop) == 3


# Approval


def test_whoever_is_approved_may_read_the_address_and_is_told_so(
    store: Store, ring: Keyring, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, women, visibility=Visibility.APPROVED)
    luz = seat(store, ring, workshop, contact=Contact.EMAIL, address="luz@example.com")
    assert _decide(store, luz, is_approved=True)
    assert not _decide(store, luz, is_approved=True), "once is enough"
    assert _sees_address(store, luz)
    assert _owed(store, luz) == [Cause.SAVED, Cause.APPROVED]
    assert _decide(store, luz, is_approved=False)
    assert not _sees_address(store, luz)
    assert _owed(store, luz) == [Cause.SAVED]


def test_only_who_has_a_place_is_approved_and_only_where_that_is_asked(
    store: Store, ring: Keyring, chicago: Office, women: Kind, rights: Kind
) -> None:
    with store.change() as session:
        hidden = hold(session, chicago, women, visibility=Visibility.APPROVED, capacity=1)
        shown = hold(session, chicago, rights)
    seat(store, ring, hidden)
    with pytest.raises(Refused, match="Primero dale un lugar"):
        _decide(store, seat(store, ring, hidden), is_approved=True)
    with pytest.raises(Refused, match="no se aprueba"):
        _decide(store, seat(store, ring, shown), is_approved=True)


def _decide(store: Store, who: Registration, *, is_approved: bool) -> bool:
    with store.change() as session:
        registration = session.get_one(Registration, who.id)
        if is_approved:
            return registrations.approve(session, registration, now=clock.now())
        return registrations.unapprove(session, registration)


def _sees_address(store: Store, who: Registration) -> bool:
    with store.read() as session:
        return session.get_one(Registration, who.id).sees_address


def _owed(store: Store, who: Registration) -> list[Cause]:
    wanted = sa.select(Notice.cause).where(Notice.registration_id == who.id).order_by(Notice.id)
    with store.read() as session:
        return list(session.scalars(wanted))


def _with_line(
    store: Store,
    ring: Keyring,
    office: Office,
    kind: Kind,
    *,
    capacity: int,
    overbooked: int = 0,
    people: int = 3,
) -> tuple[Workshop, Registration, list[Registration]]:
    """A full workshop: Rosa's party has every place, Luz and then Iván with a friend wait."""
    with store.change() as session:
        workshop = hold(session, office, kind, capacity=capacity, overbooked=overbooked)
    rosa = seat(store, ring, workshop, people=people)
    luz = seat(store, ring, workshop, name="Luz")
    ivan = seat(store, ring, workshop, name="Iván", people=2)
    return workshop, rosa, [luz, ivan]


def _chairs(store: Store, workshop: Workshop, now: datetime) -> int | None:
    with store.read() as session:
        return door.chairs_left(session, session.get_one(Workshop, workshop.id), now=now)


def _admit(store: Store, who: Registration, people: int, *, now: datetime) -> bool:
    with store.change() as session:
        return door.admit(session, session.get_one(Registration, who.id), people, now=now)


def _arrive(store: Store, who: Registration, people: int) -> None:
    with store.change() as session:
        door.mark_arrived(session, session.get_one(Registration, who.id), people)


def _rate(store: Store, office: Office, kind: Kind) -> Show | None:
    with store.read() as session:
        return shows.rate(session, session.merge(office), session.merge(kind))


def _past(
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
    standing: Standing = Standing.HELD,
    until: date | None = None,
) -> None:
    """Workshops that are over, whose people have been forgotten: numbers are all there is. Of the
    first one, `away` more stayed at home."""
    last = until or clock.now().date()
    with store.change() as session:
        for number in range(times):
            workshop = hold(
                session, office, kind, day=last - timedelta(days=7 * number + 40), capacity=200
            )
            gone = away if number == 0 else 0
            _row(session, workshop, Place.SEATED, people, came - gone)
            if waiting:
                _row(session, workshop, Place.WAITING, waiting, waiting)
            head_count = came - gone + waiting if reported is None else reported
            is_held = standing is Standing.HELD
            planning.report(
                workshop, head_count=head_count if is_held else None, now=workshop.ends_at
            )


def _row(
    session: sa.orm.Session, workshop: Workshop, standing: Place, people: int, came: int
) -> None:
    mine = f"{workshop.id}-{standing}"
    session.add(
        Registration(
            id=mine,
            workshop_id=workshop.id,
            standing=standing,
            people=people,
            contact=Contact.NONE,
            may_leave_message=False,
            wants_reminder=False,
            language="es",
            needs=registrations.Applicant(name="").needs,
            key_id=None,
            sealed=None,
            manage=None,
            entry=None,
            door_code=None,
            nonce=registrations.digest(mine),
            registered_at=workshop.created_at,
            queued_at=workshop.created_at,
            arrived=came,
        )
    )
