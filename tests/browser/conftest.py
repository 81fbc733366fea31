"""Fixtures: one Chromium, one server, and new pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from tests.browser import chromium, world
from tests.support.registration_forms import own_address

HERE = Path(__file__).parent
expect.set_options(timeout=15_000)
# Tests request pages that answer 404 or 422; any other console message is a failure.
EXPECTED_MESSAGE: Final = "Failed to load resource: the server responded with a status of 4"

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", name="world")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.World]:
    with world.running(tmp_path_factory.mktemp("world")) as created:
        yield created


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the tests of this folder: while Playwright runs, its event loop is that of the
    thread, and what calls `asyncio.run` fails, as signing a PDF does."""
    try:
        with chromium.running() as browser:
            yield browser
    except Error as error:
        pytest.fail(f"Chromium does not start; tests/run installs it. {error.message}")


@pytest.fixture
def opened(browser: Browser, world: world.World) -> Iterator[Open]:
    with opening(browser, world.url) as open_page:
        yield open_page


_people: Final = count()


@contextmanager
def opening(browser: Browser, url: str) -> Iterator[Open]:
    """Yields a function that opens a page in a new context, with a phone's viewport by default.

    At the end of the block, asserts that no page logged an error or a warning."""
    console_errors: list[str] = []
    contexts: list[BrowserContext] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED_MESSAGE):
            console_errors.append(message.text)

    def open_page(address: str = "", **options: Any) -> Page:
        # A person of their own, behind a proxy: one address may take only its share (S29).
        address_of_person = {"X-Forwarded-For": own_address(next(_people))}
        settings = {
            "viewport": chromium.PHONE,
            "locale": "es-MX",
            "base_url": url,
            "extra_http_headers": address_of_person,
        } | options
        context = browser.new_context(**settings)
        context.set_default_timeout(30_000)  # the machine may be busy
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        if address:
            page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert console_errors == []
