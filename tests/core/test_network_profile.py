"""The profile of a network: read from settings, one a process, another for a block."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from outreach import clock, formats, i18n, network_profile
from outreach.config import Config
from outreach.errors import Misconfigured
from outreach.network_profile import NetworkProfile, use_profile

pytestmark = pytest.mark.any_database("nothing is stored")

MEXICO = NetworkProfile(
    countries=("MX",), home_country="", locales=("es_ES", "fr_FR"), headquarters_zone="UTC"
)


def test_settings_make_the_profile_and_none_makes_the_usual_one() -> None:
    assert Config.from_environ({}).profile == NetworkProfile()
    config = Config.from_environ(
        {
            "OUTREACH_COUNTRIES": "mx",
            "OUTREACH_HOME_COUNTRY": "",
            "OUTREACH_LOCALES": "es_ES fr_FR",
            "OUTREACH_HEADQUARTERS_ZONE": "UTC",
        }
    )
    assert config.profile == MEXICO
    assert Config.from_environ({"OUTREACH_HOME_COUNTRY": "EC"}).profile.home_country == "EC"


def test_phones_of_the_networks_countries_are_reached_unless_a_setting_says_which() -> None:
    assert Config.from_environ({}).texts.countries == ("US", "CA", "MX")
    own = {"OUTREACH_COUNTRIES": "ES FR", "OUTREACH_HOME_COUNTRY": "SV"}
    assert Config.from_environ(own).texts.countries == ("ES", "FR", "SV")
    assert MEXICO.phone_countries == ("MX",)
    assert Config.from_environ(own | {"OUTREACH_TEXTS_COUNTRIES": "DE"}).texts.countries == ("DE",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTRIES", "US ZZ"),
        ("COUNTRIES", "US US"),
        ("COUNTRIES", "USA"),
        ("HOME_COUNTRY", "ZZ"),
        ("LOCALES", "es_MX es_ES"),
        ("LOCALES", "de_DE"),
        ("LOCALES", "es_XX"),
        ("LOCALES", "../es"),
        ("HELP_LINES", "/no/such/file"),
    ],
)
def test_wrong_setting_is_refused(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"OUTREACH_{name} "):
        Config.from_environ({f"OUTREACH_{name}": value})


def test_language_without_a_locale_in_the_setting_keeps_its_own() -> None:
    assert MEXICO.locale_names == {"es": "es_ES", "en": "en_US", "fr": "fr_FR"}


def test_application_sets_the_profile_of_its_process(make_app: Callable[..., Flask]) -> None:
    make_app(countries=("DE",), home_country="ES")
    assert network_profile.current().countries == ("DE",)
    make_app(extensions=())
    assert network_profile.current() == NetworkProfile()


def test_profile_of_a_block_is_that_of_its_thread_only() -> None:
    found: list[str] = []
    with use_profile(MEXICO):
        assert network_profile.country_of("") == "MX"
        assert clock.headquarters_zone().key == "UTC"
        thread = threading.Thread(target=lambda: found.append(network_profile.country_of("")))
        thread.start()
        thread.join()
    assert found == [network_profile.country_of("")] == ["US"]


def test_region_tells_its_country() -> None:
    for region, country in {"IL": "US", "QC": "CA", "MX-JAL": "MX", "DE-BE": "DE"}.items():
        assert network_profile.country_of(region) == country


def test_distances_are_in_the_units_of_the_country() -> None:
    assert [network_profile.has_miles(each) for each in ("US", "CA", "")] == [True, False, True]
    with use_profile(MEXICO):
        assert not network_profile.has_miles("")


def test_numbers_names_and_weeks_follow_the_locales_of_the_network() -> None:
    number, day = 1234567, date(2026, 11, 30)
    assert formats.group_digits(number, "es") == "1,234,567"
    assert [i18n.html_lang(lang) for lang in ("es", "en", "fr", "nah")] == [
        "es-MX", "en", "fr-CA", "nah",
    ]  # fmt: skip
    assert formats.order_weekdays("es") == [6, 0, 1, 2, 3, 4, 5]
    with use_profile(MEXICO):
        assert formats.group_digits(number, "es") == "1.234.567"
        assert formats.date_name(day, "EEEE", "fr") == "lundi"
        assert [i18n.html_lang(lang) for lang in ("es", "en", "fr")] == ["es-ES", "en", "fr-FR"]
        assert formats.order_weekdays("es") == [0, 1, 2, 3, 4, 5, 6]
        assert i18n.get_locale("fr").territory == "FR"
    assert formats.group_digits(number, "es") == "1,234,567"


def test_countries_of_a_network_are_named_in_a_sentence() -> None:
    assert [formats.network_countries(lang) for lang in ("es", "en", "fr")] == [
        "Estados Unidos y Canadá", "the United States and Canada", "aux États-Unis et au Canada",
    ]  # fmt: skip
    with use_profile(NetworkProfile(countries=("ES", "FR", "DE"))):
        assert formats.network_countries("es") == "España, Francia y Alemania"
        assert formats.network_countries("fr") == "en Espagne, en France et en Allemagne"
    assert formats.country_name("MX", "fr") == "Mexique"
