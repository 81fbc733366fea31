"""The list page for each kind of answer to «¿Dónde estás?»."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode
from outreach.web.middleware import rate_limits
from tests.conftest import make_workshop, venue
from tests.support.place_phrases import read_phrases

MAIN: Final = "main"


class Places(HTMLParser):
    """The data attributes of <main>, of choices and of cards."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.main: dict[str, str] = {}
        self.choices: list[dict[str, str]] = []
        self.miles: list[float] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == MAIN:
            self.main = {name: text for name, text in found.items() if name.startswith("data-")}
        if "data-choice-lat" in found or "data-choice-region" in found:
            self.choices.append(found)
        if "data-miles" in found:
            self.miles.append(float(found["data-miles"]))


def ask(client: FlaskClient, typed: str, lang: str = "es", **filters: Any) -> tuple[str, Places]:
    answer = client.get(f"/{lang}/", query_string={"donde": typed, **filters})
    assert answer.status_code == 200
    return answer.text, Places(answer.text)


def test_point_says_where_it_is_and_its_full_name(client: FlaskClient, chicago: Office) -> None:
    for typed, lang, name in (
        ("Pilsen Chicago", "es", "Pilsen, Chicago, Illinois"),
        ("east la", "es", "Este de Los Ángeles, California"),
        ("filadelfia", "en", "Philadelphia, Pennsylvania"),
        ("filadelfia", "fr", "Philadelphie, Pennsylvanie"),
        ("60608", "en", "60608 (Chicago, Illinois)"),
        ("cook county", "es", "Condado de Cook, Illinois"),
        ("montreal", "fr", "Montréal, Québec"),
    ):
        text, places = ask(client, typed, lang)
        assert places.main["data-place-kind"] == "point"
        assert places.main["data-place-name"] == name
        assert float(places.main["data-place-lat"]) > 30
        assert float(places.main["data-place-lon"]) < -70
        assert name in unescape(text), "people are told which"


def test_region_says_its_code(client: FlaskClient, chicago: Office) -> None:
    for typed, code in (("illinois", "US-IL"), ("Québec", "CA-QC"), ("NM", "US-NM")):
        _text, places = ask(client, typed)
        assert places.main == {"data-place-kind": "region", "data-place-region": code}


def test_without_a_place_the_page_is_about_none(client: FlaskClient, chicago: Office) -> None:
    for path in ("/es/", "/es/?donde=", "/es/?donde=++"):
        assert Places(client.get(path).text).main == {"data-place-kind": "none"}


def test_several_places_of_a_name_are_links_to_choose(
    client: FlaskClient, chicago: Office, rights: Kind
) -> None:
    text, places = ask(client, "Aurora", tipo=rights.code)
    assert places.main == {"data-place-kind": "choice"}
    names = [each["data-choice-name"] for each in places.choices]
    assert "¿Cuál Aurora?" in text
    assert {"Aurora, Illinois", "Aurora, Colorado", "Aurora, Ontario"} <= set(names)
    for each in places.choices[:4]:
        assert f"tipo={rights.code}" in each["href"], "the other filters are kept"
        answer = Places(client.get(f"/es/{each['href']}").text)
        assert answer.main["data-place-kind"] == "point"
        assert answer.main["data-place-name"] == each["data-choice-name"]


def test_state_and_city_of_a_name_are_both_offered(client: FlaskClient, chicago: Office) -> None:
    _text, places = ask(client, "Washington")
    assert places.main["data-place-kind"] == "choice"
    assert "US-WA" in {each.get("data-choice-region") for each in places.choices}
    region = next(each for each in places.choices if "data-choice-region" in each)
    answer = Places(client.get(f"/es/{region['href']}").text)
    assert answer.main == {"data-place-kind": "region", "data-place-region": "US-WA"}


def test_region_links_of_all_languages_lead_to_the_region(client: FlaskClient) -> None:
    for lang in ("es", "en", "fr"):
        for typed in ("Washington", "Ontario", "LA"):
            _text, places = ask(client, typed, lang)
            for each in places.choices:
                if "data-choice-region" in each:
                    answer = Places(client.get(f"/{lang}/{each['href']}").text)
                    assert answer.main["data-place-region"] == each["data-choice-region"]


def test_unknown_place_offers_names_like_it_and_every_state(
    client: FlaskClient, chicago: Office
) -> None:
    text, places = ask(client, "chicagoburgo")
    assert places.main == {"data-place-kind": "unknown"}
    assert 1 <= len(places.choices) <= 3
    assert "No encontramos «chicagoburgo»" in unescape(text)
    assert text.count('href="?donde=') >= 64


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><b>', "!!!", "🌮", "' OR 1=1"])
def test_what_was_typed_is_shown_escaped(client: FlaskClient, chicago: Office, typed: str) -> None:
    text, places = ask(client, typed)
    assert places.main == {"data-place-kind": "unknown"}
    assert "<script>alert" not in text
    assert "<b>" not in re.sub(r"<b class=[^>]*>", "", text).partition("No encontramos")[2][:60]
    assert typed in unescape(text)


def test_unknown_place_is_asked_for_in_another_way(client: FlaskClient, chicago: Office) -> None:
    for typed, label in (("xqzw kjhx", "Tu código postal"), ("99999", "Tu ciudad")):
        text, places = ask(client, typed)
        assert places.main == {"data-place-kind": "unknown"}
        assert f'<label for="donde">{label}</label>' in text, typed


