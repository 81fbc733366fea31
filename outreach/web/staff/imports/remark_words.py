"""What is asked of the rows of a sheet, and the ways out, in words."""

import re
from collections.abc import Mapping
from datetime import date, time
from types import MappingProxyType
from typing import Final

from outreach.domain.locations import holidays
from outreach.i18n import current, lazy, say
from outreach.i18n import gettext as _
from outreach.imports.guess import hours
from outreach.imports.guess.headings import Field
from outreach.imports.guess.proposals import Outcome
from outreach.imports.guess.remarks import Remark, RemarkCode
from outreach.imports.guess.row_review import RowFix
from outreach.imports.guess.shared_answers import SharedQuestion
from outreach.web import error_messages
from outreach.web.presentation import formatting
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common.workshop_labels import short_day
from outreach.web.staff.imports import import_labels

# What a column may be, in the order of the choice.
FIELDS: Final = MappingProxyType(
    {
        Field.DAY: lazy("Fecha"),
        Field.WEEKDAY: lazy("Día de la semana"),
        Field.MONTH: lazy("Mes"),
        Field.YEAR: lazy("Año"),
        Field.STARTS: lazy("Hora en que empieza"),
        Field.ENDS: lazy("Hora en que termina"),
        Field.MINUTES: lazy("Cuántos minutos dura"),
        Field.ZONE: lazy("Zona horaria"),
        Field.KIND: lazy("Tipo"),
        Field.TITLE: lazy("Título"),
        Field.VENUE: lazy("Sede"),
        Field.ADDRESS: lazy("Dirección"),
        Field.CITY: lazy("Ciudad"),
        Field.CAPACITY: lazy("Lugares"),
        Field.STATUS: lazy("Estado"),
        Field.MODE: lazy("Modalidad"),
        Field.LANGUAGES: lazy("Idiomas"),
        Field.CHILDCARE: lazy("Cuidado de niños"),
        Field.OFFICE: lazy("Oficina"),
        Field.ID: lazy("Id"),
    }
)
# The labels of the form of a row.
LABELS: Final = MappingProxyType(
    {
        Field.DAY: lazy("Día"),
        Field.STARTS: lazy("Empieza"),
        Field.ENDS: lazy("Termina"),
        Field.KIND: lazy("Tipo"),
        Field.TITLE: lazy("Título"),
        Field.VENUE: lazy("Sede"),
        Field.CAPACITY: lazy("Lugares"),
    }
)
_WEEKDAYS: Final = MappingProxyType(
    {
        "Monday": lazy("lunes"),
        "Tuesday": lazy("martes"),
        "Wednesday": lazy("miércoles"),
        "Thursday": lazy("jueves"),
        "Friday": lazy("viernes"),
        "Saturday": lazy("sábado"),
        "Sunday": lazy("domingo"),
    }
)
# Values of remarks that are hours, and «2027-01-17 08:00», a moment, among them.
_OF_HOURS: Final = frozenset({"starts", "ends", "one", "other"})
_ISO_HOUR: Final = re.compile(r"^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d$")
_REMARKS: Final = MappingProxyType(
    {
        RemarkCode.DAY_MISSING: lazy("Falta el día."),
        RemarkCode.DAY_UNREADABLE: lazy("«%(value)s» no es un día. Escríbelo como 31/1/2027."),
        RemarkCode.DAY_SEVERAL: lazy("«%(value)s» son varios días. Pon un renglón para cada uno."),
        RemarkCode.DAY_IMPOSSIBLE: lazy("«%(value)s» no está en el calendario."),
        RemarkCode.DAY_ORDER_UNKNOWN: lazy("«%(value)s», ¿es el %(one)s o el %(other)s?"),
        RemarkCode.DAY_MAY_BE_SWAPPED: lazy(
            "¿Es el %(day)s? La hoja pudo cambiar el día por el mes."
        ),
        RemarkCode.DAY_ABOVE: lazy("Falta el día. ¿Es el del renglón de arriba, %(day)s?"),
        RemarkCode.DAYS_DIFFER: lazy("El renglón dice %(one)s y %(other)s. ¿Qué día es?"),
        RemarkCode.WEEKDAY_CONTRADICTED: lazy("El %(day)s es %(weekday)s; la hoja dice %(typed)s."),
        RemarkCode.YEAR_UNKNOWN: lazy("«%(value)s» no dice el año. ¿Es %(year)s?"),
        RemarkCode.YEAR_UNLIKELY: lazy("El %(day)s está muy lejos. Revisa el año."),
        RemarkCode.DAY_PAST: lazy("Ya pasó (%(day)s, %(starts)s)."),
        RemarkCode.HOUR_MISSING: lazy("Falta la hora."),
        RemarkCode.HOUR_UNREADABLE: lazy(
            "«%(value)s» no es una hora. Escríbela como 6:00 p. m. o 18:00."
        ),
        RemarkCode.HOUR_SEVERAL: lazy("«%(value)s» son varias horas. Deja una."),
        RemarkCode.HALF_OF_DAY_UNKNOWN: lazy("«%(value)s», ¿es a. m. o p. m.?"),
        RemarkCode.HOUR_DOUBLED: lazy(
            "El %(day)s el reloj se atrasa y esa hora pasa dos veces. ¿Es la primera? Si es la "
            "segunda, cárgalo y dilo en su formulario."
        ),
        RemarkCode.HOURS_DIFFER: lazy(
            "¿Qué hora es, %(one)s o %(other)s? El renglón dice las dos."
        ),
        RemarkCode.HOUR_CONVERTED: lazy(
            "Tu hoja dice %(starts)s de %(zone)s. Aquí va en la hora de la sede."
        ),
        RemarkCode.HOUR_OF_OTHER_ZONE: lazy("«%(value)s» es de otra zona. Escribe la de la sede."),
        RemarkCode.ZONE_UNKNOWN: lazy(
            "No conocemos la zona «%(value)s». ¿Son las horas de la sede?"
        ),
        RemarkCode.ZONES_DIFFER: lazy(
            "La hora dice %(one)s y su columna %(other)s. Revisa las horas."
        ),
        RemarkCode.END_BEFORE_START: lazy(
            "El final (%(ends)s) no es después del principio (%(starts)s)."
        ),
        RemarkCode.ENDS_NEXT_DAY: lazy("De %(starts)s a %(ends)s: ¿termina el día siguiente?"),
        RemarkCode.LASTS_LONG: lazy("De %(starts)s a %(ends)s es muy largo. Revisa las horas."),
        RemarkCode.DURATION_UNREADABLE: lazy("«%(value)s» no dice cuánto dura."),
        RemarkCode.KIND_MISSING: lazy("Falta el tipo de taller."),
        RemarkCode.KIND_UNKNOWN: lazy("¿De qué tipo es «%(value)s»?"),
        RemarkCode.KIND_DOUBTFUL: lazy("«%(value)s» puede ser de varios tipos. Elige uno."),
        RemarkCode.TEXT_WITH_CONTACT: lazy(
            "El título o la sede trae un teléfono o un correo. Escríbelo sin él."
        ),
        RemarkCode.TEXT_TOO_LONG: lazy("El título o la sede pasa de %(most)s letras. Acórtalo."),
        RemarkCode.CAPACITY_UNREADABLE: lazy("«%(value)s» no es un número de lugares."),
        RemarkCode.CAPACITY_UNLIMITED: lazy("«%(value)s»: ¿cuántos lugares?"),
        RemarkCode.CANCELLED_IN_FILE: lazy(
            "Tu archivo lo da por cancelado. Entra como borrador: si no se hace, bórralo."
        ),
        RemarkCode.MODE_UNKNOWN: lazy("«%(value)s»: ¿es en persona o en línea? Escribe la sede."),
        RemarkCode.VENUE_PENDING: lazy("Sede por definir: tu hoja dice «%(value)s»."),
        RemarkCode.CAPACITY_IN_SLOTS: lazy(
            "Tu hoja dice %(typed)s lugares. Con citas, en esas horas caben %(count)s."
        ),
        RemarkCode.VENUE_DOUBTFUL: lazy("«%(value)s»: ¿es una sede que ya tienes?"),
        RemarkCode.VENUE_LIKE_LINE: lazy("«%(value)s»: ¿es «%(venue)s» del renglón %(line)s?"),
        RemarkCode.VENUES_TOO_MANY: lazy(
            "Trae más de %(most)s sedes nuevas. Carga primero las demás."
        ),
        RemarkCode.VENUE_RETIRED: lazy("%(venue)s ya no se usa. Elige otra sede."),
        RemarkCode.OFFICE_OTHER: lazy("Es de otra oficina: «%(value)s»."),
        RemarkCode.ROW_HIDDEN: lazy("En la hoja está oculto."),
        RemarkCode.TWIN_OF_LINE: lazy("Es el mismo taller que el renglón %(line)s."),
        RemarkCode.TWIN_OF_WORKSHOP: lazy("Se parece a uno que ya tienes. ¿Es el mismo?"),
        RemarkCode.CHANGE_TELLS_PEOPLE: lazy(
            "Cambia, y ya hay registros (%(count)s). Al cargar eliges a quién se avisa."
        ),
        RemarkCode.WORKSHOP_GONE: lazy("Ese taller ya no está."),
        RemarkCode.OVERLAPS_LINE: lazy("Choca con el renglón %(line)s: misma sede, misma hora."),
        RemarkCode.OVERLAPS_WORKSHOP: lazy(
            "Choca con un taller que ya tienes: misma sede, misma hora."
        ),
        RemarkCode.HOLIDAY: lazy("Ese día es feriado: %(name)s."),
        RemarkCode.RULE_UNREADABLE: lazy(
            "Se repite de un modo que no leemos. Escribe el día, o pon cada fecha aparte."
        ),
        RemarkCode.SERIES_CUT: lazy("Se repite más: leímos las fechas hasta el %(day)s."),
    }
)
# The words for a question that several rows ask.
_SHARED: Final = MappingProxyType(
    {
        RemarkCode.DAY_ABOVE: lazy("Falta el día. ¿Es el del renglón de arriba?"),
        RemarkCode.DAY_MAY_BE_SWAPPED: lazy("¿La hoja cambió el día por el mes?"),
        RemarkCode.DAY_ORDER_UNKNOWN: lazy("¿Va primero el día o el mes?"),
        RemarkCode.ENDS_NEXT_DAY: lazy("¿Terminan el día siguiente?"),
        RemarkCode.LASTS_LONG: lazy("Son muy largos. ¿Están bien las horas?"),
        RemarkCode.ROW_HIDDEN: lazy("En la hoja están ocultos. ¿Los traemos?"),
        RemarkCode.TWIN_OF_WORKSHOP: lazy("Se parecen a otros que ya tienes. ¿Son los mismos?"),
    }
)
_SHARED_WAYS: Final = MappingProxyType(
    {
        RemarkCode.DAY_ABOVE: (lazy("Sí, el de arriba"),),
        RemarkCode.DAY_MAY_BE_SWAPPED: (lazy("No, así está bien"), lazy("Sí, regrésalo")),
        RemarkCode.DAY_ORDER_UNKNOWN: (
            lazy("Primero el día, después el mes"),
            lazy("Primero el mes, después el día"),
        ),
        RemarkCode.HALF_OF_DAY_UNKNOWN: (lazy("De la mañana"), lazy("De la tarde o noche")),
        RemarkCode.ENDS_NEXT_DAY: (lazy("Sí, el día siguiente"),),
        RemarkCode.LASTS_LONG: (lazy("Así están bien"),),
        RemarkCode.ROW_HIDDEN: (lazy("Sí, traerlos"),),
        RemarkCode.TWIN_OF_WORKSHOP: (lazy("Son otros: traerlos"), lazy("No traerlos")),
        RemarkCode.ZONE_UNKNOWN: (lazy("Sí, son las de la sede"),),
        RemarkCode.ZONES_DIFFER: (lazy("Así están bien"),),
        RemarkCode.HOUR_DOUBLED: (lazy("Traerlos con la primera"),),
    }
)
_YES: Final = MappingProxyType(
    {
        RemarkCode.ENDS_NEXT_DAY: lazy("Sí, el día siguiente"),
        RemarkCode.HOUR_DOUBLED: lazy("Traerlo con la primera"),
        RemarkCode.TWIN_OF_WORKSHOP: lazy("Es otro: traerlo"),
    }
)
_OUTCOMES: Final = MappingProxyType(
    {
        Outcome.NEW: CardTag(lazy("Nuevo"), "tag-good"),
        Outcome.CHANGED: CardTag(lazy("Cambia"), "tag-good"),
        Outcome.SAME: CardTag(lazy("Ya estaba"), ""),
        Outcome.ASKED: CardTag(lazy("Falta una respuesta"), "tag-warn"),
        Outcome.REFUSED: CardTag(lazy("Falta arreglarlo"), "tag-bad"),
    }
)


