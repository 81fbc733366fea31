"""Measures counts of one month and of all months in a database of a million workshops."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach import clock, migrations
from outreach.clock import Month
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.migrations import Database
from outreach.reports import workshop_counts
from tests.conftest import LONG_AGO, SERVER, Pair, kind, office

ROWS = 1_000_000
MONTHS = 540  # 45 years of some 1,850 workshops a month


class Counted(NamedTuple):
    """Durations in milliseconds."""

    month: float  # to count one month
    months: float  # to list every month there is
    history: float  # every month by kind


def address(folder: Path) -> str:
    return f"sqlite:///{folder / 'million.db'}"


def on_sqlite(folder: Path) -> Counted:
    return _counted(address(folder))


def on_postgresql() -> Counted | None:
    """The results on PostgreSQL; None without a server."""
    if not SERVER:
        return None
    pair = Pair()
    try:
        return _counted(pair.main)
    finally:
        pair.drop()


def _counted(url: str) -> Counted:
    migrations.upgrade(Database.MAIN, url)
    store = Store(url)
    change_sessions.install(store)
    with store.change() as session:
        offices = [office(f"office-{n}", "Chicago", "IL", "America/Chicago") for n in range(59)]
        kinds = [kind(f"kind-{n}", "Tus derechos", position=n) for n in range(21)]
        session.add_all([*offices, *kinds])
    with store.change() as session:
        connection = session.connection()
        batch: list[dict[str, Any]] = []
        for row in _rows(offices, kinds):
            batch.append(row)
            if len(batch) == 20_000:
                connection.execute(sa.insert(Workshop.__table__), batch)  # type: ignore[arg-type]  # it is a Table
                batch.clear()
    if not url.startswith("sqlite"):
        _vacuum(store)
    with store.read() as session:
        if url.startswith("sqlite"):
            session.execute(sa.text("ANALYZE"))
        first, month, now = Month(1981, 1), Month(2010, 6), clock.now()
        counted = Counted(
            month=_time(lambda: workshop_counts.list_cells(session, month, now=now)),
            months=_time(lambda: workshop_counts.months(session)),
            history=_time(
                lambda: list(workshop_counts.history(session, first, first.plus(MONTHS), now=now)),
                9,
            ),
        )
    store.close()
    return counted


def _vacuum(store: Store) -> None:
    """VACUUM, which a server does by itself within minutes: without it an index-only scan is
    slow."""
    not_visible = sa.text(
        "SELECT relpages - relallvisible FROM pg_class WHERE oid = 'workshop'::regclass"
    )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # A concurrent autovacuum keeps the newest rows from being marked all-visible:
        # run it again.
        for _ in range(30):
            connection.execute(sa.text("VACUUM ANALYZE workshop"))
            if connection.scalar(not_visible) == 0:
                return
            sleep(1)
    raise RuntimeError("VACUUM left pages that are not all-visible for half a minute")


def _time(run: Any, times: int = 50) -> float:
    durations = []
    for _ in range(times):
        start = perf_counter()
        run()
        durations.append(perf_counter() - start)
    return median(durations) * 1000


def _rows(offices: list[Office], kinds: list[Kind]) -> Iterator[dict[str, Any]]:
    first = Month(1981, 1)
    for number in range(ROWS):
        month = first.plus(number % MONTHS)
        day = month.first + timedelta(days=number // MONTHS % 28)
        yield _row(number, day, offices[number % 59].id, kinds[number % 21].id)


def _row(number: int, day: date, office_id: int, kind_id: int) -> dict[str, Any]:
    starts_at = datetime.combine(day, time(18), UTC)
    return {
        "public_id": f"{number:010d}", "uid": f"{number:020d}", "external_id": None,
        "is_synthetic": False, "office_id": office_id, "kind_id": kind_id, "venue_id": None,
        "title": {"es": "Conoce tus derechos"}, "summary": {}, "bring": {}, "mode": "presencial",
        "way": "place", "visibility": "public", "languages": Codes(["es"]),
        "interpretation": Codes(), "has_childcare": False, "facilitator": "", "phone": "",
        "online_url": "", "zone": ZONE, "day": day, "starts": time(12), "ends": time(14),
        "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2),
        "month": Month.from_day(day).number, "status": "published", "capacity": 40,
        "seats_left": 40, "party_limit": 4, "has_waiting_list": True, "retention_days": 30,
        "has_reminders": True, "is_discreet": False, "shown_seats": 11, "shown_used_up": Codes(),
        "support": {},
        "walk_ins": 0, "head_count": None, "sequence": 0, "created_at": LONG_AGO,
        "changed_at": LONG_AGO, "published_at": LONG_AGO, "cancelled_at": None,
    }  # fmt: skip


ZONE = ZoneInfo("America/Chicago")
