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
from outreach.domain import tours
from outreach.domain.journal import Entry
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.organizers import ALLOWED, EVERYWHERE, Action, Role
from outreach.domain.partners import Partner, PartnerKind, Speaker
from outreach.domain.registrations import Contact
from outreach.domain.tours import StopPlan
from outreach.domain.workshops import Workshop
from outreach.keyring import Keyring
from outreach.web.desk import policy
from tests.bulletins import words_of_pdf
from tests.conftest import LONG_AGO, hold, seat
from tests.desk import Desk, at_desk, employ
from tests.policy import ASKS_FOR, FRESH, OF, pages
from tests.public import Page


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

    def ask(self, desk: Desk, endpoint: str, method: str, **fields: str) -> int:
        if method == "GET":
            return desk.get(self.path(endpoint)).status_code
        return desk.post(self.path(endpoint), **(self.fields | fields)).status_code


@pytest.fixture
def place(
    app: Flask, store: Store, ring: Keyring, chicago: Office, calgary: Office, rights: Kind
) -> Place:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
        here = session.merge(chicago, load=False)
        tour = tours.add(session, here, "Ruta del norte", "n", now=LONG_AGO)
        plan = StopPlan(
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
    registration = seat(store, ring, workshop).id
    return Place(app, store, given, {"registration": registration, "do": "undo"})


def test_every_page_of_the_staff_is_in_the_table(app: Flask) -> None:
    there = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == OF.keys()
    under_org = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/org")}
    assert under_org == {endpoint for endpoint, _method in there}


def test_the_table_in_the_code_says_the_same() -> None:
    for (endpoint, method), whose in OF.items():
        rule = policy.rule_of(endpoint)
        assert rule.of == {"asked": "office"}.get(whose, whose), endpoint
        assert rule.action == ASKS_FOR.get((endpoint, method)), endpoint


def test_what_matters_asks_for_a_factor_of_the_last_minutes(
    place: Place,
) -> None:
    """And nothing else does. The other pages answer as to anybody."""
    who = employ(place.store, "red@example.org", Role.ADMIN, EVERYWHERE)
    desk = at_desk(place.app, place.store, who)
    with place.store.change() as session:
        session.execute(
            sa.update(StaffSession).values(proven_at=clock.now() - timedelta(minutes=11))
        )
    for endpoint, method in pages("oneself", "workshop", "asked", "network"):
        name = endpoint.removeprefix("desk.")
        assert policy.rule_of(endpoint).is_fresh == (name in FRESH), endpoint
        if name not in FRESH:
            continue
        if method == "GET":
            answer = desk.get(place.path(endpoint))
            assert answer.status_code == 303, endpoint
            assert answer.headers["Location"].startswith("/org/confirmar?volver=/org/"), endpoint
        else:
            assert place.ask(desk, endpoint, method) == 401, endpoint


def test_a_page_without_a_rule_stops_the_application(app: Flask) -> None:
    made = Flask("outreach")
    made.add_url_rule("/org/olvidada", "desk.forgotten", lambda: "")
    with pytest.raises(LookupError, match="forgotten"):
        policy.require_rules(made)


WHERE: Final = ("calgary", EVERYWHERE, "chicago")  # all there is is Chicago's


@pytest.mark.any_database("who may is asked before any question to it")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_what_it_may_where_it_may(place: Place, role: Role) -> None:
    for where in WHERE:
        desk = at_desk(
            place.app, place.store, employ(place.store, f"{where}@example.org", role, where)
        )
        for asked in OF:
            if asked[1] == "GET" and OF[asked] != "nobody":
                require_as_said(place.ask(desk, *asked), asked, role, where)


@pytest.mark.any_database("who may is asked before any question to it")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("asked", [p for p in OF if p[1] == "POST" and OF[p] != "nobody"])
def test_a_role_does_what_it_may_where_it_may(
    place: Place, asked: tuple[str, str], role: Role
) -> None:
    """First somebody of another office asks, then one of everywhere, then one of its own."""
    for where in WHERE:
        desk = at_desk(
            place.app, place.store, employ(place.store, f"{where}@example.org", role, where)
        )
        require_as_said(place.ask(desk, *asked), asked, role, where)


def require_as_said(status: int, asked: tuple[str, str], role: Role, where: str) -> None:
    """What the table says of this cell."""
    whose, action = OF[asked], ASKS_FOR.get(asked)
    is_known = {
        "oneself": True,
        "halfway": True,
        "asked": True,
        "network": where == EVERYWHERE,
    }.get(whose, where in {"chicago", EVERYWHERE})
    if not is_known:
        assert status == 404, f"{asked} {where}: another office's things do not exist"
    elif action is not None and action not in ALLOWED[role]:
        assert status == 403, f"{asked} {where}: {status}"
    elif whose == "asked" and asked[1] == "POST":  # an empty form names no office
        assert status in {404, 422}, f"{asked} {where}: {status}"
    else:
        # An empty form: done at once, or what it lacks is said.
        fine = {200, 303} if asked[1] == "GET" else {200, 303, 409, 422}
        assert status in fine, f"{asked} {where}: {status}"


@pytest.mark.parametrize("role", list(Role))
def test_not_even_that_another_offices_workshop_is_there(place: Place, role: Role) -> None:
    who = employ(place.store, f"{role}@example.org", role, "calgary")
    desk = at_desk(place.app, place.store, who)
    hers = desk.get(f"/org/talleres/{place.public_id}")
    assert hers.data == desk.get("/org/talleres/0000000000").data
    assert desk.get("/org/talleres?oficina=chicago").status_code == 404
    assert desk.get("/org/talleres/nuevo?oficina=chicago").status_code in {403, 404}
    answer = desk.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (404 if Action.EDIT in ALLOWED[role] else 403)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_edit_makes_a_workshop(place: Place, role: Role) -> None:
    desk = at_desk(place.app, place.store, employ(place.store, f"{role}@example.org", role))
    may = Action.EDIT in ALLOWED[role]
    assert desk.get("/org/talleres/nuevo").status_code == (200 if may else 403)
    answer = desk.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (422 if may else 403)  # an empty form


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_edit_says_that_its_month_is_complete(place: Place, role: Role) -> None:
    desk = at_desk(place.app, place.store, employ(place.store, f"{role}@example.org", role))
    say = "/org/mes/2020-01/completo"
    may = Action.EDIT in ALLOWED[role]
    assert desk.post(say, office="chicago").status_code == (303 if may else 403)
    assert desk.post(say, office="calgary").status_code == (404 if may else 403)


def test_nothing_answers_without_a_session(place: Place) -> None:
    desk = Desk(place.app.test_client(), "nobody's", "")
    for endpoint, method in OF:
        if OF[endpoint, method] != "nobody":
            expected = 303 if method == "GET" else 401
            assert place.ask(desk, endpoint, method) == expected, endpoint


def test_no_form_counts_without_the_token_of_its_session(place: Place) -> None:
    desk = at_desk(place.app, place.store, employ(place.store))
    colleague = at_desk(place.app, place.store, employ(place.store, "luz@example.org"))
    for token in ("", colleague.form_token, "ñ"):
        for endpoint, method in OF:
            if method == "POST" and OF[endpoint, method] != "nobody":
                assert place.ask(desk, endpoint, method, token=token) == 403, endpoint


def test_no_form_counts_that_another_site_sends(place: Place) -> None:
    desk = at_desk(place.app, place.store, employ(place.store))
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.com"}):
        answer = desk.client.post(
            f"/org/talleres/{place.public_id}/cancelar",
            data={"token": desk.form_token, "reason": "other"},
            headers=desk.headers | header,
        )
        assert answer.status_code == 403


def test_no_page_of_the_staff_is_kept_or_found(place: Place) -> None:
    desk = at_desk(place.app, place.store, employ(place.store))
    for path in ("/org/", "/org/talleres", f"/org/talleres/{place.public_id}"):
        answer = desk.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in answer.headers


# Lists that can hurt (safety.md S23)

TAKEN_AWAY: Final = re.compile(r"\.(csv|xlsx|ods|pdf|vcf|txt|json)\b|exportar|descargar|download")


@pytest.fixture
def circle(store: Store, ring: Keyring, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop where Luz has a place and a phone."""
    with store.change() as session:
        workshop = hold(session, chicago, women)
    seat(store, ring, workshop, name="Luz", contact=Contact.PHONE, address="+13125550142")
    return workshop


def seen_of(desk: Desk, app: Flask, public_id: str) -> Iterator[TestResponse]:
    """Every page of the staff about one workshop, each tab of it, and what a search finds."""
    paths = [
        f"/org{rule.rule.removeprefix('/org').replace('<public_id>', public_id)}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/org/") and rule.arguments == {"public_id"}
        if "GET" in (rule.methods or set())
    ]
    tabs = [f"{path}?ver={tab}" for path in paths for tab in ("espera", "llamadas", "todos")]
    for path in ["/org/", "/org/talleres", *paths, *tabs]:
        yield desk.get(path)
    yield desk.post(f"/org/talleres/{public_id}/entrada", do="find", q="luz")


def said(answer: TestResponse) -> str:
    """What anybody reads in it: of a PDF its words, of a picture nothing."""
    if answer.mimetype == "application/pdf":
        return words_of_pdf(answer.data)
    return "" if answer.mimetype == "image/png" else answer.text


def test_nothing_carries_a_discreet_list_away(app: Flask, store: Store, circle: Workshop) -> None:
    desk = at_desk(app, store, employ(store, "red@example.org", Role.ADMIN, EVERYWHERE))
    named = 0
    for answer in seen_of(desk, app, circle.public_id):
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
            if "data-copiar" in has:
                assert has["data-copiar"] == "pub", where
        assert "+13125550142" not in answer.text, "one by one, and written down"
    assert named >= 3
    for ending in ("csv", "xlsx", "json", "txt"):
        assert desk.get(f"/org/talleres/{circle.public_id}.{ending}").status_code == 404
        assert desk.get(f"/org/talleres/{circle.public_id}/lista.{ending}").status_code == 404
    assert desk.get(f"/org/talleres/{circle.public_id}/lista.pdf").status_code == 404


def test_whoever_sees_a_name_of_a_discreet_list_leaves_a_trace(
    app: Flask, store: Store, circle: Workshop
) -> None:
    desk = at_desk(app, store, employ(store))
    before, named = traces(store), 0
    for answer in seen_of(desk, app, circle.public_id):
        now = traces(store)
        if "Luz" in said(answer):
            named += 1
            assert now > before, answer.request.full_path
        before = now
    assert named >= 3


def traces(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Entry)) or 0
