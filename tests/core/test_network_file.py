"""A network's file: what it sets, and each fault with its line."""

from pathlib import Path

import pytest

from outreach import examples, i18n, network_file
from outreach.config import Config
from outreach.errors import Misconfigured
from outreach.network_profile import use_profile
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

GOOD = """\
name = "Red de ejemplo"
controller = "Quien responde"
public_url = "https://talleres.example.org"
mail_from = "talleres@example.org"
languages = ["fr", "en"]
countries = ["CA", "NP"]
headquarters_zone = "Asia/Kathmandu"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network.toml"


def faults(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as found:
        network_file.read(path)
    return str(found.value).splitlines()


def test_file_gives_the_settings_that_no_variable_gives(path: Path) -> None:
    path.write_text(GOOD, encoding="utf-8")
    config = Config.from_environ({"OUTREACH_NETWORK_FILE": str(path)}, serving=True)
    assert config.controller == "Quien responde"
    assert config.brand == "Red de ejemplo"
    profile = config.profile
    assert profile.languages == ("fr", "en")
    assert profile.staff_language == "fr"
    assert profile.countries == ("CA", "NP")
    assert (profile.home_country, profile.vocabulary, profile.ranks) == ("", "", ())
    own = {"OUTREACH_NETWORK_FILE": str(path), "OUTREACH_CONTROLLER": "Otra"}
    assert Config.from_environ(own).controller == "Otra"


def test_every_fault_has_its_line(path: Path) -> None:
    text = GOOD.replace('"fr", "en"', '"fr", "de"').replace('"NP"', '"ZZ"')
    text += 'colour = "red"\n[brand]\nsign = "../sign.svg"\n[brand.light]\nmain = "#FFF"\n'
    text += '[[ranks]]\ncode = "A"\nes = "Sede"\n'
    found = faults(path, text)
    assert [each.partition(":")[0] for each in found] == [
        "network.toml, line 5",
        "network.toml, line 6",
        "network.toml, line 8",
        "network.toml, line 9",
        "network.toml, line 10",
        *["network.toml, line 11"] * 3,
        "network.toml, line 12",
        "network.toml, line 14",
    ]
    assert "languages has to be a list of es, en, fr" in found[0]
    assert "colour is no key" in found[2]


def test_missing_keys_are_all_named(path: Path) -> None:
    found = faults(path, 'name = "x"\n')
    assert len(found) == len(network_file.REQUIRED) - 1
    assert all(each.endswith("is missing.") for each in found)


def test_colours_that_cannot_be_read_are_faults_of_their_lines(path: Path) -> None:
    colours = "main = '{}'\non_main = '#ffffff'\naccent = '#ffc43d'\non_accent = '#191b28'\n"
    text = f"{GOOD}[brand.light]\n{colours.format('#ffc43d')}"
    text += f"[brand.dark]\n{colours.format('#2b2d7e')}"
    found = faults(path, text)
    assert any("line 9: brand.light.main has a contrast of" in each for each in found)
    assert any("line 14: brand.dark.main has a contrast of" in each for each in found)


@pytest.mark.parametrize("text", ["name = ", "\xff", "x" * network_file.MAX_BYTES + "x"])
def test_what_is_no_file_of_a_network_is_one_fault(path: Path, text: str) -> None:
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Misconfigured):
        network_file.read(path)
    with pytest.raises(Misconfigured, match="cannot be read"):
        network_file.read(path.with_name("none.toml"))


def test_texts_fall_back_to_the_first_language_of_the_network(path: Path) -> None:
    path.write_text(GOOD, encoding="utf-8")
    with use_profile(Config.from_environ({"OUTREACH_NETWORK_FILE": str(path)}).profile):
        assert i18n.current() == "fr"
        assert i18n.say({"en": "Hello", "fr": "Bonjour"}, "es") == "Bonjour"
        assert i18n.say({"en": "Hello"}, "fr") == "Hello"
        assert set(i18n.in_each("Guardar")) == {"fr", "en"}


@pytest.mark.parametrize("name", examples.list_names())
def test_examples_are_well(name: str) -> None:
    path = examples.find(name)
    assert path is not None
    assert (
        Config.from_environ({"OUTREACH_NETWORK_FILE": str(path)}, serving=True).network_file == path
    )
