"""Workshop edits to past days and concurrent edits."""

from collections import Counter
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.html_forms import fields
from tests.support.staff_client import TIMES, StaffClient, at_once, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def upcoming(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def address(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}"


def form(ana: StaffClient, workshop: Workshop, **changes: str) -> dict[str, str | list[str]]:
    """The field values of the edit form, with these changes."""
    path = f"{address(workshop)}/editar"
    return fields(ana.get(path).text, path) | {"action": "save"} | changes


def edit(ana: StaffClient, workshop: Workshop, **changes: str) -> TestResponse:
    return ana.post(f"{address(workshop)}/editar", **form(ana, workshop, **changes))


def day_of(store: Store, workshop: Workshop) -> date:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id).day


def test_mistyped_year_is_refused_and_nobody_is_erased(
    ana: StaffClient, store: Store, key_store: KeyStore, upcoming: Workshop
) -> None:
    rosa = seat(store, key_store, upcoming)
    answer = edit(ana, upcoming, day=str(upcoming.day - timedelta(days=365)))
    assert answer.status_code == 422
    assert "Ese día y esa hora ya pasaron. Revisa la fecha." in words(answer)
    assert day_of(store, upcoming) == upcoming.day
    assert rosa.key_id is not None
    assert key_store.get(rosa.key_id)


def test_day_of_a_held_workshop_can_be_corrected(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    today = clock.now().date()
    with store.change() as session:
        past = make_workshop(session, chicago, rights, day=today - timedelta(days=20))
    assert edit(ana, past, day=str(today - timedelta(days=21))).status_code == 303
    assert day_of(store, past) == today - timedelta(days=21)


@pytest.mark.races
def test_concurrent_cancellations_are_one_and_reinstated_in_time_tell_nobody(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, upcoming: Workshop
) -> None:
    rosa = seat(store, key_store, upcoming, contact=ContactMethod.EMAIL, address="rosa@example.org")
    for action in ("cancelar", "reactivar"):
        path = f"{address(upcoming)}/{action}"
        given = {"reason": "few", "aviso": "avisar"}
        answers = Counter(each.status_code for each in at_once(app, ana, path, given))
        assert answers == {303: 1, 422: TIMES - 1}
    with store.read() as session:
        causes = session.scalars(
            sa.select(Notification.cause)
            .where(Notification.registration_id == rosa.id)
            .order_by(Notification.id)
        )
        # Reinstated before anybody was told of the cancellation.
        assert causes.all() == [NotificationType.REGISTERED]


@pytest.mark.races
def test_concurrent_edits_are_refused_but_one(
    app: Flask, ana: StaffClient, upcoming: Workshop
) -> None:
    changed = form(ana, upcoming, capacity="41")
    answers = at_once(app, ana, f"{address(upcoming)}/editar", changed)
    assert Counter(each.status_code for each in answers) == {303: 1, 409: TIMES - 1}
