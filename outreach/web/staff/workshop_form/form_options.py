"""The options of the lists in the workshop form, with their labels."""

from collections.abc import Iterable
from typing import Final

from outreach.domain.locations import regions, venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode
from outreach.domain.workshops.partners import Partner, Speaker
from outreach.domain.workshops.series import WorkshopSeries
from outreach.formats import language_name
from outreach.i18n import SPOKEN, current, say
from outreach.i18n import gettext as _
from outreach.web.presentation import workshop_cards
from outreach.web.staff.common import workshop_labels

NEW: Final = "nueva"
FIRST_HOUR, SECOND_HOUR = "primera", "segunda"  # which one, if clocks show an hour twice
WAYS: Final = (Way.PLACE, Way.SLOTS, Way.OPEN, Way.PHONE, Way.UNLISTED)

Options = list[tuple[str, str]]  # values and labels


def by_field(
    office: Office,
    kinds: Iterable[Kind],
    offered_venues: Iterable[Venue],
    all_series: Iterable[WorkshopSeries],
    partners: Iterable[Partner],
    speakers: Iterable[Speaker],
) -> dict[str, Options]:
    """The options by the name of the field."""
    spoken = [(code, language_name(code, current())) for code in SPOKEN]
    return {
        "kind": [(kind.code, words_of(kind)) for kind in kinds],
        "which_hour": [
            (FIRST_HOUR, _("La primera vez, antes de atrasar el reloj")),
            (SECOND_HOUR, _("La segunda vez, después de atrasarlo")),
        ],
        "mode": [(mode.value, workshop_cards.mode_words(mode)) for mode in DeliveryMode],
        "venue": [
            ("", _("Sin sede: en línea o por teléfono")),
            *venue_options(offered_venues, office),
            (NEW, _("Otra sede, nueva")),
        ],
        "venue_region": region_options(),
        "venue_zone": zones(office),
        "visibility": [(each.value, workshop_labels.visibility_words(each)) for each in Visibility],
        "way": [(way.value, workshop_labels.way_words(way)) for way in WAYS],
        "languages": spoken,
        "interpretation": spoken,
        "partners": [(str(each.id), each.name) for each in partners],
        "speakers": [(str(each.id), _speaker_words(each)) for each in speakers],
        "series": [
            ("", _("Ninguna")),
            *((str(each.id), _series_words(each)) for each in all_series),
            (NEW, _("Otra serie, nueva")),
        ],
    }


def region_options() -> Options:
    return [(code, say(name, current())) for code, name in regions.load_names().items()]


def zones(office: Office) -> Options:
    """The time zones of an office, its own first."""
    keys = dict.fromkeys((office.zone.key, *office.extra_zones))
    return [(zone, zone) for zone in keys]


def words_of(kind: Kind) -> str:
    return say(kind.name, current())


def venue_options(offered: Iterable[Venue], office: Office) -> Options:
    """The venues to choose from, no two of them alike."""
    every = list(offered)
    names = venues.get_distinct_names(every, home=office.city)
    return [(str(each.id), _venue_words(each, names[each.id])) for each in every]


def same_venue_options(candidates: Iterable[Venue]) -> Options:
    """The answers to «¿Es la misma?»: each of the venues that it may be, or another."""
    every = list(candidates)
    return [
        *((str(each.id), _with_address(each)) for each in every),
        (other_venue(every), _("No, es otra sede")),
    ]


def other_venue(candidates: Iterable[Venue]) -> str:
    """Returns the answer that it is none of these venues. It names them, so that it does not stand
    for others that a changed name would bring."""
    return " ".join((NEW, *(str(each.id) for each in candidates)))


def _with_address(venue: Venue) -> str:
    return ", ".join(part for part in (venue.name, venue.address, venue.city) if part)


def _venue_words(venue: Venue, name: str) -> str:
    if venue.capacity is None:
        return name
    words: str = _("%(name)s (caben %(num)d)", name=name, num=venue.capacity)
    return words


def _speaker_words(speaker: Speaker) -> str:
    return f"{speaker.name}, {speaker.partner.name}" if speaker.partner else speaker.name


def _series_words(series: WorkshopSeries) -> str:
    if not series.is_joint:
        return series.name
    words: str = _("%(name)s (todas las fechas a la vez)", name=series.name)
    return words
