"""Page, CSV, JSON, XLSX, PDF, API and command show the same numbers of each revision of a month."""

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from pypdf import PdfReader

from outreach import cli, clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.reports import month_report, month_tables, trends, workshop_counts, workshop_rows
from tests.conftest import make_workshop

pytestmark = [pytest.mark.any_database("the content of files"), pytest.mark.core]

MARCH = Month(2026, 3)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
FIRST = {"derechos": 3, "mujeres": 1, "total": 4}
SECOND = {"derechos": 2, "mujeres": 1, "total": 3}
NOW = {"derechos": 2, "mujeres": 2, "total": 4}


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Closed with four workshops, closed again with three; one was added since."""
    day = date(2026, 3, 10)
    with store.change() as session:
        late = make_workshop(session, calgary, rights, day=day)
        for office, kind in ((chicago, rights), (chicago, women), (calgary, rights)):
            workshop_service.report(
                make_workshop(session, office, kind, day=day), head_count=20, now=APRIL
            )
        session.add(
            FigureSeries(
                code="ciam.personas", position=1, label={"es": "Personas"}, unit="personas",
                provided_by="CIAM",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            MonthlyFigure(month=202603, series="ciam.personas", value=21389, source="CIAM",
                   entered_at=APRIL)
        )  # fmt: skip
    with store.change() as session:
        month_report.close(session, MARCH, now=APRIL)
        workshop_service.report(session.merge(late), head_count=None, now=MAY)
        session.get_one(MonthlyFigure, (202603, "ciam.personas")).value = 21390
    with store.change() as session:
        month_report.close(session, MARCH, reason="Uno no se dio", now=MAY)
        make_workshop(
            session,
            chicago,
            women,
            day=day,
            mode=DeliveryMode.VIDEO_CALL,
            venue=None,
            zone=chicago.zone,
        )
    return store


class Reader:
    """Reads the numbers by kind and their total from each output."""

    def __init__(
        self, client: FlaskClient, config: Config, revision: int | None, path: Path
    ) -> None:
        self.client, self.config, self.revision, self.path = client, config, revision, path

    def get(self, address: str) -> Any:
        answer = self.client.get(address + (f"?revision={self.revision}" if self.revision else ""))
        assert answer.status_code == 200, address
        return answer

    def page(self) -> dict[str, int]:
        text = self.get("/en/cifras/2026-03").text
        rows = text.partition('class="bars"')[2].partition("</table>")[0]
        found = re.findall(r'/tipo/(\w+)".*?<td class="bars-value">(\d+)</td>', rows, re.DOTALL)
        total = re.search(r'class="headline-number"[^>]*>(\d+)<', text)
        assert total
        codes = {"K7QX": "mujeres"}
        return {codes.get(code, code): int(n) for code, n in found} | {"total": int(total[1])}

    def csv(self) -> dict[str, int]:
        body = self.get("/en/cifras/2026-03.csv").data
        assert body.startswith(b"\xef\xbb\xbf"), "Excel needs a byte order mark"
        assert b"\r\n" in body
        *_offices, last = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
        return {code: int(last[code]) for code in FIRST}

    def json(self) -> dict[str, int]:
        data = self.get("/en/cifras/2026-03.json").json
        return {**data["by_kind"], "total": data["total"]}

    def xlsx(self) -> dict[str, int]:
        book = openpyxl.load_workbook(io.BytesIO(self.get("/es/cifras/2026-03.xlsx").data))
        return {row[1]: row[3] for row in list(book.worksheets[0].values)[1:]}

    def pdf(self) -> dict[str, int]:
        names = {"Tus derechos": "derechos", "Para mujeres": "mujeres", "Total": "total"}
        text = "\n".join(
            page.extract_text()
            for page in PdfReader(io.BytesIO(self.get("/es/cifras/2026-03.pdf").data)).pages
        )
        table = text.partition("Por tipo")[2].partition("Por estado")[0]
        return {
            code: int(found[1])
            for name, code in names.items()
            if (found := re.search(rf"{name}\s+(\d+)", table))
        }

    def api(self) -> dict[str, int]:
        data = self.get("/api/v1/counts/2026-03").json
        return {**data["by_kind"], "total": data["total"]}

    def command(self) -> dict[str, int]:
        which = ("--revision", str(self.revision)) if self.revision else ()
        result = outreach(self.config, "counts", "2026-03", "--format", "json", *which)
        assert result.exit_code == 0, result.stderr
        data = json.loads(result.stdout)
        return {**data["by_kind"], "total": data["total"]}

    def all_outputs(self) -> dict[str, dict[str, int]]:
        readers: tuple[Callable[[], dict[str, int]], ...] = (
            self.page, self.csv, self.json, self.xlsx, self.pdf, self.api, self.command,
        )  # fmt: skip
        return {reader.__name__: reader() for reader in readers}


def outreach(config: Config, *arguments: str) -> Result:
    names = {
        "DATA": config.data, "KEYS": config.keys, "DATABASE_URL": config.database_url,
        "KEYRING_URL": config.keyring_url, "PUBLIC_URL": config.public_url,
    }  # fmt: skip
    return CliRunner().invoke(
        cli.main, arguments, env={f"OUTREACH_{name}": str(value) for name, value in names.items()}
    )


def test_all_outputs_of_a_revision_agree(
    client: FlaskClient, config: Config, march: Store, tmp_path: Path
) -> None:
    for revision, numbers in ((None, SECOND), (1, FIRST), (2, SECOND)):
        data = Reader(client, config, revision, tmp_path).all_outputs()
        assert data == dict.fromkeys(data, numbers), revision
    with march.change() as session:
        months.reopen(session, MARCH, "Faltaba uno", organizer_id=None, now=MAY)
    data = Reader(client, config, None, tmp_path).all_outputs()
    assert data == dict.fromkeys(data, NOW), "reopened: provisional"


def test_trends_agree_with_the_closed_month(
    march: Store, chicago: Office, calgary: Office, women: Kind
) -> None:
    with march.read() as session:
        (network_trend,) = trends.by_kind(session, MARCH, MARCH, now=MAY)
        (offices,) = trends.by_office(session, MARCH, MARCH, now=MAY)
        (office_trend,) = trends.by_kind(session, MARCH, MARCH, now=MAY, office=calgary)
        (kind_trend,) = trends.by_office(session, MARCH, MARCH, now=MAY, kind=women)
    assert (network_trend.total, network_trend.revision) == (3, 2)
    assert dict(offices.numbers) == {"chicago": 2, "calgary": 1}
    assert dict(office_trend.numbers) == {"derechos": 1}
    assert dict(kind_trend.numbers) == {"chicago": 1}, (
        "a workshop added after closing is not published"
    )


def test_workbook_has_a_sheet_for_each_table_and_the_rules_last(
    client: FlaskClient, march: Store
) -> None:
    body = client.get("/es/cifras/2026-03.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert book.sheetnames == [
        "Por tipo", "Por oficina", "Por estado", "Modalidad", "Idioma", "Otras cifras", "Cambios",
        "Reglas",
    ]  # fmt: skip
    for sheet in book.worksheets[:-1]:
        assert sheet.freeze_panes == "A2", sheet.title
    number = book["Otras cifras"].cell(2, 4)
    assert (number.value, number.number_format) == (21390, "#,##0")
    changes = [list(row) for row in book["Cambios"].values]
    assert changes[1:] == [
        ["calgary", "derechos", None, 2, 1],
        [None, None, "ciam.personas", 21389, 21390],
    ]
    rules = [row[0] for row in book.worksheets[-1].values]
    assert set(workshop_counts.RULES) <= set(rules)
    assert "Personas que vinieron" not in str(book.sheetnames)


def test_no_file_contains_the_attendance(client: FlaskClient, march: Store) -> None:
    assert "60" not in {str(v) for v in client.get("/es/cifras/2026-03.json").get_json().values()}
    book = openpyxl.load_workbook(io.BytesIO(client.get("/es/cifras/2026-03.xlsx").data))
    cells = {cell for sheet in book.worksheets for row in sheet.values for cell in row}
    assert not cells & {20, 40, 60}


def test_all_workshops_of_a_year_are_exported_in_one_file(
    config: Config, march: Store, tmp_path: Path
) -> None:
    path = tmp_path / "2026.xlsx"
    result = outreach(config, "counts", "2026", "--format", "xlsx", "--rows", "-o", str(path))
    assert result.exit_code == 0, result.stderr
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Talleres", "Meses", "Reglas"]
    header, *lines = book["Talleres"].values
    found = [dict(zip(header, line, strict=True)) for line in lines]
    assert len(found) == 5
    assert sum(line["Cuenta"] for line in found) == 4, "current state"
    assert {line["Personas"] for line in found} == {20, None}
    assert list(book["Meses"].values)[-1][-2] == 3, "as published"


@pytest.mark.parametrize(
    "arguments",
    [
        ("2026-03", "--rows"),
        ("2026", "--rows"),
        ("2026", "--revision", "1"),
        ("2026-03", "--revision", "9"),
        ("2026-05..2026-03",),
        ("2026-03..x",),
    ],
)
def test_invalid_arguments_are_refused_in_one_line(
    config: Config, march: Store, arguments: tuple[str, ...]
) -> None:
    result = outreach(config, "counts", *arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_several_months_are_exported_in_one_table(config: Config, march: Store) -> None:
    result = outreach(config, "counts", "2026-02..2026-04", "--by", "office", "--format", "csv")
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["Mes", "Revisión", "chicago", "calgary", "total", "Planeados"]
    assert rows[2] == ["2026-03", "2", "2", "1", "3", "0"]
    printed = outreach(config, "counts", "2026-02..2026-04").stdout
    assert "Cada taller cuenta una sola vez." in printed
    data = json.loads(outreach(config, "counts", "2026", "--format", "json").stdout)
    assert (data["total"], len(data["months"])) == (3, 12)


@pytest.mark.long
def test_many_rows_take_little_memory(
    store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    with store.change() as session:
        office_trend = make_workshop(session, chicago, rights, day=date(2026, 3, 10))
        session.flush()
        row = {
            c.key: getattr(office_trend, c.key)
            for c in sa.inspect(Workshop).column_attrs
            if c.key != "id"
        }
        session.execute(
            sa.insert(Workshop),
            [row | {"public_id": f"{n:010d}", "uid": f"{n:020d}"} for n in range(21_999)],
        )
    now = clock.now()
    tracemalloc.start()
    with store.read() as session, (tmp_path / "2026.xlsx").open("xb") as file:
        reported_months = trends.by_kind(session, Month(2026, 1), Month(2026, 12), now=now)
        found = workshop_rows.read_rows(session, Month(2026, 1), Month(2026, 12), now=now)
        month_tables.rows_xlsx(file, found, reported_months)
    peak_memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_memory < 100 << 20
    book = openpyxl.load_workbook(tmp_path / "2026.xlsx", read_only=True)
    assert book["Talleres"].max_row == 22_001
