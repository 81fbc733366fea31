"""Workshop cards of lists: their texts, ready for the template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Final

from markupsafe import Markup

from outreach import formats, i18n
from outreach.domain.locations import city_names
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.search.search import SearchResult
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, seat_states
from outreach.i18n import NP_, ngettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.presentation.icons import sign, sign_class

BRING_HEADING = NP_("heading", "Qué traer")
FEW = 10
FEW_DISCREET: Final = seat_states.FEW  # S28: a watcher must not see a single registration


@dataclass(frozen=True, slots=True)
class CardTag:
    words: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class WorkshopCard:
    address: str
    title: str
    title_mark: Markup  # its language, where it is not that of the page
    kind: str
    sign: Markup
    sign_class: str
    day: date
    day_words: str
    hour_words: str
    place: str
    tags: list[CardTag]
    miles: str = ""  # from the place that was searched for


def card(
    found: SearchResult,
    *,
    now: datetime,
    miles: float | None = None,
    with_city: bool = False,
    has_distance: bool = True,
) -> WorkshopCard:
    """Return the card of a workshop; `with_city` adds the city, for lists of several cities.
    Without `has_distance` the miles are for programs only."""
    lang = i18n.current()
    tags = [seats_tag(found, now=now)]
    if found.way is Way.SLOTS and found.status is WorkshopStatus.PUBLISHED:
        tags.append(CardTag(_("Eliges tu hora")))
    if miles is not None and has_distance:
        tags.append(CardTag(distance(miles)))
    tags.append(CardTag(spoken(found.languages)))
    if found.has_childcare:
        tags.append(CardTag(_("Cuidado de niños")))
    if found.mode is not DeliveryMode.IN_PERSON:
        tags.append(CardTag(mode_words(found.mode)))
    return WorkshopCard(
        address=f"/{lang}/t/{found.public_id}",
        title=i18n.say(found.title, lang),
        title_mark=formatting.lang_mark(found.title),
        kind=i18n.say(found.kind_name, lang),
        sign=_sign(found.sign, found.pictogram),
        sign_class=sign_class(found.sign),
        day=found.day,
        day_words=formatting.day(found.day),
        hour_words=formatting.hours(found.starts, found.ends),
        place=place(found, with_city=with_city),
        tags=tags,
        miles="" if miles is None else f"{miles:.1f}",
    )


def opening(found: SearchResult | Workshop, *, now: datetime) -> datetime | None:
    """Return when registration opens, in the venue's time zone; None if not in the future."""
    opens = found.opens_at
    is_ahead = found.status is WorkshopStatus.PUBLISHED and found.starts_at > now
    takes_places = found.way not in {Way.OPEN, Way.PHONE}
    if opens is None or opens <= now or not is_ahead or not takes_places:
        return None
    return opens.astimezone(found.zone)


def by_day(
    found: Iterable[SearchResult],
    *,
    now: datetime,
    with_city: bool = False,
    here: tuple[float, float] | None = None,
) -> list[tuple[date, list[WorkshopCard]]]:
    """Return cards by day; `here` is the position that their distance is from."""
    cards = [
        card(each, now=now, with_city=with_city, miles=each.miles_from(here), has_distance=False)
        for each in found
    ]
    return [(day, list(those)) for day, those in groupby(cards, key=lambda each: each.day)]


def seats_tag(found: SearchResult | Workshop, *, now: datetime) -> CardTag:
    """Return the tag that says how many places are left, or why none can be reserved online."""
    if found.status is WorkshopStatus.CANCELLED:
        return CardTag(_("Cancelado"), "tag-bad")
    if found.way is Way.OPEN:
        words = open_words(found.mode)
        return CardTag(words, "tag-good")
    if found.way is Way.PHONE:
        return CardTag(_("Aparta por teléfono"))
    if found.starts_at <= now:
        return CardTag(_("Ya empezó"))
    if opens := opening(found, now=now):
        return CardTag(_("Aparta desde el %(day)s", day=formatting.short_day(opens.date())))
    seats_left = found.public_seats_left if isinstance(found, Workshop) else found.seats_left
    if seats_left == 0:
        full = _("Lleno · hay lista de espera") if found.has_waiting_list else _("Lleno")
        return CardTag(full, "tag-bad")
    if found.is_discreet:
        few = seats_left <= FEW_DISCREET
        return (
            CardTag(_("Pocos lugares"), "tag-warn")
            if few
            else CardTag(_("Hay lugares"), "tag-good")
        )
    if seats_left <= FEW:
        left = ngettext("Queda %(num)d lugar", "Quedan %(num)d lugares", seats_left)
        return CardTag(left, "tag-warn")
    return CardTag(_("Hay lugares"), "tag-good")


def open_words(mode: DeliveryMode) -> str:
    """How one takes part without a registration."""
    if mode is DeliveryMode.PHONE_BANK:
        return _("Llama sin apartar")
    return _("Llega sin cita") if mode.has_venue else _("Entra sin apartar")


def place(found: SearchResult, *, with_city: bool = False) -> str:
    """Return the venue and city; for a hidden address only the area and city."""
    lang = i18n.current()
    office_city = city_names.localize(found.office_city, found.office_region, lang)
    if found.venue_name is None:
        if found.mode is DeliveryMode.PHONE_BANK:
            return _("Por teléfono")
        return _("En línea") if not found.mode.has_venue else office_city
    is_public = found.visibility is Visibility.PUBLIC
    name = found.venue_name if is_public else found.venue_area or ""
    city = office_city
    if found.venue_city:
        region = found.venue_region or found.office_region
        city = city_names.localize(found.venue_city, region, lang)
    if name and city == office_city and not with_city:
        return name
    return f"{name}, {city}" if name else city


def distance(miles: float) -> str:
    near = max(1, round(miles))
    return ngettext("A %(num)d milla", "A %(num)d millas", near)


def spoken(codes: Iterable[str]) -> str:
    """Return the names of languages as one text: Español e inglés · Spanish and English."""
    return formats.language_names(tuple(codes), i18n.current())


def mode_words(mode: DeliveryMode) -> str:
    words: dict[DeliveryMode, str] = {
        DeliveryMode.IN_PERSON: _("En persona"),
        DeliveryMode.LIVE_STREAM: _("Transmisión en vivo"),
        DeliveryMode.VIDEO_CALL: _("Por videollamada"),
        DeliveryMode.HYBRID: _("En persona y en línea"),
        DeliveryMode.PHONE_BANK: _("Por teléfono"),
    }
    return words[mode]


@cache
def _sign(name: str, pictogram: str) -> Markup:
    return sign(name, pictogram)
