"""`outreach init` makes each example, whose pages then say nothing of another network."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote_plus, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, examples, formats, network_file, network_profile
from outreach.app import create_app
from outreach.cli import init_steps
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.locations import geocoding, interpretation
from outreach.domain.locations.geocoding import LocationScale
from outreach.domain.network import kinds, offices
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop
from outreach.network_profile import NetworkProfile
from tests.conftest import close_app, make_workshop, venue
from tests.support.environment import where
from tests.support.extension_scenes import SCENES
from tests.support.limits import UNLIMITED

pytestmark = pytest.mark.any_database("the text of pages")

CONSULAR: Final = r"consul\w*|migrat\w*|migrac\w*|immigra\w*"
MEXICAN: Final = (
    r"consulado de m[eé]xico|consulate of mexico|gob\.mx|\bdaca\b|\bciam\b|mclap|tricamex"
)
LIBRARY: Final = r"bibliothèques? d[eu]|fjord|devoirs|story hour"
UNION: Final = r"sindic\w*|convenio|nómina|casa del trabajo"
# Without «oficina»: parameters of addresses have Spanish names, which the page of data explains.
SPANISH: Final = r"talleres\b|oficinas\b|\bcómo\b|\bpara\b|\bestá\b|\bdías\b"
# Words of other networks, by example.
FOREIGN: Final = {
    "mexico-us-ca": f"{LIBRARY}|{UNION}|de españa",
    "worldwide": f"{MEXICAN}|{LIBRARY}|{UNION}",
    "library": f"{CONSULAR}|{MEXICAN}|{UNION}|{SPANISH}",
    "union": f"{CONSULAR}|{MEXICAN}|{LIBRARY}",
}
# Offices that get workshops, by example: those whose clocks are told apart.
HOSTS: Final = {
    "mexico-us-ca": ("chicago", "toronto"),
    "worldwide": ("kathmandu", "chatham-islands", "eucla", "riyadh"),
    "library": ("chicoutimi", "blanc-sablon"),
    "union": ("madrid", "las-palmas"),
}
# The first country's, where the codes of all countries are known.
POSTAL_EXAMPLES: Final = {
    "mexico-us-ca": "60608",
    "worldwide": "",
    "library": "H2X 1Y4",
    "union": "",
}
OFFICE_COUNTS: Final = {"mexico-us-ca": 59, "worldwide": 150, "library": 6, "union": 5}
# A file of each office and workshop says what that of the network does.
OF_ONE: Final = re.compile(r"(?!.*/red\.)(?!/static/).*\.[a-z]+")
REGION_CODE: Final = re.compile(r"\b(?!CC-BY)[A-Z]{2}-(?:\d\d|[A-Z]{2,3})\b")  # PE-00, DE-BE
OF_A_LANGUAGE: Final = re.compile(r"/([a-z]{2})/")
OLD_MONTH: Final = re.compile(r"/../cifras/\d{4}-\d\d")  # whether it is kept depends on the day


@dataclass(frozen=True)
class ExampleSite:
    name: str
    app: Flask
    workshops: dict[str, Workshop]  # by the slug of the office
    config: Config

    @property
    def profile(self) -> NetworkProfile:
        return self.config.profile


class _Links(HTMLParser):
    """The links of a page, and its visible words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.lang = ""
        self._is_silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "html":
            self.lang = has.get("lang") or ""
        if tag in {"a", "link"} and has.get("href"):
            self.links.append(has["href"] or "")
        self._is_silent = tag in {"script", "style"}
        self.words += [has.get(name) or "" for name in ("alt", "title", "aria-label", "content")]

    def handle_endtag(self, tag: str) -> None:
        self._is_silent = False

    def handle_data(self, data: str) -> None:
        if not self._is_silent:
            self.words.append(data)


