"""Every page passes axe, fits its viewport, also with large text, is small, and stores nothing."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, Page, Request, Response, ViewportSize

from tests.browser import markup
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import opening
from tests.browser.pages import EVERY, IN_EVERY_LOOK, IN_EVERY_RUN, PUBLIC, visit
from tests.browser.world import World

# Keep the order: the tests of a page share one visit.
pytestmark = pytest.mark.random_order(disabled=True)

MAX_PAGE_BYTES = 40_000  # transferred with an empty cache
NARROW: Final[ViewportSize] = {"width": 320, "height": 640}
ALL_RULES: Final = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Dark mode changes colours only.
COLOUR_RULES: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
RUN_AXE: Final = """
    options => axe.run(options).then(found => ({...found, passes: [], inapplicable: []}))
"""
# What sticks out of the page, or of a box that hides the rest. Tables of data may: they scroll in
# a region of their own; and so may titles in the cells of a calendar, which has them below in full.
CUT: Final = """
    () => [...document.querySelectorAll('body *')]
        .filter(each => !each.closest('.visually-hidden, .skip, svg, .scroll *, .event'))
        .filter(each => each.checkVisibility())
        .filter(each => {
            const box = each.getBoundingClientRect();
            const isHiding = getComputedStyle(each).overflowX !== 'visible';
            const isField = each.matches('input, select, textarea, .scroll');
            return box.left < -1 || box.right > innerWidth + 1
                || isHiding && !isField && each.scrollWidth > each.clientWidth + 1;
        })
        .map(each => each.outerHTML.slice(0, 80))
"""
Look = tuple[ViewportSize, Literal["light", "dark"], dict[str, Any]]
LIGHT_PHONE: Final[Look] = (PHONE, "light", ALL_RULES)
LIGHT_DESKTOP: Final[Look] = (DESKTOP, "light", ALL_RULES)
DARK_PHONE: Final[Look] = (PHONE, "dark", COLOUR_RULES)
DARK_DESKTOP: Final[Look] = (DESKTOP, "dark", COLOUR_RULES)


class Visited(NamedTuple):
    """A page in a new browser context, and the requests it made."""

    name: str
    page: Page
    requests: list[Request]
    documents: list[Response]  # the pages that were opened on the way, and this one last

    @property
    def looks(self) -> tuple[list[Look], list[Look]]:
        """Returns what every run checks, and what only a long run checks."""
        if self.name in IN_EVERY_LOOK:
            return [LIGHT_DESKTOP, DARK_DESKTOP, LIGHT_PHONE, DARK_PHONE], []
        if self.name in PUBLIC:
            return [LIGHT_PHONE, DARK_DESKTOP], [DARK_PHONE, LIGHT_DESKTOP]
        return [LIGHT_DESKTOP], [DARK_DESKTOP, LIGHT_PHONE, DARK_PHONE]


def _parameters(names: Iterable[str]) -> list[Any]:
    """Returns a parameter for each name; those that are not in IN_EVERY_RUN are marked `long`."""
    only_long = pytest.mark.long
    return [pytest.param(each, marks=() if each in IN_EVERY_RUN else only_long) for each in names]


every_page = pytest.mark.parametrize("visited", _parameters(EVERY), indirect=True)
public_page = pytest.mark.parametrize("visited", _parameters(PUBLIC), indirect=True)


@pytest.fixture(scope="module")
def visited(request: pytest.FixtureRequest, browser: Browser, world: World) -> Iterator[Visited]:
    """One visit of a page, shared by its tests."""
    requests: list[Request] = []
    documents: list[Response] = []
    with opening(browser, world.url) as opened:
        page = opened(viewport=NARROW, reduced_motion="reduce")  # no colour transitions
        page.on("requestfinished", lambda each: requests.append(each))
        page.on("requestfailed", lambda each: requests.append(each))
        page.on(
            "response",
            lambda each: documents.append(each) if each.request.is_navigation_request() else None,
        )
        visit(page, world, request.param)
        yield Visited(request.param, page, requests, documents)


@pytest.fixture(scope="session", name="checker")
def _checker() -> Iterator[str]:
    with markup.serving() as address:
        yield address


@every_page
def test_page_is_accessible_and_fits_the_viewport(visited: Visited) -> None:
    page = visited.page
    for size in (NARROW, PHONE, DESKTOP):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{width} px too wide at {size['width']}"
    page.evaluate(AXE_SCRIPT)
    require_no_violation(page, visited.looks[0])


@every_page
def test_markup_is_valid(visited: Visited, checker: str) -> None:
    assert markup.find_faults(checker, visited.documents[-1].text()) == []


@public_page
def test_text_of_twice_the_size_is_not_cut(visited: Visited) -> None:
    page = visited.page
    page.set_viewport_size(NARROW)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found = page.evaluate(CUT)
    page.evaluate("document.documentElement.style.fontSize = ''")
    assert found == []


def _count_bytes(request: Request) -> int:
    """The size of the response's body as transferred. Chromium sometimes reports 0: then its size
    when unpacked."""
    response = request.response()
    assert response is not None
    return request.sizes()["responseBodySize"] or len(response.body())


@public_page
def test_page_is_small_has_no_third_party_requests_and_stores_nothing(
    visited: Visited, world: World
) -> None:
    page, requests = visited.page, visited.requests
    # `networkidle` takes half a second without requests; earlier tests used the page for longer.
    page.wait_for_load_state("networkidle")
    third_party = [each.url for each in requests if not each.url.startswith((world.url, "data:"))]
    assert third_party == []
    # A navigation aborts the request of the icon if it is still running.
    failed = [each for each in requests if each.failure and "ERR_ABORTED" not in each.failure]
    assert [each.url for each in failed] == []
    # Each address counts with its slowest load: a form is sent until it is old enough.
    sizes: dict[str, int] = {}
    for each in requests:
        if not each.failure and not each.url.startswith("data:"):
            sizes[each.url] = max(_count_bytes(each), sizes.get(each.url, 0))
    assert 1_000 < sum(sizes.values()) <= MAX_PAGE_BYTES
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.long
@every_page
def test_page_is_accessible_in_other_viewports_and_schemes(visited: Visited) -> None:
    visited.page.evaluate(AXE_SCRIPT)
    require_no_violation(visited.page, visited.looks[1])


def require_no_violation(page: Page, looks: list[Look]) -> None:
    """Asserts that axe finds no violation in each of these looks."""
    for size, scheme, rules in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        found = AxeResults(page.evaluate(RUN_AXE, options))
        assert found.violations_count == 0, f"{size} {scheme}\n{found.generate_report()}"
