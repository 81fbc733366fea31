"""The command loads workbooks and calendars as it loads CSV files."""

import io
from datetime import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.imports.workshops import write
from tests.hostile_files.books import with_sheet
from tests.hostile_files.texts import calendar, event
from tests.support.fixed_clock import fixed_clock
from tests.support.import_files import row
from tests.support.loading import done, run

pytestmark = [pytest.mark.core, fixed_clock]


def test_workbook_and_calendar_are_loaded(
    config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    out = io.BytesIO()
    write.to_xlsx(out, [row(), row(id="w2", way="slots")], ["Notas"], made_at=clock.now())
    book, events = tmp_path / "w.xlsx", tmp_path / "w.ics"
    book.write_bytes(out.getvalue())
    events.write_bytes(calendar(event("CATEGORIES:Tus derechos")))
    dry_run = done(run(config, "load", "workshops", book, "--dry-run"))
    assert "2 new" in dry_run.stdout
    done(run(config, "load", "workshops", book))
    done(run(config, "load", "workshops", events, "--office", "chicago"))
    second_load = done(run(config, "load", "workshops", events, "--office", "chicago"))
    assert "0 new, 0 changed, 1 as they were" in second_load.stdout
    with store.read() as session:
        found = session.scalars(sa.select(Workshop).order_by(Workshop.id)).all()
        assert [(each.external_id, each.way) for each in found] == [
            ("w1", Way.PLACE),
            ("w2", Way.SLOTS),
            ("1@x", Way.PLACE),
        ]
        assert found[2].starts == time(18)


def test_unreadable_file_is_refused_in_english(
    config: Config, store: Store, chicago: Office, tmp_path: Path
) -> None:
    for name, data, message in (
        ("w.xlsx", with_sheet("<row/>")[:100], "is a damaged workbook"),
        ("w.ics", b"BEGIN:VCALENDAR\r\n", "ends before its calendar does"),
        ("w.csv", b"%PDF-1.7", "is a PDF"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        result = run(config, "load", "workshops", path)
        assert result.exit_code == 2
        assert message in result.stderr
        assert "Traceback" not in result.stderr
