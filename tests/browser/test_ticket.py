"""The ticket in a browser: what the phone keeps, and what is forwarded."""

from playwright.sync_api import Request, expect

from tests.browser.conftest import Open
from tests.browser.world import World


def test_hour_of_leaving_stays_on_the_phone(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.seated}")
    requests: list[Request] = []
    page.wait_for_load_state("networkidle")
    page.on("request", lambda each: requests.append(each))
    page.get_by_label("¿A qué hora sales de tu casa?").fill("08:15")
    shown = page.locator("[data-leave-shown]")
    expect(shown).to_contain_text("Sales de tu casa a las 8:15")
    assert requests == []
    stored = page.evaluate("JSON.stringify({...localStorage})")
    assert "08:15" in stored
    assert world.seated not in stored, "nothing that opens the ticket"
    page.reload()
    expect(shown).to_contain_text("8:15")
    page.get_by_label("¿A qué hora sales de tu casa?").fill("")
    assert page.evaluate("localStorage.length") == 0


def test_hour_of_a_past_day_is_deleted(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.seated}")
    page.evaluate("localStorage.setItem('salida 2020-01-01', '08:00')")
    page.reload()
    expect(page.get_by_label("¿A qué hora sales de tu casa?")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_discreet_ticket_asks_no_hour_and_invites_nobody(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.discreet_seated}")
    assert page.locator("[data-leave-home]").count() == 0
    assert page.get_by_text("Trae a alguien").count() == 0


def test_text_to_forward_from_the_ticket_has_no_identifier(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.seated}")
    invitation = page.locator("#invitacion").inner_text()
    assert f"/es/t/{world.plain}" in invitation
    assert "¿Vamos?" in invitation
    links = page.locator("section:has(#invitacion) a")
    for number in range(links.count()):
        address = links.nth(number).get_attribute("href")
        assert address is not None
        assert world.seated not in address
