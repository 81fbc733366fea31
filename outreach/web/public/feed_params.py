"""What an address asks for, where it asks for what a calendar can be of: an office, kinds,
languages, places, modes. The same words in the list's address, the builder's and the frame's."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import i18n
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import NETWORK, FeedQuery, UnknownFilter
from outreach.domain.locations import geocoding, regions
from outreach.domain.locations.geocoding import LocationScale
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import ONLINE_MODES, DeliveryMode
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting, workshop_cards

EN_LINEA: Final = "en-linea"


def choice(session: Session, asked: MultiDict[str, str]) -> FeedQuery:
    """Raises NotFound for what there is not."""
    office = asked.get("oficina") or NETWORK
    spoken = _values(asked, "idioma")
    if unknown := [code for code in spoken if code not in i18n.SPOKEN]:
        raise NotFound(f"language {unknown[0]}")
    try:
        return feed_query.parse(
            session,
            None if office == NETWORK else office,
            kind_codes=_values(asked, "tipo"),
            languages=spoken,
            places=_values(asked, "donde"),
            modes=_values(asked, "modalidad"),
        )
    except UnknownFilter as unknown_word:
        raise NotFound(str(unknown_word)) from None


def place_name(session: Session, place: str) -> str:
    """A place of a choice, as one says it: Illinois · Joliet, IL · 60608 (Chicago)."""
    where = geocoding.resolve(session, place)
    if where.scale is LocationScale.REGION:
        return formatting.localize(regions.NAMES.get(where.region)) or where.region
    if where.typed.isdigit():
        return f"{where.typed} ({where.name})"
    return f"{where.name}, {where.region}"


def mode_codes(modes: Iterable[DeliveryMode]) -> list[str]:
    """Modes as a form offers them: all that can be followed from anywhere are one."""
    asked = set(modes)
    is_online = asked.issuperset(ONLINE_MODES)
    rest = [
        mode.value
        for mode in DeliveryMode
        if mode in asked and not (is_online and mode in ONLINE_MODES)
    ]
    return [*rest, EN_LINEA] if is_online else rest


def mode_words(code: str) -> str:
    return _("En línea") if code == EN_LINEA else workshop_cards.mode_words(DeliveryMode(code))


def summary(choice: FeedQuery, places: Iterable[str]) -> list[str]:
    """A choice in words: where, what, in which language, how. `places` are the names of its own."""
    where = ", ".join([*([choice.office.city] if choice.office else []), *places])
    parts = [where or _("Toda la red"), _kinds(choice.kinds)]
    if choice.languages:
        parts.append(workshop_cards.spoken(choice.languages))
    parts.append(", ".join(mode_words(code) for code in mode_codes(choice.modes)))
    return [part for part in parts if part]


def _kinds(chosen: Iterable[Kind]) -> str:
    return ", ".join(formatting.localize(kind.short_name) for kind in chosen)


def _values(asked: MultiDict[str, str], name: str) -> list[str]:
    return [value for value in asked.getlist(name) if value]
