"""Registration on a phone: by keyboard, without JavaScript, with a time slot; offers and
reconfirmation."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import early_posts
from tests.browser.conftest import Open
from tests.browser.test_main_path import send, with_and_without
from tests.browser.world import World

MAX_TAB_STOPS = 60


@pytest.mark.thorough
@with_and_without
def test_registration_works_by_keyboard(opened: Open, world: World, has_script: bool) -> None:
    page = opened(f"/es/t/{world.plain}", java_script_enabled=has_script)
    follow(page, "Apartar mi lugar")

    tab_to(page, "Tu nombre o apodo")
    page.keyboard.type("Marta")
    tab_to(page, "(?:Mensaje de texto o l|L)lamada")
    page.keyboard.press("Space")
    for _ in ("Correo", "No me avisen"):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#contact-none")).to_be_checked()
    tab_to(page, "1")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#people-2")).to_be_checked()
    tab_to(page, r"¿Necesitas apoyo\?")
    page.keyboard.press("Enter")
    tab_to(page, "Entrada para silla de ruedas")
    page.keyboard.press("Space")
    early_posts.send(page, lambda: follow(page, "Apartar mi lugar"))

    expect(page.locator("main")).to_have_attribute("data-standing", "seated")
    expect(page.locator(".ticket")).to_contain_text("2 personas")


@pytest.mark.thorough
@with_and_without
def test_time_slot_is_chosen(opened: Open, world: World, has_script: bool) -> None:
    page = opened(f"/es/t/{world.more['more slots']}", java_script_enabled=has_script)
    page.get_by_role("link", name="Elegir mi hora").locator("visible=true").click()
    hour = "12:40" if has_script else "12:20"
    page.get_by_role("radio", name=re.compile(hour)).check(force=True)
    page.locator("#name").fill("Rosa")
    page.get_by_text("No me avisen").click()
    send(page, "Apartar mi hora")
    expect(page.locator("main")).to_have_attribute("data-standing", "seated")
    expect(page.locator(".ticket")).to_contain_text(f"{hour}\u00a0p.\u00a0m.")
    page.goto(f"/es/t/{world.more['more slots']}/lugar")
    expect(page.get_by_role("radio", name=re.compile(hour))).to_have_count(0)
    expect(page.locator(".hour.hour-taken").filter(has_text=hour)).to_be_visible()


@pytest.mark.parametrize(
    ("has_script", "name"), [(True, "one"), (False, "two")], ids=["with JavaScript", "without"]
)
def test_offer_is_accepted(opened: Open, world: World, has_script: bool, name: str) -> None:
    page = opened(f"/es/r/{world.more[f'offer {name}']}", java_script_enabled=has_script)
    expect(page.locator("main")).to_have_attribute("data-standing", "offered")
    expect(page.locator(".deadline")).to_contain_text("Son tuyos hasta")
    page.get_by_role("button", name="Sí, quiero mis 2 lugares").click()
    expect(page.locator("main")).to_have_attribute("data-standing", "seated")
    expect(page.locator("h1")).to_have_text("Listo, Rosa")


@pytest.mark.thorough
def test_reconfirmation_is_answered_yes_and_no(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.more['reconfirmation one']}")
    page.get_by_role("button", name="Sí, sigo").click()
    expect(page.locator("main")).to_contain_text("Ya nos dijiste que vienes.")

    page = opened(f"/es/r/{world.more['reconfirmation two']}", java_script_enabled=False)
    page.get_by_role("link", name="No puedo ir").click()
    expect(page.locator("h1")).to_have_text("¿Sigues viniendo?")
    expect(page.locator("main")).to_contain_text("Borramos tu nombre y tu correo")
    page.get_by_role("button", name="No, cancelar").click()
    expect(page.locator("h1")).to_have_text("Listo")


@with_and_without
def test_used_up_accommodation_is_disabled(opened: Open, world: World, has_script: bool) -> None:
    page = opened(f"/es/t/{world.more['limited']}/lugar", java_script_enabled=has_script)
    used_up = page.get_by_role("checkbox", name="Ya no queda cuidado de niños")
    expect(used_up).to_be_visible()
    expect(used_up).to_be_disabled()
    expect(page.get_by_role("checkbox", name="Intérprete de náhuatl")).to_be_enabled()


def test_only_the_chosen_contact_field_is_visible(opened: Open, world: World) -> None:
    page = opened(f"/es/r/{world.more['e-mail contact']}/cambiar")
    expect(page.locator("#contact-same")).to_be_checked()
    expect(page.locator("#email")).to_be_hidden()
    page.locator("label:has(#contact-phone)").click()
    expect(page.locator("#phone")).to_be_visible()
    expect(page.get_by_text(re.compile("¿Podemos dejar mensaje|¿Cómo te avisamos"))).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until an element with that name has the focus."""
    wanted = re.compile(rf"^\s*(?:{name})")
    for _ in range(MAX_TAB_STOPS):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and wanted.match(_label_of(focused.first)):
            return
    raise AssertionError(f"no tab leads to {name}")


def follow(page: Page, name: str) -> None:
    """Tabs to the element with that name, presses Enter and waits for the next page."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _label_of(focused: Locator) -> str:
    """Returns the label of a field, or the text of a link or button."""
    words: str = focused.evaluate(
        "e => (e.labels && e.labels.length ? e.labels[0] : e).textContent.trim()"
    )
    return words
