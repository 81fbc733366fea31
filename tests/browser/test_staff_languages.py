"""Every staff page in the languages of the staff, for each role: it fits the viewport, passes axe
in light and dark, and has no message in Spanish where the page is in another language.

In Spanish, `test_every_page` has those of an organizer and of an administrator. That no page has a
word which is in no catalogue is tested by the pseudo-language (tests/i18n), and that the catalogues
are complete in tests/project/test_translations.py.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser import second_factors
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import opening
from tests.browser.data_bulletins import ELENA
from tests.browser.pages import ERRORS, HEADQUARTERS, STAFF
from tests.browser.second_factors import DAVID, LEA, RITA
from tests.browser.test_every_page import ALL_RULES, COLOUR_RULES, NARROW, require_no_violation
from tests.browser.world import ANA, World
from tests.support.translations import messages

pytestmark = pytest.mark.long

Pages = Mapping[str, Callable[[World], str]]
HTML_LANG: Final = {"en": "en", "fr": "fr-CA", "es": "es-MX"}
PARTS: Final = 8  # the pages are shared out among tests, each of less than three minutes
REFUSED: Final = frozenset({403, 404})  # a page that is not for this role
OWN_LANGUAGE: Final = frozenset({"bulletin preview"})  # that of the bulletin
PEOPLE: Final[Mapping[str, Pages]] = {
    ANA: STAFF,
    ELENA: HEADQUARTERS,
    LEA: {**STAFF, **HEADQUARTERS},
    DAVID: STAFF,
    # To a reader the address of a QR code is a public page, in the language of the browser.
    RITA: {name: STAFF[name] for name in STAFF if not name.startswith("QR code")},
}
VISITS: Final = [
    (email, language)
    for email in PEOPLE
    for language in HTML_LANG
    if language != "es" or email not in {ANA, ELENA}
]
MIN_LENGTH: Final = 13  # shorter messages are also names, and words of other languages
# The words of a page without what people typed: the latter is in fields, or says its language.
READ_WORDS: Final = """
    language => {
        const body = document.body.cloneNode(true);
        const others = `[lang]:not([lang^="${language}"])`;
        const typed = 'textarea, #textos [data-summary]';
        body.querySelectorAll(`script, style, ${typed}, ${others}`).forEach(each => each.remove());
        const parts = [body.textContent];
        for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
            body.querySelectorAll(`[${name}]`).forEach(each => parts.push(each.getAttribute(name)));
        return parts.join(' | ').replace(/\\\\s+/g, ' ');
    }
"""


def choose_language(page: Page, language: str) -> None:
    page.goto("/org/cuenta")
    page.locator(f"input[name=language][value={language}]").check()
    page.locator("form[action='/org/cuenta/idioma'] button").click()
    page.wait_for_url("**/org/cuenta?hecho=idioma")


@cache
def list_spanish_messages(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """The Spanish messages without placeholders that are said otherwise in this language."""
    found = set[str]()
    for message in messages(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
        found |= {
            each
            for each in ids
            if len(each) >= MIN_LENGTH and "%" not in each and not any(each in t for t in texts)
        }
    return [(each, re.compile(rf"(?<!\w){re.escape(each)}(?!\w)")) for each in sorted(found)]


def find_spanish(page: Page, language: str) -> list[str]:
    if language == "es":
        return []
    text = page.evaluate(READ_WORDS, language)
    return [each for each, words in list_spanish_messages(language) if words.search(text)]


@pytest.fixture
def person(
    request: pytest.FixtureRequest, browser: Browser, world: World
) -> Iterator[tuple[Page, str]]:
    """Somebody signed in; in Spanish again at the end."""
    with opening(browser, world.url) as opened:
        page = opened(viewport=NARROW, reduced_motion="reduce")
        second_factors.sign_in_or_reuse_session(page, request.param)
        yield page, request.param
        choose_language(page, "es")


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("person", "language"), VISITS, indirect=["person"])
def test_staff_pages_fit_and_are_accessible_in_each_language(
    person: tuple[Page, str], world: World, language: str, part: int
) -> None:
    page, email = person
    choose_language(page, language)
    refused, spanish = 0, dict[str, list[str]]()
    for name in sorted(PEOPLE[email])[part::PARTS]:
        if name in {*ERRORS, *OWN_LANGUAGE}:
            continue
        answer = page.goto(PEOPLE[email][name](world))
        assert answer is not None
        assert page.locator("html").get_attribute("lang") == HTML_LANG[language], name
        if found := find_spanish(page, language):
            spanish[name] = found
        refused += answer.status in REFUSED
        if answer.status in REFUSED and refused > 1:  # one refusal looks as another
            continue
        for size in (NARROW, PHONE, DESKTOP):
            page.set_viewport_size(size)
            width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{name}: {width} px too wide at {size['width']}"
        page.evaluate(AXE_SCRIPT)
        require_no_violation(page, [(DESKTOP, "light", ALL_RULES), (DESKTOP, "dark", COLOUR_RULES)])
    assert spanish == {}
