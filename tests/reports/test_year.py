"""A year of the network: 22,000 workshops, twelve closed months, 200 late changes. Every revision,
difference and file agrees with an independent count."""

import csv
import io
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.clock import Month
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.reporting import months
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, seat_states
from outreach.errors import Refusal
from outreach.reports import month_report
from outreach.reports.month_report import MonthReport
from tests.conftest import LONG_AGO, kind, office

YEAR: Final = 2025
LATER: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
_ZONE: Final = ZoneInfo("America/Chicago")
SERIES: Final = ("pasaportes", "ciam.personas")
LANGUAGE_SETS: Final = (("es",), ("en",), ("es", "en"), ("nah",))
STATUSES: Final = (
    *[WorkshopStatus.HELD] * 8, *[WorkshopStatus.PUBLISHED] * 3,
    WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD, WorkshopStatus.DRAFT,
)  # fmt: skip
NOT_COUNTED: Final = {WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD, WorkshopStatus.DRAFT}


@dataclass
class WorkshopRecord:
    """A workshop, for the independent count."""

    id: int
    office: str
    kind: str
    day: date
    status: WorkshopStatus
    mode: DeliveryMode
    languages: tuple[str, ...]
    people: int | None

    @property
    def month(self) -> Month:
        return Month.from_day(self.day)


@dataclass
class ExpectedMonth:
    """The numbers that the report of a month must have."""

    total: int
    by_kind: dict[str, int]
    by_office: dict[str, dict[str, int]]
    by_mode: dict[str, int]
    by_language: dict[str, int]
    people: dict[str, int]
    figures: dict[str, int]


def count(
    held: Mapping[int, WorkshopRecord],
    figures: Mapping[tuple[Month, str], int],
    counted_month: Month,
) -> ExpectedMonth:
    counted = [each for each in held.values() if each.month == counted_month]
    counted = [each for each in counted if each.status not in NOT_COUNTED]
    rows: dict[str, Counter[str]] = {}
    people: Counter[str] = Counter()
    for each in counted:
        rows.setdefault(each.office, Counter())[each.kind] += 1
        if each.status is WorkshopStatus.HELD and each.people is not None:
            people[each.kind] += each.people
    return ExpectedMonth(
        total=len(counted),
        by_kind=dict(Counter(each.kind for each in counted)),
        by_office={slug: {**row, "total": row.total()} for slug, row in rows.items()},
        by_mode=dict(Counter(each.mode.value for each in counted)),
        by_language=dict(Counter(lang for each in counted for lang in each.languages)),
        people=dict(people),
        figures={
            series: value for (month, series), value in figures.items() if month == counted_month
        },
    )


