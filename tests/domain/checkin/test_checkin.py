"""Check-in after the start: waitlisted parties are admitted to empty chairs only."""

import threading
from collections.abc import Sequence
from datetime import datetime, time, timedelta

import pytest

from outreach.db.store import Store
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.refusals import refuses

pytestmark = pytest.mark.core


def test_waitlisted_party_is_admitted_after_the_start_while_chairs_are_free(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop, rosa, waiting = _with_waitlist(store, key_store, chicago, rights, capacity=3)
    before, after = workshop.starts_at - timedelta(minutes=1), workshop.starts_at
    assert _chairs(store, workshop, before) is None
    with refuses(ErrorCode.WAITLIST_CHECKIN_TOO_EARLY):
        _admit(store, waiting[0], 1, now=before)
    _arrive(store, rosa, 1)  # her party is of three
    assert _chairs(store, workshop, after) == 2
    assert _admit(store, waiting[0], 1, now=after)
    assert not _admit(store, waiting[0], 1, now=after), "also on the second phone"
    assert _chairs(store, workshop, after) == 1
    with refuses(ErrorCode.CHAIRS_TAKEN):
        _admit(store, waiting[1], 2, now=after)
    assert _admit(store, waiting[1], 1, now=after), "one person of the party of two"
    assert _chairs(store, workshop, after) == 0


def test_walk_in_takes_a_chair(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop, _rosa, waiting = _with_waitlist(store, key_store, chicago, rights, capacity=3)
    with store.change() as session:
        checkin.count_walk_in(session, session.get_one(Workshop, workshop.id), 3)
    assert _chairs(store, workshop, workshop.starts_at) == 0
    with pytest.raises(Refusal):
        _admit(store, waiting[0], 1, now=workshop.starts_at)


def test_overbooked_seats_are_no_chairs(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop, rosa, _waiting = _with_waitlist(
        store, key_store, chicago, rights, capacity=2, overbooked=1, people=3
    )
    _arrive(store, rosa, 3)
    assert _chairs(store, workshop, workshop.starts_at) == 0


def test_undone_admission_returns_to_the_waitlist(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop, _rosa, waiting = _with_waitlist(store, key_store, chicago, rights, capacity=3)
    _admit(store, waiting[0], 1, now=workshop.starts_at)
    with store.change() as session:
        luz = session.get_one(Registration, waiting[0].id)
        assert luz.status is Place.WAITLISTED
        assert checkin.mark_not_arrived(session, luz)
    assert _chairs(store, workshop, workshop.starts_at) == 3


def test_waitlisted_party_cannot_be_marked_as_arrived(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    _workshop, _rosa, waiting = _with_waitlist(store, key_store, chicago, rights, capacity=3)
    with store.change() as session:
        luz = session.get_one(Registration, waiting[0].id)
        assert not checkin.mark_arrived(session, luz, 1)


def test_admission_to_consultations_uses_the_current_time_slot(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(
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
        seat(store, key_store, workshop, slot=hour)
    luz = seat(store, key_store, workshop, name="Luz", slot="09:00")
    ivan = seat(store, key_store, workshop, name="Iván", slot="09:00")
    begins = workshop.starts_at
    assert _chairs(store, workshop, begins) == 1
    assert _admit(store, luz, 1, now=begins + timedelta(minutes=10))
    with pytest.raises(Refusal):
        _admit(store, ivan, 1, now=begins + timedelta(minutes=20))
    assert _admit(store, ivan, 1, now=begins + timedelta(minutes=40)), "to the next time slot"
    assert _chairs(store, workshop, begins + timedelta(hours=2)) == 0


def test_simultaneous_admissions_never_exceed_the_chairs(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop, _rosa, _waiting = _with_waitlist(store, key_store, chicago, rights, capacity=3)
    waitlisted = [seat(store, key_store, workshop, name=f"Persona {n}") for n in range(8)]
    let_in: list[str] = []

    def admit_all(waiting: Sequence[Registration]) -> None:
        for each in waiting:
            try:
                if _admit(store, each, 1, now=workshop.starts_at):
                    let_in.append(each.id)
            except Refusal:
                continue

    phones = [
        threading.Thread(target=admit_all, args=(order,))
        for order in (waitlisted, waitlisted[::-1])
    ]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    assert len(let_in) == len(set(let_in)) == 3
    with store.read() as session:
        assert checkin.count_arrived(session, workshop) == 3


def _with_waitlist(
    store: Store,
    key_store: KeyStore,
    office: Office,
    kind: Kind,
    *,
    capacity: int,
    overbooked: int = 0,
    people: int = 3,
) -> tuple[Workshop, Registration, list[Registration]]:
    """Returns a full workshop: the party of Rosa has all seats; Luz, then Iván with a friend, are
    waitlisted."""
    with store.change() as session:
        workshop = make_workshop(session, office, kind, capacity=capacity, overbooked=overbooked)
    rosa = seat(store, key_store, workshop, people=people)
    luz = seat(store, key_store, workshop, name="Luz")
    ivan = seat(store, key_store, workshop, name="Iván", people=2)
    return workshop, rosa, [luz, ivan]


def _chairs(store: Store, workshop: Workshop, now: datetime) -> int | None:
    with store.read() as session:
        return checkin.count_free_chairs(session, session.get_one(Workshop, workshop.id), now=now)


def _admit(store: Store, registration: Registration, people: int, *, now: datetime) -> bool:
    with store.change() as session:
        return checkin.admit_from_waitlist(
            session, session.get_one(Registration, registration.id), people, now=now
        )


def _arrive(store: Store, registration: Registration, people: int) -> None:
    with store.change() as session:
        checkin.mark_arrived(session, session.get_one(Registration, registration.id), people)
