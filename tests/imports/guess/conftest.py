"""An office with three venues, and the kinds of the packaged list."""

import pytest

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.imports import DATA, kinds
from tests.conftest import venue
from tests.imports.guess.corpus import LIBRARY, PARISH, ROOM


@pytest.fixture
def furnished(store: Store, chicago: Office) -> Office:
    with store.change() as session:
        kinds.load(session, kinds.read(DATA / "taxonomy.json"), now=clock.now())
        venue(session, chicago, LIBRARY)
        venue(session, chicago, ROOM, address="1705 S. Ejemplo St.")
        venue(session, chicago, PARISH, address="1901 S. Ejemplo St.")
    return chicago
