"""The words of calendars.

A change of a message here, or of its translation, must raise WORDED_AT to the day of the release:
a calendar program takes the new text of an event only when LAST-MODIFIED has risen (RFC 5545,
section 3.8.7.3).
"""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from outreach import formats
from outreach.i18n import N_, NP_

WORDED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)

WORKSHOPS: Final = N_("Talleres")
NETWORK: Final = N_("toda la red")
NEUTRAL: Final = N_("Taller")
CANCELLED: Final = N_("CANCELADO: ")
ONLINE: Final = N_("En línea")
BY_PHONE: Final = N_("Por teléfono")
BRING: Final = N_("Qué traer: ")
WATCH: Final = N_("Míralo en vivo: ")
APPOINTMENT: Final = N_("Cita")
CALL: Final = N_("Informes: ")
SYNTHETIC: Final = NP_(
    "calendar", "Reconstrucción sintética; solo los totales por tipo son reales."
)
ABOUT: Final = N_("Talleres gratuitos. Si algo cambia, este calendario se pone al día solo.")
REACHES: Final = N_(
    "Llega hasta el %(day)s. Para ver más adelante, suscríbete al calendario de una oficina."
)


def day(value: date, lang: str) -> str:
    """Returns a day in words, as «3 de diciembre de 2026»."""
    return formats.dated(value, formats.DAY_WITH_YEAR, lang)


def local_time(start: datetime, lang: str) -> str:
    """Returns an hour with its clock, as «10:00, hora de Vancouver, UTC-7»."""
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    return f"{start:%H:%M}, {formats.zone_time(zone.key, lang)}, {_offset(start)}"


def _offset(start: datetime) -> str:
    offset = start.utcoffset()
    assert offset is not None
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
