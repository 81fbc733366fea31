"""Who may do what where: every page of the staff, for every role, at one's own office and at
another's. The table is the policy said once more; a page that is not in it fails the test."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.registrations import ContactMethod
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import TourStopData
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.partners import Partner, PartnerKind, Speaker
from outreach.keystore import KeyStore
from outreach.migrations.models import MAIN
from outreach.web.staff.common import kept_forms, permissions
from tests.conftest import LONG_AGO, hold, seat
from tests.support import access_table
from tests.support.bulletins import words_of_pdf
from tests.support.policy_table import FRESH, PERMISSIONS_NEEDED, SCOPES
from tests.support.public_urls import Page
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database


@dataclass
class Place:
    """A workshop in Chicago where Rosa has a place, and what else addresses of the staff name."""

    app: Flask
    store: Store
    given: dict[str, str]  # the parts of addresses
    fields: dict[str, str]  # what every form gets

    @property
    def public_id(self) -> str:
        return self.given["public_id"]

    def path(self, endpoint: str) -> str:
        with self.app.test_request_context(base_url="http://localhost:8000"):
            rule = next(each for each in self.app.url_map.iter_rules(endpoint))
            given: dict[str, Any] = {name: self.given[name] for name in rule.arguments}
            return self.app.url_for(endpoint, **given).removeprefix("http://localhost:8000")

    def ask(self, staff_client: StaffClient, endpoint: str, method: str, **fields: str) -> int:
        if method == "GET":
            return staff_client.get(self.path(endpoint)).status_code
        return staff_client.post(self.path(endpoint), **(self.fields | fields)).status_code


@pytest.fixture
def place(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> Place:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
        here = session.merge(chicago, load=False)
        tour = tours.add(session, here, "Ruta del norte", "n", now=LONG_AGO)
        plan = TourStopData(
            day=workshop.day,
            starts=workshop.starts,
            ends=workshop.ends,
            city="Joliet",
            region="IL",
            venue=None,
            kinds=Codes([rights.code]),
        )
        stop = tours.add_stop(session, tour, plan, now=LONG_AGO)
        partner = Partner(
            office_id=chicago.id, name="Casa Sur", kind=PartnerKind.CIVIL_SOCIETY, is_shown=True
        )
        speaker = Speaker(office_id=chicago.id, name="Lic. Mora", partner=partner, is_shown=False)
        session.add(speaker)
    assert workshop.venue is not None
    given = {
        "public_id": workshop.public_id,
        "month": "2020-01",
        "slug": "chicago",
        "tour_id": str(tour.id),
        "stop_id": str(stop.id),
        "code": "derechos",
        "organizer_id": str(employ(store, "luz@chicago.example.org")),
        "venue": str(workshop.venue.id),
        "partner": str(partner.id),
        "speaker": str(speaker.id),
        "ending": "csv",
        "form": "csv",
    }
    registration = seat(store, key_store, workshop).id
    return Place(app, store, given, {"registration": registration, "do": "undo"})


def test_every_page_of_the_staff_is_in_the_table(app: Flask) -> None:
    there = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("staff.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == SCOPES.keys()
    under_org = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/org")}
    assert under_org == {endpoint for endpoint, _method in there}


def test_the_decorators_at_the_routes_state_the_same(app: Flask) -> None:
    with app.app_context():
        for (endpoint, method), scope in SCOPES.items():
            rule = permissions.rule_of(endpoint)
            assert rule.scope == scope, endpoint
            assert rule.permission == PERMISSIONS_NEEDED.get((endpoint, method)), endpoint
            assert rule.is_fresh == (endpoint in FRESH), endpoint
            is_upload = endpoint == "staff.imports.upload"
            assert (rule.max_body_bytes is not None) == is_upload, endpoint


def test_the_guide_prints_the_table_of_pages_by_role() -> None:
    """`python -m tests.support.access_table` writes it anew."""
    assert access_table.section(access_table.PAGE.read_text()) == access_table.generate()


def test_what_matters_asks_for_a_factor_of_the_last_minutes(
    place: Place,
) -> None:
    """And nothing else does. The other pages answer as to anybody."""
    who = employ(place.store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    staff_client = signed_in_as(place.app, place.store, who)
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


def test_a_page_without_a_permission_stops_the_application() -> None:
    broken = Flask("outreach")
    broken.add_url_rule("/org/olvidada", "staff.network.forgotten", lambda: "")
    with pytest.raises(LookupError, match="forgotten"):
        permissions.check_rules(broken)


def test_a_page_below_org_outside_the_guarded_blueprint_stops_the_application() -> None:
    broken = Flask("outreach")
    view = permissions.requires(permissions.Scope.SIGNED_IN)(lambda: "")
    broken.add_url_rule("/org/suelta", "loose", view)
    with pytest.raises(LookupError, match="loose"):
        permissions.check_rules(broken)


def test_an_address_without_what_decides_its_scope_stops_the_application() -> None:
    broken = Flask("outreach")
    rule = permissions.requires(permissions.Scope.WORKSHOP, Permission.EDIT)
    broken.add_url_rule("/org/talleres/algo", "staff.workshops.any", rule(lambda: ""))
    with pytest.raises(LookupError, match="public_id"):
        permissions.check_rules(broken)


def test_a_permission_needs_a_scope_that_offices_decide() -> None:
    with pytest.raises(TypeError):
        permissions.requires(permissions.Scope.SIGNED_IN, Permission.EDIT)
    with pytest.raises(TypeError):
        permissions.requires(permissions.Scope.NETWORK)


WHERE: Final = ("calgary", ALL_OFFICES, "chicago")  # all there is is Chicago's


def refusal(page: tuple[str, str], role: Role, where: str) -> int:
    """What the table says of this cell: 404 where another office's things do not exist, 403 where
    one may not do it; 0 where one may."""
    scope, permission = SCOPES[page], PERMISSIONS_NEEDED.get(page)
    may = permission is None or permission in PERMISSIONS[role]
    if scope in {"signed-in", "half-signed-in"}:
        return 0 if may else 403
    if scope == "chosen-office":  # of what they may do somewhere, the form says where
        # Each row of a file that is sent says it: `tests/web/staff/test_imports.py`.
        is_elsewhere = (
            where == "calgary" and page[1] == "POST" and page[0] != "staff.imports.upload"
        )
        return 403 if not may else 404 if is_elsewhere else 0
    is_known = where == ALL_OFFICES or (scope != "network" and where == "chicago")
    return (0 if may else 403) if is_known else 404


@pytest.mark.any_database("permissions are checked before any query")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_what_it_may_where_it_may(place: Place, role: Role) -> None:
    for where in WHERE:
        staff_client = signed_in_as(
            place.app, place.store, employ(place.store, f"{where}@example.org", role, where)
        )
        for page in SCOPES:
            if page[1] == "GET" and SCOPES[page] != "public":
                status, refused = place.ask(staff_client, *page), refusal(page, role, where)
                assert status == refused if refused else status in {200, 303}, f"{page} {where}"


POSTED: Final = [page for page in SCOPES if page[1] == "POST" and SCOPES[page] != "public"]


@pytest.mark.any_database("permissions are checked before any query")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_what_it_may_not_do_and_nothing_comes_of_it(
    place: Place, role: Role
) -> None:
    for where in WHERE:
        staff_client = signed_in_as(
            place.app, place.store, employ(place.store, f"{where}@example.org", role, where)
        )
        before = written(place.store)
        for page in POSTED:
            if expected := refusal(page, role, where):
                status = place.ask(staff_client, *page, **named(place, page))
                assert status == expected, f"{page} {where}"
        assert written(place.store) == before, where


@pytest.mark.any_database("permissions are checked before any query")
@pytest.mark.parametrize(
    ("page", "role"),
    [
        (page, role)
        for page in POSTED
        for role in Role
        if any(not refusal(page, role, where) for where in WHERE)
    ],
)
def test_a_role_does_what_it_may_where_it_may(
    place: Place, page: tuple[str, str], role: Role
) -> None:
    """First somebody of another office asks, then one of everywhere, then one of its own."""
    for where in WHERE:
        if not refusal(page, role, where):
            who = employ(place.store, f"{where}@example.org", role, where)
            staff_client = signed_in_as(place.app, place.store, who)
            status = place.ask(staff_client, *page, **named(place, page))
            # A form that is all but empty: done at once, or what it lacks is said. One that names
            # a thing by a field may lack its name.
            fine = {200, 303, 409, 422} | ({404} if SCOPES[page] == "chosen-office" else set())
            assert status in fine, f"{page} {where}: {status}"


def named(place: Place, page: tuple[str, str]) -> dict[str, str]:
    """A form of a page that is of no office alone says whose thing it is about: Chicago's."""
    if SCOPES[page] != "chosen-office":
        return {}
    names = dict.fromkeys(("office", "oficina"), "chicago")
    return names | dict.fromkeys(("t", "workshop"), place.public_id)


