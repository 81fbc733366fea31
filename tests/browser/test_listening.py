"""The button «Escuchar» and the microphone of the staff's page, in Chromium.

The voices and the microphone are those of a device, which a headless browser has not: a page gets
stand-ins for them, and what it says is collected.
"""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.pages import visit
from tests.browser.world import World

# A device with these voices; `window.said` collects what they are given to say.
VOICES: Final = """(() => {
    window.said = [];
    const voices = %s;
    const synthesis = {
        getVoices: () => voices,
        cancel: () => { window.said.push("(stop)"); },
        speak: (said) => {
            window.said.push(`${said.voice.name}: ${said.text}`);
            if (window.said.length < 200) setTimeout(() => said.onend && said.onend(), 0);
        },
        addEventListener: () => {},
    };
    Object.defineProperty(window, "speechSynthesis", { value: synthesis });
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
})()"""
LOCAL: Final = '[{name: "Paulina", lang: "es-MX", localService: true}]'
REMOTE: Final = '[{name: "Cloud", lang: "es-MX", localService: false}]'
ENGLISH: Final = '[{name: "Ann", lang: "en-US", localService: true}]'
TONE: Final = """(() => {
    navigator.mediaDevices.getUserMedia = async () => {
        const sound = new AudioContext();
        const tone = sound.createOscillator();
        const out = sound.createMediaStreamDestination();
        tone.connect(out);
        tone.start();
        return out.stream;
    };
})()"""


def with_voices(opened: Open, voices: str, path: str, **options: object) -> Page:
    page = opened(**options)
    page.add_init_script(VOICES % voices)
    page.goto(path)
    return page


def said(page: Page) -> str:
    words: list[str] = page.evaluate("window.said")
    return " ".join(words)


@pytest.mark.parametrize("voices", ["[]", REMOTE, ENGLISH], ids=["none", "remote", "English"])
def test_button_shows_only_with_a_voice_of_the_device_for_the_language(
    opened: Open, world: World, voices: str
) -> None:
    page = with_voices(opened, voices, f"/es/t/{world.plain}")
    expect(page.locator("[data-listen]")).to_be_hidden()


def test_page_without_scripts_has_no_button_that_does_nothing(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.plain}", java_script_enabled=False)
    expect(page.locator("[data-listen]")).to_be_hidden()
    expect(page.locator("[data-copy]")).to_be_hidden()


def test_button_reads_the_page_and_stops(opened: Open, world: World) -> None:
    page = with_voices(opened, LOCAL, f"/es/t/{world.plain}")
    button = page.get_by_role("button", name="Escuchar")
    button.click()
    expect(page.get_by_role("button", name="Escuchar")).to_be_visible()  # it has come to its end
    words = said(page)
    title = page.locator("h1").inner_text()
    assert f"Paulina: {title}" in words
    assert words.count(title) == 1, "a fact that the page has twice is said once"
    assert "Gratis" in words
    assert "WhatsApp" not in words


def test_ticket_is_read_without_an_address(opened: Open, world: World) -> None:
    page = with_voices(opened, LOCAL, f"/es/r/{world.seated}")
    page.get_by_role("button", name="Escuchar").click()
    expect(page.get_by_role("button", name="Escuchar")).to_be_visible()  # it has come to its end
    words = said(page)
    assert "Tu lugar está apartado." in words
    code = page.locator(".code .visually-hidden").text_content() or ""
    assert code in words
    address = page.locator(".ticket .key-fact").nth(1).inner_text().splitlines()[0]
    assert address
    assert address not in words


@pytest.mark.parametrize("name", ["discreet workshop", "discreet registration", "safety"])
def test_discreet_pages_have_no_button(opened: Open, world: World, name: str) -> None:
    page = opened()
    page.add_init_script(VOICES % LOCAL)
    visit(page, world, name)
    assert page.locator("[data-listen]").count() == 0
    assert page.evaluate("window.said") == []


@pytest.mark.thorough
def test_organizer_records_with_the_microphone(opened: Open, world: World) -> None:
    page = opened()
    page.add_init_script(TONE)
    visit(page, world, "recordings of a workshop")
    page.get_by_role("button", name="Grabar aquí").click()
    expect(page.get_by_text("0:02")).to_be_visible()
    page.get_by_role("button", name="Terminar").click()
    expect(page.get_by_text("Lista para guardar.")).to_be_visible()
    page.get_by_label("Idioma").select_option("nah")
    page.get_by_label("Lo que dice").fill("Xihuallacan.")
    page.get_by_role("button", name="Guardar la grabación").click()
    expect(page.get_by_text("Grabación guardada.")).to_be_visible()
    page.goto(f"/es/t/{world.plain}")
    player = page.locator("audio")
    expect(player).to_have_count(1)
    seconds = player.evaluate(
        "async (each) => { each.load(); await each.play(); each.pause(); return each.duration; }"
    )
    assert seconds > 1
