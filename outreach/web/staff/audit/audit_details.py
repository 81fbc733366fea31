"""What the journal knows beside a deed, in words: «lugares, uno de 12» for `capacity (one of 12)`.

It is ids, numbers, and names of what was changed, in the few shapes that are written where a deed
is noted; a test reads the source, and fails when one of them is said in English.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from outreach.clock import Month
from outreach.domain.audit.audit_log import AuditLine
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.presentation.formatting import first_capital, month_and_year
from outreach.web.staff.audit.audit_labels import DEEDS, AuditSubject

# The names of what was changed, as the forms have them.
_FIELDS: Final[Mapping[str, str]] = {
    "address": lazy("dirección"),
    "bring": lazy("qué llevar"),
    "capacity": lazy("lugares"),
    "city": lazy("ciudad"),
    "closed_on": lazy("día en que cierra"),
    "colour": lazy("color"),
    "confirm_days": lazy("cuándo se pregunta quién viene"),
    "countries": lazy("países"),
    "country": lazy("país"),
    "day": lazy("fecha"),
    "description": lazy("descripción"),
    "district": lazy("circunscripción"),
    "email": lazy("correo"),
    "ends": lazy("hora de término"),
    "extra_zones": lazy("otras horas locales"),
    "facilitator": lazy("quien lo da"),
    "frees_silence": lazy("qué pasa si nadie contesta"),
    "has_childcare": lazy("cuidado de niños"),
    "has_reminders": lazy("recordatorios"),
    "has_waiting_list": lazy("lista de espera"),
    "interpretation": lazy("intérpretes"),
    "is_core": lazy("tipo principal"),
    "is_discreet": lazy("discreción"),
    "kind": lazy("tipo"),
    "languages": lazy("idiomas"),
    "latitude": lazy("posición"),
    "longitude": lazy("posición"),
    "minutes": lazy("duración"),
    "mode": lazy("cómo se da"),
    "name": lazy("nombre"),
    "neutral_title": lazy("título neutro"),
    "note": lazy("nota"),
    "online_url": lazy("enlace en línea"),
    "opened_on": lazy("día en que abre"),
    "opens_days": lazy("cuándo se abren los lugares"),
    "overbooked": lazy("lugares de más"),
    "partners": lazy("organizaciones aliadas"),
    "party_limit": lazy("personas por registro"),
    "phone": lazy("teléfono"),
    "pictogram": lazy("dibujo"),
    "position": lazy("orden"),
    "public_code": lazy("código público"),
    "rank": lazy("rango"),
    "region": lazy("estado"),
    "retention_days": lazy("cuándo se borran los datos"),
    "sensitivity": lazy("sensibilidad"),
    "series": lazy("serie"),
    "short_name": lazy("nombre corto"),
    "sign": lazy("color"),
    "slot_minutes": lazy("minutos de cada cita"),
    "slot_places": lazy("lugares a cada hora"),
    "speakers": lazy("quienes dan talleres"),
    "starts": lazy("hora de inicio"),
    "summary": lazy("de qué trata"),
    "support": lazy("límites de apoyo"),
    "title": lazy("título"),
    "venue": lazy("sede"),
    "visibility": lazy("quién ve la dirección"),
    "way": lazy("cómo se llega"),
    "website": lazy("página"),
    "zone": lazy("hora local"),
}
_CAUSES: Final[Mapping[str, str]] = {
    "facilitator": lazy("Quien lo daba no puede"),
    "venue": lazy("La sede no está disponible"),
    "weather": lazy("Clima o emergencia"),
    "few": lazy("Hay muy pocas personas"),
    "moved": lazy("Se hará en otra fecha"),
    "other": lazy("Otra razón"),
}
_ROLES: Final[Mapping[str, str]] = {
    "admin": lazy("Administra"),
    "organizer": lazy("Organiza"),
    "door": lazy("Entrada"),
    "reader": lazy("Consulta"),
}
_ANSWERS: Final[Mapping[str, str]] = {
    "password and code": lazy("con contraseña y código"),
    "password and key": lazy("con contraseña y llave"),
    "key": lazy("con una llave"),
    "provider": lazy("con su institución"),
    "set up": lazy("al poner su segundo factor"),
    "no code": lazy("sin código"),
    "code refused": lazy("el código no valió"),
    "ID token refused": lazy("la firma no valió"),
    "ID token of another client": lazy("la firma era para otro sitio"),
    "e-mail not verified": lazy("el correo no está verificado"),
    "no account": lazy("no hay esa cuenta"),
    "no second factor there": lazy("no mostró allá su segundo factor"),
    "not shown again there": lazy("no lo mostró otra vez allá"),
}
_MESSAGES: Final[Mapping[str, str]] = {
    "reminder": lazy("recordatorio"),
    "place": lazy("cambio de lugar"),
    "hour": lazy("cambio de hora"),
    "bring": lazy("qué llevar"),
    "cancelled": lazy("cancelación"),
    "all": lazy("a todas las personas"),
    "seated": lazy("a quien tiene lugar"),
    "waiting": lazy("a quien espera"),
}
_FILES: Final[Mapping[str, str]] = {
    "new": lazy("nuevos:"),
    "changed": lazy("cambiados:"),
    "cancelled": lazy("cancelados:"),
    "same": lazy("iguales:"),
}
# Whatever else is beside a deed: what stands for what, in the order in which they are looked for.
_SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(shape), words)
    for shape, words in (
        (r"one of (\d+)", lazy("uno de %s")),
        (r"untold", lazy("sin avisar")),
        (r"clone of (\S+)", lazy("copia de %s")),
        (r"repeats (\S+)", lazy("repite %s")),
        (r"as (\w{10,26})", lazy("como %s")),
        (r"(\d+) dates", lazy("fechas: %s")),
        (r"(\d+) at once", lazy("a la vez: %s")),
        (r"month (\d{4}-\d\d)", lazy("mes %s")),
        (r"tour (\d+)", lazy("gira %s")),
        (r"stop (\d+)", lazy("parada %s")),
        (r"venue (\d+)", lazy("sede %s")),
        (r"partner (\d+)", lazy("organización %s")),
        (r"speaker (\d+)", lazy("persona %s")),
        (r"draft (\S+)", lazy("borrador %s")),
        (r"file (\S+?)", lazy("archivo %s")),
        (r"(\d+) workshops", lazy("talleres: %s")),
        (r"(\d+) told", lazy("avisos: %s")),
        (r"(\d+) parties", lazy("registros: %s")),
        (r"(\d+) by e-mail", lazy("por correo: %s")),
        (r"(\d+) by phone", lazy("por teléfono: %s")),
        (r"(\d+) left", lazy("quedan %s")),
        (r"(\d+) to (\d+)", lazy("de %s a %s")),
        (r"lines (\d+) to (\d+)", lazy("notas %s a %s")),
        (r"not held", lazy("no se hizo")),
        (r"held", lazy("se hizo")),
        (r"edition (\d+)", lazy("edición %s")),
        (r"revision (\d+)", lazy("revisión %s")),
    )
)
_BETWEEN: Final = re.compile(r"(, |: |; | \(|\))")
_MONTH_FIRST: Final = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))([ ,:]*)(.*)")


def words(line: AuditLine, cities: Mapping[str, str]) -> str:
    """What else is known of it: ids, numbers and the names of what changed."""
    deed = DEEDS.get(line.action)
    if deed is not None and "%(whom)s" in str(deed.words):
        return _rights(line.detail.partition(": ")[2], cities)
    if line.action == "role changed meanwhile":
        return _rights(line.detail, cities)
    if deed is not None and deed.about is AuditSubject.MONTH:
        return _of_month(line)
    if line.action == "attendance reported" and line.detail.startswith("held, "):
        return str(_("Se hizo: %(num)s personas", num=line.detail.removeprefix("held, ")))
    known = _KNOWN.get(line.action, _FIELDS)
    return _retold(line.detail, lambda each: str(known.get(each, "")))


def _retold(detail: str, known: Callable[[str], str]) -> str:
    """Each part of it in our words; one that has none, as an id, as it is."""
    return "".join(
        each if index % 2 else known(each) or _shaped(each, known)
        for index, each in enumerate(_BETWEEN.split(detail))
    )


def _shaped(part: str, known: Callable[[str], str]) -> str:
    for shape, told in _SHAPES:
        if found := shape.fullmatch(part):
            return str(told) % found.groups() if found.groups() else str(told)
    first, space, number = part.rpartition(" ")  # «new 12» of a file
    return f"{known(first)} {number}" if space and known(first) else part


def _rights(told: str, cities: Mapping[str, str]) -> str:
    """«organizer chicago, door *»: Organiza · Chicago; Entrada · Toda la red"""
    said = []
    for each in filter(None, told.split(", ")):
        role, _space, office = each.partition(" ")
        where = _("Toda la red") if office == "*" else cities.get(office, office)
        said.append(f"{_ROLES.get(role, role)} · {where}" if office else role)
    return "; ".join(said)


def _of_month(line: AuditLine) -> str:
    """«2020-01 1» of a month that was closed: Enero de 2020, revisión 1"""
    found = _MONTH_FIRST.fullmatch(line.detail)
    if found is None:
        return line.detail
    month, rest = first_capital(month_and_year(Month.parse(found[1]).first)), found[3]
    if line.action in {"month.close", "month.reopen"} and rest:
        return str(_("%(month)s, revisión %(number)s", month=month, number=rest))
    if line.action == "month.remind" and rest:
        return str(_("%(month)s, cartas: %(number)s", month=month, number=rest))
    known = _KNOWN.get(line.action, {})
    return f"{month}, {_retold(rest, lambda each: str(known.get(each, '')))}" if rest else month


# Beside some deeds a word is no name of a field.
_KNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "workshop cancelled": _CAUSES,
    "message sent": _MESSAGES,
    "workshops brought in": _FILES,
    "kinds brought in": _FILES,
    "figures brought in": _FILES,
    "signed in": _ANSWERS,
    "provider's word refused": _ANSWERS,
}
