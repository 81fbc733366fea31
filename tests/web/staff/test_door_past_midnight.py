"""After midnight the door says which workshop is which: what has just ended, and when the next one
starts."""

from datetime import date, time, timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.workshops import Workshop
from outreach.web.staff.common.workshop_labels import start_words
from tests.conftest import make_workshop
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database("pages are the same on either database")

SATURDAY = date(2027, 11, 27)


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))


@pytest.mark.parametrize(
    ("day", "hour", "said"),
    [
        (27, time(0, 20), "Empieza hoy a las 10:00 p. m., en 21 h 40 min."),
        (26, time(12, 0), "Empieza mañana a las 10:00 p. m., en 34 h 0 min."),
        (20, time(22, 0), "Empieza el sáb 27 nov a las 10:00 p. m., en 7 días."),
        (27, time(21, 59, 30), "Empieza hoy a las 10:00 p. m., en 1 min."),
        (27, time(23, 0), "Empezó hoy a las 10:00 p. m. y termina a las 12:30 a. m."),
        (28, time(0, 20), "Empezó ayer a las 10:00 p. m. y termina a las 12:30 a. m."),
        (28, time(0, 40), "Terminó hoy a las 12:30 a. m."),
        (29, time(9, 0), "Terminó ayer a las 12:30 a. m."),
    ],
)
def test_start_is_said_from_now_on(
    app: Flask, store: Store, chicago: Office, rights: Kind, day: int, hour: time, said: str
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, day=SATURDAY, starts=time(22, 0), ends=time(0, 30)
        )
    now = clock.instant(date(2027, 11, day), hour, chicago.zone)
    with app.test_request_context():
        assert " ".join(start_words(workshop, now).split()) == said


def around_now(store: Store, office: Office, kind: Kind, start: timedelta) -> Workshop:
    """A workshop of an hour that starts so long from now, whatever the time of day."""
    local = (clock.now() + start).astimezone(office.zone).replace(second=0, microsecond=0)
    with store.change() as session:
        return make_workshop(
            session,
            office,
            kind,
            day=local.date(),
            starts=local.time().replace(tzinfo=None),
            ends=(local + timedelta(hours=1)).time().replace(tzinfo=None),
        )


def test_workshop_that_has_just_ended_stays_at_the_door(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    ended = around_now(store, chicago, rights, timedelta(hours=-2))
    text = words(tomas.get("/org/entrada?ver=todos"))
    assert "Terminó" in text
    page = tomas.get("/org/entrada")
    assert page.headers["Location"] == f"/org/talleres/{ended.public_id}/entrada"
    assert "Terminó" in words(tomas.get(page.headers["Location"]))


def test_door_without_workshops_says_when_the_next_one_starts(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    text = words(tomas.get("/org/entrada"))
    assert "El siguiente: Conoce tus derechos. Empieza el" in text


def test_list_of_a_workshop_far_off_says_when_it_starts(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    soon = around_now(store, chicago, rights, timedelta(minutes=30))
    later = around_now(store, chicago, rights, timedelta(hours=5))
    assert "Empieza" not in words(tomas.get(f"/org/talleres/{soon.public_id}/entrada"))
    page = tomas.get(f"/org/talleres/{later.public_id}/entrada")
    assert "Empieza" in words(page)
    assert 'href="/org/entrada?ver=todos"' in page.text
