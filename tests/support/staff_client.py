"""Staff accounts and signed-in clients for tests."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts import invitations, passwords, sessions, totp
from outreach.accounts.invitations import Invitation
from outreach.accounts.server_encryption import ServerEncryption
from outreach.db.store import Store
from outreach.domain.network import staff
from outreach.domain.network.staff import Role

PASSWORD = "caballo grapa pila correcta"
HASHED = passwords.hash_password(PASSWORD)
COOKIE = "__Host-staff"
TIMES = 4  # how often `at_once` submits a form
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # every account's TOTP


def employ(
    store: Store, email: str = "ana@example.org", role: Role = Role.ORGANIZER, *offices: str
) -> int:
    """Adds an account with a password, by default at Chicago. Returns its id."""
    with store.change() as session:
        organizer = staff.add(session, email, role, offices or ("chicago",))
        organizer.password = HASHED
        return organizer.id


def enrol(app: Flask, store: Store, *organizer_ids: int) -> ServerEncryption:
    """Stores SECRET as TOTP of these accounts, by default of all. Returns the key that
    encrypts it."""
    key = ServerEncryption(app.extensions["outreach_secret"])
    with store.change() as session:
        everybody = [each.id for each in staff.list_staff(session)]
        for organizer_id in organizer_ids or everybody:
            totp.store_secret(session, organizer_id, SECRET, key, now=clock.now())
    return key


def code_now() -> str:
    """The current TOTP code of SECRET."""
    return totp.code_at(SECRET, clock.now())


class Visitor:
    """A browser that is not signed in. It stores cookies, also those for HTTPS only."""

    def __init__(self, app: Flask, cookies: dict[str, str] | None = None) -> None:
        self.client = app.test_client(use_cookies=False)
        self.cookies = dict(cookies or {})

    def get(self, path: str, **given: Any) -> TestResponse:
        return self._kept(self.client.get(path, headers=self._headers(), **given))

    def post(self, path: str, data: dict[str, Any] | None = None, **fields: Any) -> TestResponse:
        data = (data or {}) | fields
        return self._kept(self.client.post(path, data=data, headers=self._headers()))

    def password(self, email: str = "ana@example.org", **fields: str) -> TestResponse:
        """Sends the password. Returns the page that asks for the second factor."""
        asked = self.post("/org/entrar", {"email": email, "password": PASSWORD} | fields)
        return asked if asked.status_code != 303 else self.get(asked.headers["Location"])

    def come_in(
        self, code: str = "", *, email: str = "ana@example.org", **fields: str
    ) -> TestResponse:
        """Sends password and code. Returns the response to the code. `fields` are hidden fields of
        the sign-in form."""
        page = self.password(email, **fields)
        return self.post("/org/codigo", hidden(page) | {"code": code or code_now()})

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}

    def _kept(self, answer: TestResponse) -> TestResponse:
        for header in answer.headers.getlist("Set-Cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            if "Max-Age=0" in header:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer


def hidden(page: TestResponse, action: str = "/org/codigo") -> dict[str, str]:
    """The hidden fields of the first form of the page with this action."""
    text = page.get_data(as_text=True)
    form = next(
        (
            each
            for each in re.findall(r"<form.*?</form>", text, re.DOTALL)
            if f'action="{action}"' in each
        ),
        "",
    )
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)
    }


@dataclass
class StaffClient:
    """A signed-in browser. It sends the session cookie, and the form token with every POST."""

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


def signed_in_as(app: Flask, store: Store, organizer_id: int) -> StaffClient:
    with store.change() as session:
        now = clock.now()
        token = sessions.start(session, organizer_id, now=now, proven_at=now)
    with store.read() as session:
        found = sessions.find(session, token, now=clock.now())
    assert found is not None
    return StaffClient(app.test_client(use_cookies=False), token, found[0].form_token)


def mailed_link(app: Flask, store: Store, email: str) -> str:
    """The path of the invitation link that waits for its letter to this address."""
    key = ServerEncryption(app.extensions["outreach_secret"])
    with store.read() as session:
        organizer_id = staff.get_by_email(session, email).id
        waiting = sa.select(Invitation.made_at).where(Invitation.organizer_id == organizer_id)
        made_at = session.scalars(waiting).one()
        found = invitations.for_letter(session, organizer_id, key, made_at=made_at, now=clock.now())
    assert found is not None, "no letter carries it"
    return f"/org/invitacion/{found[0]}"


def at_once(
    app: Flask, staff_client: StaffClient, path: str, form: dict[str, Any]
) -> list[TestResponse]:
    """Submits one form TIMES times concurrently. Returns the responses."""
    start = threading.Barrier(TIMES)

    def send(_number: int) -> TestResponse:
        hand = StaffClient(
            app.test_client(use_cookies=False), staff_client.cookie, staff_client.form_token
        )
        start.wait()
        return hand.post(path, **form)

    with ThreadPoolExecutor(TIMES) as hands:
        return list(hands.map(send, range(TIMES)))


def words(answer: TestResponse) -> str:
    """The text of a page, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))).split())
