"""What the command line says: where things are, what is wrong once, and whole tables."""

import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from outreach.cli import main, wide_tables
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.errors import Refusal
from outreach.imports import demo
from outreach.imports.import_errors import ImportErrorCode, ImportFault, group_faults
from outreach.maintenance import doctor, migrate_database
from tests.conftest import venue
from tests.support.environment import where
from tests.support.import_files import csv_of, row

ZONES = {
    "chicago": ZoneInfo("America/Chicago"),
    "halifax": ZoneInfo("America/Halifax"),
    "honolulu": ZoneInfo("Pacific/Honolulu"),
}


def run(config: Config, *words: str) -> Result:
    return CliRunner(env=where(config)).invoke(main, [*words])


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["bulletn"], "Did you mean 'bulletin'?"),
        (["lod", "kinds"], "Did you mean 'load'?"),
        (["load", "kindss"], "Did you mean 'kinds'?"),
        (["user", "ad"], "Did you mean 'add'?"),
    ],
)
def test_wrong_command_suggests_the_near_one(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    near: str,
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # which the program replaces
    with pytest.raises(SystemExit) as stop:
        main.main(words)
    assert stop.value.code == 2
    assert near in capsys.readouterr().err


@pytest.mark.any_database
def test_upgrade_says_where_the_databases_are(config: Config, store: Store) -> None:
    done = run(config, "db", "upgrade")
    assert done.exit_code == 0, done.output
    for name, url in (("Main database", config.database_url), ("Key store", config.keyring_url)):
        assert f"{name}: {migrate_database.readable(url)}" in done.output


def test_start_of_the_site_says_what_is_not_well(config: Config, store: Store) -> None:
    said = {each.about: each.state for each in doctor.examine_start(config)}
    assert said["public address"] == "to do"
    assert "zone rules" not in said, "what is well is not said"


def test_identical_faults_are_one_line_with_their_lines() -> None:
    unknown = Refusal(ImportErrorCode.VENUE_MISSING)
    faults = [ImportFault(number, "kind", "tango", unknown) for number in (2, 5, 6, 7)]
    faults.append(ImportFault(3, "kind", "salsa", unknown))
    assert [each.partition(":")[0] for each in group_faults(faults)] == [
        'lines 2, 5-7, kind "tango"',
        'line 3, kind "salsa"',
    ]
    many = [ImportFault(2 * number, "kind", "tango", unknown) for number in range(1, 101)]
    (words,) = group_faults(many)
    assert "24, and 88 more, kind" in words


@pytest.mark.any_database
def test_load_says_a_fault_once_and_names_venues_that_are_like_another(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(csv_of(*(row(id=f"x{number}", kind="tango") for number in range(5))))
    done = run(config, "load", "workshops", str(file))
    assert done.exit_code == 2
    assert done.stderr.count("tango") == 1
    assert "lines 2-6, kind" in done.stderr
    with store.change() as session:
        venue(session, chicago, "Biblioteca Pilsen", address="")
    named = (("a", "BIBL. PILSEN"), ("b", "Biblioteca Pilson"))
    file.write_bytes(csv_of(*(row(id=key, venue=name, address="") for key, name in named)))
    done = run(config, "load", "workshops", str(file))
    assert done.exit_code == 0, done.output
    assert "line 3: «Biblioteca Pilson» is a new venue; if it is «Biblioteca Pilsen»" in done.stderr
    assert "line 2" not in done.stderr


def test_packaged_files_are_loaded(config: Config, store: Store) -> None:
    assert "59 new" in run(config, "load", "offices", "--packaged").output
    assert "new" in run(config, "load", "kinds", "--packaged").output
    neither, both = run(config, "load", "kinds"), run(config, "load", "kinds", "x", "--packaged")
    assert {neither.exit_code, both.exit_code} == {2}


@pytest.mark.parametrize("width", [30, 45, 80])
def test_wide_table_is_folded_and_no_head_is_cut(width: int) -> None:
    header = ["mes", *(f"diagnostico{number}" for number in range(6))]
    console = Console(width=width, record=True, file=StringIO())
    wide_tables.print_table(console, header, [["2020-01", *("1",) * 6]], footer=header)
    shown = console.export_text()
    assert all(shown.count(head) == 2 for head in header[1:])
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= width
    assert shown.count("2020-01") == {30: 6, 45: 3, 80: 2}[width]


def test_long_cell_goes_on_in_the_next_line() -> None:
    console = Console(width=40, record=True, file=StringIO())
    wide_tables.print_table(console, ["a", "b"], [["x" * 30, "y" * 50]])
    shown = console.export_text()
    assert (shown.count("x"), shown.count("y")) == (30, 50)


@pytest.mark.parametrize("hour", range(24))
def test_demo_has_a_workshop_to_check_in_at_a_believable_hour(hour: int) -> None:
    now = datetime(2026, 11, 28, hour, 30, tzinfo=UTC)
    starts = demo.starts_soon(ZONES, now)
    assert "chicago" in starts
    assert all(8 <= start.hour < 18 for start in starts.values())
    assert all(start > now for start in starts.values())
    soon = [start for start in starts.values() if start - now <= timedelta(hours=2)]
    is_day_somewhere = 6 <= (hour - 4) % 24 < 16 or 6 <= (hour - 10) % 24 < 15
    assert bool(soon) >= is_day_somewhere
