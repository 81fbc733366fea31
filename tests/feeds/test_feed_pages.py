"""The pages of a large JSON Feed (`next_url` of JSON Feed 1.1)."""

import json
from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.feeds.ics_feed import MAX_BYTES
from tests.conftest import make_workshop
from tests.feeds.test_feed_sizes import add_workshops
from tests.support.feed_reader import utc_today

pytestmark = pytest.mark.any_database("pages of a feed")

FEED = "/es/cal/chicago.json"
DAY = timedelta(days=1)


def read(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.get(address.removeprefix("http://localhost:8000"))
    assert answer.status_code == 200
    assert len(answer.data) <= MAX_BYTES
    found: dict[str, Any] = json.loads(answer.data)
    return found


def read_pages(client: FlaskClient) -> list[dict[str, Any]]:
    pages = [read(client, FEED)]
    while "next_url" in pages[-1]:
        pages.append(read(client, pages[-1]["next_url"]))
        assert len(pages) < 50
    return pages


def ids(pages: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for page in pages for each in page["items"]]


@pytest.fixture
def large(store: Store, chicago: Office, rights: Kind) -> None:
    """Workshops of twelve days, of which the calendar feed has only the first ones."""
    add_workshops(store, chicago, rights, range(12), 120)
    _lengthen_titles(store)


def _lengthen_titles(store: Store) -> None:
    """Gives all workshops titles of 800 bytes, so that few are too many for a feed."""
    with store.change() as session:
        session.execute(sa.update(Workshop).values(title={"es": "🌻" * 200}))


def test_small_feed_has_one_page(client: FlaskClient, chicago: Office) -> None:
    assert "next_url" not in read(client, FEED)


@pytest.mark.thorough
@pytest.mark.usefixtures("large")
def test_pages_have_every_workshop_once_in_order(client: FlaskClient, store: Store) -> None:
    pages = read_pages(client)
    assert len(pages) > 2
    with store.read() as session:
        in_order = sa.select(Workshop.uid).order_by(Workshop.starts_at, Workshop.uid)
        upcoming = session.scalars(in_order)
        assert [each.partition(":")[2].partition(":")[2] for each in ids(pages)] == [
            f"taller-{uid}" for uid in upcoming
        ]
    assert {page["feed_url"] for page in pages} == {f"http://localhost:8000{FEED}"}


@pytest.mark.thorough
@pytest.mark.usefixtures("large")
def test_page_is_the_same_when_workshops_before_it_go(client: FlaskClient, store: Store) -> None:
    second = read(client, FEED)["next_url"]
    before = ids([read(client, second)])
    with store.change() as session:
        earliest = sa.select(sa.func.min(Workshop.day)).scalar_subquery()
        session.execute(sa.delete(Workshop).where(Workshop.day == earliest))
    assert ids([read(client, second)]) == before


@pytest.mark.thorough
@pytest.mark.usefixtures("large")
def test_filters_stay_on_the_next_page(client: FlaskClient) -> None:
    page = read(client, f"{FEED}?tipo=derechos")
    assert "?tipo=derechos&desde=20" in page["next_url"]


def test_pages_end_where_one_day_is_too_large(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    add_workshops(store, chicago, rights, range(2, 3), 900)
    _lengthen_titles(store)
    with store.change() as session:
        # In UTC, as pages count their days: in summer an evening of Chicago is still the same day.
        too_large = session.scalars(sa.select(sa.func.min(Workshop.starts_at))).one().date()
        make_workshop(
            session, chicago, rights, day=utc_today() + 5 * DAY, starts=time(12), ends=time(13)
        )
    pages = read_pages(client)
    assert ids(pages) == []
    assert [page.get("next_url", "").partition("?")[2] for page in pages] == [
        f"desde={too_large}",
        "",
    ]


@pytest.mark.parametrize("since", ["nada", "2026-02-30", "1999-01-01", "0", "2026-1-1", "\0", ""])
def test_what_is_no_day_is_ignored(client: FlaskClient, chicago: Office, since: str) -> None:
    answer = client.get(FEED, query_string={"desde": since})
    assert answer.data == client.get(FEED).data


def test_other_formats_have_no_pages(client: FlaskClient, chicago: Office) -> None:
    for form in ("ics", "atom", "jcal", "jscal"):
        address = f"/es/cal/chicago.{form}"
        assert client.get(f"{address}?desde=2030-01-01").data == client.get(address).data
