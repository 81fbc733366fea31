"""Workshops of the queue, eight days after the fixed clock."""

from datetime import date
from typing import Any, Final

import pytest

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop

DAY: Final = date(2026, 12, 5)


def workshop_of(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, kind, **{"day": DAY} | changes)


@pytest.fixture
def open_workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return workshop_of(store, chicago, rights)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop whose address is approved one by one."""
    return workshop_of(
        store, chicago, women, title={"es": "Círculo"}, visibility=Visibility.APPROVED
    )
