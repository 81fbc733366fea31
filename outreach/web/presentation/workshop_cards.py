"""A workshop as a list shows it: the words of a card, ready for the template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby

from markupsafe import Markup

from outreach import i18n
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.search.search import Found
from outreach.domain.workshops import Mode, Standing, Workshop
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.presentation import formatting
from outreach.web.presentation.icons import sign, sign_class

FEW = 10
FEW_DISCREET = 5  # safety.md S28: nobody is to watch one person sign up


@dataclass(frozen=True, slots=True)
class Tag:
    words: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    address: str
    title: str
    kind: str
    sign: Markup
    sign_class: str
    day: date
    day_words: str
    hour_words: str
    place: str
    tags: list[Tag]


def card(
    found: Found, *, now: datetime, miles: float | None = None, with_city: bool = False
) -> Card:
    """`with_city` where the cards around it are of other cities."""
    lang = i18n.current()
    tags = [seats_tag(found, now=now)]
    if found.way is Way.SLOTS and found.standing is Standing.PUBLISHED:
        tags.append(Tag(_("Eliges tu hora")))
    if miles is not None:
        tags.append(Tag(distance(miles)))
    tags.append(Tag(spoken(found.languages)))
    if found.has_childcare:
        tags.append(Tag(_("Cuidado de niños")))
    if found.mode is not Mode.IN_PERSON:
        tags.append(Tag(mode_words(found.mode)))
    return Card(
        address=f"/{lang}/t/{found.public_id}",
        title=i18n.say(found.title, lang),
        kind=i18n.say(found.kind_name, lang),
        sign=_sign(found.sign, found.pictogram),
        sign_class=sign_class(found.sign),
        day=found.day,
        day_words=formatting.day(found.day),
        hour_words=formatting.hours(found.starts, found.ends),
        place=place(found, with_city=with_city),
        tags=tags,
    )


def opening(found: Found | Workshop, *, now: datetime) -> datetime | None:
    """From when a place can be saved, on the clock of the venue, if that is still to come."""
    opens = found.opens_at
    is_ahead = found.standing is Standing.PUBLISHED and found.starts_at > now
    takes_places = found.way not in {Way.OPEN, Way.PHONE}
    if opens is None or opens <= now or not is_ahead or not takes_places:
        return None
    return opens.astimezone(found.zone)


def by_day(
    found: Iterable[Found], *, now: datetime, with_city: bool = False
) -> list[tuple[date, list[Card]]]:
    cards = [card(each, now=now, with_city=with_city) for each in found]
    return [(day, list(those)) for day, those in groupby(cards, key=lambda each: each.day)]


def seats_tag(found: Found | Workshop, *, now: datetime) -> Tag:
    """How full it is, in the words and the colour of its tag."""
    if found.standing is Standing.CANCELLED:
        return Tag(_("Cancelado"), "etq-no")
    if found.way is Way.OPEN:
        return Tag(_("Llega sin cita"), "etq-bien")
    if found.way is Way.PHONE:
        return Tag(_("Aparta por teléfono"))
    if found.starts_at <= now:
        return Tag(_("Ya empezó"))
    if opens := opening(found, now=now):
        return Tag(_("Aparta desde el %(day)s", day=formatting.short_day(opens.date())))
    if found.seats_left == 0:
        full = _("Lleno · hay lista de espera") if found.has_waiting_list else _("Lleno")
        return Tag(full, "etq-no")
    if found.is_discreet:
        few = found.seats_left <= FEW_DISCREET
        return Tag(_("Pocos lugares"), "etq-poco") if few else Tag(_("Hay lugares"), "etq-bien")
    if found.seats_left <= FEW:
        left = ngettext("Queda %(num)d lugar", "Quedan %(num)d lugares", found.seats_left)
        return Tag(left, "etq-poco")
    return Tag(_("Hay lugares"), "etq-bien")


def place(found: Found, *, with_city: bool = False) -> str:
    """Where it is, or about where: a hidden address is nobody's business yet."""
    if found.venue_name is None:
        return _("En línea") if not found.mode.has_venue else found.office_city
    is_public = found.visibility is Visibility.PUBLIC
    name = found.venue_name if is_public else found.venue_area or ""
    city = found.venue_city or found.office_city
    if name and city == found.office_city and not with_city:
        return name
    return f"{name}, {city}" if name else city


def distance(miles: float) -> str:
    near = max(1, round(miles))
    return ngettext("A %(num)d milla", "A %(num)d millas", near)


def spoken(codes: Iterable[str]) -> str:
    """The languages of a workshop: Español e inglés · Spanish and English."""
    return i18n.names_of(tuple(codes), i18n.current())


def mode_words(mode: Mode) -> str:
    words: dict[Mode, str] = {
        Mode.IN_PERSON: _("En persona"),
        Mode.LIVE_STREAM: _("Transmisión en vivo"),
        Mode.VIDEO_CALL: _("Por videollamada"),
        Mode.HYBRID: _("En persona y en línea"),
        Mode.PHONE_BANK: _("Por teléfono"),
    }
    return words[mode]


@cache
def _sign(name: str, pictogram: str) -> Markup:
    return sign(name, pictogram)
