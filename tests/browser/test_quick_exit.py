"""Luz's partner may look over her shoulder: away from here in one tap, and no way back
(safety.md S19, S27)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.chromium import DESK, PHONE
from tests.browser.conftest import Open
from tests.browser.world import World


def tap(page: Page) -> None:
    page.locator("[data-salir]:visible").last.click()


def press_shift_three_times(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")


both = pytest.mark.parametrize("leave", [tap, press_shift_three_times])
pages = pytest.mark.parametrize(
    "address",
    [
        "/es/t/{discreet}",
        "/es/t/{discreet}/lugar",
        "/es/r/{discreet_seated}",
        "/es/?tipo={discreet_kind}",
        "/es/mi-registro",
        "/es/seguridad",
    ],
)


@both
@pages
def test_back_shows_the_page_before(
    opened: Open, world: World, leave: Callable[[Page], None], address: str
) -> None:
    page = opened("/es/")
    page.goto(address.format(**vars(world)))
    leave(page)
    page.wait_for_url(world.quick_exit.url)
    page.go_back()
    expect(page).to_have_url(f"{world.url}/es/")
    page.go_forward()
    expect(page).to_have_url(world.quick_exit.url)


def test_the_page_is_blank_before_the_network_answers(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}")
    seen = page.evaluate(
        """() => {
            document.querySelector('.btn[data-salir]').click();
            return [document.title, document.body.childNodes.length];
        }"""
    )
    assert seen == ["…", 0]


def test_the_other_site_is_not_told_where_she_was(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}")
    world.quick_exit.referers.clear()
    tap(page)
    page.wait_for_url(world.quick_exit.url)
    assert world.quick_exit.referers == [None]


def test_without_javascript_it_leaves_too(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}", java_script_enabled=False)
    with page.expect_response("**/salir") as answered:
        tap(page)
    page.wait_for_url(world.quick_exit.url)
    assert answered.value.status == 303
    assert answered.value.header_value("clear-site-data") == '"cache", "cookies", "storage"'
    assert answered.value.header_value("cache-control") == "no-store"


def test_it_is_the_second_stop_of_the_tab_key(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Salir rápido")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url(world.quick_exit.url)


@pages
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_it_is_in_sight_wherever_she_scrolls(
    opened: Open, world: World, size: ViewportSize, address: str
) -> None:
    page = opened(address.format(**vars(world)), viewport=size)
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 200):
        page.evaluate("top => scrollTo(0, top)", top)
        in_sight = page.evaluate(
            """() => [...document.querySelectorAll('[data-salir]')].some(link => {
                const box = link.getBoundingClientRect();
                const x = box.x + box.width / 2, y = box.y + box.height / 2;
                return box.width >= 44 && box.height >= 44
                    && link.contains(document.elementFromPoint(x, y));
            })"""
        )
        assert in_sight, f"out of sight {top} px down"


def test_other_pages_have_none(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.plain}")
    expect(page.locator("[data-salir]")).to_have_count(0)
