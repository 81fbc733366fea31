"""Whom a staff page refuses is told why inside its frame, and nothing on a page leads to a refusal.

Every page of the policy table is asked by every role, by an account without an office, and by
nobody; then each role follows every link and form from its first page on."""

from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role, RoleAssignment
from outreach.domain.workshops import WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, tomorrow
from tests.support import policy_place
from tests.support.policy_place import OFFICE_SCOPES, Place, refusal
from tests.support.policy_table import FRESH, PERMISSIONS_NEEDED, SCOPES
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database("a refusal is made before the database is asked")

GUARDED: Final = [page for page in SCOPES if page[1] == "GET" and SCOPES[page] != "public"]
FALSE_REASONS: Final = ("vino de otro sitio", "Este enlace ya no sirve", "Ver todos los talleres")
# Whose pages the plain run walks: who is offered most, and who is refused most.
MOST_LINKS: Final = ((Role.ADMIN, ALL_OFFICES), (Role.ORGANIZER, "chicago"))
MAX_ALIKE: Final = 3  # pages of a walk that differ only in values, as the months of a list
FRAME: Final = 'class="staff-nav"'


@pytest.fixture
def place(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> Place:
    return policy_place.furnish(app, store, key_store, chicago, rights)


@pytest.fixture
def busy_place(place: Place, key_store: KeyStore, chicago: Office, women: Kind) -> Place:
    """With workshops of each status, one of them discreet, and somebody at each."""
    with place.store.change() as session:
        for status in (WorkshopStatus.DRAFT, WorkshopStatus.HELD, WorkshopStatus.CANCELLED):
            kind = session.get_one(Kind, women.id)
            make_workshop(session, chicago, kind, day=tomorrow(chicago), status=status)
        discreet = make_workshop(session, chicago, women, day=tomorrow(chicago))
    seat(place.store, key_store, discreet, name="Luz")
    return place


def account(place: Place, role: Role, office: str) -> StaffClient:
    staff_id = employ(place.store, f"{role}.{office}@example.org".replace("*", "red"), role, office)
    return signed_in_as(place.app, place.store, staff_id)


def without_office(place: Place) -> StaffClient:
    staff_id = employ(place.store, "nueva@example.org")
    with place.store.change() as session:
        session.execute(sa.delete(RoleAssignment).where(RoleAssignment.organizer_id == staff_id))
    return signed_in_as(place.app, place.store, staff_id)


def reason(answer: TestResponse) -> str:
    """The text of a refusal, after checking that it is one in the frame of the staff pages."""
    text = words(answer)
    assert FRAME in answer.text
    assert not [each for each in FALSE_REASONS if each in text]
    assert answer.headers["Cache-Control"] == "no-store"
    return text


@pytest.mark.thorough
@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_in_the_frame_why_a_page_is_refused(place: Place, role: Role) -> None:
    employ(place.store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    for scope in OFFICE_SCOPES:
        staff_client = account(place, role, scope)
        for page in GUARDED:
            answer = staff_client.get(place.path(page[0]))
            expected = refusal(page, role, scope)
            if not expected:
                assert answer.status_code in {200, 303}, page
                continue
            assert answer.status_code == expected, page
            text = reason(answer)
            if expected == 404 and role is Role.CALLER:  # at no office
                assert "No encontramos esta página" in text, page
                continue
            if expected == 404:
                assert "No existe, o es de otra oficina." in text, page
                assert "Tu cuenta es de Calgary." in text, page
            elif SCOPES[page] == "network" and scope != ALL_OFFICES:
                assert "Esta página es de las oficinas centrales" in text, page
                needs = {Permission.CALLS: "Centro de llamadas o Administra"}
                needed = needs.get(PERMISSIONS_NEEDED[page], "Administra")
                assert f"Hace falta {needed} en toda la red" in text, page
            else:
                assert ("Solo puedes mirar" if role is Role.READER else "Tu papel no alcanza") in (
                    text
                ), page
            assert "elena@example.org" in text, page


def test_needed_roles_are_those_of_the_permission(place: Place) -> None:
    staff_client = account(place, Role.READER, "chicago")
    text = reason(staff_client.get(place.path("staff.workshops.edit")))
    assert "Hace falta Organiza o Encabeza o Administra en Chicago" in text
    assert "crear, cambiar o publicar talleres" in text
    text = reason(staff_client.get(place.path("staff.checkin.check_in_form")))
    assert "Hace falta Entrada o Organiza o Encabeza o Administra en Chicago" in text


def test_account_without_an_office_reads_so_on_every_page(place: Place) -> None:
    staff_client = without_office(place)
    for page in GUARDED:
        answer = staff_client.get(place.path(page[0]))
        if page[0].startswith("staff.auth."):
            assert answer.status_code in {200, 303}, page
            continue
        assert answer.status_code in {403, 404}, page
        assert "Falta una oficina en tu cuenta" in reason(answer), page
    assert staff_client.get("/org/cuenta").status_code == 200


def test_nobody_is_led_to_the_sign_in_page(place: Place) -> None:
    nobody = place.app.test_client()
    for page in GUARDED:
        answer = nobody.get(place.path(page[0]), base_url="https://localhost")
        assert answer.status_code == 303, page
        assert answer.headers["Location"].startswith("/org/entrar"), page
    answer = nobody.get("/org/nada", base_url="https://localhost")
    assert answer.status_code == 404
    assert "Entra con tu cuenta, o revisa la dirección." in words(answer)
    assert "Encontrar mi lugar" not in words(answer)


def test_unknown_address_and_wrong_method_are_refused_in_the_frame(place: Place) -> None:
    staff_client = account(place, Role.ORGANIZER, "chicago")
    answer = staff_client.get("/org/nada")
    assert answer.status_code == 404
    assert "No encontramos esta página" in reason(answer)
    answer = staff_client.get("/org/cerrar")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"
    assert "Esta dirección no se abre así" in reason(answer)


# Forms of another session and of another site

SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}


def post(
    staff_client: StaffClient, path: str, headers: dict[str, str], **fields: str
) -> TestResponse:
    return staff_client.client.post(path, data=fields, headers=staff_client.headers | headers)


def test_form_of_another_session_can_be_sent_again(place: Place) -> None:
    staff_client = account(place, Role.ORGANIZER, "chicago")
    path = f"/org/talleres/{place.public_id}/cancelar"
    typed = {"reason": "other", "detail": 'Trae "tu" <acta>', "token": "de-antes"}
    answer = post(staff_client, path, SAME_ORIGIN, **typed)
    assert answer.status_code == 403
    text = reason(answer)
    assert "Tu sesión cambió en otra pestaña" in text
    assert f'action="{path}"' in answer.text
    assert 'value="Trae &#34;tu&#34; &lt;acta&gt;"' in answer.text
    assert staff_client.form_token in answer.text
    assert "de-antes" not in answer.text


def test_passwords_and_forms_of_unknown_origin_are_not_shown_again(place: Place) -> None:
    staff_client = account(place, Role.ORGANIZER, "chicago")
    for headers in ({}, {"Origin": "null"}):
        answer = post(
            staff_client, "/org/talleres/borrador", headers, title_es="Llama al 900", token="x"
        )
        assert answer.status_code == 403
        assert "Llama al 900" not in answer.text
        assert "Tu sesión cambió desde que abriste la página" in reason(answer)
    secret = {"password": "caballo grapa", "new": "otra clave", "token": "x"}
    answer = post(staff_client, "/org/cuenta/contrasena", SAME_ORIGIN, **secret)
    assert "Tu sesión cambió en otra pestaña" in reason(answer)
    assert not [each for each in secret.values() if each != "x" and each in answer.text]


def test_cross_site_form_is_refused_with_its_reason_and_not_shown(place: Place) -> None:
    staff_client = account(place, Role.ORGANIZER, "chicago")
    path = f"/org/talleres/{place.public_id}/cancelar"
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://example.com"},
    ):
        answer = post(
            staff_client, path, headers, reason="other", token=staff_client.form_token, q="900"
        )
        assert answer.status_code == 403
        assert "Esta orden la mandó otro sitio" in words(answer)
        assert 'value="900"' not in answer.text
    other_address = SAME_ORIGIN | {"Origin": "https://10.0.0.7"}
    answer = post(staff_client, path, other_address, token=staff_client.form_token)
    assert answer.status_code == 403
    assert "solo recibe formularios en http" in reason(answer)


