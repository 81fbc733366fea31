"""The page on which somebody puts a calendar together. It keeps nothing: the address is all.

With JavaScript the page asks for itself again after each tick, and shows the part that changed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from outreach import clock, languages
from outreach.domain import installation, offices, regions
from outreach.domain.calendars import Choice
from outreach.domain.offices import Office
from outreach.domain.text import plain
from outreach.domain.workshops import Mode
from outreach.feeds import calendar
from outreach.feeds.event import Site
from outreach.web import asking, embedding, show
from outreach.web.context import config, store
from outreach.web.headers import keep_for, keep_private
from outreach.web.pictures import qr
from outreach.web.reference import reference

pages = Blueprint("building", __name__, url_prefix="/<any(es,en,fr):lang>")

FIRST_LANGUAGES: Final = ("es", "en", "fr")  # the others are folded away
# However long their texts, so many are in a calendar in full.
SURELY_FIT: Final = 600


@dataclass(frozen=True)
class Option:
    """Something to tick or to choose."""

    value: str
    words: str
    is_chosen: bool


@pages.get("/calendario")
def build() -> str:
    today = clock.now().date()
    with store().read() as session:
        choice = asking.choice(session, request.args)
        coming = calendar.coming(session, choice, today=today)
        reach = _reach(session, choice, today) if coming > SURELY_FIT else None
        names = {place: asking.place_name(session, place) for place in choice.places}
        open_offices = offices.open_on(session, today)
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
        summary=" · ".join(asking.said(choice, names.values())),
        offices=_offices(choice, open_offices),
        regions=_regions(open_offices, region),
        others=[Option(place, names[place], True) for place in others],
        kinds=reference().kinds,
        spoken=_spoken(choice),
        modes=_modes(choice),
        first_languages=FIRST_LANGUAGES,
        frame=None if choice.is_discreet else embedding.of_choice(choice, list(names.values())),
        **_addresses(choice),
    )


def _reach(session: Session, choice: Choice, today: date) -> date | None:
    """The last day the calendar has room for, if it has not for all: it is written to find out."""
    site = Site(config().public_url, installation.calendar_host(session), config().phone)
    return calendar.reach(session, choice, languages.current(), site, today=today)


def _addresses(choice: Choice) -> dict[str, object]:
    """Where each program finds the calendar."""
    formats = {
        form: calendar.address(choice, languages.current(), config().public_url, form)
        for form in ("ics", "atom", "json", "jcal")
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


def _offices(choice: Choice, open_offices: list[Office]) -> list[Option]:
    """By city; a closed one too, for who has its address still."""
    shown = {office.slug: office for office in open_offices}
    if choice.office:
        shown.setdefault(choice.office.slug, choice.office)
    return [
        Option(slug, f"{office.city}, {office.region}", slug == choice.name)
        for slug, office in sorted(shown.items(), key=lambda item: plain(item[1].city))
    ]


def _region_and_others(choice: Choice, open_offices: list[Office]) -> tuple[str, list[str]]:
    """The one region that the list of regions can show, and the places that it cannot."""
    listed = {office.region for office in open_offices}
    region = next((place for place in choice.places if place in listed), "")
    return region, [place for place in choice.places if place != region]


def _regions(open_offices: list[Office], chosen: str) -> list[Option]:
    names = {
        office.region: show.said(regions.NAMES.get(office.region)) or office.region
        for office in open_offices
    }
    return [
        Option(code, name, code == chosen)
        for code, name in sorted(names.items(), key=lambda item: plain(item[1]))
    ]


def _spoken(choice: Choice) -> list[Option]:
    return [Option(code, name, code in choice.languages) for code, name in show.spoken_languages()]


def _modes(choice: Choice) -> list[Option]:
    """In person, online, and whatever else was asked for."""
    asked = asking.mode_codes(choice.modes)
    offered = dict.fromkeys([Mode.IN_PERSON.value, asking.EN_LINEA, *asked])
    return [Option(code, asking.mode_words(code), code in asked) for code in offered]
