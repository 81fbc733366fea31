"""What a calendar says in each language. It is written without a page, so without its catalogue.

Whoever changes a sentence here raises WORDED_AT to the day of the release: a phone that has an
entry takes a new text only when the entry's LAST-MODIFIED has risen.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location

from outreach.db.base import Words
from outreach.i18n import LOCALES

WORDED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)

WORKSHOPS: Final[Words] = {"es": "Talleres", "en": "Workshops", "fr": "Ateliers"}
NETWORK: Final[Words] = {"es": "toda la red", "en": "whole network", "fr": "tout le réseau"}
NEUTRAL: Final[Words] = {"es": "Taller", "en": "Workshop", "fr": "Atelier"}
CANCELLED: Final[Words] = {"es": "CANCELADO: ", "en": "CANCELLED: ", "fr": "ANNULÉ : "}
ONLINE: Final[Words] = {"es": "En línea", "en": "Online", "fr": "En ligne"}
BY_PHONE: Final[Words] = {"es": "Por teléfono", "en": "By phone", "fr": "Par téléphone"}
BRING: Final[Words] = {"es": "Qué llevar: ", "en": "What to bring: ", "fr": "À apporter : "}
CALL: Final[Words] = {"es": "Informes: ", "en": "Questions: ", "fr": "Renseignements : "}
SYNTHETIC: Final[Words] = {
    "es": "Reconstrucción sintética; solo los totales por tipo son reales.",
    "en": "Synthetic reconstruction; only the totals by kind are real.",
    "fr": "Reconstitution synthétique ; seuls les totaux par type sont réels.",
}
ABOUT: Final[Words] = {
    "es": "Talleres gratuitos. Si algo cambia, este calendario se pone al día solo.",
    "en": "Free workshops. If something changes, this calendar updates itself.",
    "fr": "Ateliers gratuits. En cas de changement, ce calendrier se met à jour tout seul.",
}
REACHES: Final[Words] = {
    "es": "Llega hasta el {day}. Para ver más adelante, suscríbete al calendario de una oficina.",
    "en": "It reaches until {day}. To see further ahead, subscribe to one office's calendar.",
    "fr": "Il va jusqu’au {day}. Pour voir plus loin, abonnez-vous au calendrier d’un bureau.",
}
_DAY: Final[Words] = {"es": "d 'de' MMMM 'de' y", "en": "MMMM d, y", "fr": "d MMMM y"}


def day(value: date, lang: str) -> str:
    """3 de diciembre de 2026"""
    return format_date(value, _DAY[lang], LOCALES[lang])


def local_time(start: datetime, lang: str) -> str:
    """10:00, hora de Vancouver, UTC-7"""
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    return f"{start:%H:%M}, {clock_of(zone.key, lang)}, {_offset(start)}"


@cache
def clock_of(key: str, lang: str) -> str:
    """hora de Chicago · Chicago time · heure de Chicago"""
    # Babel says «Indiana/Indianapolis» where it knows no better.
    city = get_timezone_location(key, locale=LOCALES[lang], return_city=True).rpartition("/")[2]
    if lang == "en":
        return f"{city} time"
    if lang == "fr":
        return f"heure d’{city}" if city[0] in "AEIOUÉÎ" else f"heure de {city}"
    return f"hora de {city}"


def _offset(start: datetime) -> str:
    offset = start.utcoffset()
    assert offset is not None
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