def remark_words(remark: Remark) -> str:
    """Returns what is said about a row, as a sentence."""
    code = remark.error.code
    if not isinstance(code, RemarkCode):
        return error_messages.say(remark.error)
    values = {name: _value_words(name, value) for name, value in remark.error.values.items()}
    if code is RemarkCode.HOLIDAY:
        values["name"] = say(holidays.find_names(str(values["name"])), current())
    return str(_REMARKS[code]) % values


def shared_words(question: SharedQuestion) -> str:
    """Returns what several rows ask, as one sentence."""
    words = _SHARED.get(question.code)
    return str(words) if words is not None else remark_words(question.remark)


def shared_ways(question: SharedQuestion) -> list[str]:
    """Returns what the buttons of a shared question say, one for each way out."""
    if question.code is RemarkCode.YEAR_UNKNOWN:
        return [_("Sí, %(year)s", year=question.remark.error.values["year"])]
    words = _SHARED_WAYS.get(question.code, ())
    return [str(each) for each in words[: len(question.fixes)]]


def _value_words(name: str, value: object) -> object:
    """Returns a value in words: days as «sáb 16 ene 2027», hours as «6:00 p. m.», weekdays in the
    language of the page. Other values, and what the sheet says, stay as they are."""
    if isinstance(value, date):
        return day_words(value)
    if not isinstance(value, str):
        return value
    if name in _OF_HOURS and _ISO_HOUR.search(value):
        is_hour = len(value) == len("18:00")
        return formatting.hour(time.fromisoformat(value)) if is_hour else import_labels.when(value)
    return _WEEKDAYS.get(value) or iso_words(value)


