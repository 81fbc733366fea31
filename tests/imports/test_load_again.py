"""Loading a file twice changes nothing; a changed row has the effect of an edit by staff."""

import re
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import tables
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports import DATA
from outreach.keystore import Key, KeyStore
from tests.conftest import seat
from tests.support.fixed_clock import fixed_clock
from tests.support.loading import PLAIN, done, run, table

pytestmark = [pytest.mark.any_database, fixed_clock]


def workshop(store: Store, row: str = "w1") -> Workshop:
    with store.read() as session:
        return session.scalars(sa.select(Workshop).where(Workshop.external_id == row)).one()


def count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Workshop)) or 0


def all_rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, by the name of the table."""
    with store.read() as session:
        return {
            name: sorted(map(tuple, session.execute(sa.text(f'SELECT * FROM "{name}"'))), key=repr)
            for name in tables.metadata.tables
        }


def notification_types(store: Store) -> list[NotificationType]:
    with store.read() as session:
        return list(session.scalars(sa.select(Notification.cause).order_by(Notification.id)))


def audit_entries(store: Store) -> list[tuple[str, str, str]]:
    """Action, office and details of each audit entry; checks numbers and that there is no actor."""
    with store.read() as session:
        lines = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    assert {line.organizer_id for line in lines} <= {None}
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return [(line.action, line.office, line.details) for line in lines]


def test_audit_log_has_the_counts_by_office(
    config: Config, store: Store, chicago: Office, calgary: Office, rights: Kind, tmp_path: Path
) -> None:
    in_calgary = {"office": "calgary", "timezone": "America/Edmonton", "region": "AB"}
    first = table(tmp_path / "a.csv", {}, {}, in_calgary)
    assert "3 new" in done(run(config, "load", "workshops", first, "--dry-run")).stdout
    assert audit_entries(store) == [], "it was a dry run"
    done(run(config, "load", "workshops", first))
    first_entries = [
        ("workshops brought in", "calgary", '{"changed":0,"new":1,"same":0}'),
        ("workshops brought in", "chicago", '{"changed":0,"new":2,"same":0}'),
    ]
    assert audit_entries(store) == first_entries
    done(run(config, "load", "workshops", first))
    assert audit_entries(store) == first_entries, "nothing was new"
    done(run(config, "load", "workshops", table(tmp_path / "b.csv", {}, {"capacity": "25"})))
    second_entry = ("workshops brought in", "chicago", '{"changed":1,"new":0,"same":1}')
    assert audit_entries(store) == [*first_entries, second_entry]
    moved_file = table(tmp_path / "c.csv", in_calgary)
    done(run(config, "load", "workshops", moved_file))
    assert audit_entries(store)[3:] == [
        ("workshops brought in", slug, '{"changed":1,"new":0,"same":0}')
        for slug in ("calgary", "chicago")
    ]


def test_audit_log_has_loads_of_offices_kinds_and_figures(
    config: Config, store: Store, chicago: Office, tmp_path: Path
) -> None:
    for subject, name in (
        ("offices", "offices.csv"), ("kinds", "taxonomy.json"), ("figures", "figures-2020-01.csv"),
    ):  # fmt: skip
        done(run(config, "load", subject, DATA / name))
    lines = audit_entries(store)
    assert ("office changed", "chicago", '{"office":"chicago"}') in lines
    assert ("office opened", "calgary", '{"office":"calgary"}') in lines
    assert len([line for line in lines if line[0].startswith("office ")]) == 59
    (kinds, figures) = lines[59:]
    assert kinds[:2] == ("kinds brought in", "")
    assert re.fullmatch(r'\{"changed":0,"new":\d\d,"same":0\}', kinds[2])
    assert figures[:2] == ("figures brought in", "")
    assert re.fullmatch(r'\{"changed":0,"month":"2020-01","new":\d+,"same":0\}', figures[2])


def test_second_load_of_all_files_changes_nothing(config: Config, store: Store) -> None:
    files = (
        ("offices", "offices.csv"),
        ("kinds", "taxonomy.json"),
        ("figures", "figures-2020-01.csv"),
        ("workshops", "workshops-2020-01.csv"),
    )
    for subject, name in files:
        done(run(config, "load", subject, DATA / name))
    before = all_rows(store)
    assert len(before["workshop"]) == 170
    for subject, name in files:
        assert " 0 new, 0 changed, " in done(run(config, "load", subject, DATA / name)).stdout
    assert all_rows(store) == before


def test_dry_run_reports_and_changes_nothing(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(tmp_path / "w.csv", {}, {})
    result = done(run(config, "load", "workshops", path, "--dry-run"))
    assert "2 new" in result.stdout
    assert "Nothing was changed" in result.stdout
    assert count(store) == 0


def test_changed_hour_moves_the_workshop_and_queues_a_notification(
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
) -> None:
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", {}, {})))
    before = workshop(store)
    seat(store, key_store, before, contact=ContactMethod.EMAIL, address="rosa@example.org")
    moved = {"starts_at": "2027-01-16T19:00", "ends_at": "2027-01-16T21:00"}
    result = done(run(config, "load", "workshops", table(tmp_path / "w.csv", moved, {})))
    assert "0 new, 1 changed, 1 as they were" in result.stdout
    after = workshop(store)
    assert (after.uid, after.starts, after.sequence) == (before.uid, time(19), before.sequence + 1)
    assert after.changed_at > before.changed_at
    assert notification_types(store) == [NotificationType.REGISTERED, NotificationType.CHANGED]


def test_changed_day_moves_the_erasure_of_keys(
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
) -> None:
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", {})))
    seat(store, key_store, workshop(store))
    moved = {"starts_at": "2027-02-20T19:00", "ends_at": "2027-02-20T21:00"}
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", moved)))
    with key_store.store.read() as session:
        assert session.scalars(sa.select(Key.forget_on)).all() == [date(2027, 3, 22)]


def test_status_of_a_row_publishes_cancels_and_reinstates(
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.csv"
    done(run(config, "load", "workshops", table(path, {"status": "draft"})))
    assert workshop(store).status is WorkshopStatus.DRAFT
    done(run(config, "load", "workshops", table(path, {})))
    assert workshop(store).status is WorkshopStatus.PUBLISHED
    seat(store, key_store, workshop(store), contact=ContactMethod.EMAIL, address="rosa@example.org")
    done(run(config, "load", "workshops", table(path, {"status": "cancelled"})))
    assert workshop(store).status is WorkshopStatus.CANCELLED
    assert notification_types(store) == [NotificationType.REGISTERED, NotificationType.CANCELLED]
    done(run(config, "load", "workshops", table(path, {})))
    assert workshop(store).status is WorkshopStatus.PUBLISHED
    # Reinstated before anybody was told of the cancellation.
    assert notification_types(store) == [NotificationType.REGISTERED]


def test_move_to_the_past_is_refused_and_erases_no_key(
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.csv"
    done(run(config, "load", "workshops", table(path, {})))
    rosa = seat(store, key_store, workshop(store))
    old = {"starts_at": "2026-01-16T18:00", "ends_at": "2026-01-16T20:00"}
    for status in ("published", "cancelled"):
        result = run(config, "load", "workshops", table(path, old | {"status": status}))
        assert result.exit_code == 2
        assert 'line 2, starts_at "2026-01-16T18:00": that day and hour are past' in result.stderr
    assert rosa.key_id is not None
    assert key_store.get(rosa.key_id)
    assert notification_types(store) == []


def test_published_workshop_cannot_become_a_draft(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = tmp_path / "w.csv"
    done(run(config, "load", "workshops", table(path, {}, {})))
    result = run(
        config, "load", "workshops", table(path, {"title_es": "Otro"}, {"status": "draft"})
    )
    assert result.exit_code == 2
    assert 'line 3, status "draft"' in result.stderr
    assert workshop(store).title["es"] == PLAIN["title_es"]


def test_capacity_below_the_seats_taken_is_refused(
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.csv"
    done(run(config, "load", "workshops", table(path, {})))
    seat(store, key_store, workshop(store), people=3)
    result = run(config, "load", "workshops", table(path, {"capacity": "2"}))
    assert result.exit_code == 2
    assert 'line 2, capacity "2": 3 places have been saved already' in result.stderr
    done(run(config, "load", "workshops", table(path, {"capacity": "3"})))
    assert workshop(store).seats_left == 0


def test_edits_by_staff_stay_if_the_file_has_no_value(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(tmp_path / "w.csv", {})
    done(run(config, "load", "workshops", path))
    with store.change() as session:
        stored = session.scalars(sa.select(Workshop)).one()
        data = workshop_service.get_data(stored)
        edited = replace(
            data, summary={"es": "Trae tus preguntas."}, title=data.title | {"fr": "Vos droits"}
        )
        workshop_service.change(session, stored, edited, now=clock.now())
    assert "1 as they were" in done(run(config, "load", "workshops", path)).stdout
    assert workshop(store).summary == {"es": "Trae tus preguntas."}
    assert workshop(store).title["fr"] == "Vos droits"
