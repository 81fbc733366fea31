"""Reads a network's own file of help lines, and says what is wrong with it."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from outreach import network_profile
from outreach.countries import packs
from outreach.errors import Misconfigured

MAX_BYTES: Final = 200_000
_PURPOSES: Final = ("violence", "detention", "consular")
_TEXTS: Final = {
    "code": (r"[a-z0-9-]{1,30}", "has to be 1 to 30 small letters, digits or -"),
    "name": (r".{1,120}", "has to be a text of 1 to 120 characters"),
    "phone": (r"[0-9+() .-]{2,30}", "has to be a number as people read it"),
    "tel": (r"\+?[0-9]{2,15}", "has to be a number as a phone dials it, as +18007997233"),
    "source": (r"https://\S{3,300}", "has to be an https address"),
}
_FLAGS: Final = ("speaks_spanish", "is_referral")


def read(path: Path) -> list[dict[str, Any]]:
    """Reads the rows of a file in the form of `help_lines.json`.

    Raises Misconfigured with one sentence a fault.
    """
    try:
        rows = json.loads(path.read_bytes()[:MAX_BYTES])
    except (OSError, ValueError) as error:
        raise Misconfigured(f"OUTREACH_HELP_LINES cannot be read as JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Misconfigured("OUTREACH_HELP_LINES has to be a list of objects, as [{…}, {…}]")
    faults = [
        f"OUTREACH_HELP_LINES, line {number}: {fault}"
        for number, row in enumerate(rows, 1)
        for fault in _find_faults(row)
    ]
    codes = [row.get("code") for row in rows]
    faults += [
        f"OUTREACH_HELP_LINES: the code {code} is there twice"
        for code in dict.fromkeys(map(str, codes))
        if codes.count(code) > 1
    ]
    if faults:
        raise Misconfigured("\n".join(faults))
    return rows


def _find_faults(row: Mapping[str, Any]) -> Iterator[str]:
    known = {*_TEXTS, *_FLAGS, "purpose", "country", "region", "home", "checked_on"}
    for name in sorted(row.keys() - known):
        yield f"there is no field {name}"
    for name, (pattern, fault) in _TEXTS.items():
        if not re.fullmatch(pattern, str(row.get(name, ""))):
            yield f"{name} {fault}"
    if row.get("purpose") not in _PURPOSES:
        yield f"purpose has to be one of {', '.join(_PURPOSES)}"
    for name in _FLAGS:
        if not isinstance(row.get(name), bool):
            yield f"{name} has to be true or false"
    yield from _find_place_faults(row)
    if not _is_day(row.get("checked_on")):
        yield "checked_on has to be a day, as 2026-11-28"


def _find_place_faults(row: Mapping[str, Any]) -> Iterator[str]:
    country, region = row.get("country", ""), row.get("region", "")
    known = network_profile.current().countries
    if country not in ("", *known):
        yield f"country has to be empty or one of {' '.join(known)}"
    elif region and packs.find_country(str(region)) != country:
        yield "region has to be empty or a region of the country"


def _is_day(text: object) -> bool:
    try:
        date.fromisoformat(str(text))
    except ValueError:
        return False
    return True