def day_words(day: date | None) -> str:
    """Returns a day as «sáb 16 ene 2027»; empty without a day."""
    return f"{short_day(day)} {day.year}" if day is not None else ""


def iso_words(text: str) -> str:
    """The day of an ISO 8601 text in words; the text itself where it is none."""
    return day_words(_find_day(text)) or text


def _find_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2027-01-31") else None
    except ValueError:
        return None


def fix_words(fix: RowFix) -> str:
    """Returns what the button of a way out says."""
    if fix.is_leaving_out:
        return _("No traerlo")
    if fix.is_accepting:
        return str(_YES.get(fix.code, lazy("Así está bien")))
    if fix.code is RemarkCode.ROW_HIDDEN:
        return _("Traerlo")
    ((field, text),) = list(fix.typed.items())[:1]
    if field is Field.DAY:
        return _("Usar %(value)s", value=iso_words(text))
    return _("Usar %(value)s", value=_typed_hours(text))


def _typed_hours(text: str) -> str:
    """Returns typed hours in words: «6 pm» as «6:00 p. m.», «10-12» as «10:00 a. m. a 12:00 p. m.».
    A text that does not say certain hours stays as it is."""
    reading = hours.read_hours(text)
    found = hours.resolve(reading) if reading is not None else hours.Hours()
    if found.starts is None:
        return text
    if found.ends is None:
        return formatting.hour(found.starts)
    return formatting.hours(found.starts, found.ends)


def outcome_tag(outcome: Outcome, *, is_left_out: bool) -> CardTag:
    return CardTag(lazy("No se trae"), "") if is_left_out else _OUTCOMES[outcome]


def field_choices() -> Mapping[str, str]:
    """Returns what a column may be, by the value of the choice; empty for one that is not read."""
    return {"": _("No traer"), **{field.value: str(words) for field, words in FIELDS.items()}}
