"""The release calendar: a second before the hour no number of the month leaves the house, a second
after all formats agree."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest
import sqlalchemy as sa
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter import bulletins
from outreach.domain.reporting import months, releases
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.reporting.releases import ReleaseCalendar
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode
from outreach.reports import month_report
from tests.conftest import make_workshop
from tests.support.fixed_clock import fixed_clock
from tests.support.refusals import refuses
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = fixed_clock

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
CLOSED_AT: Final = datetime(2026, 11, 5, 20, 0, tzinfo=UTC)
# The 12th at 09:00 in Mexico City.
RELEASED_AT: Final = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
CALENDAR: Final = ReleaseCalendar(12, time(9), OCTOBER)
ADDRESSES: Final = (
    *(
        f"/{lang}/{page}"
        for lang in ("es", "en", "fr")
        for page in (
            "cifras/", "cifras/2026", "cifras/2026-09", "cifras/2026-09.json", "cifras/2026-10",
            "cifras/2026-10?revision=1", "cifras/2026-10.json", "cifras/2026-10.json?revision=1",
            "cifras/2026-10.csv", "cifras/2026-10.xlsx", "cifras/2026-10.pdf",
            "cifras/2026-10.pdf?revision=1", "cifras/2026-11", "cifras/oficina/chicago",
            "cifras/tipo/derechos", "cifras/publicacion", "cifras/publicacion.ics", "boletin/",
            "boletin/2026-10", "boletin/2026-10.txt", "boletin/2026-10.pdf", "boletin/atom.xml",
            "datos",
        )
    ),
    *(
        f"/datos/{name}"
        for name in (
            "catalog.jsonld", "2026-10/1/workshops.csv", "2026-10/1/workshops.sdmx.csv",
            "2026-10/1/figures.csv", "2026-10/1/people.csv", "2026-10/1/csv-metadata.json",
            "2026-10/1/datapackage.json", "2026-10/1/structure.json", "2026-10/1/quality.json",
            "2026-10/2/workshops.csv",
        )
    ),
    *(
        f"/api/v1/{name}"
        for name in (
            "counts", "counts/2026-10", "counts/2026-10?revision=1", "figures", "figures/2026-10",
            "bulletins", "bulletins/2026-10",
        )
    ),
    "/sitemap/cifras.xml",
)  # fmt: skip
Crawl = Callable[[], dict[str, tuple[int, str]]]


@pytest.fixture
def network(store: Store, chicago: Office, rights: Kind, women: Kind) -> Store:
    """September is open and has one workshop; October has three and a figure, and is closed under
    a calendar."""
    with store.change() as session:
        releases.set_calendar(session, CALENDAR)
        make_workshop(session, chicago, rights, day=date(2026, 9, 8))
        for kind, people in ((rights, 31), (rights, 27), (women, 19)):
            workshop = make_workshop(session, chicago, kind, day=date(2026, 10, 13))
            workshop_service.report(workshop, head_count=people, now=CLOSED_AT)
        session.add(
            FigureSeries(
                code="pasaportes", position=1, label={"es": "Pasaportes"}, unit="documentos",
                provided_by="Somebody",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            MonthlyFigure(
                month=202610, series="pasaportes", value=73219, source="nota", entered_at=CLOSED_AT
            )
        )
    with store.change() as session:
        month_report.close(session, OCTOBER, now=CLOSED_AT)
    return store


@pytest.fixture
def crawl(network: Store, client: FlaskClient) -> Crawl:
    """A function that returns the status and text of every address of figures."""

    def fetch() -> dict[str, tuple[int, str]]:
        answers = {address: client.get(address) for address in ADDRESSES}
        return {
            address: (each.status_code, each.get_data().decode("utf-8", "replace"))
            for address, each in answers.items()
        }

    return fetch


@pytest.fixture
def elena(app: Flask, network: Store) -> Iterator[StaffClient]:
    """Headquarters, a day before the release."""
    with time_machine.travel(RELEASED_AT - timedelta(days=1), tick=False):
        number = employ(network, "elena@example.org", Role.ADMIN, ALL_OFFICES)
        yield signed_in_as(app, network, number)


def change_october(store: Store) -> None:
    """Everything of October changes, and a second revision has it."""
    with store.change() as session:
        held = session.scalars(sa.select(Workshop).where(Workshop.month == OCTOBER.number)).all()
        for workshop in held[:2]:
            workshop_service.report(workshop, head_count=None, now=CLOSED_AT)
        session.get_one(MonthlyFigure, (202610, "pasaportes")).value = 84320
    with store.change() as session:
        month_report.close(session, OCTOBER, reason="Reportes tardíos", now=CLOSED_AT)


def test_second_before_release_no_number_is_found(network: Store, crawl: Crawl) -> None:
    """What the month holds makes no difference to any answer: nothing of it can be in them."""
    with time_machine.travel(RELEASED_AT - SECOND, tick=False):
        before = crawl()
        change_october(network)
        after = crawl()
    assert {each for each in ADDRESSES if before[each] != after[each]} == set()
    for address, (status, text) in before.items():
        digits = "".join(each for each in text if each.isdigit() or not each.isspace())
        assert "73219" not in digits.replace(",", "").replace(".", ""), address
        is_hidden = "2026-10" in address or "2026-11" in address
        expected = 404 if is_hidden else 302 if address.endswith("cifras/") else 200
        assert (address, status) == (address, expected)
    assert "12 de noviembre" in before["/es/cifras/2026-10"][1]


def test_second_after_release_all_formats_agree(
    network: Store, crawl: Crawl, client: FlaskClient
) -> None:
    with time_machine.travel(RELEASED_AT - SECOND, tick=False):
        crawl()  # what it puts in memory must not last
    with time_machine.travel(RELEASED_AT + SECOND, tick=False):
        found = crawl()
        wrong = [
            address
            for address, (status, _text) in found.items()
            if status != 200
            and "/2/" not in address
            and "cifras/2026-11" not in address
            and "boletin/2026-10" not in address
            and not address.endswith("cifras/")
        ]
        assert wrong == [], "all but the bulletin, which nobody has published"
        counts = json.loads(found["/es/cifras/2026-10.json"][1])
        api = json.loads(found["/api/v1/counts/2026-10"][1])
        rows = [*csv.reader(io.StringIO(found["/datos/2026-10/1/workshops.csv"][1]))]
        sdmx = [*csv.DictReader(io.StringIO(found["/datos/2026-10/1/workshops.sdmx.csv"][1]))]
    assert counts["total"] == api["total"] == int(rows[1][3]) == int(sdmx[0]["OBS_VALUE"]) == 3
    assert counts["by_kind"] == api["by_kind"] == {"derechos": 2, "mujeres": 1}
    assert "2026-10" in found["/api/v1/counts"][1]
    assert "73,219" in found["/en/cifras/2026-10"][1]
    page = BeautifulSoup(found["/es/cifras/2026-10"][1], "html.parser")
    headline = page.select_one(".headline-number")
    assert headline is not None
    assert headline.text == "3"
    assert "2026-10/1/" in found["/datos/catalog.jsonld"][1]


def test_caches_keep_nothing_past_the_release(network: Store, client: FlaskClient) -> None:
    with time_machine.travel(RELEASED_AT - 7 * SECOND, tick=False):
        for address in ("/es/cifras/2026", "/api/v1/counts", "/datos/catalog.jsonld"):
            assert client.get(address).headers["Cache-Control"] == "public, max-age=7", address


def test_months_before_the_calendar_are_shown_as_ever(network: Store, client: FlaskClient) -> None:
    with time_machine.travel(RELEASED_AT - SECOND, tick=False):
        answer = client.get("/es/cifras/2026-09.json").json or {}
    assert (answer["total"], answer["state"]) == (1, "open")


def test_running_month_has_no_provisional_numbers(network: Store, client: FlaskClient) -> None:
    for address in ("/es/cifras/2026-11", "/es/cifras/2026-11.json", "/api/v1/counts/2026-11"):
        assert client.get(address).status_code == 404, address


def test_without_a_calendar_a_month_is_released_when_it_is_closed(
    store: Store, chicago: Office, rights: Kind, client: FlaskClient
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2026, 10, 13))
    assert (client.get("/es/cifras/2026-10.json").json or {})["state"] == "open"
    with store.change() as session:
        month_report.close(session, OCTOBER, now=CLOSED_AT)
    with store.read() as session:
        revision = months.get_revision(session, OCTOBER, 1)
        assert (revision.released_at, revision.scheduled_at) == (None, None)
    assert (client.get("/es/cifras/2026-10.json").json or {})["state"] == "closed"


def test_calendar_that_is_taken_away_breaks_no_promise(network: Store, client: FlaskClient) -> None:
    with network.change() as session:
        releases.set_calendar(session, None)
    with time_machine.travel(RELEASED_AT - SECOND, tick=False):
        assert client.get("/es/cifras/2026-10.json").status_code == 404
        assert client.get("/es/cifras/2026-11.json").status_code == 200
    with time_machine.travel(RELEASED_AT + SECOND, tick=False):
        assert client.get("/es/cifras/2026-10.json").status_code == 200


def test_reopened_month_keeps_its_released_revision_in_public(
    network: Store, client: FlaskClient
) -> None:
    with time_machine.travel(RELEASED_AT + SECOND, tick=False):
        with network.change() as session:
            held = session.scalars(sa.select(Workshop).where(Workshop.month == OCTOBER.number))
            workshop_service.report(next(iter(held)), head_count=None, now=RELEASED_AT)
            months.reopen(session, OCTOBER, "error", organizer_id=None, now=RELEASED_AT)
        for address in ("/es/cifras/2026-10.json", "/api/v1/counts/2026-10"):
            answer = client.get(address).json or {}
            assert (answer["total"], answer["revision"], answer["state"]) == (3, 1, "closed")


def test_month_that_is_closed_late_is_released_at_once_and_not_punctual(
    network: Store, client: FlaskClient
) -> None:
    late = datetime(2026, 12, 20, 9, 30, tzinfo=UTC)
    with time_machine.travel(late + SECOND, tick=False):
        with network.change() as session:
            month_report.close(session, Month(2026, 11), now=late)
        with network.read() as session:
            past = releases.list_past(session, late, limit=9)
        page = words(client.get("/es/cifras/publicacion"))
    assert [(str(each.month), each.is_punctual) for each in past] == [
        ("2026-11", False),
        ("2026-10", True),
    ]
    assert "1 de 2 meses salieron a su hora." in page


def test_correction_is_released_at_once(network: Store, client: FlaskClient) -> None:
    with time_machine.travel(RELEASED_AT + timedelta(days=3), tick=False):
        with network.change() as session:
            held = session.scalars(sa.select(Workshop).where(Workshop.month == OCTOBER.number))
            workshop_service.report(next(iter(held)), head_count=None, now=RELEASED_AT)
        with network.change() as session:
            month_report.close(
                session,
                OCTOBER,
                reason="Error de captura: Ana",
                public_cause="slip",
                now=RELEASED_AT + timedelta(days=3),
            )
        page = words(client.get("/es/cifras/2026-10"))
        answer = client.get("/es/cifras/2026-10.json").json or {}
    assert (answer["revision"], answer["revisions"], answer["total"]) == (2, [1, 2], 2)
    assert " · Error de captura · " in page
    assert "Ana" not in page


def test_release_times_follow_the_clock_of_headquarters() -> None:
    assert CALENDAR.get_release_time(OCTOBER) == RELEASED_AT
    assert CALENDAR.get_release_time(Month(2026, 12)) == datetime(2027, 1, 12, 15, 0, tzinfo=UTC)
    for day in (5, 29):
        with refuses(ErrorCode.RELEASE_DAY):
            ReleaseCalendar(day, time(9), OCTOBER)


def test_public_calendar_has_the_next_twelve_releases(network: Store, client: FlaskClient) -> None:
    with time_machine.travel(RELEASED_AT - SECOND, tick=False):
        feed = client.get("/en/cifras/publicacion.ics")
        page = words(client.get("/es/cifras/publicacion"))
    events = Calendar.from_ical(feed.data).walk("VEVENT")
    assert len(events) == 12
    assert events[0].decoded("DTSTART") == RELEASED_AT
    assert str(events[0]["SUMMARY"]) == "Figures for October 2026 come out"
    assert len({str(each["UID"]) for each in events}) == 12
    assert "Octubre de 2026" in page
    assert "jueves 12 de noviembre" in page


def test_public_calendar_without_a_rule_says_so(store: Store, client: FlaskClient) -> None:
    assert "No hay fechas fijas." in words(client.get("/es/cifras/publicacion"))
    feed = Calendar.from_ical(client.get("/es/cifras/publicacion.ics").data)
    assert feed.walk("VEVENT") == []


def test_bulletin_is_not_published_before_the_release(network: Store) -> None:
    with network.change() as session:
        edition = bulletins.begin(session, OCTOBER, organizer_id=None, now=CLOSED_AT)
        version = edition.version
    for now, is_refused in ((RELEASED_AT - SECOND, True), (RELEASED_AT, False)):
        with network.change() as session:
            found = bulletins.find(session, OCTOBER, 1)
            if is_refused:
                with refuses(ErrorCode.BULLETIN_EMBARGOED):
                    bulletins.publish(session, found, lambda _each: "{}", version=version, now=now)
            else:
                bulletins.publish(session, found, lambda _each: "{}", version=version, now=now)


PAGES_OF_STAFF: Final = (
    "/org/mes/2026-10", "/org/mes/2026-10/cierre", "/org/mes/2026-10/cifras",
    "/org/boletin/2026-10", "/org/boletin/2026-10/vista", "/org/control?mes=2026-10",
    "/org/control.csv?mes=2026-11", "/org/cifras?ano=2026", "/org/cifras.csv?ano=2026",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES_OF_STAFF)
def test_who_opens_a_month_early_is_listed(elena: StaffClient, network: Store, page: str) -> None:
    assert elena.get(page).status_code == 200
    assert elena.get(page).status_code == 200
    listed = words(elena.get("/org/ajustes/publicacion"))
    assert "Octubre de 2026: elena@example.org, " in listed
    with time_machine.travel(RELEASED_AT + SECOND, tick=False), network.read() as session:
        [past] = releases.list_past(session, RELEASED_AT, limit=9)
    assert past.early_readers == 1


def test_who_opens_it_afterwards_or_sees_one_office_is_not_listed(
    app: Flask, network: Store
) -> None:
    with time_machine.travel(RELEASED_AT - SECOND, tick=False):
        ana = signed_in_as(app, network, employ(network))
        assert ana.get("/org/mes/2026-10").status_code == 200
    with time_machine.travel(RELEASED_AT, tick=False):
        number = employ(network, "luz@example.org", Role.ADMIN, ALL_OFFICES)
        assert signed_in_as(app, network, number).get("/org/mes/2026-10/cierre").status_code == 200
    with network.read() as session:
        assert releases.list_early_readers(session) == []


def test_headquarters_sets_and_removes_the_calendar(
    elena: StaffClient, store: Store, client: FlaskClient
) -> None:
    path = "/org/ajustes/publicacion"
    for form in ({"day": "31", "hour": "09:00"}, {"day": "x", "hour": "09:00"}):
        answer = elena.post(path, do="save", **form)
        assert (answer.status_code, "Elige un día del 6 al 28." in answer.text) == (422, True)
    answer = elena.post(path, do="save", day="15", hour="las nueve")
    assert (answer.status_code, "Escribe la hora así: 09:00." in answer.text) == (422, True)
    assert elena.post(path, do="save", day="15", hour="10:30").status_code == 303
    with store.read() as session:
        assert releases.get_calendar(session) == ReleaseCalendar(15, time(10, 30), OCTOBER)
        pending = months.get_revision(session, OCTOBER, 1)
        assert pending.released_at == RELEASED_AT, "what was promised stays"
    closing = words(elena.get("/org/mes/2026-10/cierre"))
    assert "Las cifras salen el 12 de noviembre, 9:00" in closing
    assert elena.post(path, do="remove").status_code == 303
    with store.read() as session:
        assert releases.get_calendar(session) is None
        actions = [*session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))]
    assert actions[-2:] == ["release calendar set", "release calendar removed"]


def test_months_without_a_revision_are_hidden_from_the_calendar_on(network: Store) -> None:
    with network.read() as session:
        embargo = releases.load_embargo(session, RELEASED_AT - SECOND)
    hidden = [
        embargo.hides(each) for each in (SEPTEMBER, OCTOBER, Month(2026, 11), Month(2026, 12))
    ]
    assert hidden == [False, True, True, True]
    assert embargo.ends_next_at == RELEASED_AT
