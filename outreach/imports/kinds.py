"""Kinds of workshop, and series of typed figures, from a file in the format of
`data/taxonomy.json`."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.network import kinds
from outreach.domain.network.kinds import CODE, COLOUR, Kind, Visibility, Way
from outreach.domain.reporting.figures import FigureSeries
from outreach.domain.scheduling import network_changes
from outreach.domain.scheduling.workshop_data import MAX_PARTY
from outreach.domain.text import clean
from outreach.errors import Refusal
from outreach.i18n import get_default_language
from outreach.imports import csv_tables
from outreach.imports.import_errors import (
    DataFileErrorCode,
    ImportErrorCode,
    ImportFault,
    ImportRejected,
    UnreadableFile,
)
from outreach.imports.import_result import ImportResult, RowOutcome, Watch, fill, without_progress
from outreach.imports.sheets import text_tables
from outreach.reports.series_wording import CATEGORIES, NUMBER, OTHER, PARTS, THINGS


@dataclass(frozen=True, kw_only=True)
class KindRow:
    """The values of a kind in a file. Its public code is generated at the first load."""

    code: str
    is_core: bool
    name: Words
    short_name: Words
    description: Words
    sensitivity: str
    is_discreet: bool
    neutral_title: Words
    countries: Codes
    sign: str
    pictogram: str
    colour: str
    minutes: int
    capacity: int
    party_limit: int
    way: Way
    slot_minutes: int | None
    opens_days: int | None
    confirm_days: int | None
    frees_silence: bool
    retention_days: int
    visibility: Visibility
    has_reminders: bool
    bring: Words
    is_women_only: bool | None  # None: as it is
    topic: Words


@dataclass(frozen=True, kw_only=True)
class KindsFileSeries:
    code: str
    position: int
    label: Words
    unit: str
    provided_by: str
    part_of: str | None
    wording: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Taxonomy:
    kinds: tuple[KindRow, ...]
    series: tuple[KindsFileSeries, ...]


def read(path: Path) -> Taxonomy:
    """The kinds and series of a file, without the series that are computed.

    Raises ImportRejected with all faults, and UnreadableFile if it is no list of kinds.
    """
    text = text_tables.decode_utf8(str(path), csv_tables.open_bytes(path))
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            DataFileErrorCode.NOT_JSON, name=path, reason=error.msg, line=error.lineno
        ) from None
    except (RecursionError, ValueError):  # the latter: an integer of thousands of digits
        raise UnreadableFile(DataFileErrorCode.NOT_A_LIST_OF_KINDS, name=path) from None
    if not isinstance(found, dict) or not isinstance(found.get("kinds"), list):
        raise UnreadableFile(DataFileErrorCode.KINDS_KEY_MISSING, name=path)
    items = [_Item(text, f"kinds[{place}]", item) for place, item in enumerate(found["kinds"])]
    listed = found.get("figure_series", [])
    series_list = listed if isinstance(listed, list) else []
    series_items = [
        _Item(text, f"figure_series[{place}]", item) for place, item in enumerate(series_list)
    ]
    taxonomy = Taxonomy(
        kinds=tuple(_row(item) for item in items),
        series=tuple(
            _series(item, place)
            for place, item in enumerate(series_items, 1)
            if item.get("computed_by_product") is not True
        ),
    )
    _refuse_duplicates(items)
    _refuse_duplicates(series_items)
    _refuse_unknown_parents(series_items)
    faults = [fault for item in (*items, *series_items) for fault in item.faults]
    if faults:
        raise ImportRejected(faults)
    if not taxonomy.kinds:
        raise UnreadableFile(DataFileErrorCode.KINDS_MISSING, name=path)
    return taxonomy


def load(
    session: Session, taxonomy: Taxonomy, *, now: datetime, watch: Watch = without_progress
) -> ImportResult:
    """Creates and updates kinds and series. Those that the file does not name stay unchanged."""
    known = {kind.code: kind for kind in kinds.list_kinds(session)}
    positions = _positions(taxonomy.kinds, known)
    result = ImportResult()
    for row in watch(taxonomy.kinds):
        kind = known.get(row.code)
        values: dict[str, Any] = vars(row) | {"position": positions[row.code]}
        if row.is_women_only is None:
            del values["is_women_only"]
        if kind is None:
            network_changes.add_kind(session, values, now=now)
            result.count(RowOutcome.NEW, "")
        elif network_changes.change_kind(session, kind, values, now=now):
            result.count(RowOutcome.CHANGED, "")
        else:
            result.count(RowOutcome.SAME, "")
    _load_series(session, taxonomy.series, result)
    session.flush()
    return result


def _load_series(session: Session, rows: Iterable[KindsFileSeries], result: ImportResult) -> None:
    known = {series.code: series for series in session.scalars(sa.select(FigureSeries))}
    # A part has a foreign key to its whole.
    for row in sorted(rows, key=lambda row: row.part_of is not None):
        series = known.get(row.code)
        if series is None:
            session.add(FigureSeries(**vars(row)))
            session.flush()
            result.count(RowOutcome.NEW, "")
        elif fill(series, vars(row)):
            result.count(RowOutcome.CHANGED, "")
        else:
            result.count(RowOutcome.SAME, "")


def _positions(rows: Iterable[KindRow], known: Mapping[str, Kind]) -> dict[str, int]:
    """The position of each kind: the order of the file if it names all stored kinds, else the
    stored order with new kinds at the end."""
    codes = [row.code for row in rows]
    if known.keys() <= set(codes):
        return {code: place for place, code in enumerate(codes, 1)}
    last = max(kind.position for kind in known.values())
    new = [code for code in codes if code not in known]
    return {code: kind.position for code, kind in known.items()} | {
        code: place for place, code in enumerate(new, last + 1)
    }


class _Item:
    """One kind or series of the file: returns checked values and collects faults."""

    def __init__(self, text: str, path: str, item: object) -> None:
        self._text, self._path = text, path
        self._values: Mapping[str, Any] = item if isinstance(item, dict) else {}
        self.faults: list[ImportFault] = []
        self.code = self.text("code", 40 if path.startswith("kinds") else 60)
        if self.code and not CODE.fullmatch(self.code):
            self.fault("code", DataFileErrorCode.CODE_MALFORMED)

    def get(self, path: str) -> Any:
        """The value at a dotted path such as `defaults.way`, or None."""
        found: Any = self._values
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def fault(self, path: str, code: StrEnum, /, **values: object) -> None:
        found = self.get(path)
        value = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        error = Refusal(code, **values)
        self.faults.append(ImportFault(self._line(), f"{self._path}.{path}", value, error))

    def text(self, path: str, longest: int) -> str:
        found = self.get(path)
        if found is not None and not isinstance(found, str):
            self.fault(path, DataFileErrorCode.NOT_TEXT)
            return ""
        if not found or not clean(found):
            self.fault(path, ImportErrorCode.VALUE_MISSING)
            return ""
        if len(found) > longest:
            self.fault(path, ImportErrorCode.VALUE_TOO_LONG, most=longest)
        return clean(found)

    def words(self, path: str, *, is_required: bool = True) -> Words:
        found = self.get(path)
        if found is None and not is_required:
            return {}
        first = get_default_language()
        if not isinstance(found, dict) or not found.get(first):
            self.fault(path, DataFileErrorCode.TRANSLATIONS_MISSING, lang=first)
            return {}
        if not all(isinstance(text, str) for text in found.values()):
            self.fault(path, DataFileErrorCode.TRANSLATIONS_NOT_TEXT)
            return {}
        return {lang: clean(text) for lang, text in found.items() if text}

    def flag(self, path: str) -> bool:
        found = self.get(path)
        if not isinstance(found, bool):
            self.fault(path, ImportErrorCode.NOT_TRUE_OR_FALSE)
        return found is True

    def number(self, path: str, least: int, most: int) -> int:
        found = self.get(path)
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            self.fault(path, DataFileErrorCode.NUMBER_OUT_OF_RANGE, least=least, most=most)
            return least
        return found

    def _line(self) -> int:
        """The line of the item's code in the file, or 1."""
        code = self._values.get("code")
        found = re.search(rf'"code"\s*:\s*{re.escape(json.dumps(code))}', self._text)
        return self._text.count("\n", 0, found.start()) + 1 if found else 1


