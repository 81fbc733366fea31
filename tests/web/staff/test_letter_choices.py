"""Which letters staff get: the form on the account's page, and the link that turns them off without
a sign-in. The link only shows a page; nobody turns off the letters of another account.
"""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter import mail_choices
from outreach.domain.newsletter.mail_choices import LetterGroup, MailChoice, StaffLetter
from outreach.keystore import KeyStore
from tests.support.login import journal
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database("what the pages say")

CROSS_SITE = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ana(store: Store, chicago: Office) -> int:
    return employ(store)


@pytest.fixture
def page(app: Flask, store: Store, ana: int) -> StaffClient:
    return signed_in_as(app, store, ana)


def choice_of(store: Store, organizer_id: int) -> MailChoice:
    with store.read() as session:
        return mail_choices.read(session, organizer_id)


def link_of(
    store: Store, key_store: KeyStore, organizer_id: int, group: LetterGroup = LetterGroup.DIGEST
) -> str:
    with store.read() as session:
        staff_member = session.get_one(StaffMember, organizer_id)
        return f"/org/correo/{mail_choices.make_token(key_store, staff_member, group)}/baja"


def test_account_page_offers_the_hours_and_the_alerts(page: StaffClient) -> None:
    text = page.get("/org/cuenta").text
    assert '<option value="7" selected>' in text
    assert len(re.findall(r' name="letter" [^>]* checked>', text)) == 3
    assert "Hora de Chicago" in text


def test_choice_is_stored_and_shown(page: StaffClient, store: Store, ana: int) -> None:
    answer = page.post("/org/cuenta/correos", hour="9", letter=["approval", "burst"])
    assert answer.status_code == 303
    assert "Guardamos qué correos recibes." in page.get(answer.headers["Location"]).text
    stored = choice_of(store, ana)
    assert (stored.digest_hour, set(stored.unwanted)) == (9, {"full"})
    text = page.get("/org/cuenta").text
    assert '<option value="9" selected>' in text
    assert re.findall(r'name="letter" value="(\w+)" checked', text) == ["approval", "burst"]
    page.post("/org/cuenta/correos", hour="9", letter=["approval", "burst"])
    assert journal(store).count("letters chosen") == 1, "the same choice is no change"


def test_digest_off_keeps_the_hour_for_later(page: StaffClient, store: Store, ana: int) -> None:
    page.post("/org/cuenta/correos", hour="9")
    page.post("/org/cuenta/correos", hour="")
    stored = choice_of(store, ana)
    assert stored.digest_hour == 9
    assert not stored.wants(StaffLetter.DIGEST)
    assert '<option value="" selected>' in page.get("/org/cuenta").text


@pytest.mark.parametrize("hour", ["4", "13", "-7", "7.5", "x", "٧", "700"])
def test_hour_that_is_not_offered_is_refused(
    page: StaffClient, store: Store, ana: int, hour: str
) -> None:
    assert page.post("/org/cuenta/correos", hour=hour).status_code == 422
    assert choice_of(store, ana).digest_hour == mail_choices.USUAL_HOUR


def test_form_needs_the_token_of_the_session(page: StaffClient, store: Store, ana: int) -> None:
    assert page.post("/org/cuenta/correos", hour="9", token="x").status_code == 403
    assert choice_of(store, ana).digest_hour == mail_choices.USUAL_HOUR


def test_who_keeps_the_door_chooses_the_digest_only(
    app: Flask, store: Store, chicago: Office
) -> None:
    tomas = employ(store, "tomas@example.org", Role.DOOR)
    page = signed_in_as(app, store, tomas)
    text = page.get("/org/cuenta").text
    assert 'name="hour"' in text
    assert 'name="letter"' not in text
    page.post("/org/cuenta/correos", hour="8")
    stored = choice_of(store, tomas)
    assert stored.wants_any(LetterGroup.ALERTS), "a form without alerts decides none"
    assert stored.digest_hour == 8


def test_reader_is_offered_no_letters(app: Flask, store: Store, chicago: Office) -> None:
    page = signed_in_as(app, store, employ(store, "luis@example.org", Role.READER))
    assert 'name="hour"' not in page.get("/org/cuenta").text


