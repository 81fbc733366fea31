"""Access policy of every staff page, for every role, at the own office and at another one. The
table states the policy independently; a page that is missing in it fails the test."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.migrations.models import MAIN
from outreach.web.staff.common import kept_forms, permissions
from tests.conftest import make_workshop, seat, tomorrow
from tests.support import policy_place
from tests.support.advice import require_none
from tests.support.bulletins import words_of_pdf
from tests.support.policy_place import OFFICE_SCOPES, Place, refusal
from tests.support.policy_table import FRESH, PERMISSIONS_NEEDED, SCOPES
from tests.support.public_urls import Page
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database
TABLE_FILE: Final = "tests/support/policy_table.py"


@pytest.fixture
def place(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> Place:
    return policy_place.furnish(app, store, key_store, chicago, rights)


@pytest.mark.core
def test_every_staff_page_is_in_the_policy_table(app: Flask) -> None:
    objects = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("staff.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    require_none(sorted(objects - SCOPES.keys()), f"state the rule of these pages in {TABLE_FILE}")
    require_none(
        sorted(SCOPES.keys() - objects), f"these pages are gone; take them from {TABLE_FILE}"
    )
    under_org = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/org")}
    assert under_org == {endpoint for endpoint, _method in objects}


@pytest.mark.core
def test_route_decorators_match_the_policy_table(app: Flask) -> None:
    with app.app_context():
        for (endpoint, method), scope in SCOPES.items():
            rule = permissions.rule_of(endpoint)
            other = f"{endpoint} has another rule at its route than in {TABLE_FILE}"
            assert rule.scope == scope, other
            assert rule.permission == PERMISSIONS_NEEDED.get((endpoint, method)), other
            assert rule.is_fresh == (endpoint in FRESH), other
            is_upload = endpoint in UPLOADS
            assert (rule.max_body_bytes is not None) == is_upload, endpoint


# Pages that take a file, or the form of many rows of one.
UPLOADS: Final = {
    *(f"staff.imports.{name}" for name in ("upload", "read_sheet", "save_rows", "load_draft")),
    *(f"staff.recordings.change_{name}_recordings" for name in ("workshop", "kind", "line")),
}


def test_sensitive_actions_need_a_fresh_second_factor(
    place: Place,
) -> None:
    """Every page of FRESH redirects to the confirmation, or answers 401 to a form."""
    staff_id = employ(place.store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    staff_client = signed_in_as(place.app, place.store, staff_id)
    with place.store.change() as session:
        session.execute(
            sa.update(StaffSession).values(proven_at=clock.now() - timedelta(minutes=11))
        )
    for endpoint, method in SCOPES:
        if endpoint not in FRESH:
            continue
        if method == "GET":
            answer = staff_client.get(place.path(endpoint))
            assert answer.status_code == 303, endpoint
            assert answer.headers["Location"].startswith("/org/confirmar?volver=/org/"), endpoint
        else:
            assert place.ask(staff_client, endpoint, method) == 401, endpoint


def test_confirmation_for_a_file_returns_to_the_page_it_is_on(place: Place) -> None:
    """And so do the sign-in pages: a download would leave the browser on them."""
    staff_id = employ(place.store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    staff_client = signed_in_as(place.app, place.store, staff_id)
    with place.store.change() as session:
        session.execute(
            sa.update(StaffSession).values(proven_at=clock.now() - timedelta(minutes=11))
        )
    parent = f"/org/talleres/{place.public_id}"
    answer = staff_client.get(f"{parent}/lista.csv")
    assert answer.headers["Location"] == f"/org/confirmar?volver={parent}"
    anybody = place.app.test_client()
    for path, back in (
        (f"{parent}/lista.csv", parent),
        (f"{parent}/volante.pdf", f"{parent}/volante"),
        ("/org/talleres.xlsx", "/org/talleres"),
    ):
        answer = anybody.get(path, base_url="https://localhost")
        assert answer.headers["Location"] == f"/org/entrar?volver={back}", path
    for outside in ("//example.org/a.csv", "/org/../a.csv", "https://example.org/org/a.csv"):
        page = anybody.get(f"/org/entrar?volver={outside}", base_url="https://localhost")
        assert "example.org" not in page.text


def test_page_without_a_permission_stops_the_application() -> None:
    broken = Flask("outreach")
    broken.add_url_rule("/org/olvidada", "staff.network.forgotten", lambda: "")
    with pytest.raises(LookupError, match="forgotten"):
        permissions.check_rules(broken)


def test_page_below_org_outside_the_staff_blueprint_stops_the_application() -> None:
    broken = Flask("outreach")
    view = permissions.requires(permissions.Scope.SIGNED_IN)(lambda: "")
    broken.add_url_rule("/org/suelta", "loose", view)
    with pytest.raises(LookupError, match="loose"):
        permissions.check_rules(broken)


def test_route_without_the_parameter_of_its_scope_stops_the_application() -> None:
    broken = Flask("outreach")
    rule = permissions.requires(permissions.Scope.WORKSHOP, Permission.EDIT)
    broken.add_url_rule("/org/talleres/algo", "staff.workshops.any", rule(lambda: ""))
    with pytest.raises(LookupError, match="public_id"):
        permissions.check_rules(broken)


def test_permission_needs_a_scope_with_an_office() -> None:
    with pytest.raises(TypeError):
        permissions.requires(permissions.Scope.SIGNED_IN, Permission.EDIT)
    with pytest.raises(TypeError):
        permissions.requires(permissions.Scope.NETWORK)


@pytest.mark.any_database("permissions are checked before any query")
@pytest.mark.parametrize("role", list(Role))
def test_each_role_can_read_the_pages_of_the_policy_table(place: Place, role: Role) -> None:
    for scope in OFFICE_SCOPES:
        staff_client = signed_in_as(
            place.app, place.store, employ(place.store, f"{scope}@example.org", role, scope)
        )
        for page in SCOPES:
            if page[1] == "GET" and SCOPES[page] != "public":
                status, refused = place.ask(staff_client, *page), refusal(page, role, scope)
                assert status == refused if refused else status in {200, 303}, f"{page} {scope}"


POSTED: Final = [page for page in SCOPES if page[1] == "POST" and SCOPES[page] != "public"]


@pytest.mark.any_database("permissions are checked before any query")
@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_refused_other_actions_without_effect(place: Place, role: Role) -> None:
    for scope in OFFICE_SCOPES:
        staff_client = signed_in_as(
            place.app, place.store, employ(place.store, f"{scope}@example.org", role, scope)
        )
        before = count_rows(place.store)
        for page in POSTED:
            if expected := refusal(page, role, scope):
                status = place.ask(staff_client, *page, **office_fields(place, page))
                assert status == expected, f"{page} {scope}"
        assert count_rows(place.store) == before, scope


@pytest.mark.any_database("permissions are checked before any query")
@pytest.mark.parametrize("page", POSTED)
def test_each_role_can_do_the_actions_of_the_policy_table(
    place: Place, page: tuple[str, str]
) -> None:
    """Asks as a member of another office, then of all offices, then of the own office."""
    for role in Role:
        for scope in OFFICE_SCOPES:
            if refusal(page, role, scope):
                continue
            staff_id = employ(place.store, f"{role}.{scope}@example.org", role, scope)
            staff_client = signed_in_as(place.app, place.store, staff_id)
            status = place.ask(staff_client, *page, **office_fields(place, page))
            # The form is almost empty: it is accepted, or rejected for missing fields, or 404 if a
            # required field names an object.
            accepted_statuses = {200, 303, 409, 422} | (
                {404} if SCOPES[page] == "chosen-office" else set()
            )
            assert status in accepted_statuses, f"{page} {role} {scope}: {status}"


def office_fields(place: Place, page: tuple[str, str]) -> dict[str, str]:
    """The fields that name the office in forms of the scope `chosen-office`: Chicago."""
    if SCOPES[page] != "chosen-office":
        return {}
    names = dict.fromkeys(("office", "oficina", "places"), "chicago")
    return names | dict.fromkeys(("t", "workshop"), place.public_id)


def count_rows(store: Store) -> dict[str, int]:
    """Number of rows by table."""
    with store.read() as session:
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in MAIN.sorted_tables
        }


@pytest.mark.parametrize("role", list(Role))
def test_workshop_of_another_office_looks_nonexistent(place: Place, role: Role) -> None:
    staff_id = employ(place.store, f"{role}@example.org", role, "calgary")
    staff_client = signed_in_as(place.app, place.store, staff_id)
    pages_of_own_office = staff_client.get(f"/org/talleres/{place.public_id}")
    assert pages_of_own_office.data == staff_client.get("/org/talleres/0000000000").data
    sees_workshops = Permission.SEE in PERMISSIONS[role]
    listed = staff_client.get("/org/talleres?oficina=chicago").status_code
    assert listed == (404 if sees_workshops else 403)
    assert staff_client.get("/org/talleres/nuevo?oficina=chicago").status_code in {403, 404}
    answer = staff_client.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (404 if Permission.EDIT in PERMISSIONS[role] else 403)


@pytest.mark.parametrize("role", list(Role))
def test_creating_a_workshop_needs_the_edit_permission(place: Place, role: Role) -> None:
    staff_client = signed_in_as(
        place.app, place.store, employ(place.store, f"{role}@example.org", role)
    )
    is_allowed = Permission.EDIT in PERMISSIONS[role]
    assert staff_client.get("/org/talleres/nuevo").status_code == (200 if is_allowed else 403)
    answer = staff_client.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (422 if is_allowed else 403)  # an empty form


@pytest.mark.parametrize("role", list(Role))
def test_marking_a_month_complete_needs_the_edit_permission(place: Place, role: Role) -> None:
    staff_client = signed_in_as(
        place.app, place.store, employ(place.store, f"{role}@example.org", role)
    )
    say = "/org/mes/2020-01/completo"
    is_allowed = Permission.EDIT in PERMISSIONS[role]
    assert staff_client.post(say, office="chicago").status_code == (303 if is_allowed else 403)
    assert staff_client.post(say, office="calgary").status_code == (404 if is_allowed else 403)


def test_staff_pages_need_a_session(place: Place) -> None:
    staff_client = StaffClient(place.app.test_client(), "nobody's", "")
    for endpoint, method in SCOPES:
        if SCOPES[endpoint, method] != "public":
            expected = 303 if method == "GET" else 401
            assert place.ask(staff_client, endpoint, method) == expected, endpoint


def test_staff_forms_need_the_form_token(place: Place) -> None:
    staff_client = signed_in_as(place.app, place.store, employ(place.store))
    colleague = signed_in_as(place.app, place.store, employ(place.store, "luz@example.org"))
    for token in ("", colleague.form_token, "ñ"):
        for endpoint, method in SCOPES:
            if method == "POST" and SCOPES[endpoint, method] != "public":
                # A long form is stored, and the response asks to sign in.
                with place.app.app_context():
                    is_kept = kept_forms.is_kept(endpoint)
                may_keep = is_kept and SCOPES[endpoint, method] != "network"
                refused = {401, 404} if may_keep else {403}
                assert place.ask(staff_client, endpoint, method, token=token) in refused, endpoint


def test_cross_site_staff_forms_are_refused(place: Place) -> None:
    staff_client = signed_in_as(place.app, place.store, employ(place.store))
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.com"}):
        answer = staff_client.client.post(
            f"/org/talleres/{place.public_id}/cancelar",
            data={"token": staff_client.form_token, "reason": "other"},
            headers=staff_client.headers | header,
        )
        assert answer.status_code == 403


def test_staff_pages_are_not_cached_or_indexed(place: Place) -> None:
    staff_client = signed_in_as(place.app, place.store, employ(place.store))
    for path in ("/org/", "/org/talleres", f"/org/talleres/{place.public_id}"):
        answer = staff_client.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in answer.headers


# Discreet attendee lists (S23)

TAKEN_AWAY: Final = re.compile(r"\.(csv|xlsx|ods|pdf|vcf|txt|json)\b|exportar|descargar|download")


@pytest.fixture
def discreet_workshop(store: Store, key_store: KeyStore, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop with a registration of Luz, who left a phone number; tomorrow, so that
    the door's list is open."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, day=tomorrow(chicago))
    seat(
        store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address="+13125550142"
    )
    return workshop


def pages_about(staff_client: StaffClient, app: Flask, public_id: str) -> Iterator[TestResponse]:
    """The responses of all staff pages about a workshop, its tabs and a search."""
    paths = [
        f"/org{rule.rule.removeprefix('/org').replace('<public_id>', public_id)}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/org/") and rule.arguments == {"public_id"}
        if "GET" in (rule.methods or set())
    ]
    tabs = [f"{path}?ver={tab}" for path in paths for tab in ("espera", "llamadas", "todos")]
    for path in ["/org/", "/org/talleres", *paths, *tabs]:
        yield staff_client.get(path)
    yield staff_client.post(f"/org/talleres/{public_id}/entrada", do="find", q="luz")


def readable_text(answer: TestResponse) -> str:
    """The readable text of a response: of a PDF its words, of an image nothing."""
    if answer.mimetype == "application/pdf":
        return words_of_pdf(answer.data)
    return "" if answer.mimetype == "image/png" else answer.text


def test_discreet_attendee_list_cannot_be_exported(
    app: Flask, store: Store, discreet_workshop: Workshop
) -> None:
    staff_client = signed_in_as(
        app, store, employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    )
    office_fields = 0
    for answer in pages_about(staff_client, app, discreet_workshop.public_id):
        scope = answer.request.full_path
        if "Luz" not in readable_text(answer):
            continue
        office_fields += 1
        assert answer.mimetype == "text/html", scope
        assert "Content-Disposition" not in answer.headers, scope
        page = Page(answer.text)
        for tag, has in page.tags:
            assert tag != "textarea", scope
            assert "download" not in has, scope
            assert not TAKEN_AWAY.search(has.get("href") or has.get("action") or ""), scope
            # A copy button copies a URL of this site, never a list.
            if "data-copy" in has:
                assert has["data-copy"] == "pub", scope
        assert "+13125550142" not in answer.text, "contacts are shown only one at a time"
    assert office_fields >= 3
    for ending in ("csv", "xlsx", "json", "txt"):
        assert (
            staff_client.get(f"/org/talleres/{discreet_workshop.public_id}.{ending}").status_code
            == 404
        )
        assert (
            staff_client.get(
                f"/org/talleres/{discreet_workshop.public_id}/lista.{ending}"
            ).status_code
            == 404
        )
    assert (
        staff_client.get(f"/org/talleres/{discreet_workshop.public_id}/lista.pdf").status_code
        == 404
    )


def test_viewing_names_of_a_discreet_workshop_is_logged(
    app: Flask, store: Store, discreet_workshop: Workshop
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    before, office_fields = count_entries(store), 0
    for answer in pages_about(staff_client, app, discreet_workshop.public_id):
        now = count_entries(store)
        if re.search(r"\bLuz\b", readable_text(answer)):  # a random nonce may have the letters
            office_fields += 1
            assert now > before, answer.request.full_path
        before = now
    assert office_fields >= 3


def count_entries(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0
