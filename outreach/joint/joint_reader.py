"""Checks what another network says of its workshops, and turns it into rows.

The texts are a stranger's. They are plain text: the templates escape them, and what can hide or
reorder text, or looks like HTML, has the whole document refused, so that its author hears of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from outreach import clock
from outreach.db.types import Codes
from outreach.domain.joint.partner_networks import JointWorkshop
from outreach.domain.locations import gazetteer
from outreach.domain.locations.gazetteer import PlaceKind, Position
from outreach.domain.locations.place_text import canonicalize
from outreach.joint.joint_schema import JointDocument, JointEntry
from outreach.joint.plain_text import is_line, make_line
from outreach.joint.signed_documents import BadDocument

MAX_AGE: Final = timedelta(hours=24)
MAX_AHEAD: Final = timedelta(minutes=10)  # by which clocks of two networks may differ
MAX_LENGTH: Final = timedelta(days=2)  # that a workshop may last
MAX_PAST: Final = timedelta(days=4)  # since its start: a document may be a day old
MAX_COMING: Final = timedelta(days=400)  # until its start


def read(
    payload: bytes, *, site: str, not_before: datetime | None = None, now: datetime
) -> JointDocument:
    """The document, if every field of it may be stored. `site` is the origin of the address that it
    came from, `not_before` the time of the one that is kept. Raises BadDocument."""
    try:
        document = msgspec.json.decode(payload, type=JointDocument)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadDocument(f"A field is not as the format says: {_shorten(error)}") from None
    if document.generated_at > now + MAX_AHEAD:
        raise BadDocument("It is dated in the future: one of the two clocks is wrong.")
    if document.generated_at <= now - MAX_AGE:
        raise BadDocument("It is more than a day old.")
    if not_before is not None and document.generated_at < not_before:
        raise BadDocument("It is older than the one that is kept.")
    if not get_origin(document.url) == site:
        raise BadDocument("It names the site of another network than the one that sent it.")
    _check_text(document.network, "network")
    seen = set()
    for number, entry in enumerate(document.workshops, start=1):
        fault = _find_fault(entry, site, now)
        if fault or entry.uid in seen:
            raise BadDocument(f"Workshop {number}: {fault or 'its uid stands twice.'}")
        seen.add(entry.uid)
    return document


def make_rows(document: JointDocument) -> Iterator[JointWorkshop]:
    """Returns what is stored of a document that was read."""
    for each in document.workshops:
        zone, position = ZoneInfo(each.zone), _locate(each)
        yield JointWorkshop(
            uid=each.uid,
            state=each.state,
            title=each.title,
            kind_code=each.kind.code,
            kind_name=each.kind.name,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            zone=zone,
            day=each.starts_at.astimezone(zone).date(),
            city=each.city,
            region=each.region,
            country=each.country,
            latitude=position[0] if position else None,
            longitude=position[1] if position else None,
            attendance=each.attendance,
            place=each.place,
            languages=Codes(each.languages),
            urls=each.url,
        )


def get_origin(address: str) -> str:
    """Returns scheme, host and port of an address, as `https://host`; empty for what is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if "@" in parts.netloc or "\\" in address or not parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _find_fault(entry: JointEntry, site: str, now: datetime) -> str:
    """Returns what is wrong with a workshop, as a sentence; empty if nothing is."""
    try:
        for name, text in _list_texts(entry):
            _check_text(text, name)
    except BadDocument as fault:
        return str(fault)
    if not clock.is_zone(entry.zone):
        return "its zone is no zone of the tz database."
    if not now - MAX_PAST < entry.starts_at < now + MAX_COMING:
        return "it is long past, or more than a year ahead."
    if not entry.starts_at < entry.ends_at <= entry.starts_at + MAX_LENGTH:
        return "it ends before it starts, or more than two days after."
    if not all(get_origin(each) == site for each in entry.url.values()):
        return "its page is on another host."
    return ""


def _list_texts(entry: JointEntry) -> Iterator[tuple[str, str]]:
    for name, words in (
        ("title", entry.title),
        ("kind", entry.kind.name),
        ("office", entry.office),
    ):
        yield from ((name, text) for text in words.values())
    yield from (("summary", line) for text in entry.summary.values() for line in text.split("\n"))
    yield from (("city", entry.city), ("place", entry.place), ("address", entry.address))


def _check_text(text: str, name: str) -> None:
    """Raises BadDocument for what is no line of plain text."""
    if not is_line(text):
        raise BadDocument(
            f"its {name} is no plain text: hidden characters, spaces to spare or HTML."
        )


def _locate(entry: JointEntry) -> Position | None:
    """Returns the position of the city; None where the gazetteer, which has the countries of this
    network, does not have it."""
    found = [
        each
        for each in gazetteer.load().find(canonicalize(entry.city))
        if each.kind is PlaceKind.TOWN and each.region == entry.region
    ]
    return max(found, key=lambda each: each.population).position if found else None


def _shorten(error: Exception) -> str:
    """Returns the message of msgspec as one short line. It names a field and a rule and no value,
    but may have a key of an object, which is a stranger's text."""
    return make_line(str(error).encode("ascii", "replace").decode(), 150)
