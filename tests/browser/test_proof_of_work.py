"""The registration form works for its number while the brake is on: with JavaScript and without."""

import re
from collections.abc import Callable, Iterator
from time import monotonic
from urllib.request import urlopen

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from outreach import clock
from outreach.db.store import Store
from outreach.keystore import SaveBrake
from outreach.keystore.save_rates import SaveRates
from tests.browser import early_posts
from tests.browser.conftest import Open
from tests.browser.world import World

WORKING = "Estamos apartando tu lugar."
NOTICE = re.compile(r"Tu turno sigue en \d+ segundos?\.")


@pytest.fixture
def start_brake(world: World) -> Iterator[Callable[[], None]]:
    """Turns on the brake of the server; it is off again at the end of the test."""
    store = Store(world.keyring_url)

    def start_brake() -> None:
        with store.change_rows() as connection:
            SaveRates(store).start_brake(connection, now=clock.now())
        wait_for_brake(world, is_on=True)

    yield start_brake
    with store.change_rows() as connection:
        connection.execute(sa.delete(SaveBrake))
    store.close()
    wait_for_brake(world, is_on=False)


def wait_for_brake(world: World, *, is_on: bool) -> None:
    """Each process of the server reads it once a second: waits until all answers agree for
    longer."""
    since = monotonic()
    while monotonic() - since < 1.2:
        with urlopen(f"{world.url}/es/t/{world.plain}/lugar") as answer:
            if (b"data-pow=" in answer.read()) is not is_on:
                since = monotonic()


def fill(page: Page, world: World) -> None:
    """Fills in the form of a discreet workshop, as slowly as the server wants it."""
    page.locator("#name").press_sequentially("Luz", delay=700)
    page.locator("#consent").check(force=True)


def press(page: Page) -> None:
    page.locator("#enviar").click()


def press_and_give_up(page: Page) -> None:
    press(page)
    expect(page.get_by_text(WORKING)).to_be_visible()
    skip_the_work(page)


def skip_the_work(page: Page) -> None:
    """Puts the clock of the work ahead by more than it lasts at most. `Clock.fast_forward` stops
    the time that the page reads meanwhile, so that a slice of the work could never end."""
    page.evaluate(
        """() => {
            const now = performance.now.bind(performance);
            performance.now = () => now() + 5100;
        }"""
    )


def ask_too_much(page: Page) -> None:
    """Makes the forms of this page ask for a number that nobody finds."""

    def change(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        body = re.sub(r'data-pow-bits="\d+"', 'data-pow-bits="32"', answer.text())
        route.fulfill(response=answer, body=body)

    page.route("**/lugar", change)


@pytest.mark.long
def test_number_is_found_while_one_types(
    opened: Open, world: World, start_brake: Callable[[], None]
) -> None:
    start_brake()
    page = opened(f"/es/t/{world.discreet}/lugar")
    number = page.locator("input[name=pow]")
    expect(number).to_have_value("")
    fill(page, world)
    expect(number).to_have_value(re.compile(r"^\d+$"))
    early_posts.send(page, lambda: press(page))
    expect(page.locator("main")).to_have_attribute("data-standing", "seated")


@pytest.mark.thorough
def test_form_is_sent_when_the_number_is_found(
    opened: Open, world: World, start_brake: Callable[[], None]
) -> None:
    """Also one that was opened before; and Back finds only the list of workshops."""
    page = opened("/es/")
    page.goto(f"/es/t/{world.discreet}/lugar")
    fill(page, world)
    start_brake()
    early_posts.send(page, lambda: press(page))
    expect(page.locator("main")).to_have_attribute("data-standing", "seated")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Talleres gratis cerca de ti")


@pytest.mark.thorough
def test_quick_exit_answers_during_the_work(
    opened: Open, world: World, start_brake: Callable[[], None]
) -> None:
    start_brake()
    page = opened()
    ask_too_much(page)
    page.goto(f"/es/t/{world.discreet}/lugar")
    fill(page, world)
    press(page)
    expect(page.get_by_text(WORKING)).to_be_visible()
    expect(page.locator("#enviar")).to_be_disabled()
    # How late a timer is: the work leaves the page free in between.
    late = page.evaluate(
        """() => new Promise(resolve => {
            const found = [];
            const look = before => setTimeout(() => {
                found.push(performance.now() - before);
                if (found.length < 21) look(performance.now());
                else resolve(found.sort((a, b) => a - b)[10]);
            }, 0);
            look(performance.now());
        })"""
    )
    assert late < 100, f"{late} ms"
    page.locator("[data-quick-exit]:visible").last.click()
    page.wait_for_url(world.quick_exit.url)


@pytest.mark.long
def test_work_is_given_up_for_the_wait(
    opened: Open, world: World, start_brake: Callable[[], None]
) -> None:
    start_brake()
    page = opened()
    page.clock.install()
    ask_too_much(page)
    page.goto(f"/es/t/{world.discreet}/lugar")
    fill(page, world)
    early_posts.send(page, lambda: press_and_give_up(page))
    # The answer has the wait, and works on.
    expect(page.locator("#name")).to_have_value("Luz")
    expect(page.get_by_text(WORKING)).to_be_visible()
    expect(page.get_by_text(NOTICE)).to_be_hidden()
    skip_the_work(page)
    expect(page.get_by_text(NOTICE)).to_be_visible()
    expect(page.get_by_text(WORKING)).to_be_hidden()
    expect(page.locator("#enviar")).to_be_enabled()
    with page.expect_navigation():  # its wait is over for the browser, and not for the server
        page.clock.fast_forward(20_100)
    expect(page.locator("#name")).to_have_value("Luz")


@pytest.mark.thorough
def test_wait_without_javascript_keeps_what_was_typed(
    opened: Open, world: World, start_brake: Callable[[], None]
) -> None:
    start_brake()
    page = opened(f"/es/t/{world.plain}/lugar", java_script_enabled=False)
    page.locator("#name").fill("Rosa")
    page.get_by_text("No me avisen").click()
    early_posts.send(page, lambda: press(page))
    expect(page.get_by_role("heading", name=NOTICE)).to_be_visible()
    expect(page).to_have_title(re.compile(r"^Aparta tu lugar"))
    expect(page.locator("#name")).to_have_value("Rosa")
    expect(page.locator("#contact-none")).to_be_checked()
    again = page.get_by_role("button", name="Apartar mi lugar").first
    expect(again).to_be_in_viewport()
    again.click()
    expect(page.get_by_role("heading", name=NOTICE)).to_be_visible()
    expect(page.locator("#name")).to_have_value("Rosa")
