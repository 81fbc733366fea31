"""The roster's pages: members, the team of a workshop, and the sheet before a move."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.roster import members
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterMember,
    RosterRole,
)
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, office, seat
from tests.domain.roster.test_assignments import confirm
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.roster import EMAIL, NAME, add_member, list_unsent, read_assignment, read_state
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_notify_sheet import SHEET

pytestmark = [fixed_clock, pytest.mark.any_database]


@dataclass
class TeamScene:
    """A workshop of Chicago, and Ana who organizes there."""

    ana: StaffClient
    app: Flask
    store: Store
    key_store: KeyStore
    chicago: Office
    workshop: Workshop

    @property
    def path(self) -> str:
        return f"/org/talleres/{self.workshop.public_id}/equipo"

    def add(self, role: RosterRole = RosterRole.SPEAKER, **more: Any) -> RosterMember:
        return add_member(self.store, self.key_store, self.chicago, role, **more)

    def act(self, what: str, member: RosterMember) -> TestResponse:
        assignment = read_assignment(self.store, self.workshop, member)
        return self.ana.post(self.path, do=what, assignment=str(assignment.id))

    def ask(self, member: RosterMember) -> TestResponse:
        return self.ana.post(self.path, do="ask", member=str(member.id))

    def list_actions(self) -> list[str]:
        with self.store.read() as session:
            found = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
            return [each for each in found if "member" in each or "roster" in each]

    def sign_in(self, email: str, role: Role, *offices: str) -> StaffClient:
        return signed_in_as(self.app, self.store, employ(self.store, email, role, *offices))


@pytest.fixture
def team(app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> TeamScene:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        session.add(office("seattle", "Seattle", "WA", "America/Los_Angeles"))
    ana = signed_in_as(app, store, employ(store))
    return TeamScene(ana, app, store, key_store, chicago, workshop)


NEW = {
    "name": "Nayeli Flores", "email": "Nayeli@Example.org", "role": "interpreter",
    "office": "chicago", "languages": ["nah", "mix"], "lang": "en", "is_by_phone": "yes",
    "from_0": "09:00", "to_0": "13:00", "away_0": "2026-12-24", "back_0": "2027-01-02",
}  # fmt: skip


def read_members(store: Store) -> list[RosterMember]:
    with store.read() as session:
        return list(session.scalars(sa.select(RosterMember).order_by(RosterMember.id)).unique())


def test_member_is_saved_sealed_and_listed(team: TeamScene) -> None:
    spoken = re.findall(r'name="languages" value="(\w+)"', team.ana.get("/org/equipo/nuevo").text)
    answer = team.ana.post("/org/equipo/nuevo", **(NEW | {"languages": spoken[:2]}))
    assert answer.status_code == 303
    (member,) = read_members(team.store)
    assert (member.role, member.lang, member.is_by_phone) == (RosterRole.INTERPRETER, "en", True)
    assert [(each.weekday, each.starts, each.ends) for each in member.hours] == [
        (0, time(9), time(13))
    ]
    assert [(each.first_day, each.last_day) for each in member.absences] == [
        (date(2026, 12, 24), date(2027, 1, 2))
    ]
    assert b"Nayeli" not in member.sealed
    assert members.read_details(team.key_store, member).email == "Nayeli@example.org"
    listed = words(team.ana.get("/org/equipo"))
    assert "Nayeli Flores" in listed
    assert "por teléfono a otras regiones" in listed
    assert team.list_actions() == ["roster member added"]


def test_saved_member_is_changed(team: TeamScene) -> None:
    member = team.add(hours=[(2, time(9), time(12))])
    path = f"/org/equipo/{member.id}"
    filled = fields(team.ana.get(path).text, path)
    assert (filled["name"], filled["email"], filled["from_2"]) == (NAME, EMAIL, "09:00")
    changed = {**filled, "name": "Otro Nombre", "from_2": "", "to_2": "", "from_4": "10:00"}
    answer = team.ana.post(path, **changed)
    assert answer.status_code == 422
    assert "Escribe las dos horas, o ninguna." in words(answer)
    assert team.ana.post(path, **(changed | {"to_4": "12:00"})).status_code == 303
    (stored,) = read_members(team.store)
    assert [each.weekday for each in stored.hours] == [4]
    assert members.read_details(team.key_store, stored).name == "Otro Nombre"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Escribe el nombre."),
        ({"name": "CURP ABCD123456HDFABC01"}, "sin números de documentos"),
        ({"email": "nada"}, "correo"),
        ({"role": "circo"}, "Elige una opción de la lista."),
        ({"languages": []}, "Elige qué lenguas interpreta."),
        ({"to_0": "08:00"}, "La segunda hora va después de la primera."),
        ({"back_0": "2026-12-01"}, "El último día no va antes del primero."),
        ({"office": ""}, "Elige una oficina."),
        ({"office": "red"}, "Elige una opción de la lista."),
    ],
)
def test_invalid_member_is_reported(team: TeamScene, wrong: dict[str, Any], message: str) -> None:
    answer = team.ana.post("/org/equipo/nuevo", **(NEW | {"languages": ["nah"]} | wrong))
    assert answer.status_code == 422
    assert message in words(answer)
    assert read_members(team.store) == []


def test_list_is_filtered(team: TeamScene) -> None:
    team.add(name="Ponente Ruiz")
    team.add(RosterRole.INTERPRETER, name="Intérprete Paz", languages=Codes(["nah"]))
    add_member(team.store, team.key_store, None, RosterRole.VOLUNTEER, name="Apoyo Luz")
    names = ("Ponente Ruiz", "Intérprete Paz", "Apoyo Luz")
    for query, shown in (
        ("", names),
        ("?papel=speaker", names[:1]),
        ("?lengua=nah", names[1:2]),
        ("?oficina=red", names[2:]),
        ("?oficina=chicago&papel=volunteer", ()),
        ("?retirados=1", ()),
        ("?papel=nada&lengua=nada", names),
    ):
        page = words(team.ana.get(f"/org/equipo{query}"))
        assert [each for each in names if each in page] == list(shown), query


def test_members_of_another_office_are_unknown(team: TeamScene) -> None:
    member = team.add()
    team.ask(member)
    tomas = team.sign_in("tomas@example.org", Role.ORGANIZER, "seattle")
    assert NAME not in words(tomas.get("/org/equipo"))
    assert tomas.post("/org/equipo/nuevo", **NEW).status_code == 404
    for path in (f"/org/equipo/{member.id}", team.path):
        assert tomas.get(path).status_code == 404
        assert tomas.post(path, do="retire").status_code == 404
    assert tomas.post(f"/org/equipo/{member.id}/calendario").status_code == 404
    assert read_members(team.store)[0].retired_at is None


def test_member_of_another_office_is_not_assigned(team: TeamScene) -> None:
    with team.store.read() as session:
        seattle = session.scalars(sa.select(Office).where(Office.slug == "seattle")).one()
    other = add_member(team.store, team.key_store, seattle)
    assert team.ask(other).status_code == 404
    # One who works at both offices has them apart as well.
    eva = team.sign_in("eva@example.org", Role.ORGANIZER, "chicago", "seattle")
    assert eva.post(team.path, do="ask", member=str(other.id)).status_code == 404
    assert list_unsent(team.store) == []


def test_network_member_is_seen_without_contact_and_changed_by_headquarters(
    team: TeamScene,
) -> None:
    member = add_member(team.store, team.key_store, None, RosterRole.INTERPRETER, is_by_phone=True)
    path = f"/org/equipo/{member.id}"
    page = team.ana.get(path)
    assert NAME in words(page)
    assert EMAIL not in page.text
    assert team.ana.post(path, do="retire").status_code == 403
    assert team.ana.post(f"{path}/calendario").status_code == 403
    elena = team.sign_in("elena@example.org", Role.ADMIN, ALL_OFFICES)
    assert EMAIL in elena.get(path).text
    assert elena.post(path, do="retire").status_code == 303
    assert read_members(team.store)[0].retired_at is not None


@pytest.mark.parametrize("role", [Role.DOOR, Role.READER])
def test_who_may_not_edit_sees_no_roster(team: TeamScene, role: Role) -> None:
    member = team.add()
    client = team.sign_in("iris@example.org", role, "chicago")
    for path in ("/org/equipo", "/org/equipo/nuevo", f"/org/equipo/{member.id}", team.path):
        assert client.get(path).status_code == 403
    assert client.post(team.path, do="ask", member=str(member.id)).status_code == 403


def test_who_is_free_is_listed_first_and_clashes_are_said(team: TeamScene) -> None:
    team.add(name="Libre Ruiz")
    team.add(name="Ausente Paz", absences=[(date(2026, 12, 1), date(2026, 12, 10))])
    text = words(team.ana.get(team.path))
    free, clashing = text.index("Libre Ruiz"), text.index("Ausente Paz")
    assert free < text.index("Quizá no puedan") < clashing
    assert "Está fuera ese día" in text


def test_person_with_a_clash_is_asked_and_a_unit_elsewhere_is_not(
    team: TeamScene, rights: Kind
) -> None:
    person = team.add(hours=[(0, time(9), time(10))])
    assert team.ask(person).status_code == 303
    unit = team.add(RosterRole.MOBILE_UNIT, name="Unidad 1", email="")
    with team.store.change() as session:
        elsewhere = make_workshop(session, team.chicago, rights)
    path = f"/org/talleres/{elsewhere.public_id}/equipo"
    assert team.ana.post(path, do="ask", member=str(unit.id)).status_code == 303
    assert f'name="member" value="{unit.id}"' not in team.ana.get(team.path).text
    answer = team.ask(unit)
    assert answer.status_code == 422
    assert "La unidad está a esa hora en otro taller" in words(answer)


def test_team_is_asked_answered_and_released(team: TeamScene) -> None:
    member = team.add()
    assert team.ask(member).status_code == 303
    text = words(team.ana.get(team.path))
    assert "La carta sale en unos minutos" in text
    assert "Por contestar" in text
    assert team.act("yes", member).status_code == 303
    assert read_state(team.store, team.workshop, member) is AssignmentState.CONFIRMED
    assert list_unsent(team.store) == []
    assert team.act("again", member).status_code == 303
    assert list_unsent(team.store) == ["ask"]
    assert team.act("no", member).status_code == 303
    assert team.act("release", member).status_code == 303
    assert team.act("nada", member).status_code == 422
    assert team.list_actions() == [
        "member asked", "member answer noted", "member asked again", "member answer noted",
        "member released",
    ]  # fmt: skip
    log = words(team.ana.get("/org/bitacora/chicago"))
    assert "preguntó a alguien si puede ayudar" in log
    assert NAME not in log


def test_assignment_of_another_workshop_is_not_found(team: TeamScene, rights: Kind) -> None:
    member = team.add()
    team.ask(member)
    assignment = read_assignment(team.store, team.workshop, member)
    with team.store.change() as session:
        other = make_workshop(session, team.chicago, rights)
    path = f"/org/talleres/{other.public_id}/equipo"
    for number in (str(assignment.id), "", "x", "9" * 20):
        assert team.ana.post(path, do="release", assignment=number).status_code == 404
    assert read_state(team.store, team.workshop, member) is AssignmentState.ASKED


def test_team_page_names_no_attendee_and_counts_wanted_interpreters(
    team: TeamScene, rights: Kind
) -> None:
    with team.store.change() as session:
        workshop = make_workshop(session, team.chicago, rights, interpretation=Codes(["nah"]))
    seat(
        team.store, team.key_store, workshop, name="Xóchitl Canaria",
        needs=Codes(["interpreter-nah", "remote_interpreter"]),
    )  # fmt: skip
    page = words(team.ana.get(f"/org/talleres/{workshop.public_id}/equipo"))
    assert "Xóchitl" not in page
    assert "Intérprete: Náhuatl (1)" in page
    assert "Intérprete por teléfono, de otra región (1)" in page


def move(team: TeamScene, **more: str) -> TestResponse:
    path = f"/org/talleres/{team.workshop.public_id}/mover"
    filled = fields(team.ana.get(path).text, path)
    later = str(team.workshop.day + timedelta(days=1))
    return team.ana.post(path, **{**filled, "dia": later, **more})


def test_sheet_before_a_move_counts_the_team_and_shows_its_letter(team: TeamScene) -> None:
    member = team.add()
    confirm(team.store, team.workshop, member)
    page = words(move(team))
    assert SHEET in page
    assert "1 ponente: se le pregunta otra vez" in page
    assert "Dijiste que sí, y después cambió" in page
    assert read_state(team.store, team.workshop, member) is AssignmentState.CONFIRMED
    assert move(team, aviso="avisar").status_code == 303
    assert read_state(team.store, team.workshop, member) is AssignmentState.ASK_AGAIN
    assert list_unsent(team.store) == ["ask"]
    (batch,) = re.findall(
        r"/org/deshacer/(\w+)", team.ana.get(f"/org/talleres/{team.workshop.public_id}").text
    )
    assert team.ana.post(f"/org/deshacer/{batch}").status_code in {200, 303}
    assert read_state(team.store, team.workshop, member) is AssignmentState.CONFIRMED
    assert list_unsent(team.store) == []


def test_page_before_a_cancellation_counts_the_team(team: TeamScene) -> None:
    member = team.add()
    confirm(team.store, team.workshop, member)
    path = f"/org/talleres/{team.workshop.public_id}/cancelar"
    page = words(team.ana.get(path))
    assert "1 del equipo: se le dice que se canceló" in page
    assert team.ana.post(path, reason="few", aviso="avisar").status_code == 303
    assert list_unsent(team.store) == ["cancelled"]


def test_retired_member_leaves_workshops_and_their_key_gets_a_day(team: TeamScene) -> None:
    member = team.add()
    confirm(team.store, team.workshop, member)
    path = f"/org/equipo/{member.id}"
    assert team.ana.post(path, do="retire").status_code == 303
    assert read_state(team.store, team.workshop, member) is AssignmentState.RELEASED
    assert list_unsent(team.store) == ["released"]
    days = team.key_store.days()
    assert days[member.key_id] == (clock.now() + members.KEPT_RETIRED).date()
    assert NAME in words(team.ana.get("/org/equipo?retirados=1"))
    assert NAME not in words(team.ana.get(team.path))
    assert team.ana.post(path, do="offer").status_code == 303
    assert team.key_store.days()[member.key_id] == members.ALWAYS
    assert NAME in words(team.ana.get("/org/equipo"))


def test_calendar_address_is_shown_once_and_revoked(team: TeamScene) -> None:
    member = team.add()
    path = f"/org/equipo/{member.id}"
    shown = team.ana.post(f"{path}/calendario", do="make").text
    (address,) = set(re.findall(r"http://localhost:8000(/es/equipo/cal/[\w-]+\.ics)", shown))
    client = team.app.test_client(use_cookies=False)
    assert client.get(address).status_code == 200
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert token not in team.ana.get(path).text
    (stored,) = read_members(team.store)
    assert stored.feed_hash is not None
    assert token not in stored.feed_hash
    assert team.ana.post(f"{path}/calendario", do="revoke").status_code == 303
    assert client.get(address).status_code == 404
    assert team.list_actions() == ["roster calendar made", "roster calendar stopped"]


def test_letter_that_is_put_off_waits_in_the_queue(team: TeamScene) -> None:
    member = team.add()
    confirm(team.store, team.workshop, member)
    sheet = words(move(team))
    assert "queda en «Por avisar»" in sheet
    assert move(team, aviso="luego").status_code == 303
    address = f"/org/talleres/{team.workshop.public_id}"
    queue = team.ana.get("/org/por-atender?ver=avisar")
    assert "Cambió y no lo saben" in words(queue)
    assert f'href="{address}"' in queue.text
    assert "Hay personas que no saben del último cambio." in words(team.ana.get(address))
    asked = words(team.ana.post(f"{address}/avisar"))
    assert "1 ponente: se le pregunta otra vez" in asked
    assert "6:00 p. m." in asked, "what changed is shown"
    assert team.ana.post(f"{address}/avisar", aviso="avisar").status_code == 303
    assert list_unsent(team.store) == ["ask"]
    assert "Cambió y no lo saben" not in words(team.ana.get("/org/por-atender?ver=avisar"))


def test_speaker_of_the_team_is_named_without_being_typed(team: TeamScene) -> None:
    speaker, silent = team.add(), team.add(name="Silvia Canaria")
    declined = team.add(name="Dalia Canaria")
    interpreter = team.add(RosterRole.INTERPRETER, name="Itzel Canaria")
    for each in (speaker, silent, declined, interpreter):
        team.ask(each)
    team.act("yes", speaker)
    team.act("no", declined)
    address = f"/org/talleres/{team.workshop.public_id}"
    for page in (team.ana.get(address), team.ana.get(f"{address}/editar")):
        assert f"{NAME}, Silvia Canaria (por contestar)" in words(page)
        assert "Dalia" not in page.text
        assert "Itzel" not in page.text
    path = f"{address}/editar"
    form = fields(team.ana.get(path).text, path)
    assert form["facilitator"] == ""
    assert team.ana.post(path, **(form | {"title_es": "Otro"})).status_code == 303
    with team.store.read() as session:
        assert session.get_one(Workshop, team.workshop.id).facilitator == ""
    for role in (Role.READER, Role.DOOR):
        reader = team.sign_in(f"{role}@example.org", role, "chicago")
        assert "Canaria" not in reader.get(address).text
    public = team.app.test_client().get(f"/es/talleres/{team.workshop.public_id}/")
    assert "Canaria" not in public.text


def test_member_of_another_office_or_retired_meanwhile_is_not_assigned(
    team: TeamScene, women: Kind
) -> None:
    with team.store.change() as session:
        seattle = offices.find(session, "seattle")
        discreet = make_workshop(session, team.chicago, women)
    foreign = add_member(team.store, team.key_store, seattle, name="Ajena Canaria")
    retired = team.add(name="Retirada Canaria")
    assert team.ana.post(f"/org/equipo/{retired.id}", do="retire").status_code == 303
    for workshop in (team.workshop, discreet):
        path = f"/org/talleres/{workshop.public_id}/equipo"
        for member in (foreign, retired):
            assert team.ana.post(path, do="ask", member=str(member.id)).status_code == 404
        assert "Canaria" not in team.ana.get(path).text
    assert list_unsent(team.store) == []
    with team.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RosterAssignment)) == 0
