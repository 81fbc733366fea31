"""The feed builder: a page that composes the address of a calendar feed. It stores nothing.

With JavaScript the page reloads itself after each change and replaces the changed part.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.locations import regions
from outreach.domain.network import installation_settings, offices
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.domain.workshops import DeliveryMode
from outreach.feeds import ics_feed
from outreach.feeds.vevent import PublicSite
from outreach.web.context import config, store
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_for, keep_private
from outreach.web.presentation import formatting
from outreach.web.presentation.icons import qr
from outreach.web.public import feed_params

pages = Blueprint("feed_builder", __name__, url_prefix="/<lang:lang>")

FIRST_LANGUAGES: Final = ("es", "en", "fr")  # the page folds the others
# Up to so many workshops always fit into a feed, whatever the length of their texts.
MIN_TO_MEASURE: Final = 600


@dataclass(frozen=True)
class FeedOption:
    """An option of a checkbox or a select."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True)
class CalendarForSites:
    """What was chosen, for what extensions offer to other sites."""

    choice: FeedQuery
    place_names: tuple[str, ...]  # of its places, in their order


@pages.get("/calendario")
def build() -> str:
    today = clock.now().date()
    with store().read() as session:
        choice = feed_params.choice(session, request.args)
        coming = ics_feed.count_upcoming(session, choice, today=today)
        reach = _last_day(session, choice, today) if coming > MIN_TO_MEASURE else None
        names = {place: feed_params.place_name(session, place) for place in choice.places}
        open_offices = offices.list_open_offices(session, today)
    if choice.is_discreet:
        keep_private()
    elif not request.query_string:
        keep_for(60)
    region, others = _region_and_others(choice, open_offices)
    return render_template(
        "calendar/build.html",
        choice=choice,
        is_asked=bool(request.query_string),
        coming=coming,
        reach=reach,
        summary=" · ".join(feed_params.summary(choice, names.values())),
        offices=_offices(choice, open_offices),
        regions=_regions(open_offices, region),
        others=[FeedOption(place, names[place], True) for place in others],
        kinds=reference().kinds,
        spoken=_spoken(choice),
        modes=_modes(choice),
        first_languages=FIRST_LANGUAGES,
        for_sites=CalendarForSites(choice, tuple(names.values())),
        **_addresses(choice),
    )


def _last_day(session: Session, choice: FeedQuery, today: date) -> date | None:
    """Returns the last day that fits into the feed; None if all do. Writes the feed to measure."""
    site = PublicSite(
        config().public_url, installation_settings.get_calendar_host(session), config().phone
    )
    return ics_feed.last_day(session, choice, i18n.current(), site, today=today)


def _addresses(choice: FeedQuery) -> dict[str, object]:
    """Returns the addresses of the feed for each calendar program."""
    formats = {
        form: ics_feed.address(choice, i18n.current(), config().public_url, form)
        for form in ("ics", "atom", "json", "jcal", "jscal")
    }
    address = formats["ics"]
    webcal = "webcal:" + address.partition(":")[2]
    return {
        "address": address,
        "webcal": webcal,
        "google": "https://calendar.google.com/calendar/r?" + urlencode({"cid": webcal}),
        "outlook": "https://outlook.live.com/calendar/0/addfromweb?" + urlencode({"url": address}),
        "formats": formats,
        "qr": qr(address),
    }


def _offices(choice: FeedQuery, open_offices: list[Office]) -> list[FeedOption]:
    """Returns the offices by city; a closed one only if the address names it."""
    shown = {office.slug: office for office in open_offices}
    if choice.office:
        shown.setdefault(choice.office.slug, choice.office)
    return [
        FeedOption(slug, formatting.city_region(office), slug == choice.name)
        for slug, office in sorted(shown.items(), key=lambda item: fold(formatting.city(item[1])))
    ]


def _region_and_others(choice: FeedQuery, open_offices: list[Office]) -> tuple[str, list[str]]:
    """Returns the region that the select shows, and the places that it cannot show."""
    office_regions = {office.region for office in open_offices}
    region = next((place for place in choice.places if place in office_regions), "")
    return region, [place for place in choice.places if place != region]


def _regions(open_offices: list[Office], chosen: str) -> list[FeedOption]:
    names = {
        office.region: formatting.localize(regions.find_names(office.region)) or office.region
        for office in open_offices
    }
    return [
        FeedOption(code, name, code == chosen)
        for code, name in sorted(names.items(), key=lambda item: fold(item[1]))
    ]


def _spoken(choice: FeedQuery) -> list[FeedOption]:
    return [
        FeedOption(code, name, code in choice.languages)
        for code, name in formatting.spoken_languages()
    ]


def _modes(choice: FeedQuery) -> list[FeedOption]:
    """Returns in person, online, and the other chosen modes."""
    chosen = feed_params.mode_codes(choice.modes)
    offered = dict.fromkeys([DeliveryMode.IN_PERSON.value, feed_params.ONLINE, *chosen])
    return [FeedOption(code, feed_params.mode_words(code), code in chosen) for code in offered]
