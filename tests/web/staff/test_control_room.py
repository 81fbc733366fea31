"""The control room of headquarters: the month's line, the map, the table of offices, its file."""

import csv
import gzip
import io
import re
from datetime import UTC, date, datetime
from typing import Any, Final, cast

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.reporting import typing_slips
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.reports import control_room
from outreach.reports.control_room import OfficeOrder
from tests.conftest import make_workshop, office
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

OCTOBER: Final = Month(2026, 10)
PAGE: Final = "/org/control?mes=2026-10"
MAX_WEIGHT: Final = 80 * 1024  # bytes, compressed
MANY: Final = 2_000


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    return signed_in_as(app, store, staff_id)


@pytest.fixture
def october(store: Store, chicago: Office, calgary: Office, rights: Kind) -> str:
    """Chicago reported 20 and 3 people, Calgary one of two workshops, Reno nothing; only Chicago
    has an account. Returns the public id of Chicago's small workshop."""
    employ(store)
    with store.change() as session:
        session.add(office("reno", "Reno", "NV", "America/Los_Angeles"))
        held = [
            (chicago, date(2026, 10, 6), 20),
            (chicago, date(2026, 10, 7), 3),
            (calgary, date(2026, 10, 8), 9),
            (calgary, date(2026, 10, 9), None),
        ]
        for where, day, people in held:
            each = make_workshop(session, where, rights, day=day)
            if people is not None:
                workshop_service.report(each, head_count=people, now=FIXED_NOW)
            if people == 3:
                small = each.public_id
    return small


def cities(text: str) -> list[str]:
    table = text[text.index("<tbody>") :]
    return re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', table)


def test_line_of_the_month_says_what_is_missing(elena: StaffClient, october: str) -> None:
    text = words(elena.get(PAGE))
    assert "La red en octubre de 2026" in text
    assert "3 de 4 reportados" in text
    assert "2 oficinas sin nadie que pueda entrar" in text
    assert "Recordar a 2 oficinas…" in text
    assert "Calgary Nadie tiene cuenta" in text


def test_month_that_closes_next_is_shown_first(elena: StaffClient, october: str) -> None:
    text = words(elena.get("/org/control"))
    assert "La red en noviembre de 2026" in text
    assert "Cierra en 8 días: 5 de diciembre" in text


def test_offices_stand_by_missing_reports_and_by_a_chosen_column(
    elena: StaffClient, october: str
) -> None:
    assert cities(elena.get(PAGE).text) == ["Calgary", "Reno", "Chicago"]
    assert cities(elena.get(f"{PAGE}&orden=oficina").text) == ["Calgary", "Chicago", "Reno"]
    assert cities(elena.get(f"{PAGE}&orden=-oficina").text) == ["Reno", "Chicago", "Calgary"]
    assert cities(elena.get(f"{PAGE}&orden=-talleres").text)[0] == "Reno"
    assert cities(elena.get(f"{PAGE}&orden=nada").text) == ["Calgary", "Reno", "Chicago"]
    assert cities(elena.get(f"{PAGE}&estado=NV").text) == ["Reno"]
    assert elena.get(f"{PAGE}&estado=XX").status_code == 404


def test_no_link_ranks_offices_by_a_rate(elena: StaffClient, october: str) -> None:
    text = elena.get(PAGE).text
    headings = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', text, re.DOTALL)
    linked = [words_of(each) for each in headings if "<a " in each]
    assert linked == ["Oficina", "Debe", "Reportados", "Talleres", "Personas", "Cuentas"]
    assert 'aria-sort="ascending"' in text


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_small_number_of_people_is_not_shown(elena: StaffClient, october: str) -> None:
    """Of Chicago 3 people of one workshop are joined with its 20: the sum may be shown."""
    text = words(elena.get(PAGE))
    assert re.search(r"Chicago Listo 2 2 23 ", text)
    assert "Personas atendidas 32" in text


def test_small_number_hides_that_of_another_office_too(
    elena: StaffClient, store: Store, october: str
) -> None:
    with store.change() as session:
        reno = session.scalar(sa.select(Office).where(Office.slug == "reno"))
        kind = session.scalar(sa.select(Kind))
        assert reno is not None
        assert kind is not None
        each = make_workshop(session, reno, kind, day=date(2026, 10, 9))
        workshop_service.report(each, head_count=2, now=FIXED_NOW)
    with store.read() as session:
        found = control_room.load(session, OCTOBER, now=FIXED_NOW)
    people = {each.coverage.slug: each.people for each in found.lines}
    assert people["reno"] is None
    assert sorted((people["chicago"], people["calgary"]), key=str) == [23, None]
    assert found.total.people.exact == 34
    by_people = control_room.sort_lines(found.lines, OfficeOrder.PEOPLE)
    assert by_people[0].people is not None
    assert "Reno,NV" in elena.get(f"/org/control.csv?mes={OCTOBER}").text.replace("reno,", "")


