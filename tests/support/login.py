"""Fixtures and helpers for tests of sign-in: Ana, an account with a second factor."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.server_encryption import ServerEncryption
from outreach.accounts.sessions import StaffSession
from outreach.accounts.totp import TotpSecret
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from tests.support.limits import UNLIMITED
from tests.support.staff_client import employ, enrol, signed_in_as


@pytest.fixture
def patient(make_app: Callable[..., Flask], chicago: Office) -> Flask:
    """An application without an effective limit of sign-in attempts by address."""
    return make_app(limits=UNLIMITED)


@pytest.fixture
def ana(patient: Flask, store: Store) -> int:
    who = employ(store)
    enrol(patient, store, who)
    return who


def printed(app: Flask, store: Store, who: int) -> list[str]:
    page = signed_in_as(app, store, who).post("/org/cuenta/codigos")
    assert page.status_code == 200
    return re.findall(r"<li>([0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4})</li>", page.text)


def shown_secret(page: TestResponse) -> str:
    found = re.search(r'class="number secret-key">([^<]+)<', page.text)
    assert found is not None
    return unescape(found[1]).replace(" ", "")


def half_a_minute_later(store: Store) -> None:
    """Lets the current code be used once more, as if the next time step had begun."""
    with store.change() as session:
        session.execute(sa.update(TotpSecret).values(last_step=0))


def age(store: Store, **ages: timedelta) -> None:
    moments = {name: clock.now() - age for name, age in ages.items()}
    with store.change() as session:
        session.execute(sa.update(StaffSession).values(**moments))


def journal(store: Store) -> list[str]:
    """The actions of the audit log, without printed recovery codes."""
    with store.read() as session:
        found = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
        return [each for each in found if each != "paper codes printed"]


@contextmanager
def ended_meanwhile(app: Flask) -> Iterator[None]:
    """Ends every session after a request was authenticated and before it writes."""
    store: Store = app.extensions["outreach_store"]

    def end(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("sqlite_begin") != "BEGIN IMMEDIATE":
            return  # a read-only transaction
        other = sa.create_engine(store.url)
        with other.begin() as session:
            session.execute(sa.update(StaffSession).values(ended_at=clock.now()))
        other.dispose()

    # On connection, since SQLite allows no other writer after BEGIN IMMEDIATE.
    sa.event.listen(store.engine, "engine_connect", end)
    try:
        yield
    finally:
        sa.event.remove(store.engine, "engine_connect", end)


def server_key(app: Flask) -> ServerEncryption:
    return ServerEncryption(app.extensions["outreach_secret"])
