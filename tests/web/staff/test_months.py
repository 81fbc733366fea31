"""Month pages of the network administrator: missing reports, closing, revisions, concurrency."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from html import unescape
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.reporting import months
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.scheduling import workshop_service
from outreach.reports import month_report
from tests.conftest import make_workshop
from tests.support.interleaving import meet
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

MARCH = Month(2026, 3)
DAY = date(2026, 3, 10)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
CLOSE = "/org/mes/2026-03/cierre"
REMIND = "/org/mes/2026-03/recordar"
FIGURES = "/org/mes/2026-03/cifras"


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind) -> str:
    """Two workshops in Chicago, and one in Calgary without a report, whose public id it returns."""
    with store.change() as session:
        for _ in range(2):
            workshop_service.report(
                make_workshop(session, chicago, rights, day=DAY), head_count=30, now=APRIL
            )
        pending = make_workshop(session, calgary, rights, day=DAY)
        session.add(
            FigureSeries(
                code="ciam.personas", position=1, label={"es": "Personas"}, unit="personas",
                provided_by="CIAM",
            )
        )  # fmt: skip
        return pending.public_id


@pytest.fixture
def elena(app: Flask, store: Store, march: str) -> StaffClient:
    admin_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    return signed_in_as(app, store, admin_id)


@pytest.fixture
def ivan(app: Flask, store: Store, march: str) -> StaffClient:
    """A second network administrator."""
    return signed_in_as(app, store, employ(store, "ivan@example.org", Role.ADMIN, ALL_OFFICES))


def hidden(answer: TestResponse, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', answer.text)
    assert found, name
    return found[1]


def close(
    staff_client: StaffClient, *, page: TestResponse | None = None, **fields: str
) -> TestResponse:
    """Submits the closing form as it was when the page was opened."""
    form_page = page or staff_client.get(CLOSE)
    sent = {name: hidden(form_page, name) for name in ("seen", "changes")}
    return staff_client.post(CLOSE, **(sent | {"checked": "yes"} | fields))


def not_held(store: Store, public_id: str) -> None:
    with store.change() as session:
        workshop_service.report(workshops.find(session, public_id), head_count=None, now=APRIL)


@pytest.mark.any_database
def test_closing_lists_missing_reports_and_freezes_the_month(
    elena: StaffClient, store: Store, march: str
) -> None:
    page_text = words(elena.get(CLOSE))
    assert "Falta 1 oficina" in page_text
    assert "las que no dijeron nada cuentan como cero y el boletín no las nombra" in page_text
    assert "Calgary (1 por reportar)" in page_text
    assert close(elena, checked="").status_code == 422
    answer = close(elena)
    assert (answer.status_code, answer.location) == (303, f"{CLOSE}?hecho=1")
    with store.read() as session:
        revision = months.list_revisions(session, MARCH)[0]
        noted = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id.desc())).first()
    assert noted == "month.close"
    page_text = words(elena.get(CLOSE))
    assert "Revisión 1" in page_text
    assert revision.digest in page_text.replace(" ", "")
    assert "elena@example.org" in page_text


@pytest.mark.any_database
def test_next_revision_shows_differences_and_needs_a_reason(
    elena: StaffClient, store: Store, march: str
) -> None:
    close(elena)
    not_held(store, march)
    page_text = words(elena.get(CLOSE))
    assert "¿Publicar la revisión 2?" in page_text
    assert "Calgary Tus derechos 1 0" in page_text
    assert "Revisé la diferencia" in page_text
    assert "motivo" in words(close(elena)).lower()
    assert close(elena, reason="late", checked="").status_code == 422
    assert close(elena, reason="late", detail="Calgary").status_code == 303
    page_text = words(elena.get(CLOSE))
    assert "Motivo: Reportes tardíos: Calgary" in page_text
    assert "Nada ha cambiado desde la revisión 2" in page_text


@pytest.mark.races
def test_concurrent_closing_succeeds_once(
    elena: StaffClient, ivan: StaffClient, store: Store
) -> None:
    pages = {id(staff_client): staff_client.get(CLOSE) for staff_client in (elena, ivan)}
    ready = Barrier(2)

    def try_to(staff_client: StaffClient) -> TestResponse:
        ready.wait()
        return close(staff_client, page=pages[id(staff_client)])

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(try_to, (elena, ivan)), key=lambda each: each.status_code)
    assert [each.status_code for each in answers] == [303, 409]
    assert "Otra persona publicó la revisión 1 mientras mirabas" in words(answers[1])
    with store.read() as session:
        assert len(months.list_revisions(session, MARCH)) == 1


@pytest.mark.races
def test_concurrent_closing_and_reopening_succeeds_once(
    app: Flask, elena: StaffClient, ivan: StaffClient, store: Store, march: str
) -> None:
    close(elena)
    not_held(store, march)
    page = elena.get(CLOSE)
    closed, opened = meet(
        app.extensions["outreach_store"],
        lambda: close(elena, page=page, reason="late"),
        lambda: ivan.post("/org/mes/2026-03/reabrir", seen="1", why="Faltan dos"),
        at="FROM month_revision",
    )
    assert (closed.status_code, opened.status_code) == (303, 409)
    assert "Otra persona publicó la revisión 2 mientras mirabas" in words(opened)


@pytest.mark.races
def test_frozen_numbers_are_the_reviewed_ones_despite_concurrent_changes(
    app: Flask, elena: StaffClient, store: Store, march: str
) -> None:
    close(elena)
    with store.change() as session:
        session.add(
            MonthlyFigure(
                month=202603, series="ciam.personas", value=3, source="x", entered_at=APRIL
            )
        )
    page = elena.get(CLOSE)
    closed, _none = meet(
        app.extensions["outreach_store"],
        lambda: close(elena, page=page, reason="late"),
        lambda: not_held(store, march),
        at="SELECT workshop.kind_id",
    )
    assert closed.status_code == 303
    with store.read() as session:
        revision = months.get_revision(session, MARCH, 2)
    assert [each.what for each in month_report.changes_of(revision)] == ["figure"]


def test_outdated_review_shows_the_current_differences(
    elena: StaffClient, store: Store, march: str
) -> None:
    close(elena)
    with store.change() as session:
        session.add(
            MonthlyFigure(
                month=202603, series="ciam.personas", value=3, source="x", entered_at=APRIL
            )
        )
    page = elena.get(CLOSE)
    not_held(store, march)
    answer = close(elena, page=page, reason="late")
    assert answer.status_code == 409
    assert "Algo cambió mientras mirabas" in words(answer)
    assert "Revisé las 2 diferencias" in words(answer)


@pytest.mark.parametrize("is_figure", [False, True])
def test_first_revision_freezes_no_unreviewed_numbers(
    elena: StaffClient, store: Store, march: str, is_figure: bool
) -> None:
    page = elena.get(CLOSE)
    if is_figure:
        with store.change() as session:
            session.add(
                MonthlyFigure(
                    month=202603, series="ciam.personas", value=3, source="x", entered_at=APRIL
                )
            )
    else:
        not_held(store, march)
    answer = close(elena, page=page)
    assert answer.status_code == 409
    assert "Algo cambió mientras mirabas" in words(answer)
    with store.read() as session:
        assert not months.list_revisions(session, MARCH)
    assert close(elena, page=answer).status_code == 303


def test_month_is_reopened_with_a_reason(
    elena: StaffClient, ivan: StaffClient, store: Store
) -> None:
    close(elena)
    page = ivan.get(CLOSE)
    open_it = "/org/mes/2026-03/reabrir"
    assert elena.post(open_it, seen="1", why="").status_code == 422
    assert elena.post(open_it, seen="0", why="Faltan dos").status_code == 409
    assert elena.post(open_it, seen="1", why="Faltan dos").status_code == 303
    assert ivan.post(open_it, seen=hidden(page, "seen"), why="Otra vez").status_code == 409
    with store.read() as session:
        assert month_report.report(session, MARCH, now=APRIL).count.state == "open"
    assert "«Faltan dos»" in words(elena.get(CLOSE))
    assert close(elena, reason="slip").status_code == 303, (
        "a reopened month may close without changes"
    )


@pytest.mark.any_database
def test_current_month_cannot_be_closed(elena: StaffClient) -> None:
    future_month = "/org/mes/2099-03/cierre"
    assert "no ha terminado" in words(elena.get(future_month))
    assert '<form class="box stack-wide"' not in elena.get(future_month).text
    empty = elena.get("/org/mes/2026-02/cierre")
    answer = elena.post(future_month, seen="0", changes=hidden(empty, "changes"), checked="yes")
    assert answer.status_code == 422
    assert elena.get("/org/mes/2026-13").status_code == 404
    assert elena.get("/org/mes/abc").status_code == 404


@pytest.mark.any_database
def test_network_admin_sees_all_offices_and_others_their_own(
    app: Flask, store: Store, elena: StaffClient
) -> None:
    network = words(elena.get("/org/mes/2026-03"))
    assert "1 por reportar" in network
    assert "Recordar a 1 oficina" in network
    for role in (Role.ORGANIZER, Role.READER):
        staff_client = signed_in_as(app, store, employ(store, f"{role}@example.org", role))
        page_text = words(staff_client.get("/org/mes/2026-03"))
        assert "Chicago" in page_text
        assert "Calgary" not in page_text
        assert "Tus derechos 2 60" in page_text, "the head counts of the own office"
        assert "Recordar" not in page_text
        assert ("Nuestro mes está completo" in page_text) == (role is Role.ORGANIZER)


@pytest.mark.any_database
def test_office_marks_its_month_complete_after_all_reports(
    app: Flask, store: Store, march: str
) -> None:
    staff_client = signed_in_as(
        app, store, employ(store, "luz@example.org", Role.ORGANIZER, "calgary")
    )
    say = "/org/mes/2026-03/completo"
    early = staff_client.post(say, office="calgary")
    assert early.status_code == 422
    assert "Falta decir cómo salió 1 taller" in words(early)
    link = "/org/talleres?mes=2026-03&oficina=calgary&estado=por-reportar"
    assert link in staff_client.get("/org/mes/2026-03").text.replace("&amp;", "&")
    assert staff_client.get(link).status_code == 200
    not_held(store, march)
    assert staff_client.post(say, office="calgary").status_code == 303
    assert "Reportó cero" in words(staff_client.get("/org/mes/2026-03"))
    assert staff_client.post(say, office="calgary", do="undo").status_code == 303
    assert "1 cancelado" in words(staff_client.get("/org/mes/2026-03"))
    assert staff_client.post(say, office="chicago").status_code == 404


@pytest.mark.any_database
def test_numbers_of_the_month_link_to_their_workshops(
    elena: StaffClient, store: Store, march: str
) -> None:
    not_held(store, march)
    page = elena.get("/org/mes/2026-03").text
    link = re.search(r'href="([^"]+)"><span[^>]*>1 cancelado<', page)
    assert link
    assert f"/org/talleres/{march}" in elena.get(unescape(link[1])).text


@pytest.mark.any_database
def test_current_month_cannot_be_marked_complete(app: Flask, store: Store, march: str) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    answer = staff_client.post("/org/mes/2099-03/completo", office="chicago")
    assert "no ha terminado" in words(answer)


def test_late_offices_are_reminded_once(
    app: Flask, store: Store, elena: StaffClient, march: str
) -> None:
    employ(store, "luz@example.org", Role.ORGANIZER, "calgary")
    employ(store, "ana@example.org")
    first = elena.post(REMIND, aviso="avisar", office=["calgary", "chicago"])
    assert first.location == "/org/mes/2026-03"
    assert "1 recordatorio espera." in words(elena.get(first.location))
    second = elena.post(REMIND, aviso="avisar", office=["calgary"])
    assert "Ya no falta avisar." in words(second)
    assert "Ya se les recordó en las últimas 24 horas Calgary" in words(second)
    assert "Recordado el" in words(elena.get("/org/mes/2026-03"))


@pytest.mark.any_database
def test_office_without_staff_is_not_counted_as_reminded(
    app: Flask, store: Store, elena: StaffClient, chicago: Office, rights: Kind
) -> None:
    employ(store)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=DAY)
    sent = elena.post(REMIND, aviso="avisar", office=["calgary", "chicago"])
    assert sent.status_code == 303
    page = words(elena.get("/org/mes/2026-03"))
    of_calgary = page.index("Calgary 1 por reportar")
    of_chicago = page.index("Chicago 1 por reportar")
    assert of_calgary < of_chicago < page.index("Recordado el")
    assert page.count("Recordado el") == 1


@pytest.mark.any_database
def test_menu_links_to_the_last_month(elena: StaffClient) -> None:
    assert 'href="/org/mes"' in elena.get("/org/").text
    answer = elena.get("/org/mes")
    assert re.fullmatch(r"/org/mes/\d{4}-\d{2}", answer.location)
    assert elena.get(answer.location).status_code == 200
