"""Vocabularies: what a sort of network says in words of its own, whole in every language."""

import re
from dataclasses import replace

import pytest
from babel.messages.catalog import Catalog
from flask.testing import FlaskClient

from outreach import i18n, languages, network_profile
from outreach.config import Config
from outreach.errors import Misconfigured
from outreach.network_file import GENERAL
from outreach.network_profile import use_profile
from outreach.translations import catalogues
from tests.support.public_urls import FurnishedSite

pytestmark = pytest.mark.any_database("texts")

VOCABULARIES = sorted(each.name for each in languages.VOCABULARIES.iterdir())
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
# What only a network of consulates says; names of offices and kinds are data.
OF_CONSULATES = re.compile(
    r"consula\w*|migrator\w*|migraci\w*|immigra\w*|gob\.mx|tricamex|ciam|mclap", re.IGNORECASE
)
# Names of the fixtures, which are data.
NAMES = re.compile(r"Consulado en|Consulate in|Red de consulados")
GENERAL_PROFILE = replace(network_profile.NetworkProfile(), vocabulary="")


def read(vocabulary: str, lang: str) -> Catalog:
    return catalogues.read(languages.VOCABULARIES / vocabulary / lang / catalogues.PO, lang)


@pytest.mark.thorough
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_vocabulary_says_messages_of_the_source_in_every_language(vocabulary: str) -> None:
    known = {(each.context, each.id) for each in catalogues.extract() if each.id}
    for lang in languages.CODES:
        own = {
            (each.context, str(each.id)): str(each.string)
            for each in read(vocabulary, lang)
            if each.id
        }
        assert own.keys() <= known, lang
        assert own.keys() == {
            (each.context, each.id) for each in read(vocabulary, languages.SOURCE) if each.id
        }, lang
        for (_context, message), text in own.items():
            assert text, message
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(message)), text


def test_messages_are_said_in_the_words_of_the_network() -> None:
    assert i18n.translate("Oficina móvil", "es") == "Consulado móvil"
    assert i18n.as_markup("Oficina móvil", "fr") == "Consulat mobile"
    assert i18n.translator("en").pgettext("bulletin", "Otras cifras") == "Documents and protection"
    with use_profile(GENERAL_PROFILE):
        assert i18n.translate("Oficina móvil", "es") == "Oficina móvil"
        assert i18n.as_markup("Oficina móvil", "fr") == "Bureau mobile"
        assert i18n.translator("en").pgettext("bulletin", "Otras cifras") == "Other figures"
    assert i18n.translate("Guardar", "en") == "Save", "what no vocabulary says"


def test_settings_name_a_vocabulary() -> None:
    assert Config.from_environ({}).vocabulary == "consular"
    assert Config.from_environ({"OUTREACH_VOCABULARY": GENERAL}).profile.vocabulary == ""
    with pytest.raises(Misconfigured, match="OUTREACH_VOCABULARY has to be general or one of"):
        Config.from_environ({"OUTREACH_VOCABULARY": "../en"})


@pytest.mark.thorough
def test_general_network_says_nothing_of_consulates(
    furnished_site: FurnishedSite, client: FlaskClient
) -> None:
    found = set()
    with use_profile(GENERAL_PROFILE):
        for endpoint, path in furnished_site.addresses():
            answer = client.get(path)
            if (answer.mimetype or "").startswith("text/") and endpoint != "about.agents":
                text = NAMES.sub("", answer.get_data(as_text=True))
                found |= {(endpoint, each) for each in OF_CONSULATES.findall(text)}
        assert client.get("/es/si-llegan-agentes").status_code == 404
    assert found == set()
