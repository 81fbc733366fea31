"""Every text that a person reads comes from a catalogue (issue 16, part 4).

The walk runs in a process of its own, since the languages of a site are read once. It covers
public pages, staff pages, letters, text messages, feeds, PDF files, bulletins and error pages.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from outreach import i18n
from outreach.translations import catalogues
from tests.i18n.unmarked import ALLOWED, words, words_of_page

CHECKOUT: Final = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.any_database("the text of pages")
def test_no_unmarked_word_in_the_pseudo_language() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.i18n.add_pseudo", "-p",
         "no:cacheprovider", "tests/i18n/pseudo_walk.py"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout[-6000:]


def test_text_outside_of_a_catalogue_is_found() -> None:
    accented = catalogues.accented("Aparta tu lugar")
    assert words(accented, ALLOWED) == set()
    page = f"<p>{accented} <b aria-label='Cerrar'>Guardar</b> https://example.org/x</p>"
    assert words_of_page(page, ALLOWED) == {"Cerrar", "Guardar"}
    assert words_of_page("<script>let x</script><code>GET</code>", ALLOWED) == set()


def test_accents_keep_placeholders_tags_and_addresses() -> None:
    text = "Hola %(name)s: <b class='x'>%d</b> {page} https://example.org/ver &nbsp;"
    assert catalogues.accented(text) == text.replace("Hola", "Ĥöĺä").replace("ĺ", "ľ")


@pytest.mark.long
def test_pseudo_catalogue_is_complete(tmp_path: Path) -> None:
    catalogues.write_pseudo(tmp_path, "qps")
    catalogue = catalogues.read(tmp_path / "qps" / catalogues.PO, "en")
    assert {(each.context, each.id) for each in catalogue} == {
        (each.context, each.id)
        for folder in catalogues.list_folders()
        for each in catalogues.extract(folder)
    }
    assert [each.id for each in catalogue if each.id and not all(_forms(each.string))] == []


def _forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def test_every_language_has_its_catalogue_and_locale() -> None:
    assert set(i18n.LANGUAGES) == set(i18n.NAMES)
    assert all(i18n.get_locale(lang).language for lang in i18n.LANGUAGES)
    for lang in i18n.LANGUAGES[1:]:
        assert (catalogues.FOLDER / lang / catalogues.PO).is_file()
