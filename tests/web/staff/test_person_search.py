"""Searching a person by the whole door code, or by the whole contact: whom each role finds, and
what the audit log keeps of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry, details_of
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.keystore import KeyStore
from outreach.web.middleware.rate_limits import CONTACTS_AN_HOUR, PERSON_SEARCHES_AN_HOUR
from tests.conftest import make_workshop, seat, tomorrow
from tests.support.fixed_clock import fixed_clock
from tests.support.index_use import collect_statements
from tests.support.limits import UNLIMITED
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database
BY_CODE, BY_CONTACT = "/org/buscar/codigo", "/org/buscar/contacto"
REASON = "perdió su código"
NOBODY = "No hay nadie así en los talleres de tus oficinas."


class People:
    """Rosa at a workshop, and Luz at a discreet one, of Chicago; Nadia in Calgary."""

    def __init__(
        self, store: Store, key_store: KeyStore, chicago: Office, calgary: Office,
        rights: Kind, women: Kind,
    ) -> None:  # fmt: skip
        self._store, self._key_store = store, key_store
        self.rosa = self._seat(chicago, rights, "Rosa", "rosa@example.org", "Derechos aquí")
        self.luz = self._seat(chicago, women, "Luz", "+13125550142", "Mujeres aquí")
        self.nadia = self._seat(calgary, rights, "Nadia", "nadia@example.org", "Derechos allá")

    def _seat(
        self, office: Office, kind: Kind, name: str, contact: str, title: str
    ) -> Registration:
        with self._store.change() as session:
            workshop = make_workshop(
                session, office, kind, day=tomorrow(office), title={"es": title}
            )
        way = ContactMethod.EMAIL if "@" in contact else ContactMethod.PHONE
        party = seat(
            self._store, self._key_store, workshop, name=name, contact=way, address=contact
        )
        with self._store.read() as session:
            found = session.get_one(Registration, party.id)
            assert found.door_code
            assert found.workshop.public_id
            return found


@pytest.fixture
def people(
    store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> People:
    return People(store, key_store, chicago, calgary, rights, women)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def plain(answer: TestResponse, *variable: str) -> str:
    """The page without what was typed, the form token and the like."""
    text = answer.text
    for each in variable:
        text = text.replace(each, "")
    return text


def entries(store: Store) -> list[tuple[str, str, int | None, dict[str, object]]]:
    with store.read() as session:
        found = session.scalars(
            sa.select(AuditEntry)
            .where(AuditEntry.action.like("person searched%"))
            .order_by(AuditEntry.id)
        )
        return [(each.action, each.office, each.workshop_id, details_of(each)) for each in found]


@pytest.mark.parametrize("role", list(Role))
def test_each_role_finds_by_code_who_comes_to_its_own_offices(
    app: Flask, store: Store, people: People, role: Role
) -> None:
    client = signed_in_as(app, store, employ(store, "ana@example.org", role))
    if Permission.PEOPLE not in PERMISSIONS[role]:
        assert client.post(BY_CODE, code=people.rosa.door_code).status_code == 403
        assert "codigo" not in client.get(f"/org/buscar?q={people.rosa.door_code}").text
        return
    code = people.rosa.door_code
    found = client.post(BY_CODE, code=f" {code[:3].lower()}-{code[3:].lower()}")
    assert "Rosa" in words(found)
    assert "Derechos aquí" in words(found)
    assert f"/org/talleres/{people.rosa.workshop.public_id}" in found.text
    other, unknown = people.nadia.door_code, "ZZZZZZ"
    pages = {
        plain(client.post(BY_CODE, code=each), f"{each[:3]} {each[3:]}")
        for each in (other, unknown)
    }
    assert len(pages) == 1, "a code of another office is told from an unknown one"
    assert NOBODY in pages.pop()


def test_who_comes_to_a_discreet_workshop_is_found_without_name_and_title(
    people: People, ana: StaffClient
) -> None:
    found = ana.post(BY_CODE, code=people.luz.door_code)
    assert "Taller privado" in words(found)
    assert f"/org/talleres/{people.luz.workshop.public_id}" in found.text
    for secret in ("Luz", "Mujeres", "5550142"):
        assert secret not in found.text


def test_page_offers_the_search_only_for_a_whole_code(people: People, ana: StaffClient) -> None:
    code = people.rosa.door_code
    offered = ana.get("/org/buscar", query_string={"q": f"{code[:3]} {code[3:]}"})
    assert f'name="code" value="{code}"' in offered.text
    assert "Rosa" not in offered.text
    for typed in (code[:5], code + "Q", "rosa", "Rosa", "rosa@example.org", "312 555 0142"):
        page = ana.get("/org/buscar", query_string={"q": typed})
        assert 'name="code"' not in page.text, typed
        assert "Derechos aquí" not in page.text, typed
        is_contact = not typed.isalnum()
        assert ('<details class="box" open>' in page.text) == is_contact, typed
    for typed in ("Rosa", code[:5], ""):
        assert ana.post(BY_CODE, code=typed).status_code == 422


def test_each_search_is_in_the_audit_log_also_where_nobody_is_found(
    app: Flask, store: Store, people: People, ana: StaffClient
) -> None:
    ana.post(BY_CODE, code=people.rosa.door_code)
    ana.post(BY_CODE, code="ZZZZZZ")
    ana.post(BY_CONTACT, contact="ROSA@example.org", reason=REASON)
    ana.post(BY_CONTACT, contact="+1 312 555 0142", reason=REASON)
    by_code, by_contact = "person searched by code", "person searched by contact"
    workshop_id = people.rosa.workshop_id
    assert entries(store) == [
        (by_code, "chicago", workshop_id, {}),
        (by_code, "chicago", None, {"parties": 0}),
        (by_contact, "chicago", workshop_id, {"reason": REASON}),
        (by_contact, "chicago", None, {"reason": REASON, "parties": 0}),
    ]
    log = words(ana.get("/org/bitacora/chicago"))
    assert "buscó a alguien por su contacto" in log
    assert REASON in log
    for secret in ("Rosa", "rosa@", "ZZZZZZ", people.rosa.door_code):
        assert secret not in log
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    signed_in_as(app, store, staff_id).post(BY_CODE, code="ZZZZZZ")
    assert entries(store)[-1][:3] == (by_code, "", None)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_finds_by_contact_who_comes_to_ordinary_workshops_of_its_offices(
    app: Flask, store: Store, people: People, role: Role
) -> None:
    client = signed_in_as(app, store, employ(store, "ana@example.org", role))
    if Permission.CONTACTS not in PERMISSIONS[role]:
        answer = client.post(BY_CONTACT, contact="rosa@example.org", reason=REASON)
        assert answer.status_code == 403
        assert "contacto" not in client.get("/org/buscar?q=x").text
        return
    found = client.post(BY_CONTACT, contact=" Rosa@example.org ", reason=REASON)
    assert "Derechos aquí" in words(found)
    assert "Rosa" not in found.text, "the name"
    pages = {
        client.post(BY_CONTACT, contact=each, reason=REASON).text
        for each in ("(312) 555-0142", "nadia@example.org", "nobody@example.org", "312 555 0199")
    }
    assert len(pages) == 1
    assert NOBODY in pages.pop()


def test_contact_of_a_discreet_workshop_costs_the_same_work_as_an_unknown_one(
    app: Flask, store: Store, people: People, ana: StaffClient
) -> None:
    main = app.extensions["outreach_store"].engine
    keys = app.extensions["outreach_key_store"].store.engine
    ana.post(BY_CONTACT, contact="+13125550198", reason=REASON)  # what is read only once
    asked = []
    for contact in ("+13125550142", "+13125550199"):
        with (
            collect_statements(main) as of_main,
            collect_statements(keys) as of_keys,
        ):
            ana.post(BY_CONTACT, contact=contact, reason=REASON)
        asked.append((list(of_main), list(of_keys)))
    assert asked[0] == asked[1]
    assert asked[0][0]
    assert asked[0][1]
    assert entries(store)[1] == entries(store)[2]


@pytest.mark.parametrize(
    ("contact", "reason", "fault"),
    [
        ("rosa", REASON, "Escribe el correo o el teléfono completo."),
        ("0142", REASON, "Escribe el correo o el teléfono completo."),
        ("rosa@example.org", "", "Di en pocas palabras para qué lo buscas."),
        ("rosa@example.org", "x" * 121, "Di en pocas palabras para qué lo buscas."),
        ("rosa@example.org", "es rosa@example.org", "sin correos, números ni documentos"),
        ("rosa@example.org", "llama del 312 555 0142", "sin correos, números ni documentos"),
    ],
)
def test_whole_contact_and_a_reason_that_names_nobody_are_required(
    store: Store, people: People, ana: StaffClient, contact: str, reason: str, fault: str
) -> None:
    answer = ana.post(BY_CONTACT, contact=contact, reason=reason)
    assert answer.status_code == 422
    assert fault in words(answer)
    assert "Derechos aquí" not in answer.text
    assert entries(store) == []


@fixed_clock  # counts end with their hour
def test_searches_are_limited_by_account_and_contacts_ask_for_a_factor(
    make_app: Callable[..., Flask], store: Store, people: People
) -> None:
    app = make_app(limits=UNLIMITED)
    client = signed_in_as(app, store, employ(store))
    statuses = [
        client.post(BY_CODE, code="ZZZZZZ").status_code for _ in range(PERSON_SEARCHES_AN_HOUR + 1)
    ]
    assert statuses == [200] * PERSON_SEARCHES_AN_HOUR + [429]
    other = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert other.post(BY_CODE, code="ZZZZZZ").status_code == 200
    with store.change() as session:
        long_ago = clock.now() - timedelta(minutes=20)
        session.execute(sa.update(StaffSession).values(proven_at=long_ago))
    answers = [
        other.post(BY_CONTACT, contact="nobody@example.org", reason=REASON)
        for _ in range(CONTACTS_AN_HOUR + 1)
    ]
    assert [each.status_code for each in answers] == [200] * CONTACTS_AN_HOUR + [401]
    assert "nobody@example.org" not in answers[-1].text
