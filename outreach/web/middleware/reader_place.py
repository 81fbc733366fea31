"""Finds the time zone of a page's reader: that of the place searched for, or of their browser."""

from zoneinfo import ZoneInfo

from flask import Flask, g, has_app_context, request

from outreach import reader_zone
from outreach.domain.locations import geocoding, time_zones
from outreach.domain.locations.geocoding import Location
from outreach.domain.workshops import Workshop
from outreach.web.context import store
from outreach.web.middleware.reference_cache import reference


def init_app(_app: Flask) -> None:
    reader_zone.tell_zone = _get_current


def _get_current() -> ZoneInfo | None:
    found: ZoneInfo | None = g.get("reader_zone") if has_app_context() else None
    return found


def use_zone(zone: ZoneInfo | None) -> None:
    """Shows hours of what can be followed from anywhere on this clock too."""
    g.reader_zone = zone


def use_place(where: Location) -> None:
    """Shows such hours on the clock of a place, where it has one."""
    use_zone(time_zones.find_zone(where))


def use_search(workshop: Workshop) -> None:
    """Shows the hours of a workshop on the clock of the place of the search that led here."""
    typed = request.args.get("donde", "")
    if typed and workshop.mode.is_from_anywhere:
        with store().read() as session:
            use_place(geocoding.resolve(session, typed, offices=reference().known_offices))