def test_odd_numbers_lead_to_their_workshops(
    elena: StaffClient, store: Store, october: str, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for day, people in ((date(2026, 9, 2), 30), (date(2026, 9, 3), 45)):
            each = make_workshop(session, chicago, rights, day=day)
            workshop_service.report(each, head_count=people, now=FIXED_NOW)
        typed = make_workshop(session, chicago, rights, day=date(2026, 10, 20))
        workshop_service.report(typed, head_count=480, now=FIXED_NOW)
    text = elena.get(PAGE).text
    assert f'href="/org/talleres/{typed.public_id}"' in text
    assert f'href="/org/talleres/{october}"' in text, "3 is a tenth of 30"
    assert "480 personas. En un año fueron de 30 a 45." in text
    assert "menos de 5 personas. En un año fueron de 30 a 45." in text
    with store.read() as session:
        assert len(typing_slips.list_odd_head_counts(session, OCTOBER)) == 2
        assert typing_slips.list_odd_head_counts(session, OCTOBER.plus(-1)) == []


def test_file_has_every_office_and_no_formula(
    elena: StaffClient, store: Store, october: str
) -> None:
    with store.change() as session:
        session.execute(sa.update(Office).where(Office.slug == "reno").values(city="=1+1"))
    answer = elena.get("/org/control.csv?mes=2026-10&orden=oficina")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="red-2026-10.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert {row["Ciudad"] for row in rows} == {"'=1+1", "Calgary", "Chicago"}
    [chicago] = [row for row in rows if row["Oficina"] == "chicago"]
    assert (chicago["Reportados"], chicago["Talleres"], chicago["Personas"]) == ("2", "2", "23")
    assert (chicago["2026-10"], chicago["2026-09"], chicago["Llegaron de cada 100"]) == (
        "2",
        "0",
        "",
    )


def add_many(store: Store, where: Office, number: int) -> None:
    """So many offices more, each with a reported workshop of October and an account."""
    with store.change() as session:
        sample = session.scalar(sa.select(Workshop).order_by(Workshop.id))
        assert sample is not None
        plain = {
            column.key: getattr(sample, prop.key)
            for prop in sa.inspect(Workshop).column_attrs
            for column in prop.columns
            if isinstance(column, sa.Column) and column.key != "id"
        }
        of_office = {
            column.key: getattr(where, column.key)
            for column in Office.__table__.columns
            if column.key != "id"
        }
        session.execute(
            sa.insert(cast("sa.Table", Office.__table__)),
            [
                of_office | {"slug": f"o-{index}", "city": f"Ciudad {index * 7919 % 100_003}"}
                for index in range(number)
            ],
        )
        ids = session.scalars(sa.select(Office.id).where(Office.slug.startswith("o-"))).all()
        session.execute(
            sa.insert(cast("sa.Table", Workshop.__table__)),
            [
                plain
                | {
                    "public_id": f"P{index:015}",
                    "uid": f"U{index:019}",
                    "external_id": None,
                    "office_id": office_id,
                    "status": WorkshopStatus.HELD,
                    "head_count": 5 + index % 60,
                }
                for index, office_id in enumerate(ids)
            ],
        )


def measure(client: StaffClient, path: str) -> tuple[int, int]:
    """The number of statements of a page, and its compressed bytes."""
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    assert client.get(path).status_code == 200  # what is remembered is read once
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", count)
    try:
        answer = client.get(path)
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", count)
    return len(statements), len(gzip.compress(answer.data, 6))


@pytest.mark.thorough
def test_two_thousand_offices_take_no_more_statements_and_a_light_page(
    elena: StaffClient, store: Store, chicago: Office, october: str
) -> None:
    few, _weight = measure(elena, PAGE)
    add_many(store, chicago, MANY)
    many, weight = measure(elena, PAGE)
    assert many == few
    assert weight < MAX_WEIGHT
    text = elena.get(PAGE).text
    assert f"{MANY + 3:,} oficinas" in text
    assert 'pagina=2"' in text.replace("#oficinas", "")
    assert len(cities(text)) == 100
    last = elena.get(f"{PAGE}&pagina=21").text
    assert len(cities(last)) == 3
    whole = elena.get("/org/control.csv?mes=2026-10").data.decode("utf-8-sig")
    assert len(whole.splitlines()) == MANY + 4


def test_running_month_has_no_late_office(elena: StaffClient, october: str) -> None:
    text = words(elena.get("/org/control?mes=2026-11"))
    assert "Recordar a" not in text
    assert "Aún nada" in text


def test_months_before_and_after_can_be_reached(elena: StaffClient, october: str) -> None:
    assert datetime(2026, 11, 1, tzinfo=UTC) < FIXED_NOW
    text = elena.get(f"{PAGE}&orden=oficina").text
    assert 'href="/org/control?mes=2026-09&amp;orden=oficina"' in text
    assert 'href="/org/control?mes=2026-11&amp;orden=oficina"' in text
    assert elena.get("/org/control?mes=1999-01").status_code == 404
