"""The offices of the demo's network, as a search knows them."""

from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from outreach.db.store import Store
from outreach.imports import offices
from tests.conftest import LONG_AGO

OFFICES: Final = Path(str(files("outreach.imports"))) / "data" / "offices.csv"


@pytest.fixture
def network(store: Store) -> list[offices.OfficeRow]:
    """All offices of the demo's network."""
    rows = offices.read(OFFICES)
    with store.change() as session:
        offices.load(session, rows, now=LONG_AGO)
    return rows
