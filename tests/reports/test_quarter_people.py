"""Ranges of people by office: drawn once a quarter, and safe when months are corrected."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import highspy
import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from outreach.clock import Month, Quarter
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months, releases
from outreach.domain.reporting.releases import ReleaseCalendar
from outreach.reports import attendance_counts, month_report, quarter_people
from outreach.reports.attendance_counts import Attendance
from outreach.reports.people_ranges import RANGE_SIZE, Bounds
from outreach.reports.quarter_people import QuarterPeople
from tests.support.closed_quarter import APRIL, QUARTER, close, hold_quarter, report_late
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

MONTHS: Final = QUARTER.months
REVISIONS: Final = 3
KIND, OTHER = "derechos", "otros"


@dataclass(frozen=True, eq=False)
class HeldWorkshop:
    office: str
    month: Month
    people: int


class CorrectedQuarter:
    """A random quarter of one kind: three months with three revisions each, some of them before the
    ranges are drawn, and all that is published."""

    def __init__(self, seed: int, *, is_fixed: bool = True) -> None:
        self.chance = random.Random(seed)
        self.is_fixed = is_fixed
        largest = self.chance.choice((3, 12, 60, 300))
        self.held = [
            HeldWorkshop(f"office-{number}", month, self.chance.randint(0, largest))
            for number in range(self.chance.randint(2, 7))
            for month in MONTHS
            for _ in range(self.chance.choice((0, 1, 1, 2, 5)))
        ]
        self.published: dict[Month, list[Attendance]] = {month: [] for month in MONTHS}
        self.counted: dict[Month, list[Mapping[str, str]]] = {month: [] for month in MONTHS}
        # For each revision, the workshops of its month, and their people if that is published.
        self.published_totals: list[tuple[list[HeldWorkshop], int | None]] = []
        self.ranges: Mapping[str, Bounds] = {}
        # The ranges are drawn when the last month is closed, whatever was corrected before.
        drawn_at = self.chance.choice((1, 1, 1, 2))
        for number in range(1, REVISIONS + 1):
            for month in MONTHS:
                if number > 1:
                    self.correct(month)
                self.close(month)
            if number == drawn_at:
                self.drawn = list(self.held)
                self.ranges = self.draw()

    def correct(self, month: Month) -> None:
        """A workshop is reported late, or was not held; or nothing."""
        of_month = [each for each in self.held if each.month == month]
        chance = self.chance.random()
        if of_month and chance < 0.4:
            self.held.remove(self.chance.choice(of_month))
        elif of_month and chance < 0.7:
            slug, people = self.chance.choice(of_month).office, self.chance.choice((0, 1, 7, 200))
            self.held.append(HeldWorkshop(slug, month, people))

    def close(self, month: Month) -> None:
        of_month = [each for each in self.held if each.month == month]
        people = {OTHER: 1000} | ({KIND: sum(each.people for each in of_month)} if of_month else {})
        self.counted[month].append({KIND: " ".join(str(id(each)) for each in of_month)})
        fixed = {KIND} if self.ranges and self.is_fixed else ()
        recounted = attendance_counts.find_recounted(self.counted[month], fixed)
        found = attendance_counts.suppress(
            people, self.published[month], fixed=fixed, recounted=recounted
        )
        self.published[month].append(found)
        self.published_totals.append((of_month, found.published.get(KIND)))

    def draw(self) -> Mapping[str, Bounds]:
        if any(attendance_counts.find_recounted(each, {KIND}) for each in self.counted.values()):
            return {}
        cells: dict[str, dict[Month, tuple[int, int]]] = {}
        for each in self.held:
            count, people = cells.setdefault(each.office, {}).get(each.month, (0, 0))
            cells[each.office][each.month] = (count + 1, people + each.people)
        return quarter_people.draw_kind(KIND, cells, self.published, pick=self.chance.randrange)

    def attack(self, *, with_ranges: bool) -> dict[str, Bounds]:
        """The bounds of each office at the time of the draw, by linear programming, for somebody
        who knows of each revision which workshops it counts, and every published total."""
        solver = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
        solver.silent()
        everything = {
            id(each): each for workshops, _ in self.published_totals for each in workshops
        }
        people = {number: solver.addVariable(lb=0) for number in everything}
        for workshops, total in self.published_totals:
            if workshops and total is not None:
                solver.addConstr(sum(people[id(each)] for each in workshops) == total)
        sums = {
            slug: sum(people[id(each)] for each in self.drawn if each.office == slug)
            for slug in {each.office for each in self.drawn}
        }
        if with_ranges:
            for slug, bounds in self.ranges.items():
                solver.addConstr(sums[slug] >= bounds.least)
                solver.addConstr(sums[slug] <= bounds.most)
        found = {}
        for slug, total in sums.items():
            solver.minimize(total)
            least = solver.getObjectiveValue()
            solver.maximize(total)
            found[slug] = Bounds(round(least), round(solver.getObjectiveValue()))
        return found


def find_narrow(quarter: CorrectedQuarter) -> list[str]:
    """The offices whose number the ranges tell more closely than promised."""
    before, after = quarter.attack(with_ranges=False), quarter.attack(with_ranges=True)
    return [
        slug
        for slug, bounds in after.items()
        if bounds.size
        < (RANGE_SIZE if slug in quarter.ranges else min(RANGE_SIZE, before[slug].size))
    ]


def check(seed: int) -> int:
    """How many ranges the quarter has, once none of them was found to say too much."""
    quarter = CorrectedQuarter(seed)
    assert not quarter.ranges or find_narrow(quarter) == [], seed
    return len(quarter.ranges)


@pytest.mark.any_database("numbers")
def test_solver_finds_no_office_more_closely_over_three_revisions() -> None:
    assert sum(check(seed) for seed in range(150)) > 50


@pytest.mark.any_database("numbers")
def test_solver_finds_offices_where_changed_totals_are_published() -> None:
    # In the last four it is the total that stayed the same, of other workshops.
    for seed in (108, 118, 883, 4663, 6620, 8471):
        assert find_narrow(CorrectedQuarter(seed, is_fixed=False)), "the attack finds what it may"
        assert find_narrow(CorrectedQuarter(seed)) == []


@pytest.mark.long
@pytest.mark.any_database("numbers")
@pytest.mark.parametrize("first", range(0, 10_000, 2_000))
def test_solver_finds_nothing_in_ten_thousand_quarters(first: int) -> None:
    assert sum(check(seed) for seed in range(first, first + 2_000)) > 800


@pytest.fixture
def quarter(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Each month has two reported workshops of each office and kind; January and February are
    closed."""
    hold_quarter(store, (chicago, calgary), {rights: 20, women: 15})
    for month in MONTHS[:2]:
        close(store, month)
    return store


