"""Closing a month: revisions that never change, and outputs that agree."""

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from outreach import cli, clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Conflict, ErrorCode, NotFound, OutreachError
from outreach.reports import month_report
from outreach.reports.month_report import MonthChange
from tests.conftest import make_workshop
from tests.support.interleaving import meet
from tests.support.refusals import refuses

MARCH = Month(2026, 3)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Two workshops in Chicago (one for women), one in Calgary, and a typed figure."""
    day = date(2026, 3, 10)
    with store.change() as session:
        for office, kind, people in (
            (chicago, rights, 30), (chicago, women, 12), (calgary, rights, 8),
        ):  # fmt: skip
            workshop_service.report(
                make_workshop(session, office, kind, day=day), head_count=people, now=APRIL
            )
        make_workshop(session, calgary, rights, day=day, status=WorkshopStatus.CANCELLED)
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
    return store


def close(store: Store, now: datetime = APRIL, **options: Any) -> MonthRevision:
    with store.change() as session:
        return month_report.close(session, MARCH, now=now, **options)


def find_held_workshop(store: Store, office: str) -> Workshop:
    with store.read() as session:
        found = session.scalars(
            sa.select(Workshop).join(Workshop.office).where(
                Office.slug == office, Workshop.status == WorkshopStatus.HELD
            )
        )  # fmt: skip
        return next(iter(found))


def report_not_held(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        current = workshops.find(session, workshop.public_id)
        workshop_service.report(current, head_count=None, now=MAY)


def test_open_month_is_provisional(march: Store) -> None:
    with march.read() as session:
        report = month_report.report(session, MARCH, now=APRIL)
    assert (report.count.state, report.count.revision, report.is_closed) == ("open", 0, False)
    assert report.people is None, "daily changes would reveal small numbers"


def test_closing_freezes_the_report(march: Store) -> None:
    revision = close(march)
    assert (revision.number, revision.cut) == (1, APRIL)
    assert month_report.is_sound(revision)
    report_not_held(march, find_held_workshop(march, "chicago"))
    with march.change() as session:
        session.get_one(MonthlyFigure, (202603, "ciam.personas")).value = 1
    with march.read() as session:
        report = month_report.report(session, MARCH, now=MAY)
    assert (report.count.total, report.count.state, report.count.revision) == (3, "closed", 1)
    assert report.count.by_office["chicago"] == {"derechos": 1, "mujeres": 1, "total": 2}
    assert report.figure("ciam.personas") == 21389
    assert report.by_mode == {"presencial": 3}
    assert report.by_language == {"es": 3}
    assert report.people is not None
    assert report.people.published == {"derechos": 38, "mujeres": 12}


def test_late_change_is_a_new_revision_with_its_differences(march: Store) -> None:
    close(march)
    late = find_held_workshop(march, "calgary")
    report_not_held(march, late)
    with march.change() as session:
        session.get_one(MonthlyFigure, (202603, "ciam.personas")).value = 21390
    with march.read() as session:
        pending = month_report.make_draft(session, MARCH, now=MAY).changes
    revision = close(march, MAY, reason="Reportes tardíos")
    assert revision.number == 2
    assert month_report.changes_of(revision) == pending
    assert pending == [
        MonthChange(what="workshops", office="calgary", kind="derechos", before=1, after=0),
        MonthChange(what="figure", series="ciam.personas", before=21389, after=21390),
        MonthChange(what="people", kind="derechos", before=38, after=30),
    ]
    with march.read() as session:
        first = month_report.report(session, MARCH, now=MAY, number=1)
        second = month_report.report(session, MARCH, now=MAY)
    assert (first.count.total, second.count.total) == (3, 2), "earlier revisions are unchanged"


def test_next_revision_requires_a_reason_and_changes(march: Store) -> None:
    close(march)
    with refuses(ErrorCode.REVISION_WITHOUT_REASON):
        close(march, MAY)
    with refuses(ErrorCode.REVISION_WITHOUT_CHANGES):
        close(march, MAY, reason="por si acaso")


def test_month_that_is_not_over_cannot_be_closed(march: Store) -> None:
    for early in (datetime(2026, 3, 31, 12, tzinfo=UTC), datetime(2026, 4, 3, 12, tzinfo=UTC)):
        with refuses(ErrorCode.MONTH_NOT_OVER):
            close(march, early)
    close(march, datetime(2026, 4, 4, tzinfo=UTC))


def test_reopened_month_is_provisional_until_its_next_revision(
    march: Store,
) -> None:
    close(march)
    with march.change() as session:
        assert not months.reopen(session, MARCH, "Dos", seen=2, organizer_id=None, now=MAY)
        assert months.reopen(session, MARCH, "Faltan dos", seen=1, organizer_id=None, now=MAY)
        assert not months.reopen(session, MARCH, "Faltan dos", organizer_id=None, now=MAY)
    with march.read() as session:
        report = month_report.report(session, MARCH, now=MAY)
    assert (report.count.state, report.count.revision) == ("open", 1)
    revision = close(march, MAY, reason="Se revisó")
    assert (revision.number, revision.changes) == (2, []), (
        "a reopened month may be closed without changes"
    )


def test_only_one_of_several_concurrent_closings_succeeds(march: Store) -> None:
    ready = Barrier(4)

    def try_to(_number: int) -> str:
        ready.wait()
        try:
            close(march, seen=0)
        except OutreachError as error:
            return type(error).__name__
        return "closed"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(try_to, range(4)))
    assert outcomes == ["Conflict", "Conflict", "Conflict", "closed"]
    with march.read() as session:
        assert len(months.list_revisions(session, MARCH)) == 1


@pytest.mark.races
def test_reopening_fails_during_a_concurrent_closing(march: Store) -> None:
    close(march)
    report_not_held(march, find_held_workshop(march, "chicago"))

    def reopen() -> bool:
        with march.change() as session:
            return months.reopen(session, MARCH, "Faltan dos", seen=1, organizer_id=None, now=MAY)

    revision, is_open = meet(
        march,
        lambda: close(march, MAY, reason="tarde", seen=1),
        reopen,
        at="INSERT INTO month_revision",
    )
    assert (revision.number, is_open) == (2, False)
    with march.read() as session:
        assert [each.reopened_at for each in months.list_revisions(session, MARCH)] == [None, None]


@pytest.mark.races
def test_tables_of_a_revision_agree_despite_concurrent_changes(
    march: Store,
) -> None:
    late = find_held_workshop(march, "calgary")
    revision, _none = meet(
        march,
        lambda: close(march),
        lambda: report_not_held(march, late),
        at="SELECT workshop.kind_id",
    )
    report = month_report.read_revision(revision)
    assert report.count.total == 3
    for table in (report.count.by_kind, report.by_mode, report.by_language):
        assert sum(table.values()) == report.count.total
    assert sum(each["total"] for each in report.count.by_office.values()) == report.count.total


def test_closing_with_an_outdated_revision_is_a_conflict(march: Store) -> None:
    close(march)
    report_not_held(march, find_held_workshop(march, "chicago"))
    with pytest.raises(Conflict):
        close(march, MAY, reason="tarde", seen=0)


def test_hidden_cell_stays_hidden(march: Store, chicago: Office, women: Kind) -> None:
    day = date(2026, 3, 12)
    with march.change() as session:
        small_workshop = session.scalars(sa.select(Workshop).where(Workshop.head_count == 12)).one()
        small_workshop.head_count = 3
    first = month_report.read_revision(close(march)).people
    assert first is not None
    assert first.small == {"mujeres"}
    assert first.withheld == {"derechos"}
    assert first.total == 41
    with march.change() as session:
        workshop_service.report(
            make_workshop(session, chicago, women, day=day), head_count=20, now=MAY
        )
    revision = close(march, MAY, reason="Un taller más")
    second = month_report.read_revision(revision).people
    assert second is not None
    assert second.hidden_kinds == {"mujeres", "derechos"}
    assert second.total is None
    assert "people" not in {each.what for each in month_report.changes_of(revision)}


def test_attendance_of_one_late_report_is_not_published(
    march: Store, chicago: Office, women: Kind
) -> None:
    close(march)
    with march.change() as session:
        late = make_workshop(session, chicago, women, day=date(2026, 3, 12))
        workshop_service.report(late, head_count=1, now=MAY)
    revision = close(march, MAY, reason="Reportes tardíos")
    found = month_report.read_revision(revision).people
    assert found is not None
    assert found.published == {"derechos": 38}
    assert (found.hidden_kinds, found.total) == (frozenset({"mujeres"}), None)
    assert month_report.changes_of(revision) == [
        MonthChange(what="workshops", office="chicago", kind="mujeres", before=1, after=2)
    ]


def test_unknown_revision_is_not_found(march: Store) -> None:
    close(march)
    with march.read() as session, pytest.raises(NotFound):
        month_report.report(session, MARCH, now=MAY, number=2)


def outreach(config: Config, *arguments: str) -> Result:
    names = {
        "DATA": config.data, "KEYS": config.keys, "DATABASE_URL": config.database_url,
        "KEYRING_URL": config.keyring_url, "PUBLIC_URL": config.public_url,
    }  # fmt: skip
    return CliRunner().invoke(
        cli.main, arguments, env={f"OUTREACH_{name}": str(value) for name, value in names.items()}
    )


def test_command_closes_and_prints_the_differences(config: Config, march: Store) -> None:
    done = outreach(config, "close", "2026-03")
    assert done.exit_code == 0, done.stderr
    assert "revision 1, 3 workshops" in done.stdout
    second_try = outreach(config, "close", "2026-03")
    assert (second_try.exit_code, len(second_try.stderr.splitlines())) == (1, 1)
    report_not_held(march, find_held_workshop(march, "chicago"))
    second = outreach(config, "close", "2026-03", "--reason", "tarde")
    assert "workshops chicago" in second.stdout
    with march.read() as session:
        lines = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(line.action, line.details, line.organizer_id) for line in lines] == [
        ("month.close", '{"month":"2026-03","revision":1}', None),
        ("month.close", '{"month":"2026-03","revision":2}', None),
    ]
    assert outreach(config, "close", "marzo").exit_code == 2


def test_command_explains_why_it_does_not_close(config: Config, march: Store) -> None:
    future = outreach(config, "close", f"{clock.now().year + 1}-01")
    assert "is not over" in future.stderr
    assert outreach(config, "close", "2026-03").exit_code == 0
    second_try = outreach(config, "close", "2026-03")
    assert "--reason" in second_try.stderr
    same = outreach(config, "close", "2026-03", "--reason", "tarde")
    assert "no need for another" in same.stderr
    for result in (future, second_try, same):
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
        assert result.stderr.startswith("outreach: 20")


@pytest.mark.parametrize("what", ["close", "counts", "bulletin"])
def test_commands_refuse_months_far_from_now(config: Config, march: Store, what: str) -> None:
    for month in ("9999-12", "0001-01"):
        result = outreach(config, what, month)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert "is no month" in result.stderr


def read_outputs(client: FlaskClient, config: Config) -> Iterator[tuple[str, int, int, int]]:
    """Yield (source, revision, total, workshops on rights) of each page, file and command."""
    page = client.get("/es/cifras/2026-03.json").get_json()
    yield "json", page["revision"], page["total"], page["by_kind"]["derechos"]
    data = client.get("/api/v1/counts/2026-03").get_json()
    yield "api", data["revision"], data["total"], data["by_kind"]["derechos"]
    bulletin = client.get("/api/v1/bulletins/2026-03").get_json()
    kinds = {each["kind"]: each["total"] for each in bulletin["by_kind"]}
    yield "bulletins", bulletin["revision"], bulletin["total"], kinds["derechos"]
    result = json.loads(outreach(config, "counts", "2026-03", "--format", "json").stdout)
    yield "command", result["revision"], result["total"], result["by_kind"]["derechos"]


def test_pages_files_api_and_commands_of_a_revision_agree(
    client: FlaskClient, config: Config, march: Store
) -> None:
    close(march)
    report_not_held(march, find_held_workshop(march, "calgary"))
    assert {each[1:] for each in read_outputs(client, config)} == {(1, 3, 2)}
    close(march, MAY, reason="tarde")
    assert {each[1:] for each in read_outputs(client, config)} == {(2, 2, 1)}
    text = client.get("/es/cifras/2026-03.csv").data.decode("utf-8-sig")
    assert [*csv.DictReader(text.splitlines())][-1]["total"] == "2"


def test_changed_bytes_of_a_revision_are_detected(march: Store) -> None:
    revision = close(march)
    assert month_report.is_sound(revision)
    revision.frozen = revision.frozen.replace('"total":3', '"total":4')
    assert not month_report.is_sound(revision)


def test_frozen_report_is_read_unchanged(march: Store) -> None:
    revision = close(march)
    with march.read() as session:
        now = month_report.live(session, MARCH, now=APRIL, revision=1)
    then = month_report.read_revision(revision)
    assert replace(then, people=None, digest="", quality=None) == replace(
        now, count=replace(now.count, state="closed")
    )
