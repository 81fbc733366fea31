"""Reads the query parameters that filter a feed: office, kinds, languages, places, modes.

The workshop list, the feed builder and the frame use the same parameters.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import i18n
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import NETWORK, FeedQuery, UnknownFilter
from outreach.domain.locations import geocoding
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import ONLINE_MODES, DeliveryMode
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.middleware.reference_cache import reference
from outreach.web.presentation import formatting, place_words, workshop_cards

ONLINE: Final = "en-linea"


def choice(session: Session, args: MultiDict[str, str]) -> FeedQuery:
    """Returns the filters of a query string. Raises NotFound for an unknown value."""
    office = args.get("oficina") or NETWORK
    spoken = _values(args, "idioma")
    if unknown := [code for code in spoken if code not in i18n.SPOKEN]:
        raise NotFound(f"language {unknown[0]}")
    try:
        return feed_query.parse(
            session,
            None if office == NETWORK else office,
            kind_codes=_values(args, "tipo"),
            languages=spoken,
            places=_values(args, "donde"),
            modes=_values(args, "modalidad"),
            has_links=args.get("enlace") == "1",
            known=reference(),
        )
    except UnknownFilter as unknown_word:
        raise NotFound(str(unknown_word)) from None


def place_name(session: Session, place: str) -> str:
    """Returns the name of a place: Illinois · Joliet, Illinois · 60608 (Chicago, Illinois)."""
    return place_words.location_name(geocoding.resolve_stored(session, place))


def mode_codes(modes: Iterable[DeliveryMode]) -> list[str]:
    """Returns modes as a form offers them: all online modes are one."""
    chosen_modes = set(modes)
    is_online = chosen_modes.issuperset(ONLINE_MODES)
    offline_codes = [
        mode.value
        for mode in DeliveryMode
        if mode in chosen_modes and not (is_online and mode in ONLINE_MODES)
    ]
    return [*offline_codes, ONLINE] if is_online else offline_codes


def mode_words(code: str) -> str:
    return _("En línea") if code == ONLINE else workshop_cards.mode_words(DeliveryMode(code))


def summary(choice: FeedQuery, places: Iterable[str]) -> list[str]:
    """Returns the texts of a choice: places, kinds, languages, modes. `places` are their names."""
    where = ", ".join([*([formatting.city(choice.office)] if choice.office else []), *places])
    parts = [where or _("Toda la red"), _kinds(choice.kinds)]
    if choice.languages:
        parts.append(workshop_cards.spoken(choice.languages))
    parts.append(", ".join(mode_words(code) for code in mode_codes(choice.modes)))
    return [part for part in parts if part]


def _kinds(chosen: Iterable[Kind]) -> str:
    return ", ".join(formatting.localize(kind.short_name) for kind in chosen)


def _values(args: MultiDict[str, str], name: str) -> list[str]:
    return [value for value in args.getlist(name) if value]
