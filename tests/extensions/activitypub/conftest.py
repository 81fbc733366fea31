"""A site that pushes to the fediverse, and a server that follows it."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop
from tests.extensions.activitypub.fediverse_server import (
    FediverseScene,
    FediverseServer,
    serve_fediverse,
)
from tests.support.limits import UNLIMITED


@pytest.fixture
def server() -> Iterator[FediverseServer]:
    with serve_fediverse() as served:
        yield served


@pytest.fixture
def scene(
    make_app: Callable[..., Flask], server: FediverseServer, store: Store, chicago: Office
) -> FediverseScene:
    """The office has its key: the worker has been round once."""
    app = make_app(limits=UNLIMITED)
    made = FediverseScene(app, app.test_client(), server)
    made.run()
    return made


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """Published long ago, at a venue with a street; a week after the fixed clock."""
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=date(2026, 12, 5))