@pytest.fixture(params=examples.list_names())
def site(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Iterator[ExampleSite]:
    """An example, made by the steps of `outreach init`, with a workshop at a few offices."""
    name: str = request.param
    path = examples.find(name)
    assert path is not None
    network = network_file.read(path)
    init_steps.check(network)
    data = tmp_path / "site"
    list(init_steps.install(network, data, "ana@example.org", environ=where(config)))
    made = init_steps.read_config(data)
    store = Store(made.database_url)
    change_sessions.install(store)
    with store.change() as session:
        offered = kinds.list_kinds(session)
        known = {each.slug: each for each in offices.list_offices(session)}
        workshops = {
            slug: make_workshop(
                session,
                known[slug],
                offered[number % len(offered)],
                title=dict(offered[number % len(offered)].name),
                summary={},
                venue=venue(session, known[slug], "Local 1", area="Centro"),
            )
            for number, slug in enumerate(HOSTS[name])
        }
    store.close()
    app = create_app(replace(made, limits=UNLIMITED))
    yield ExampleSite(name, app, workshops, made)
    close_app(app)
    network_profile.set_for_process(NetworkProfile())


def crawl(client: FlaskClient, site: ExampleSite) -> Iterator[tuple[str, int, str, str]]:
    """The path, status, type and text of every public page that can be reached by links, and of the
    files of the whole network."""
    base = site.config.public_url
    waiting = deque(f"/{lang}/" for lang in site.profile.languages)
    seen = set(waiting)
    while waiting:
        path = waiting.popleft()
        answer = client.get(path, base_url=base)
        text = answer.get_data(as_text=True) if answer.mimetype != "font/woff2" else ""
        yield path, answer.status_code, answer.mimetype or "", text
        if answer.mimetype != "text/html":
            continue
        for link in _Links(text).links:
            found = urlsplit(urljoin(base + path, link))
            is_here = f"{found.scheme}://{found.netloc}" == base and not found.query
            if not is_here or found.path.startswith("/org/"):
                continue
            is_left_out = OF_ONE.fullmatch(found.path) or OLD_MONTH.fullmatch(found.path)
            if found.path not in seen and not is_left_out:
                seen.add(found.path)
                waiting.append(found.path)


def test_pages_of_an_example_are_its_own(site: ExampleSite) -> None:
    """All public pages in all of its languages: found, and without a word of another network."""
    foreign = re.compile(FOREIGN[site.name], re.IGNORECASE)
    faults, languages, count = [], set(), 0
    for path, status, mimetype, text in crawl(site.app.test_client(), site):
        count += 1
        if status not in {200, 303, 302, 308}:
            faults.append(f"{status} {path}")
        if mimetype == "text/html":
            page = _Links(text)
            # A redirect has a body of the library, in English.
            if status == 200 and (of_a_language := OF_A_LANGUAGE.match(path)):
                languages.add(of_a_language[1])
                if page.lang.partition("-")[0] != of_a_language[1]:
                    faults.append(f"{path} is in {page.lang}")
            words = " ".join(page.words)
            faults += [f"{path}: {each[0]}" for each in REGION_CODE.finditer(words)]
        else:
            words = text if mimetype.startswith(("text/calendar", "application/")) else ""
        faults += [f"{path}: {each[0]}" for each in foreign.finditer(words)]
    assert not faults, "\n".join(faults)
    assert languages == set(site.profile.languages)
    assert count > 40


def test_office_pages_of_an_example_exist(site: ExampleSite) -> None:
    client = site.app.test_client()
    first = site.profile.languages[0]
    page = client.get(f"/{first}/red", base_url=site.config.public_url).text
    assert len(set(re.findall(rf"/{first}/o/([a-z0-9-]+)", page))) == OFFICE_COUNTS[site.name]


def test_regions_are_called_states_where_all_are(site: ExampleSite) -> None:
    client, lang = site.app.test_client(), site.profile.languages[0]
    words = {"es": ("Estado o provincia", "Región"), "fr": ("État ou province", "Région")}[lang]
    expected = words[site.name in {"union", "worldwide"}]
    page = client.get(f"/{lang}/calendario", base_url=site.config.public_url).text
    assert f'<label for="donde">{expected}</label>' in page
    asked = client.get(f"/{lang}/?donde=xqzwkjhx", base_url=site.config.public_url).text
    assert ("elige tu región" in asked) is (site.name == "union")


def test_offices_of_many_countries_are_listed_by_country(site: ExampleSite) -> None:
    """Nobody in Germany looks for it under H, as Hesse."""
    client, lang = site.app.test_client(), site.profile.languages[0]
    page = client.get(f"/{lang}/red", base_url=site.config.public_url).text
    headings = re.findall(r"<h3 id=\"([^\"]+)\">", page)
    is_worldwide = site.name == "worldwide"
    assert len(set(headings)) == len(headings)
    assert (set(headings) <= set(site.profile.countries)) is is_worldwide
    assert ("Toca tu estado" in page) is (site.name == "mexico-us-ca")


def test_other_languages_are_not_found(site: ExampleSite) -> None:
    client = site.app.test_client()
    for lang in ("es", "en", "fr"):
        is_offered = lang in site.profile.languages
        for path in ("", "red", "calendario", "cal/red.ics", "privacidad"):
            answer = client.get(f"/{lang}/{path}", base_url=site.config.public_url)
            assert (answer.status_code == 200) is is_offered, (lang, path)
    home = client.get("/", base_url=site.config.public_url)
    assert home.location == f"/{site.profile.languages[0]}/"


def test_feed_has_the_zones_of_its_offices(site: ExampleSite) -> None:
    client = site.app.test_client()
    first = site.profile.languages[0]
    feed = client.get(f"/{first}/cal/red.ics", base_url=site.config.public_url).text
    for workshop in site.workshops.values():
        if workshop.kind.is_discreet:
            continue
        day = workshop.day.strftime("%Y%m%d")
        assert f"DTSTART;TZID={workshop.zone.key}:{day}T180000" in feed.replace("\r\n ", "")
        assert f"TZID:{workshop.zone.key}\r\n" in feed
        assert not REGION_CODE.search("".join(re.findall("LOCATION:.*", feed)))
        page = client.get(f"/{first}/t/{workshop.public_id}", base_url=site.config.public_url).text
        offset = workshop.starts_at.astimezone(workshop.zone).isoformat()[-6:]
        assert f"T18:00{offset}" in page.replace("T18:00:00", "T18:00")


@pytest.mark.parametrize("site", ["worldwide"], indirect=True)
def test_weeks_begin_as_they_do_at_the_office(site: ExampleSite) -> None:
    with network_profile.use_profile(site.profile):
        assert formats.first_weekday("es") == 0, "Monday in Spain"
        assert formats.first_weekday("es", "SA") == 6, "Sunday in Riyadh"
        assert formats.first_weekday("es", "EG") == 5, "Saturday in Cairo"
        assert formats.order_weekdays("es", "EG") == [5, 6, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("site", ["worldwide"], indirect=True)
def test_hours_of_offices_with_odd_offsets_are_those_of_the_wall(site: ExampleSite) -> None:
    workshops = site.workshops
    offsets = {
        slug: each.starts_at.astimezone(each.zone).utcoffset() for slug, each in workshops.items()
    }
    assert offsets["kathmandu"] == timedelta(hours=5, minutes=45)
    assert offsets["eucla"] == timedelta(hours=8, minutes=45)
    assert offsets["chatham-islands"] in (
        timedelta(hours=12, minutes=45),
        timedelta(hours=13, minutes=45),
    )
    assert all(each.starts_at > clock.now() for each in site.workshops.values())


def test_pages_have_the_brand_of_the_network(site: ExampleSite) -> None:
    client, look = site.app.test_client(), site.config.look
    first = site.profile.languages[0]
    page = client.get(f"/{first}/", base_url=site.config.public_url).text
    styles = re.search(r'href="(/static/network\.[0-9a-f]+\.css)"', page)
    assert (styles is not None) is look.has_own_colours
    if styles is not None:
        sheet = client.get(styles[1], base_url=site.config.public_url)
        assert sheet.mimetype == "text/css"
        assert f"--header:{look.light.header};" in sheet.text
    signs = re.findall(r'"(/static/sign\.[0-9a-f]+\.svg)"', page)
    assert len(signs) == (2 if look.sign else 0), "the icon, and in the header"
    assert all(
        client.get(each, base_url=site.config.public_url).text == look.sign for each in signs
    )
    assert site.config.brand in page
    assert look.header.get(first, "") in page


@pytest.mark.thorough
@pytest.mark.parametrize("site", ["worldwide"], indirect=True)
def test_every_country_that_is_offered_for_an_unknown_place_is_one(site: ExampleSite) -> None:
    client, base = site.app.test_client(), site.config.public_url
    page = client.get("/es/?donde=xqzwkjhx", base_url=base).text
    offered = re.findall(r'<li><a href="\?donde=([^"&]+)">([^<]+)</a></li>', page)
    names = [fold(name) for _words, name in offered]
    assert names == sorted(names)
    assert len(names) == len(site.profile.countries)
    assert "elige tu país" in page
    assert "<h3>" not in page.partition("elige tu país")[2].partition("</section>")[0]
    for words, name in offered:
        text = client.get("/es/", query_string={"donde": unquote_plus(words)}, base_url=base).text
        assert "No encontramos" not in text, name


@pytest.mark.parametrize("site", ["worldwide"], indirect=True)
def test_what_to_tell_agents_is_shown_where_its_law_holds(site: ExampleSite) -> None:
    client, base = site.app.test_client(), site.config.public_url
    link = 'href="/es/si-llegan-agentes"'
    for slug, is_shown in (("new-york", True), ("toronto", True), ("riyadh", False)):
        assert (link in client.get(f"/es/o/{slug}", base_url=base).text) is is_shown, slug
    workshop = site.workshops["kathmandu"]
    page = client.get(f"/es/t/{workshop.public_id}", base_url=base).text
    assert "Katmandú, Nepal" in page
    assert link not in page
    assert client.get("/es/si-llegan-agentes", base_url=base).status_code == 200


def test_network_without_the_countries_of_the_agents_guide_has_none() -> None:
    with network_profile.use_profile(NetworkProfile(countries=("GT", "PE"))):
        assert not network_profile.current().has_agents_guide
    with network_profile.use_profile(NetworkProfile(countries=("GT", "US"), vocabulary="")):
        assert not network_profile.current().has_agents_guide


@pytest.mark.parametrize("site", ["worldwide"], indirect=True)
def test_page_that_may_have_to_be_hidden_tells_no_network(site: ExampleSite) -> None:
    discreet = next(each for each in site.workshops.values() if each.kind.is_discreet)
    page = site.app.test_client().get(
        f"/es/t/{discreet.public_id}", base_url=site.config.public_url
    )
    assert page.status_code == 200
    assert site.config.look.header["es"] not in page.text


def test_unknown_place_is_asked_for_by_a_postal_code_where_the_gazetteer_has_them(
    site: ExampleSite,
) -> None:
    lang = site.profile.languages[0]
    page = site.app.test_client().get(
        f"/{lang}/", query_string={"donde": "xqzw kjhx"}, base_url=site.config.public_url
    )
    field = re.search(r'<input id="donde"[^>]*>', page.text)
    assert field is not None
    placeholder = re.search(r'placeholder="([^"]*)"', field[0])
    example = placeholder[1] if placeholder else ""
    assert example == POSTAL_EXAMPLES[site.name]


@pytest.mark.thorough
def test_every_city_and_region_of_an_office_is_found(site: ExampleSite) -> None:
    """And every country: one without a pack, of which the gazetteer has nothing, is one region, of
    others the cities of their offices are offered."""
    client, lang = site.app.test_client(), site.profile.languages[0]
    store: Store = site.app.extensions["outreach_store"]
    with site.app.app_context(), store.read() as session:
        interpretation.warm_up()  # as a server does before it forks
        found = offices.list_offices(session)
        countries = {formats.country_name(each.country, lang) for each in found}
        typed = {each.city for each in found} | {each.region for each in found}
        for text in sorted(typed | countries):
            where = geocoding.resolve(session, text)
            assert where.scale not in {LocationScale.UNKNOWN, LocationScale.EVERYWHERE}, text
            query = {"donde": text}
            page = client.get(f"/{lang}/", query_string=query, base_url=site.config.public_url)
            assert page.status_code == 200, text
        for city in {each.city for each in found}:
            where = geocoding.resolve(session, city)
            for scene in SCENES:
                if scene.check_place is not None:
                    scene.check_place(where, city)
