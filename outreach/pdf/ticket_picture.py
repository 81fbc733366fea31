"""The ticket of a registration as a picture, to be shown at the door without internet.

Others look at pictures on a phone: none is made for a discreet workshop, and for a kind of high
sensitivity it says «Cita» and the city."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from outreach import formats, qr_codes
from outreach.domain.locations import city_names
from outreach.domain.registrations import Registration
from outreach.domain.text import clean
from outreach.domain.workshops import Channel
from outreach.i18n import say, translator
from outreach.pdf import color_contrast, typesetting

WIDTH: Final = 720
HEIGHT: Final = 1080


@dataclass(frozen=True)
class TicketTexts:
    """What the picture says."""

    title: str
    day: str
    hours: str
    place: str
    use: str
    code: str
    people: str


def is_offered(registration: Registration) -> bool:
    """Whether there is a picture: of a seat at a venue, not of a discreet workshop."""
    return not registration.workshop.is_discreet and registration.channel is Channel.VENUE


def picture(registration: Registration, lang: str, *, qr_link: str, made_at: datetime) -> bytes:
    """Draws the ticket as a PNG of WIDTH × HEIGHT. `qr_link` is the address that staff open at the
    door."""
    data: dict[str, Any] = vars(_texts(registration, lang)) | {
        "lang": lang,
        "qr_words": translator(lang).gettext("Código QR"),
        "square": _qr_svg(qr_link),
        "inks": {
            "ink": color_contrast.INK,
            "soft": color_contrast.SOFT,
            "white": color_contrast.WHITE,
        },
    }
    return typesetting.picture("ticket", data, made_at=made_at.replace(microsecond=0), ppi=72)


def _texts(registration: Registration, lang: str) -> TicketTexts:
    workshop, _ = registration.workshop, translator(lang)
    day = formats.dated(registration.day, formats.WEEKDAY_AND_DAY, lang)
    code = registration.door_code
    return TicketTexts(
        title=_.gettext("Cita") if workshop.is_sensitive else clean(say(workshop.title, lang)),
        day=day[:1].upper() + day[1:],
        hours=formats.hours(registration.starts, registration.ends, lang),
        place=_place(registration, lang),
        use=_.gettext("En la entrada muestra este código QR o di:"),
        code=f"{code[:3]} {code[3:]}",
        people=_.ngettext("%(num)d persona", "%(num)d personas", registration.people),
    )


def _place(registration: Registration, lang: str) -> str:
    workshop, venue = registration.workshop, registration.workshop.venue
    at = venue or workshop.office
    if venue is not None and (workshop.is_sensitive or not registration.sees_address):
        return clean(city_names.with_region(at.city, at.region, lang))
    city = city_names.localize(at.city, at.region, lang)
    parts = (venue.name, venue.address, city) if venue is not None else (city,)
    return ", ".join(clean(part) for part in parts if part)


def _qr_svg(link: str) -> str:
    return qr_codes.svg(link, border=2)