def written(store: Store) -> dict[str, int]:
    """How many rows each table has, but for what a session leaves of itself."""
    with store.read() as session:
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in MAIN.sorted_tables
        }


@pytest.mark.parametrize("role", list(Role))
def test_not_even_that_another_offices_workshop_is_there(place: Place, role: Role) -> None:
    who = employ(place.store, f"{role}@example.org", role, "calgary")
    staff_client = signed_in_as(place.app, place.store, who)
    hers = staff_client.get(f"/org/talleres/{place.public_id}")
    assert hers.data == staff_client.get("/org/talleres/0000000000").data
    assert staff_client.get("/org/talleres?oficina=chicago").status_code == 404
    assert staff_client.get("/org/talleres/nuevo?oficina=chicago").status_code in {403, 404}
    answer = staff_client.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (404 if Permission.EDIT in PERMISSIONS[role] else 403)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_edit_makes_a_workshop(place: Place, role: Role) -> None:
    staff_client = signed_in_as(
        place.app, place.store, employ(place.store, f"{role}@example.org", role)
    )
    may = Permission.EDIT in PERMISSIONS[role]
    assert staff_client.get("/org/talleres/nuevo").status_code == (200 if may else 403)
    answer = staff_client.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (422 if may else 403)  # an empty form


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_edit_says_that_its_month_is_complete(place: Place, role: Role) -> None:
    staff_client = signed_in_as(
        place.app, place.store, employ(place.store, f"{role}@example.org", role)
    )
    say = "/org/mes/2020-01/completo"
    may = Permission.EDIT in PERMISSIONS[role]
    assert staff_client.post(say, office="chicago").status_code == (303 if may else 403)
    assert staff_client.post(say, office="calgary").status_code == (404 if may else 403)


