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
NORA: Final = "nora@example.org"  # has no second factor
PABLO: Final = "pablo@example.org"  # his recovery codes are replaced by some tests
# One of each role that Ana and Elena do not have.
LEA, DAVID, RITA = "lea@example.org", "david@example.org", "rita@example.org"
ROLES: Final = {
    PABLO: Role.ORGANIZER,
    NORA: Role.ORGANIZER,
    LEA: Role.LEAD,
    DAVID: Role.DOOR,
    RITA: Role.READER,
}
CODE_COUNT: Final = 2000

# Recovery codes by e-mail address that are unused on every server of this process.
_unused_codes: dict[str, list[str]] = {}
# Session cookies by e-mail address, reused by visits to many pages.
_session_cookies: dict[str, Any] = {}


def make(session: Session, key: ServerEncryption, *, now: datetime) -> None:
    """Adds the accounts of ROLES, and gives everybody but Nora a second factor."""
    for email, role in ROLES.items():
        staff_member = StaffMember(email=email, password=passwords.hash_password(PASSWORD))
        staff_member.grants.append(RoleAssignment(office="chicago", role=role))
        session.add(staff_member)
    session.flush()
    for staff_member in staff.list_staff(session):
        if staff_member.email == NORA:
            continue
        equip(session, staff_member, key, now=now)


def equip(
    session: Session, staff_member: StaffMember, key: ServerEncryption, *, now: datetime
) -> None:
    """Gives the staff member a second factor."""
    codes = [f"{number:012}" for number in range(CODE_COUNT)]
    totp.store_secret(session, staff_member.id, SECRET, key, now=now)
    totp.store_recovery_codes(session, staff_member.id, codes, key)
    _unused_codes.setdefault(staff_member.email, codes)


def next_code(email: str) -> str:
    """Returns an unused recovery code and removes it from the list."""
    return _unused_codes[email].pop()


def sign_in(page: Page, email: str) -> None:
    """Signs in with password and recovery code."""
    enter_password(page, email)
    page.locator("#code").fill(next_code(email))
    page.locator("#waiting [type=submit]").click()
    page.wait_for_url("**/org/")


def sign_in_or_reuse_session(page: Page, email: str) -> None:
    """Signs in, or reuses the session of an earlier page if it is valid. For tests that do not end
    the session."""
    if email in _session_cookies:
        page.context.add_cookies([_session_cookies[email]])
        answer = page.goto("/org/mas")
        if answer and urlsplit(answer.url).path == "/org/mas":
            return
    sign_in(page, email)
    (cookie,) = (each for each in page.context.cookies() if each["name"] == COOKIE)
    _session_cookies[email] = {
        "name": COOKIE,
        "value": cookie["value"],
        "url": f"https://{urlsplit(page.url).netloc}/",  # valid for the whole host
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
    }


def enter_password(page: Page, email: str) -> None:
    page.goto("/org/entrar")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("#waiting [type=submit]").click()
    page.wait_for_url("**/org/codigo")


def print_codes(page: Page) -> None:
    """Creates new recovery codes for Pablo; `next_code` returns them afterwards."""
    sign_in(page, PABLO)
    page.goto("/org/cuenta")
    page.get_by_role("button", name="Hacer 10 códigos nuevos").click()
    page.locator(".codes").wait_for()
    _unused_codes[PABLO] = page.locator(".codes li").all_inner_texts()
