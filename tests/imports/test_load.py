"""Loading workshops from files is atomic, and every wrong line is reported."""

import os
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop
from tests.support.environment import where
from tests.support.fixed_clock import fixed_clock
from tests.support.loading import PLAIN, done, run, table

pytestmark = [pytest.mark.core, pytest.mark.any_database, fixed_clock]


def workshop(store: Store, row: str = "w1") -> Workshop:
    with store.read() as session:
        return session.scalars(sa.select(Workshop).where(Workshop.external_id == row)).one()


def count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Workshop)) or 0


def test_faults_are_reported_by_line_field_and_value(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "wrong.csv",
        {},
        {"office": "atlantida"},
        {"kind": "cocina"},
        {"starts_at": "2027-03-14T02:30", "ends_at": "2027-03-14T04:00"},
        {"ends_at": "2027-01-16T17:00"},
        {"capacity": "-5"},
        {"timezone": "America/Aztlan"},
        {"starts_at": "16/01/2027"},
        {"status": "quizás"},
    )
    result = run(config, "load", "workshops", path)
    assert result.exit_code == 2
    *faults, last = result.stderr.splitlines()
    expected = [
        (3, "office", "atlantida"),
        (4, "kind", "cocina"),
        (5, "starts_at", "2027-03-14T02:30"),
        (6, "ends_at", "2027-01-16T17:00"),
        (7, "capacity", "-5"),
        (8, "timezone", "America/Aztlan"),
        (9, "starts_at", "16/01/2027"),
        (10, "status", "quizás"),
    ]
    assert [fault.partition(": ")[0] for fault in faults] == [
        f'line {line}, {field} "{value}"' for line, field, value in expected
    ]
    assert "8 faults; nothing was loaded" in last
    assert count(store) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("languages", "es klingon"),
        ("way", "ventana"),
        ("mode", "telepatía"),
        ("title_es", ""),
        ("capacity", "muchos"),
        ("capacity", "99999999999999999999"),
        ("childcare", "quizá"),
        ("venue", ""),
        ("id", ""),
        ("region", "Illinois"),
        ("ends_at", "2027-01-17T18:00"),
        ("ends_at", "2027-01-18T20:00"),
        ("starts_at", "2027-02-30T10:00"),
        ("starts_at", "2027-01-16T18:00Z"),
        ("starts_at", "0001-01-01T00:00"),
        ("starts_at", ""),
        ("title_es", "x" * 201),
    ],
)
def test_wrong_cell_is_reported_and_nothing_is_loaded(
    config: Config,
    store: Store,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
    field: str,
    value: str,
) -> None:
    result = run(config, "load", "workshops", table(tmp_path / "wrong.csv", {}, {field: value}))
    assert result.exit_code == 2
    assert f'line 3, {field} "{value[:60]}' in result.stderr
    assert "Traceback" not in result.stderr
    assert count(store) == 0


def test_all_faults_of_a_line_are_reported(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "w.csv", {"office": "x", "capacity": "-1", "languages": "zz", "way": "?"}
    )
    result = run(config, "load", "workshops", path)
    for field in ("office", "capacity", "languages", "way"):
        assert f"line 2, {field} " in result.stderr


