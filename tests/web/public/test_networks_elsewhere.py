"""Pages of a network with other countries than the usual ones."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from wtforms import ValidationError

from outreach import i18n, network_profile
from outreach.config import Texts
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.locations import gazetteer, interpretation, venues
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.recordings.voice_notes import LinePrompt
from outreach.domain.scheduling import workshop_service
from outreach.network_profile import NetworkProfile, use_profile
from outreach.web.forms import contact_fields
from outreach.web.middleware.reference_cache import reference
from outreach.web.presentation import place_words
from outreach.web.public.phone_line import line_offers, line_words
from tests.conftest import make_workshop, office

pytestmark = pytest.mark.any_database("the text of pages")

SITE = "http://localhost:8000"


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The site of a network with offices in Germany and Spain whose home country is El Salvador."""
    texts = Texts(countries=("DE", "ES", "SV"))
    yield make_app(countries=("DE", "ES"), home_country="SV", locales=("es_ES",), texts=texts)
    network_profile.set_for_process(NetworkProfile())


@pytest.fixture
def berlin(site: Flask, store: Store) -> Office:
    made = office("berlin", "Berlin", "DE-BE", "Europe/Berlin", country="DE")
    made.latitude, made.longitude = 52.52, 13.41
    with store.change() as session:
        session.add(made)
    return made


def test_offices_are_listed_without_a_map(site: Flask, berlin: Office) -> None:
    page = site.test_client().get("/es/red", base_url=SITE).text
    assert "1 oficinas en Alemania y España." in page
    assert '<h3 id="DE-BE">Berlín</h3>' in page
    assert "Toca tu estado" not in page
    assert '<html lang="es-ES"' in page


def test_list_of_a_place_is_in_kilometres(site: Flask, berlin: Office, rights: Kind) -> None:
    client = site.test_client()
    page = client.get("/es/?donde=Potsdam", base_url=SITE).text
    assert "Potsdam, Brandeburgo" in page
    unknown = client.get("/es/?donde=qwertzuiop", base_url=SITE).text
    assert "<h3>Alemania</h3>" in unknown
    assert "<h3>España</h3>" in unknown
    assert "Illinois" not in unknown


def test_figures_have_a_table_and_no_map(
    site: Flask, store: Store, berlin: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.get_one(Kind, rights.id).countries = Codes(["DE"])
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        workshop = make_workshop(session, berlin, kind, day=date(2020, 1, 18))
        workshop_service.report(workshop, head_count=9, now=datetime(2020, 2, 1, tzinfo=UTC))
    page = site.test_client().get("/es/cifras/2020-01", base_url=SITE).text
    assert "en Alemania y España." in page
    assert '<th scope="row">Berlín</th>' in page
    assert 'class="chart map"' not in page


def test_phone_line_asks_for_what_can_be_dialed(site: Flask) -> None:
    """The gazetteer has no postal codes of Spain and Guatemala; Canadian ones have letters."""
    with site.test_request_context(), i18n.use_language("es"):
        assert line_words.prompt_words(LinePrompt.ZIP_CODE).endswith(
            "Si estás en España, marca 0 y espera."
        )
        with use_profile(NetworkProfile(countries=("ES", "GT"))):
            assert line_words.prompt_words(LinePrompt.ZIP_CODE) == "Marca 0 y espera."
        with use_profile(NetworkProfile(countries=("US",))):
            assert line_words.prompt_words(LinePrompt.ZIP_CODE) == (
                "Marca los cinco números de tu código postal."
            )
        with use_profile(NetworkProfile(countries=("US", "CA", "GT"))):
            assert line_words.prompt_words(LinePrompt.ZIP_CODE).endswith(
                "Si estás en Canadá y Guatemala, marca 0 y espera."
            )


def test_postal_code_that_is_dialed_is_one_of_a_country_whose_codes_are_known(
    site: Flask, store: Store
) -> None:
    with site.test_request_context(), store.read() as session:
        found = line_offers.find_place(session, "80331", reference())
        assert found is not None
        assert (found.name, found.region) == ("Munich", "DE-BY")
        assert line_offers.find_place(session, "28001", reference()) is None


def test_who_typed_a_postal_code_is_asked_for_a_city(site: Flask) -> None:
    client = site.test_client()
    for typed, choices in (("80331", 1), ("28001", 0)):
        page = client.get("/es/", query_string={"donde": typed}, base_url=SITE).text
        assert page.count('<li class="place">') == choices, typed
        assert '<label for="donde">Tu ciudad</label>' in page, typed
    # The codes of Spain are not known, whatever was typed.
    page = client.get("/es/", query_string={"donde": "xqzw kjhx"}, base_url=SITE).text
    assert '<label for="donde">Tu ciudad</label>' in page


def test_region_is_chosen_by_words_that_mean_it(site: Flask) -> None:
    with (
        site.test_request_context(),
        i18n.use_language("es"),
        use_profile(NetworkProfile(countries=("GT", "MX"), home_country="")),
    ):
        places = gazetteer.load().region_places
        [peten, jalisco] = place_words.links([places["GT-17"], places["MX-JAL"]])
        assert (peten.words, peten.detail) == ("GT-17", "Todo el departamento")
        assert (jalisco.words, jalisco.detail) == ("Estado de Jalisco", "Todo el estado")
        assert peten.attributes == {"data-choice-region": "GT-17"}
        for each in (peten, jalisco):
            assert interpretation.interpret(each.words).place in places.values()


@pytest.mark.parametrize(
    ("countries", "address", "code"),
    [
        (("US", "CA"), "2220 S Blue Island Ave, Chicago, IL 60608-1234", "60608-1234"),
        (("US", "CA"), "833 4 Ave SW, Calgary AB t2p 1j9", "T2P 1J9"),
        (("SV",), "Alameda Roosevelt, San Salvador 1101", "1101"),
        (("US",), "Alameda Roosevelt, San Salvador 1101", ""),
    ],
)
def test_postal_code_ends_an_address(countries: tuple[str, ...], address: str, code: str) -> None:
    with use_profile(NetworkProfile(countries=countries)):
        assert venues.find_postal_code(address) == code


def test_phone_of_another_length_is_asked_for_whole(site: Flask) -> None:
    with site.test_request_context(), i18n.use_language("es"):
        assert contact_fields.read_phone("030 901820", "DE") == "+4930901820"
        with pytest.raises(ValidationError, match="Escribe tu número de teléfono completo"):
            contact_fields.read_phone("12", "DE")
        with pytest.raises(ValidationError, match="Escribe los 10 números"):
            contact_fields.read_phone("12", "US")
