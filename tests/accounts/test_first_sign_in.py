"""The first sign-in: three steps on one phone, and the display name that is asked there."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts import invitations
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from tests.conftest import make_workshop
from tests.support.limits import UNLIMITED
from tests.support.login import shown_secret
from tests.support.staff_client import (
    PASSWORD,
    StaffClient,
    Visitor,
    employ,
    hidden,
    signed_in_as,
    words,
)

pytestmark = pytest.mark.any_database("what the pages say")

NAME = "Tomás Vega"


@pytest.fixture
def site(make_app: Callable[..., Flask], chicago: Office) -> Flask:
    return make_app(limits=UNLIMITED)


@pytest.fixture
def link(site: Flask, store: Store) -> str:
    organizer_id = employ(store, "tomas@example.org")
    with store.change() as session:
        session.get_one(StaffMember, organizer_id).password = None
        return f"/org/invitacion/{invitations.invite(session, organizer_id, now=clock.now())}"


def name_of(store: Store) -> str:
    with store.read() as session:
        return session.scalars(sa.select(StaffMember.name)).one()


def test_three_steps_lead_from_the_link_to_the_first_page(
    site: Flask, store: Store, link: str
) -> None:
    phone = Visitor(site)
    first = phone.get(link)
    assert "Paso 1 de 3" in words(first)
    assert re.search(r'<input id="name"[^>]* autofocus', first.text)
    answer = phone.post(link, name=NAME, password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/codigo")
    second = phone.get("/org/codigo")
    assert "Paso 2 de 3" in words(second)
    code = pyotp.TOTP(shown_secret(second)).now()
    third = phone.post("/org/codigo", hidden(second) | {"code": code})
    assert "Paso 3 de 3" in words(third)
    assert phone.post("/org/codigo", hidden(third)).headers["Location"] == "/org/"
    assert NAME in words(phone.get("/org/")), "the frame says who signed in"
    assert "tomas@example.org" not in words(phone.get("/org/"))


def test_application_of_the_same_phone_is_offered_first(
    site: Flask, store: Store, link: str
) -> None:
    phone = Visitor(site)
    phone.post(link, name=NAME, password=PASSWORD)
    page = phone.get("/org/codigo")
    found = re.search(r'href="(otpauth://[^"]+)"', page.text)
    assert found
    address = urlsplit(unescape(found[1]))
    assert address.netloc == "totp"
    assert parse_qs(address.query)["secret"] == [shown_secret(page)]
    opening, key, square = (page.text.index(each) for each in ("otpauth:", "secret-key", "<svg"))
    square = page.text.index('class="qr')
    assert opening < key < page.text.index("<details>") < square
    assert 'data-copy="letras"' in page.text
    assert re.search(r'<input class="otp"[^>]* autofocus', page.text)
    wrong = phone.post("/org/codigo", hidden(page) | {"code": "000000"})
    assert shown_secret(wrong) == shown_secret(page), "the phone has stored it"


def test_recovery_codes_are_saved_as_a_file(site: Flask, store: Store, link: str) -> None:
    phone = Visitor(site)
    phone.post(link, name=NAME, password=PASSWORD)
    page = phone.get("/org/codigo")
    code = pyotp.TOTP(shown_secret(page)).now()
    codes = phone.post("/org/codigo", hidden(page) | {"code": code})
    path = "/org/cuenta/codigos/archivo"
    file = phone.post(path, hidden(codes, path))
    assert file.status_code == 200
    assert file.mimetype == "text/plain"
    assert file.headers["Content-Disposition"] == "attachment; filename=codigos.txt"
    assert file.headers["Cache-Control"] == "no-store"
    assert file.text.split("\n")[:-1] == re.findall(r"<li>([0-9A-Z ]{14})</li>", codes.text)
    other = signed_in_as(site, store, employ(store))
    for sealed in (hidden(codes, path)["sealed"], "", "zz", "00" * 40):
        refused = other.post(path, sealed=sealed)
        assert refused.status_code == 422
        assert "Haz otros en tu cuenta." in words(refused)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"password": "corta"}, "La contraseña es corta."),
        ({"name": " "}, "Escribe cómo te llamas."),
        ({"name": "x" * 61}, "Es demasiado largo."),
        ({"name": "Ve a example.org"}, "Escribe solo un nombre"),
    ],
)
def test_failed_step_keeps_what_was_typed_and_the_link(
    site: Flask, store: Store, link: str, given: dict[str, str], fault: str
) -> None:
    phone = Visitor(site)
    typed = {"name": NAME, "password": PASSWORD} | given
    page = phone.post(link, typed)
    assert page.status_code == 422
    assert fault in words(page)
    assert f'value="{typed["name"].strip()}"' in page.text
    assert PASSWORD not in page.text
    assert phone.get(link).status_code == 200
    assert name_of(store) == ""


def test_first_field_of_the_sign_in_page_has_focus(site: Flask) -> None:
    page = Visitor(site).get("/org/entrar").text
    assert re.search(r'<input id="email"[^>]* autofocus', page)
    assert page.count(" autofocus") == 1


# The display name afterwards


@pytest.fixture
def tomas(site: Flask, store: Store) -> StaffClient:
    return signed_in_as(site, store, employ(store, "tomas@example.org"))


def test_name_is_changed_on_the_own_page_and_logged_without_it(
    store: Store, tomas: StaffClient
) -> None:
    answer = tomas.post("/org/cuenta/nombre", name=f"  {NAME} ")
    assert answer.headers["Location"] == "/org/cuenta?hecho=mi-nombre"
    assert name_of(store) == NAME
    assert f'value="{NAME}"' in tomas.get("/org/cuenta").text
    tomas.post("/org/cuenta/nombre", name=NAME)
    with store.read() as session:
        entries = session.scalars(sa.select(AuditEntry)).all()
    assert [each.action for each in entries] == ["display name changed"], "once"
    assert entries[0].details == "{}"
    tomas.post("/org/cuenta/nombre", name="")
    assert "tomas@example.org" in words(tomas.get("/org/"))


def test_name_is_escaped_and_holds_no_link(store: Store, tomas: StaffClient) -> None:
    refused = tomas.post("/org/cuenta/nombre", name="gana en bit.ly/x")
    assert refused.status_code == 422
    assert 'value="gana en bit.ly/x"' in refused.text
    tomas.post("/org/cuenta/nombre", name='"><b>Tomás')
    assert "<b>Tomás" not in tomas.get("/org/").text


def test_audit_log_says_name_and_address(store: Store, tomas: StaffClient) -> None:
    """A name can be anybody's; the address below it is the account's."""
    tomas.post("/org/cuenta/nombre", name="Elena de la red")
    with store.change() as session:
        session.execute(sa.update(AuditEntry).values(office="chicago"))
    log = words(tomas.get("/org/bitacora/chicago"))
    assert "Elena de la red cambió su nombre tomas@example.org" in log
    assert "Elena de la red (tomas@example.org)" in log, "the filter"


def test_no_public_page_has_a_name_of_the_staff(
    site: Flask, store: Store, tomas: StaffClient, chicago: Office, rights: Kind
) -> None:
    tomas.post("/org/cuenta/nombre", name="Canario Staffname")
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    public = site.test_client()
    for path in ("/es/", f"/es/t/{public_id}", "/es/cal/chicago.ics", "/api/v1/workshops"):
        assert "Canario" not in public.get(path).text, path
