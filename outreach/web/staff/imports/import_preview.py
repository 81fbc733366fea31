"""The preview of a file: each of its lines, and what loading would do with it."""

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
from outreach.errors import NotFound, Refusal
from outreach.imports import workshops
from outreach.imports.csv_tables import ImportTable
from outreach.imports.import_errors import ImportErrorCode, ImportFault
from outreach.imports.row_parser import RowParser
from outreach.imports.workshops import WorkshopImportRow, preview
from outreach.imports.workshops.preview import ImportPreview, PreviewedRow, PreviewVerdict


@dataclass(frozen=True)
class PreviewedFile:
    """A file compared with the workshops of now."""

    lines: Sequence[RowParser]
    preview: ImportPreview
    faults: Sequence[ImportFault]
    kinds: dict[str, Kind]

    @property
    def rows(self) -> list[WorkshopImportRow]:
        return [each.row for each in self.preview.seen]

    @property
    def faulty(self) -> set[int]:
        """The numbers of the lines with errors."""
        return {fault.line for fault in self.faults}

    @property
    def by_line(self) -> dict[int, PreviewedRow]:
        return {each.row.line: each for each in self.preview.seen}

    def count(self, verdict: PreviewVerdict) -> int:
        return len(self.preview.rows_with(verdict))

    @property
    def alike(self) -> list[PreviewedRow]:
        return [each for each in self.preview.seen if each.twins]


def build(
    session: Session, table: ImportTable, offices: Offices, *, now: datetime
) -> PreviewedFile:
    """The preview of a table for staff of these offices. Writes nothing."""
    known = workshops.network(session, offices)
    rows, faults = workshops.parse(table, known)
    seen = preview.compute(session, rows, offices, now=now)
    by_code = {kind.code: kind for kind in kinds.list_kinds(session)}
    return PreviewedFile(table.lines, seen, sorted({*faults, *seen.faults}), by_code)


def to_summaries(table: ImportTable) -> list[ImportBatchSummary]:
    """The lines of a file for storage. To be called before `build`, which adds errors to the
    lines."""
    return [
        ImportBatchSummary(
            line.number,
            dict(line.cells),
            [_pack(each) for each in line.faults],
        )
        for line in table.lines
    ]


def restore(batch: ImportBatch) -> ImportTable:
    """The stored file as a table."""
    lines = []
    for each in import_batches.read_lines(batch):
        line = RowParser(each.number, each.cells)
        line.faults += [_unpack(each.number, fault) for fault in each.faults]
        lines.append(line)
    return ImportTable(tuple(lines[0].cells) if lines else (), tuple(lines))


def _pack(fault: ImportFault) -> list[str]:
    """A parse error as four texts."""
    code, values = ImportErrorCode(fault.error.code), json.dumps(fault.error.values)
    return [fault.field, fault.value, code.name, values]


def _unpack(line: int, packed: Sequence[str]) -> ImportFault:
    """Returns the parse error that `_pack` wrote. Raises NotFound for a file that another version
    of the program stored."""
    field, value, code, values = packed
    if code not in ImportErrorCode.__members__:
        raise NotFound("batch")
    return ImportFault(line, field, value, Refusal(ImportErrorCode[code], **json.loads(values)))
