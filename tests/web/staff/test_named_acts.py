"""A form that does not say what is to be done does nothing."""

from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter import mail_choices
from outreach.domain.reporting import releases
from outreach.keystore import KeyStore
from outreach.migrations.models import MAIN
from tests.support import policy_place
from tests.support.extension_scenes import SCENES
from tests.support.policy_place import Place
from tests.support.policy_table import SCOPES
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database("forms are read before any query")

POSTED: Final = [page for page in SCOPES if page[1] == "POST" and SCOPES[page] != "public"]
# Their addresses say what they do, and no field is needed for it.
NAMED_BY_ADDRESS: Final = {
    f"staff.{name}"
    for name in (
        "attendees.open_line",  # /abrir
        "attendees.show_contact",  # /contacto
        "auth.new_passkey_challenge",  # /reto
        "auth.print_recovery_codes",  # /codigos
        "auth.second_factor_challenge",  # /reto
        "auth.sign_out",  # /cerrar
        "checkin.manifest",  # /paquete.json
        "dashboard.revoke_calendar",  # /quitar
        "imports.delete_draft",  # /borrar
        "months.mark_complete",  # /completo
        "network.disable_staff",  # /suspender
        "network.reset_staff",  # /reiniciar
        "workshop_form.save_draft",  # /borrador
    )
}


@pytest.fixture
def place(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> Place:
    return policy_place.furnish(app, store, key_store, chicago, rights)


def read_rows(store: Store) -> dict[str, list[Any]]:
    with store.read() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table))))
            for table in MAIN.sorted_tables
            if table.name not in {"staff_session"}
        }


@pytest.mark.parametrize("act", [None, "", "nonsense"])
def test_form_without_its_act_changes_nothing(place: Place, act: str | None) -> None:
    staff = employ(place.store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    found = set()
    for page in POSTED:
        client = signed_in_as(place.app, place.store, staff)
        fields = {"registration": place.fields["registration"], "code": "us"}
        fields |= dict.fromkeys(("office", "oficina", "places"), "chicago")
        fields |= dict.fromkeys(("t", "workshop"), place.public_id)
        if act is not None:
            fields |= {"do": act, "action": act}
        before = read_rows(place.store)
        assert client.post(place.path(page[0]), **fields).status_code < 500, page
        if read_rows(place.store) != before:
            found.add(page[0])
    of_extensions = {f"staff.{name}" for scene in SCENES for name in scene.staff_posts}
    assert found <= NAMED_BY_ADDRESS | of_extensions


def test_embargo_is_removed_by_its_own_button_only(place: Place) -> None:
    staff = employ(place.store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    client = signed_in_as(place.app, place.store, staff)
    path = "/org/ajustes/publicacion"
    assert client.post(path, do="save", day="12", hour="09:00").status_code == 303
    for act in ({}, {"do": ""}, {"do": "nonsense"}, {"day": "12", "hour": "09:00"}):
        assert client.post(path, **act).status_code == 422
        with place.store.read() as session:
            assert releases.get_calendar(session) is not None
    assert client.post(path, do="remove").status_code == 303
    with place.store.read() as session:
        assert releases.get_calendar(session) is None


def test_letters_of_staff_do_not_end_by_an_empty_form(place: Place) -> None:
    staff = employ(place.store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    client = signed_in_as(place.app, place.store, staff)
    assert client.post("/org/cuenta/correos", do="nonsense").status_code == 422
    with place.store.read() as session:
        assert not mail_choices.read(session, staff).unwanted