def test_every_phrase_has_a_page(client: FlaskClient, chicago: Office) -> None:
    for phrase in read_phrases()[::7]:
        _text, places = ask(client, phrase.typed)
        assert places.main["data-place-kind"] in {"point", "region", "choice", "unknown"}


def test_cards_say_how_far_they_are(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        there = venue(session, chicago, latitude=41.8531, longitude=-87.6586)
        make_workshop(session, chicago, rights, venue=there)
        make_workshop(session, chicago, rights, venue=None, mode=DeliveryMode.VIDEO_CALL)
    _text, places = ask(client, "pilsen chicago")
    assert places.miles == [pytest.approx(0.6, abs=0.2)], "an online one is nowhere"
    assert ask(client, "illinois")[1].miles == []


def test_discreet_workshop_is_as_far_as_its_area(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    """A venue moved within its area changes no byte of the list (S13)."""
    with store.change() as session:
        there = venue(session, chicago, latitude=41.84, longitude=-87.70)
        make_workshop(session, chicago, women, venue=there, visibility=Visibility.REGISTERED)
        number = there.id
    before, places = ask(client, "60608")
    assert len(places.miles) == 1
    with store.change() as session:
        moved = session.get_one(type(there), number)
        moved.latitude, moved.longitude = 41.86, -87.64
    assert ask(client, "60608")[0] == before


def test_typed_place_is_in_no_log_and_no_table(
    client: FlaskClient, chicago: Office, caplog: pytest.LogCaptureFixture, store: Store
) -> None:
    ask(client, "canarioxyz")
    assert "canarioxyz" not in caplog.text


def test_suggestions_are_places_that_start_with_what_is_typed(client: FlaskClient) -> None:
    for typed, first in (
        ("chic", "Chicago, Illinois"),
        ("los an", "Los Ángeles, California"),
        ("60608", "60608 (Chicago, Illinois)"),
        ("pilsen ch", "Pilsen, Chicago, Illinois"),
        ("houst", "Houston, Texas"),
    ):
        answer = client.get("/es/lugares", query_string={"q": typed})
        names = [each["name"] for each in answer.json["places"]] if answer.json else []
        assert first in names, typed
        assert len(names) <= 6


def test_suggestion_leads_to_the_place_that_it_names(client: FlaskClient, chicago: Office) -> None:
    for typed in ("aur", "spring", "san", "wash", "que"):
        found = client.get("/en/lugares", query_string={"q": typed}).json
        assert found
        for each in found["places"]:
            _text, places = ask(client, each["words"], "en")
            assert places.main["data-place-kind"] in {"point", "region"}, each


@pytest.mark.parametrize("typed", ["", "x", "🌮", "<script>", "zzzzzz", "a" * 500])
def test_suggestions_of_nothing_are_none_and_are_not_kept(client: FlaskClient, typed: str) -> None:
    answer = client.get("/es/lugares", query_string={"q": typed})
    assert answer.json == {"places": []}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_position_of_a_phone_becomes_the_name_of_a_town(client: FlaskClient) -> None:
    answer = client.post("/es/lugares", data={"lat": "41.85", "lon": "-87.66"})
    assert answer.json == {"places": [{"name": "Chicago, Illinois", "words": "Chicago, IL"}]}
    assert answer.headers["Cache-Control"] == "no-store"
    at_sea = client.post("/es/lugares", data={"lat": "0", "lon": "0"})
    assert at_sea.json == {"places": []}


@pytest.mark.parametrize(
    "typed",
    [{}, {"lat": "nan", "lon": "1"}, {"lat": "x", "lon": "1"}, {"lat": "1e999", "lon": "0"},
     {"lat": "91", "lon": "0"}],
)  # fmt: skip
def test_position_that_is_none_is_refused(client: FlaskClient, typed: dict[str, str]) -> None:
    assert client.post("/es/lugares", data=typed).status_code == 400


def test_only_the_list_may_ask_where_the_phone_is(
    client: FlaskClient, chicago: Office, women: Kind
) -> None:
    def may_ask(path: str) -> bool:
        return "geolocation=(self)" in client.get(path).headers["Permissions-Policy"]

    assert may_ask("/es/")
    assert may_ask("/es/"), "from the cache as well"
    assert may_ask("/es/?donde=Aurora")
    for path in ("/es/privacidad", "/es/o/chicago", "/es/red", f"/es/?tipo={women.public_code}"):
        assert not may_ask(path), path


def test_discreet_filter_has_neither_suggestions_nor_position(
    client: FlaskClient, chicago: Office, women: Kind
) -> None:
    for typed in ("", "Aurora", "asdfgh", "Chicago"):
        text = client.get("/es/", query_string={"tipo": women.public_code, "donde": typed}).text
        for word in ("data-places", "data-locate", "places."):
            assert word not in text, (typed, word)
    assert "data-places" in client.get("/es/").text


def test_script_cannot_ask_for_suggestions_without_end(client: FlaskClient) -> None:
    with client.application.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        for _ in range(rate_limits.MAX_SUGGESTIONS):
            rate_limits.count_suggestion()
    refused = client.get("/es/lugares?q=chic")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    others = client.get("/es/lugares?q=chic", environ_base={"REMOTE_ADDR": "127.0.0.2"})
    assert others.status_code == 200
