"""Counts of a month: counting rules, output formats, suppression of small numbers."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.imports import DATA
from outreach.reports import attendance_counts, month_report, month_tables, trends, workshop_counts
from outreach.reports.month_tables import GroupedBy
from outreach.reports.workshop_counts import WorkshopCounts
from tests.conftest import make_workshop
from tests.support.loading import done, run

pytestmark = pytest.mark.any_database

JANUARY = Month(2020, 1)
REAL = {"derechos": 57, "diagnostico": 33, "daca": 37, "mujeres": 37}
LATER = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture
def january(config: Config, store: Store) -> Store:
    """The network with the numbers of the ministry for January 2020."""
    done(run(config, "load", "offices", DATA / "offices.csv"))
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    path = DATA / "workshops-2020-01.csv"
    done(run(config, "load", "workshops", path, "--reconstruction"))
    return store


def count_month(store: Store, month: Month = JANUARY, now: datetime = LATER) -> WorkshopCounts:
    with store.read() as session:
        return workshop_counts.count(session, month, now=now)


def test_january_2020_has_the_numbers_of_the_ministry(config: Config, january: Store) -> None:
    found = json.loads(done(run(config, "counts", "2020-01", "--format", "json")).stdout)
    assert found["by_kind"] == REAL
    assert (found["month"], found["total"], found["planned"]) == ("2020-01", 164, 0)
    assert (found["state"], found["revision"]) == ("open", 0)
    assert len(found["by_office"]) == 56
    assert found["by_office"]["chicago"]["total"] == 7
    assert sum(office["total"] for office in found["by_office"].values()) == 164
    assert len(found["rules"]) == 9
    assert found["is_reconstruction"] is True


def test_decoy_workshops_are_not_counted(january: Store) -> None:
    with january.change() as session:
        statement = sa.delete(Workshop).where(Workshop.external_id.like("%-90"))
        result = session.execute(statement)
        assert isinstance(result, sa.CursorResult)
        assert result.rowcount == 6
    assert count_month(january).by_kind == REAL


def test_late_evening_counts_in_its_local_month(january: Store) -> None:
    with january.read() as session:
        late_workshop = session.scalars(
            sa.select(Workshop).where(
                Workshop.day == date(2020, 1, 31), Workshop.starts == time(18, 30)
            )
        ).all()
    assert len(late_workshop) == 6
    assert all(workshop.starts_at.date() == date(2020, 2, 1) for workshop in late_workshop)
    assert {workshop.month for workshop in late_workshop} == {202001}
    assert count_month(january, Month(2019, 12)).total == 1
    assert count_month(january, Month(2020, 2)).total == 2


def test_workshop_counts_in_the_month_of_its_start(
    store: Store, chicago: Office, rights: Kind
) -> None:
    edges = [
        (date(2026, 4, 30), time(23, 59), time(0, 59)),
        (date(2026, 5, 1), time(0, 0), time(1, 0)),
        (date(2026, 5, 31), time(23, 30), time(1, 0)),
        (date(2026, 6, 1), time(0, 0), time(1, 0)),
    ]
    with store.change() as session:
        for day, starts, ends in edges:
            make_workshop(session, chicago, rights, day=day, starts=starts, ends=ends)
    assert [count_month(store, Month(2026, month)).total for month in (4, 5, 6)] == [1, 2, 1]


def test_published_and_held_workshops_of_every_mode_are_counted(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    day = date(2026, 5, 9)
    with store.change() as session:
        for status in (WorkshopStatus.DRAFT, WorkshopStatus.CANCELLED, WorkshopStatus.PUBLISHED):
            make_workshop(session, chicago, rights, day=day, status=status)
        make_workshop(session, chicago, rights, day=day, way=Way.UNLISTED)
        make_workshop(session, chicago, rights, day=day, mode=DeliveryMode.LIVE_STREAM, venue=None)
        make_workshop(session, chicago, women, day=day)
        workshop_service.report(
            make_workshop(session, chicago, rights, day=day), head_count=12, now=LATER
        )
        workshop_service.report(
            make_workshop(session, chicago, rights, day=day), head_count=None, now=LATER
        )
    found = count_month(store, Month(2026, 5))
    assert found.by_kind == {"derechos": 4, "mujeres": 1}
    assert found.by_office == {"chicago": {"derechos": 4, "mujeres": 1, "total": 5}}
    assert not found.is_synthetic


def test_running_month_has_held_and_planned_counts(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        for day in (3, 10, 24, 30):
            make_workshop(session, chicago, rights, day=date(2026, 11, day))
        make_workshop(session, calgary, rights, day=date(2026, 11, 30))
    found = count_month(store, Month(2026, 11))
    assert (found.total, found.planned) == (2, 3)
    assert found.by_office == {"chicago": {"derechos": 2, "total": 2}}
    assert found.planned_by_kind == {"derechos": 3}
    future_count = count_month(store, Month(2026, 11), datetime(2026, 10, 1, tzinfo=UTC))
    assert (future_count.total, future_count.planned, future_count.by_kind) == (
        0,
        5,
        {"derechos": 0},
    )


def test_sqlite_reads_the_count_of_a_month_from_its_index_alone(empty_databases: Path) -> None:
    # PostgreSQL chooses its plan by the number of rows.
    store = Store(f"sqlite:///{empty_databases / 'outreach.db'}")
    sql = workshop_counts._CELLS.params(month=202001).compile(
        store.engine, compile_kwargs={"literal_binds": True}
    )
    with store.engine.connect() as connection:
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    store.close()
    assert len(steps) == 1
    assert "COVERING INDEX" in steps[0]


def test_months_are_listed_and_trend_covers_twelve_months(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2020, 1, 4))
        make_workshop(
            session, chicago, rights, day=date(2026, 1, 4), status=WorkshopStatus.CANCELLED
        )
        make_workshop(session, chicago, rights, day=date(2026, 9, 5))
        make_workshop(session, chicago, rights, day=date(2026, 11, 28))
    with store.read() as session:
        assert list(map(str, workshop_counts.months(session))) == ["2020-01", "2026-09", "2026-11"]
        year = trends.by_kind(session, Month(2025, 12), Month(2026, 11), now=LATER)
    assert [str(year[0].month), str(year[-1].month), len(year)] == ["2025-12", "2026-11", 12]
    assert all(second.month == first.month.following for first, second in pairwise(year))
    assert [(each.total, each.planned) for each in year[-3:]] == [(1, 0), (0, 0), (0, 1)]


def test_no_months_before_the_first_workshop(store: Store) -> None:
    with store.read() as session:
        assert workshop_counts.months(session) == []


def test_numbers_of_regions_add_up_to_the_total(january: Store) -> None:
    regions = workshop_counts.by_region(count_month(january))
    assert sum(regions.values()) == 164
    assert regions["IL"] == 7


def test_csv_json_and_spreadsheet_agree(config: Config, january: Store, tmp_path: Path) -> None:
    path = tmp_path / "enero.xlsx"
    done(run(config, "counts", "2020-01", "--format", "xlsx", "-o", path))
    by_kind = done(run(config, "counts", "2020-01", "--format", "csv")).stdout
    arguments = ("counts", "2020-01", "--by", "office", "--format", "csv")
    by_office = done(run(config, *arguments)).stdout
    found = json.loads(done(run(config, "counts", "2020-01", "--format", "json")).stdout)
    book = openpyxl.load_workbook(path)
    for sheet, text in ((book.worksheets[0], by_kind), (book.worksheets[1], by_office)):
        rows = list(csv.reader(io.StringIO(text)))
        read = [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
        assert read == rows
    kinds = {row["Tipo"]: int(row["Talleres"]) for row in csv.DictReader(io.StringIO(by_kind))}
    assert kinds == found["by_kind"] | {"total": found["total"]}
    for row in csv.DictReader(io.StringIO(by_office)):
        if row["Oficina"] != "total":
            numbers = {name: int(row[name]) for name in (*REAL, "total") if row[name] != "0"}
            assert numbers == found["by_office"][row["Oficina"]]
    rules = [row[0] for row in book.worksheets[-1].values]
    assert set(found["rules"]) <= set(rules)
    assert month_tables.RECONSTRUCTION in rules


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_name_that_begins_like_a_formula_stays_text(january: Store, start: str) -> None:
    count = count_month(january)
    name = f"{start}HYPERLINK(1)"
    kinds = {code: workshop_counts.NamedCode({"es": name}) for code in count.kinds}
    risky = replace(count, kinds=kinds)
    rows = list(csv.reader(io.StringIO(month_tables.as_csv(risky))))
    assert rows[1][2] == f"'{name}"
    report = month_report.MonthReport(count=risky, by_mode={}, by_language={}, figures=())
    book = openpyxl.load_workbook(io.BytesIO(month_tables.as_xlsx(report)))
    cell = book.worksheets[0].cell(2, 3)
    assert (cell.value, cell.data_type) == (f"'{name}", "s")


def test_table_prints_rules_and_total(config: Config, january: Store) -> None:
    for by in GroupedBy:
        shown = done(run(config, "counts", "2020-01", "--by", by.value)).stdout
        assert "164" in shown
        assert "Cada taller cuenta una sola vez." in shown
        assert month_tables.RECONSTRUCTION in shown


@pytest.mark.parametrize(
    "month", ["2020-13", "enero", "2020-1", "202001", "0000-01", "\uff12\uff10\uff12\uff10-01"]
)
def test_invalid_month_is_refused_in_one_line(config: Config, store: Store, month: str) -> None:
    result = run(config, "counts", month)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "Write it like 2020-01" in result.stderr


def test_unwritable_file_is_refused_in_one_line(
    config: Config, store: Store, tmp_path: Path
) -> None:
    existing_file = tmp_path / "there.csv"
    existing_file.write_text("mine", encoding="utf-8")
    existing = run(config, "counts", "2020-01", "--format", "csv", "-o", existing_file)
    unwritable = run(
        config, "counts", "2020-01", "--format", "csv", "-o", tmp_path / "no" / "x.csv"
    )
    sheet = run(config, "counts", "2020-01", "--format", "xlsx")
    assert [existing.exit_code, unwritable.exit_code, sheet.exit_code] == [2, 1, 2]
    for result in (existing, unwritable, sheet):
        assert len(result.stderr.splitlines()) == 1
    assert existing_file.read_text(encoding="utf-8") == "mine"


def test_attendance_is_published_for_the_whole_network_only(
    store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> None:
    day = date(2026, 5, 9)
    with store.change() as session:
        for office, kind, people in (
            (chicago, rights, 30),
            (calgary, rights, 12),
            (chicago, women, 3),
        ):
            workshop_service.report(
                make_workshop(session, office, kind, day=day), head_count=people, now=LATER
            )
        make_workshop(session, chicago, rights, day=day)
    with store.read() as session:
        found = attendance_counts.count_attendance(session, Month(2026, 5))
    assert found.small == {"mujeres"}
    assert found.withheld == {"derechos"}  # with the total, it would reveal the small number
    assert found.published == {}


def test_single_small_number_hides_the_total() -> None:
    assert attendance_counts.suppress({"mujeres": 2}).total is None
    assert attendance_counts.suppress({}).total == 0
    assert attendance_counts.suppress({"derechos": 40, "daca": 5}).total == 45


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12) | st.integers(0, 300), max_size=6)
)
def test_small_number_cannot_be_derived(people: dict[str, int]) -> None:
    found = attendance_counts.suppress(people)
    assert found.published.keys() | found.small | found.withheld == people.keys()
    assert all(people[kind] == number >= 5 for kind, number in found.published.items())
    assert found.small == {kind for kind, number in people.items() if number < 5}
    assert found.total in {None, sum(people.values())}
    if found.total is None or not found.small:
        return
    hidden = len(found.small) + len(found.withheld)
    assert hidden >= 2
    # The values of a small cell that agree with what is published.
    remainder = found.total - sum(found.published.values())
    for kind in found.small:
        others = 4 * (len(found.small) - 1)
        low, high = 5 * len(found.withheld), others + remainder * len(found.withheld)
        possible = [value for value in range(5) if low <= remainder - value <= high]
        assert people[kind] in possible
        assert len(possible) == 5
