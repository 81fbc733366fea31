"""A closed month with a revision, and a site whose log is asked over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from flask import Flask
from werkzeug.serving import make_server

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.reports import month_report
from tests.conftest import make_workshop

MARCH = Month(2026, 3)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def close_march(store: Store, chicago: Office, rights: Kind, women: Kind) -> str:
    """March closed with two workshops; returns the public id of one."""
    with store.change() as session:
        for kind, people in ((rights, 30), (women, 12)):
            workshop = make_workshop(session, chicago, kind, day=date(2026, 3, 10))
            workshop_service.report(workshop, head_count=people, now=APRIL)
        public_id = workshop.public_id
    with store.change() as session:
        month_report.close(session, MARCH, now=APRIL)
    return public_id


def correct_march(store: Store, public_id: str) -> None:
    """Revision 2, without that workshop."""
    with store.change() as session:
        found = workshops.find(session, public_id)
        workshop_service.report(found, head_count=None, now=MAY)
    with store.change() as session:
        month_report.close(session, MARCH, reason="It was not held", now=MAY)


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves the application during the block. Yields its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
