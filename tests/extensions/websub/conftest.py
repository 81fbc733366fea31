"""A site with a hub, and a subscriber."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop
from tests.extensions.websub.hub_scene import HubScene
from tests.support.callback_server import Subscriber, serve_subscriber
from tests.support.limits import UNLIMITED

DAY = date(2026, 12, 5)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with serve_subscriber() as served:
        yield served


@pytest.fixture
def scene(make_app: Callable[..., Flask], subscriber: Subscriber, store: Store) -> HubScene:
    app = make_app(limits=UNLIMITED)
    return HubScene(app, app.test_client(), subscriber)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """Published long ago, at a venue with a street."""
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=DAY)
