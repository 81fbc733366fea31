"""Numbers that may be typed wrong are asked about once, and never refused."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import typing_slips
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("value", "references", "is_asked"),
    [
        (350, [], False), (350, [35], True), (3, [35], True), (349, [35], False),
        (4, [35], False), (36, [35, 40], False), (400, [35, 40], True), (3, [35, 400], True),
        (5, [0], False), (6, [0], True), (10, [1], True), (6, [1], False), (0, [5], False),
        (0, [6], True), (0, [0], False),
    ],
)  # fmt: skip
def test_tenfold_and_tenth_are_slips_except_among_small_numbers(
    value: int, references: list[int], is_asked: bool
) -> None:
    assert typing_slips.is_slip(value, references) is is_asked


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def past(
    store: Store, office: Office, kind: Kind, *, days: int = 2, came: int | None = None
) -> Workshop:
    """A workshop of some days ago, reported where `came` is given."""
    day = clock.now().astimezone(office.zone).date() - timedelta(days=days)
    status = WorkshopStatus.PUBLISHED if came is None else WorkshopStatus.HELD
    with store.change() as session:
        workshop = make_workshop(session, office, kind, day=day, status=status)
        workshop.head_count = came
        return workshop


def report(ana: StaffClient, workshop: Workshop, people: str, **more: str) -> TestResponse:
    return ana.post(
        f"/org/talleres/{workshop.public_id}/asistencia", held="yes", people=people, **more
    )


def head_count(store: Store, workshop: Workshop) -> int | None:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id).head_count


def test_attendance_outside_the_range_of_a_year_is_asked_about_and_kept_by_one_press(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    for number, came in enumerate((28, 35)):
        past(store, chicago, rights, days=40 + number, came=came)
    past(store, chicago, rights, days=400, came=900)  # more than a year ago
    workshop = past(store, chicago, rights)
    asked = report(ana, workshop, "350")
    assert asked.status_code == 422
    assert "¿Llegaron 350 personas?" in words(asked)
    assert "a talleres así llegaron de 28 a 35" in words(asked)
    assert 'value="350"' in asked.text, "what was typed stays"
    assert head_count(store, workshop) is None
    assert report(ana, workshop, "3500", sure="350").status_code == 422, "of another number"
    assert report(ana, workshop, "350", sure="350").status_code == 303
    assert head_count(store, workshop) == 350


def test_range_is_of_that_office_and_kind(
    ana: StaffClient, store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> None:
    past(store, calgary, rights, days=40, came=15)
    past(store, chicago, women, days=40, came=15)
    workshop = past(store, chicago, rights)
    assert report(ana, workshop, "160").status_code == 303


def test_attendance_is_compared_with_the_number_that_it_replaces(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = past(store, chicago, rights, came=35)
    assert "Antes se reportó 35." in words(report(ana, workshop, "350"))
    assert report(ana, workshop, "41").status_code == 303


def test_attendance_is_compared_with_the_check_in_and_the_seats(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = past(store, chicago, rights)
    assert report(ana, workshop, "400").status_code == 422, "ten times the seats"
    before = workshop.starts_at - timedelta(days=1)
    rosa = seat(store, key_store, workshop, people=4, now=before)
    path = f"/org/talleres/{workshop.public_id}/entrada"
    ana.post(path, do="arrived", registration=rosa.id, people="4")
    assert report(ana, workshop, "40").status_code == 422, "ten times who was marked"
    assert report(ana, workshop, "12").status_code == 303


def test_workshop_that_was_not_held_is_not_asked_about(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = past(store, chicago, rights, came=35)
    answer = ana.post(f"/org/talleres/{workshop.public_id}/asistencia", held="no", people="350")
    assert answer.status_code == 303
