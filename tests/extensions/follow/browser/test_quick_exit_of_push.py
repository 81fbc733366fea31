"""«Salir rápido» ends the push messages of this browser."""

from typing import Final

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.browser.world import World

pytestmark = pytest.mark.browser


def tap(page: Page) -> None:
    page.locator("[data-quick-exit]:visible").last.click()


REGISTER: Final = """async () => {
    const scope = "/avisame/";
    const registration = await navigator.serviceWorker.register("/avisame/sw.js", { scope });
    const worker = registration.installing || registration.waiting || registration.active;
    while (worker.state !== "activated") await new Promise(requestAnimationFrame);
}"""
COUNT: Final = "async () => (await navigator.serviceWorker.getRegistrations()).length"
NOTIFY: Final = """async () => {
    const [registration] = await navigator.serviceWorker.getRegistrations();
    await registration.showNotification("Aviso", { tag: "x" });
    return (await registration.getNotifications()).length;
}"""
SHOWN: Final = """async () => {
    const scope = { scope: "/avisame/" };
    const registration = await navigator.serviceWorker.register("/avisame/sw.js", scope);
    return (await registration.getNotifications()).length;
}"""


@pytest.mark.parametrize("has_script", [True, False])
def test_quick_exit_ends_the_messages_of_this_browser(
    opened: Open, world: World, has_script: bool
) -> None:
    """With its service worker the browser drops the push subscription (Push API, 3.3), and nothing
    is left that could show a message."""
    page = opened("/es/avisame")
    page.evaluate(REGISTER)
    assert page.evaluate(COUNT) == 1
    if has_script:
        page.goto("/es/seguridad")
        tap(page)
        page.wait_for_url(world.quick_exit.url)
    else:
        page.goto("/es/salir")  # where the link leads
    page.goto("/es/avisame")
    assert page.evaluate(COUNT) == 0


@pytest.mark.long  # whose Chromium shows notifications; its headless shell has none
def test_quick_exit_takes_away_a_message_that_is_shown(opened: Open, world: World) -> None:
    page = opened("/es/avisame")
    page.context.grant_permissions(["notifications"], origin=world.url)
    page.evaluate(REGISTER)
    assert page.evaluate(NOTIFY) == 1
    page.goto("/es/seguridad")
    tap(page)
    page.wait_for_url(world.quick_exit.url)
    page.goto("/es/avisame")
    assert page.evaluate(SHOWN) == 0
