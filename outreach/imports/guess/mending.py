"""A row with the values that somebody typed for it, judged by the code that judges every row.

A mended row is a table of one row: its cells are what was typed, as text, and `parsed_rows` reads
them. What the form has no field for stays as the sheet has it.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from outreach.domain.text import clean, fold
from outreach.domain.workshops import DeliveryMode
from outreach.imports.guess import parsed_rows
from outreach.imports.guess.columns import ColumnGuess
from outreach.imports.guess.headings import Field
from outreach.imports.guess.parsed_rows import ParseContext, ParsedRow
from outreach.imports.guess.remarks import Remark, RemarkCode
from outreach.imports.guess.source_table import SourceRow, SourceTable

MENDABLE: Final = (
    Field.DAY,
    Field.STARTS,
    Field.ENDS,
    Field.KIND,
    Field.TITLE,
    Field.VENUE,
    Field.CAPACITY,
)
MAX_TYPED_LENGTH: Final = 300  # characters of a field
# What typing values does not change: it is said of the row as a whole.
_LASTING: Final = frozenset(
    {RemarkCode.OFFICE_OTHER, RemarkCode.SERIES_CUT, RemarkCode.ZONE_UNKNOWN}
)
_COLUMNS: Final = tuple(
    ColumnGuess(number, field.value, field, ()) for number, field in enumerate(MENDABLE)
)
TypedValues = Mapping[Field, str]


def list_values(parsed: ParsedRow) -> dict[Field, str]:
    """Returns what a form shows of a row: its values, and what could not be read as it was written.
    Days are ISO 8601, hours `HH:MM`, kinds their codes."""
    values = {
        Field.DAY: parsed.day.isoformat() if parsed.day else "",
        Field.STARTS: f"{parsed.starts:%H:%M}" if parsed.starts else "",
        Field.ENDS: f"{parsed.ends:%H:%M}" if parsed.ends else "",
        Field.KIND: parsed.kind or "",
        Field.TITLE: parsed.title,
        Field.VENUE: parsed.venue or _ONLINE.get(parsed.mode, ""),
        Field.CAPACITY: "" if parsed.capacity is None else str(parsed.capacity),
    }
    for each in parsed.remarks:
        raw = str(each.error.values.get("value", ""))
        is_blank = each.field in values and not values[each.field]
        if each.field in _AS_WRITTEN and is_blank and raw != "…":
            values[each.field] = raw
    return values


_AS_WRITTEN: Final = frozenset({Field.DAY, Field.STARTS, Field.ENDS, Field.CAPACITY})
# Written where a venue would be; `small_values` reads them.
_ONLINE: Final[Mapping[DeliveryMode | None, str]] = MappingProxyType(
    {
        DeliveryMode.VIDEO_CALL: "en línea",
        DeliveryMode.LIVE_STREAM: "en vivo",
        DeliveryMode.PHONE_BANK: "por teléfono",
    }
)


def clean_typed(typed: Mapping[Field, str]) -> dict[Field, str]:
    """The values of a form as they are stored: of every field, trimmed and bounded."""
    return {each: clean(typed.get(each, ""))[:MAX_TYPED_LENGTH] for each in MENDABLE}


def parse_typed(original: ParsedRow, typed: TypedValues, context: ParseContext) -> ParsedRow:
    """The row with the typed values in place of its own."""
    given = dict(typed)
    is_same_place = given[Field.VENUE] == list_values(original)[Field.VENUE]
    if is_same_place and not original.venue:
        given[Field.VENUE] = ""  # the words for how it is delivered
    cells = [given[each] for each in MENDABLE]
    table = SourceTable(
        sheet=original.sheet,
        headings=tuple(each.heading for each in _COLUMNS),
        rows=[SourceRow(original.line, cells)],
    )
    (parsed,) = parsed_rows.parse(table, _COLUMNS, replace(context, splits_days=False))
    parsed.is_split = original.is_split
    parsed.uid, parsed.own_id = original.uid, original.own_id
    parsed.languages, parsed.has_childcare = original.languages, original.has_childcare
    is_held_somewhere = original.mode is not None and original.mode.has_venue
    if is_same_place or (is_held_somewhere and parsed.mode is None):
        parsed.mode = original.mode
    if fold(given[Field.VENUE]) == fold(original.venue):
        parsed.address, parsed.city = original.address, original.city
    parsed.is_cancelled = original.is_cancelled
    parsed.remarks += [each for each in original.remarks if _is_still_asked(each, given)]
    return parsed


def _is_still_asked(remark: Remark, given: TypedValues) -> bool:
    """Whether what was asked of the row as the sheet has it has not been answered: a form that
    leaves the answer blank must not turn a question into a default."""
    code = remark.error.code
    answered_by = _ANSWERED_BY.get(code) if isinstance(code, RemarkCode) else None
    return code in _LASTING or (answered_by is not None and not given[answered_by])


_ANSWERED_BY: Final[Mapping[RemarkCode, Field]] = MappingProxyType(
    {RemarkCode.MODE_UNKNOWN: Field.VENUE}
)
