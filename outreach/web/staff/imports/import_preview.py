"""What the page shows before anything is loaded: every line of the file, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.dashboard.agenda import Offices
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.scheduling import import_batches
from outreach.domain.scheduling.import_batches import Batch, Kept
from outreach.imports import workshops
from outreach.imports.csv_tables import Table
from outreach.imports.import_errors import Fault
from outreach.imports.row_parser import Line
from outreach.imports.workshops import Row, preview
from outreach.imports.workshops.preview import Preview, Seen, Verdict


@dataclass(frozen=True)
class Looked:
    """A file as it stands against the workshops there are now."""

    lines: Sequence[Line]
    preview: Preview
    faults: Sequence[Fault]
    kinds: dict[str, Kind]

    @property
    def rows(self) -> list[Row]:
        return [each.row for each in self.preview.seen]

    @property
    def faulty(self) -> set[int]:
        """The lines that have to be mended."""
        return {fault.line for fault in self.faults}

    @property
    def by_line(self) -> dict[int, Seen]:
        return {each.row.line: each for each in self.preview.seen}

    def count(self, verdict: Verdict) -> int:
        return len(self.preview.of(verdict))

    @property
    def alike(self) -> list[Seen]:
        return [each for each in self.preview.seen if each.twins]


def at(session: Session, table: Table, mine: Offices, *, now: datetime) -> Looked:
    """Every line looked at; nothing is written."""
    known = workshops.network(session, mine)
    rows, faults = workshops.look(table, known)
    seen = preview.look(session, rows, mine, now=now)
    by_code = {kind.code: kind for kind in kinds.all_of_them(session)}
    return Looked(table.lines, seen, sorted({*faults, *seen.faults}), by_code)


def kept(table: Table) -> list[Kept]:
    """A file just read, to be put aside: before it is looked at, which adds faults to its lines."""
    return [
        Kept(
            line.number,
            dict(line.cells),
            [[each.field, each.value, each.reason, each.says] for each in line.faults],
        )
        for line in table.lines
    ]


def again(batch: Batch) -> Table:
    """The file that was put aside, as it was read."""
    lines = []
    for each in import_batches.lines_of(batch):
        line = Line(each.number, each.cells)
        line.faults += [Fault(each.number, *fault) for fault in each.faults]
        lines.append(line)
    return Table(tuple(lines[0].cells) if lines else (), tuple(lines))
