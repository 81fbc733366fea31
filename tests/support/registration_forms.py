"""Fills and sends the public registration form."""

import re
import secrets
from datetime import timedelta
from html.parser import HTMLParser
from itertools import count
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.web.forms import form_token
from outreach.web.public.my_registration import recover_link


def answers(
    app: Flask, workshop: Workshop, *, minutes: float = 1, **changes: Any
) -> dict[str, Any]:
    """The fields that a person sends who opened the form `minutes` ago."""
    nonce = secrets.token_urlsafe(16)
    opened_at = clock.now() - timedelta(minutes=minutes)
    with app.app_context():
        made = form_token.make(workshop.public_id, nonce=nonce, now=opened_at)
    plain: dict[str, Any] = {
        "name": "Rosa",
        "people": "1",
        "contact": "none",
        "language": "es",
        "nonce": nonce,
        "stamp": made,
        "website": "",
    }
    return plain | changes


def send(
    client: FlaskClient, workshop: Workshop, typed: dict[str, Any], *, address: str = ""
) -> TestResponse:
    """Posts the form, by default from an address of its own: one address may take only its share
    of the seats (S29)."""
    return client.post(
        f"/es/t/{workshop.public_id}/lugar",
        data=typed,
        environ_base={"REMOTE_ADDR": address or own_address(next(_visitors))},
    )


_visitors: Final = count()


def own_address(number: int) -> str:
    """The IPv4 address of a visitor, in a /24 network of its own."""
    return f"10.{number // 256 % 256}.{number % 256}.7"


def ask_for_link(
    client: FlaskClient,
    email: str | list[str] = "nadie@ejemplo.com",
    *,
    minutes: float = 1,
    **changes: Any,
) -> TestResponse:
    """The answer to the link recovery form, opened `minutes` ago."""
    with client.application.app_context():
        made = form_token.make(recover_link.ABOUT, now=clock.now() - timedelta(minutes=minutes))
    typed = {"email": email, "stamp": made, "website": ""} | changes
    return client.post("/es/mi-registro", data=typed)


def ask_for_link_by_text(client: FlaskClient, phone: str) -> TestResponse:
    """The answer to the link recovery form whose button for a text was pressed."""
    return ask_for_link(client, "", phone=phone, way=recover_link.BY_TEXT)


def unstamped(page: TestResponse) -> str:
    """The page without its form token, which differs each time."""
    return re.sub(r'name="stamp" value="[^"]*"', "", page.text)


def everyone(store: Store) -> list[Registration]:
    with store.read() as session:
        return list(
            session.scalars(
                _WITH_WORKSHOP.order_by(Registration.workshop_id, Registration.queue_number)
            )
        )


_WITH_WORKSHOP = sa.select(Registration).options(sa.orm.joinedload(Registration.workshop))


def link_of(key_store: KeyStore, registration: Registration) -> str:
    """The path of a registration's own page."""
    return (
        f"/es/r/{registrations.derive_manage_token(registrations.get_key(key_store, registration))}"
    )


def now_of(store: Store, registration: Registration) -> Registration:
    """The row as it is now, with its workshop."""
    with store.read() as session:
        return session.scalars(_WITH_WORKSHOP.where(Registration.id == registration.id)).one()


def status_of(store: Store, registration: Registration) -> RegistrationStatus:
    return now_of(store, registration).status


def seats_left(store: Store, workshop: Workshop) -> int:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id).seats_left


class Filled(HTMLParser):
    """The fields of a page's form, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag != "input" or not has.get("name"):
            return
        if has.get("type") in {"radio", "checkbox"} and "checked" not in has:
            return
        self.values.setdefault(has["name"] or "", []).append(has.get("value") or "")


def filled(page: TestResponse) -> dict[str, list[str]]:
    return Filled(page.text).values
