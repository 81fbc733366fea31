"""Staff share a workshop in its form, where its kind may be shared (S44)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop
from tests.support import html_forms
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database("a box of the form")
BOX = "Mostrarlo también en los sitios de otras redes"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def is_shared(store: Store) -> bool:
    with store.read() as session:
        return session.scalars(sa.select(Workshop.is_shared)).one()


def test_workshop_is_shared_by_a_box_that_is_off_by_default(ana: StaffClient, store: Store) -> None:
    assert ana.post("/org/talleres/nuevo", **typed()).status_code == 303
    assert not is_shared(store)
    with store.read() as session:
        public_id = session.scalars(sa.select(Workshop.public_id)).one()
    path = f"/org/talleres/{public_id}/editar"
    page = ana.get(path)
    assert BOX in words(page)
    form = html_forms.fields(page.text, path)
    assert "is_shared" not in form
    form |= {"is_shared": "yes"}
    assert ana.post(path, **form).status_code == 303
    assert is_shared(store)
    again = ana.get(path)
    assert html_forms.fields(again.text, path)["is_shared"] == "yes"
    assert "también en otras redes" in words(again)


def test_form_of_a_discreet_kind_has_no_box(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        public_id = make_workshop(session, chicago, women).public_id
    path = f"/org/talleres/{public_id}/editar"
    page = ana.get(path)
    assert BOX not in words(page)
    form = html_forms.fields(page.text, path) | {"is_shared": "yes"}
    ana.post(path, **form)
    assert not is_shared(store)
