"""Offices that have not reported a month, and kinds that are not offered in the coming days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network import offices, staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.reporting import missing_reports, months
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import WorkshopStatus
from outreach.reports import coverage
from outreach.reports.coverage import CoverageRow, ReportState
from tests.conftest import kind, make_workshop, office
from tests.support.staff_client import employ

pytestmark = pytest.mark.any_database

MARCH = Month(2026, 3)
DAY = date(2026, 3, 10)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)


def row_of(store: Store, slug: str, month: Month = MARCH) -> CoverageRow:
    with store.read() as session:
        found = coverage.matrix(session, month, None, now=APRIL)
    return next(row for row in found.rows if row.slug == slug)


def test_office_without_workshops_or_completion_is_missing(
    store: Store, chicago: Office, rights: Kind
) -> None:
    assert row_of(store, "chicago").state is ReportState.MISSING
    assert row_of(store, "chicago").is_late
    with store.change() as session:
        make_workshop(session, chicago, rights, day=DAY, status=WorkshopStatus.DRAFT)
    assert row_of(store, "chicago").state is ReportState.MISSING, "a draft does not count"


def test_complete_month_without_workshops_is_zero(store: Store, chicago: Office) -> None:
    staff_id = employ(store)
    with store.change() as session:
        months.set_complete(session, chicago.id, MARCH, organizer_id=staff_id, now=APRIL)
    assert row_of(store, "chicago").state is ReportState.ZERO
    assert not row_of(store, "chicago").is_late
    assert row_of(store, "chicago", MARCH.following).state is ReportState.MISSING
    with store.change() as session:
        months.set_complete(session, chicago.id, MARCH, organizer_id=staff_id, now=None)
    assert row_of(store, "chicago").state is ReportState.MISSING


def test_past_workshop_without_report_is_pending(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop_service.report(
            make_workshop(session, chicago, rights, day=DAY), head_count=3, now=APRIL
        )
        past_workshop = make_workshop(session, chicago, rights, day=DAY)
    row = row_of(store, "chicago")
    assert (row.state, row.pending, row.total) == (ReportState.PENDING, 1, 2)
    with store.change() as session:
        workshop_service.report(session.merge(past_workshop), head_count=0, now=APRIL)
    assert row_of(store, "chicago").state is ReportState.READY


def test_office_with_only_cancelled_workshops_has_reported(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=DAY, status=WorkshopStatus.CANCELLED)
        workshop_service.report(
            make_workshop(session, chicago, rights, day=DAY), head_count=None, now=APRIL
        )
    row = row_of(store, "chicago")
    assert (row.state, row.called_off, row.is_late) == (ReportState.CALLED_OFF, 2, False)


def test_kinds_that_are_not_core_are_summed(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        other_kind = kind("salud", "Salud", position=9, is_core=False)
        session.add(other_kind)
        session.flush()
        for each in (rights, other_kind, other_kind):
            workshop_service.report(
                make_workshop(session, chicago, each, day=DAY), head_count=9, now=APRIL
            )
    with store.read() as session:
        found = coverage.matrix(session, MARCH, None, now=APRIL)
    assert (found.core, found.other_count, found.total) == ((1,), 2, 3)


def test_office_need_not_report_a_month_in_which_it_was_closed(store: Store) -> None:
    with store.change() as session:
        session.add(office("tulsa", "Tulsa", "OK", "America/Chicago", opened_on=date(2026, 3, 31)))
        session.add(office("leon", "León", "TX", "America/Chicago", closed_on=date(2026, 3, 1)))
        session.add(
            office("reno", "Reno", "NV", "America/Denver", was_open_in_january_2020=False)
        )  # fmt: skip
    with store.read() as session:
        by_slug = {each.slug: each for each in offices.list_offices(session)}
        found = coverage.matrix(session, MARCH, None, now=APRIL)
    assert [row.slug for row in found.rows] == ["reno", "tulsa"]
    is_expected = {slug: coverage.is_asked(each, Month(2020, 1)) for slug, each in by_slug.items()}
    assert is_expected == {"tulsa": True, "leon": True, "reno": False}


def test_no_office_is_late_before_the_month_is_over(store: Store, chicago: Office) -> None:
    with store.read() as session:
        assert coverage.matrix(session, MARCH.following, None, now=APRIL).late == ()
        late_offices = coverage.matrix(session, MARCH, None, now=APRIL).late
        assert [row.slug for row in late_offices] == ["chicago"]
        assert coverage.matrix(session, MARCH, frozenset(["calgary"]), now=APRIL).rows == ()


def test_office_sees_its_attendance_by_kind(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        for each_office, people in ((chicago, 3), (chicago, 30), (calgary, 50)):
            workshop_service.report(
                make_workshop(session, each_office, rights, day=DAY), head_count=people, now=APRIL
            )
        make_workshop(session, chicago, rights, day=DAY)
    with store.read() as session:
        [people_count] = coverage.people(session, MARCH, ["chicago"])
    assert (people_count.city, people_count.workshops, people_count.people) == ("Chicago", 2, 33)


def test_offices_and_kinds_without_workshops_in_thirty_days_are_listed(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    today = clock.now().date()
    with store.change() as session:
        session.add(kind("daca", "DACA", position=2, countries=Codes(["US"])))
        session.flush()
        make_workshop(session, chicago, rights)
        make_workshop(session, calgary, rights, day=today + timedelta(days=31))
    with store.read() as session:
        found = coverage.gaps(session, None, now=clock.now())
    assert found.offices == ("Calgary",)
    assert [(name["es"], cities) for name, cities in found.kinds] == [
        ("Tus derechos", ()),
        ("DACA", ("Chicago",)),
    ]


@pytest.mark.any_database
def test_reporters_of_an_office_are_its_own_staff_with_the_permission(store: Store) -> None:
    ana = employ(store)
    elena = employ(store, "elena@example.org", Role.ADMIN, "calgary")
    employ(store, "tomas@example.org", Role.DOOR)
    employ(store, "luz@example.org", Role.READER)
    employ(store, "red@example.org", Role.ADMIN, "*")
    former_id = employ(store, "fue@example.org")
    with store.change() as session:
        former = staff.find(session, "fue@example.org")
        assert former
        assert former.id == former_id
        former.disabled_at = APRIL
    with store.read() as session:
        assert missing_reports.list_reporters(session, ["chicago"]) == [(ana, "chicago")]
        assert missing_reports.list_reporters(session, ["*", "calgary"]) == [(elena, "calgary")]
        assert len(missing_reports.list_reporters(session, ["chicago", "calgary"])) == 2
