"""Cities and territories in the language of the page; untranslated text says its language."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.locations import city_names
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.conftest import make_workshop, office

pytestmark = [pytest.mark.any_database]


@pytest.mark.parametrize(
    ("city", "region", "names"),
    [
        ("Nueva York", "NY", ("Nueva York, NY", "New York, NY", "New York, NY")),
        ("new york", "NY", ("Nueva York, NY", "New York, NY", "New York, NY")),
        ("Montreal", "QC", ("Montreal, QC", "Montreal, QC", "Montréal, QC")),
        ("Filadelfia", "PA", ("Filadelfia, PA", "Philadelphia, PA", "Philadelphie, PA")),
        ("Washington, D.C.", "DC", ("Washington, D.C.",) * 3),
        ("San José", "CA", ("San José, CA", "San Jose, CA", "San José, CA")),
        ("Chicago", "IL", ("Chicago, IL",) * 3),
        ("Montreal", "WI", ("Montreal, WI",) * 3),
        ("Tokio", "JP-00", ("Tokio, Japón", "Tokyo, Japan", "Tokyo, Japon")),
        ("Cairo", "EG-00", ("El Cairo, Egipto", "Cairo, Egypt", "Le Caire, Égypte")),
        ("Berlín", "DE-BE", ("Berlín", "Berlin", "Berlin")),
        ("Guadalajara", "MX-JAL", ("Guadalajara, Jalisco",) * 3),
        ("Múnich", "DE-BY", ("Múnich, Baviera", "Múnich, Bavaria", "Múnich, Bavière")),
    ],
)
def test_city_has_one_spelling_in_each_language(
    city: str, region: str, names: tuple[str, ...]
) -> None:
    found = [city_names.with_region(city, region, lang) for lang in ("es", "en", "fr")]
    assert found == list(names)


def test_city_keeps_its_name_in_a_language_that_has_none_for_it() -> None:
    for city, region in (("San José", "CA"), ("Tokio", "JP-00"), ("Milán", "IT-00")):
        assert city_names.localize(city, region, "nah") == city


@pytest.fixture
def save(store: Store) -> Callable[..., Office]:
    def save(*args: str, **changes: str) -> Office:
        made = office(*args, **changes)
        with store.change() as session:
            session.add(made)
        return made

    return save


def test_pages_name_an_office_city_in_their_language(
    client: FlaskClient, store: Store, save: Callable[..., Office], rights: Kind
) -> None:
    new_york = save("nueva-york", "Nueva York", "NY", "America/New_York")
    with store.change() as session:
        workshop = make_workshop(session, new_york, rights)
    for path in ("/o/nueva-york", f"/t/{workshop.public_id}", "/", "/red", "/calendario"):
        assert "Nueva York" in client.get(f"/es{path}").text, path
        page = re.sub("Consulate in Nueva York", "", client.get(f"/en{path}").text)
        assert "New York" in page, path
        assert "Nueva York" not in page, path


@pytest.mark.parametrize(
    ("district", "lang", "words"),
    [
        ("IL: norte y centro", "es", "norte y centro de Illinois"),
        ("IL: norte y centro", "en", 'Illinois: <bdi lang="es">norte y centro</bdi>'),
        ("QC: todo; NS: todo", "es", "todo Quebec; todo Nueva Escocia"),
        ("TX: Cameron, Willacy", "es", 'Texas: <bdi lang="es">Cameron, Willacy</bdi>'),
        ("La Huasteca <b>", "es", '<bdi lang="es">La Huasteca &lt;b&gt;</bdi>'),
    ],
)
def test_territory_is_said_in_words(
    client: FlaskClient, save: Callable[..., Office], district: str, lang: str, words: str
) -> None:
    save("alfa", "Alfa", "IL", "America/Chicago", district=district)
    assert words in client.get(f"/{lang}/o/alfa").text


def test_text_that_is_not_translated_says_its_language(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        spanish = make_workshop(session, chicago, rights, title={"es": "Plan de emergencia"})
        both = make_workshop(session, chicago, rights, title={"es": "Derechos", "en": "Rights"})
    page = client.get(f"/en/t/{spanish.public_id}").text
    assert '<h1 lang="es-MX">Plan de emergencia</h1>' in page
    assert '<h1 lang="' not in client.get(f"/es/t/{spanish.public_id}").text
    assert "<h1>Rights</h1>" in client.get(f"/en/t/{both.public_id}").text
    cards = client.get("/en/").text
    assert f'href="/en/t/{spanish.public_id}" lang="es-MX">' in cards
    assert f'href="/en/t/{both.public_id}">' in cards
