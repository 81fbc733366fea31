"""Staff for the tests: accounts, and a browser that is signed in."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts import passwords, sessions
from outreach.db.store import Store
from outreach.domain import organizers
from outreach.domain.organizers import Role

PASSWORD = "caballo grapa pila correcta"
HASHED = passwords.hashed(PASSWORD)
COOKIE = "__Host-staff"


def employ(
    store: Store, email: str = "ana@example.org", role: Role = Role.ORGANIZER, *offices: str
) -> int:
    """An account with a password, at Chicago unless told otherwise; its id."""
    with store.change() as session:
        organizer = organizers.add(session, email, role, offices or ("chicago",))
        organizer.password = HASHED
        return organizer.id


@dataclass
class Desk:
    """A signed-in browser: it sends the cookie, and the form's token with every post."""

    client: FlaskClient
    cookie: str
    form_token: str

    def get(self, path: str, **given: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, **given)

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(
            path, data={"token": self.form_token} | fields, headers=self.headers
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookie}"}


def at_desk(app: Flask, store: Store, organizer_id: int) -> Desk:
    with store.change() as session:
        token = sessions.start(session, organizer_id, now=clock.now())
    with store.read() as session:
        found = sessions.find(session, token, now=clock.now())
    assert found is not None
    return Desk(app.test_client(use_cookies=False), token, found[0].form_token)


def words(answer: TestResponse) -> str:
    """What a page says: its text, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))).split())
