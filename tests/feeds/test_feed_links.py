"""Links that extensions add to the feeds that anybody may read."""

import json
from xml.etree import ElementTree

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.feeds.feed_links import FeedLink
from outreach.feeds.server import FeedMiddleware, Feeds
from tests.feeds.test_feed_cache import fail_if_called

pytestmark = pytest.mark.any_database("which links there are")

HUB = FeedLink(relation="hub", path="/a?b&c", json_member="hubs", json_type="Example")
BASE = "http://localhost:8000/es/cal/chicago"
HEADER = '<http://localhost:8000/a?b&c>; rel="hub", '


@pytest.fixture
def site(config: Config, store: Store, chicago: Office) -> Client:
    feeds = Feeds(config, store, {}, links=[HUB])
    return Client(FeedMiddleware(fail_if_called, feeds), Response)


@pytest.mark.parametrize("form", ["ics", "atom", "json", "jcal", "jscal"])
def test_header_has_them(site: Client, form: str) -> None:
    answer = site.get(f"{BASE}.{form}")
    assert answer.headers["Link"] == f'{HEADER}<{BASE}.{form}>; rel="self"'


def test_atom_and_json_feed_have_them(site: Client) -> None:
    feed = ElementTree.fromstring(site.get(f"{BASE}.atom").data)
    links = feed.findall("{http://www.w3.org/2005/Atom}link[@rel='hub']")
    assert [each.attrib["href"] for each in links] == ["http://localhost:8000/a?b&c"]
    found = json.loads(site.get(f"{BASE}.json").data)
    assert found["hubs"] == [{"type": "Example", "url": "http://localhost:8000/a?b&c"}]


def test_later_page_and_discreet_feed_have_none(site: Client, women: Kind) -> None:
    later = site.get(f"{BASE}.json?desde=2030-01-01")
    assert later.headers["Link"] == f'<{BASE}.json?desde=2030-01-01>; rel="self"'
    assert "hubs" not in json.loads(later.data)
    discreet = site.get(f"{BASE}.ics?tipo={women.public_code}")
    assert discreet.status_code == 200
    assert "hub" not in discreet.headers["Link"]


def test_without_any_a_feed_has_its_own_address_only(
    config: Config, store: Store, chicago: Office
) -> None:
    bare = Client(FeedMiddleware(fail_if_called, Feeds(config, store, {})), Response)
    for form in ("ics", "atom", "json"):
        answer = bare.get(f"{BASE}.{form}")
        assert answer.headers["Link"] == f'<{BASE}.{form}>; rel="self"'
        assert b"hub" not in answer.data
