"""What the page shows before anything is loaded: every line of the file, and what becomes of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.dashboard.agenda import Offices
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.scheduling import import_batches
from outreach.domain.scheduling.import_batches import ImportBatch, ImportBatchSummary
from outreach.errors import NotFound, Refused
from outreach.imports import workshops
from outreach.imports.csv_tables import ImportTable
from outreach.imports.import_errors import ImportErrorCode, ImportFault
from outreach.imports.row_parser import RowParser
from outreach.imports.workshops import WorkshopImportRow, preview
from outreach.imports.workshops.preview import ImportPreview, PreviewedRow, PreviewVerdict


@dataclass(frozen=True)
class PreviewedFile:
    """A file as it stands against the workshops there are now."""

    lines: Sequence[RowParser]
    preview: ImportPreview
    faults: Sequence[ImportFault]
    kinds: dict[str, Kind]

    @property
    def rows(self) -> list[WorkshopImportRow]:
        return [each.row for each in self.preview.seen]

    @property
    def faulty(self) -> set[int]:
        """The lines that have to be mended."""
        return {fault.line for fault in self.faults}

    @property
    def by_line(self) -> dict[int, PreviewedRow]:
        return {each.row.line: each for each in self.preview.seen}

    def count(self, verdict: PreviewVerdict) -> int:
        return len(self.preview.of(verdict))

    @property
    def alike(self) -> list[PreviewedRow]:
        return [each for each in self.preview.seen if each.twins]


def at(session: Session, table: ImportTable, mine: Offices, *, now: datetime) -> PreviewedFile:
    """Every line looked at; nothing is written."""
    known = workshops.network(session, mine)
    rows, faults = workshops.look(table, known)
    seen = preview.look(session, rows, mine, now=now)
    by_code = {kind.code: kind for kind in kinds.list_kinds(session)}
    return PreviewedFile(table.lines, seen, sorted({*faults, *seen.faults}), by_code)


def kept(table: ImportTable) -> list[ImportBatchSummary]:
    """A file just read, to be put aside: before it is looked at, which adds faults to its lines."""
    return [
        ImportBatchSummary(
            line.number,
            dict(line.cells),
            [_packed(each) for each in line.faults],
        )
        for line in table.lines
    ]


def again(batch: ImportBatch) -> ImportTable:
    """The file that was put aside, as it was read."""
    lines = []
    for each in import_batches.read_lines(batch):
        line = RowParser(each.number, each.cells)
        line.faults += [_unpacked(each.number, fault) for fault in each.faults]
        lines.append(line)
    return ImportTable(tuple(lines[0].cells) if lines else (), tuple(lines))


def _packed(fault: ImportFault) -> list[str]:
    """A fault that was found when the file was read, as four texts."""
    code, values = ImportErrorCode(fault.error.code), json.dumps(fault.error.values)
    return [fault.field, fault.value, code.name, values]


def _unpacked(line: int, packed: Sequence[str]) -> ImportFault:
    """Raises NotFound where another version of the program put the file aside."""
    field, value, code, values = packed
    if code not in ImportErrorCode.__members__:
        raise NotFound("batch")
    return ImportFault(line, field, value, Refused(ImportErrorCode[code], **json.loads(values)))
