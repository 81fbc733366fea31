"""The first page of an empty site: it passes axe, and offices and kinds are loaded by keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from outreach import clock
from outreach.accounts import passwords
from outreach.accounts.server_encryption import ServerEncryption
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from tests.browser import second_factors
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import opening
from tests.browser.keyboard import press, reach
from tests.browser.test_every_page import ALL_RULES, COLOUR_RULES, Look, require_no_violation
from tests.support import server_process
from tests.support.ports import free_port

ADMIN = "administra@example.org"
LOOKS: list[Look] = [
    (PHONE, "light", ALL_RULES),
    (PHONE, "dark", COLOUR_RULES),
    (DESKTOP, "light", ALL_RULES),
    (DESKTOP, "dark", COLOUR_RULES),
]


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[str]:
    """The URL of a site with one account, and nothing else."""
    url = f"http://localhost:{(port := free_port())}"
    config = Config(
        data=tmp_path / "data",
        keys=tmp_path / "keys",
        database_url=f"sqlite:///{tmp_path / 'data' / 'outreach.db'}",
        keyring_url=f"sqlite:///{tmp_path / 'keys' / 'keyring.db'}",
        public_url=url,
    )
    bring_up_to_date(config)
    store = Store(config.database_url)
    change_sessions.install(store)
    with store.change() as session:
        admin = StaffMember(email=ADMIN, password=passwords.hash_password(second_factors.PASSWORD))
        admin.grants.append(RoleAssignment(office=ALL_OFFICES, role=Role.ADMIN))
        session.add(admin)
        session.flush()
        second_factors.equip(session, admin, ServerEncryption(config.secret()), now=clock.now())
    store.close()
    settings = {
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_PUBLIC_URL": url,
        "OUTREACH_MAIL_FROM": "talleres@example.org",
        "OUTREACH_CONTROLLER": "Red de consulados",
        "OUTREACH_TRUSTED_PROXIES": "1",
    }
    log = config.data / "server.log"
    arguments = ["serve", "--port", str(port)]
    with server_process.running(arguments, f"{url}/org/entrar", settings=settings, log=log):
        yield url


def check_page(page: Page) -> None:
    """Asserts that the page fits and passes axe in each look; leaves it at the desktop's size."""
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{width} px too wide at {size['width']}"
    page.evaluate(AXE_SCRIPT)
    require_no_violation(page, LOOKS)


@pytest.mark.thorough
def test_first_day_is_accessible_and_loads_packaged_files_by_keyboard(
    browser: Browser, empty_site: str
) -> None:
    with opening(browser, empty_site) as opened:
        page = opened(viewport=DESKTOP, reduced_motion="reduce")
        second_factors.sign_in(page, ADMIN)
        check_page(page)
        for done, step in ((1, "Las oficinas"), (2, "Los tipos de taller")):
            expect(page.get_by_role("heading", level=1)).to_have_text("Empecemos")
            expect(page.locator("#pasos")).to_have_text(f"{done} de 6 listos")
            press(page, "link", re.compile(f"^Revisar.*{step}"))
            page.wait_for_url("**/org/empezar/*")
            check_page(page)
            reach(page, "checkbox", re.compile("^Ya lo revisé"))
            page.keyboard.press("Space")
            press(page, "button", "Cargar")
            page.wait_for_url("**/org/")
        expect(page.locator("#pasos")).to_have_text("3 de 6 listos")
