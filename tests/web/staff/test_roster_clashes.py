"""Clashes of teams: in the calendar, and in the form of a workshop that has a team."""

import re
from dataclasses import dataclass
from datetime import date, time

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.roster import assignments
from outreach.domain.roster.models import RosterMember, RosterRole
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.roster import NAME, add_member
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [fixed_clock, pytest.mark.any_database]

DAY = date(2027, 1, 15)  # a Friday
VIEWS = ("vista=mes", "vista=semana", "vista=dia", "vista=sedes")
PREVIEW = "/org/talleres/vista-previa"


@dataclass
class Season:
    """Workshops of one day, and members who are assigned to them."""

    app: Flask
    store: Store
    key_store: KeyStore

    def sign_in(self, email: str, role: Role, *offices: str) -> StaffClient:
        return signed_in_as(self.app, self.store, employ(self.store, email, role, *offices))

    def hold(self, office: Office, kind: Kind, title: str, starts: int, ends: int) -> Workshop:
        with self.store.change() as session:
            return make_workshop(
                session, office, kind, day=DAY, title={"es": title}, starts=time(starts),
                ends=time(ends),
            )  # fmt: skip

    def assign(self, member: RosterMember, *workshops: Workshop) -> None:
        with self.store.change() as session:
            for each in workshops:
                assignments.ask(
                    session,
                    session.get_one(Workshop, each.id),
                    session.get_one(RosterMember, member.id),
                    now=clock.now(),
                )


@pytest.fixture
def season(app: Flask, store: Store, key_store: KeyStore) -> Season:
    return Season(app, store, key_store)


@pytest.mark.parametrize("view", VIEWS)
def test_member_at_two_workshops_at_once_is_marked(
    season: Season, chicago: Office, rights: Kind, view: str
) -> None:
    pair = [
        season.hold(chicago, rights, "Uno", 10, 12),
        season.hold(chicago, rights, "Dos", 11, 13),
    ]
    season.assign(add_member(season.store, season.key_store, chicago), *pair)
    ana = season.sign_in("ana@example.org", Role.ORGANIZER, "chicago")
    page = ana.get(f"/org/talleres?{view}&dia={DAY}")
    assert page.text.count("event-clash") == 2
    said = words(page).replace("vie 15 ene, ", "")
    assert f"{NAME}: Uno (10:00 a. m.) y Dos (11:00 a. m.)" in said
    assert "1 choque" in said
    reader = season.sign_in("iris@example.org", Role.READER, "chicago")
    page = reader.get(f"/org/talleres?{view}&dia={DAY}")
    assert page.text.count("event-clash") == 2
    said = words(page).replace("vie 15 ene, ", "")
    assert "Ponente: Uno (10:00 a. m.) y Dos (11:00 a. m.)" in said
    assert NAME not in said


def test_availability_is_said_with_its_reason(
    season: Season, chicago: Office, rights: Kind
) -> None:
    workshop = season.hold(chicago, rights, "Uno", 10, 12)
    for more in ({"absences": [(DAY, DAY)]}, {"hours": [(0, time(9), time(12))]}):
        member = add_member(season.store, season.key_store, chicago, **more)
        season.assign(member, workshop)
    ana = season.sign_in("ana@example.org", Role.ORGANIZER, "chicago")
    page = ana.get(f"/org/talleres?vista=dia&dia={DAY}")
    assert page.text.count("event-clash") == 1
    said = words(page).replace("vie 15 ene, ", "")
    assert f"{NAME}: Uno (10:00 a. m.) · Está fuera ese día" in said
    assert f"{NAME}: Uno (10:00 a. m.) · No es su horario" in said


