"""Writes one workshop as a VEVENT; of a discreet kind, it has place and time only (S14).

The lines are the same in every feed and in the workshop's own file.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from icalendar import Event, vUri

from outreach import clock
from outreach.domain.locations import regions
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.text import clean, clean_lines
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.feeds import labels, serialization
from outreach.feeds.feed_links import FeedLink
from outreach.feeds.serialization import IcsText
from outreach.i18n import say, translate, translator

MAX_TITLE_LENGTH: Final = 200


@dataclass(frozen=True)
class PublicSite:
    """The site that publishes the calendars."""

    public_url: str
    host: str  # in UIDs; stays the same if the site moves
    phone: str = ""  # for offices without one
    links: tuple[FeedLink, ...] = ()  # of its feeds


def write(
    workshop: Workshop,
    lang: str,
    site: PublicSite,
    *,
    is_short: bool = False,
    is_neutral: bool = False,
    has_link: bool = False,
    is_coarse: bool = False,
) -> bytes:
    """The lines from BEGIN:VEVENT to END:VEVENT. With `is_short` the description is the address of
    the page only, for feeds that would be too large otherwise. With `is_neutral` it says «Cita»
    and the city only, for the calendar of one person. A discreet one has a link only with
    `has_link`: one tap on a shared calendar would open a page with help lines. With `is_coarse`,
    for feeds that are pushed, it has the city in place of the venue, and no free text (S39)."""
    start, end = wall_clock(workshop)
    modified_at = changed_at(workshop)
    event = Event()
    event.add("uid", f"taller-{workshop.uid}@{workshop.get_uid_host(site.host)}")
    event.add("dtstamp", modified_at)
    event.add("created", min(workshop.created_at, modified_at))
    event.add("last-modified", modified_at)
    event.add("sequence", workshop.sequence)
    event.add("status", "CANCELLED" if workshop.is_cancelled else "CONFIRMED")
    event.add("dtstart", start.astimezone(workshop.calendar_zone))
    event.add("dtend", end.astimezone(workshop.calendar_zone))
    name = title(workshop, lang, is_neutral=is_neutral)
    event.add("summary", IcsText(_coarse_title(workshop, lang, name) if is_coarse else name))
    is_far = is_neutral or is_coarse
    event.add("location", IcsText(_city(workshop, lang) if is_far else place(workshop, lang)))
    is_linked = has_link or not workshop.is_discreet
    url = _address(workshop, lang, site) if is_linked and not is_neutral else ""
    if not workshop.is_discreet and not is_neutral:
        if is_coarse:
            _add_details(event, workshop, lang, f"{labels.local_time(start, lang)}\n{url}".strip())
        else:
            text = url if is_short else _description(workshop, lang, site, start, url)
            _add_details(event, workshop, lang, text)
            _add_position(event, workshop)
            if not is_short:
                _add_relations(event, workshop, site, url)
    if url:
        event.add("url", url)
    event.add("transp", "TRANSPARENT")  # who follows a calendar is not busy
    return serialization.join_lines(event.content_lines(sorted=False))


def changed_at(workshop: Workshop) -> datetime:
    """Returns when anything last changed that the event shows."""
    return max(
        labels.WORDED_AT,
        workshop.changed_at,
        workshop.office.changed_at,
        workshop.kind.changed_at,
        *([workshop.venue.changed_at] if workshop.venue else []),
    )


def wall_clock(workshop: Workshop) -> tuple[datetime, datetime]:
    """Returns start and end in the zone of the workshop. An end that is skipped by daylight saving
    time is given as the clock shows it afterwards."""
    instants = clock.span(
        workshop.day,
        workshop.starts,
        workshop.ends,
        workshop.zone,
        is_second=workshop.is_second_hour,
    )
    start, end = (instant.astimezone(workshop.zone) for instant in instants)
    return start, end


def title(workshop: Workshop, lang: str, *, is_neutral: bool = False) -> str:
    """The title of the event, with a prefix if it is cancelled."""
    if is_neutral:
        name = translate(labels.APPOINTMENT, lang)
    elif workshop.is_discreet:
        name = say(workshop.kind.neutral_title, lang) or translate(labels.NEUTRAL, lang)
    else:
        name = say(workshop.title, lang)
    name = clean(name) or translate(labels.NEUTRAL, lang)
    prefix = translate(labels.CANCELLED, lang) if workshop.is_cancelled else ""
    room = MAX_TITLE_LENGTH - len(prefix)
    return prefix + (name if len(name) <= room else name[: room - 1].rstrip() + "…")


def place(workshop: Workshop, lang: str) -> str:
    """The place in one line for the map of a phone; only the city unless the address is public."""
    if workshop.mode is DeliveryMode.PHONE_BANK:
        return translate(labels.BY_PHONE, lang)
    if not workshop.mode.has_venue:
        return translate(labels.ONLINE, lang)
    venue = workshop.venue
    if venue is None:
        return _city(workshop, lang)
    known = (venue.name, venue.address) if _has_public_address(workshop) else ()
    parts = [*map(clean, known), _city(workshop, lang)]
    return ", ".join(part for part in parts if part)


def _city(workshop: Workshop, lang: str) -> str:
    if not workshop.mode.has_venue:
        return place(workshop, lang)
    where = workshop.venue or workshop.office
    return clean(regions.after_city(where.city, where.region, lang))


def _coarse_title(workshop: Workshop, lang: str, name: str) -> str:
    """The title, or the name of the kind where the title names the venue or its street."""
    venue = workshop.venue
    places = () if venue is None else (venue.name, venue.address)
    if not any(each and each.casefold() in name.casefold() for each in places):
        return name
    kind = clean(say(workshop.kind.short_name, lang)) or translate(labels.NEUTRAL, lang)
    return (translate(labels.CANCELLED, lang) if workshop.is_cancelled else "") + kind


def _add_details(event: Event, workshop: Workshop, lang: str, text: str) -> None:
    """Adds description and kind of a workshop that is not discreet."""
    if text:
        event.add("description", IcsText(text))
    event.add("categories", [clean(say(workshop.kind.short_name, lang))])


def _has_public_address(workshop: Workshop) -> bool:
    return workshop.visibility is Visibility.PUBLIC and not workshop.is_discreet


def _add_position(event: Event, workshop: Workshop) -> None:
    venue = workshop.venue
    if venue is None or not workshop.mode.has_venue or not _has_public_address(workshop):
        return
    # Only its own position: `near_…` is that of the city, where a pin would mislead.
    if venue.latitude is not None and venue.longitude is not None:
        event.add("geo", (_degrees(venue.latitude), _degrees(venue.longitude)))


def _add_relations(event: Event, workshop: Workshop, site: PublicSite, url: str) -> None:
    """Adds the series that the workshop belongs to, and its picture (RFC 7986, 5.10)."""
    if workshop.series is not None:
        # A UID without a component: all dates of the series have the same one.
        series = f"serie-{workshop.series.uid}@{workshop.get_uid_host(site.host)}"
        event.add("related-to", series, parameters={"RELTYPE": "PARENT"})
    if url:
        # An address with an older number leads to the newest picture.
        event.add(
            "image",
            vUri(f"{url}/imagen-{workshop.sequence}.png"),
            parameters={"VALUE": "URI", "DISPLAY": "BADGE", "FMTTYPE": "image/png"},
        )


def _degrees(angle: float) -> float:
    # Numbers closer to zero would be written as 1e-05, which calendars cannot read.
    return round(angle, 6) if abs(angle) >= 0.0001 else 0.0


def _description(workshop: Workshop, lang: str, site: PublicSite, start: datetime, url: str) -> str:
    bring = clean_lines(say(workshop.bring, lang))
    phone = clean(workshop.phone or workshop.office.phone or site.phone)
    paragraphs = [
        clean_lines(say(workshop.summary, lang)),
        f"{translate(labels.WATCH, lang)}{workshop.public_link}" if workshop.public_link else "",
        f"{translate(labels.BRING, lang)}{bring}" if bring else "",
        f"{translate(labels.CALL, lang)}{phone}" if phone else "",
        translator(lang).pgettext(*labels.SYNTHETIC) if workshop.is_synthetic else "",
        labels.local_time(start, lang),
        url,
    ]
    return "\n".join(each for each in paragraphs if each)


def _address(workshop: Workshop, lang: str, site: PublicSite) -> str:
    # The link of an unlisted workshop is a permission, and calendars are shared.
    if workshop.way is Way.UNLISTED:
        return ""
    return f"{site.public_url}/{lang}/t/{workshop.public_id}"
