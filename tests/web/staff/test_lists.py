"""Lists for staff: their page, filter, search, files and access follow from a declaration."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.roster import assignments
from outreach.domain.roster.models import RosterMember
from outreach.domain.workshops import WorkshopStatus, partners
from outreach.domain.workshops.partners import ChosenPartners, Speaker
from outreach.keystore import KeyStore
from outreach.web.staff.lists.declared_lists import LISTS
from tests.conftest import make_workshop, venue
from tests.support.roster import add_member
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

VENUES = "/org/listas/sedes-sin-punto"
WORKSHOPS = "/org/listas/talleres-sin-ponente"


def sign_in(
    app: Flask, store: Store, role: Role = Role.ORGANIZER, office: str = "chicago"
) -> StaffClient:
    return signed_in_as(app, store, employ(store, f"{role}@{office}.example.org", role, office))


def read_csv(staff_client: StaffClient, address: str) -> list[list[str]]:
    answer = staff_client.get(address)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.parametrize("role", list(Role))
def test_list_is_for_who_has_its_permission(app: Flask, store: Store, role: Role) -> None:
    """Its page and its files; the others neither see its name nor find it."""
    staff_client = sign_in(app, store, role)
    index = staff_client.get("/org/listas")
    assert index.status_code == (200 if Permission.SEE in PERMISSIONS[role] else 403)
    for each in LISTS:
        is_allowed = each.permission in PERMISSIONS[role]
        for ending in ("", ".csv", ".xlsx"):
            answer = staff_client.get(f"/org/listas/{each.name}{ending}")
            assert answer.status_code == (200 if is_allowed else 403), (each.name, ending)
        assert (f"/org/listas/{each.name}" in index.text) == is_allowed
        found = staff_client.get(f"/org/buscar?q={str(each.title).partition(' ')[0]}&parte=1").text
        assert (f"/org/listas/{each.name}" in found) == is_allowed


def test_names_of_lists_are_unique(app: Flask, store: Store) -> None:
    assert len({each.name for each in LISTS}) == len(LISTS)
    assert sign_in(app, store).get("/org/listas/nada").status_code == 404


def test_venues_without_a_point(app: Flask, store: Store, chicago: Office, calgary: Office) -> None:
    with store.change() as session:
        venue(session, chicago, name="Casa Sur", address="12 Sur")
        venue(session, chicago, name="Con punto", latitude=41.9, longitude=-87.7)
        venue(session, chicago, name="Retirada", retired_at=clock.now())
        venue(session, calgary, name="De otra oficina")
    rows = read_csv(sign_in(app, store), f"{VENUES}.csv")
    assert rows == [
        ["Sede", "Calle y número", "Ciudad", "Oficina"],
        ["Casa Sur", "12 Sur", "Chicago", "Chicago"],
    ]
    admin = sign_in(app, store, Role.ADMIN, ALL_OFFICES)
    assert [row[0] for row in read_csv(admin, f"{VENUES}.csv")[1:]] == [
        "Casa Sur",
        "De otra oficina",
    ]
    page = admin.get(VENUES)
    assert 'href="/org/sedes/calgary/' in page.text
    assert "Sedes sin punto en el mapa 2" in words(page)


def test_list_is_filtered_and_searched(
    app: Flask, store: Store, chicago: Office, calgary: Office
) -> None:
    """And its files have what the page has."""
    with store.change() as session:
        for office in (chicago, calgary):
            for name in ("Biblioteca Ñandú", "Escuela"):
                venue(session, office, name=name)
    admin = sign_in(app, store, Role.ADMIN, ALL_OFFICES)
    assert len(read_csv(admin, f"{VENUES}.csv")) == 5
    assert len(read_csv(admin, f"{VENUES}.csv?oficina=Calgary")) == 3
    rows = read_csv(admin, f"{VENUES}.csv?oficina=Calgary&q=nandu+bibl")
    assert [row[0] for row in rows[1:]] == ["Biblioteca Ñandú"]
    page = admin.get(f"{VENUES}?oficina=Calgary&q=nandu")
    assert f"{VENUES}.xlsx?oficina=Calgary&amp;q=nandu" in page.text
    assert "1 de 4" in words(page)
    assert "Escuela" not in words(page).partition("Biblioteca")[2]
    assert "Ninguno tiene eso" in words(admin.get(f"{VENUES}?q=nada"))
    assert admin.get(f"{VENUES}?oficina=%00&q=%27").status_code == 200


def test_list_without_rows_says_what_that_means(app: Flask, store: Store, chicago: Office) -> None:
    staff_client = sign_in(app, store)
    assert "Todas tus sedes tienen su punto" in words(staff_client.get(VENUES))
    assert "tienen quien los dé" in words(staff_client.get(WORKSHOPS))
    assert read_csv(staff_client, f"{WORKSHOPS}.csv") == [
        ["Día", "Taller", "Tipo", "Sede", "Oficina"]
    ]


def test_workshops_that_nobody_gives(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> None:
    """Until somebody of any sort is named: in the form, among the speakers or of the roster."""
    today = clock.now().date()
    member_id = add_member(store, key_store, chicago).id
    with store.change() as session:
        lonely = make_workshop(session, chicago, rights, title={"es": "Solo"})
        make_workshop(
            session, chicago, rights, title={"es": "Borrador"}, status=WorkshopStatus.DRAFT
        )
        make_workshop(session, chicago, rights, title={"es": "Con nombre"}, facilitator="Lic. Mora")
        make_workshop(
            session, chicago, rights, title={"es": "Pasado"}, day=today - timedelta(days=9)
        )
        make_workshop(session, calgary, rights, title={"es": "De otra oficina"})
        spoken = make_workshop(session, chicago, rights, title={"es": "Con ponente"})
        speaker = Speaker(office_id=chicago.id, name="Ortiz", partner=None, is_shown=False)
        session.add(speaker)
        session.flush()
        partners.set_chosen(session, spoken, ChosenPartners((), (speaker.id,)))
        manned = make_workshop(session, chicago, rights, title={"es": "Con equipo"})
        member = session.get_one(RosterMember, member_id)
        assigned = assignments.ask(session, manned, member, now=clock.now())
    reader = sign_in(app, store, Role.READER)
    rows = read_csv(reader, f"{WORKSHOPS}.csv")
    assert [row[1] for row in rows[1:]] == ["Solo", "Borrador"]
    assert rows[1][0] == lonely.day.isoformat()
    assert f'href="/org/talleres/{lonely.public_id}"' in reader.get(WORKSHOPS).text
    with store.change() as session:
        again = assignments.find_of_workshop(session, manned, assigned.id)
        assignments.answer(session, again, can_come=False, now=clock.now())
    titles = [row[1] for row in read_csv(reader, f"{WORKSHOPS}.csv")[1:]]
    assert titles == ["Solo", "Borrador", "Con equipo"]