class Network:
    """The year in the database, and the same in plain lists."""

    def __init__(self, store: Store, size: int, office_count: int) -> None:
        self.store, self.rng = store, random.Random(7)
        with store.change() as session:
            session.add_all(
                office(f"oficina-{n}", f"Ciudad {n}", "IL", "America/Chicago")
                for n in range(office_count)
            )
            session.add_all(
                kind(f"tipo{n}", f"Tipo {n}", position=n, is_core=n < 4) for n in range(8)
            )
            session.add_all(
                FigureSeries(
                    code=each, position=place, label={"es": each}, unit="u", provided_by="SRE"
                )
                for place, each in enumerate(SERIES)
            )
        with store.read() as session:
            self.offices = {each.slug: each.id for each in offices.list_offices(session)}
            self.kinds = {each.code: each.id for each in kinds.list_kinds(session)}
        self.held = {number: self._make_record(number) for number in range(1, size + 1)}
        self.figures = {
            (Month(YEAR, n), series): self.rng.randint(0, 200_000)
            for n in range(1, 13)
            for series in SERIES
        }
        with store.change() as session:
            session.execute(sa.insert(Workshop), [self._row(each) for each in self.held.values()])
            for (month, series), value in self.figures.items():
                session.add(
                    MonthlyFigure(
                        month=month.number, series=series, value=value, source="SRE",
                        entered_at=LATER,
                    )
                )  # fmt: skip

    def change_late(self, change_count: int) -> set[Month]:
        """Change workshops and figures, and return the months they were in or are in now."""
        changed_months: set[Month] = set()
        late_changes = self.rng.sample(sorted(self.held), change_count)
        for number in late_changes:
            before = self.held[number]
            after = self._make_record(number) if self.rng.random() < 0.5 else replace(before)
            after.people = self.rng.randint(0, 80)
            changed_months |= {before.month, after.month}
            self.held[number] = after
        changed_figures = self.rng.sample(sorted(self.figures), 3)
        for month, series in changed_figures:
            self.figures[month, series] += 1
            changed_months.add(month)
        with self.store.change() as session:
            for number in late_changes:
                row = self._row(self.held[number])
                session.execute(sa.update(Workshop).where(Workshop.id == number).values(**row))
            for month, series in changed_figures:
                session.get_one(MonthlyFigure, (month.number, series)).value += 1
        return changed_months

    def count_month(self, month: Month) -> ExpectedMonth:
        return count(self.held, self.figures, month)

    def _make_record(self, number: int) -> WorkshopRecord:
        rng = self.rng
        status = rng.choice(STATUSES)
        return WorkshopRecord(
            id=number,
            office=rng.choice(list(self.offices)),
            kind=rng.choice(list(self.kinds)),
            day=date(YEAR, 1, 1) + timedelta(days=rng.randrange(365)),
            status=status,
            mode=rng.choice(list(DeliveryMode)),
            languages=rng.choice(LANGUAGE_SETS),
            people=rng.randint(0, 60) if status is WorkshopStatus.HELD else None,
        )

    def _row(self, held: WorkshopRecord) -> dict[str, Any]:
        starts = datetime.combine(held.day, time(18), UTC)
        return {
            "id": held.id, "public_id": f"W{held.id:09d}", "uid": f"{held.id:020d}",
            "office_id": self.offices[held.office], "kind_id": self.kinds[held.kind],
            "title": {"es": "Taller"}, "summary": {}, "bring": {}, "mode": held.mode,
            "way": Way.OPEN, "visibility": Visibility.PUBLIC, "languages": Codes(held.languages),
            "interpretation": Codes(), "has_childcare": False, "is_synthetic": False,
            "zone": _ZONE, "day": held.day, "starts": time(18), "ends": time(20),
            "starts_at": starts, "ends_at": starts + timedelta(hours=2),
            "month": held.month.number, "status": held.status, "capacity": 20,
            "overbooked": 0, "seats_left": 20, "slot_places": 1, "support": {},
            "frees_silence": False, "party_limit": 4, "has_waiting_list": True,
            "retention_days": 30, "has_reminders": False, "walk_ins": 0,
            "head_count": held.people, "sequence": 0, "created_at": LONG_AGO,
            "changed_at": LONG_AGO, "facilitator": "", "phone": "", "online_url": "",
            "is_discreet": False, "shown_seats": seat_states.MANY, "shown_used_up": Codes(),
        }  # fmt: skip


def assert_report(report: MonthReport, expected: ExpectedMonth) -> None:
    """Assert that a report has the expected numbers; attendance as far as it is published."""
    found = report.count
    assert found.total == expected.total
    assert {code: n for code, n in found.by_kind.items() if n} == expected.by_kind
    assert {slug: dict(row) for slug, row in found.by_office.items()} == expected.by_office
    assert report.by_mode == expected.by_mode
    assert report.by_language == expected.by_language
    assert {each.series: each.value for each in report.figures} == expected.figures
    assert report.people
    small = {kind for kind, number in expected.people.items() if number < 5}
    assert report.people.small == small
    visible = {k: n for k, n in expected.people.items() if k not in report.people.hidden_kinds}
    assert report.people.published == visible
    assert report.people.total in {None, sum(expected.people.values())}


def expected_changes(
    before: ExpectedMonth, after: ExpectedMonth, hidden: frozenset[str]
) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for slug in {*before.by_office, *after.by_office}:
        old, new = before.by_office.get(slug, {}), after.by_office.get(slug, {})
        found |= {
            ("workshops", slug, code, old.get(code, 0), new.get(code, 0))
            for code in ({*old, *new} - {"total"})
            if old.get(code, 0) != new.get(code, 0)
        }
    for series, value in after.figures.items():
        if before.figures[series] != value:
            found.add(("figure", "", series, before.figures[series], value))
    for code in {*before.people, *after.people} - hidden:
        if (old_one := before.people.get(code, 0)) != (new_one := after.people.get(code, 0)):
            found.add(("people", "", code, old_one, new_one))
    return found


