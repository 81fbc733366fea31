"""The languages of a page with a form are buttons that keep what was typed, without JavaScript."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.registration_forms import (
    answers,
    everyone,
    filled,
    link_of,
    now_of,
    own_address,
    send,
)

pytestmark = pytest.mark.any_database
SWITCH = {"switch": "language"}


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, has_childcare=True)


@pytest.fixture
def rosa(store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    return seat(store, key_store, workshop)


class _Buttons(HTMLParser):
    """The submit buttons of a page and the forms that they send, in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form, self.found = "", list[dict[str, Any]]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self.form = has.get("id") or ""
        if tag == "button" and has.get("type") == "submit":
            self.found.append({"form": self.form} | has)

    def handle_endtag(self, tag: str) -> None:
        self.form = "" if tag == "form" else self.form


def test_form_shown_in_another_language_has_what_was_typed_and_stores_nothing(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    typed = answers(
        client.application, workshop,
        name="Rosa «la de Pilsen»", people="3", contact="email", email="rosa@", needs="childcare",
    )  # fmt: skip
    path = f"/en/t/{workshop.public_id}/lugar"
    page = client.post(path, data=typed | SWITCH)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert '<html lang="en' in page.text
    assert 'role="alert"' not in page.text, "half a form is no error"
    shown = filled(page)
    for name in ("name", "people", "contact", "email", "needs", "nonce", "stamp"):
        assert shown[name] == [typed[name]], name
    assert shown["language"] == ["en"], "of the letters too"
    assert everyone(store) == []


def test_form_sent_after_the_language_was_changed_saves_once(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    typed = answers(client.application, workshop)
    page = client.post(f"/fr/t/{workshop.public_id}/lugar", data=typed | SWITCH)
    sent = {name: values[0] for name, values in filled(page).items()}
    assert send(client, workshop, sent, address=own_address(1)).status_code == 303
    [saved] = everyone(store)
    with store.read() as session:
        assert session.get_one(Registration, saved.id).language == "fr"


@pytest.mark.parametrize("page", ["form", "change", "move"])
def test_enter_presses_no_language(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    workshop: Workshop, rosa: Registration, page: str,
) -> None:  # fmt: skip
    with store.change() as session:
        make_workshop(session, chicago, rights)
    link = link_of(key_store, rosa)
    path = {
        "form": f"/es/t/{workshop.public_id}/lugar",
        "change": f"{link}/cambiar",
        "move": f"{link}/mover",
    }[page]
    buttons = _Buttons(client.get(path).text).found
    languages = [each for each in buttons if each.get("name") == "switch"]
    assert [each["formaction"] for each in languages] == [
        path.replace("/es/", f"/{lang}/") for lang in ("es", "en", "fr")
    ]
    for each in languages:
        of_form = [other for other in buttons if other["form"] == each["form"]]
        assert "formaction" not in of_form[0], "the first button of a form is pressed by Enter"
        assert "formnovalidate" in each


def test_page_without_a_form_has_links(client: FlaskClient, workshop: Workshop) -> None:
    page = client.get(f"/es/t/{workshop.public_id}").text
    assert "data-language" not in page
    assert re.search(r'<a href="/en/t/[^"]+" lang="en"', page)


def test_change_form_keeps_what_was_typed(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    path = f"{link_of(key_store, rosa)}/cambiar".replace("/es/", "/fr/")
    page = client.post(path, data={"name": "Luz", "people": "2", "contact": "same"} | SWITCH)
    assert page.status_code == 200
    assert (filled(page)["name"], filled(page)["people"]) == (["Luz"], ["2"])
    assert now_of(store, rosa).people == 1


def test_closed_workshop_says_so_in_the_other_language(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        typed = answers(client.application, workshop)
        workshop.starts_at = workshop.published_at or workshop.created_at
    page = client.post(f"/en/t/{workshop.public_id}/lugar", data=typed | SWITCH)
    assert page.status_code == 409
