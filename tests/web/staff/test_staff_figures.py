"""The page of figures for staff: whose it shows, its charts with their tables, and its files."""

import csv
import io
import re
from datetime import date, time
from typing import Final

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling import workshop_service
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

PAGE: Final = "/org/cifras"


@pytest.fixture
def year(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Chicago had 30 people in March, Calgary 50 in June; a discreet workshop of Chicago had 12."""
    with store.change() as session:
        for where, what, day, people in (
            (chicago, rights, date(2026, 3, 10), 30),
            (chicago, women, date(2026, 4, 14), 12),
            (calgary, rights, date(2026, 6, 2), 50),
        ):
            each = make_workshop(session, where, what, day=day, starts=time(10), ends=time(12))
            workshop_service.report(each, head_count=people, now=FIXED_NOW)
    return store


@pytest.fixture
def ana(app: Flask, year: Store) -> StaffClient:
    return signed_in_as(app, year, employ(year))


@pytest.fixture
def elena(app: Flask, year: Store) -> StaffClient:
    return signed_in_as(app, year, employ(year, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def rows(client: StaffClient, query: str) -> dict[str, dict[str, str]]:
    """The rows of a file by their first cell."""
    answer = client.get(f"{PAGE}.csv?{query}")
    assert answer.status_code == 200
    found = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    return {row[0]: dict(zip(found[0], row, strict=True)) for row in found[1:]}


def test_office_sees_its_own_figures_and_headquarters_all(
    ana: StaffClient, elena: StaffClient
) -> None:
    assert "42 personas atendidas 2 talleres hechos" in words(ana.get(PAGE))
    assert "92 personas atendidas 3 talleres hechos" in words(elena.get(PAGE))
    assert "50 personas atendidas" in words(elena.get(f"{PAGE}?oficina=calgary"))
    assert "Calgary" not in ana.get(f"{PAGE}?por=oficina").text
    for file in (PAGE, f"{PAGE}.csv"):
        assert ana.get(f"{file}?oficina=calgary").status_code == 404
        assert ana.get(f"{file}?tipo=nada").status_code == 404
        assert ana.get(f"{file}?ano=2999").status_code == 404
    assert ana.get(f"{PAGE}.csv?tabla=nada").status_code == 404


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("mes", ["Marzo", "Abril", "Junio"]),
        ("oficina", ["Calgary", "Chicago"]),
        ("tipo", ["Tus derechos", "Para mujeres"]),
        ("dia", ["Martes"]),
        ("hora", ["10:00\u00a0a.\u00a0m."]),
    ],
)
def test_rows_are_by_what_is_chosen(elena: StaffClient, by: str, names: list[str]) -> None:
    found = rows(elena, f"por={by}")
    assert [each.strip() for each in found] == names
    assert sum(int(row["Talleres"]) for row in found.values()) == 3
    assert sum(int(row["Personas"]) for row in found.values()) == 92
    text = words(elena.get(f"{PAGE}?por={by}"))
    assert all(" ".join(name.split()) in text for name in names)


def test_venues_have_their_names(elena: StaffClient) -> None:
    assert all(name.startswith("Biblioteca") for name in rows(elena, "por=sede"))


def test_kind_is_chosen_by_its_public_code(elena: StaffClient) -> None:
    assert list(rows(elena, "tipo=K7QX&por=mes")) == ["Abril"]
    assert "12 personas atendidas" in words(elena.get(f"{PAGE}?tipo=K7QX"))


def test_small_number_is_hidden_on_the_page_and_in_the_file(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        each = make_workshop(session, chicago, rights, day=date(2026, 8, 4))
        workshop_service.report(each, head_count=3, now=FIXED_NOW)
    found = rows(ana, "por=mes")
    assert found["Agosto"]["Talleres"] == "1"
    assert found["Agosto"]["Personas"] == ""
    hidden = [name for name, row in found.items() if row["Y más"]]
    assert len(hidden) == 2, "one alone is the rest of the sum"
    assert "45 personas atendidas" in words(ana.get(PAGE))


def test_each_chart_has_a_title_a_description_and_a_table(elena: StaffClient) -> None:
    text = elena.get(PAGE).text
    charts = re.findall(r'<svg class="row-chart".*?</svg>', text, re.DOTALL)
    assert len(charts) == 2
    for each in charts:
        assert 'role="img"' in each
        title, description = re.findall(r'aria-labelledby="(\S+) (\S+)"', each)[0]
        assert f'<title id="{title}">' in each
        assert f'<desc id="{description}">' in each
    assert text.count("<table") == 2
    assert "style=" not in text
    assert len(re.findall(r'id="([^"]+)"', text)) == len(set(re.findall(r'id="([^"]+)"', text)))


@pytest.mark.parametrize("measure", ["personas", "talleres", "llegaron", "lugares", "espera"])
def test_any_column_can_be_drawn(ana: StaffClient, measure: str) -> None:
    answer = ana.get(f"{PAGE}?ver={measure}&por=dia")
    assert answer.status_code == 200
    assert answer.text.count('class="row-chart"') == 2


@pytest.mark.parametrize("table", ["renglones", "meses", "idiomas", "apoyos", "llamadas", "ayuda"])
def test_each_table_is_a_file(ana: StaffClient, table: str) -> None:
    answer = ana.get(f"{PAGE}.csv?tabla={table}")
    name = f'attachment; filename="cifras-2026-{table}.csv"'
    assert answer.headers["Content-Disposition"] == name
    assert answer.data.decode("utf-8-sig").count("\r\n") >= 1


def test_year_without_workshops_says_so(ana: StaffClient) -> None:
    assert "No hay talleres hechos en este año." in words(ana.get(f"{PAGE}?ano=2019"))


def test_name_that_would_be_a_formula_is_quoted(
    ana: StaffClient, store: Store, chicago: Office
) -> None:
    from outreach.domain.locations.venues import Venue

    with store.change() as session:
        for each in session.query(Venue):
            each.name = f"=HYPERLINK({each.id})"
    assert all(name.startswith("'=") for name in rows(ana, "por=sede"))
