"""The certificate that somebody was at a workshop. The name is printed, and nothing keeps it.

All of them look alike, whatever the kind: one that looked different would tell what it hides.
"""

from datetime import date, datetime
from typing import Final

from outreach.db.base import Words
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.i18n import say
from outreach.pdf import flyer, flyer_text, typesetting
from outreach.reports import bulletin_text

_TITLE: Final[Words] = {
    "es": "Constancia de participación",
    "en": "Certificate of attendance",
    "fr": "Attestation de participation",
}
_SAYS: Final[Words] = {
    "es": "{office} hace constar que",
    "en": "{office} certifies that",
    "fr": "{office} atteste que",
}
_WAS_AT: Final[Words] = {
    "es": "participó en «{title}»",
    "en": "took part in “{title}”",
    "fr": "a participé à «\u00a0{title}\u00a0»",
}
# Of a discreet one nothing more is said.
_WAS_THERE: Final[Words] = {
    "es": "participó en un taller",
    "en": "took part in a workshop",
    "fr": "a participé à un atelier",
}
_WHEN: Final[Words] = {
    "es": "el {day}, en {place}.",
    "en": "on {day}, in {place}.",
    "fr": "le {day}, à {place}.",
}
_ONE_HOUR: Final[Words] = {"es": "Duró 1 hora.", "en": "It took 1 hour.", "fr": "Durée\u00a0: 1 h."}
_HOURS: Final[Words] = {
    "es": "Duró {n} horas.",
    "en": "It took {n} hours.",
    "fr": "Durée\u00a0: {n} h.",
}
_SIGNED: Final[Words] = {"es": "Nombre y firma", "en": "Name and signature", "fr": "Nom, signature"}
_STAMP: Final[Words] = {"es": "Sello", "en": "Stamp", "fr": "Cachet"}
_GIVEN: Final[Words] = {
    "es": "{city}, {day}",
    "en": "{city}, {day}",
    "fr": "{city}, le {day}",
}
_NOT_ID: Final[Words] = {
    "es": "Solo dice que la persona vino. No es una identificación ni dice nada de su situación "
    "migratoria. No guardamos copia.",
    "en": "It only says that the person came. It is not an ID and says nothing about immigration "
    "status. We keep no copy.",
    "fr": "Elle dit seulement que la personne est venue. Ce n’est pas une pièce d’identité et elle "
    "ne dit rien du statut migratoire. Nous n’en gardons aucune copie.",
}


def pdf(
    workshop: Workshop, name: str, hours: str, lang: str, *, brand: str, today: date, now: datetime
) -> bytes:
    """PDF/UA in that language, with the name as it was typed and so many hours: «2», «1.5»."""
    office = workshop.office
    place = office if workshop.is_discreet or workshop.venue is None else workshop.venue
    was = _WAS_THERE if workshop.is_discreet else _WAS_AT
    number = hours if lang == "en" else hours.replace(".", ",") if lang == "fr" else hours
    data = {
        "lang": lang,
        "region": flyer.REGION[lang],
        "brand": brand,
        "title": say(_TITLE, lang),
        "says": say(_SAYS, lang).format(office=say(office.name, lang)),
        "name": flyer_text.breakable(clean(name)),
        "was_at": say(was, lang).format(
            title=flyer_text.breakable(clean(say(workshop.title, lang)))
        ),
        "when": say(_WHEN, lang).format(
            day=bulletin_text.day(workshop.day, lang), place=f"{place.city}, {place.region}"
        ),
        "hours": say(_ONE_HOUR if hours == "1" else _HOURS, lang).format(n=number),
        "given": say(_GIVEN, lang).format(city=office.city, day=bulletin_text.day(today, lang)),
        "signed": say(_SIGNED, lang),
        "stamp": say(_STAMP, lang),
        "not_id": say(_NOT_ID, lang),
    }
    return typesetting.pdf("certificate", data, made_at=now.replace(microsecond=0))
