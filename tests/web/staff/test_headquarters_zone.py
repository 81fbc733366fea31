"""Headquarters has a zone of its own: its pages say days and hours by it, and name it; a closing
has one instant and one date, on the pages of the staff and of everybody."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from outreach import clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.reporting import months
from outreach.errors import Misconfigured
from outreach.network_profile import NetworkProfile, use_profile
from outreach.reports import month_report
from outreach.web.staff.common.workshop_labels import closes_words, start_hour
from outreach.web.staff.months import month_labels
from tests.conftest import make_workshop
from tests.support.page_text import seen
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = pytest.mark.any_database("zones are computed in the program")

# The evening of 5 December in Mexico City is the 6th in UTC and still the afternoon in Tijuana.
CLOSED_AT = datetime(2026, 12, 6, 2, 30, tzinfo=UTC)


def headquarters_in(zone: str) -> AbstractContextManager[None]:
    return use_profile(NetworkProfile(headquarters_zone=zone))


def test_setting_is_a_zone_and_mexico_city_without_one() -> None:
    assert Config.from_environ({}).headquarters_zone == "America/Mexico_City"
    found = Config.from_environ({"OUTREACH_HEADQUARTERS_ZONE": "America/Tijuana"})
    assert found.headquarters_zone == "America/Tijuana"
    with pytest.raises(Misconfigured, match="HEADQUARTERS_ZONE"):
        Config.from_environ({"OUTREACH_HEADQUARTERS_ZONE": "Tijuana"})


def test_application_closes_months_by_the_clock_of_its_setting(
    make_app: Callable[..., Flask],
) -> None:
    for zone, hour in (("America/Mexico_City", 0), ("America/Tijuana", 2)):
        make_app(headquarters_zone=zone)
        assert months.get_closing_time(Month(2026, 11)) == datetime(2026, 12, 6, hour, tzinfo=UTC)


def test_closing_has_the_same_date_for_the_staff_and_in_public(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2020, 1, 18))
        revision = month_report.close(
            session,
            Month(2020, 1),
            reason="",
            organizer_id=None,
            seen=0,
            draft=month_report.make_draft(session, Month(2020, 1), now=CLOSED_AT),
            now=CLOSED_AT,
        )
        assert revision.cut == CLOSED_AT
    elena = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    text = words(elena.get("/org/mes/2020-01/cierre"))
    assert "5 de diciembre, 8:30 p. m., hora de Ciudad de México" in text
    assert "UTC" not in text
    public = words(app.test_client().get("/es/cifras/2020-01", base_url="http://localhost:8000"))
    assert "5 de diciembre" in public
    assert "6 de diciembre" not in public


def test_other_zone_moves_the_day_of_a_closing(app: Flask) -> None:
    with app.test_request_context(), headquarters_in("Europe/Madrid"):
        assert month_labels.slim_date(CLOSED_AT) == "6 dic"
    with app.test_request_context(), headquarters_in("America/Tijuana"):
        assert month_labels.slim_date(CLOSED_AT) == "5 dic"


def test_office_in_another_zone_reads_by_which_clock_the_month_closes(
    app: Flask, store: Store, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, calgary, rights, day=date(2026, 11, 21))
    with app.test_request_context(), headquarters_in("America/Tijuana"):
        said = closes_words(workshop, now=datetime(2026, 12, 5, 20, 0, tzinfo=UTC))
    assert said == "El mes cierra hoy, a las 8:00\u00a0p.\u00a0m., hora de Edmonton"


def test_hours_name_their_zone_where_the_reader_has_another(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        summer = make_workshop(session, chicago, rights, day=date(2027, 7, 10), starts=time(18))
        winter = make_workshop(session, chicago, rights, day=date(2027, 1, 9), starts=time(18))
    mexico = ZoneInfo("America/Mexico_City")
    with app.test_request_context():
        assert start_hour(summer, mexico) == "6:00\u00a0p.\u00a0m., hora de Chicago"
        assert start_hour(winter, mexico) == "6:00\u00a0p.\u00a0m."
        assert start_hour(summer, chicago.zone) == "6:00\u00a0p.\u00a0m."
        assert start_hour(winter, None) == "6:00\u00a0p.\u00a0m., hora de Chicago"


def test_pages_of_headquarters_name_its_zone(
    app: Flask, store: Store, chicago: Office, calgary: Office
) -> None:
    elena = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    with store.change() as session:
        audit_log.record(session, None, "kinds brought in", now=clock.now())
    assert "hora de Ciudad de México" in words(elena.get("/org/"))
    assert "hora de Ciudad de México" in words(elena.get("/org/bitacora"))
    ana = signed_in_as(app, store, employ(store))
    menu, content = ana.get("/org/").text.split("<main", 1)
    assert "hora de Chicago" in seen(menu)
    assert "hora de" not in seen(content)
