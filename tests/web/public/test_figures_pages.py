"""The public pages of the figures: a month and its revisions, a year, an office, a kind."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.reports import month_report
from outreach.web.presentation import charts, sparklines
from tests.conftest import make_workshop
from tests.support.public_urls import Page

pytestmark = pytest.mark.any_database("the text of the figures pages")

MARCH = Month(2026, 3)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """March closed with three workshops, one in Calgary; February had one, and March of 2025."""
    with store.change() as session:
        for day in (date(2025, 3, 4), date(2026, 2, 4)):
            make_workshop(session, chicago, rights, day=day)
        day = date(2026, 3, 10)
        for office, kind, people in (
            (chicago, rights, 30),
            (chicago, women, 12),
            (calgary, rights, 8),
        ):
            workshop_service.report(
                make_workshop(session, office, kind, day=day), head_count=people, now=APRIL
            )
    with store.change() as session:
        month_report.close(session, MARCH, now=APRIL)
    return store


@pytest.fixture
def corrected(march: Store) -> Store:
    """March with a revision 2, in which the workshop in Calgary was not held."""
    with march.change() as session:
        calgary_workshop = session.scalars(
            sa.select(Workshop).join(Workshop.office).where(Office.slug == "calgary")
        ).one()
        workshop_service.report(calgary_workshop, head_count=None, now=MAY)
    with march.change() as session:
        month_report.close(session, MARCH, reason="secreto de Elena", now=MAY)
    return march


Read = Callable[[str], str]


@pytest.fixture
def read(client: FlaskClient) -> Read:
    """A function that returns the text of a page, its words separated by single spaces."""

    def words(address: str) -> str:
        answer = client.get(f"/es/cifras/{address}")
        assert answer.status_code == 200, address
        return " ".join(" ".join(Page(answer.text).words).split())

    return words


def test_month_page_says_if_it_is_closed_provisional_or_reopened(march: Store, read: Read) -> None:
    assert "Cerrado Revisión 1. Corte: lunes 20 de abril de 2026." in read("2026-03")
    assert "Provisional: este mes no se ha cerrado." in read("2026-02")
    with march.change() as session:
        months.reopen(session, MARCH, "Faltan dos", organizer_id=None, now=MAY)
    words = read("2026-03")
    assert "Este mes se abrió de nuevo para corregirlo." in words
    assert "Faltan dos" not in words, "only staff see the reason"
    assert "Personas que vinieron" not in words, "published for closed months only"


def test_month_is_compared_with_last_month_and_last_year(march: Store, read: Read) -> None:
    words = read("2026-03")
    assert "Febrero de 2026 1 +2" in words
    assert "Marzo de 2025 1 +2" in words


def test_every_revision_is_shown_with_its_changes(corrected: Store, read: Read) -> None:
    latest, first = read("2026-03"), read("2026-03?revision=1")
    assert "2 talleres en marzo de 2026" in latest
    assert "3 talleres en marzo de 2026" in first
    assert "Hay una revisión más nueva." in first
    assert "Calgary, Tus derechos 1 0" in latest
    assert "secreto" not in latest + first


def test_unknown_revision_is_404(corrected: Store, client: FlaskClient) -> None:
    for revision in ("3", "0", "-1", "x", "99999", ""):
        for ending in ("", ".csv", ".pdf"):
            address = f"/es/cifras/2026-03{ending}?revision={revision}"
            assert client.get(address).status_code == 404, address


def test_csv_of_an_older_revision_has_its_numbers(corrected: Store, client: FlaskClient) -> None:
    page = Page(client.get("/es/cifras/2026-03?revision=1").text)
    (link,) = [link for link in page.links if ".csv" in link]
    answer = client.get(link)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2026-03-r1.csv"'
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert [*csv.DictReader(lines)][-1]["total"] == "3"


def test_page_of_a_revision_is_cached_for_five_minutes(
    corrected: Store, client: FlaskClient
) -> None:
    answer = client.get("/es/cifras/2026-03?revision=2")
    assert "max-age=300" in answer.headers["Cache-Control"]


def test_every_revision_page_says_that_its_month_is_reopened(corrected: Store, read: Read) -> None:
    with corrected.change() as session:
        months.reopen(session, MARCH, "Faltan dos", organizer_id=None, now=MAY)
    for address in ("2026-03", "2026-03?revision=1", "2026-03?revision=2"):
        assert "Este mes se abrió de nuevo para corregirlo." in read(address), address
    assert "Hay una revisión más nueva." in read("2026-03?revision=1")
    assert "Hay una revisión más nueva." not in read("2026-03?revision=2")


def test_distant_months_are_404_and_future_ones_noindex(march: Store, client: FlaskClient) -> None:
    current = Month.from_day(clock.now().date())
    for month in (Month(1900, 1), current.plus(-500), current.plus(25), Month(2199, 12)):
        assert client.get(f"/es/cifras/{month}").status_code == 404, month
        assert client.get(f"/es/cifras/{month}.csv").status_code == 404, month
    last = client.get(f"/es/cifras/{current.plus(24)}")
    assert '<meta name="robots" content="noindex">' in last.text
    assert 'rel="next"' not in last.text
    assert "noindex" not in client.get("/es/cifras/2026-03").text
    for year in (1066, current.year + 4):
        assert client.get(f"/es/cifras/{year}").status_code == 404
    assert "noindex" in client.get(f"/es/cifras/{current.year + 2}").text


def test_pages_of_the_first_and_the_last_months_lead_to_no_missing_page(
    store: Store, client: FlaskClient, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=date(2021, 8, 10))
    last = Month.from_day(clock.now().date()).plus(24)
    for address in ("2021", "2021-08", "2022-02", f"oficina/{chicago.slug}", last.year, last):
        page = client.get(f"/es/cifras/{address}")
        links = {link for link in Page(page.text).links if link.startswith("/es/cifras/")}
        assert links, address
        for link in links:
            assert client.get(link).status_code in {200, 302}, (address, link)
    assert "/es/cifras/2021-08" in Page(client.get("/es/cifras/2021").text).links


def test_year_office_and_kind_pages_agree_with_the_month(corrected: Store, read: Read) -> None:
    year = read("2026")
    assert "3 talleres en 2026" in year
    assert "Febrero Provisional 1 0 1" in year
    assert "Marzo Revisión 2 1 1 2" in year
    assert "Total 2 1 3" in year
    assert "4 talleres de Chicago" in read("oficina/chicago")
    assert "0 talleres de Calgary" in read("oficina/calgary")
    assert "3 talleres: Tus derechos" in read("tipo/derechos")
    for address in ("2026", "oficina/chicago", "tipo/derechos"):
        words = read(address)
        assert "Los meses que no se han cerrado son provisionales." in words
        assert "Cada taller cuenta una sola vez." in words
        assert "Personas" not in words, "only the page of a month has the number of people"


def test_discreet_kind_has_its_public_code_in_every_address(
    corrected: Store, client: FlaskClient
) -> None:
    answer = client.get("/es/cifras/tipo/mujeres")
    assert (answer.status_code, answer.location) == (301, "/es/cifras/tipo/K7QX")
    for page in ("2026-03", "2026", "oficina/chicago", "tipo/K7QX"):
        links = Page(client.get(f"/es/cifras/{page}").text).links
        assert not [link for link in links if "mujeres" in link], page


def test_unknown_figures_page_is_404(march: Store, client: FlaskClient) -> None:
    for page in ("oficina/nada", "tipo/nada", "nada", "20260", "2026-3"):
        assert client.get(f"/es/cifras/{page}").status_code == 404, page


def test_office_and_kind_with_only_future_workshops_have_a_figures_page(
    store: Store, client: FlaskClient, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, women, day=clock.now().date() + timedelta(days=60))
    for page in ("oficina/chicago", f"tipo/{women.public_code}"):
        assert client.get(f"/es/cifras/{page}").status_code == 200, page


def test_map_legend_gives_the_range_of_each_shade(app: Flask) -> None:
    for highest in (0, 1, 2, 3, 7, 8, 40, 1_823):
        regions = {"IL": highest, "CA": (highest + 1) // 2, "QC": 1 if highest else 0}
        legend = {shade: (low, high) for shade, low, high in charts.legend(regions)}
        assert [n for span in legend.values() for n in span][-1:] == ([highest] if highest else [])
        with app.test_request_context("/es/"):
            squares = charts.squares(regions)
        for square in squares:
            if square.number:
                low, high = legend[square.shade]
                assert low <= square.number <= high
            else:
                assert square.shade == 0


def test_line_chart_spans_its_minimum_and_maximum() -> None:
    assert sparklines.draw([0, 10, 5]) == "M0.0 23.0L50.0 1.0L100.0 12.0"
    assert sparklines.draw([]) == ""
    assert sparklines.draw([3]) == "M0.0 1.0"
