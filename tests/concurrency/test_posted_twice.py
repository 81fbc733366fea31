"""Staff forms that are posted several times at the same moment."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling.tours import Tour
from tests.support.staff_client import TIMES, StaffClient, at_once, employ, signed_in_as, words
from tests.web.staff.test_network import NEW_KIND, NEW_OFFICE

pytestmark = pytest.mark.any_database


@pytest.fixture
def elena(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


@pytest.mark.parametrize(
    ("path", "form", "message"),
    [
        ("/org/red/nueva", NEW_OFFICE, "ya es de otra oficina"),
        ("/org/tipos/nuevo", NEW_KIND, "ya es de otro tipo"),
        (
            "/org/personal/invitar",
            {"email": "tomas@example.org", "role": "door", "places": "chicago"},
            "Ya hay una cuenta con ese correo",
        ),
    ],
)
def test_unique_record_posted_twice_is_made_once(
    app: Flask, elena: StaffClient, path: str, form: dict[str, Any], message: str
) -> None:
    answers = at_once(app, elena, path, form)
    refused = [each for each in answers if each.status_code == 422]
    assert len(refused) == TIMES - 1
    assert all(message in words(each) for each in refused)


def test_tour_form_posted_twice_makes_one_tour(
    app: Flask, elena: StaffClient, store: Store
) -> None:
    form = {"office": "chicago", "name": "Ruta del sur", "nonce": "abc"}
    answers = at_once(app, elena, "/org/giras/nueva", form)
    assert {each.status_code for each in answers} == {303}
    assert len({each.location for each in answers}) == 1
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Tour)) == 1
