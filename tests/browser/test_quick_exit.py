"""Quick exit: one tap leaves the page, and it is not in the history (S19, S27)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import early_posts
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.browser.world import World


def tap(page: Page) -> None:
    page.locator("[data-quick-exit]:visible").last.click()


def press_shift_three_times(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")


# All pages share one script: the keys are tested on one page, and on all in a long run.
both_ways = pytest.mark.parametrize(
    "leave", [tap, pytest.param(press_shift_three_times, marks=pytest.mark.long)]
)
pages = pytest.mark.parametrize(
    "address",
    [
        "/es/t/{discreet}",
        "/es/t/{discreet}/lugar",
        "/es/r/{discreet_seated}",
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (
                "/es/t/{discreet}nada",
                "/es/?tipo={discreet_kind}",
                "/es/r/{discreet_seated}/cambiar",
                "/es/r/{discreet_seated}/cancelar",
                "/es/calendario?tipo={discreet_kind}",
                "/es/mi-registro",
                "/es/seguridad",
            )
        ),
    ],
)


@both_ways
@pages
def test_quick_exit_replaces_the_page_in_history(
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


def test_shift_three_times_leaves_the_page(opened: Open, world: World) -> None:
    page = opened("/es/")
    page.goto(f"/es/t/{world.discreet}/lugar")
    press_shift_three_times(page)
    page.wait_for_url(world.quick_exit.url)
    page.go_back()
    expect(page).to_have_url(f"{world.url}/es/")


def test_quick_exit_leaves_no_discreet_page_in_history(opened: Open, world: World) -> None:
    """After the list, a workshop, its form with errors, the registration and the change form, the
    Back button finds the list only."""
    page = opened("/es/")
    page.locator(f"a[href*='/t/{world.discreet}']").first.click()
    page.get_by_role("link", name="Apartar mi lugar").locator("visible=true").click()
    page.locator("#name").wait_for()
    send(page)
    expect(page).to_have_title(re.compile(r"^Error: Taller · "))
    page.locator("#name").fill("Luz")
    page.locator("#consent").check(force=True)
    send(page)
    expect(page.locator("main")).to_have_attribute("data-standing", "seated")
    page.get_by_role("link", name="Cambiar mi cita").click()
    page.get_by_role("link", name="Volver a mi lugar").click()
    expect(page).to_have_title("Cita")
    link = page.url
    with page.expect_download() as entry:
        page.get_by_role("button", name="Agregar a mi calendario").click()
    assert entry.value.suggested_filename == "cita.ics"
    assert page.url == link, "the download must not leave the page"
    tap(page)
    page.wait_for_url(world.quick_exit.url)
    assert page.context.cookies() == []

    visited_urls = []
    while page.go_back(wait_until="load"):
        visited_urls.append(page.url)
        expect(page.locator("[data-quick-exit]")).to_have_count(0)
        expect(page.locator("h1")).to_have_text("Talleres gratis cerca de ti")
    assert set(visited_urls) == {f"{world.url}/es/"}


def send(page: Page) -> None:
    early_posts.send(page, page.locator("main form [type=submit]").click)


def test_page_restored_from_browser_cache_is_reloaded(opened: Open, world: World) -> None:
    """A page from the back/forward cache must not show the typed text."""
    page = opened(f"/es/t/{world.discreet}/lugar")
    page.locator("#name").fill("Luz")
    requested_urls: list[str] = []
    page.on("request", lambda request: requested_urls.append(request.url))
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(page.locator("#name")).to_have_value("")
    assert f"{world.url}/es/t/{world.discreet}/lugar" in requested_urls
    answer = page.reload()
    assert answer
    assert answer.header_value("cache-control") == "no-store"


def test_fragment_links_keep_the_page(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}/lugar")
    send(page)
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("[data-quick-exit]").first).to_be_attached()


def test_typing_capital_letters_does_not_trigger_quick_exit(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}/lugar")
    page.locator("#name").focus()
    for letter in ("M", "A", "R"):
        page.keyboard.down("Shift")
        page.keyboard.press(letter)
        page.keyboard.up("Shift")
    expect(page.locator("#name")).to_have_value("MAR")
    expect(page).to_have_url(re.compile(r"/lugar$"))


def test_quick_exit_blanks_the_page_at_once(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}")
    title_and_nodes = page.evaluate(
        """() => {
            document.querySelector('.button[data-quick-exit]').click();
            return [document.title, document.body.childNodes.length];
        }"""
    )
    assert title_and_nodes == ["…", 0]


def test_quick_exit_sends_no_referer(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}")
    world.quick_exit.referers.clear()
    tap(page)
    page.wait_for_url(world.quick_exit.url)
    assert world.quick_exit.referers == [None]


def test_quick_exit_works_without_javascript(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.discreet}", java_script_enabled=False)
    world.quick_exit.referers.clear()
    with page.expect_response("**/salir") as response:
        tap(page)
    page.wait_for_url(world.quick_exit.url)
    assert response.value.status == 303
    assert response.value.header_value("clear-site-data") == '"cache", "cookies", "storage"'
    assert response.value.header_value("cache-control") == "no-store"
    assert response.value.header_value("referrer-policy") == "no-referrer"
    assert world.quick_exit.referers == [None]
    assert page.context.cookies() == []


@pages
def test_quick_exit_is_the_second_tab_stop(opened: Open, world: World, address: str) -> None:
    page = opened(address.format(**vars(world)))
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Ir al contenido")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Salir rápido")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url(world.quick_exit.url)


@pages
@pytest.mark.parametrize(
    "size", [PHONE, pytest.param(DESKTOP, marks=pytest.mark.long)], ids=["phone", "desk"]
)
def test_quick_exit_is_visible_at_every_scroll_position(
    opened: Open, world: World, size: ViewportSize, address: str
) -> None:
    page = opened(address.format(**vars(world)), viewport=size)
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 200):
        page.evaluate("top => scrollTo(0, top)", top)
        in_sight = page.evaluate(
            """() => [...document.querySelectorAll('[data-quick-exit]')].some(link => {
                const box = link.getBoundingClientRect();
                const x = box.x + box.width / 2, y = box.y + box.height / 2;
                return box.width >= 44 && box.height >= 44
                    && link.contains(document.elementFromPoint(x, y));
            })"""
        )
        assert in_sight, f"out of sight {top} px down"


def test_ordinary_pages_have_no_quick_exit(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.plain}")
    expect(page.locator("[data-quick-exit]")).to_have_count(0)
