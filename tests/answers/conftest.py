"""An installation that takes answers, with a local gateway and a clock in the hours of texts."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.text_conversation import Phones, settings


@pytest.fixture(autouse=True)
def clock_of_test() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FIXED_NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with serve_gateway() as gateway:
        yield gateway


@pytest.fixture
def app(make_app: Callable[..., Flask], gateway: Gateway) -> Flask:
    return make_app(**settings(gateway))


@pytest.fixture
def phones(app: Flask, store: Store, key_store: KeyStore, gateway: Gateway) -> Phones:
    return Phones(app=app, store=store, key_store=key_store, gateway=gateway)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def discreet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women)
