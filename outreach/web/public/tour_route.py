"""The route of the mobile consulate: where it stops, and what is held there."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.domain.locations import regions
from outreach.domain.text import fold
from outreach.domain.workshops import tour_stops
from outreach.domain.workshops.tour_stops import PublicStop
from outreach.web.context import store
from outreach.web.middleware.response_headers import keep_for
from outreach.web.presentation import workshop_cards

pages = Blueprint("tour_route", __name__, url_prefix="/<lang:lang>")


@dataclass(frozen=True, kw_only=True)
class RouteStop:
    """A stop, and what the page says about it."""

    public: PublicStop
    region: str  # its name
    is_past: bool
    is_next: bool
    feed: str  # address of the calendar feed of its city

    @property
    def has_secret_address(self) -> bool:
        return any(each.has_secret_address for each in self.public.workshops)


@pages.get("/gira")
def route() -> ResponseReturnValue:
    now, chosen = clock.now(), request.args.get("estado", "")
    with store().read() as session:
        found = tour_stops.list_public(session, now=now)
        ahead = [each for each in found if each.ends_at > now and not each.is_cancelled]
        stops = [
            RouteStop(
                public=each,
                region=_name(each.stop.region),
                is_past=each.ends_at <= now,
                is_next=bool(ahead) and each is ahead[0],
                feed=_feed(each),
            )
            for each in found
            if chosen in {"", each.stop.region}
        ]
        names = {each.stop.region: _name(each.stop.region) for each in found}
        keep_for(60)
        return render_template(
            "workshops/route.html",
            stops=stops,
            chosen=chosen if chosen in names else "",
            regions=sorted(names.items(), key=lambda each: fold(each[1])),
            tag=lambda workshop: workshop_cards.seats_tag(workshop, now=now),
        )


def _name(region: str) -> str:
    return i18n.say(regions.find_names(region), i18n.current()) or region


def _feed(each: PublicStop) -> str:
    where = urlencode({"donde": f"{each.stop.city} {each.stop.region}"})
    return f"/{i18n.current()}/calendario?{where}"
