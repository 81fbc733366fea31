"""Help lines: the number of a place, its checks by staff, and the national line instead."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import help_lines
from outreach.domain.network.help_lines import ASK_AFTER, SHOWN_FOR, HelpPurpose
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.errors import Misconfigured
from outreach.maintenance import doctor
from outreach.network_profile import NetworkProfile, use_profile
from tests.conftest import make_workshop, office
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

# Later than the package's own checks are valid: only those that a test records count.
LATER = datetime(2027, 9, 1, 18, 0, tzinfo=UTC)
pytestmark = [pytest.mark.any_database, pytest.mark.time_machine(LATER)]

PAGE = "/org/ajustes/lineas"
QUEBEC, NATIONAL, UNITED_STATES = "1 800 363-9010", ">211<", "1 800 799 7233"
TO_CHECK = "Toca revisar los números de ayuda"


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    """An admin."""
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def check_all(store: Store, day: date) -> None:
    with store.change() as session:
        for line in help_lines.list_lines(session):
            help_lines.record_check(session, line.code, day, is_right=True)


def circle_path(store: Store, place: Office, women: Kind) -> str:
    with store.change() as session:
        return f"/es/t/{make_workshop(session, place, women).public_id}"


@pytest.fixture
def montreal(store: Store) -> Office:
    made = office("montreal", "Montreal", "QC", "America/Toronto", country="CA")
    with store.change() as session:
        session.add(made)
    return made


def test_every_number_has_its_source_and_day() -> None:
    rows = json.loads((Path(help_lines.__file__).parent / "help_lines.json").read_text())
    assert len({row["code"] for row in rows}) == len(rows)
    for row in rows:
        assert row["source"].startswith("https://")
        date.fromisoformat(row["checked_on"])
        assert row["phone"].replace(" ", "").replace("-", "") in row["tel"].replace("+", "")


def test_discreet_workshop_gives_the_line_of_its_province_before_911(
    client: FlaskClient, store: Store, chicago: Office, montreal: Office, women: Kind
) -> None:
    check_all(store, clock.now().date())
    page = client.get(circle_path(store, montreal, women)).text
    assert "SOS violence conjugale" in page
    assert page.index(QUEBEC) < page.index('href="tel:911"')
    assert "Puede llegar policía." in page
    assert UNITED_STATES not in page
    assert UNITED_STATES in client.get(circle_path(store, chicago, women)).text


@pytest.mark.parametrize("days", [SHOWN_FOR.days, SHOWN_FOR.days + 1])
def test_number_that_nobody_checked_gives_way_to_the_national_line(
    client: FlaskClient, store: Store, montreal: Office, women: Kind, days: int
) -> None:
    today = clock.now().date()
    with store.change() as session:
        help_lines.record_check(session, "ca-qc", today - timedelta(days=days), is_right=True)
    page = client.get(circle_path(store, montreal, women)).text
    assert (QUEBEC in page) == (days <= SHOWN_FOR.days)
    assert (NATIONAL in page) == (days > SHOWN_FOR.days)


def test_line_of_a_province_is_chosen_before_the_national_one(store: Store) -> None:
    with store.read() as session:
        day = next(each.checked_on for each in help_lines.list_lines(session))
        for today, code in ((day + SHOWN_FOR, "ca-qc"), (day + SHOWN_FOR * 2, "ca")):
            found = help_lines.find_for(session, HelpPurpose.VIOLENCE, "CA", "QC", today=today)
            assert found is not None
            assert found.code == code
        elsewhere = help_lines.find_for(session, HelpPurpose.VIOLENCE, "CA", "NU", today=day)
        assert elsewhere is not None
        assert elsewhere.code == "ca"


def test_staff_are_asked_every_90_days(store: Store) -> None:
    with store.read() as session:
        day = max(each.checked_on for each in help_lines.list_lines(session))
        assert not help_lines.is_due(session, today=day + ASK_AFTER)
        assert help_lines.is_due(session, today=day + ASK_AFTER + timedelta(days=1))


def test_admins_check_a_number_or_withdraw_it(
    app: Flask, elena: StaffClient, client: FlaskClient, store: Store, montreal: Office, women: Kind
) -> None:
    path = circle_path(store, montreal, women)
    assert elena.post(PAGE, code="ca-qc", do="right").status_code == 303
    assert QUEBEC in client.get(path).text
    assert elena.post(PAGE, code="ca-qc", do="wrong").status_code == 303
    page = client.get(path).text
    assert QUEBEC not in page
    assert NATIONAL in page
    assert "Retirada el" in words(elena.get(PAGE))
    assert QUEBEC not in client.get("/es/seguridad").text
    assert elena.post(PAGE, code="none", do="right").status_code == 422
    with store.read() as session:
        actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert {"help line checked", "help line withdrawn"} <= set(actions)


def test_first_page_of_admins_says_when_a_check_is_due(
    app: Flask, elena: StaffClient, store: Store
) -> None:
    ana = signed_in_as(app, store, employ(store))
    for days, is_asked in ((ASK_AFTER.days, False), (ASK_AFTER.days + 1, True)):
        check_all(store, clock.now().date() - timedelta(days=days))
        assert (TO_CHECK in words(elena.get("/org/"))) == is_asked
        assert TO_CHECK not in words(ana.get("/org/")), "of admins only"


@pytest.mark.thorough
def test_doctor_reminds_after_90_days_and_finds_a_fault_after_180(
    config: Config, store: Store
) -> None:
    today = clock.now().date()
    for days, state in (
        (ASK_AFTER.days, "well"),
        (ASK_AFTER.days + 1, "soon"),
        (SHOWN_FOR.days, "soon"),
        (SHOWN_FOR.days + 1, "to do"),
    ):
        check_all(store, today)
        with store.change() as session:
            day = today - timedelta(days=days)
            help_lines.record_check(session, "ca-qc", day, is_right=True)
        [found] = [each for each in doctor.examine(config) if each.about == "help lines"]
        assert found.state == state, days
        assert (f"ca-qc on {day}" in found.words) == (state != "well")
    with store.change() as session:
        help_lines.record_check(session, "ca-qc", day, is_right=False)
    [found] = [each for each in doctor.examine(config) if each.about == "help lines"]
    assert found.state == "well", "no page gives a number that was withdrawn"


OWN: Final = {
    "code": "es", "purpose": "violence", "country": "ES", "region": "", "name": "016",
    "phone": "016", "tel": "016", "speaks_spanish": True, "is_referral": False,
    "source": "https://violenciagenero.igualdad.gob.es/", "checked_on": "2027-08-28",
}  # fmt: skip


def test_lines_are_those_of_the_networks_countries() -> None:
    assert {"us", "ca-qc", "ciam"} <= {each.code for each in help_lines.load()}
    with use_profile(NetworkProfile(countries=("US",), home_country="SV")):
        assert {each.code for each in help_lines.load()} == {"us", "us-detention"}


def test_network_has_its_own_lines(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text(json.dumps([OWN, OWN | {"code": "es-ct", "region": "ES-CT"}]))
    app = make_app(countries=("ES",), home_country="", help_lines=path)
    page = app.test_client().get("/es/seguridad", base_url="http://localhost:8000").text
    assert "España, en español" in page
    assert "Cataluña" in page
    assert 'href="tel:112"' in page
    assert not re.search(r"\b911\b", page)
    make_app()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"code": "Es"}, "code has to be"),
        ({"tel": "call us"}, "tel has to be"),
        ({"purpose": "food"}, "purpose has to be one of"),
        ({"country": "US"}, "country has to be empty or one of ES"),
        ({"region": "IL"}, "region has to be empty or a region of the country"),
        ({"speaks_spanish": "yes"}, "speaks_spanish has to be true or false"),
        ({"source": "http://example.org"}, "source has to be an https address"),
        ({"checked_on": "yesterday"}, "checked_on has to be a day"),
        ({"colour": "red"}, "there is no field colour"),
    ],
)
def test_wrong_file_is_refused_with_a_sentence(
    change: dict[str, object], fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "lines.json"
    path.write_text(json.dumps([OWN, OWN | {"code": "es-2"} | change]))
    with (
        use_profile(NetworkProfile(countries=("ES",), help_lines=path)),
        pytest.raises(Misconfigured, match=f"line 2: {fault}"),
    ):
        help_lines.load()


@pytest.mark.parametrize("text", ["", "{}", "[1]"])
def test_file_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text(text)
    with (
        use_profile(NetworkProfile(help_lines=path)),
        pytest.raises(Misconfigured, match="OUTREACH_HELP_LINES"),
    ):
        help_lines.load()


def test_code_of_two_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text(json.dumps([OWN, OWN]))
    with (
        use_profile(NetworkProfile(countries=("ES",), help_lines=path)),
        pytest.raises(Misconfigured, match="the code es is there twice"),
    ):
        help_lines.load()
