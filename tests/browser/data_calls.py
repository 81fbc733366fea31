"""An agent of the call centre, and dates of Boise with enough seats for every test."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import passwords
from outreach.domain.network import kinds, offices
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from tests.browser import second_factors
from tests.conftest import make_workshop

INES: Final = "ines@example.org"  # an agent of the call centre
SEARCH: Final = "/org/llamada?donde=Boise&tipo=derechos&personas=2&idioma=es"
_session_cookies: Final[list[dict[str, object]]] = []


def make_agent(session: Session) -> None:
    """Adds Inés; before the second factors are given."""
    ines = StaffMember(email=INES, password=passwords.hash_password(second_factors.PASSWORD))
    ines.grants.append(RoleAssignment(office=ALL_OFFICES, role=Role.CALLER))
    session.add(ines)


def make_dates(session: Session) -> None:
    boise, rights = offices.find(session, "boise"), kinds.find(session, "derechos")
    for days in (5, 8, 12, 15):
        make_workshop(
            session, boise, rights, capacity=900, day=clock.now().date() + timedelta(days=days),
        )  # fmt: skip


def sign_in(page: Page) -> None:
    """Signs Inés in, or reuses her session."""
    if _session_cookies:
        page.context.add_cookies(_session_cookies)  # type: ignore[arg-type]  # as `cookies` gave it
        answer = page.goto("/org/llamada")
        if answer and answer.status == 200 and urlsplit(answer.url).path == "/org/llamada":
            return
    second_factors.enter_password(page, INES)
    page.locator("#code").fill(second_factors.next_code(INES))
    page.locator("#waiting [type=submit]").click()
    page.wait_for_url("**/org/llamada")
    _session_cookies[:] = [
        {"name": each["name"], "value": each["value"], "url": f"https://{urlsplit(page.url).netloc}/",
         "secure": True, "httpOnly": True, "sameSite": "Lax"}
        for each in page.context.cookies()
        if each["name"] == second_factors.COOKIE
    ]  # fmt: skip


def hold_place(page: Page) -> None:
    """Holds the first date, and shows its code."""
    sign_in(page)
    page.goto(SEARCH)
    page.get_by_role("button", name="Apartar 2").first.click()
    page.wait_for_url("**/org/llamada/*")
