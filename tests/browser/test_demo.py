"""`outreach demo` in a browser. OUTREACH_PICTURES=1 stores its list and its month as the README's
pictures."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Open
from tests.support import server_process
from tests.support.ports import free_port

pytestmark = pytest.mark.thorough

PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running demo."""
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    url = f"http://localhost:{port}"
    arguments = ["demo", "--port", str(port), "--data", str(folder / "data")]
    with server_process.running(arguments, f"{url}/es/", settings={}, log=folder / "log"):
        output = (folder / "log").read_text()
        assert f"{url}/es/cifras/2020-01" in output
        assert "ana@example.org" in output
        assert re.search(r"ana@example\.org .*\n +code now [0-9]{6}  secret [A-Z2-7]{32}\n", output)
        yield url


def test_demo_lists_workshops(opened: Open, demo: str, tmp_path: Path) -> None:
    tall_viewport = PHONE | {"height": 1500}  # shows the first days of the list
    page = opened(base_url=demo, viewport=tall_viewport, device_scale_factor=2)
    page.goto("/es/")
    expect(page.get_by_role("link", name="Ver más talleres")).to_be_visible()
    assert page.locator(".card").count() > 20
    _save_screenshot(page, "list.png", tmp_path)
    page.goto("/es/?modalidad=presencial")
    shown = re.search(r"\d+", page.locator("h1").inner_text())
    assert shown
    assert int(shown[0]) >= 100


def test_demo_has_published_figures_of_january_2020(
    opened: Open, demo: str, tmp_path: Path
) -> None:
    page = opened(base_url=demo, viewport=DESKTOP)
    page.goto("/es/cifras/2020-01")
    for figure in ("164", "57", "33", "37", "109,657"):
        expect(page.locator("main")).to_contain_text(figure)
    expect(page.locator("main")).to_contain_text("solo los totales por tipo son reales")
    _save_screenshot(page, "month.png", tmp_path)


@pytest.mark.long
def test_printed_account_can_sign_in(opened: Open, demo: str) -> None:
    page = opened(base_url=demo, viewport=DESKTOP)
    page.goto("/org/entrar")
    page.locator("input[name=email]").fill("ana@example.org")
    page.locator("input[name=password]").fill("cuatro palabras de prueba")
    page.locator("#waiting [type=submit]").click()
    page.locator("#code").fill(page.locator("#demostracion").inner_text())
    page.locator("#waiting [type=submit]").click()
    expect(page).not_to_have_url(re.compile("/org/(entrar|codigo)"))
    expect(page.locator("main h1")).to_be_visible()
    page.goto("/org/por-atender")
    waiting = page.get_by_role("navigation", name="Por atender")
    for sort in ("aprobar", "llamar", "confirmar", "avisar", "reportar"):
        expect(waiting.get_by_role("link", name=re.compile(sort))).to_be_visible()


def _save_screenshot(page: Page, name: str, fallback_folder: Path) -> None:
    is_requested = os.environ.get("OUTREACH_PICTURES") == "1"
    page.screenshot(path=(PICTURES if is_requested else fallback_folder) / name)
