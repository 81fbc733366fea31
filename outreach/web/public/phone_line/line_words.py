"""The sentences of the phone line: short, since a caller cannot look back."""

from collections.abc import Sequence
from datetime import datetime

from outreach import formats, i18n, network_profile
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.recordings.voice_notes import LinePrompt
from outreach.domain.registrations import Registration, RegistrationStatus, review
from outreach.i18n import gettext as _
from outreach.i18n import pgettext
from outreach.web.presentation import formatting
from outreach.web.public.phone_line import line_offers
from outreach.web.public.phone_line.line_offers import PhoneOffer


def prompt_words(prompt: LinePrompt) -> str:
    """Returns what a machine says where nobody has recorded the prompt."""
    words = {
        LinePrompt.WELCOME: _("Talleres gratis."),
        LinePrompt.ZIP_CODE: _ask_place(),
        LinePrompt.NO_KEY: _("No te oímos."),
        LinePrompt.SAVED: _("Listo. Quedó apartado con ese código. Te esperamos."),
    }
    return words[prompt]


def _ask_place() -> str:
    elsewhere = line_offers.list_countries_without_zip()
    if not elsewhere:
        return _("Marca los cinco números de tu código postal.")
    if len(elsewhere) == len(network_profile.current().countries):
        return _("Marca 0 y espera.")
    return _(
        "Marca los cinco números de tu código postal. Si estás en %(countries)s, marca 0 y espera.",
        countries=formats.join_located(elsewhere, i18n.current()),
    )


def language_key(number: int) -> str:
    """Says which key chooses the current language, in that language."""
    return pgettext("phone line", "Para español, marca %(num)d.", num=number)


def offices(choices: Sequence[Office]) -> str:
    keys = (
        _("%(name)s, marca %(num)d.", name=formatting.city(each), num=number)
        for number, each in enumerate(choices, 1)
    )
    return " ".join(keys)


def kinds(choices: Sequence[Kind]) -> str:
    lang = i18n.current()
    keys = (
        _("%(name)s, marca %(num)d.", name=i18n.say(each.short_name, lang), num=number)
        for number, each in enumerate(choices, 1)
    )
    return " ".join((*keys, _("Otro tema, o hablar con una persona, marca 0.")))


def dates(choices: Sequence[PhoneOffer]) -> str:
    keys = (
        _(
            "%(day)s, %(hour)s, en %(city)s, marca %(num)d.",
            day=formatting.first_capital(formatting.day(each.workshop.day)),
            hour=_hour(each),
            city=formatting.city(each.workshop.venue or each.workshop.office),
            num=number,
        )
        for number, each in enumerate(choices, 1)
    )
    return " ".join((*keys, _("Para hablar con una persona, marca 0.")))


def code(letters: str) -> str:
    """Says a code slowly, and twice."""
    slowly = ", ".join(letters)
    return _("Apunta tu código: %(code)s. Otra vez: %(code)s.", code=slowly)


def when_and_where(offer: PhoneOffer) -> str:
    venue = offer.workshop.venue
    if venue is None:
        return ""
    words = ", ".join(each for each in (venue.name, venue.address, formatting.city(venue)) if each)
    return _(
        "Es el %(day)s, %(hour)s, en %(place)s.",
        day=formatting.day(offer.workshop.day),
        hour=_hour(offer),
        place=words,
    )


def people_key(most: int) -> str:
    """Says which key saves the seat: nothing has been saved before."""
    if most == 1:
        first = _("Para apartar, marca 1.")
    else:
        first = _("Para apartar, marca cuántas personas vienen, de 1 a %(num)d.", num=most)
    return f"{first} " + _("Para oírlo otra vez, marca 9.")


def own_code() -> str:
    return _("Si ya tienes un código, marca 1 y espera.")


def ask_code() -> str:
    return _("Marca tu código. En lugar de una letra, marca la tecla que la tiene.")


def unknown_code() -> str:
    return _("No encontramos ese código por teléfono.")


def status(registration: Registration, now: datetime, phone: str) -> str:
    """Returns what became of a registration, for somebody who has just made it or keyed in its
    code."""
    if registration.workshop.is_cancelled:
        cancelled = _("Ese taller se canceló.")
        return f"{cancelled} {person(phone)}"
    if registration.is_unconfirmed:
        return f"{_unconfirmed(registration, now)} {person(phone)}"
    words: dict[RegistrationStatus, str] = {
        RegistrationStatus.WAITLISTED: _(
            "Ya no hay lugar seguro. Te guardamos un turno con ese código: llega a la hora, y "
            "entras si hay una silla."
        ),
        RegistrationStatus.OFFERED: _("Hay un lugar para ti. Para tomarlo, habla con una persona."),
        RegistrationStatus.EXPIRED: _("Tu lugar pasó a otra persona."),
    }
    if registration.apparent_status in words:
        return f"{words[registration.apparent_status]} {person(phone)}"
    said = _(
        "Tu lugar del %(day)s, %(hour)s, está apartado. Te esperamos.",
        day=formatting.day(registration.day),
        hour=formatting.hour(registration.starts),
    )
    return f"{said} {full_day()}" if registration.workshop.is_sensitive else said


def full_day() -> str:
    """Returns what is said about each seat at a kind of high sensitivity, so that nobody hears
    which ones are still to be confirmed (S29)."""
    return _("Si al llegar ya no hay lugar, ahí mismo te damos otra fecha.")


def _unconfirmed(registration: Registration, now: datetime) -> str:
    """Says until when a party beyond the share of its network is confirmed, and what to do then."""
    if registration.is_released:
        return _("No pudimos guardarte el lugar. Ven de todos modos: si hay una silla, entras.")
    zone = registration.workshop.zone
    at = review.compute_review(registration.workshop, registration.registered_at).astimezone(zone)
    if (at.date() - now.astimezone(zone).date()).days == 1 and at.time() == review.REVIEW_HOUR:
        return _(
            "Todavía no está confirmado. Llama mañana después de las nueve y marca tu código, o "
            "ven."
        )
    day, hour = formatting.day(at.date()), formatting.hour(at.time())
    if at.hour in {1, 13}:
        return _(
            "Todavía no está confirmado. Llama el %(day)s después de la %(hour)s y marca tu "
            "código, o ven.",
            day=day,
            hour=hour,
        )
    return _(
        "Todavía no está confirmado. Llama el %(day)s después de las %(hour)s y marca tu código, "
        "o ven.",
        day=day,
        hour=hour,
    )


def seat_taken() -> str:
    return _("Ese lugar se acaba de ocupar.")


def code_is_void() -> str:
    return _("Ese lugar se acaba de ocupar. Ese código no sirve.")


def changed() -> str:
    return _("La hora o el lugar cambió. Escucha otra vez.")


def none_near() -> str:
    return _("Cerca de ahí no hay talleres con lugar por teléfono.")


def unknown_place() -> str:
    return _("No conocemos ese código postal.")


def failed() -> str:
    return _("Algo falló. Llama otra vez en unos minutos.")


def person(phone: str) -> str:
    """Says how to reach a person; nobody is asked why."""
    if not phone:
        return _("Para hablar con una persona, llama a tu oficina. Adiós.")
    return _(
        "Para hablar con una persona, llama al %(phone)s. Otra vez: %(phone)s. Adiós.",
        phone=", ".join(character for character in phone if character.isdigit()),
    )


def _hour(offer: PhoneOffer) -> str:
    if offer.slot:
        hours, minutes = offer.slot.split(":")
        starts = offer.workshop.starts.replace(hour=int(hours), minute=int(minutes))
        return formatting.hour(starts)
    return formatting.hour(offer.workshop.starts)
