"""Staff are told of what others could do with their account (S35)."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts import credentials
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.maintenance.worker import Worker
from tests.support.limits import UNLIMITED
from tests.support.soft_passkey import SoftKey
from tests.support.staff_client import (
    PASSWORD,
    StaffClient,
    Visitor,
    employ,
    enrol,
    signed_in_as,
)

pytestmark = pytest.mark.any_database("letters to staff")

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
PHONE = "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile"


class BrowserOf(Visitor):
    """A browser with this User-Agent."""

    def __init__(self, app: Flask, agent: str) -> None:
        super().__init__(app)
        self.agent = agent

    def _headers(self) -> dict[str, str]:
        return super()._headers() | {"User-Agent": self.agent}


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Flask:
    return make_app(limits=UNLIMITED)


@pytest.fixture
def ana(site: Flask, store: Store, chicago: Office) -> int:
    organizer_id = employ(store)
    enrol(site, store)
    return organizer_id


def come_in(site: Flask, store: Store, agent: str) -> TestResponse:
    with store.change() as session:  # a code is good for one sign-in
        session.execute(sa.text("UPDATE totp_secret SET last_step = 0"))
    answer = BrowserOf(site, agent).come_in()
    assert answer.status_code == 303
    return answer


def topics(store: Store) -> list[MailingTopic]:
    with store.read() as session:
        return list(session.scalars(sa.select(Mailing.topic).order_by(Mailing.id)))


def test_sign_in_with_a_new_browser_sends_a_letter(site: Flask, store: Store, ana: int) -> None:
    come_in(site, store, FIREFOX)
    come_in(site, store, FIREFOX)
    assert topics(store) == [], "the first browser, and the same again"
    come_in(site, store, PHONE)
    assert topics(store) == [MailingTopic.SIGN_IN]
    come_in(site, store, PHONE)
    assert topics(store) == [MailingTopic.SIGN_IN]


def add_passkey(site: Flask, store: Store, ana: StaffClient) -> None:
    key = SoftKey()
    options = ana.post("/org/cuenta/llaves/reto").get_json()
    ana.post("/org/cuenta/llaves", name="Mi teléfono", answer=key.create(options))


def change_password(_site: Flask, _store: Store, ana: StaffClient) -> None:
    ana.post("/org/cuenta/contrasena", password=PASSWORD, new="another long password")


def print_codes(_site: Flask, _store: Store, ana: StaffClient) -> None:
    ana.post("/org/cuenta/codigos")


def reset(_site: Flask, store: Store, _ana: StaffClient) -> None:
    with store.change() as session:
        [organizer] = session.scalars(sa.select(StaffMember))
        credentials.reset(session, organizer, now=clock.now())


@pytest.mark.parametrize("act", [add_passkey, change_password, print_codes, reset])
def test_change_of_how_one_signs_in_sends_a_letter(
    site: Flask, store: Store, ana: int, act: Callable[[Flask, Store, StaffClient], None]
) -> None:
    act(site, store, signed_in_as(site, store, ana))
    assert topics(store) == [MailingTopic.ACCOUNT]


def test_letters_reach_the_staff_member_and_name_nobody(
    make_app: Callable[..., Flask], config: Config, store: Store, chicago: Office
) -> None:
    folder = config.data / "letters"
    app = make_app(mail_folder=folder, limits=UNLIMITED)
    organizer_id = employ(store)
    enrol(app, store)
    print_codes(app, store, signed_in_as(app, store, organizer_id))
    Worker(app).once()
    [letter] = [path.read_text() for path in folder.glob("*.eml")]
    assert "To: ana@example.org" in letter
    assert f"{config.public_url}/org/cuenta" in letter.replace("=\n", "")


def test_disabled_account_gets_no_letter(
    make_app: Callable[..., Flask], config: Config, store: Store, chicago: Office
) -> None:
    folder: Any = config.data / "letters"
    app = make_app(mail_folder=folder)
    employ(store)
    reset(app, store, StaffClient(app.test_client(), "", ""))
    with store.change() as session:
        [organizer] = session.scalars(sa.select(StaffMember))
        credentials.disable(session, organizer, now=clock.now())
    Worker(app).once()
    assert list(folder.glob("*.eml")) == []