def test_headquarters_read_the_hour_of_their_own_clock(
    app: Flask, store: Store, chicago: Office
) -> None:
    page = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    assert "Hora de Ciudad de México" in page.get("/org/cuenta").text


def test_link_shows_a_page_and_its_button_stops_the_letter(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: int
) -> None:
    link = link_of(store, key_store, ana)
    page = client.get(link)
    assert page.status_code == 200
    assert "¿Dejar de recibir el correo de la mañana?" in page.text
    assert choice_of(store, ana).wants(StaffLetter.DIGEST), "a mail scanner changes nothing (S06)"
    for _each in range(2):
        answer = client.post(link)
        assert answer.status_code == 200
        assert "Ya no recibes el correo de la mañana." in answer.text
    stored = choice_of(store, ana)
    assert not stored.wants(StaffLetter.DIGEST)
    assert stored.wants_any(LetterGroup.ALERTS)
    assert "Ya no recibes" in client.get(link).text
    assert journal(store) == ["letters turned off"]


def test_link_of_an_alert_stops_all_alerts(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: int
) -> None:
    assert "estos avisos" in client.post(link_of(store, key_store, ana, LetterGroup.ALERTS)).text
    stored = choice_of(store, ana)
    assert not stored.wants_any(LetterGroup.ALERTS)
    assert stored.wants(StaffLetter.DIGEST)


def test_one_click_of_a_mail_program_stops_the_letter(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: int
) -> None:
    link = link_of(store, key_store, ana)
    assert client.post(link, headers=CROSS_SITE).status_code == 403
    assert client.post(link, headers=CROSS_SITE, data={"x": "One-Click"}).status_code == 403
    other = client.post("/org/cuenta/correos", headers=CROSS_SITE, data=ONE_CLICK)
    assert other.status_code == 403
    assert choice_of(store, ana).wants(StaffLetter.DIGEST)
    answer = client.post(link, headers=CROSS_SITE, data=ONE_CLICK)
    assert answer.status_code == 200
    assert not choice_of(store, ana).wants(StaffLetter.DIGEST)


def test_page_of_the_link_names_nobody_and_sets_no_cookie(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: int
) -> None:
    for answer in (
        client.get(link_of(store, key_store, ana)),
        client.post(link_of(store, key_store, ana)),
    ):
        assert "ana@" not in answer.text
        assert "Chicago" not in answer.text
        assert "Set-Cookie" not in answer.headers
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_link_of_another_account_or_group_is_unknown(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: int
) -> None:
    beto = employ(store, "beto@example.org")
    signature = link_of(store, key_store, ana).split("/")[3].rpartition(".")[2]
    forged = [
        f"{beto}.digest.{signature}",
        f"{ana}.alerts.{signature}",
        f"{ana}.everything.{signature}",
        f"{ana}.digest.{signature}x",
        f"{ana}.digest.",
        f"{ana}.digest.ñ",
        f"{10**30}.digest.{signature}",
        f"-{ana}.digest.{signature}",
        "99999.digest.x",
        "x",
    ]
    for token in forged:
        for answer in (
            client.get(f"/org/correo/{token}/baja"),
            client.post(f"/org/correo/{token}/baja"),
            client.post(f"/org/correo/{token}/baja", headers=CROSS_SITE, data=ONE_CLICK),
        ):
            assert answer.status_code == 404
    for each in (ana, beto):
        assert choice_of(store, each).unwanted == ()


def test_link_dies_with_the_account_and_with_its_address(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: int
) -> None:
    link = link_of(store, key_store, ana)
    for change in ({"email": "otra@example.org"}, {"disabled_at": clock.now()}):
        link = link_of(store, key_store, ana)
        with store.change() as session:
            session.execute(sa.update(StaffMember).where(StaffMember.id == ana).values(**change))
        assert client.post(link).status_code == 404


def test_link_is_good_after_a_choice_and_while_signed_in_as_somebody_else(
    app: Flask, store: Store, key_store: KeyStore, ana: int
) -> None:
    link = link_of(store, key_store, ana)
    beto = employ(store, "beto@example.org")
    signed_in_as(app, store, beto).post(link)
    assert not choice_of(store, ana).wants(StaffLetter.DIGEST)
    assert choice_of(store, beto).wants(StaffLetter.DIGEST)
