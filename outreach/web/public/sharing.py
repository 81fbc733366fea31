"""Passing a workshop on: its picture for messengers, a text to forward, links to save its date.

The text names no kind and nobody: it says day, hour and city, and leads to the public page. Nothing
of it exists for a discreet or unlisted workshop.
"""

from dataclasses import dataclass
from datetime import UTC
from typing import Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Flask, Response, abort, current_app, redirect
from flask.typing import ResponseReturnValue

from outreach import i18n
from outreach.domain import workshops
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.memory_cache import MemoryCache
from outreach.pdf import share_card
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.middleware.response_headers import keep_for
from outreach.web.presentation import formatting, icons, reader_hours

pages = Blueprint("sharing", __name__, url_prefix="/<lang:lang>")

YEAR_SECONDS: Final = 365 * 24 * 3600
MAX_PICTURE_BYTES: Final = 4 * 1024 * 1024  # for all pictures that a process keeps

_PICTURES: Final = "outreach_share_pictures"  # in `app.extensions`


def init_app(app: Flask) -> None:
    app.extensions[_PICTURES] = MemoryCache[bytes](MAX_PICTURE_BYTES)
    app.register_blueprint(pages)


@dataclass(frozen=True)
class ShareLinks:
    """What the pages of a listed workshop and of a place in it offer to pass it on."""

    address: str
    picture: str
    invitation: str  # the text to forward, which ends with the address
    whatsapp: str
    sms: str
    google: str  # adds the date to Google Calendar


@pages.get("/t/<public_id>/imagen-<version>.png")
def picture(public_id: str, version: str) -> ResponseReturnValue:
    lang = i18n.current()
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
        if workshop.is_hidden or workshop.kind.is_discreet:
            abort(404)
        current = share_card.get_version(workshop, lang)
        if version != current:
            keep_for(60)
            return redirect(f"/{lang}/t/{workshop.public_id}/imagen-{current}.png")
        pictures: MemoryCache[bytes] = current_app.extensions[_PICTURES]
        body = pictures.get((workshop.id, lang), version=current)
        if body is None:
            rate_limits.count_picture()
            pictograms = icons.PICTOGRAMS
            pictogram = pictograms.get(workshop.kind.pictogram, pictograms["calendar"])
            body = share_card.picture(workshop, lang, pictogram=pictogram)
            pictures.put((workshop.id, lang), body, version=current, size=len(body))
    keep_for(YEAR_SECONDS)
    answer = Response(body, mimetype="image/png")
    # Messengers fetch it from their own servers, and show it on their own pages.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _describe_event(workshop: Workshop, address: str) -> dict[str, str]:
    """Returns what Google Calendar is told. A calendar is often shared: an entry of a kind of high
    sensitivity, as DACA, says «Cita» and the city only."""
    venue = workshop.venue
    city = formatting.city_region(venue) if venue else ""
    if workshop.is_sensitive:
        return {"text": _("Cita"), "location": city}
    event = {"text": i18n.say(workshop.title, i18n.current()), "details": address}
    if venue is not None and not workshop.has_secret_address:
        event["location"] = ", ".join(part for part in (venue.name, venue.address, city) if part)
    return event


def _invite(workshop: Workshop) -> str:
    """The words to forward: others may read them on the phone that gets them."""
    hours = reader_hours.hours_in_zone(workshop.starts, workshop.ends, workshop)
    # «8:00 p. m.» ends in a full stop of its own.
    when = {"day": formatting.day(workshop.day), "hours": hours.rstrip(".")}
    if not workshop.mode.has_venue:
        return _("Hay un taller gratis en línea: %(day)s, %(hours)s. ¿Vamos?", **when)
    city = formatting.city(workshop.venue or workshop.office)
    return _("Hay un taller gratis en %(city)s: %(day)s, %(hours)s. ¿Vamos?", city=city, **when)


def get_links(workshop: Workshop) -> ShareLinks | None:
    """The links of a workshop; None where it must not be passed on."""
    if workshop.is_hidden or workshop.kind.is_discreet:
        return None
    lang = i18n.current()
    address = f"{config().public_url}/{lang}/t/{workshop.public_id}"
    invitation = f"{_invite(workshop)} {address}"
    stamps = (
        each.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        for each in (workshop.starts_at, workshop.ends_at)
    )
    event = {"action": "TEMPLATE", "dates": "/".join(stamps)} | _describe_event(workshop, address)
    version = share_card.get_version(workshop, lang)
    return ShareLinks(
        address=address,
        picture=f"{address}/imagen-{version}.png",
        invitation=invitation,
        whatsapp="https://wa.me/?" + urlencode({"text": invitation}),
        sms=f"sms:?&body={quote(invitation)}",  # read so by Android and by iOS
        google="https://calendar.google.com/calendar/render?" + urlencode(event),
    )
