"""The page «Lo que todavía guardamos»: numbers of what is kept, for admins."""

import re
from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from outreach import clock
from outreach.cli import main
from outreach.config import Config
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod
from outreach.domain.roster import assignments, members
from outreach.domain.roster.models import RosterMember
from outreach.keystore import Key, KeyStore
from outreach.privacy import retention_report
from tests.conftest import make_workshop, seat
from tests.support.environment import where
from tests.support.roster import add_member
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.core


@pytest.fixture
def elena(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def test_retention_report_shows_numbers_by_office_and_week(
    elena: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    calgary: Office,
    rights: Kind,
    config: Config,
) -> None:
    with store.change() as session:
        here, there = (
            make_workshop(session, chicago, rights),
            make_workshop(session, calgary, rights),
        )
    for name in ("Xochitl", "Citlali"):
        seat(
            store, key_store, here, name=name, contact=ContactMethod.EMAIL, address="xo@example.org"
        )
    seat(store, key_store, there)
    key_store.request_link("xo@example.org")
    page = words(elena.get("/org/datos"))
    assert "Lo que todavía guardamos" in page
    assert "3 registros que se pueden leer" in page
    assert "2 avisos por mandar" in page
    assert "1 enlace pedido otra vez" in page
    assert "0 grabaciones de voz" in page
    assert "Calgary 1" in page
    assert "Chicago 2" in page
    for nobody in ("Xochitl", "Citlali", "xo@example.org", here.public_id):
        assert nobody not in page
    monday = here.forget_on - timedelta(days=here.forget_on.weekday())
    with store.read() as session:
        found = retention_report.count_held(session, key_store)
    printed = CliRunner().invoke(main, ["inventory"], env=where(config)).stdout
    assert "3 registrations that can be read" in printed
    assert "2 in Chicago, erased from" in printed
    assert "2 letters, texts and calls that are pending" in printed
    assert "0 recordings of staff about kinds and workshops" in printed
    assert not re.search("Xochitl|Citlali|xo@", printed)
    assert found.by_week == [(monday, 3)]
    assert {share.city: share.registrations for share in found.by_office} == {
        "Calgary": 1,
        "Chicago": 2,
    }


def test_retention_report_shows_overdue_first(
    elena: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop)
    assert "ya debió borrarse" not in words(elena.get("/org/datos"))
    with key_store.store.change() as session:
        session.execute(sa.update(Key).values(forget_on=key_store.today()))
    assert "1 registro ya debió borrarse." in words(elena.get("/org/datos"))


def test_retention_report_without_registrations(elena: StaffClient) -> None:
    assert "No guardamos datos de nadie." in words(elena.get("/org/datos"))


def test_retention_report_is_for_admins(app: Flask, store: Store, elena: StaffClient) -> None:
    assert 'href="/org/datos"' in elena.get("/org/mas").text
    ana = signed_in_as(app, store, employ(store))
    assert 'href="/org/datos"' not in ana.get("/org/mas").text
    assert ana.get("/org/datos").status_code == 403


def test_roster_is_counted_with_its_tables_and_days(
    elena: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    config: Config,
) -> None:
    now = clock.now()
    absence = (now.date(), now.date())
    giving = add_member(
        store, key_store, chicago, hours=[(0, time(9), time(12))], absences=[absence]
    )
    gone = add_member(store, key_store, chicago, name="Xochitl", email="xo@example.org")
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        assignments.ask(session, workshop, session.get_one(RosterMember, giving.id), now=now)
        members.retire(session.get_one(RosterMember, gone.id), now=now)
    page = words(elena.get("/org/datos"))
    assert "2 ponentes e intérpretes" in page
    assert "se borran un año después de retirarlos" in page
    assert "No guardamos datos de nadie." not in page
    printed = CliRunner().invoke(main, ["inventory"], env=where(config)).stdout
    for line in (
        "2 members of the roster (roster_member), name and e-mail encrypted",
        f"1 retired, the first erased on {members.compute_forget_day(now)}",
        "2 rows with their hours and days away (working_hours, roster_absence)",
        "1 assignments to workshops, with answers (roster_assignment)",
        "1 letters to them, without text or address (roster_letter), erased 90 days after",
    ):
        assert line in printed
    assert not re.search("Xochitl|xo@|Canaria", printed + page)


def test_inventory_names_every_table_of_the_roster(config: Config, store: Store) -> None:
    printed = CliRunner().invoke(main, ["inventory"], env=where(config)).stdout
    tables = [
        each.local_table.name  # type: ignore[attr-defined]
        for each in Base.registry.mappers
        if each.class_.__module__ == RosterMember.__module__
    ]
    assert len(tables) >= 5
    assert [each for each in tables if each not in printed] == []