def read_people(store: Store, month: Month, number: int = 1) -> Attendance:
    with store.read() as session:
        people = month_report.read_revision(months.get_revision(session, month, number)).people
    assert people is not None
    return people


def find(store: Store, *, now: datetime = APRIL) -> QuarterPeople | None:
    with store.read() as session:
        return month_report.find_quarter_people(session, QUARTER, now=now)


def get_ranges(store: Store) -> Mapping[str, Mapping[str, Bounds]]:
    found = find(store)
    assert found is not None
    return found.ranges


def test_ranges_are_drawn_when_the_last_month_is_closed(quarter: Store) -> None:
    assert find(quarter) is None
    close(quarter, MONTHS[2])
    ranges = get_ranges(quarter)
    assert {kind: {*offices} for kind, offices in ranges.items()} == {
        "derechos": {"chicago", "calgary"}
    }, "the discreet kind stays a total of the network"
    for bounds in ranges["derechos"].values():
        assert bounds.size == RANGE_SIZE
        assert bounds.least <= 120 <= bounds.most


def test_kind_of_high_sensitivity_has_no_ranges(quarter: Store, rights: Kind) -> None:
    with quarter.change() as session:
        session.merge(rights).sensitivity = "high"
    close(quarter, MONTHS[2])
    assert get_ranges(quarter) == {}


