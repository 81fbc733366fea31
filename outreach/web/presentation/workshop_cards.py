"""Workshop cards of lists: their texts, ready for the template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Final

from markupsafe import Markup

from outreach import formats, i18n
from outreach.domain.locations import city_names
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.search.search import SearchResult
from outreach.domain.search.workshop_list import ListedResult
from outreach.domain.text import fold
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, seat_states
from outreach.i18n import NP_, ngettext, pgettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting, reader_hours
from outreach.web.presentation.icons import sign, sign_class

BRING_HEADING = NP_("heading", "Qué traer")
FEW = 10
KILOMETRES_A_MILE: Final = 1.609344
_PLACE_ICONS: Final = {
    DeliveryMode.VIDEO_CALL: "video",
    DeliveryMode.LIVE_STREAM: "video",
    DeliveryMode.PHONE_BANK: "phone",
}
FEW_DISCREET: Final = seat_states.FEW  # S28: a watcher must not see a single registration


@dataclass(frozen=True, slots=True)
class CardTag:
    words: str
    look: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    zone: str  # «hora del Centro», where somebody may be in another zone
    own_hour: str = ""  # «8:00 a. m. tu hora», where the reader has another clock
    own_clock: str = ""  # attributes for the script that finds it out
    place: str
    place_icon: str
    host: str  # its office's name; empty for a discreet workshop
    languages: str
    tags: list[CardTag]
    distance: str = ""
    miles: str = ""  # from the place that was searched for, for programs
    dates: Sequence[str] = ()  # where it is a course
    leads_to: str = ""  # the host of another site, where its page is; empty: on this one


@dataclass(frozen=True, kw_only=True)
class CardOptions:
    """What the cards of one list have in common."""

    now: datetime
    today: date  # where the list is read
    query: str = ""  # the search, which links carry
    city: str = ""  # where the list is, folded: cards do not repeat it
    is_metric: bool = False


def card(found: SearchResult, *, now: datetime, with_city: bool = False) -> WorkshopCard:
    """Returns the card of a workshop; `with_city` adds the city, for lists of several cities."""
    lang, starts_at = i18n.current(), found.starts_at.astimezone(found.zone)
    own = reader_hours.write_own(starts_at, found.mode)
    tags = [seats_tag(found, now=now)]
    if found.way is Way.SLOTS and found.status is WorkshopStatus.PUBLISHED:
        tags.append(CardTag(_("Eliges tu hora")))
    if found.has_childcare:
        tags.append(CardTag(_("Cuidado de niños")))
    if found.mode is DeliveryMode.HYBRID:
        tags.append(CardTag(mode_words(found.mode)))
    return WorkshopCard(
        address=f"/{lang}/t/{found.public_id}",
        title=i18n.say(found.title, lang),
        title_mark=formatting.lang_mark(found.title),
        kind=i18n.say(found.kind_name, lang),
        sign=_sign(found.sign, found.pictogram),
        sign_class=sign_class(found.sign),
        day=found.day,
        day_words=formatting.first_capital(formatting.day(found.day)),
        hour_words=formatting.hours(found.starts, found.ends),
        zone=reader_hours.zone_words(found),
        own_hour=reader_hours.name_own(own) if own else "",
        own_clock=reader_hours.write_attributes(starts_at, found.mode),
        place=place(found, with_city=with_city),
        place_icon=place_icon(found.mode),
        host="" if found.is_discreet else i18n.say(found.office_name, lang),
        languages=_languages(found),
        tags=tags,
    )


def list_card(listed: ListedResult, options: CardOptions) -> WorkshopCard:
    """Returns the card of an entry of the list, which says how far it is and its other dates."""
    found = listed.workshop
    made = card(
        found,
        now=options.now,
        with_city=fold(found.venue_city or found.office_city) != options.city,
    )
    miles = listed.miles
    return replace(
        made,
        address=f"{made.address}?{options.query}" if options.query else made.address,
        day_words=formatting.first_capital(_near_day(found.day, options.today)),
        distance="" if miles is None else distance(miles, is_metric=options.is_metric),
        miles="" if miles is None else f"{miles:.1f}",
        dates=[formatting.slim_day(each) for each in listed.course_days],
    )


def opening(found: SearchResult | Workshop, *, now: datetime) -> datetime | None:
    """Returns when registration opens, in the venue's time zone; None if not in the future."""
    opens = found.opens_at
    is_ahead = found.status is WorkshopStatus.PUBLISHED and found.starts_at > now
    takes_places = found.way not in {Way.OPEN, Way.PHONE}
    if opens is None or opens <= now or not is_ahead or not takes_places:
        return None
    return opens.astimezone(found.zone)


