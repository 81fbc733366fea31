"""What a page says to programs: its workshops as schema.org has them (JSON-LD).

It says no more than the page does, and nothing of a discreet or an unlisted workshop: what is
marked up is shown by search engines, apart from the page and its quick exit.
"""

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from flask import Flask
from markupsafe import Markup

from outreach.domain.calendar.feed_query import NETWORK
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.search.search import SearchResult
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.i18n import current, gettext, say
from outreach.web.context import config

Thing = dict[str, Any]

CURRENCIES: Final = {"US": "USD", "CA": "CAD"}  # in which it costs nothing
# A script of data ends where HTML says it does, whatever JSON thinks of it.
_UNSAFE: Final = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


# The formats of a feed that a page names, and in which order its address asks for what.
FORMATS: Final = {
    "text/calendar": "ics",
    "application/atom+xml": "atom",
    "application/feed+json": "json",
}
FILTERS: Final = ("tipo", "idioma", "donde", "modalidad")


def init_app(app: Flask) -> None:
    app.add_template_global(of_workshop, "linked_workshop")
    app.add_template_global(of_list, "linked_list")
    app.add_template_global(feeds_of)


def feeds_of(builder: str) -> list[tuple[str, str]]:
    """The type and the address of each feed that the builder makes at that address."""
    asked = parse_qsl(builder.partition("?")[2])
    name = dict(asked).get("oficina", NETWORK)
    query = urlencode([pair for each in FILTERS for pair in asked if pair[0] == each])
    start, end = f"/{current()}/cal/{name}", f"?{query}" if query else ""
    return [(mimetype, f"{start}.{form}{end}") for mimetype, form in FORMATS.items()]


def of_workshop(workshop: Workshop) -> Markup:
    """The workshop of its own page; nothing for one that is discreet or unlisted."""
    if workshop.is_hidden:
        return Markup("")
    lang, site, office = current(), config().public_url, workshop.office
    url = f"{site}/{lang}/t/{workshop.public_id}"
    # A changed hour is not told of: what it was before is kept nowhere.
    event = {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": say(workshop.title, lang),
        "description": say(workshop.summary, lang) or say(workshop.kind.description, lang),
        "startDate": workshop.starts_at.astimezone(workshop.zone).isoformat(),
        "endDate": workshop.ends_at.astimezone(workshop.zone).isoformat(),
        "eventStatus": _status(is_cancelled=workshop.is_cancelled),
        "eventAttendanceMode": _attendance(workshop.mode),
        "location": _locations(workshop.mode, _place(workshop), url),
        "inLanguage": list(workshop.languages),
        "isAccessibleForFree": True,
        "organizer": {
            "@type": "Organization",
            "name": say(office.name, lang),
            "url": f"{site}/{lang}/o/{office.slug}",
        },
        "offers": {
            "@type": "Offer",
            "price": 0,
            "priceCurrency": CURRENCIES.get(office.country, "USD"),
            "url": url,
        },
    }
    return _script(event)


def of_list(found: Iterable[SearchResult]) -> Markup:
    """The workshops of a list, in its order, without those that are discreet or unlisted; nothing
    if none are left."""
    shown = [each for each in found if not each.is_discreet and each.way is not Way.UNLISTED]
    if not shown:
        return Markup("")
    items = [
        {"@type": "ListItem", "position": number, "item": _brief(each)}
        for number, each in enumerate(shown, 1)
    ]
    listed = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
    return _script(listed)


def _brief(found: SearchResult) -> Thing:
    lang = current()
    url = f"{config().public_url}/{lang}/t/{found.public_id}"
    city = found.venue_city or found.office_city
    region = found.venue_region or found.office_region
    is_public = found.venue_name and found.visibility is Visibility.PUBLIC
    place = _area(city, region) | ({"name": found.venue_name} if is_public else {})
    return {
        "@type": "Event",
        "url": url,
        "name": say(found.title, lang),
        "startDate": found.starts_at.astimezone(found.zone).isoformat(),
        "eventStatus": _status(is_cancelled=found.status is WorkshopStatus.CANCELLED),
        "eventAttendanceMode": _attendance(found.mode),
        "location": _locations(found.mode, place, url),
    }


def _place(workshop: Workshop) -> Thing:
    """Where it is; of a hidden address, and where there is no venue yet, the city."""
    venue, office = workshop.venue, workshop.office
    if venue is None:
        return _area(office.city, office.region)
    place = _area(venue.city, venue.region)
    if workshop.has_secret_address:
        return place
    place["name"] = venue.name
    if venue.address:
        place["address"]["streetAddress"] = venue.address
    # Its own position only: `near_…` is that of its city, and a pin there would mislead.
    if venue.latitude is not None and venue.longitude is not None:
        place["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": venue.latitude,
            "longitude": venue.longitude,
        }
    return place


def _area(city: str, region: str) -> Thing:
    address = {"@type": "PostalAddress", "addressLocality": city, "addressRegion": region}
    return {"@type": "Place", "name": city, "address": address}


def _locations(mode: DeliveryMode, place: Thing, url: str) -> Thing | list[Thing]:
    """The place, the page in place of a meeting's link, or both."""
    name = gettext("Por teléfono") if mode is DeliveryMode.PHONE_BANK else gettext("En línea")
    online: Thing = {"@type": "VirtualLocation", "name": name, "url": url}
    if not mode.has_venue:
        return online
    return [place, online] if mode is DeliveryMode.HYBRID else place


def _attendance(mode: DeliveryMode) -> str:
    if mode is DeliveryMode.HYBRID:
        return "https://schema.org/MixedEventAttendanceMode"
    kind = "Offline" if mode.has_venue else "Online"
    return f"https://schema.org/{kind}EventAttendanceMode"


def _status(*, is_cancelled: bool) -> str:
    return "https://schema.org/" + ("EventCancelled" if is_cancelled else "EventScheduled")


def _script(thing: Thing) -> Markup:
    text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
    for each, instead in _UNSAFE.items():
        text = text.replace(each, instead)
    return Markup(f'<script type="application/ld+json">{text}</script>\n')  # noqa: S704 - escaped
