"""What holds for every page: on a phone, on a desk, in the dark, for everybody."""

from typing import Any, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, ViewportSize

from tests.browser.chromium import DESK, PHONE
from tests.browser.conftest import Open
from tests.browser.places import EVERY, PUBLIC, visit
from tests.browser.world import World

HEAVIEST = 40_000  # bytes over the wire, of a page nobody has seen before
NARROW: Final[ViewportSize] = {"width": 320, "height": 640}
ALL_RULES: Final = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# The dark changes colours and nothing else.
OF_COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
Look = tuple[ViewportSize, Literal["light", "dark"], dict[str, Any]]
LOOKS: Final[list[Look]] = [(PHONE, "light", ALL_RULES), (DESK, "dark", OF_COLOURS)]
OTHER_LOOKS: Final[list[Look]] = [(PHONE, "dark", OF_COLOURS), (DESK, "light", ALL_RULES)]
every_page = pytest.mark.parametrize("name", EVERY)
public_page = pytest.mark.parametrize("name", PUBLIC)


@every_page
def test_everybody_can_use_it_and_nothing_sticks_out_sideways(
    opened: Open, world: World, name: str
) -> None:
    page = opened(viewport=NARROW, reduced_motion="reduce")  # or colours are measured on their way
    visit(page, world, name)
    for size in (NARROW, PHONE, DESK):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{width} px too wide at {size['width']}"
    require_for_everybody(page, LOOKS)


@pytest.mark.long
@every_page
def test_everybody_can_use_it_as_it_looks_elsewhere_too(
    opened: Open, world: World, name: str
) -> None:
    page = opened(viewport=NARROW, reduced_motion="reduce")
    visit(page, world, name)
    require_for_everybody(page, OTHER_LOOKS)


def require_for_everybody(page: Page, looks: list[Look]) -> None:
    """The rules of WCAG that a program can check hold in each of these looks."""
    for size, scheme, rules in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": rules})
        assert found.violations_count == 0, f"{size} {scheme}\n{found.generate_report()}"


@public_page
def test_it_is_light_asks_nobody_else_and_stores_nothing(
    opened: Open, world: World, name: str
) -> None:
    asked: list[Request] = []
    page = opened()
    page.on("requestfinished", lambda request: asked.append(request))
    page.on("requestfailed", lambda request: asked.append(request))
    visit(page, world, name)
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
    assert 1_000 < weight <= HEAVIEST
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
