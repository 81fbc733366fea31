"""The list page on a phone: results come first and filters need no script."""

from typing import Final

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import Open

SMALL: Final[ViewportSize] = {"width": 360, "height": 640}
RESULTS: Final = (
    "/es/?donde=Chicago",
    "/es/?donde=Chicago&tipo=derechos&cuando=mes",
    "/en/?donde=60608",
    "/fr/?donde=Calgary",
)
CARD_Y: Final = "() => document.querySelector('.card').getBoundingClientRect().top"


@pytest.mark.parametrize(
    ("viewport", "path", "highest"),
    [
        *((PHONE, path, 470) for path in RESULTS),
        (PHONE, "/es/", 600),
        *((SMALL, path, 530) for path in RESULTS),
        (SMALL, "/es/", 660),
    ],
)
def test_first_workshop_is_high_on_the_screen(
    opened: Open, viewport: ViewportSize, path: str, highest: int
) -> None:
    assert opened(path, viewport=viewport).evaluate(CARD_Y) < highest


@pytest.mark.thorough
def test_filters_act_without_a_script_and_survive_the_way_back(opened: Open) -> None:
    page = opened("/es/?donde=Chicago", java_script_enabled=False)
    page.locator(".kind-tile", has_text="Tus derechos").click()
    page.locator(".more-filters > summary").click()
    page.get_by_role("link", name="Con lugares libres").first.click()
    chips = page.locator(".chip")
    expect(chips).to_have_count(2)
    searched = page.url
    page.locator(".card-title a").first.click()
    page.get_by_role("link", name="Todos los talleres").click()
    expect(page).to_have_url(searched)
    chips.first.click()
    expect(chips).to_have_count(1)
    page.locator(".search-summary > summary").click()
    page.get_by_label("¿Dónde estás?").fill("Calgary")
    page.locator(".search-summary").get_by_role("button", name="Buscar").click()
    expect(page.locator("h1")).to_contain_text("Calgary")
