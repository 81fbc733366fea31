"""Every page passes axe, fits its viewport, is small, and stores nothing."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, Page, Request, ViewportSize

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import opening
from tests.browser.pages import ALIKE, EVERY, PUBLIC, visit
from tests.browser.world import World

MAX_PAGE_BYTES = 40_000  # over the wire, with an empty cache
NARROW: Final[ViewportSize] = {"width": 320, "height": 640}
ALL_RULES: Final = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Dark mode changes colours only.
OF_COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
RUN_AXE: Final = """
    options => axe.run(options).then(found => ({...found, passes: [], inapplicable: []}))
"""
Look = tuple[ViewportSize, Literal["light", "dark"], dict[str, Any]]
LOOKS: Final[list[Look]] = [(PHONE, "light", ALL_RULES), (DESKTOP, "dark", OF_COLOURS)]
OTHER_LOOKS: Final[list[Look]] = [(PHONE, "dark", OF_COLOURS), (DESKTOP, "light", ALL_RULES)]


class Visited(NamedTuple):
    """A page in a new browser context, and the requests it made."""

    page: Page
    asked: list[Request]


def _each(names: Iterable[str]) -> list[Any]:
    """Parameters; pages in ALIKE are for long runs only."""
    alike = pytest.mark.long
    return [pytest.param(each, marks=alike if each in ALIKE else ()) for each in names]


every_page = pytest.mark.parametrize("visited", _each(EVERY), indirect=True)
public_page = pytest.mark.parametrize("visited", _each(PUBLIC), indirect=True)


@pytest.fixture(scope="module")
def visited(request: pytest.FixtureRequest, browser: Browser, world: World) -> Iterator[Visited]:
    """One visit of a page, shared by its tests."""
    asked: list[Request] = []
    with opening(browser, world.url) as opened:
        page = opened(viewport=NARROW, reduced_motion="reduce")  # or colours are on their way
        page.on("requestfinished", lambda each: asked.append(each))
        page.on("requestfailed", lambda each: asked.append(each))
        visit(page, world, request.param)
        yield Visited(page, asked)


@every_page
def test_page_is_accessible_and_fits_the_viewport(visited: Visited) -> None:
    page = visited.page
    for size in (NARROW, PHONE, DESKTOP):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{width} px too wide at {size['width']}"
    page.evaluate(AXE_SCRIPT)
    require_for_everybody(page, LOOKS)


@public_page
def test_page_is_small_has_no_third_party_requests_and_stores_nothing(
    visited: Visited, world: World
) -> None:
    page, asked = visited
    # Half a second without a question: it is over by now, since the page has been used before.
    page.wait_for_load_state("networkidle")
    elsewhere = [each.url for each in asked if not each.url.startswith((world.url, "data:"))]
    assert elsewhere == []
    # An icon that is still on its way when the next page is asked for is let go.
    failed = [each for each in asked if each.failure and "ERR_ABORTED" not in each.failure]
    assert [each.url for each in failed] == []
    weight = sum(
        each.sizes()["responseBodySize"]
        for each in asked
        if not each.failure and not each.url.startswith("data:")
    )
    assert 1_000 < weight <= MAX_PAGE_BYTES
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.long
@every_page
def test_page_is_accessible_in_other_viewports_and_schemes(visited: Visited) -> None:
    visited.page.evaluate(AXE_SCRIPT)
    require_for_everybody(visited.page, OTHER_LOOKS)


def require_for_everybody(page: Page, looks: list[Look]) -> None:
    """Asserts that axe finds no violation in each of these looks."""
    for size, scheme, rules in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        found = AxeResults(page.evaluate(RUN_AXE, options))
        assert found.violations_count == 0, f"{size} {scheme}\n{found.generate_report()}"
