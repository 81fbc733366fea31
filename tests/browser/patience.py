"""Forms that want to have been open for two seconds, as a person has them."""

from collections.abc import Callable

from playwright.sync_api import Page


def send(page: Page, press: Callable[[], object]) -> None:
    """Presses, and waits for the page that comes of it; again for as long as it says to wait."""
    is_early = True
    while is_early:
        with page.expect_navigation():
            press()
        is_early = page.get_by_role("alert").filter(has_text="Espera un momento").count() > 0
