"""The recipe «A column of the counts»."""

from typing import Final

from tests.tools.recipes.recipe import InsertAfter, NewFile, Recipe, Replace

RECIPE: Final = Recipe(
    name="counts_column",
    section="A column of the counts",
    max_files=2,
    own_tests=("tests/reports/test_online_column.py",),
    edits=(
        Replace(
            "outreach/reports/count_columns.py",
            """\
COLUMNS: Final[tuple[CountColumn, ...]] = ()
""",
            """\
COLUMNS: Final[tuple[CountColumn, ...]] = (
    CountColumn(name="online", heading=N_("En línea"), condition=Workshop.mode.in_(ONLINE_MODES)),
)
""",
        ),
        InsertAfter(
            "outreach/reports/count_columns.py",
            """\
import sqlalchemy as sa

""",
            """\
from outreach.domain.workshops import ONLINE_MODES, Workshop
from outreach.i18n import N_

""",
        ),
        NewFile(
            "tests/reports/test_online_column.py",
            '''\
"""The counts say how many workshops were on line."""

from datetime import UTC, date, datetime

import pytest

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode
from outreach.reports import month_report
from tests.conftest import make_workshop

pytestmark = pytest.mark.any_database
NOW = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)


def test_workshops_on_line_are_counted(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        for mode in (DeliveryMode.VIDEO_CALL, DeliveryMode.IN_PERSON):
            workshop = make_workshop(session, chicago, rights, day=date(2026, 3, 10), mode=mode)
            workshop_service.report(workshop, head_count=10, now=NOW)
    with store.read() as session:
        report = month_report.live(session, Month(2026, 3), now=NOW)
    assert report.count.columns["online"].total == 1
''',
        ),
    ),
)
