"""What an agent says, in the language of who calls.

Of a discreet place neither kind nor address is said by telephone, whoever asks; nor a hidden
address of an ordinary one by the call centre, which does not see it.
"""

from dataclasses import dataclass
from datetime import date, time

from outreach import i18n
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.context import config
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.staff.call_centre import spelling
from outreach.web.staff.call_centre.offers import Offer
from outreach.web.staff.call_centre.spelling import SpelledSign
from outreach.web.staff.common import disclosure


@dataclass(frozen=True)
class CallScript:
    language: str
    html_lang: str
    sentences: list[str]
    signs: list[SpelledSign]


def write_offer(offer: Offer, language: str) -> CallScript:
    """Returns what the agent says about the first date that is offered."""
    with i18n.use_language(language):
        sentence = _(
            "«Es gratis. No necesita identificación ni papeles. El %(when)s, ¿le queda bien?»",
            when=_when(offer.workshop.day, offer.starts),
        )
    return CallScript(language, i18n.html_lang(language), [sentence], [])


def write_held(registration: Registration, language: str) -> CallScript:
    """Returns what the agent reads out about a place that has just been held; the registration has
    been opened."""
    code, workshop = registration.door_code, registration.workshop
    with i18n.use_language(language):
        signs = spelling.spell(code)
        spoken = spelling.say_code(code)
        first = _("«Su código es: %(code)s.»", code=spoken)
        return CallScript(
            language,
            i18n.html_lang(language),
            [first, *_describe(registration, workshop), _("«¿Me lo repite, por favor?»")],
            signs,
        )


def _describe(registration: Registration, workshop: Workshop) -> list[str]:
    when = _when(registration.day, registration.starts)
    if registration.apparent_status is not RegistrationStatus.CONFIRMED:
        return [
            _("«Queda en la lista de espera del %(when)s. Todavía no tiene lugar.»", when=when),
            _("«Llame otra vez y diga su código: le decimos si ya le toca.»"),
        ]
    if workshop.is_discreet:
        seats = ngettext(
            "«Es %(num)d lugar, el %(when)s.»", "«Son %(num)d lugares, el %(when)s.»",
            registration.people, when=when,
        )  # fmt: skip
        return [
            seats,
            _say_where_to_read_the_address(),
        ]
    is_unsaid = registration.sees_address and not disclosure.sees(SeenField.ADDRESS, workshop)
    return [
        ngettext(
            "«Es %(num)d lugar, el %(when)s: %(place)s.»",
            "«Son %(num)d lugares, el %(when)s: %(place)s.»",
            registration.people,
            when=when,
            place=_say_place(registration, workshop),
        ),
        *([_say_where_to_read_the_address()] if is_unsaid else []),
        _("«Diga su código en la entrada; no necesita nada más.»")
        if workshop.mode.has_venue
        else _("«Con su código y su apodo entra en %(site)s.»", site=config().host),
    ]


def _say_where_to_read_the_address() -> str:
    return _(
        "«La dirección no se dice por teléfono. Con su código y su apodo la ve en "
        "%(site)s, en «Mi lugar».»",
        site=config().host,
    )


def _say_place(registration: Registration, workshop: Workshop) -> str:
    venue = workshop.venue
    if venue is None or not workshop.mode.has_venue:
        return workshop_cards.mode_words(
            workshop.mode if not workshop.mode.has_venue else DeliveryMode.IN_PERSON
        )
    name = formatting.city_region(venue)
    if not (registration.sees_address and disclosure.sees(SeenField.ADDRESS, workshop)):
        return ", ".join(part for part in (venue.area or "", name) if part)
    return ", ".join(part for part in (venue.name, venue.address or "", name) if part)


def _when(day: date, starts: time) -> str:
    """Returns day and hour in words, as «domingo 6 de diciembre, 10:00 a. m.»"""
    return f"{formatting.day(day)}, {formatting.hour(starts)}"