def read_files(client: FlaskClient, month: Month, number: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield (format, numbers by kind, numbers by office) of each file of a revision."""
    address, query = f"/es/cifras/{month}", f"?revision={number}"
    page = client.get(f"{address}.json{query}").get_json()
    assert page["revision"] == number
    yield "json", page["by_kind"], page["by_office"]
    text = client.get(f"{address}.csv{query}").data.decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    yield "csv", _by_office(rows)["total"], _by_office(rows)
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}.xlsx{query}").data))
    sheets = [[list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book]
    yield "xlsx", _by_kind(sheets[0]), _by_office(sheets[1])


def _by_kind(rows: list[list[Any]]) -> dict[str, int]:
    head = rows[0]
    kind, number = head.index("Tipo"), head.index("Talleres")
    return {row[kind]: int(row[number]) for row in rows[1:]}


def _by_office(rows: list[list[Any]]) -> dict[str, dict[str, int]]:
    head, office = rows[0], rows[0].index("Oficina")
    return {
        row[office]: {head[at]: int(row[at] or 0) for at in range(office + 2, len(head))}
        for row in rows[1:]
    }


def _without_zeros(expected: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in expected.items() if number}


def assert_files(client: FlaskClient, month: Month, number: int, expected: ExpectedMonth) -> None:
    kinds_with_total = expected.by_kind | {"total": expected.total}
    offices_with_total = expected.by_office | {"total": kinds_with_total}
    for file_format, by_kind, by_office in read_files(client, month, number):
        location = f"{file_format} of {month}, revision {number}"
        assert _without_zeros(by_kind) in (
            _without_zeros(expected.by_kind),
            _without_zeros(kinds_with_total),
        ), location
        rows = {slug: _without_zeros(row) for slug, row in by_office.items()}
        assert rows in (expected.by_office, _rows_without_zeros(offices_with_total)), location


def _rows_without_zeros(rows: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {slug: _without_zeros(row) for slug, row in rows.items()}


@pytest.mark.parametrize(
    ("size", "office_count", "late_changes", "read"),
    [(600, 5, 40, 2), pytest.param(22_000, 59, 200, 12, marks=pytest.mark.long)],
)
@pytest.mark.any_database
def test_year_is_closed_and_revised_and_all_files_agree(
    client: FlaskClient, store: Store, size: int, office_count: int, late_changes: int, read: int
) -> None:
    network = Network(store, size, office_count)
    year = [Month(YEAR, n) for n in range(1, 13)]
    first = {month: network.count_month(month) for month in year}
    for month in year:
        with store.change() as session:
            revision = month_report.close(session, month, now=LATER)
        assert_report(month_report.read_revision(revision), first[month])

    changed_months = network.change_late(late_changes)
    second = {month: network.count_month(month) for month in year}
    revised = []
    for month in year:
        if not _revise_if_changed(store, month, first[month], second[month]):
            assert month not in changed_months or first[month].by_office == second[month].by_office
            continue
        revised.append(month)
        with store.read() as session:
            assert_report(month_report.report(session, month, now=LATER, number=1), first[month])
            assert_report(month_report.report(session, month, now=LATER), second[month])
            assert all(
                month_report.is_sound(each) for each in months.list_revisions(session, month)
            )
    assert len(revised) >= read

    for month in revised[:read]:
        assert_files(client, month, 1, first[month])
        assert_files(client, month, 2, second[month])
        latest = client.get(f"/api/v1/counts/{month}").get_json()
        assert (latest["revision"], latest["total"]) == (2, second[month].total)
        assert _without_zeros(latest["by_kind"]) == second[month].by_kind
        assert {slug: _without_zeros(row) for slug, row in latest["by_office"].items()} == (
            second[month].by_office
        )


def _revise_if_changed(
    store: Store, month: Month, before: ExpectedMonth, after: ExpectedMonth
) -> bool:
    """Close a month again and assert its differences. Returns False if there are none."""
    try:
        with store.change() as session:
            revision = month_report.close(session, month, reason="Reportes tardíos", now=LATER)
    except Refusal:
        assert before.by_office == after.by_office
        return False
    with store.read() as session:
        attendances = [
            month_report.read_revision(each).people
            for each in months.list_revisions(session, month)
        ]
    hidden = frozenset[str]().union(*(people.hidden_kinds for people in attendances if people))
    found = {
        (each.what, each.office, each.kind or each.series, each.before, each.after)
        for each in month_report.changes_of(revision)
    }
    assert found == expected_changes(before, after, hidden)
    return True
