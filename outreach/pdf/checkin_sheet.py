"""Printed check-in sheet: nickname, code, number of people and a box to tick.

It has no surnames, phone numbers or signatures, and tells staff to destroy it after use.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from outreach import formats
from outreach.domain.text import clean, fold
from outreach.domain.workshops import Workshop
from outreach.i18n import current, get_locale, say
from outreach.i18n import gettext as _
from outreach.pdf import typesetting

ROWS: Final = 40  # on a page
MIN_BLANK_ROWS: Final = 6  # for people without a registration


@dataclass(frozen=True, kw_only=True, repr=False)
class SheetLine:
    """One registration."""

    name: str
    code: str
    people: int
    hour: str = ""  # start of the time slot
    arrived: int = 0  # people already checked in


def pdf(workshop: Workshop, lines: Sequence[SheetLine], *, brand: str, made_at: datetime) -> bytes:
    """Returns a PDF/UA in the current language, sorted by time slot and name."""
    lang = current()
    rows = sorted(lines, key=lambda line: (_minute(line.hour), fold(line.name), line.code))
    count = -(-(len(rows) + MIN_BLANK_ROWS) // ROWS)
    pages = [rows[page * ROWS : (page + 1) * ROWS] for page in range(count)]
    data = {
        "lang": lang,
        "region": get_locale(lang).territory,
        "title": _("Hoja de asistencia"),
        "words": _words(rows),
        "workshop": clean(say(workshop.title, lang)),
        "when": _when(workshop),
        "where": clean(workshop.venue.name) if workshop.venue else workshop.office.city,
        "brand": brand,
        "has_hours": workshop.has_slots,
        "rows_on_a_page": ROWS,
        "pages": [[_row(line) for line in page] for page in pages],
    }
    return typesetting.pdf("checkin_sheet", data, made_at=made_at.replace(microsecond=0))


def _words(rows: Sequence[SheetLine]) -> dict[str, str]:
    """Returns the texts of the template, which fills in the placeholders in braces."""
    return {
        "page": _("Página {page} de {pages}"),
        "destroy": _(
            "Sin apellidos, teléfono ni firma. Destruye esta hoja después de anotar el total."
        ),
        "number": _("Núm."),
        "name": _("Nombre o apodo"),
        "hour": _("Hora"),
        "code": _("Código"),
        "people": _("Personas"),
        "arrived": _("Llegó"),
        "no_name": _("Sin registro: no preguntes su nombre"),
        "partly": _("{arrived} de {people}"),
        "yes": _("Sí"),
        "continued": _("Sigue la lista"),
        "seated": _(
            "Con lugar: %(parties)d registros, %(people)d personas.",
            parties=len(rows),
            people=sum(line.people for line in rows),
        ),
        "total": _("Personas que llegaron, en total:"),
    }


def _row(line: SheetLine) -> dict[str, Any]:
    return asdict(line) | {"name": clean(line.name)}


def _minute(hour: str) -> tuple[int, int]:
    """Returns the sort key of a time: 9:40 a. m., 12:20 p. m., 1:00 p. m."""
    if not hour:
        return 0, 0
    digits, _, half = hour.replace("\u00a0", " ").partition(" ")
    hours, _, minutes = digits.partition(":")
    return int(hours) % 12 + (12 if half.startswith("p") else 0), int(minutes)


def _when(workshop: Workshop) -> str:
    lang = current()
    day = formats.dated(workshop.day, formats.WEEKDAY_AND_DAY_WITH_YEAR, lang)
    return f"{day}, {formats.hour(workshop.starts, lang)}"
