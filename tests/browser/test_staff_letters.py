"""The letters to staff, as a mail program shows them."""

from datetime import UTC, datetime, time, timedelta

from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_every_page import ALL_RULES, COLOUR_RULES, require_no_violation
from tests.conftest import make_workshop
from tests.support.staff_mail import engage, html_of, serve_staff_mail

# A mail program shows a letter within a page of its own, which has the landmarks and the headings.
RULES = {**ALL_RULES, "values": [each for each in ALL_RULES["values"] if each != "best-practice"]}
SEVEN = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)  # Friday, 7:00 in Chicago


def test_digest_passes_axe(
    browser: Browser,
    app: Flask,
    store: Store,
    key_store: KeyStore,
    config: Config,
    chicago: Office,
    rights: Kind,
) -> None:
    engage(store)
    with store.change() as session:
        for days in (0, -1):  # today's, and one that is over and not reported
            day = SEVEN.date() + timedelta(days=days)
            make_workshop(session, chicago, rights, day=day, starts=time(16), ends=time(18))
    with serve_staff_mail(app, store, key_store, config) as mail:
        assert mail.digests(SEVEN)
        html = html_of(mail.last)
    page = browser.new_page()
    page.set_content(html)
    page.evaluate(AXE_SCRIPT)
    for size in (PHONE, DESKTOP):
        require_no_violation(page, [(size, "light", RULES), (size, "dark", COLOUR_RULES)])
    page.close()
