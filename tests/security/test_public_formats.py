"""Machine-readable formats reveal nothing that a page hides: canaries are put into every field, and
searched for in all formats."""

import gzip
import re
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.extension_scenes import SCENES
from tests.support.public_urls import public_rules

pytestmark = pytest.mark.any_database("texts of formats")

# No URL contains this word; its accent is escaped differently in each format.
CANARY: Final = re.compile(r"can(á|a|\\u00e1|&#225;|%C3%A1)rin", re.IGNORECASE)
TODAY: Final = clock.network_day(clock.now())
MONTH: Final = str(Month.from_day(TODAY))
# Its bulletin lists upcoming workshops. The last month has none until the fourth day of this one.
PAST_MONTH: Final = Month.from_day(TODAY).plus(-2)
LANGUAGES: Final = ("es", "en", "fr")
FORMS: Final = ("ics", "atom", "json", "jcal", "jscal")
# HTML pages: tested in test_discreet.
PAGES: Final = re.compile(
    r"^(root|workshops|about|feed_builder|registration|my_registration|qr_landing|demo|static_files|"
    r"newsletter|sharing|tour_route"
    + "".join(f"|{each}" for scene in SCENES for each in scene.html_endpoints)
    + r")\b|^verify\.(report|thanks)"
)


@pytest.fixture
def secrets(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> dict[str, Workshop]:
    """Returns workshops with hidden details; all but the draft have a registration."""
    words = {"es": "Círculo Canárino", "en": "Canárino circle", "fr": "Cercle canárino"}
    fields: dict[str, Any] = {
        "facilitator": "Lic. Canárina", "online_url": "https://sala.example/canarina",
        "summary": words, "bring": words, "title": words,
    }  # fmt: skip
    with store.change() as session:
        staff.add(session, "canarina@example.org", Role.ORGANIZER, ["chicago"])

        def place(name: str) -> Any:
            return venue(
                session, chicago, name=f"Casa Canárina {name}", address=f"Calle Canárina {name}",
                area="Zona Canárina", latitude=41.1234, longitude=-87.4321,
            )  # fmt: skip

        found = {
            "discreet": make_workshop(session, chicago, women, venue=place("1"), **fields),
            "unlisted": make_workshop(
                session, chicago, rights, venue=place("2"), way=Way.UNLISTED, **fields
            ),
            "draft": make_workshop(
                session, chicago, rights, venue=place("3"), status=WorkshopStatus.DRAFT, **fields
            ),
            "hidden": make_workshop(
                session, chicago, rights, venue=place("4"), visibility=Visibility.REGISTERED,
                facilitator="Lic. Canárina", online_url="https://sala.example/canarina",
            ),
            "plain": make_workshop(
                session, chicago, rights, facilitator="Lic. Canárina",
                online_url="https://sala.example/canarina",
            ),
        }  # fmt: skip
        make_workshop(session, chicago, rights, day=PAST_MONTH.first)
        # The area of a hidden workshop may be shown if it has one.
        assert found["hidden"].venue is not None
        found["hidden"].venue.area = "Zona de Pilsen"
    for name, each in found.items():
        if name != "draft":
            seat(store, key_store, each, name="Rosa Canárina", people=2)
    return found


def addresses(secrets: dict[str, Workshop]) -> Iterator[str]:
    """Yields every machine-readable address: feeds, data, sitemaps, those of extensions."""
    filters = ("", "?idioma=es", "?donde=IL", "?donde=chicago", "?modalidad=presencial",
               "?tipo=derechos", "?tipo=derechos&donde=IL&idioma=es")  # fmt: skip
    ids = [each.public_id for each in secrets.values()]
    for lang, name, form, query in product(LANGUAGES, ("red", "chicago"), FORMS, filters):
        yield f"/{lang}/cal/{name}.{form}{query}"
    for lang in LANGUAGES:
        yield from (f"/{lang}/cal/{name}.ics?tipo=K7QX" for name in ("red", "chicago"))
        for scene in SCENES:
            if scene.list_formats is not None:
                yield from scene.list_formats(lang, filters, ids)
        endings = ("", ".csv", ".json", ".xlsx", ".pdf")
        yield from (f"/{lang}/cifras/{MONTH}{ending}" for ending in endings)
        yield from (f"/{lang}/cifras/publicacion{ending}" for ending in ("", ".ics"))
        yield from (f"/{lang}/cifras/comprobar{ending}" for ending in ("", ".py"))
        yield f"/{lang}/cifras/trimestre/{PAST_MONTH.year}-{(PAST_MONTH.month + 2) // 3}"
        rows = ("2020", "oficina/chicago", "tipo/derechos", "tipo/K7QX")
        yield from (f"/{lang}/cifras/{row}" for row in rows)
        yield from (f"/{lang}/t/{ids[number]}.ics" for number in (3, 4))
        yield from (f"/{lang}/boletin/{each}" for each in ("", "atom.xml"))
        yield from (f"/{lang}/boletin/{PAST_MONTH}{ending}" for ending in ("", ".pdf", ".txt"))
        yield f"/{lang}/boletin/{PAST_MONTH}/imagen-0.png"
        yield f"/{lang}/datos"
        yield f"/{lang}/gira"
        yield f"/{lang}/lugares?q=canari"
        yield from (f"/{lang}/verdad?codigo={each[:8]}" for each in ids)
    yield from ("/robots.txt", "/sitemap.xml", "/sitemap/paginas.xml", "/sitemap/talleres-1.xml")
    for resource in ("", "offices", "offices/chicago", "kinds", "kinds/derechos", "kinds/mujeres"):
        yield f"/api/v1/{resource}"
    yield from (f"/api/v1/workshops{query}" for query in filters)
    yield from (f"/api/v1/workshops{query}" for query in ("?tipo=K7QX", "?desde=2020-01-01"))
    yield from (f"/api/v1/workshops/{each}" for each in ids)
    yield "/joint.json"
    yield "/datos/catalog.jsonld"
    yield from (f"/datos/{MONTH}/1/{each}" for each in ("workshops.csv", "datapackage.json"))
    for resource in ("counts", "figures", "bulletins"):
        yield from (f"/api/v1/{resource}", f"/api/v1/{resource}/{MONTH}")
    yield from ("/api/v1/log", "/api/v1/log/consistency", f"/api/v1/log/{MONTH}")
    yield "/api/v1/openapi.json"


def text_of(client: FlaskClient, address: str) -> str:
    body = client.get(address, headers={"Accept-Encoding": "gzip"})
    data = gzip.decompress(body.data) if body.headers.get("Content-Encoding") else body.data
    return data.decode("utf-8", "replace").replace("\r\n ", "")


def test_public_formats_do_not_reveal_hidden_details(
    client: FlaskClient, secrets: dict[str, Workshop]
) -> None:
    revealing_addresses, nonempty_count = [], 0
    for address in addresses(secrets):
        text = text_of(client, address)
        nonempty_count += "BEGIN:VCALENDAR" in text or "{" in text or "<" in text
        if CANARY.search(text.replace(address, "")):
            revealing_addresses.append(address)
    assert revealing_addresses == []
    assert nonempty_count > 150, "most responses must have content"


def test_unlisted_workshop_is_in_no_public_format(
    client: FlaskClient, secrets: dict[str, Workshop]
) -> None:
    hidden = [secrets[name] for name in ("discreet", "unlisted", "draft")]
    found = []
    for address in addresses(secrets):
        if "tipo=K7QX" in address and ".ics" in address:
            continue  # a feed by the code of the kind has it: test_feed_discretion
        text = text_of(client, address).replace(
            re.split("[/=]", address)[-1], ""
        )  # the query itself
        found += [address for each in hidden if each.public_id in text or each.uid in text]
    assert found == []


def test_canary_search_detects_a_revealed_detail(
    client: FlaskClient, secrets: dict[str, Workshop]
) -> None:
    assert CANARY.search(text_of(client, "/es/")), "the list shows a discreet workshop"
    assert CANARY.search("Can\\u00e1rina")
    assert "1 taller" in text_of(client, f"/es/boletin/{PAST_MONTH}.txt")
    assert secrets["plain"].public_id in text_of(client, "/api/v1/workshops")


def test_every_machine_readable_address_is_checked(
    app: Flask, secrets: dict[str, Workshop]
) -> None:
    match = app.url_map.bind("localhost:8000").match
    checked = {match(address.partition("?")[0])[0] for address in addresses(secrets)}
    all_endpoints = {rule.endpoint for rule in public_rules(app) if not PAGES.match(rule.endpoint)}
    health_endpoints = {each for each in all_endpoints if each.startswith("health.")}
    # These read nothing of a workshop.
    without_data = {"figures.latest", "api.nothing", "sitemap.security", "places.locate"}
    # It is one roster member's: checked in tests/security/test_roster_discretion.py.
    without_data |= {"roster.answer", "roster.show", "roster.calendar_feed"}
    without_data |= {name for scene in SCENES for name in scene.without_data}
    # Answer a gateway the same, whatever they did: tests/answers/test_adapters.py.
    without_data |= {f"text_answers.{each}" for each in ("take_text", "take_whatsapp")}
    without_data.add("text_answers.verify_address")
    # Recordings; discreet workshops and kinds have none: tests/web/staff/test_recordings.py.
    without_data.add("voice_note_files.play")
    # Says ordinary workshops with a public address only: tests/web/public/test_phone_line.py.
    without_data |= {"phone_line.start_call", "phone_line.next_step"}
    assert all_endpoints - checked - health_endpoints == without_data
