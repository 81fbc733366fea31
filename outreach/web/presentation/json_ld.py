"""Structured data of public pages: workshops as schema.org events (JSON-LD).

It contains nothing that the page does not show, and no discreet or unlisted workshop: search
engines show structured data outside of the page and its quick exit.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from babel.numbers import get_territory_currencies
from flask import Flask
from markupsafe import Markup

from outreach import clock, network_profile
from outreach.domain.calendar.feed_query import NETWORK
from outreach.domain.locations import city_names, regions, venues
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.search.search import SearchResult
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.i18n import current, gettext, say
from outreach.web.context import config
from outreach.web.presentation.workshop_cards import FEW
from outreach.whole_lists import make_each

JsonObject = dict[str, Any]

# Characters that could end a <script> element, and their JSON escapes.
_UNSAFE: Final = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}

# Feed formats that a page links to, and the order of the parameters of their addresses.
FORMATS: Final = {
    "text/calendar": ("ics", "iCalendar"),
    "application/atom+xml": ("atom", "Atom"),
    "application/feed+json": ("json", "JSON Feed"),
    "application/jscalendar+json": ("jscal", "JSCalendar"),
}
FILTERS: Final = ("tipo", "idioma", "donde", "modalidad")


def init_app(app: Flask) -> None:
    app.add_template_global(of_workshop, "linked_workshop")
    app.add_template_global(of_list, "linked_list")
    app.add_template_global(feeds_of)


def feeds_of(builder: str) -> list[tuple[str, str, str]]:
    """Returns media type, address and format of each feed for the choice in the feed builder's
    address."""
    pairs = parse_qsl(builder.partition("?")[2])
    name = dict(pairs).get("oficina", NETWORK)
    query = urlencode([pair for each in FILTERS for pair in pairs if pair[0] == each])
    start, end = f"/{current()}/cal/{name}", f"?{query}" if query else ""
    return [
        (mimetype, f"{start}.{form}{end}", words) for mimetype, (form, words) in FORMATS.items()
    ]


def of_workshop(workshop: Workshop, *, shows_capacity: bool = False) -> Markup:
    """Returns the script element for the page of a workshop; empty if it is discreet or unlisted.
    `shows_capacity`: whether the page says how many places there are in all."""
    if workshop.is_hidden:
        return Markup("")
    lang, site, office = current(), config().public_url, workshop.office
    url = f"{site}/{lang}/t/{workshop.public_id}"
    event: JsonObject = {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": say(workshop.title, lang),
        "description": say(workshop.summary, lang) or say(workshop.kind.description, lang),
        "startDate": workshop.starts_at.astimezone(workshop.zone).isoformat(),
        "endDate": workshop.ends_at.astimezone(workshop.zone).isoformat(),
        "eventStatus": _status(is_cancelled=workshop.is_cancelled, is_moved=workshop.has_new_time),
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
            "priceCurrency": _find_currency(office.country),
            "url": url,
            "availability": _availability(workshop),
        },
    }
    if (previous := _find_previous_start(workshop)) is not None:
        event["previousStartDate"] = previous.isoformat()
    if shows_capacity:
        event["maximumAttendeeCapacity"] = workshop.capacity
    if not workshop.kind.is_discreet:
        event["image"] = f"{url}/imagen-{workshop.sequence}.png"  # leads to the newest
    opens_at = workshop.opens_at or workshop.published_at
    if opens_at is not None:
        event["offers"]["validFrom"] = opens_at.astimezone(workshop.zone).isoformat("T", "seconds")
    return _script(event)


def _find_previous_start(workshop: Workshop) -> datetime | None:
    """Returns the start before the workshop moved to another day or hour, in its zone, as its page
    says it. None for a cancelled workshop, where it no longer matters."""
    day, starts = workshop.previous_day, workshop.previous_starts
    if not workshop.has_new_time or workshop.is_cancelled or day is None or starts is None:
        return None
    return clock.instant(day, starts, workshop.zone).astimezone(workshop.zone)


def _availability(workshop: Workshop) -> str:
    """Returns one of three steps, as the page shows it, and never a count."""
    if workshop.takes_places and workshop.appears_full:
        step = "SoldOut"
    elif workshop.takes_places and workshop.public_seats_left <= FEW:
        step = "LimitedAvailability"
    else:
        step = "InStock"
    return f"https://schema.org/{step}"


def of_list(results: Iterable[SearchResult]) -> Markup:
    """Returns the script element for a list of workshops, in its order.

    Discreet and unlisted ones are left out; empty if none are left.
    """
    shown = [each for each in results if not each.is_discreet and each.way is not Way.UNLISTED]
    if not shown:
        return Markup("")
    lang, site = current(), config().public_url
    briefs = make_each(shown, lambda each: _brief(each, lang, site), what="the data of a list")
    items = [
        {"@type": "ListItem", "position": number, "item": each}
        for number, each in enumerate(briefs, 1)
    ]
    item_list = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
    return _script(item_list)


def _brief(result: SearchResult, lang: str, site: str) -> JsonObject:
    url = f"{site}/{lang}/t/{result.public_id}"
    city = result.venue_city or result.office_city
    region = result.venue_region or result.office_region
    is_public = result.venue_name and result.visibility is Visibility.PUBLIC
    place = _area(city, region, lang) | ({"name": result.venue_name} if is_public else {})
    return {
        "@type": "Event",
        "url": url,
        "name": say(result.title, lang),
        "startDate": result.starts_at.astimezone(result.zone).isoformat(),
        "eventStatus": _status(is_cancelled=result.status is WorkshopStatus.CANCELLED),
        "eventAttendanceMode": _attendance(result.mode),
        "location": _locations(result.mode, place, url),
    }


def _place(workshop: Workshop) -> JsonObject:
    """Returns the place of a workshop; only its city if the address is hidden or missing."""
    venue, office = workshop.venue, workshop.office
    if venue is None:
        return _area(office.city, office.region, current())
    place = _area(venue.city, venue.region, current())
    if workshop.has_secret_address:
        return place
    place["name"] = venue.name
    if venue.address:
        place["address"]["streetAddress"] = venue.address
        if postal_code := venues.find_postal_code(venue.address):
            place["address"]["postalCode"] = postal_code
    # Only the venue's own position: `near_…` is that of its city and would mislead on a map.
    if venue.latitude is not None and venue.longitude is not None:
        place["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": venue.latitude,
            "longitude": venue.longitude,
        }
    return place


def _find_currency(country: str) -> str:
    """The code (ISO 4217) of the money of a country today."""
    return str(get_territory_currencies(country)[0])


def _area(city: str, region: str, lang: str) -> JsonObject:
    city = city_names.localize(city, region, lang)
    address = {
        "@type": "PostalAddress",
        "addressLocality": city,
        "addressRegion": regions.abbreviate(region, lang),
    }
    if country := network_profile.country_of(region):
        address["addressCountry"] = country
    return {"@type": "Place", "name": city, "address": address}


def _locations(mode: DeliveryMode, place: JsonObject, url: str) -> JsonObject | list[JsonObject]:
    """Returns the place, the page of the workshop (never the meeting's link), or both."""
    if mode is DeliveryMode.IN_PERSON:
        return place
    name = gettext("Por teléfono") if mode is DeliveryMode.PHONE_BANK else gettext("En línea")
    online: JsonObject = {"@type": "VirtualLocation", "name": name, "url": url}
    if not mode.has_venue:
        return online
    return [place, online] if mode is DeliveryMode.HYBRID else place


def _attendance(mode: DeliveryMode) -> str:
    if mode is DeliveryMode.HYBRID:
        return "https://schema.org/MixedEventAttendanceMode"
    kind = "Offline" if mode.has_venue else "Online"
    return f"https://schema.org/{kind}EventAttendanceMode"


def _status(*, is_cancelled: bool, is_moved: bool = False) -> str:
    plain = "EventRescheduled" if is_moved else "EventScheduled"
    return "https://schema.org/" + ("EventCancelled" if is_cancelled else plain)


def _script(data: JsonObject) -> Markup:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for each, escape in _UNSAFE.items():
        text = text.replace(each, escape)
    return Markup(f'<script type="application/ld+json">{text}</script>\n')  # noqa: S704 - escaped
