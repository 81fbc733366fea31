"""Every staff page in English and French: it fits the viewport and passes axe, as in Spanish.

That no page has a word which is in no catalogue is tested by the pseudo-language (tests/i18n), and
that the catalogues are complete in tests/core/test_i18n.py.
"""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser import second_factors
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import opening
from tests.browser.data_bulletins import ELENA
from tests.browser.pages import ERRORS, HEADQUARTERS, STAFF
from tests.browser.test_every_page import ALL_RULES, NARROW, require_no_violation
from tests.browser.world import ANA, World

pytestmark = pytest.mark.long

HTML_LANG: Final = {"en": "en", "fr": "fr-CA", "es": "es-MX"}
PARTS: Final = 4  # the pages are shared out among tests, which run beside each other
PEOPLE: Final = {ANA: STAFF, ELENA: HEADQUARTERS}


def choose_language(page: Page, language: str) -> None:
    page.goto("/org/cuenta")
    page.locator(f"input[name=language][value={language}]").check()
    page.locator("form[action='/org/cuenta/idioma'] button").click()
    page.wait_for_url("**/org/cuenta?hecho=idioma")


@pytest.fixture(params=PEOPLE)
def person(
    request: pytest.FixtureRequest, browser: Browser, world: World
) -> Iterator[tuple[Page, dict[str, Callable[[World], str]]]]:
    """Somebody signed in, with the pages that they open; in Spanish again at the end."""
    with opening(browser, world.url) as opened:
        page = opened(viewport=NARROW, reduced_motion="reduce")
        second_factors.sign_in_or_reuse_session(page, request.param)
        yield page, PEOPLE[request.param]
        choose_language(page, "es")


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_staff_pages_fit_and_are_accessible_in_each_language(
    person: tuple[Page, dict[str, Callable[[World], str]]],
    world: World,
    language: str,
    part: int,
) -> None:
    page, pages = person
    choose_language(page, language)
    for name in sorted(pages)[part::PARTS]:
        if name in ERRORS:
            continue
        page.goto(pages[name](world))
        assert page.locator("html").get_attribute("lang") == HTML_LANG[language], name
        for size in (NARROW, PHONE, DESKTOP):
            page.set_viewport_size(size)
            width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{name}: {width} px too wide at {size['width']}"
        page.evaluate(AXE_SCRIPT)
        require_no_violation(page, [(DESKTOP, "light", ALL_RULES)])
