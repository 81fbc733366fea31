"""Says the details of an audit entry in words: «lugares; uno de 12».

A test reads the source and fails when a key that is recorded has no words here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from outreach.clock import Month
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.presentation.formatting import first_capital, month_and_year
from outreach.web.staff.common import call_labels
from outreach.web.staff.common.field_labels import field_words
from outreach.web.staff.common.guards import role_names
from outreach.web.staff.common.mailing_sheet import WITHHELD_REASONS
from outreach.web.staff.common.notify_sheet import SILENCE_REASONS

_CANCEL_REASONS: Final[Mapping[str, str]] = {
    "facilitator": lazy("Quien lo daba no puede"),
    "venue": lazy("La sede no está disponible"),
    "weather": lazy("Clima o emergencia"),
    "few": lazy("Hay muy pocas personas"),
    "moved": lazy("Se hará en otra fecha"),
    "other": lazy("Otra razón"),
}
_SIGN_IN_CODES: Final[Mapping[str, str]] = {
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
_MESSAGE_TEMPLATES: Final[Mapping[str, str]] = {
    "reminder": lazy("recordatorio"),
    "place": lazy("cambio de lugar"),
    "hour": lazy("cambio de hora"),
    "bring": lazy("qué traer"),
    "cancelled": lazy("cancelación"),
}
_AUDIENCES: Final[Mapping[str, str]] = {
    "all": lazy("a todas las personas"),
    "seated": lazy("a quien tiene lugar"),
    "waiting": lazy("a quien espera"),
}
# One value in a sentence of its own. «%s» is the value.
_PHRASES: Final[Mapping[str, str]] = {
    "after": lazy("a %s"),
    "at_once": lazy("a la vez: %s"),
    "before": lazy("de %s"),
    "by_email": lazy("por correo: %s"),
    "by_phone": lazy("por teléfono: %s"),
    "cancelled": lazy("cancelados: %s"),
    "changed": lazy("cambiados: %s"),
    "clone_of": lazy("copia de %s"),
    "closed_on": lazy("cierra el %s"),
    "dates": lazy("fechas: %s"),
    "draft": lazy("borrador %s"),
    "edition": lazy("edición %s"),
    "figure": lazy("cifra %s"),
    "file": lazy("archivo %s"),
    "first_line": lazy("notas desde %s"),
    "hours": lazy("horas: %s"),
    "kind": lazy("tipo %s"),
    "last_line": lazy("hasta %s"),
    "left": lazy("quedan %s"),
    "letters": lazy("cartas: %s"),
    "extension": lazy("extensión %s"),
    "network": lazy("red %s"),
    "new": lazy("nuevos: %s"),
    "one_of": lazy("uno de %s"),
    "parties": lazy("registros: %s"),
    "partner": lazy("organización %s"),
    "people": lazy("personas: %s"),
    "reminders": lazy("recordatorios de cada una: %s"),
    "repeats": lazy("repite %s"),
    "revision": lazy("revisión %s"),
    "role_count": lazy("papeles: %s"),
    "same": lazy("iguales: %s"),
    "same_as": lazy("como %s"),
    "sessions": lazy("sesiones: %s"),
    "speaker": lazy("persona %s"),
    "stop": lazy("parada %s"),
    "text": lazy("texto %s"),
    "tour": lazy("gira %s"),
    "venue": lazy("sede %s"),
    "merged": lazy("que era la %s"),
    "member": lazy("persona del equipo %s"),
    "workshops": lazy("talleres: %s"),
}
# A code that stands for words.
_DECISIONS: Final = {
    NotifyMode.NOTIFY.value: lazy("avisar"),
    NotifyMode.LATER.value: lazy("decidir luego"),
    NotifyMode.NOBODY.value: lazy("no avisar"),
    NotifyMode.URGENT.value: lazy("avisar ya"),
}
_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "audience": _AUDIENCES,
    "decision": _DECISIONS,
    "outcome": call_labels.OUTCOMES,
    "by": _SIGN_IN_CODES,
    "reason": {
        **_CANCEL_REASONS,
        **_SIGN_IN_CODES,
        **SILENCE_REASONS,
        **WITHHELD_REASONS,
    },
    "template": _MESSAGE_TEMPLATES,
}
# Keys are said in this order; one that is not here comes last.
_ORDER: Final = (
    "month", "office", "kind", "file", "tour", "stop", "venue", "merged", "partner", "speaker",
    "member", "draft", "clone_of", "repeats", "same_as", "template", "text", "audience", "reason",
    "by", "held", "fields", "figure", "value", "roles", "before", "after", "first_line",
    "last_line", "edition", "revision", "new", "changed", "cancelled", "same", "file_type",
    "language",
)  # fmt: skip


def words(details: Details, cities: Mapping[str, str]) -> str:
    """The details in one line; `cities` are those of the offices, by slug. The account that an
    action is about is not among them: `audit_labels.sentence` names it."""
    ranks = {key: rank for rank, key in enumerate(_ORDER)}
    keys = sorted(details.keys() - {"account"}, key=lambda key: (ranks.get(key, len(ranks)), key))
    phrases = (_phrase(key, details[key], cities) for key in keys)
    return "; ".join(phrase for phrase in phrases if phrase)


def has_words(key: str) -> bool:
    """Whether a key of details can be said."""
    return key == "account" or key in _PHRASES or key in _CODES or key in _SPECIAL


def _phrase(key: str, value: Any, cities: Mapping[str, str]) -> str:
    if key in _CODES:
        return str(_CODES[key].get(value, value))
    if key in _PHRASES:
        return str(str(_PHRASES[key]) % value)
    special = _SPECIAL.get(key)
    return special(value, cities) if special else f"{key}: {value}"


def _month(value: Any, _cities: Mapping[str, str]) -> str:
    try:
        return first_capital(month_and_year(Month.parse(value).first))
    except ValueError:
        return str(value)


def _office(value: Any, cities: Mapping[str, str]) -> str:
    return cities.get(value) or str(value)


def _roles(value: Any, cities: Mapping[str, str]) -> str:
    """Returns roles in words: «Organiza · Chicago, Entrada · Toda la red»."""
    return ", ".join(
        f"{next((role_names([each]) for each in Role if each == role), role)} · "
        + (str(_("Toda la red") if office == ALL_OFFICES else cities.get(office, office)))
        for office, role in sorted(value.items())
    )


def _notified(value: Any, _cities: Mapping[str, str]) -> str:
    return str(_("sin avisar") if value is False else _("avisos: %(num)s", num=value))


_SPECIAL: Final[Mapping[str, Callable[[Any, Mapping[str, str]], str]]] = {
    "month": _month,
    "office": _office,
    "roles": _roles,
    "notified": _notified,
    "fields": lambda value, _cities: ", ".join(map(field_words, value)),
    "held": lambda value, _cities: str(_("se hizo") if value else _("no se hizo")),
    "value": lambda value, _cities: "–" if value is None else str(value),
    "file_type": lambda value, _cities: str(value),
    "language": lambda value, _cities: str(value),
    "text": lambda value, _cities: str(value),
}
