"""One Chromium, one server, and a page as each person has it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from tests.browser.world import World, running

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("OUTREACH_TEST_CHROMIUM") or "/usr/bin/chromium"
FLAGS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
# A page that says 404 or 422 is one we asked for; anything else in the console is a fault.
EXPECTED: Final = "Failed to load resource: the server responded with a status of 4"

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    sandbox = os.geteuid() != 0  # Chromium's own does not work as root
    try:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, chromium_sandbox=sandbox
        )
    except Error as error:
        pytest.fail(f"Chromium does not start; tests/run installs it. {error.message}")
    yield browser
    browser.close()


@pytest.fixture
def opened(chromium: Browser, world: World) -> Iterator[Open]:
    """Opens a new page, a phone's unless told otherwise, as nobody has used it before.

    At the end of the test, no page may have complained in the console."""
    complaints: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    def open_page(address: str = "", **options: Any) -> Page:
        given = {"viewport": PHONE, "locale": "es-MX", "base_url": world.url} | options
        context = chromium.new_context(**given)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if address:
            page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