def _near_day(day: date, today: date) -> str:
    """Returns a day as «Hoy», «Mañana» or «sáb 5 dic»."""
    return today_or_tomorrow(day, today) or formatting.slim_day(day)


def today_or_tomorrow(day: date, today: date) -> str:
    days = (day - today).days
    if days == 0:
        return pgettext("day", "Hoy")
    return pgettext("day", "Mañana") if days == 1 else ""


def seats_tag(found: SearchResult | Workshop, *, now: datetime) -> CardTag:
    """Returns the tag that says how many places are left, or why none can be reserved online."""
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
    if found.hides_seats:
        few = seats_left <= FEW_DISCREET
        return (
            CardTag(_("Pocos lugares"), "tag-warn")
            if few
            else CardTag(_("Hay lugares"), "tag-good")
        )
    if seats_left <= FEW:
        if found.way is Way.SLOTS:
            left = ngettext("Queda %(num)d hora", "Quedan %(num)d horas", seats_left)
        else:
            left = ngettext("Queda %(num)d lugar", "Quedan %(num)d lugares", seats_left)
        return CardTag(left, "tag-warn")
    return CardTag(_("Hay lugares"), "tag-good")


def open_words(mode: DeliveryMode) -> str:
    """Returns how one takes part without a registration."""
    if mode is DeliveryMode.PHONE_BANK:
        return _("Llama sin apartar")
    return _("Llega sin cita") if mode.has_venue else _("Entra sin apartar")


def place(found: SearchResult, *, with_city: bool = False) -> str:
    """Returns the venue and city; for a hidden address only the area and city."""
    lang = i18n.current()
    office_city = city_names.localize(found.office_city, found.office_region, lang)
    if found.venue_name is None:
        return office_city if found.mode.has_venue else mode_words(found.mode)
    is_public = found.visibility is Visibility.PUBLIC
    name = found.venue_name if is_public else found.venue_area or ""
    city = office_city
    if found.venue_city:
        region = found.venue_region or found.office_region
        city = city_names.localize(found.venue_city, region, lang)
    if name and city == office_city and not with_city:
        return name
    return f"{name}, {city}" if name else city


def place_icon(mode: DeliveryMode) -> str:
    """Returns the name of the icon beside a place."""
    return _PLACE_ICONS.get(mode, "place")


def distance(miles: float, *, is_metric: bool = False) -> str:
    """Returns how far a place is: «a 2 mi», «a 3 km»."""
    if is_metric:
        return _("a %(num)d km", num=max(1, round(miles * KILOMETRES_A_MILE)))
    return _("a %(num)d mi", num=max(1, round(miles)))


def _languages(found: SearchResult) -> str:
    """Returns the languages, as «Español. Intérprete de náhuatl». A discreet workshop names no
    interpreter, who could tell where it is."""
    languages = spoken(found.languages)
    if not found.interpretation or found.is_discreet:
        return languages
    names = formats.within_sentence(spoken(found.interpretation), i18n.current())
    return f"{languages}. " + _("Intérprete de %(languages)s", languages=names)


def spoken(codes: Iterable[str]) -> str:
    """Returns the names of languages as one text: Español e inglés · Spanish and English."""
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
