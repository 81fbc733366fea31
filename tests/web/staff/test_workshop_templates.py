"""Templates of an office: saved from the form, started from, replaced and deleted."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.scheduling import workshop_templates
from outreach.domain.scheduling.workshop_templates import MAX_TEMPLATES, WorkshopTemplate
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database

NEW, DELETE = "/org/talleres/nuevo", "/org/talleres/plantillas/borrar"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def template_form(**changes: Any) -> dict[str, Any]:
    return typed(**{"action": "template", "template_name": "Sábado en la biblioteca"} | changes)


def find(store: Store) -> list[WorkshopTemplate]:
    with store.read() as session:
        query = sa.select(WorkshopTemplate).order_by(WorkshopTemplate.name)
        return list(session.scalars(query).all())


def test_form_is_saved_as_a_template_and_another_workshop_starts_from_it(
    ana: StaffClient, store: Store
) -> None:
    page = ana.post(NEW, **template_form(capacity="33", party_limit="2", phone="312 555 0199"))
    assert page.status_code == 200
    assert "Plantilla guardada: «Sábado en la biblioteca»." in words(page)
    assert fields(page.text, NEW)["capacity"] == "33", "the form goes on"
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workshop)) == 0
        actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert "workshop template saved" in actions
    (template,) = find(store)
    chooser = ana.get(NEW)
    assert "Plantillas de la oficina" in words(chooser)
    assert f"plantilla={template.id}" in chooser.text
    started = ana.get(f"{NEW}?oficina=chicago&plantilla={template.id}&dia=2027-02-06")
    sent = fields(started.text, NEW)
    assert (sent["capacity"], sent["party_limit"], sent["phone"]) == ("33", "2", "312 555 0199")
    assert (sent["day"], sent["starts"], sent["ends"]) == ("2027-02-06", "10:00", "12:00")
    assert sent["languages"] == ["es", "en"]
    assert sent["nonce"] != "n" * 22


def test_template_has_no_date_no_link_and_no_name_of_a_person(
    ana: StaffClient, store: Store
) -> None:
    secret = {"facilitator": "Rosa Canario", "online_url": "https://sala.example/canario"}
    ana.post(NEW, **template_form(**secret, sure="x", series="nueva", series_name="Canarios"))
    (template,) = find(store)
    assert "anario" not in template.fields
    kept = {name for name, _value in template.sent_fields}
    assert not kept & {"day", "token", "nonce", "office", "sure", "action", "venue", "venue_name"}


def test_template_of_the_same_name_is_replaced(ana: StaffClient, store: Store) -> None:
    ana.post(NEW, **template_form(capacity="10"))
    ana.post(NEW, **template_form(capacity="11"))
    (template,) = find(store)
    assert ("capacity", "11") in template.sent_fields


def test_template_without_a_name_has_the_title(ana: StaffClient, store: Store) -> None:
    ana.post(NEW, **template_form(template_name=""))
    assert [each.name for each in find(store)] == ["Conoce tus derechos"]
    page = ana.post(NEW, **template_form(template_name="", title_es=""))
    assert page.status_code == 422
    assert "Ponle a la plantilla un nombre" in words(page)
    assert fields(page.text, NEW)["capacity"] == "40", "nothing typed is lost"


def test_workshop_is_saved_as_a_template_from_its_form(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        before = workshop.changed_at
    path = f"/org/talleres/{workshop.public_id}/editar"
    sent = fields(ana.get(path).text, path) | {"action": "template", "template_name": "Lunes"}
    sent.pop("token")
    assert "Plantilla guardada" in words(ana.post(path, **sent))
    assert [each.name for each in find(store)] == ["Lunes"]
    with store.read() as session:
        assert session.get_one(Workshop, workshop.id).changed_at == before


def test_template_is_deleted(ana: StaffClient, store: Store) -> None:
    ana.post(NEW, **template_form())
    answer = ana.post(DELETE, office="chicago", template=str(find(store)[0].id))
    assert answer.status_code == 303
    assert find(store) == []
    assert ana.post(DELETE, office="chicago", template="1").status_code == 404


def test_templates_belong_to_their_office(
    app: Flask, ana: StaffClient, store: Store, calgary: Office
) -> None:
    ana.post(NEW, **template_form())
    (template,) = find(store)
    other = signed_in_as(app, store, employ(store, "luz@example.org", Role.ORGANIZER, "calgary"))
    assert "Sábado en la biblioteca" not in words(other.get(NEW))
    assert other.get(f"{NEW}?plantilla={template.id}").status_code == 404
    assert other.get(f"{NEW}?oficina=chicago&plantilla={template.id}").status_code == 404
    for slug in ("calgary", "chicago"):
        assert other.post(DELETE, office=slug, template=str(template.id)).status_code == 404
    assert len(find(store)) == 1


def test_number_of_templates_is_limited(ana: StaffClient, store: Store, chicago: Office) -> None:
    with store.change() as session:
        office = session.merge(chicago, load=False)
        for number in range(MAX_TEMPLATES):
            fields_ = [("kind", "derechos")]
            workshop_templates.save(session, office, str(number), fields_, now=office.changed_at)
    page = ana.post(NEW, **template_form())
    assert page.status_code == 422
    assert f"La oficina ya tiene {MAX_TEMPLATES} plantillas. Borra una." in words(page)
    assert ana.post(NEW, **template_form(template_name="7")).status_code == 200
