"""Who may do what where: every page of the staff, for every role, at one's own office and at
another's. The table is the policy said once more; a page that is not in it fails the test."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.journal import Entry
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.organizers import ALLOWED, EVERYWHERE, Action, Role
from outreach.domain.registrations import Contact
from outreach.domain.workshops import Workshop
from outreach.keyring import Keyring
from tests.conftest import hold, seat
from tests.desk import Desk, at_desk, employ
from tests.public import Page

# What each page of one workshop asks for.
OF_A_WORKSHOP: Final = {
    ("desk.workshop", "GET"): Action.SEE,
    ("desk.contact", "POST"): Action.CONTACTS,
    ("desk.decide", "POST"): Action.EDIT,
    ("desk.call", "POST"): Action.CONTACTS,
    ("desk.send_again", "POST"): Action.EDIT,
    ("desk.publish", "POST"): Action.EDIT,
    ("desk.reinstate", "POST"): Action.EDIT,
    ("desk.edit", "GET"): Action.EDIT,
    ("desk.change", "POST"): Action.EDIT,
    ("desk.ask_to_cancel", "GET"): Action.EDIT,
    ("desk.cancel", "POST"): Action.EDIT,
    ("desk.at_door", "GET"): Action.DOOR,
    ("desk.mark", "POST"): Action.DOOR,
    ("desk.attendance", "GET"): Action.EDIT,
    ("desk.report", "POST"): Action.EDIT,
}
# Those that ask for nothing but to be signed in, and show only what is one's own.
OF_ONESELF: Final = {
    ("desk.today", "GET"),
    ("desk.doors", "GET"),
    ("desk.workshops", "GET"),
    ("desk.sign_out", "POST"),
    ("desk.own_calendar", "GET"),
    ("desk.make_calendar", "POST"),
    ("desk.stop_calendar", "POST"),
    ("desk.last_month", "GET"),
    ("desk.month", "GET"),
}
# Those that depend on the office they are asked for.
OF_AN_OFFICE: Final = {
    ("desk.new", "GET"),
    ("desk.create", "POST"),
    ("desk.say_complete", "POST"),
}
# Those of who answers for the whole network.
OF_THE_NETWORK: Final = {
    ("desk.what_we_hold", "GET"),
    ("desk.figures_of_month", "GET"),
    ("desk.enter_figures", "POST"),
    ("desk.ask_to_close", "GET"),
    ("desk.close_month", "POST"),
    ("desk.reopen", "POST"),
    ("desk.remind", "POST"),
    ("desk.all_bulletins", "GET"),
    ("desk.edit_bulletin", "GET"),
    ("desk.change_bulletin", "POST"),
    ("desk.preview_bulletin", "GET"),
}
# Those that let one in, and the one whose address is the permission.
OPEN: Final = {
    ("desk.entrance", "GET"),
    ("desk.sign_in", "POST"),
    ("desk.invitation", "GET"),
    ("desk.accept", "POST"),
    ("desk.own_feed", "GET"),
}


@dataclass
class Place:
    app: Flask
    store: Store
    public_id: str
    registration: str

    def ask(self, desk: Desk, endpoint: str, method: str, **fields: str) -> int:
        with self.app.test_request_context(base_url="http://localhost:8000"):
            path = self.app.url_for(endpoint, public_id=self.public_id, month="2020-01")
        path = path.removeprefix("http://localhost:8000")
        if method == "GET":
            return desk.get(path).status_code
        fields = {"registration": self.registration, "do": "undo"} | fields
        return desk.post(path, **fields).status_code


@pytest.fixture
def place(
    app: Flask, store: Store, ring: Keyring, chicago: Office, calgary: Office, rights: Kind
) -> Place:
    """A workshop in Chicago where Rosa has a place."""
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    return Place(app, store, workshop.public_id, seat(store, ring, workshop).id)


def test_every_page_of_the_staff_is_in_the_table(app: Flask) -> None:
    there = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == {*OF_A_WORKSHOP, *OF_ONESELF, *OF_AN_OFFICE, *OF_THE_NETWORK, *OPEN}
    under_org = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/org")}
    assert under_org == {endpoint for endpoint, _method in there}


@pytest.mark.parametrize("role", list(Role))
def test_at_ones_own_office_a_role_does_what_it_may(place: Place, role: Role) -> None:
    desk = at_desk(place.app, place.store, employ(place.store, f"{role}@example.org", role))
    for (endpoint, method), action in OF_A_WORKSHOP.items():
        status = place.ask(desk, endpoint, method)
        assert (status == 403) == (action not in ALLOWED[role]), f"{endpoint} as {role}: {status}"
        assert status not in {404, 500}, endpoint


@pytest.mark.parametrize("role", list(Role))
def test_what_is_another_offices_does_not_exist(place: Place, role: Role) -> None:
    who = employ(place.store, f"{role}@example.org", role, "calgary")
    desk = at_desk(place.app, place.store, who)
    for endpoint, method in OF_A_WORKSHOP:
        assert place.ask(desk, endpoint, method) == 404, endpoint
    hers = desk.get(f"/org/talleres/{place.public_id}")
    assert hers.data == desk.get("/org/talleres/0000000000").data, "not even that it is there"
    assert desk.get("/org/talleres?oficina=chicago").status_code == 404
    assert desk.get("/org/talleres/nuevo?oficina=chicago").status_code in {403, 404}
    assert desk.post("/org/talleres/nuevo", office="chicago").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_who_works_for_all_of_them_does_it_anywhere(place: Place, role: Role) -> None:
    who = employ(place.store, f"{role}@example.org", role, EVERYWHERE)
    desk = at_desk(place.app, place.store, who)
    for (endpoint, method), action in OF_A_WORKSHOP.items():
        status = place.ask(desk, endpoint, method)
        assert (status == 403) == (action not in ALLOWED[role]), f"{endpoint} as {role}: {status}"


@pytest.mark.parametrize("role", list(Role))
def test_what_is_the_networks_is_for_its_admins(place: Place, role: Role) -> None:
    everywhere = employ(place.store, f"{role}@example.org", role, EVERYWHERE)
    of_one_office = employ(place.store, f"{role}.1@example.org", role)
    for endpoint, method in OF_THE_NETWORK:
        status = place.ask(at_desk(place.app, place.store, everywhere), endpoint, method)
        if Action.NETWORK in ALLOWED[role]:
            # An empty form: done at once, or what it lacks is said.
            assert status in ({200} if method == "GET" else {200, 303, 409, 422}), endpoint
        else:
            assert status == 403, endpoint
        status = place.ask(at_desk(place.app, place.store, of_one_office), endpoint, method)
        assert status == 404, endpoint


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
    assert desk.post(say, office="calgary").status_code == 404


def test_nothing_answers_without_a_session(place: Place) -> None:
    desk = Desk(place.app.test_client(), "nobody's", "")
    for endpoint, method in [*OF_A_WORKSHOP, *OF_ONESELF, *OF_AN_OFFICE, *OF_THE_NETWORK]:
        expected = 303 if method == "GET" else 401
        assert place.ask(desk, endpoint, method) == expected, endpoint


def test_no_form_counts_without_the_token_of_its_session(place: Place) -> None:
    desk = at_desk(place.app, place.store, employ(place.store))
    colleague = at_desk(place.app, place.store, employ(place.store, "luz@example.org"))
    for token in ("", colleague.form_token, "ñ"):
        for endpoint, method in [*OF_A_WORKSHOP, *OF_ONESELF, *OF_AN_OFFICE, *OF_THE_NETWORK]:
            if method == "POST":
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


def test_nothing_carries_a_discreet_list_away(app: Flask, store: Store, circle: Workshop) -> None:
    desk = at_desk(app, store, employ(store, "red@example.org", Role.ADMIN, EVERYWHERE))
    named = 0
    for answer in seen_of(desk, app, circle.public_id):
        where = answer.request.full_path
        if "Luz" not in answer.text:
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


def test_whoever_sees_a_name_of_a_discreet_list_leaves_a_trace(
    app: Flask, store: Store, circle: Workshop
) -> None:
    desk = at_desk(app, store, employ(store))
    before, named = traces(store), 0
    for answer in seen_of(desk, app, circle.public_id):
        now = traces(store)
        if "Luz" in answer.text:
            named += 1
            assert now > before, answer.request.full_path
        before = now
    assert named >= 3


def traces(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Entry)) or 0
