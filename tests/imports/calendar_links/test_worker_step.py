"""The worker reads the calendars that are read daily."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import calendar_links
from outreach.domain.scheduling.calendar_links import CalendarLink, CalendarReport
from outreach.imports.calendar_links import addresses, updates
from outreach.maintenance.worker import Worker
from tests.support.calendar_server import CALENDAR_RULE, CalendarServer
from tests.support.worker_steps import find_step

pytestmark = pytest.mark.any_database


def test_leading_worker_reads_what_is_due(
    app: Flask, store: Store, chicago: Office, server: CalendarServer
) -> None:
    app.extensions[addresses.RULE] = CALENDAR_RULE
    now, public_id = clock.now(), calendar_links.make_id()
    day = (now + timedelta(days=9)).strftime("%Y%m%d")
    times = (f"DTSTART:{day}T180000", f"DTEND:{day}T200000")
    server.show(("UID:a@example.org", "SUMMARY:Tus derechos", *times))
    reader = updates.of_app(app)
    with store.change() as session:
        link = calendar_links.add(
            session,
            chicago,
            public_id=public_id,
            name="Agenda",
            sealed_address=reader.seal(server.url(), chicago, public_id),
            address_mark=reader.mark(server.url()),
            now=now - timedelta(days=2),
        )
        link.is_daily = True
    worker = Worker(app)
    step = find_step("calendars")
    assert step.is_led
    assert worker.run_step(step, now) == 0, "another worker leads"
    worker.leader.acquire()
    assert worker.run_step(step, now) == 1
    with store.read() as session:
        link = session.scalars(sa.select(CalendarLink)).one()
        assert (link.read_at, link.fault) == (now, "")
        assert CalendarReport.read(link.report) == CalendarReport([], [], link.report["waiting"])
    worker.leader.release()
