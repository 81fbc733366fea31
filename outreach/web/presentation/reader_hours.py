"""Hours of a workshop with the clock that they are on, and with that of who reads them.

Who takes part from elsewhere reads the own hour first: «6:00 a. m. tu hora · 9:00 a. m., hora del
Este». Where we do not know the reader's clock (`reader_zone`), the page has the moment, and its
script (`own_clock.js`) adds the hour without telling us.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final

from flask import Flask
from markupsafe import Markup

from outreach import formats, i18n, reader_zone
from outreach.domain.registrations import Registration
from outreach.domain.search.search import SearchResult
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.web.presentation import formatting

_ATTRIBUTES: Final = Markup(' data-own-clock="{}" data-zone="{}" data-own-words="{}"')


def init_app(app: Flask) -> None:
    filters: dict[str, Callable[..., str]] = {
        "hour_alone": hour_alone,
        "hour_in_zone": hour_in_zone,
        "hours_in_zone": hours_in_zone,
        "own_clock": own_clock,
        "own_hour": own_hour,
        "zone_words": zone_words,
    }
    for name, function in filters.items():
        app.add_template_filter(function, name)
    app.add_template_filter(own_start, "own_start")


def zone_words(workshop: Workshop | SearchResult, before: str = "") -> str:
    """Names the clock of a workshop, as «hora del Centro», after `before`; empty where nobody can
    be in another zone.

    Somebody can be where one need not come, and where the venue is in another zone than its office.
    """
    home = workshop.office_zone if isinstance(workshop, SearchResult) else workshop.office.zone
    if not workshop.mode.is_from_anywhere and workshop.zone.key == home.key:
        return ""
    return before + formats.zone_name(workshop.zone, workshop.day, i18n.current())


def hours_in_zone(starts: time, ends: time, workshop: Workshop) -> str:
    """Returns start and end with their clocks: «8:00 a. m. tu hora · 10:00 a. m. a 12:00 p. m.,
    hora del Centro»."""
    return _add_clocks(formatting.hours(starts, ends), starts, workshop)


def hour_in_zone(starts: time, workshop: Workshop) -> str:
    """Returns the start with its clocks: «8:00 a. m. tu hora · 10:00 a. m., hora del Centro»."""
    return _add_clocks(formatting.hour(starts), starts, workshop)


def hour_alone(party: Registration | Workshop) -> str:
    """Returns the start of a registration or workshop: «8:00 a. m. tu hora», or «10:00 a. m., hora
    del Centro» where we do not know the reader's clock. The start of what one comes to has no
    clock.

    It is for texts and subjects, which are short.
    """
    workshop = party.workshop if isinstance(party, Registration) else party
    if own := own_hour(party.starts, workshop):
        return name_own(own)
    zone = zone_words(workshop, ", ") if workshop.mode.is_from_anywhere else ""
    return formatting.hour(party.starts) + zone


def _add_clocks(words: str, starts: time, workshop: Workshop) -> str:
    there = words + zone_words(workshop, ", ")
    own = own_hour(starts, workshop)
    return f"{name_own(own)} · {there}" if own else there


def name_own(hour: str) -> str:
    """Says that an hour is on the reader's clock: «8:00 a. m. tu hora»."""
    return formats.name_own_hour(hour, i18n.current())


def own_hour(starts: time, workshop: Workshop) -> str:
    """Returns an hour of a workshop on the reader's clock, as «8:00 a. m.», with the day where that
    is another. Empty where it is the same hour, or the clock is not known."""
    return write_own(_find_moment(starts, workshop), workshop.mode)


def own_start(starts: time, workshop: Workshop) -> time:
    """The hour on the reader's clock where that is known, else on the workshop's."""
    zone = reader_zone.current()
    if zone is None or not workshop.mode.is_from_anywhere:
        return starts
    return _find_moment(starts, workshop).astimezone(zone).time()


def write_own(at: datetime, mode: DeliveryMode) -> str:
    """Returns a moment on the clock of the reader, as «dom 3, 11:00 p. m.»; empty where that says
    the same. `at` is on the clock of the workshop."""
    if not mode.is_from_anywhere:
        return ""
    return formats.own_hour(at, reader_zone.current(), i18n.current())


def own_clock(starts: time, workshop: Workshop) -> Markup:
    """The attributes by which the page's script adds the reader's hour, where it is not known."""
    return write_attributes(_find_moment(starts, workshop), workshop.mode)


def write_attributes(at: datetime, mode: DeliveryMode) -> Markup:
    """Returns the attributes by which the page's script shows a moment on the reader's clock; none
    where that clock is known, or nobody takes part from elsewhere. `at` is on the clock of the
    workshop."""
    if not mode.is_from_anywhere or reader_zone.current() is not None:
        return Markup()
    moment = f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    return _ATTRIBUTES.format(moment, at.tzinfo, name_own("%s"))


def _find_moment(hour: time, workshop: Workshop) -> datetime:
    """Returns when an hour of a workshop is. An hour before its start is on the next day."""
    if hour == workshop.starts:
        return workshop.starts_at.astimezone(workshop.zone)
    day = workshop.day + timedelta(days=hour < workshop.starts)
    return datetime.combine(day, hour, workshop.zone)