def test_nothing_answers_without_a_session(place: Place) -> None:
    staff_client = StaffClient(place.app.test_client(), "nobody's", "")
    for endpoint, method in SCOPES:
        if SCOPES[endpoint, method] != "public":
            expected = 303 if method == "GET" else 401
            assert place.ask(staff_client, endpoint, method) == expected, endpoint


def test_no_form_counts_without_the_token_of_its_session(place: Place) -> None:
    staff_client = signed_in_as(place.app, place.store, employ(place.store))
    colleague = signed_in_as(place.app, place.store, employ(place.store, "luz@example.org"))
    for token in ("", colleague.form_token, "ñ"):
        for endpoint, method in SCOPES:
            if method == "POST" and SCOPES[endpoint, method] != "public":
                # Of a long form nothing typed is lost: it asks who one is, who may send it.
                with place.app.app_context():
                    is_kept = kept_forms.is_kept(endpoint)
                refused = {401, 404} if is_kept else {403}
                assert place.ask(staff_client, endpoint, method, token=token) in refused, endpoint


def test_no_form_counts_that_another_site_sends(place: Place) -> None:
    staff_client = signed_in_as(place.app, place.store, employ(place.store))
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.com"}):
        answer = staff_client.client.post(
            f"/org/talleres/{place.public_id}/cancelar",
            data={"token": staff_client.form_token, "reason": "other"},
            headers=staff_client.headers | header,
        )
        assert answer.status_code == 403


def test_no_page_of_the_staff_is_kept_or_found(place: Place) -> None:
    staff_client = signed_in_as(place.app, place.store, employ(place.store))
    for path in ("/org/", "/org/talleres", f"/org/talleres/{place.public_id}"):
        answer = staff_client.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in answer.headers


# Lists that can hurt (S23)

TAKEN_AWAY: Final = re.compile(r"\.(csv|xlsx|ods|pdf|vcf|txt|json)\b|exportar|descargar|download")


@pytest.fixture
def circle(store: Store, key_store: KeyStore, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop where Luz has a place and a phone."""
    with store.change() as session:
        workshop = hold(session, chicago, women)
    seat(
        store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address="+13125550142"
    )
    return workshop


def seen_of(staff_client: StaffClient, app: Flask, public_id: str) -> Iterator[TestResponse]:
    """Every page of the staff about one workshop, each tab of it, and what a search finds."""
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


def said(answer: TestResponse) -> str:
    """What anybody reads in it: of a PDF its words, of a picture nothing."""
    if answer.mimetype == "application/pdf":
        return words_of_pdf(answer.data)
    return "" if answer.mimetype == "image/png" else answer.text


def test_nothing_carries_a_discreet_list_away(app: Flask, store: Store, circle: Workshop) -> None:
    staff_client = signed_in_as(
        app, store, employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    )
    named = 0
    for answer in seen_of(staff_client, app, circle.public_id):
        where = answer.request.full_path
        if "Luz" not in said(answer):
            continue
        named += 1
        assert answer.mimetype == "text/html", where
        assert "Content-Disposition" not in answer.headers, where
        page = Page(answer.text)
        for tag, has in page.tags:
            assert tag != "textarea", where
            assert "download" not in has, where
            assert not TAKEN_AWAY.search(has.get("href") or has.get("action") or ""), where
            # What a button copies is an address of ours, never a list.
            if "data-copy" in has:
                assert has["data-copy"] == "pub", where
        assert "+13125550142" not in answer.text, "one by one, and written down"
    assert named >= 3
    for ending in ("csv", "xlsx", "json", "txt"):
        assert staff_client.get(f"/org/talleres/{circle.public_id}.{ending}").status_code == 404
        assert (
            staff_client.get(f"/org/talleres/{circle.public_id}/lista.{ending}").status_code == 404
        )
    assert staff_client.get(f"/org/talleres/{circle.public_id}/lista.pdf").status_code == 404


def test_whoever_sees_a_name_of_a_discreet_list_leaves_a_trace(
    app: Flask, store: Store, circle: Workshop
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    before, named = traces(store), 0
    for answer in seen_of(staff_client, app, circle.public_id):
        now = traces(store)
        if "Luz" in said(answer):
            named += 1
            assert now > before, answer.request.full_path
        before = now
    assert named >= 3


def traces(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0