# What a page offers


class _Offers(HTMLParser):
    """The links and the forms of a page: address and method."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self._action, self._method = "", "GET"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in has:
            self.found.add((has["href"], "GET"))
        elif tag == "form":
            self._action = has.get("action", "")
            self._method = has.get("method", "get").upper()
            self.found.add((self._action, self._method))
        elif tag in {"button", "input"} and "formaction" in has:
            self.found.add((has["formaction"], has.get("formmethod", self._method).upper()))


def offers(answer: TestResponse, path: str) -> Iterator[tuple[str, str]]:
    """The addresses below /org to which a page leads, without their fragments."""
    reader = _Offers()
    reader.feed(answer.text)
    for address, method in sorted(reader.found):
        parts = urlsplit(urljoin(path, address))
        if address.startswith("#"):
            continue
        if not parts.netloc and parts.path.startswith("/org"):
            yield parts._replace(fragment="").geturl(), method


def can_send(place: Place, address: str, role: Role, office: str) -> bool:
    """Whether the policy table lets this role send a form to the address."""
    try:
        endpoint, _arguments = place.app.url_map.bind("").match(
            urlsplit(address).path, method="POST"
        )
    except HTTPException:
        return False
    page = endpoint, "POST"
    return SCOPES[page] == "public" or not refusal(page, role, office)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("role", "office"),
    [
        pytest.param(role, office, marks=() if (role, office) in MOST_LINKS else pytest.mark.long)
        for role in Role
        for office in ("chicago", ALL_OFFICES)
        if role is not Role.CALLER or office == ALL_OFFICES  # for the whole network only
    ],
)
def test_nothing_on_a_page_leads_to_a_refusal(busy_place: Place, role: Role, office: str) -> None:
    staff_client = account(busy_place, role, office)
    starts = [
        busy_place.path(page[0])
        for page in GUARDED
        if page not in {(each, "GET") for each in FRESH} and not refusal(page, role, office)
    ]
    first = [] if refusal(("staff.dashboard.today", "GET"), role, office) else ["/org/"]
    faults = walk(busy_place, staff_client, [*first, *starts], role, office)
    assert not faults, "\n".join(sorted(faults))


def shape(place: Place, address: str) -> tuple[str, ...]:
    """The view of an address and the names in its query; the workshop, if it names one, since its
    status decides what its page offers."""
    parts = urlsplit(address)
    names = sorted(parse_qs(parts.query, keep_blank_values=True))
    try:
        endpoint, arguments = place.app.url_map.bind("").match(parts.path)
    except HTTPException:
        return (address,)
    return endpoint, arguments.get("public_id", ""), *names


def walk(
    place: Place, staff_client: StaffClient, starts: list[str], role: Role, office: str
) -> set[str]:
    """Follows every link from these pages on. Returns the links and forms that are refused."""
    seen, waiting, faults = set(starts), deque((each, "") for each in starts), set[str]()
    alike = Counter[tuple[str, ...]]()
    while waiting:
        path, source = waiting.popleft()
        answer = staff_client.get(path)
        if answer.status_code in {403, 404, 405, 410}:
            faults.add(f"{source} links to {path}: {answer.status_code}")
        if answer.mimetype != "text/html":
            continue
        for address, method in offers(answer, path):
            if method == "POST":
                if not can_send(place, address, role, office):
                    faults.add(f"{path} has a form to {address}")
            elif address not in seen and alike[shape(place, address)] < MAX_ALIKE:
                alike[shape(place, address)] += 1
                seen.add(address)
                waiting.append((address, path))
    return faults


@pytest.mark.thorough
def test_nothing_on_an_empty_site_leads_to_a_refusal(app: Flask, store: Store) -> None:
    """Before the first office, kind and workshop."""
    empty = Place(app, store, {}, {})
    staff_client = account(empty, Role.ADMIN, ALL_OFFICES)
    faults = walk(empty, staff_client, ["/org/"], Role.ADMIN, ALL_OFFICES)
    assert not faults, "\n".join(sorted(faults))


def test_account_without_an_office_is_offered_nothing_that_is_refused(place: Place) -> None:
    staff_client = without_office(place)
    answer = staff_client.get("/org/")
    assert set(offers(answer, "/org/")) == {
        ("/org/cuenta", "GET"),
        ("/org/cerrar", "POST"),
        ("/org/puerta/telefono", "GET"),  # shown to a phone that has a list of the door
    }


@pytest.mark.thorough
def test_walk_finds_a_link_and_a_form_that_are_refused(place: Place) -> None:
    """The test above would see what a page should not offer."""
    reader = account(place, Role.READER, "chicago")
    path = f"/org/talleres/{place.public_id}"
    assert walk(place, reader, [f"{path}/editar"], Role.READER, "chicago")
    assert not can_send(place, f"{path}/editar", Role.READER, "chicago")
    assert can_send(place, f"{path}/entrada", Role.DOOR, "chicago")
    assert Permission.EDIT not in PERMISSIONS[Role.READER]
    assert PERMISSIONS_NEEDED["staff.workshops.update", "POST"] is Permission.EDIT
