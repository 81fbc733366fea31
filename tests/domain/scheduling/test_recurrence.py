"""Days of a recurrence rule, and the conflicts that are shown before workshops are created."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import holidays as library
import pytest

from outreach import clock
from outreach.db.store import Store
from outreach.domain.locations import holidays, regions
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import recurrence, workshop_data, workshop_service
from outreach.domain.scheduling.recurrence import RecurrenceRule, RecurrenceUnit
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.errors import ErrorCode
from outreach.network_profile import NetworkProfile, use_profile
from tests.conftest import make_workshop, venue
from tests.support.refusals import refuses

SATURDAY = 5


def days(rule: RecurrenceRule, first: date, today: date | None = None) -> list[date]:
    return recurrence.list_days(rule, first, today=today or first)


def dates(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def test_weekly_rule_includes_its_last_day() -> None:
    rule = RecurrenceRule(RecurrenceUnit.WEEK, frozenset({SATURDAY}), until=date(2026, 12, 26))
    found = days(rule, date(2026, 12, 5))
    assert found == dates("2026-12-12", "2026-12-19", "2026-12-26")


def test_every_two_weeks_on_several_days_counts_weeks_from_sunday() -> None:
    rule = RecurrenceRule(RecurrenceUnit.TWO_WEEKS, frozenset({1, SATURDAY, 6}), count=5)
    found = days(rule, date(2026, 12, 1))  # a Tuesday
    assert found == dates("2026-12-05", "2026-12-13", "2026-12-15", "2026-12-19", "2026-12-27")


def test_month_without_fifth_saturday_is_skipped() -> None:
    rule = RecurrenceRule(RecurrenceUnit.MONTH, until=date(2027, 7, 31))
    found = days(rule, date(2027, 1, 30))  # the fifth
    assert found == dates("2027-05-29", "2027-07-31")


def test_last_saturday_is_the_fourth_or_fifth() -> None:
    rule = RecurrenceRule(RecurrenceUnit.LAST, count=5)
    found = days(rule, date(2027, 1, 30))
    assert found == dates("2027-02-27", "2027-03-27", "2027-04-24", "2027-05-29", "2027-06-26")
    assert recurrence.is_last_of_month(date(2027, 2, 27))
    assert recurrence.week_of_month(date(2027, 2, 27)) == 4


def test_29_february_recurs_by_weekday() -> None:
    rule = RecurrenceRule(RecurrenceUnit.MONTH, count=3)
    assert days(rule, date(2028, 2, 29)) == dates("2028-05-30", "2028-08-29", "2028-10-31")
    weekly = RecurrenceRule(RecurrenceUnit.WEEK, frozenset({1}), count=2)
    assert days(weekly, date(2028, 2, 22)) == dates("2028-02-29", "2028-03-07")


def test_past_workshop_recurs_from_today_in_its_original_weeks() -> None:
    rule = RecurrenceRule(RecurrenceUnit.TWO_WEEKS, frozenset({SATURDAY}), count=2)
    found = days(rule, date(2026, 1, 3), today=date(2026, 12, 1))
    assert found == dates("2026-12-05", "2026-12-19")


def test_recurrence_has_at_most_sixty_dates() -> None:
    daily = frozenset(range(7))
    assert len(days(RecurrenceRule(RecurrenceUnit.WEEK, daily, count=60), date(2026, 12, 1))) == 60
    with refuses(ErrorCode.RECURRENCE_TOO_MANY_DATES):
        days(RecurrenceRule(RecurrenceUnit.WEEK, daily, until=date(2027, 2, 1)), date(2026, 12, 1))
    with refuses(ErrorCode.RECURRENCE_COUNT_OUT_OF_RANGE):
        days(RecurrenceRule(RecurrenceUnit.WEEK, daily, count=61), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (RecurrenceRule(RecurrenceUnit.WEEK, frozenset({5})), ErrorCode.RECURRENCE_WITHOUT_END),
        (RecurrenceRule(RecurrenceUnit.WEEK, count=3), ErrorCode.RECURRENCE_WITHOUT_WEEKDAY),
        (
            RecurrenceRule(RecurrenceUnit.MONTH, until=date(2026, 12, 6)),
            ErrorCode.RECURRENCE_WITHOUT_DATES,
        ),
        (
            RecurrenceRule(RecurrenceUnit.WEEK, frozenset({5}), until=date(2035, 1, 1)),
            ErrorCode.RECURRENCE_TOO_FAR,
        ),
    ],
)
def test_rule_without_dates_is_refused(rule: RecurrenceRule, code: ErrorCode) -> None:
    with refuses(code):
        days(rule, date(2026, 12, 5))


# Holidays


def names(day: str, country: str = "US", region: str = "IL") -> list[str]:
    return [each.name for each in holidays.list_holidays(date.fromisoformat(day), country, region)]


def test_holidays_of_the_region_and_of_mexico_are_listed() -> None:
    assert names("2027-01-18") == ["Día de Martin Luther King"]
    assert names("2027-02-01") == ["Día de la Constitución"]
    assert holidays.list_holidays(date(2027, 2, 1), "US", "IL")[0].is_home
    assert names("2026-12-25") == ["Navidad"], "a holiday of both countries is listed once"
    assert names("2027-02-15", "CA", "AB") == ["Día de la Familia"]
    assert names("2027-02-15", "CA", "QC") == []
    assert names("2027-06-24", "CA", "QC") == ["San Juan Bautista"]
    assert names("2027-07-05") == ["Día de la Independencia de Estados Unidos (se guarda este día)"]
    assert names("2027-05-05") == []


def test_every_holiday_of_every_region_has_a_name_in_each_language() -> None:
    found: dict[str, Mapping[str, str]] = {}
    for country in ("US", "CA"):
        for region in set(regions.load_names()) & set(
            library.country_holidays(country).subdivisions
        ):
            for day in library.country_holidays(country, subdiv=region, years=(2026, 2027, 2028)):
                listed = holidays.list_holidays(day, country, region)
                found |= {each.name: each.names for each in listed}
    assert len(found) > 60
    assert [name for name in found if name.endswith((" Day", "Birthday", "Eve"))] == []
    for name, in_each in found.items():
        assert in_each.keys() == {"es", "en", "fr"}
        assert not in_each["fr"].endswith((" Day", "Birthday", "Eve")), name
        assert not in_each["en"].startswith("Día"), name
        assert in_each["fr"] != in_each["es"] or name == "Diwali"
        assert holidays.find_names(name)["fr"] == in_each["fr"]


@pytest.mark.parametrize("country", ["MX", "GT", "SV", "HN", "ES", "FR", "DE"])
def test_national_holidays_of_other_countries_have_names_in_each_language(country: str) -> None:
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        for day in library.country_holidays(country, years=(2026, 2027)):
            for each in holidays.list_holidays(day, country, ""):
                assert each.names["es"] != each.names["en"], each
                assert each.names["fr"] != each.names["en"] or each.names["en"] == "Ascension"
                assert holidays.find_names(each.name)["es"] == each.name


def test_holidays_of_a_region_elsewhere_and_of_another_home_country() -> None:
    with use_profile(NetworkProfile(countries=("ES", "DE"), home_country="SV")):
        assert names("2026-09-11", "ES", "ES-CT") == ["Fiesta Nacional de Cataluña"]
        assert names("2026-09-15", "DE", "DE-BE") == ["Día de la Independencia"]
        assert holidays.list_holidays(date(2026, 9, 15), "ES", "ES-MD")[0].is_home
        assert names("2026-01-06", "DE", "DE-BY") == ["Día de Reyes"]
        assert names("2026-01-06", "DE", "DE-BE") == []
        assert holidays.find_names("Fiesta Nacional de Cataluña") == dict.fromkeys(
            ("es", "en", "fr"), "Fiesta Nacional de Cataluña"
        ), "a name of one region is not looked for"
    with use_profile(NetworkProfile(countries=("US",), home_country="EC")):
        assert names("2026-08-10") == ["Primer Grito de Independencia"]
    with use_profile(NetworkProfile(home_country="")):
        assert names("2027-02-01") == []


# Conflicts


def make_data(
    session_office: Office, kind: Kind, day: date, starts: time, zone: str
) -> WorkshopData:
    base = workshop_data.from_kind(kind, session_office, day, starts)
    return replace(base, zone=ZoneInfo(zone))


def test_nonexistent_hour_is_impossible_and_ambiguous_hour_is_shown(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.read() as session:
        candidates = [
            make_data(chicago, rights, day, time(hour, 30), "America/Chicago")
            for day, hour in (
                (date(2027, 3, 14), 2),
                (date(2027, 3, 14), 18),
                (date(2027, 11, 7), 1),
                (date(2027, 3, 21), 2),
            )
        ]
        gap, evening, doubled, ordinary = recurrence.propose(session, candidates)
    assert (gap.is_possible, gap.is_recommended) == (False, False)
    assert (evening.is_possible, evening.is_day_of_change) == (True, True)
    assert (doubled.is_possible, doubled.is_doubled) == (True, True)
    assert (ordinary.is_day_of_change, ordinary.is_recommended) == (False, True)


def test_alberta_has_no_clock_changes(store: Store, calgary: Office, rights: Kind) -> None:
    zone = ZoneInfo("America/Edmonton")
    assert recurrence.list_clock_changes(date(2027, 1, 1), date(2028, 12, 31), zone) == []
    chicago = ZoneInfo("America/Chicago")
    assert recurrence.list_clock_changes(date(2027, 1, 1), date(2027, 12, 31), chicago) == dates(
        "2027-03-14", "2027-11-07"
    )
    with store.read() as session:
        candidate = make_data(calgary, rights, date(2027, 3, 14), time(2, 30), "America/Edmonton")
        assert recurrence.propose(session, [candidate])[0].is_recommended


def test_proposal_shows_occupied_venue_and_same_kind(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    day = clock.now().date() + timedelta(days=30)
    with store.change() as session:
        room = venue(session, chicago)
        workshop = make_workshop(
            session, chicago, women, venue=room, day=day, starts=time(18), ends=time(20)
        )
        office, kind = workshop.office, session.merge(rights, load=False)
        base = replace(
            workshop_data.from_kind(kind, office, day, time(19)), venue=room, zone=room.zone
        )
        adjacent = replace(base, starts=time(20), ends=time(21))
        twin = replace(
            workshop_service.get_data(workshop), venue=venue(session, chicago, name="Otra")
        )
        sibling = replace(twin, starts=time(9), ends=time(10))
        found = recurrence.propose(session, [base, adjacent, twin, sibling])
        assert [each.busy for each in found] == ["Conoce tus derechos", "Tus derechos", "", ""]
        assert found[0].busy_until == workshop.ends_at
        assert [each.is_twin for each in found] == [False, False, True, False]
        assert [each.has_sibling for each in found] == [False, True, True, True]
        without_itself = recurrence.propose(
            session, [workshop_service.get_data(workshop)], ignoring={workshop.id}
        )
        assert (without_itself[0].busy, without_itself[0].is_twin) == ("", False)


def test_cancelled_workshop_is_no_conflict(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        workshop_service.cancel(session, workshop, now=clock.now())
        found = recurrence.propose(session, [workshop_service.get_data(workshop)])
        assert (found[0].busy, found[0].has_sibling) == ("", False)
