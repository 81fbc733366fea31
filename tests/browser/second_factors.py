"""Second factors of the staff in browser tests. Each has many recovery codes, since a TOTP code
signs in once in half a minute."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from outreach.accounts import passwords, totp
from outreach.accounts.server_encryption import ServerEncryption
from outreach.domain.network import staff
from outreach.domain.network.staff import Role, RoleAssignment, StaffMember

PASSWORD: Final = "cuatro palabras de prueba"
SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
COOKIE: Final = "__Host-staff"
NORA: Final = "nora@example.org"  # has not set up a second factor yet
PABLO: Final = "pablo@example.org"  # prints new codes now and then
LONG: Final = 2000

# Recovery codes by e-mail that are unused on every server that this process has made.
_left: dict[str, list[str]] = {}
# A session cookie by e-mail, for visits to many pages.
_sessions: dict[str, Any] = {}


def make(session: Session, key: ServerEncryption, *, now: datetime) -> None:
    """Adds Nora and Pablo, and gives everybody but Nora a second factor."""
    for email in (PABLO, NORA):
        someone = StaffMember(email=email, password=passwords.hash_password(PASSWORD))
        someone.grants.append(RoleAssignment(office="chicago", role=Role.ORGANIZER))
        session.add(someone)
    session.flush()
    for someone in staff.list_staff(session):
        if someone.email == NORA:
            continue
        sheet = [f"{number:012}" for number in range(LONG)]
        totp.store_secret(session, someone.id, SECRET, key, now=now)
        totp.store_recovery_codes(session, someone.id, sheet, key)
        _left.setdefault(someone.email, sheet)


def next_code(email: str) -> str:
    """An unused recovery code."""
    return _left[email].pop()


def sign_in(page: Page, email: str) -> None:
    """Signs in with password and recovery code."""
    give_password(page, email)
    page.locator("#code").fill(next_code(email))
    page.locator("#waiting [type=submit]").click()
    page.wait_for_url("**/org/")


def come_in(page: Page, email: str) -> None:
    """Signs in, reusing the session of an earlier page if it is valid. For pages that do not end
    the session."""
    if email in _sessions:
        page.context.add_cookies([_sessions[email]])
        answer = page.goto("/org/mas")
        if answer and answer.url.endswith("/org/mas"):
            return
    sign_in(page, email)
    (cookie,) = (each for each in page.context.cookies() if each["name"] == COOKIE)
    _sessions[email] = {
        "name": COOKIE,
        "value": cookie["value"],
        "url": f"https://{urlsplit(page.url).netloc}/",  # a cookie of the whole host
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
    }


def give_password(page: Page, email: str) -> None:
    page.goto("/org/entrar")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("#waiting [type=submit]").click()
    page.wait_for_url("**/org/codigo")


def print_codes(page: Page) -> None:
    """Creates new recovery codes for Pablo and stores them here."""
    sign_in(page, PABLO)
    page.goto("/org/cuenta")
    page.get_by_role("button", name="Hacer 10 códigos nuevos").click()
    page.locator(".codes").wait_for()
    _left[PABLO] = page.locator(".codes li").all_inner_texts()
