"""Without the extension its pages are gone, and nothing leads to them."""

from collections.abc import Callable

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.conftest import make_workshop

pytestmark = pytest.mark.any_database("which pages there are")


@pytest.fixture
def addresses(store: Store, chicago: Office, rights: Kind) -> tuple[str, ...]:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    return ("/es/", "/es/o/chicago", f"/es/t/{workshop.public_id}", "/es/calendario")


def test_off_it_has_no_page_and_no_link(
    make_app: Callable[..., Flask], addresses: tuple[str, ...]
) -> None:
    with_it = make_app(extensions=("embed",)).test_client()
    without = make_app(extensions=()).test_client()
    for path in ("/es/incrustar", "/oembed?url=http://localhost:8000/es/"):
        assert with_it.get(path).status_code == 200
        assert without.get(path).status_code == 404
    for path in addresses:
        shown, bare = with_it.get(path).text, without.get(path).text
        assert "oembed" in shown or "incrustar" in shown, path
        assert not [word for word in ("oembed", "incrustar") if word in bare], path