def test_changed_total_is_withheld_afterwards(
    quarter: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    close(quarter, MONTHS[2])
    before = get_ranges(quarter)
    report_late(quarter, chicago, rights, MONTHS[0], 200)
    report_late(quarter, chicago, women, MONTHS[0], 200)
    close(quarter, MONTHS[0])
    people = read_people(quarter, MONTHS[0], 2)
    assert people.withheld == {"derechos"}
    assert people.published == {"mujeres": 260}, "it has no ranges"
    assert people.total is None
    assert get_ranges(quarter) == before


def test_same_total_of_other_workshops_is_withheld_afterwards(
    quarter: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    """It would tell that nobody came to the workshop that was added."""
    close(quarter, MONTHS[2])
    report_late(quarter, chicago, rights, MONTHS[0], 0)
    close(quarter, MONTHS[0])
    assert read_people(quarter, MONTHS[0], 2).withheld == {"derechos"}


def test_kind_whose_workshops_changed_before_has_no_ranges(
    quarter: Store, chicago: Office, rights: Kind
) -> None:
    report_late(quarter, chicago, rights, MONTHS[0], 0)
    close(quarter, MONTHS[0])
    assert read_people(quarter, MONTHS[0], 2).published["derechos"] == 80, "as ever"
    close(quarter, MONTHS[2])
    assert get_ranges(quarter) == {}


def test_ranges_stay_in_later_revisions_of_their_month(
    quarter: Store, chicago: Office, women: Kind
) -> None:
    close(quarter, MONTHS[2])
    report_late(quarter, chicago, women, MONTHS[2], 200)
    close(quarter, MONTHS[2])
    with quarter.read() as session:
        first, second = (
            month_report.read_revision(months.get_revision(session, MONTHS[2], number))
            for number in (1, 2)
        )
    assert first.quarter_people is not None
    assert second.quarter_people == first.quarter_people


def test_kind_whose_total_changed_before_has_no_ranges(
    quarter: Store, chicago: Office, rights: Kind
) -> None:
    report_late(quarter, chicago, rights, MONTHS[0], 200)
    close(quarter, MONTHS[0])
    assert read_people(quarter, MONTHS[0], 2).published["derechos"] == 280, "as ever"
    close(quarter, MONTHS[2])
    assert get_ranges(quarter) == {}


def test_kind_that_was_reported_after_its_month_was_closed_has_no_ranges(
    quarter: Store, chicago: Office, rights: Kind
) -> None:
    report_late(quarter, chicago, rights, MONTHS[1], 12)
    close(quarter, MONTHS[2])
    assert get_ranges(quarter) == {}


def test_ranges_wait_for_the_release_of_all_three_months(quarter: Store) -> None:
    """March is released on the 12th of May and closed at once; February, closed on the 20th of
    April, on the 12th of June."""
    with quarter.change() as session:
        releases.set_calendar(session, ReleaseCalendar(12, time(9), MONTHS[0]))
        for month in MONTHS[:2]:
            months.get_revision(session, month, 1).released_at = APRIL + timedelta(days=50)
    close(quarter, MONTHS[2])
    assert find(quarter, now=APRIL + timedelta(days=99)) is None


def test_page_shows_the_ranges_and_the_month_leads_there(
    quarter: Store, client: FlaskClient
) -> None:
    path = "/es/cifras/trimestre/2026-1"
    assert client.get(path).status_code == 404
    close(quarter, MONTHS[2])
    bounds = get_ranges(quarter)["derechos"]["calgary"]
    page = BeautifulSoup(client.get(path).text, "html.parser")
    rows = [
        [cell.get_text(strip=True) for cell in row.select("th, td")] for row in page.select("tr")
    ]
    assert rows[0] == ["Oficina", "Tus derechos"]
    assert rows[1] == ["Calgary", f"{bounds.least} a {bounds.most}"]
    for address in ("/es/cifras/2026-03", "/es/cifras/2026"):
        assert f'href="{path}"' in client.get(address).text
    assert f'href="{path}"' not in client.get("/es/cifras/2026-02").text
    for wrong in ("2026-2", "2026-0", "2026-5", "26-1"):
        assert client.get(f"/es/cifras/trimestre/{wrong}").status_code == 404


def test_file_has_both_ends_of_each_range(quarter: Store, client: FlaskClient) -> None:
    close(quarter, MONTHS[2])
    lines = client.get("/datos/2026-03/1/people-by-office.csv").text.splitlines()
    assert lines[0] == "quarter,office,kind,bound,people"
    least = get_ranges(quarter)["derechos"]["calgary"].least
    assert lines[1:3] == [
        f"2026-Q1,calgary,derechos,least,{least}",
        f"2026-Q1,calgary,derechos,most,{least + RANGE_SIZE - 1}",
    ]
    assert client.get("/datos/2026-02/1/people-by-office.csv").status_code == 404


def test_quarters_are_read_and_written() -> None:
    assert str(Quarter.parse("2026-Q4")) == "2026-Q4"
    assert [str(each) for each in Quarter(2026, 4).months] == ["2026-10", "2026-11", "2026-12"]
    assert [Month(2026, number).quarter.number for number in range(1, 13)] == [
        1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4,
    ]  # fmt: skip
    for text in ("2026-Q5", "2026-T1", "2026-Q", "1066-Q1", "2026-Q١"):
        with pytest.raises(ValueError, match=re.escape(text[:4])):
            Quarter.parse(text)