def test_workshop_of_another_office_is_not_named(
    season: Season, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> None:
    here = season.hold(chicago, rights, "Uno", 10, 12)
    there = season.hold(calgary, women, "Círculo ajeno", 9, 12)  # 10 to 13 h in Chicago
    interpreter = add_member(
        season.store, season.key_store, None, RosterRole.INTERPRETER, is_by_phone=True
    )
    season.assign(interpreter, here, there)
    ana = season.sign_in("ana@example.org", Role.ORGANIZER, "chicago")
    page = ana.get(f"/org/talleres?vista=dia&dia={DAY}")
    assert page.text.count("event-clash") == 1
    assert f"{NAME}: Uno" in words(page)
    assert re.search(r"A esa hora está en otro taller: [^·]*15 [^·]*, Calgary", words(page))
    assert there.public_id not in page.text
    reader = season.sign_in("iris@example.org", Role.READER, "chicago")
    said = words(reader.get(f"/org/talleres?vista=dia&dia={DAY}"))
    assert "Intérprete: Uno" in said
    assert "A esa hora está en otro taller" in said
    for hidden in (NAME, "Calgary", "Círculo"):
        assert hidden not in said


def test_calendar_takes_the_same_queries_for_many_teams_as_for_few(
    season: Season, chicago: Office, rights: Kind
) -> None:
    ana = season.sign_in("ana@example.org", Role.ORGANIZER, "chicago")

    def add(count: int) -> None:
        for _ in range(count):
            member = add_member(
                season.store, season.key_store, chicago, hours=[(0, time(9), time(12))]
            )
            workshops = [season.hold(chicago, rights, "Uno", 10, 12) for _ in range(2)]
            season.assign(member, *workshops)

    def count() -> int:
        ana.get(f"/org/talleres?dia={DAY}")
        queries: list[str] = []

        def note(*call: object) -> None:
            queries.append(str(call[2]))

        sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
        try:
            ana.get(f"/org/talleres?dia={DAY}")
        finally:
            sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
        return len(queries)

    add(2)
    few = count()
    add(8)
    assert count() == few


def test_form_says_what_keeps_the_team_from_a_typed_hour(
    season: Season, chicago: Office, rights: Kind
) -> None:
    workshop = season.hold(chicago, rights, "Uno", 10, 12)
    other = season.hold(chicago, rights, "Dos", 15, 17)
    member = add_member(
        season.store, season.key_store, chicago, hours=[(DAY.weekday(), time(10), time(18))]
    )
    season.assign(member, workshop, other)
    ana = season.sign_in("ana@example.org", Role.ORGANIZER, "chicago")
    path = f"/org/talleres/{workshop.public_id}/editar"
    sent = fields(ana.get(path).text, path)
    sent.pop("token")
    for typed, said in (
        ({}, ()),
        ({"starts": "14:00", "ends": "16:00"}, ("A esa hora está en otro taller",)),
        ({"starts": "08:00", "ends": "10:00"}, ("No es su horario",)),
        (
            {"starts": "16:00", "ends": "18:30"},
            ("A esa hora está en otro taller", "No es su horario"),
        ),
    ):
        page = words(ana.post(PREVIEW, **(sent | typed)))
        for reason in ("A esa hora está en otro taller", "No es su horario", "Está fuera"):
            assert (f"{NAME}: {reason}" in page) == (reason in said), (typed, reason)


def test_new_workshop_has_no_team_to_speak_of(
    season: Season, chicago: Office, rights: Kind
) -> None:
    season.assign(
        add_member(season.store, season.key_store, chicago, absences=[(DAY, DAY)]),
        season.hold(chicago, rights, "Uno", 10, 12),
    )
    ana = season.sign_in("ana@example.org", Role.ORGANIZER, "chicago")
    path = "/org/talleres/nuevo?oficina=chicago&tipo=derechos"
    typed = fields(ana.get(path).text, "/org/talleres/nuevo")
    typed.pop("token")
    page = ana.post(PREVIEW, **(typed | {"day": str(DAY), "starts": "10:00", "ends": "12:00"}))
    assert page.status_code == 200
    assert NAME not in words(page)
