"""A column of the month's counts is one declaration; a closed month keeps the columns it has."""

import io
import json
from datetime import UTC, date, datetime
from typing import Final

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import ONLINE_MODES, DeliveryMode, Workshop
from outreach.reports import (
    bulletin_checks,
    bulletin_sentences,
    data_tables,
    month_report,
    month_tables,
)
from outreach.reports.count_columns import COLUMNS, CountColumn
from outreach.reports.data_tables import ALL, RevisionTables
from outreach.reports.month_report import MonthChange, MonthReport
from outreach.reports.month_tables import GroupedBy
from tests.conftest import make_workshop

MARCH: Final = Month(2026, 3)
APRIL: Final = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
MAY: Final = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ONLINE: Final = CountColumn(
    name="on-line", heading="En línea", condition=Workshop.mode.in_(ONLINE_MODES)
)
WITH_ONLINE: Final = (*COLUMNS, ONLINE)


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Two workshops by video call, one in Chicago and one in Calgary, and one in person."""
    with store.change() as session:
        for office, kind, mode in (
            (chicago, rights, DeliveryMode.VIDEO_CALL),
            (chicago, women, DeliveryMode.IN_PERSON),
            (calgary, rights, DeliveryMode.VIDEO_CALL),
        ):
            workshop = make_workshop(session, office, kind, day=date(2026, 3, 10), mode=mode)
            workshop_service.report(workshop, head_count=10, now=APRIL)
    return store


def close(
    store: Store, now: datetime, columns: tuple[CountColumn, ...], reason: str = ""
) -> MonthRevision:
    with store.change() as session:
        draft = month_report.make_draft(session, MARCH, now=now, columns=columns)
        return month_report.close(session, MARCH, now=now, draft=draft, reason=reason)


def report_with_online(store: Store) -> MonthReport:
    return month_report.read_revision(close(store, APRIL, WITH_ONLINE))


def test_column_counts_the_workshops_of_its_condition(march: Store) -> None:
    with march.read() as session:
        report = month_report.live(session, MARCH, now=APRIL, columns=WITH_ONLINE)
    column = report.count.columns["on-line"]
    assert (column.total, column.by_kind) == (2, {"derechos": 2})
    assert list(column.by_office.items()) == [("calgary", 1), ("chicago", 1)]


def test_revision_keeps_its_columns(march: Store) -> None:
    with march.read() as session:
        computed = month_report.live(session, MARCH, now=APRIL, columns=WITH_ONLINE)
    assert report_with_online(march).count.columns == computed.count.columns


def test_files_and_json_follow_the_declaration(march: Store) -> None:
    report = report_with_online(march)
    assert month_tables.as_json(report)["columns"]["on-line"] == {
        "heading": "En línea",
        "total": 2,
        "by_kind": {"derechos": 2},
        "by_office": {"calgary": 1, "chicago": 1},
    }
    by_kind = month_tables.table(report.count, GroupedBy.KIND)
    assert [row[-1] for row in by_kind][0::3] == ["En línea", 2]
    by_office = month_tables.table(report.count, GroupedBy.OFFICE)
    assert [row[-1] for row in by_office] == ["En línea", 1, 1, 2]
    book = load_workbook(io.BytesIO(month_tables.as_xlsx(report)))
    assert [cell.value for cell in book["Por tipo"][1]][-1] == "En línea"
    rows = RevisionTables(report).rows[data_tables.COLUMNS.name]
    assert [(row[1], row[2], row[-1]) for row in rows if row[3] == "on-line"] == [
        (ALL, ALL, 2), (ALL, "derechos", 2), ("calgary", ALL, 1), ("chicago", ALL, 1),
    ]  # fmt: skip
    assert 2 in bulletin_checks.numbers_of(report)


def test_bulletin_says_the_number(march: Store) -> None:
    sentences = bulletin_sentences.write_sentences(
        report_with_online(march), ["derechos"], wordings={}, topics={}
    )
    words = next(each.words for each in sentences if each.code == "columns.on-line")
    assert (words["es"], words["en"]) == ("En línea: 2.", "Online: 2.")


def test_column_declared_later_changes_no_closed_month(march: Store) -> None:
    revision = close(march, APRIL, COLUMNS)
    before = month_tables.digest(month_report.read_revision(revision))
    assert "on-line" not in json.loads(revision.frozen).get("columns", {})
    with march.change() as session:
        workshop = session.scalars(sa.select(Workshop).limit(1)).one()
        workshop_service.report(workshop, head_count=None, now=MAY)
    second = close(march, MAY, WITH_ONLINE, reason="No se hizo")
    with march.read() as session:
        first = session.get_one(MonthRevision, revision.id)
        assert first.frozen == revision.frozen
        assert month_report.is_sound(first)
        assert month_tables.digest(month_report.read_revision(first)) == before
    assert "on-line" in month_report.read_revision(second).count.columns
    assert "on-line" not in {each.series for each in month_report.changes_of(second)}


def test_revision_lists_a_changed_number_of_a_column(march: Store) -> None:
    close(march, APRIL, WITH_ONLINE)
    with march.change() as session:
        session.execute(sa.update(Workshop).values(mode=DeliveryMode.IN_PERSON))
    second = close(march, MAY, WITH_ONLINE, reason="No era en línea")
    assert [each for each in month_report.changes_of(second) if each.series == "on-line"] == [
        MonthChange(what="column", series="on-line", kind="derechos", before=2, after=0)
    ]
