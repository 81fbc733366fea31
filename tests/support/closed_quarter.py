"""A quarter whose months can be closed one after the other."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Final

from outreach.clock import Month, Quarter
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.reports import month_report
from tests.conftest import make_workshop

QUARTER: Final = Quarter(2026, 1)
APRIL: Final = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)


def hold_quarter(store: Store, offices: Iterable[Office], people: Mapping[Kind, int]) -> None:
    """In each month two reported workshops of each office and kind, to each of which `people`
    came."""
    with store.change() as session:
        for month in QUARTER.months:
            for office in offices:
                for kind, head_count in people.items():
                    for day in (3, 10):
                        workshop = make_workshop(
                            session, office, kind, day=date(2026, month.month, day)
                        )
                        workshop_service.report(workshop, head_count=head_count, now=APRIL)


def close(store: Store, month: Month) -> None:
    """The next revision of a month."""
    with store.change() as session:
        month_report.close(session, month, reason="Reportes tardíos", now=APRIL)


def report_late(store: Store, office: Office, kind: Kind, month: Month, people: int) -> None:
    """A workshop on the 17th of a month, to which so many people came."""
    with store.change() as session:
        workshop = make_workshop(session, office, kind, day=date(2026, month.month, 17))
        workshop_service.report(workshop, head_count=people, now=APRIL)
