"""Who may do what where: every page of the staff, for every role, at one's own office and at
another's. The table is the policy said once more; a page that is not in it fails the test."""

from dataclasses import dataclass
from typing import Final

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.organizers import ALLOWED, EVERYWHERE, Action, Role
from outreach.keyring import Keyring
from tests.conftest import hold, seat
from tests.desk import Desk, at_desk, employ

# What each page of one workshop asks for.
OF_A_WORKSHOP: Final = {
    ("desk.workshop", "GET"): Action.SEE,
    ("desk.contact", "POST"): Action.CONTACTS,
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
}
# Those that depend on the office they are asked for.
OF_AN_OFFICE: Final = {("desk.new", "GET"), ("desk.create", "POST")}
# Those that let one in.
OPEN: Final = {
    ("desk.entrance", "GET"),
    ("desk.sign_in", "POST"),
    ("desk.invitation", "GET"),
    ("desk.accept", "POST"),
}


@dataclass
class Place:
    app: Flask
    store: Store
    public_id: str
    registration: str

    def ask(self, desk: Desk, endpoint: str, method: str, **fields: str) -> int:
        with self.app.test_request_context(base_url="http://localhost:8000"):
            path = self.app.url_for(endpoint, public_id=self.public_id)
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
    assert there == {*OF_A_WORKSHOP, *OF_ONESELF, *OF_AN_OFFICE, *OPEN}
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
def test_only_who_may_edit_makes_a_workshop(place: Place, role: Role) -> None:
    desk = at_desk(place.app, place.store, employ(place.store, f"{role}@example.org", role))
    may = Action.EDIT in ALLOWED[role]
    assert desk.get("/org/talleres/nuevo").status_code == (200 if may else 403)
    answer = desk.post("/org/talleres/nuevo", office="chicago")
    assert answer.status_code == (422 if may else 403)  # an empty form


def test_nothing_answers_without_a_session(place: Place) -> None:
    desk = Desk(place.app.test_client(), "nobody's", "")
    for endpoint, method in [*OF_A_WORKSHOP, *OF_ONESELF, *OF_AN_OFFICE]:
        expected = 303 if method == "GET" else 401
        assert place.ask(desk, endpoint, method) == expected, endpoint


def test_no_form_counts_without_the_token_of_its_session(place: Place) -> None:
    desk = at_desk(place.app, place.store, employ(place.store))
    colleague = at_desk(place.app, place.store, employ(place.store, "luz@example.org"))
    for token in ("", colleague.form_token, "ñ"):
        for endpoint, method in [*OF_A_WORKSHOP, *OF_ONESELF, *OF_AN_OFFICE]:
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
