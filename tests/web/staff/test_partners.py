"""Partners and speakers: their pages, the workshop form, and where their names are published."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, partners
from outreach.domain.workshops.partners import ChosenPartners, Partner, PartnerKind, Speaker
from outreach.imports import DATA
from tests.conftest import make_workshop
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database

NAMES = ("Casa Canaria", "Comisaría Canaria", "Carmen Canaria", "Silvia Canaria")


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def chosen_partners(store: Store, chicago: Office) -> ChosenPartners:
    """Returns two organizations and two speakers; of each, only the first may be published."""
    with store.change() as session:
        house = _partner(chicago, NAMES[0], is_shown=True)
        police = _partner(chicago, NAMES[1], kind=PartnerKind.AUTHORITY)
        carmen = Speaker(office_id=chicago.id, name=NAMES[2], partner=house, is_shown=True)
        silvia = Speaker(office_id=chicago.id, name=NAMES[3], partner=None, is_shown=False)
        session.add_all([house, police, carmen, silvia])
        session.flush()
        return ChosenPartners((house.id, police.id), (carmen.id, silvia.id))


def test_partner_and_speaker_are_saved_and_can_be_chosen(ana: StaffClient, store: Store) -> None:
    answer = ana.post(
        "/org/aliados/chicago/organizacion",
        name="Casa Sur",
        kind="osc",
        phone="312 555 0100",
        link="https://casasur.example/",
        is_shown="yes",
    )
    assert answer.status_code == 303
    with store.read() as session:
        house = session.scalars(sa.select(Partner)).one()
    assert (house.kind, house.is_shown) == (PartnerKind.CIVIL_SOCIETY, True)
    ana.post("/org/aliados/chicago/persona", name="Lic. Mora", partner=str(house.id))
    listed = words(ana.get("/org/aliados"))
    assert "Casa Sur Organización de la sociedad civil" in listed
    assert "Lic. Mora Casa Sur Solo lo ve el equipo" in listed
    form = words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert "Lic. Mora, Casa Sur" in form


def test_chosen_partners_and_speakers_are_separate_and_in_order_of_names(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        sur, norte = _partner(chicago, "Casa Sur"), _partner(chicago, "Casa Norte")
        session.add_all([sur, norte, _partner(chicago, "Casa Este")])
        session.add_all(
            Speaker(office_id=chicago.id, name=f"Lic. {each}", partner=None, is_shown=False)
            for each in "DCBA"
        )
        session.flush()
        speakers = {each.name: each.id for each in partners.list_speakers(session, chicago)}
        workshop = make_workshop(session, chicago, rights)
        both = (speakers["Lic. D"], speakers["Lic. A"])
        partners.set_chosen(session, workshop, ChosenPartners((sur.id, norte.id), both))
        session.flush()
        assert partners.get_chosen(session, workshop) == ChosenPartners(
            (norte.id, sur.id), (speakers["Lic. A"], speakers["Lic. D"])
        )
        assert (
            partners.get_chosen(session, make_workshop(session, chicago, rights))
            == ChosenPartners()
        )


@pytest.mark.parametrize(
    ("path", "wrong", "message"),
    [
        ("organizacion", {"name": "", "kind": "osc"}, "Escribe el nombre de la organización."),
        ("organizacion", {"name": "Casa", "kind": "circo"}, "Elige una opción de la lista."),
        ("organizacion", {"name": "Casa", "kind": "osc", "link": "javascript:x"}, "con https://"),
        ("persona", {"name": "", "partner": ""}, "Escribe el nombre de la persona."),
        ("persona", {"name": "Mora", "partner": "99"}, "Elige una opción de la lista."),
    ],
)
def test_invalid_partner_is_reported(
    ana: StaffClient, path: str, wrong: dict[str, str], message: str
) -> None:
    answer = ana.post(f"/org/aliados/chicago/{path}", **wrong)
    assert answer.status_code == 422
    assert message in words(answer)


def test_duplicate_partner_is_refused(ana: StaffClient, chosen_partners: ChosenPartners) -> None:
    duplicate: dict[str, Any] = {"name": NAMES[0], "kind": "osc"}
    assert ana.post("/org/aliados/chicago/organizacion", **duplicate).status_code == 422
    other_path = f"/org/aliados/chicago/organizacion/{chosen_partners.partners[1]}"
    answer = ana.post(other_path, **duplicate)
    assert "Ya hay alguien con ese nombre." in words(answer)
    assert ana.post(other_path, **(duplicate | {"name": "Comisaría"})).status_code == 303
    person = f"/org/aliados/chicago/persona/{chosen_partners.speakers[1]}"
    assert ana.post(person, name=NAMES[2], partner="").status_code == 422


def test_workshop_form_chooses_and_shows_partners(
    ana: StaffClient, store: Store, chosen_partners: ChosenPartners
) -> None:
    chosen = {
        "allies": "yes",
        "partners": [str(each) for each in chosen_partners.partners],
        "speakers": [str(chosen_partners.speakers[0])],
        "facilitator": "El equipo de los sábados",
    }
    ana.post("/org/talleres/nuevo", **typed(**chosen))
    workshop = _workshop(store)
    assert workshop.facilitator == "El equipo de los sábados"
    with store.read() as session:
        assert set(partners.get_chosen(session, workshop).partners) == set(chosen_partners.partners)
    edit = ana.get(f"/org/talleres/{workshop.public_id}/editar").text
    for each in chosen_partners.partners:
        assert f'name="partners" value="{each}" checked' in edit
    assert workshop.venue is not None
    fewer = typed(**{"allies": "yes"}, venue=str(workshop.venue.id), action="save")
    answer = ana.post(f"/org/talleres/{workshop.public_id}/editar", **fewer)
    assert "hecho=cambiado" in answer.headers["Location"]
    with store.read() as session:
        assert partners.get_chosen(session, workshop) == ChosenPartners()


def test_public_page_shows_publishable_partner_names(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, chosen_partners: ChosenPartners
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, facilitator="Canaria Mora")
        partners.set_chosen(session, workshop, chosen_partners)
    page = ana.client.get(f"/es/t/{workshop.public_id}")
    assert "Con Casa Canaria, Carmen Canaria" in words(page)
    assert "Comisaría" not in page.text
    assert "Silvia" not in page.text
    assert "Canaria Mora" not in page.text
    staff = words(ana.get(f"/org/talleres/{workshop.public_id}"))
    assert all(name in staff for name in (*NAMES, "Canaria Mora"))
    assert "With Casa Canaria" in words(ana.client.get(f"/en/t/{workshop.public_id}"))


def test_partners_of_a_discreet_workshop_are_not_shown(
    ana: StaffClient, store: Store, chicago: Office, women: Kind, chosen_partners: ChosenPartners
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women)
        partners.set_chosen(session, workshop, chosen_partners)
    assert "Canaria" not in ana.client.get(f"/es/t/{workshop.public_id}").text


def test_calendars_and_open_data_have_no_partners(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, chosen_partners: ChosenPartners
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        partners.set_chosen(session, workshop, chosen_partners)
    for path in (
        "/es/cal/chicago.ics",
        f"/es/t/{workshop.public_id}.ics",
        f"/api/v1/workshops/{workshop.public_id}",
        "/es/",
    ):
        answer = ana.client.get(path)
        assert answer.status_code == 200, path
        assert "Canaria" not in answer.text, path


def test_inactive_partner_cannot_be_chosen_but_stays_in_its_workshops(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, chosen_partners: ChosenPartners
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        partners.set_chosen(session, workshop, chosen_partners)
    for path in (
        f"organizacion/{chosen_partners.partners[0]}",
        f"persona/{chosen_partners.speakers[0]}",
    ):
        assert ana.post(f"/org/aliados/chicago/{path}", do="retire").status_code == 303
    new = words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert NAMES[0] not in new
    assert NAMES[2] not in new
    assert NAMES[0] in words(ana.get(f"/org/talleres/{workshop.public_id}/editar"))


def test_duplicate_keeps_the_partners(
    store: Store, chicago: Office, rights: Kind, chosen_partners: ChosenPartners
) -> None:
    with store.change() as session:
        first, second = (
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, rights),
        )
        partners.set_chosen(session, first, chosen_partners)
        partners.copy(session, first, second)
        assert partners.get_chosen(session, second) == partners.get_chosen(session, first)


def test_partners_of_another_office_cannot_be_chosen_or_changed(
    ana: StaffClient, store: Store, calgary: Office
) -> None:
    with store.change() as session:
        foreign_partner = _partner(calgary, "Casa del norte")
        session.add(foreign_partner)
        session.flush()
        number = foreign_partner.id
    form = typed(**{"allies": "yes"}, partners=[str(number)])
    assert ana.post("/org/talleres/nuevo", **form).status_code == 422
    path = f"/org/aliados/chicago/organizacion/{number}"
    assert ana.get(path).status_code == 404
    assert ana.post(path, name="Mía", kind="osc").status_code == 404
    assert "Casa del norte" not in words(ana.get("/org/aliados"))


@pytest.mark.any_database("no query")
def test_kinds_of_partner_match_the_data_files() -> None:
    kinds_in_file = json.loads((DATA / "taxonomy.json").read_text(encoding="utf-8"))[
        "partner_kinds"
    ]
    assert [each["code"] for each in kinds_in_file] == [each.value for each in PartnerKind]


def _partner(office: Office, name: str, **changes: Any) -> Partner:
    fields: dict[str, Any] = {"kind": PartnerKind.CIVIL_SOCIETY, "is_shown": False}
    return Partner(office_id=office.id, name=name, **(fields | changes))


def _workshop(store: Store) -> Workshop:
    with store.read() as session:
        return session.scalars(sa.select(Workshop)).one()
