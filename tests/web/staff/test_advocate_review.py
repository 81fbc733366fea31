"""The yearly review of discreet kinds by a local organization: recorded, and missed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import advocate_review
from outreach.domain.network.advocate_review import MAX_AGE, AdvocateReview
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.maintenance import doctor
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PAGE = "/org/ajustes/revision"
MISSING = "Ninguna organización local ha revisado este año"


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    """An admin."""
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def finding(config: Config) -> tuple[str, str]:
    [found] = [each for each in doctor.examine(config) if each.about == "local advocate"]
    return found.state, found.words


def test_review_is_missed_by_doctor_and_admins_until_it_is_recorded(
    app: Flask, elena: StaffClient, store: Store, config: Config, women: Kind
) -> None:
    ana = signed_in_as(app, store, employ(store))
    assert finding(config)[0] == "soon"
    assert "were reviewed never" in finding(config)[1]
    assert MISSING in words(elena.get("/org/"))
    assert MISSING not in words(ana.get("/org/")), "of admins only"
    today = clock.now().date()
    answer = elena.post(PAGE, organization="Casa de la Mujer", day=str(today))
    assert answer.status_code == 303
    assert "La última la hizo Casa de la Mujer el" in words(elena.get(PAGE))
    assert finding(config) == ("well", f"reviewed on {today}")
    assert MISSING not in words(elena.get("/org/"))
    with store.read() as session:
        actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert "advocate review recorded" in actions


def test_review_is_due_again_after_a_year(
    elena: StaffClient, store: Store, config: Config, women: Kind
) -> None:
    old = clock.network_day(clock.now()) - MAX_AGE - timedelta(days=1)
    with store.change() as session:
        advocate_review.record(session, AdvocateReview("Casa Sur", old))
    assert finding(config)[0] == "soon"
    assert f"last on {old}" in finding(config)[1]
    assert MISSING in words(elena.get("/org/"))
    assert "Hace más de un año: pide otra." in words(elena.get(PAGE))


def test_network_without_discreet_kinds_needs_no_review(
    elena: StaffClient, config: Config, rights: Kind
) -> None:
    assert finding(config) == ("well", "no discreet kind")
    assert MISSING not in words(elena.get("/org/"))


@pytest.mark.parametrize(
    ("organization", "days", "fault"),
    [
        ("", 0, "Escribe el nombre de la organización."),
        ("Casa Sur", 1, "Escribe un día de este último año."),
        ("Casa Sur", -366, "Escribe un día de este último año."),
        ("Casa Sur", None, "Escribe qué día lo revisó."),
    ],
)
def test_incomplete_review_is_refused_and_what_was_typed_stays(
    elena: StaffClient, store: Store, women: Kind, organization: str, days: int | None, fault: str
) -> None:
    day = "" if days is None else str(clock.now().date() + timedelta(days=days))
    answer = elena.post(PAGE, organization=organization, day=day)
    assert answer.status_code == 422
    assert fault in words(answer)
    assert f'value="{organization}"' in answer.text
    with store.read() as session:
        assert advocate_review.find(session) is None