def _row(item: _Item) -> KindRow:
    is_discreet = item.flag("discreet")
    known = network_profile.current().countries
    countries = item.get("countries")  # none: every country
    is_list = isinstance(countries, list) and all(each in known for each in countries)
    if countries is not None and not (is_list and countries):
        item.fault("countries", DataFileErrorCode.COUNTRIES_MALFORMED, known=" ".join(known))
        countries = []
    ways, visibilities = [way.value for way in Way], [each.value for each in Visibility]
    way, visibility = item.get("defaults.way"), item.get("defaults.venue_visibility")
    if way not in ways:
        item.fault("defaults.way", ImportErrorCode.VALUE_NOT_IN_LIST, known=", ".join(ways))
    if visibility not in visibilities:
        item.fault(
            "defaults.venue_visibility",
            ImportErrorCode.VALUE_NOT_IN_LIST,
            known=", ".join(visibilities),
        )
    elif is_discreet and visibility == Visibility.PUBLIC:
        item.fault("defaults.venue_visibility", DataFileErrorCode.ADDRESS_NOT_HIDDEN)
    colour = item.text("sign.colour", 7)
    if colour and not COLOUR.fullmatch(colour):
        item.fault("sign.colour", DataFileErrorCode.COLOUR_MALFORMED)
    has_slots = item.get("defaults.slot_minutes") is not None
    return KindRow(
        code=item.code,
        is_core=item.flag("core"),
        name=item.words("name"),
        short_name=item.words("short_name"),
        description=item.words("description"),
        sensitivity=item.text("sensitivity", 20),
        is_discreet=is_discreet,
        neutral_title=item.words("neutral_title", is_required=is_discreet),
        countries=Codes(countries or ()),
        sign=item.text("sign.name", 20),
        pictogram=item.text("sign.pictogram", 20),
        colour=colour,
        minutes=item.number("defaults.minutes", 5, 1439),
        capacity=item.number("defaults.capacity", 0, 100_000),
        party_limit=item.number("defaults.party_limit", 1, MAX_PARTY),
        way=Way(way) if way in ways else Way.PLACE,
        slot_minutes=item.number("defaults.slot_minutes", 5, 1439) if has_slots else None,
        opens_days=_days(item, "defaults.opens_days", 1, 365),
        confirm_days=_days(item, "defaults.confirm_days", 2, 14),
        frees_silence=item.get("defaults.frees_silence") is not None
        and item.flag("defaults.frees_silence"),
        retention_days=item.number("defaults.retention_days", 0, 3650),
        visibility=Visibility(visibility) if visibility in visibilities else Visibility.REGISTERED,
        has_reminders=item.flag("defaults.reminders"),
        bring=item.words("defaults.bring", is_required=False),
        is_women_only=None if item.get("women_only") is None else item.flag("women_only"),
        topic=item.words("topic", is_required=False),
    )


