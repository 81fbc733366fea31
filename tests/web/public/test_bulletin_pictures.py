"""The pictures of a bulletin: each says the numbers of its table, and those of an edition stay."""

import io
import json
from datetime import time
from typing import Final

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from PIL import Image

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.domain.reporting import releases
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.reporting.releases import ReleaseCalendar
from outreach.reports import bulletin_data
from tests.support.closed_quarter import APRIL, QUARTER, close, hold_quarter, report_late
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database("what a page draws"), fixed_clock]

PAGE: Final = "/es/boletin/2026-03"
MARCH: Final = QUARTER.months[2]
SERIES: Final = "ventanilla.atenciones"


@pytest.fixture
def quarter(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Eight workshops a month, and a series of the ministry that no code of ours knows, from
    February on."""
    hold_quarter(store, (chicago, calgary), {rights: 20, women: 15})
    with store.change() as session:
        session.add(
            FigureSeries(
                code=SERIES, position=9, label={"es": "Atenciones en ventanilla"},
                unit="atenciones", provided_by="Ventanilla",
            )
        )  # fmt: skip
        session.flush()
        session.add_all(
            MonthlyFigure(
                month=month.number, series=SERIES, value=value, source="Nota", entered_at=APRIL
            )
            for month, value in zip(QUARTER.months[1:], (1200, 900), strict=True)
        )
    return store


def read(client: FlaskClient, address: str = PAGE) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def find_section(page: BeautifulSoup, heading: str) -> Tag:
    found = page.find("h2", string=heading)
    assert isinstance(found, Tag)
    assert isinstance(found.parent, Tag)
    return found.parent


def read_table(section: Tag) -> dict[str, list[str]]:
    """The cells of each row by its heading."""
    return {
        row.select("th")[0].get_text(strip=True): [
            cell.get_text(strip=True) for cell in row.select("td")
        ]
        for row in section.select("tbody tr")
    }


def publish(store: Store, month: Month) -> None:
    def freeze(edition: BulletinEdition) -> str:
        document = bulletin_data.document(session, month, now=APRIL, edition=edition)
        return json.dumps(bulletin_data.as_json(document))

    with store.change() as session:
        edition = bulletins.begin(session, month, correction="", now=APRIL)
        bulletins.publish(session, edition, freeze, version=edition.version, now=APRIL)


def test_strip_has_the_year_up_to_the_month(quarter: Store, client: FlaskClient) -> None:
    section = find_section(read(client), "El año")
    rows = read_table(section)
    assert next(iter(rows)) == "Abril de 2025"
    assert list(rows.values())[-4:] == [["0"], ["8"], ["8"], ["8"]]
    picture = section.select_one("svg")
    assert picture is not None
    assert [each.get_text(strip=True) for each in picture.select("text")][-6:] == [
        "8", "ene", "8", "feb", "8", "mar",
    ]  # fmt: skip
    assert len(picture.select("rect.strip-current")) == 1
    assert picture["aria-label"] == (
        "Talleres por mes, de abril de 2025 a marzo de 2026. Los números están en la tabla."
    )


def test_each_kind_has_a_small_chart_of_the_same_months(
    quarter: Store, client: FlaskClient
) -> None:
    section = find_section(read(client), "Por tipo, mes a mes")
    names = [each.get_text(" ", strip=True) for each in section.select("li p")]
    assert names == ["Tus derechos 4", "Para mujeres 4"]
    assert read_table(section)["Marzo de 2026"] == ["4", "4"]
    for picture in section.select("svg"):
        assert len(picture.select("rect")) == 3, "no bar where there is nothing"
        assert picture["role"] == "img"


def test_series_of_the_ministry_is_drawn_without_code(quarter: Store, client: FlaskClient) -> None:
    page = read(client)
    section = find_section(page, "Otras cifras, mes a mes")
    assert [each.get_text(" ", strip=True) for each in section.select("li p")] == [
        "Atenciones en ventanilla 900"
    ]
    rows = read_table(section)
    assert (rows["Enero de 2026"], rows["Febrero de 2026"], rows["Marzo de 2026"]) == (
        ["–"], ["1,200"], ["900"],
    )  # fmt: skip
    assert "Atenciones en ventanilla" in page.select("article")[0].get_text()


def test_map_is_that_of_the_figures(quarter: Store, client: FlaskClient) -> None:
    here = find_section(read(client), "Por estado y provincia")
    there = find_section(read(client, "/es/cifras/2026-03"), "Por estado y provincia")
    assert read_table(here) == read_table(there) == {"Alberta": ["4"], "Illinois": ["4"]}


def test_month_that_is_not_released_has_no_number(quarter: Store, client: FlaskClient) -> None:
    with quarter.change() as session:
        releases.set_calendar(session, ReleaseCalendar(12, time(9), QUARTER.months[1]))
        hidden = bulletin_data.document(session, MARCH, now=APRIL, is_before_release=True)
    close(quarter, MARCH)
    publish(quarter, MARCH)
    page = read(client)
    assert read_table(find_section(page, "El año"))["Febrero de 2026"] == ["–"]
    assert read_table(find_section(page, "Por tipo, mes a mes"))["Febrero de 2026"] == ["–", "–"]
    assert page.find("h2", string="Otras cifras, mes a mes") is None, "February has none"
    assert hidden.history[-2].total == 8, "staff see it"


def test_published_edition_keeps_its_pictures(
    quarter: Store, client: FlaskClient, chicago: Office, rights: Kind
) -> None:
    for month in QUARTER.months:
        close(quarter, month)
    publish(quarter, MARCH)
    before = read(client).select("article")
    report_late(quarter, chicago, rights, QUARTER.months[0], 200)
    close(quarter, QUARTER.months[0])
    assert read(client).select("article") == before
    months = find_section(read(client, "/es/cifras/2026"), "Mes a mes")
    assert read_table(months)["Enero de 2026"] == ["9"], "the figures go on"


def test_messengers_get_a_picture_of_the_numbers(quarter: Store, client: FlaskClient) -> None:
    page = read(client)
    tag = page.find("meta", property="og:image")
    assert isinstance(tag, Tag)
    address = str(tag["content"]).removeprefix("http://localhost:8000")
    answer = client.get(address)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000"
    assert Image.open(io.BytesIO(answer.data)).size == (1200, 630)
    old = client.get("/es/boletin/2026-03/imagen-0123456789ab.png")
    assert (old.status_code, old.headers["Location"]) == (302, address)
    assert client.get("/es/boletin/2019-03/imagen-0123456789ab.png").status_code == 404
