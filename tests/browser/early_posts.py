"""Sends forms that the server refuses within two seconds of their display."""

from collections.abc import Callable

from playwright.sync_api import Page


def send(page: Page, press: Callable[[], object]) -> None:
    """Calls `press` and waits for the next page; repeats while the page asks to wait."""
    is_early = True
    while is_early:
        with page.expect_navigation():
            press()
        page.locator("footer").wait_for(state="attached")  # the whole page is there
        is_early = page.get_by_role("alert").filter(has_text="Espera un momento").count() > 0
