"""The names of the fields of workshops, venues, kinds and offices, for the audit log and the sheet
before a change."""

from collections.abc import Mapping
from typing import Final

from outreach.i18n import lazy

_FIELDS: Final[Mapping[str, str]] = {
    "address": lazy("dirección"),
    "bring": lazy("qué traer"),
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
    "live_url": lazy("enlace de la transmisión"),
    "opened_on": lazy("día en que abre"),
    "opens_days": lazy("cuándo se abren los lugares"),
    "overbooked": lazy("lugares de más"),
    "partners": lazy("organizaciones aliadas"),
    "party_limit": lazy("personas por registro"),
    "phone": lazy("teléfono"),
    "pictogram": lazy("dibujo"),
    "position": lazy("orden"),
    "public_code": lazy("código público"),
    "neutral_code": lazy("código sin nombre"),
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
    "is_second_hour": lazy("cuál de las dos horas iguales"),
    "summary": lazy("de qué trata"),
    "support": lazy("límites de apoyo"),
    "title": lazy("título"),
    "venue": lazy("sede"),
    "visibility": lazy("quién ve la dirección"),
    "way": lazy("cómo se entra"),
    "website": lazy("página"),
    "zone": lazy("hora local"),
}


def field_words(field: str) -> str:
    """The name of a changed field; the field itself where it has none."""
    return str(_FIELDS.get(field, field))
