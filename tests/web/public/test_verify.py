"""«Is it real?»: the codes of flyers and letters, and reports of fraud."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network import fraud_reports
from outreach.domain.network.fraud_reports import FraudSign
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import WorkshopStatus, verify_codes
from outreach.web.forms import form_token
from outreach.web.public import verify
from tests.conftest import make_workshop
from tests.support import page_text
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = pytest.mark.any_database


def test_code_leads_everybody_to_the_facts_of_its_workshop(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        code = verify_codes.make(workshop)
    assert code.replace(" ", "") == workshop.public_id[:8]
    typed = [code, code.lower(), code.replace(" ", ""), code.replace("0", "O").replace("1", "l")]
    pages = [client.get("/es/verdad", query_string={"codigo": each}).text for each in typed]
    assert len({page_text.seen(page) for page in pages}) == 1
    for fact in ("Este código es de este taller", "6:00", "312 555 0142", chicago.name["es"]):
        assert fact in pages[0]


@pytest.mark.parametrize("case", ["discreet", "unlisted", "draft", "long past", "unknown"])
def test_code_of_what_is_not_listed_is_answered_as_an_unknown_one(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind, case: str
) -> None:
    with store.change() as session:
        if case == "discreet":
            workshop = make_workshop(session, chicago, women)
        elif case == "unlisted":
            workshop = make_workshop(session, chicago, rights, way=Way.UNLISTED)
        elif case == "draft":
            workshop = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        else:
            day = clock.now().date() - timedelta(days=40)
            workshop = make_workshop(session, chicago, rights, day=day)
        code = "00000000" if case == "unknown" else workshop.public_id[:8]
        has_code = bool(verify_codes.make(workshop))
    assert has_code == (case not in {"discreet", "unlisted"})
    page = client.get("/es/verdad", query_string={"codigo": code})
    unknown = client.get("/es/verdad", query_string={"codigo": "ZZZZZZZZ"})
    assert page.status_code == unknown.status_code == 200
    assert "No lo encontramos" in page.text
    assert page.text.replace(code, "") == unknown.text.replace("ZZZZZZZZ", "")


def test_typed_text_is_shown_escaped(client: FlaskClient) -> None:
    page = client.get("/es/verdad", query_string={"codigo": "<b>%00\u202e"}).text
    assert "<b>%00" not in page
    assert "&lt;b&gt;" in page


def test_reported_fraud_is_counted_by_sign_for_administrators(
    app: Flask, client: FlaskClient, store: Store, chicago: Office
) -> None:
    answer = _tell(app, client, ["money", "call", "no such sign"])
    assert answer.headers["Location"].endswith("/es/verdad/gracias")
    _tell(app, client, ["money"])
    with store.read() as session:
        assert fraud_reports.sum_since(session, date.min) == {
            FraudSign.MONEY: 2,
            FraudSign.BY_CALL: 1,
        }
    elena = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    ana = signed_in_as(app, store, employ(store))
    assert "Me cobraron o querían cobrarme: 2" in words(elena.get("/org/"))
    assert "Me cobraron" not in words(ana.get("/org/"))


def test_fraud_report_without_a_tick_is_asked_for_one(
    app: Flask, client: FlaskClient, store: Store
) -> None:
    answer = _tell(app, client, [])
    assert answer.status_code == 422
    assert "Marca al menos una de las casillas." in answer.text
    with store.read() as session:
        assert fraud_reports.sum_since(session, date.min) == {}


def test_script_cannot_raise_the_counts_at_will(
    app: Flask, client: FlaskClient, store: Store
) -> None:
    answers = [_tell(app, client, ["money"]).status_code for _ in range(12)]
    assert answers == [303] * 10 + [429] * 2
    with store.read() as session:
        assert fraud_reports.sum_since(session, date.min) == {FraudSign.MONEY: 10}


def test_fraud_counts_are_deleted_after_a_year(store: Store) -> None:
    today = date(2027, 3, 1)
    with store.change() as session:
        fraud_reports.count(session, [FraudSign.MONEY], today - timedelta(days=366))
        fraud_reports.count(session, [FraudSign.THREAT], today)
        fraud_reports.purge(session, today)
    with store.read() as session:
        assert fraud_reports.sum_since(session, date.min) == {FraudSign.THREAT: 1}


def _tell(app: Flask, client: FlaskClient, signs: list[str]) -> TestResponse:
    with app.test_request_context():
        stamp = form_token.make(verify.FRAUD, now=clock.now() - timedelta(seconds=5))
    return client.post("/es/verdad/contar", data={"sign": signs, "stamp": stamp})
