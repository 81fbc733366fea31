"""The options of the lists in the workshop form, with their labels."""

from collections.abc import Iterable
from typing import Final

from outreach.domain.locations import regions
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode
from outreach.domain.workshops.partners import Partner, Speaker
from outreach.domain.workshops.series import WorkshopSeries
from outreach.formats import language_name
from outreach.i18n import SPOKEN
from outreach.i18n import gettext as _
from outreach.languages import STAFF_LANGUAGE
from outreach.web.presentation import workshop_cards
from outreach.web.staff.common import workshop_labels

NEW: Final = "nueva"
WAYS: Final = (Way.PLACE, Way.SLOTS, Way.OPEN, Way.PHONE, Way.UNLISTED)

Options = list[tuple[str, str]]  # values and labels


def by_field(
    office: Office,
    kinds: Iterable[Kind],
    venues: Iterable[Venue],
    all_series: Iterable[WorkshopSeries],
    partners: Iterable[Partner],
    speakers: Iterable[Speaker],
) -> dict[str, Options]:
    """The options by the name of the field."""
    spoken = [(code, language_name(code, STAFF_LANGUAGE)) for code in SPOKEN]
    return {
        "kind": [(kind.code, words_of(kind)) for kind in kinds],
        "mode": [(mode.value, workshop_cards.mode_words(mode)) for mode in DeliveryMode],
        "venue": [
            ("", _("Sin sede: en línea o por teléfono")),
            *((str(venue.id), _venue_words(venue, office)) for venue in venues),
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
    return [(code, name["es"]) for code, name in regions.NAMES.items()]


def zones(office: Office) -> Options:
    """The time zones of an office, its own first."""
    keys = dict.fromkeys((office.zone.key, *office.extra_zones))
    return [(zone, zone) for zone in keys]


def words_of(kind: Kind) -> str:
    return kind.name.get("es", kind.code)


def _venue_words(venue: Venue, office: Office) -> str:
    name = venue.name if venue.city == office.city else f"{venue.name}, {venue.city}"
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
