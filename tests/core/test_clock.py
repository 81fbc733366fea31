"""Wall clock times: gaps, doubled hours, and the laws of 2026 in Canada."""

import zoneinfo
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode
from tests.conftest import make_workshop
from tests.support.loading import done, run, table
from tests.support.refusals import refuses

pytestmark = pytest.mark.core

CHICAGO = ZoneInfo("America/Chicago")
SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)


def test_hour_in_the_spring_gap_is_skipped() -> None:
    skipped = [clock.is_skipped(SPRING, time(hour, 30), CHICAGO) for hour in (1, 2, 3)]
    assert skipped == [False, True, False]
    assert not clock.is_skipped(SPRING, time(3, 0), CHICAGO)
    assert not clock.is_skipped(SPRING, time(2, 30), ZoneInfo("America/Phoenix"))


def test_doubled_hour_means_the_first() -> None:
    doubled = [clock.is_doubled(AUTUMN, time(hour, 30), CHICAGO) for hour in (0, 1, 2)]
    assert doubled == [False, True, False]
    first = clock.instant(AUTUMN, time(1, 30), CHICAGO)
    assert first == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    assert not clock.is_doubled(SPRING, time(2, 30), CHICAGO)


def test_workshop_in_the_spring_gap_is_refused(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session, refuses(ErrorCode.HOUR_SKIPPED):
        make_workshop(session, chicago, rights, day=SPRING, starts=time(2, 30), ends=time(4, 0))


def test_workshop_over_the_gap_or_midnight_keeps_its_length() -> None:
    starts, ends = clock.span(SPRING, time(1, 0), time(4, 0), CHICAGO)
    assert (ends - starts).total_seconds() == 2 * 3600
    starts, ends = clock.span(AUTUMN, time(0, 30), time(2, 30), CHICAGO)
    assert (ends - starts).total_seconds() == 3 * 3600
    starts, ends = clock.span(date(2027, 12, 31), time(22, 0), time(1, 0), CHICAGO)
    assert ends == datetime(2028, 1, 1, 7, 0, tzinfo=UTC)


def test_evening_in_calgary_is_the_next_day_in_utc(
    config: Config, store: Store, calgary: Office, rights: Kind, tmp_path: Path
) -> None:
    row = {
        "office": "calgary",
        "timezone": "America/Edmonton",
        "starts_at": "2027-01-21T18:00",
        "ends_at": "2027-01-21T20:00",
        "city": "Calgary",
        "region": "AB",
    }
    done(run(config, "load", "workshops", table(tmp_path / "w.csv", row)))
    with store.read() as session:
        found = session.scalars(sa.select(Workshop)).one()
    assert (found.day, found.starts) == (date(2027, 1, 21), time(18))
    assert found.starts_at == datetime(2027, 1, 22, 0, 0, tzinfo=UTC)
    assert found.month == 202701


def test_winnipeg_stays_on_summer_time() -> None:
    january = clock.instant(date(2027, 1, 21), time(18, 0), ZoneInfo("America/Winnipeg"))
    july = clock.instant(date(2027, 7, 21), time(18, 0), ZoneInfo("America/Winnipeg"))
    assert (january.hour, july.hour) == (23, 23)  # UTC-5 all year


def test_zone_rules_of_the_system_are_not_used() -> None:
    assert zoneinfo.TZPATH == ()
    clock.require_rules()


@pytest.mark.parametrize("name", ["", "Chicago", "America/Aztlan", "../etc", "America", "\0"])
def test_unknown_zone_names_are_rejected(name: str) -> None:
    assert not clock.is_zone(name)


def test_month_arithmetic() -> None:
    assert str(Month(2020, 12).following) == "2021-01"
    assert str(Month(2020, 1).plus(-1)) == "2019-12"
    assert Month(2020, 2).last == date(2020, 2, 29)
    assert Month.from_number(Month(2020, 1).number) == Month.parse("2020-01")
    assert Month.from_day(date(2020, 1, 31)) < Month(2020, 2)


@pytest.mark.parametrize("text", ["1899-12", "2200-01", "9999-12", "2020-1", "enero"])
def test_malformed_or_distant_months_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Month.parse(text)
