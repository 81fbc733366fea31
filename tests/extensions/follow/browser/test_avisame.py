"""«Avísame» in a browser: the permission, the service worker, its messages."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.world import World

pytestmark = pytest.mark.browser

REGISTER = """async () => {
    const scope = "/avisame/";
    const registration = await navigator.serviceWorker.register("/avisame/sw.js", { scope });
    const worker = registration.installing || registration.waiting || registration.active;
    while (worker.state !== "activated") await new Promise(requestAnimationFrame);
    return registration.scope;
}"""
SHOWN = """async () => {
    const [registration] = await navigator.serviceWorker.getRegistrations();
    const found = await registration.getNotifications();
    return found.length && found.map(each => [each.title, each.body, each.data]);
}"""


def test_push_is_offered_and_a_refused_permission_is_explained(opened: Open, world: World) -> None:
    page = opened("/es/avisame?donde=60608")
    choice = page.locator("#contact-push")
    expect(choice).to_be_visible()
    expect(page.get_by_text("Tu teléfono no dio permiso.")).to_be_hidden()
    choice.check()
    expect(page.get_by_text("No nos das tu número.")).to_be_visible()
    page.get_by_role("button", name="Avísame").click()
    expect(page.get_by_text("Tu teléfono no dio permiso.")).to_be_visible()
    expect(page).to_have_url(f"{world.url}/es/avisame?donde=60608")


def test_without_scripts_no_push_is_offered(opened: Open, world: World) -> None:
    page = opened("/es/avisame", java_script_enabled=False)
    expect(page.locator("#contact-push")).to_be_hidden()
    expect(page.locator("#contact-email")).to_be_visible()


@pytest.mark.long  # whose Chromium shows notifications; its headless shell has none
def test_worker_shows_a_neutral_message(opened: Open, world: World) -> None:
    page = opened("/es/avisame")
    page.context.grant_permissions(["notifications"], origin=world.url)
    assert page.evaluate(REGISTER) == f"{world.url}/avisame/"
    found: list[str] = []
    session = page.context.new_cdp_session(page)
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    message = {"title": "Aviso", "body": "Hay fechas nuevas.", "path": "/es/", "lang": "es"}
    for _ in range(600):  # frames: ten seconds
        if found:
            break
        page.evaluate("() => new Promise(requestAnimationFrame)")
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": world.url, "registrationId": found[0], "data": json.dumps(message)},
    )
    shown = page.wait_for_function(SHOWN, timeout=15_000)
    assert shown.json_value() == [["Aviso", "Hay fechas nuevas.", "/es/"]]