HEADER = ",".join(PLAIN)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (HEADER.encode() + b"\n", "no lines below it"),
        (HEADER.encode() + b"\nw1,M\xe9xico\n", "not UTF-8 (line 2)"),
        ("id,office\n".encode("utf-16"), "not UTF-8"),
        (HEADER.encode() + b"\nw1\0\n", "NUL bytes (line 2)"),
        (b"id,office,kind\nw1,chicago,derechos\n", 'line 1, status ""'),
        (HEADER.encode() + b",id\n", "this column is there twice"),
        (HEADER.encode() + b"\nw1,chicago\n", "has 2 cells, and the header has 15"),
        (HEADER.encode() + b'\n"w1,chicago\n', "quotation marks"),
    ],
)
def test_malformed_table_is_refused_with_a_sentence(
    config: Config, store: Store, tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    for subject in ("workshops", "offices", "figures"):
        result = run(config, "load", subject, path)
        assert result.exit_code == 2
        assert "Traceback" not in result.stderr
        if subject == "workshops":
            assert message in result.stderr


def test_missing_file_and_folder_are_refused(config: Config, store: Store, tmp_path: Path) -> None:
    for subject in ("workshops", "offices", "figures", "kinds"):
        missing, folder = (
            run(config, "load", subject, path) for path in (tmp_path / "no", tmp_path)
        )
        assert (missing.exit_code, folder.exit_code) == (2, 2)
        assert "does not exist" in missing.stderr
        assert "is a folder" in folder.stderr


@pytest.mark.starts_processes
def test_load_command_exits_with_two_without_a_traceback(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(tmp_path / "wrong.csv", {"office": "atlantida"})
    environ = os.environ | where(config)
    program = [sys.executable, "-c", "from outreach.cli import main; main()"]
    found = subprocess.run(
        [*program, "load", "workshops", str(path)], env=environ, capture_output=True, check=False
    )
    assert found.returncode == 2
    assert b'line 2, office "atlantida"' in found.stderr
    assert b"Traceback" not in found.stderr


def test_duplicate_id_is_refused(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    result = run(config, "load", "workshops", table(tmp_path / "w.csv", {}, {"id": "w1"}))
    assert 'line 3, id "w1": is on line 2 too' in result.stderr


def test_csv_with_byte_order_mark_and_semicolons_is_read(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(tmp_path / "w.csv", {"title_es": "Plática, con té"}, delimiter=";")
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    done(run(config, "load", "workshops", path))
    assert workshop(store).title == {"es": "Plática, con té", "en": "Know your rights"}


def test_missing_values_are_the_defaults_of_the_kind(
    config: Config, store: Store, chicago: Office, women: Kind, tmp_path: Path
) -> None:
    row = {"kind": "mujeres", "capacity": "", "ends_at": "", "timezone": "", "languages": ""}
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", row)))
    found = workshop(store)
    assert found.way is Way.PLACE
    assert found.capacity == women.capacity
    assert (found.starts, found.ends) == (time(18), time(19, 30))
    assert found.zone == chicago.zone
    assert found.languages == ("es",)
    assert found.visibility is Visibility.APPROVED, "a discreet one outside the office's own rooms"
    assert found.retention_days == women.retention_days
    assert not found.has_reminders
    assert found.summary == women.description


def test_optional_columns_are_read(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    row = {
        "way": "open",
        "address": "1805 S. Ejemplo St.",
        "area": "Zona de Pilsen",
        "phone": "312 555 0199",
        "title_fr": "Vos droits",
    }
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", row), "--reconstruction"))
    found = workshop(store)
    assert found.venue is not None
    assert (found.venue.address, found.venue.area) == ("1805 S. Ejemplo St.", "Zona de Pilsen")
    assert (found.way, found.phone) == (Way.OPEN, "312 555 0199")
    assert found.title["fr"] == "Vos droits"
    assert found.is_synthetic


def test_an_online_workshop_needs_no_venue(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "w.csv", {"venue": "", "mode": "virtual_en_vivo"}, {"venue": "En línea"}
    )
    done(run(config, "load", "workshops", path))
    assert (workshop(store).venue, workshop(store).mode) == (None, DeliveryMode.LIVE_STREAM)
    assert (workshop(store, "w2").venue, workshop(store, "w2").mode) == (
        None,
        DeliveryMode.VIDEO_CALL,
    )


def test_two_rows_at_one_venue_share_it_and_it_is_near_its_city(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    cicero = {"city": "Cícero"}
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", cicero, cicero, {"city": ""})))
    first, second, third = (workshop(store, row).venue for row in ("w1", "w2", "w3"))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.id == second.id
    assert (first.near_latitude, first.near_longitude) == (41.846, -87.754)
    assert (third.city, third.near_latitude) == ("Chicago", chicago.latitude)
