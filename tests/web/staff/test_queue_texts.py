"""The queue says of whom it is about that their phone wants no texts."""

from typing import Final

import pytest
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, notifications
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, text_exchange
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import employ, signed_in_as

pytestmark = [pytest.mark.any_database, fixed_clock]

PHONE: Final = "+13125550142"
WORDS: Final = "no recibe mensajes"


def call_about(store: Store, key_store: KeyStore, workshop: Workshop) -> None:
    party = seat(
        store, key_store, workshop,
        contact=ContactMethod.PHONE, address=PHONE, may_leave_message=True,
    )  # fmt: skip
    with store.change() as session:
        notifications.enqueue(session, party.id, NotificationType.CHANGED, now=clock.now())


def test_phone_that_wants_no_texts_is_said_so(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    call_about(store, key_store, workshop)
    ana = signed_in_as(app, store, employ(store))
    before = ana.get("/org/por-atender").text
    assert "se puede dejar mensaje" in before
    assert WORDS not in before
    text_exchange.stop_texts(key_store, PHONE)
    assert WORDS in ana.get("/org/por-atender").text
    text_exchange.allow_texts(key_store, PHONE)
    assert WORDS not in ana.get("/org/por-atender").text


def test_private_line_says_nothing_of_the_phone(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women)
    call_about(store, key_store, workshop)
    text_exchange.stop_texts(key_store, PHONE)
    ana = signed_in_as(app, store, employ(store))
    assert WORDS not in ana.get("/org/por-atender").text
