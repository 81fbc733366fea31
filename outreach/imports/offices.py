"""Loads offices from a file in the format of `data/offices.csv`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach import clock, languages, network_profile
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.network import offices
from outreach.domain.network.offices import RESERVED_SLUGS, SLUG_PATTERN, Office
from outreach.domain.scheduling import network_changes
from outreach.i18n import get_default_language
from outreach.imports import csv_tables
from outreach.imports.import_errors import DataFileErrorCode, ImportErrorCode, ImportRejected
from outreach.imports.import_result import ImportResult, RowOutcome, Watch, without_progress
from outreach.imports.row_parser import RowParser

REQUIRED: Final = (
    "slug",
    "kind",
    "city",
    "region",
    "country",
    "timezone",
    "latitude",
    "longitude",
    "in_network_2020_01",
)


@dataclass(frozen=True, kw_only=True)
class OfficeRow:
    """The values of an office in a file; an empty cell is an empty text."""

    slug: str
    name: Words
    rank: str
    city: str
    region: str
    country: str
    zone: ZoneInfo
    extra_zones: Codes
    latitude: float
    longitude: float
    was_open_in_january_2020: bool
    opened_on: date | None
    closed_on: date | None
    phone: str
    email: str
    address: str
    website: str
    district: str
    note: str
    hours: Words | None = None  # None where the file has no such column
    access: Words | None = None


def _country(line: RowParser) -> str:
    code, own = line.raw("country"), network_profile.current().countries
    if code in own:
        return code
    line.fault("country", DataFileErrorCode.COUNTRY_UNKNOWN, known=", ".join(own))
    return ""


def read(path: Path) -> list[OfficeRow]:
    """The offices of a file. Raises ImportRejected with all faults, and UnreadableFile."""
    table = csv_tables.read(path, (*REQUIRED, _first_name()))
    rows = [_row(line) for line in table.lines]
    csv_tables.refuse_duplicates(table.lines, lambda line: line.raw("slug"), "slug")
    faults = [fault for line in table.lines for fault in line.faults]
    if faults:
        raise ImportRejected(faults)
    return rows


def load(
    session: Session, rows: Iterable[OfficeRow], *, now: datetime, watch: Watch = without_progress
) -> ImportResult:
    """Creates and updates offices. Those that no row names stay unchanged."""
    known = {office.slug: office for office in offices.list_offices(session)}
    result = ImportResult()
    for row in watch(rows):
        values = {name: each for name, each in vars(row).items() if each is not None}
        values |= {"opened_on": row.opened_on, "closed_on": row.closed_on}
        office = known.get(row.slug)
        if office is None:
            session.add(Office(**values, changed_at=now))
            result.count(RowOutcome.NEW, row.slug)
        elif network_changes.change_office(session, office, values, now=now):
            result.count(RowOutcome.CHANGED, row.slug)
        else:
            result.count(RowOutcome.SAME, row.slug)
    session.flush()
    return result


def _row(line: RowParser) -> OfficeRow:
    """The office of a line; its values are meaningless if the line has faults."""
    opened, closed = line.day("opened"), line.day("closed")
    if opened and closed and closed <= opened:
        line.fault("closed", DataFileErrorCode.CLOSED_BEFORE_OPENED, opened=opened)
    zone = line.zone("timezone", is_required=True)
    names = {lang: line.text(f"name_{lang}", 200) for lang in languages.CODES}
    if not line.text(_first_name(), 200):
        line.fault(_first_name(), ImportErrorCode.VALUE_MISSING)
    return OfficeRow(
        slug=_slug(line),
        name={lang: name for lang, name in names.items() if name},
        rank=line.text("kind", 40, is_required=True),
        city=line.text("city", 80, is_required=True),
        region=line.region("region", is_required=True),
        country=_country(line),
        zone=ZoneInfo(zone or "UTC"),
        extra_zones=_extra_zones(line),
        latitude=line.degrees("latitude", most=90),
        longitude=line.degrees("longitude", most=180),
        was_open_in_january_2020=line.flag("in_network_2020_01"),
        opened_on=opened,
        closed_on=closed,
        phone=line.text("phone", 40),
        email=_email(line),
        address=line.text("address", 200),
        website=_website(line),
        district=line.text("district", 2000),
        note=line.text("note", 2000),
        hours=_optional_texts(line, "hours"),
        access=_optional_texts(line, "access"),
    )


def _first_name() -> str:
    """The column of the name in the network's first language, which no office is without."""
    return f"name_{get_default_language()}"


def _optional_texts(line: RowParser, name: str) -> Words | None:
    """The texts of `name_es`, `name_en`, …; None without such columns, which came later."""
    if not any(line.has(f"{name}_{lang}") for lang in languages.CODES):
        return None
    texts = {lang: line.text(f"{name}_{lang}", 400) for lang in languages.CODES}
    return {lang: text for lang, text in texts.items() if text}


def _slug(line: RowParser) -> str:
    slug = line.text("slug", 40, is_required=True)
    if slug and not SLUG_PATTERN.fullmatch(slug):
        line.fault("slug", DataFileErrorCode.SLUG_MALFORMED)
    if slug in RESERVED_SLUGS:
        line.fault("slug", DataFileErrorCode.SLUG_RESERVED)
    return slug


def _extra_zones(line: RowParser) -> Codes:
    zones = line.raw("extra_timezones").split()
    for each in zones:
        if len(each) > 40 or not clock.is_zone(each):
            line.fault("extra_timezones", DataFileErrorCode.EXTRA_ZONE_UNKNOWN, zone=each)
    if len(" ".join(zones)) > 118:
        line.fault("extra_timezones", DataFileErrorCode.TOO_MANY_EXTRA_ZONES)
    return Codes(zones)


def _email(line: RowParser) -> str:
    email = line.text("email", 254)
    name, at, host = email.partition("@")
    if email and not (name and at and host and " " not in email):
        line.fault("email", DataFileErrorCode.EMAIL_MALFORMED)
    return email


def _website(line: RowParser) -> str:
    website = line.text("website", 200)
    if website and not website.startswith(("https://", "http://")):
        line.fault("website", DataFileErrorCode.WEBSITE_MALFORMED)
    return website
