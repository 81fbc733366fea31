"""Rows that an earlier version stored plain are encrypted after an upgrade, and mean the same."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock, migrations
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.checkin import checkin, checkin_events, checkin_tokens, offline_manifest
from outreach.domain.checkin.checkin_events import CheckinEvent
from outreach.domain.checkin.checkin_tokens import CheckinTokenRow
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, accommodations, totals
from outreach.domain.registrations.totals import PeopleTotals
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import seat
from tests.support.checkin_phone import held_today
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return held_today(store, chicago, rights, has_childcare=True, support={"childcare": 2})


def _store_plain(store: Store, key_store: KeyStore, *ids: str) -> None:
    """Makes rows what an earlier version has stored."""
    with store.change() as session:
        for row in session.scalars(sa.select(Registration).where(Registration.id.in_(ids))):
            details = row.details
            row.sealed_details = row.code_digest = None
            row.plain_code, row.plain_language = details.code, details.language
            row.plain_needs, row.plain_arrived = details.needs, details.arrived
        for event in session.scalars(sa.select(CheckinEvent)):
            event.plain_party = next(
                each for each in ids if checkin_events.party_digest(key_store, each) == event.party
            )
            event.party = None
        session.execute(sa.delete(PeopleTotals))


def test_upgrade_encrypts_plain_rows_and_changes_nothing_else(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(
        store, key_store, workshop, people=3, language="fr", needs=Codes(["childcare", "step_free"])
    )
    luz = seat(store, key_store, workshop, people=2)
    code = rosa.door_code
    ref = offline_manifest.hash_token("x")
    with store.change() as session:
        for each, people in ((rosa, 2), (luz, 2)):
            checkin.mark_arrived(session, session.get_one(Registration, each.id), people)
        session.add(
            CheckinTokenRow(
                workshop_id=workshop.id, ref=ref, registration_id=rosa.id, ends_at=clock.now()
            )
        )
    _store_plain(store, key_store, rosa.id, luz.id)
    key_store.destroy(luz.key_id or b"")  # erased, and how many came was plain
    with store.change() as session:
        row = session.get_one(Registration, luz.id)
        row.key_id = row.plain_code = None

    bring_up_to_date(config)

    with store.read() as session:
        rows = {row.id: row for row in session.scalars(sa.select(Registration))}
        for row in rows.values():
            plain = row.plain_code, row.plain_language, row.plain_needs, row.plain_arrived
            assert plain == (None, "", Codes(), 0)
        there = rows[rosa.id]
        assert (there.door_code, there.language, there.arrived_count) == (code, "fr", 2)
        assert there.needs == Codes(["childcare", "step_free"])
        [found] = registrations.find_by_code(session, key_store, code, [workshop.id])
        assert found.id == rosa.id
        counted = totals.read(session, workshop.id)
        assert (counted[totals.ARRIVED], counted[totals.SEATED]) == (4, 4)
        assert accommodations.get_left(session, workshop.id) == {"childcare": 1}
        events = session.scalars(sa.select(CheckinEvent)).all()
        assert {event.party for event in events} == {
            checkin_events.party_digest(key_store, each) for each in (rosa.id, luz.id)
        }
        assert {event.plain_party for event in events} == {None}
        [token_row] = session.scalars(sa.select(CheckinTokenRow))
        assert token_row.ref == checkin_tokens.digest_reference(key_store, ref)
    bring_up_to_date(config)
    with store.read() as session:
        assert totals.read(session, workshop.id) == counted


def test_plain_rows_whose_key_is_missing_wait_for_it(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop)
    code = rosa.door_code
    _store_plain(store, key_store, rosa.id)
    key_store.destroy(rosa.key_id or b"")  # the key store was lost, and its backup not yet loaded
    bring_up_to_date(config)
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).plain_code == code


@pytest.fixture
def old_database(tmp_path: Path) -> Path:
    """A database of the version before, with registrations of one workshop."""
    path = tmp_path / "old.db"
    migrations.upgrade(migrations.Database.MAIN, f"sqlite:///{path}", to="main_shown_seats")
    return path


def test_migration_keeps_the_order_and_the_hour(old_database: Path) -> None:
    first = datetime(2026, 11, 20, 10, 59, 58, tzinfo=UTC)
    with closing(sqlite3.connect(old_database)) as connection:
        for number, registration_id in enumerate("CAB"):
            at = str((first + timedelta(seconds=number)).replace(tzinfo=None))
            values = {
                "id": registration_id, "workshop_id": 1, "standing": "offered", "people": 1,
                "contact": "none", "may_leave_message": 0, "wants_reminder": 0, "language": "es",
                "needs": "", "nonce": registration_id, "registered_at": at, "queued_at": at,
                "key_id": registration_id, "arrived": 0, "lapses": 0, "wants_entry": 0,
                "changes": 0, "needs_review": 0, "appears_confirmed": 0, "offered_until": at,
            }  # fmt: skip
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            connection.execute(
                f"INSERT INTO registration ({names}) VALUES ({marks})", [*values.values()]
            )
        connection.commit()
    migrations.upgrade(migrations.Database.MAIN, f"sqlite:///{old_database}")
    with closing(sqlite3.connect(old_database)) as connection:
        rows = connection.execute(
            "SELECT id, queue_number, registered_at, offered_until FROM registration "
            "ORDER BY queue_number"
        ).fetchall()
    ten, eleven = "2026-11-20 10:00:00.000000", "2026-11-20 11:00:00.000000"
    assert rows == [
        ("C", 1, ten, eleven),
        ("A", 2, ten, eleven),
        ("B", 3, eleven, eleven),
    ]
