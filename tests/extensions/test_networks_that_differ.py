"""Two networks in one process have different extensions, and neither has the other's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from flask import Flask
from markupsafe import Markup

from outreach import extension, extension_points, i18n
from outreach.config import Config
from outreach.extension import Extension
from outreach.network_profile import NetworkProfile, use_profile
from outreach.translations import catalogues
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent
from tests.support.network_scene import opened

LINE = "<link rel=made-for-this-test href=/>"
made = Extension(
    name="made",
    summary="A line in the head of the list.",
    pages=ExtensionPages(slots=(SlotContent(slot="list_head", render=lambda _: Markup(LINE)),)),
)


@pytest.mark.any_database("which pages a network has")
@pytest.mark.parametrize("is_first", [True, False])
def test_each_network_has_the_slots_that_it_chose(
    config: Config, second_config: Config, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    def load(names: Sequence[str]) -> tuple[Extension, ...]:
        return (made,) if "made" in names else ()

    monkeypatch.setattr(extension, "load", load)
    names = (("made",), ()) if is_first else ((), ("made",))
    settings = [
        replace(each, extensions=own)
        for each, own in zip((config, second_config), names, strict=True)
    ]
    with opened(*settings) as scene:
        # Twice, by turns: the second time from what is kept in memory.
        for network in (scene.north, scene.south) * 2:
            has_it = bool(network.config.extensions)
            assert (LINE in scene.ask(network, "/es/").text) is has_it, network.word


@pytest.mark.any_database("which pages a network has")
def test_each_network_has_the_pages_that_it_chose(config: Config, second_config: Config) -> None:
    known = {each: extension.find(each) for each in sorted(ours())}
    alone = [name for name, each in known.items() if not each.requires]
    choices = tuple(alone[::2]), tuple(alone[1::2])
    settings = [
        replace(each, extensions=own)
        for each, own in zip((config, second_config), choices, strict=True)
    ]
    with opened(*settings) as scene:
        paths = {
            network.word: list_paths(network.app, [known[each] for each in own])
            for network, own in zip((scene.north, scene.south), choices, strict=True)
        }
        north, south = paths.values()
        assert north
        assert not north & south
        for network in (scene.north, scene.south) * 2:
            for word, found in paths.items():
                there = {each for each in found if scene.ask(network, each).status_code != 404}
                assert bool(there) is (word == network.word), there


def ours() -> set[str]:
    folder = Path(extension_points.__file__).with_name("extensions")
    return {each.parent.name for each in folder.glob("*/__init__.py")}


def list_paths(app: Flask, chosen: Sequence[Extension]) -> set[str]:
    """The addresses of these extensions, in Spanish, that have no other part to fill in."""
    own = {pages.name for each in chosen for pages in each.pages.blueprints}
    rules = [each for each in app.url_map.iter_rules() if "GET" in (each.methods or ())]
    found = {each.rule for each in rules if each.endpoint.partition(".")[0] in own}
    paths = {each.replace("<lang:lang>", "es") for each in found}
    return {each for each in paths if "<" not in each}


@pytest.mark.any_database("what is said depends on no database")
def test_words_of_an_extension_are_said_where_it_is_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "translations/fr/LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog("fr")
    catalogue.add("Una palabra de más", "Un mot de plus")
    catalogue.add("Español", "autre chose")
    catalogues.write(folder / "messages.po", catalogue)
    catalogues.compile_all(tmp_path)
    places = {"made_of_words": tmp_path}
    monkeypatch.setattr(extension_points, "find_folder", places.get)
    with_it = replace(NetworkProfile(), extensions=("made_of_words",))
    for profile, words in ((NetworkProfile(), "Una palabra de más"), (with_it, "Un mot de plus")):
        with use_profile(profile):
            assert i18n.translate("Una palabra de más", "fr") == words
            assert i18n.as_markup("Una palabra de más", "fr") == words
            assert i18n.translate("Español", "fr") == "Espagnol", "the core's words come first"