def _days(item: _Item, path: str, least: int, most: int) -> int | None:
    """A number of days before the workshop; None if the file has none."""
    return None if item.get(path) is None else item.number(path, least, most)


def _series(item: _Item, position: int) -> KindsFileSeries:
    return KindsFileSeries(
        code=item.code,
        position=position,
        label=item.words("label"),
        unit=item.text("unit", 40),
        provided_by=item.text("provided_by", 120),
        part_of=None if item.get("part_of") is None else item.text("part_of", 60),
        wording=None if item.get("wording") is None else _wording(item),
    )


def _wording(item: _Item) -> dict[str, Any]:
    """The words of a series, as `reports.series_wording` takes them. A sentence needs the things
    that it says, and each text the mark that its number or list replaces."""
    has_sentence = item.get("wording.sentence") is not None
    found: dict[str, Any] = {
        name: words
        for name in ("sentence", "none", "parts", "name")
        if (words := item.words(f"wording.{name}", is_required=False))
    }
    for name, mark in (("sentence", THINGS), ("parts", PARTS)):
        if any(text.count(mark) != 1 for text in found.get(name, {}).values()):
            item.fault(f"wording.{name}", DataFileErrorCode.MARK_MISSING, mark=mark)
    if has_sentence or item.get("wording.things") is not None:
        found["things"] = _things(item)
    return found


def _things(item: _Item) -> dict[str, dict[str, str]]:
    """The noun of a series in each language by plural category."""
    things = item.get("wording.things")
    is_well = (
        isinstance(things, dict)
        and get_default_language() in things
        and all(
            isinstance(forms, dict)
            and OTHER in forms
            and all(name in CATEGORIES and isinstance(form, str) for name, form in forms.items())
            for forms in things.values()
        )
    )
    if not isinstance(things, dict) or not is_well:
        item.fault("wording.things", DataFileErrorCode.NOUN_MALFORMED)
        return {}
    if any(form.count(NUMBER) != 1 for forms in things.values() for form in forms.values()):
        item.fault("wording.things", DataFileErrorCode.MARK_MISSING, mark=NUMBER)
    return things


def _refuse_duplicates(items: Iterable[_Item]) -> None:
    codes: set[str] = set()
    for item in items:
        if item.code and item.code in codes:
            item.fault("code", DataFileErrorCode.CODE_TWICE)
        codes.add(item.code)


def _refuse_unknown_parents(items: Iterable[_Item]) -> None:
    """Adds a fault to each part whose `part_of` is no whole series of the same file."""
    series_list = list(items)
    whole = {item.code for item in series_list if item.get("part_of") is None}
    for item in series_list:
        part_of = item.get("part_of")
        if isinstance(part_of, str) and part_of not in whole:  # other types are faults already
            item.fault("part_of", DataFileErrorCode.PART_OF_UNKNOWN_SERIES)
