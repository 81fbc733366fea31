"""The territory of an office in words: «norte y centro de Illinois», «todo Quebec».

Offices write it as «IL: norte y centro; IN: 26 condados del norte». Names of regions, and that one
is served whole, are said in the language of the page; the rest is Spanish text of the office.
"""

import re
from dataclasses import dataclass
from typing import Final

from outreach.domain.locations import regions
from outreach.i18n import gettext as _
from outreach.web.presentation import place_words

# Words that Spanish can put before «de Illinois».
_PARTS: Final = re.compile(r"(norte|sur|este|oeste|centro|y|,|\s)+")
_REGION: Final = re.compile(r"([A-Z]{2}(?:-[A-Z0-9]{2,3})?):\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class TerritoryPart:
    words: str  # in the language of the page
    spanish: str = ""  # text of the office after them


def describe(district: str, lang: str) -> list[TerritoryPart]:
    """The parts of a district, in its order; text of another form is one part."""
    return [_describe_part(part.strip(), lang) for part in district.split(";") if part.strip()]


def _describe_part(text: str, lang: str) -> TerritoryPart:
    match = _REGION.fullmatch(text)
    if match is None or regions.find_names(match[1]) is None:
        return TerritoryPart("", text)
    name, what = place_words.region_name(match[1]), match[2].strip()
    if what == "todo":
        return TerritoryPart(_("todo %(region)s", region=name))
    if lang == "es" and _PARTS.fullmatch(what):
        return TerritoryPart(f"{what} de {name}")
    return TerritoryPart(f"{name}:", what)
