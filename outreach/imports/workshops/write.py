"""Writes workshops to CSV and XLSX files that can be imported again without changes."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from outreach import clock
from outreach.domain.workshops import UID_PREFIX, Workshop, WorkshopStatus
from outreach.imports.sheets.text_tables import RISKY
from outreach.imports.workshops.read import OPTIONAL, REQUIRED
from outreach.reports import spreadsheets

COLUMNS: Final = (*REQUIRED, *OPTIONAL)
_WIDTHS: Final = (
    28, 14, 14, 36, 30, 20, 18, 18, 30, 16, 8, 9, 10, 10, 11, 30, 10, 12, 30, 20, 16, 40,
)  # fmt: skip
# Workshops created by a form have such an `external_id`, against duplicate submission.
_FORM_ID: Final = re.compile(r"desk ")
_DAY: Final = timedelta(days=1)


def own_id(workshop: Workshop) -> str:
    """The id of the workshop in a file: that of the row it came from, else its UID."""
    given = workshop.external_id
    return given if given and not _FORM_ID.match(given) else f"{UID_PREFIX}{workshop.uid}"


def cells(workshop: Workshop, *, has_address: bool = True) -> dict[str, str]:
    """Returns the cells of a workshop by column name. Without `has_address` those with name, street
    and link of its place are empty."""
    venue = workshop.venue
    last = workshop.day if workshop.ends > workshop.starts else workshop.day + _DAY
    starts = datetime.combine(workshop.day, workshop.starts)
    ends = datetime.combine(last, workshop.ends)
    return {
        "id": own_id(workshop),
        "office": workshop.office.slug,
        "kind": workshop.kind.code,
        "title_es": workshop.title.get("es", ""),
        "title_en": workshop.title.get("en", ""),
        "title_fr": workshop.title.get("fr", ""),
        "timezone": workshop.zone.key,
        "starts_at": format_local(starts, workshop.zone, is_second=workshop.is_second_hour),
        "ends_at": format_local(ends, workshop.zone, is_second=workshop.is_second_hour),
        "venue": venue.name if venue and has_address else "",
        "city": venue.city if venue else "",
        "region": venue.region if venue else "",
        "address": venue.address if venue and has_address else "",
        "area": venue.area if venue else "",
        "capacity": str(workshop.capacity),
        "languages": " ".join(workshop.languages),
        "childcare": "true" if workshop.has_childcare else "false",
        "status": status(workshop.status).value,
        "way": workshop.way.value,
        "mode": workshop.mode.value,
        "phone": workshop.phone,
        "live_url": workshop.live_url if has_address else "",
    }


def format_local(local: datetime, zone: ZoneInfo, *, is_second: bool) -> str:
    """Writes a wall clock as files have it, 2027-01-31T18:30; with its offset from UTC where clocks
    show the hour twice."""
    if not clock.is_doubled(local.date(), local.time(), zone):
        return f"{local:%Y-%m-%dT%H:%M}"
    return local.replace(tzinfo=zone, fold=int(is_second)).isoformat(timespec="minutes")


def status(status: WorkshopStatus) -> WorkshopStatus:
    """The status in a file, which has no reports: held and not held are published."""
    is_past = status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD}
    return WorkshopStatus.PUBLISHED if is_past else status


def to_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Writes a CSV file with a byte order mark. Cells that look like formulas are escaped."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([escape(row[name]) for name in COLUMNS] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(
    out: BinaryIO, rows: Iterable[Mapping[str, str]], notes: Sequence[str], *, made_at: datetime
) -> None:
    """Writes a workbook with the same rows and a second sheet of notes."""
    with spreadsheets.open_spreadsheet(
        out, title=f"Talleres {made_at:%Y-%m-%d}", is_long=True
    ) as book:
        lines = ([_cell(name, row[name]) for name in COLUMNS] for row in rows)
        book.add_stream("Talleres", COLUMNS, _WIDTHS, lines)
        book.add_notes("Cómo se llena", notes)


def _cell(name: str, text: str) -> str | int:
    return int(text) if name == "capacity" and text else escape(text)


def escape(text: str) -> str:
    """The text, with an apostrophe before a formula or an apostrophe; `text_tables` removes it."""
    return f"'{text}" if text.startswith(RISKY) else text
