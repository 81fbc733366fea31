"""The preview of a file in words: columns, values, outcomes, errors."""

import difflib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from outreach.domain.network.kinds import Kind, Way
from outreach.domain.workshops import DeliveryMode, WorkshopStatus
from outreach.formats import language_name
from outreach.i18n import current, get_default_language, lazy, ngettext
from outreach.i18n import gettext as _
from outreach.imports.import_errors import ImportFault
from outreach.imports.row_parser import RowParser
from outreach.imports.workshops.preview import PreviewedRow, PreviewVerdict
from outreach.web import error_messages
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common.workshop_labels import short_day, way_words

_MAX_CODE_LENGTH: Final = 40
COLUMNS: Final = {
    "id": lazy("Id"),
    "office": lazy("Oficina"),
    "kind": lazy("Tipo"),
    "title_es": lazy("Título"),
    "title_en": lazy("Título en inglés"),
    "title_fr": lazy("Título en francés"),
    "timezone": lazy("Huso horario"),
    "starts_at": lazy("Empieza"),
    "ends_at": lazy("Termina"),
    "venue": lazy("Sede"),
    "city": lazy("Ciudad"),
    "region": lazy("Estado o provincia"),
    "address": lazy("Dirección"),
    "area": lazy("Zona"),
    "capacity": lazy("Lugares"),
    "languages": lazy("Idiomas"),
    "childcare": lazy("Cuidado de niños"),
    "status": lazy("Estado"),
    "way": lazy("Cómo se entra"),
    "mode": lazy("Modalidad"),
    "phone": lazy("Teléfono"),
    "live_url": lazy("Enlace de la transmisión"),
}
# The notes on the second sheet of the template.
NOTES: Final = (
    lazy("Un taller por renglón. No cambies los nombres de las columnas."),
    lazy(
        "id: un nombre tuyo para el renglón, como dic-01. Con el mismo id, el taller se"
        " cambia y no se hace otro."
    ),
    lazy(
        "starts_at y ends_at: día y hora del lugar, como 2027-01-31T18:30. Sin ends_at"
        " dura lo de su tipo."
    ),
    lazy("title_es: se ve en todas partes. title_en y title_fr: si los tienes."),
    lazy(
        "venue: el nombre de la sede, o «en línea». address: su calle. area: lo que se"
        " puede decir de un lugar que no se publica."
    ),
    lazy("languages: claves separadas por espacios, como «es en». childcare: sí o no."),
    lazy("status: draft (borrador), published (publicado) o cancelled (cancelado)."),
    lazy(
        "way: open (se llega sin cita), place (se aparta lugar), slots (con hora), phone, unlisted."
    ),
    lazy("mode: presencial, hibrido, virtual_sala, virtual_en_vivo o telefonico."),
    lazy("Lo que dejes vacío sale de su tipo o de tu oficina. Fórmulas no: pega solo el valor."),
)


def verdict_tag(seen: PreviewedRow | None) -> CardTag:
    if seen is None:
        return CardTag(_("Con falla"), "tag-bad")
    tags = {
        PreviewVerdict.NEW: CardTag(_("Nuevo"), "tag-good"),
        PreviewVerdict.CHANGED: CardTag(_("Cambia"), "tag-warn"),
        PreviewVerdict.CANCELLED: CardTag(_("Se cancela"), "tag-bad"),
        PreviewVerdict.SAME: CardTag(_("Ya estaba igual")),
    }
    return tags[seen.verdict]


def status_words(status: str) -> str:
    words = {
        WorkshopStatus.DRAFT: _("Borrador"),
        WorkshopStatus.PUBLISHED: _("Publicado"),
        WorkshopStatus.CANCELLED: _("Cancelado"),
    }
    return words.get(WorkshopStatus(status), status)


def column(field: str) -> str:
    return str(COLUMNS.get(field, field))


def value(field: str, text: str) -> str:
    """The value of a cell in words."""
    if not text:
        return str(_("nada"))
    if field in {"starts_at", "ends_at"}:
        return when(text)
    if field == "status":
        return status_words(text)
    if field == "way":
        return way_words(Way(text))
    if field == "mode":
        return mode_words(DeliveryMode(text))
    if field == "languages":
        return ", ".join(language_name(code, current()) for code in text.split())
    if field == "childcare":
        return str(_("Sí") if text == "true" else _("No"))
    return text


def mode_words(mode: DeliveryMode) -> str:
    words: dict[DeliveryMode, str] = {
        DeliveryMode.IN_PERSON: _("En persona"),
        DeliveryMode.LIVE_STREAM: _("En vivo por internet"),
        DeliveryMode.VIDEO_CALL: _("Por videollamada"),
        DeliveryMode.HYBRID: _("En persona y en línea"),
        DeliveryMode.PHONE_BANK: _("Por teléfono"),
    }
    return words[mode]


def when(text: str) -> str:
    """Returns a time as «sáb 5 dic 2026, 10:00 a. m.»; a text that is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{short_day(moment.date())} {moment.year}, {hour_words(moment.time())}"


def notified_words(number: int) -> str:
    return ngettext("%(num)d registro", "%(num)d registros", number) if number else _("Nadie")


def what_to_do(fault: ImportFault, kinds: Iterable[str]) -> str:
    """The message of an error; for a misspelt kind, the most similar one."""
    if fault.field == "kind" and len(fault.value) <= _MAX_CODE_LENGTH:
        near = difflib.get_close_matches(fault.value.lower(), list(kinds), 1, 0.7)
        if near and near[0] != fault.value:
            return str(_("Escribe «%(code)s». Es el tipo más parecido.", code=near[0]))
    return error_messages.say(fault.error)


def twins(seen: PreviewedRow) -> str:
    """The lines of the file that look like the same workshop."""
    lines = [each[1:] for each in seen.twins if each.startswith("#")]
    return ", ".join(lines)


def there_already(seen: PreviewedRow) -> list[str]:
    """The public ids of stored workshops that look like the same."""
    return [each for each in seen.twins if not each.startswith("#")]


def title(line: RowParser, seen: PreviewedRow | None) -> str:
    main = get_default_language()
    text = seen.row.title.get(main, "") if seen else line.raw(f"title_{main}")
    return text[:200] or str(_("Sin título"))


def kind_of(line: RowParser, kinds: dict[str, Kind]) -> Kind | None:
    return kinds.get(line.raw("kind"))


def done_message(counts: str) -> str:
    """Returns counts by outcome, as «24-3-0-0», in words: «Listo: 24 talleres nuevos, 3 cambiaron.»
    Empty for an empty text."""
    parts = counts.split("-")
    if len(parts) != len(PreviewVerdict) or not all(
        p.isascii() and p.isdigit() and len(p) < 6 for p in parts
    ):
        return ""
    new, changed, cancelled, same = map(int, parts)
    phrases = [
        ngettext("%(num)d taller nuevo", "%(num)d talleres nuevos", new) if new else "",
        ngettext("%(num)d cambió", "%(num)d cambiaron", changed) if changed else "",
        ngettext("%(num)d se canceló", "%(num)d se cancelaron", cancelled) if cancelled else "",
        ngettext("%(num)d ya estaba igual", "%(num)d ya estaban igual", same) if same else "",
    ]
    text = ", ".join(each for each in phrases if each)
    return _("Listo: %(counts)s.", counts=text) if text else ""
