"""Says the actions of the audit log in words: «publicó el taller» for `workshop published`.

A test reads the source and fails when an action that is recorded has no words here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from outreach.domain.audit.audit_log import AuditLine, Details
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.presentation.workshop_cards import CardTag


class AuditSubject(StrEnum):
    """What the log can be filtered by."""

    PEOPLE = "personas"  # access to personal data
    WORKSHOPS = "talleres"
    MONTH = "mes"
    NETWORK = "red"
    SIGNING_IN = "entradas"


@dataclass(frozen=True)
class AuditedAction:
    about: AuditSubject
    words: str  # after the name of the staff member; «%(whom)s» is an account


_PEOPLE, _WORKSHOPS, _MONTH = AuditSubject.PEOPLE, AuditSubject.WORKSHOPS, AuditSubject.MONTH
_NETWORK, _IN = AuditSubject.NETWORK, AuditSubject.SIGNING_IN

ACTIONS: Final[Mapping[str, AuditedAction]] = {
    # one workshop
    "workshop created": AuditedAction(_WORKSHOPS, lazy("creó el taller")),
    "workshop changed": AuditedAction(_WORKSHOPS, lazy("cambió el taller")),
    "workshop published": AuditedAction(_WORKSHOPS, lazy("publicó el taller")),
    "workshop cancelled": AuditedAction(_WORKSHOPS, lazy("canceló el taller")),
    "closed for danger": AuditedAction(_WORKSHOPS, lazy("cerró la entrada por peligro")),
    "told of danger": AuditedAction(_WORKSHOPS, lazy("avisó ya: entrada cerrada por peligro")),
    "reopened after danger": AuditedAction(_WORKSHOPS, lazy("abrió otra vez tras el peligro")),
    "change undone": AuditedAction(_WORKSHOPS, lazy("deshizo un cambio del taller")),
    "notification decided": AuditedAction(_WORKSHOPS, lazy("decidió si se avisa")),
    "workshop deleted": AuditedAction(_WORKSHOPS, lazy("borró un borrador")),
    "workshop template saved": AuditedAction(_WORKSHOPS, lazy("guardó una plantilla de taller")),
    "workshop template deleted": AuditedAction(_WORKSHOPS, lazy("borró una plantilla de taller")),
    "workshop reinstated": AuditedAction(_WORKSHOPS, lazy("reactivó el taller")),
    "recording saved": AuditedAction(_WORKSHOPS, lazy("guardó una grabación")),
    "recording deleted": AuditedAction(_WORKSHOPS, lazy("borró una grabación")),
    "attendance reported": AuditedAction(_WORKSHOPS, lazy("reportó la asistencia")),
    # its people
    "list seen": AuditedAction(_PEOPLE, lazy("vio la lista de un taller con discreción")),
    "contact seen": AuditedAction(_PEOPLE, lazy("vio 1 contacto")),
    "person searched by code": AuditedAction(_PEOPLE, lazy("buscó a alguien por su código")),
    "person searched by contact": AuditedAction(_PEOPLE, lazy("buscó a alguien por su contacto")),
    "call made": AuditedAction(_PEOPLE, lazy("anotó una llamada")),
    "call taken back": AuditedAction(_PEOPLE, lazy("corrigió lo que anotó de una llamada")),
    "answer noted": AuditedAction(_PEOPLE, lazy("anotó si alguien viene")),
    "assisted link made": AuditedAction(_PEOPLE, lazy("hizo un enlace de registro asistido")),
    "doubtful places confirmed": AuditedAction(_PEOPLE, lazy("confirmó lugares dudosos")),
    "doubtful places released": AuditedAction(_PEOPLE, lazy("liberó lugares dudosos")),
    "confirmation undone": AuditedAction(
        _PEOPLE, lazy("deshizo la confirmación de lugares dudosos")
    ),
    "release undone": AuditedAction(_PEOPLE, lazy("deshizo la liberación de lugares dudosos")),
    "place given by hand": AuditedAction(_PEOPLE, lazy("dio un lugar por teléfono")),
    "place given up by phone": AuditedAction(_PEOPLE, lazy("quitó un lugar por teléfono")),
    "address approved": AuditedAction(_PEOPLE, lazy("aprobó que alguien vea la dirección")),
    "address decision undone": AuditedAction(
        _PEOPLE, lazy("deshizo una decisión sobre la dirección")
    ),
    "addresses approved": AuditedAction(_PEOPLE, lazy("aprobó que vean la dirección")),
    "approval declined": AuditedAction(_PEOPLE, lazy("no aprobó que vean la dirección")),
    "approval taken back": AuditedAction(_PEOPLE, lazy("deshizo una aprobación")),
    "letters sent again": AuditedAction(_PEOPLE, lazy("mandó otra vez los correos")),
    "place saved by phone": AuditedAction(_PEOPLE, lazy("apartó un lugar por teléfono")),
    "place held by phone": AuditedAction(_PEOPLE, lazy("apartó un lugar en una llamada")),
    "held place changed": AuditedAction(_PEOPLE, lazy("cambió un lugar en una llamada")),
    "held place moved": AuditedAction(_PEOPLE, lazy("cambió de fecha un lugar en una llamada")),
    "held place released": AuditedAction(_PEOPLE, lazy("soltó un lugar en una llamada")),
    "held contact saved": AuditedAction(_PEOPLE, lazy("anotó cómo avisarle a quien llamó")),
    "call broke off": AuditedAction(_PEOPLE, lazy("anotó que se cortó una llamada")),
    "call hold confirmed": AuditedAction(_PEOPLE, lazy("confirmó un lugar de una llamada cortada")),
    "call hold ended": AuditedAction(_PEOPLE, lazy("se soltó el lugar de una llamada cortada")),
    "code looked up by phone": AuditedAction(_PEOPLE, lazy("miró un código en una llamada")),
    "place changed by phone": AuditedAction(_PEOPLE, lazy("cambió un lugar por teléfono")),
    "place moved by phone": AuditedAction(_PEOPLE, lazy("cambió de fecha un lugar por teléfono")),
    "place cancelled by phone": AuditedAction(_PEOPLE, lazy("canceló un lugar por teléfono")),
    "places changed": AuditedAction(_WORKSHOPS, lazy("cambió los lugares")),
    "message sent": AuditedAction(_PEOPLE, lazy("mandó un mensaje")),
    "message text saved": AuditedAction(_WORKSHOPS, lazy("guardó un texto de mensaje")),
    "message text renamed": AuditedAction(_WORKSHOPS, lazy("renombró un texto de mensaje")),
    "message text deleted": AuditedAction(_WORKSHOPS, lazy("borró un texto de mensaje")),
    "list exported": AuditedAction(_PEOPLE, lazy("bajó la lista")),
    # its door
    "door taken along": AuditedAction(_PEOPLE, lazy("llevó la lista de la entrada en su teléfono")),
    "door sheet printed": AuditedAction(_PEOPLE, lazy("imprimió la lista de la entrada")),
    "certificate made": AuditedAction(_WORKSHOPS, lazy("hizo una constancia")),
    # files
    "workshops brought in": AuditedAction(_WORKSHOPS, lazy("trajo talleres de un archivo")),
    "workshop import undone": AuditedAction(
        _WORKSHOPS, lazy("deshizo la carga de una hoja de talleres")
    ),
    "import draft deleted": AuditedAction(_WORKSHOPS, lazy("borró una hoja a medio traer")),
    "calendar link added": AuditedAction(_WORKSHOPS, lazy("puso el enlace de un calendario")),
    "calendar link changed": AuditedAction(_WORKSHOPS, lazy("cambió el enlace de un calendario")),
    "calendar link removed": AuditedAction(_WORKSHOPS, lazy("quitó el enlace de un calendario")),
    "calendar changes seen": AuditedAction(
        _WORKSHOPS, lazy("dio por vistos los cambios de un calendario")
    ),
    "advocate review recorded": AuditedAction(
        _NETWORK, lazy("anotó la revisión de los talleres con discreción")
    ),
    "help line checked": AuditedAction(_NETWORK, lazy("revisó una línea de ayuda")),
    "release calendar set": AuditedAction(
        _NETWORK, lazy("cambió el calendario de publicación: %(text)s")
    ),
    "release calendar removed": AuditedAction(_NETWORK, lazy("quitó el calendario de publicación")),
    "help line withdrawn": AuditedAction(_NETWORK, lazy("retiró una línea de ayuda")),
    "network added": AuditedAction(_NETWORK, lazy("agregó otra red")),
    "network removed": AuditedAction(_NETWORK, lazy("quitó otra red")),
    "venues brought in": AuditedAction(_NETWORK, lazy("trajo sedes de un archivo")),
    "kinds brought in": AuditedAction(_NETWORK, lazy("trajo tipos de taller de un archivo")),
    "figures brought in": AuditedAction(_MONTH, lazy("trajo cifras de un archivo")),
    # the month
    "month.complete": AuditedAction(_MONTH, lazy("dijo que su mes está completo")),
    "month.incomplete": AuditedAction(_MONTH, lazy("dijo que a su mes le falta algo")),
    "month.remind": AuditedAction(_MONTH, lazy("recordó a quien falta por reportar")),
    "month.remind undone": AuditedAction(_MONTH, lazy("detuvo los recordatorios del mes")),
    "month.close": AuditedAction(_MONTH, lazy("cerró el mes")),
    "month.reopen": AuditedAction(_MONTH, lazy("volvió a abrir el mes")),
    "figure.enter": AuditedAction(_MONTH, lazy("capturó una cifra")),
    "bulletin published": AuditedAction(_MONTH, lazy("publicó el boletín")),
    "bulletin mail decided": AuditedAction(_MONTH, lazy("decidió si el boletín sale por correo")),
    "bulletin mail undone": AuditedAction(_MONTH, lazy("detuvo los correos del boletín")),
    "bulletin publication undone": AuditedAction(
        _MONTH, lazy("deshizo la publicación del boletín")
    ),
    "bulletin corrected": AuditedAction(_MONTH, lazy("empezó a corregir el boletín")),
    # the network
    "office opened": AuditedAction(_NETWORK, lazy("agregó la oficina")),
    "office changed": AuditedAction(_NETWORK, lazy("cambió la oficina")),
    "office closed": AuditedAction(_NETWORK, lazy("cerró la oficina")),
    "extension removed": AuditedAction(_NETWORK, lazy("borró lo que guardaba una extensión")),
    "kind added": AuditedAction(_NETWORK, lazy("agregó un tipo de taller")),
    "kind changed": AuditedAction(_NETWORK, lazy("cambió un tipo de taller")),
    "account invited": AuditedAction(_NETWORK, lazy("invitó a %(whom)s")),
    "invitation sent again": AuditedAction(_NETWORK, lazy("invitó otra vez a %(whom)s")),
    "invitation withdrawn": AuditedAction(_NETWORK, lazy("retiró una invitación")),
    "account rights changed": AuditedAction(_NETWORK, lazy("cambió lo que puede %(whom)s")),
    "account disabled": AuditedAction(_NETWORK, lazy("suspendió a %(whom)s")),
    "account reset": AuditedAction(_NETWORK, lazy("hizo un enlace nuevo para %(whom)s")),
    "copy restored": AuditedAction(_NETWORK, lazy("puso una copia anterior: faltan notas")),
    "second factor reset": AuditedAction(
        _NETWORK, lazy("hizo un enlace nuevo para %(whom)s, también de su segundo factor")
    ),
    # the mobile consulate
    "tour created": AuditedAction(_WORKSHOPS, lazy("creó una gira")),
    "stop added": AuditedAction(_WORKSHOPS, lazy("agregó una parada")),
    "stop changed": AuditedAction(_WORKSHOPS, lazy("cambió una parada")),
    "stop change undone": AuditedAction(_WORKSHOPS, lazy("deshizo un cambio de una parada")),
    "stop cancelled": AuditedAction(_WORKSHOPS, lazy("canceló una parada")),
    "stop reinstated": AuditedAction(_WORKSHOPS, lazy("reactivó una parada")),
    # what workshops draw on
    "place name added": AuditedAction(_WORKSHOPS, lazy("agregó el nombre de un lugar")),
    "place name removed": AuditedAction(_WORKSHOPS, lazy("quitó el nombre de un lugar")),
    "venue created": AuditedAction(_WORKSHOPS, lazy("agregó una sede")),
    "venue changed": AuditedAction(_WORKSHOPS, lazy("cambió una sede")),
    "venue change undone": AuditedAction(_WORKSHOPS, lazy("deshizo un cambio de una sede")),
    "venue affirmed": AuditedAction(
        _WORKSHOPS, lazy("afirmó que en una sede no se avisa a la policía ni a migración")
    ),
    "venue verified": AuditedAction(_WORKSHOPS, lazy("llamó y verificó una sede")),
    "venues merged": AuditedAction(_WORKSHOPS, lazy("unió dos sedes")),
    "venue merge undone": AuditedAction(_WORKSHOPS, lazy("deshizo la unión de dos sedes")),
    "venue retired": AuditedAction(_WORKSHOPS, lazy("retiró una sede")),
    "venue offered": AuditedAction(_WORKSHOPS, lazy("volvió a ofrecer una sede")),
    "partner created": AuditedAction(_WORKSHOPS, lazy("agregó una organización aliada")),
    "partner changed": AuditedAction(_WORKSHOPS, lazy("cambió una organización aliada")),
    "partner retired": AuditedAction(_WORKSHOPS, lazy("retiró una organización aliada")),
    "partner offered": AuditedAction(_WORKSHOPS, lazy("volvió a ofrecer una organización aliada")),
    "speaker created": AuditedAction(_WORKSHOPS, lazy("agregó a una persona que da talleres")),
    "speaker changed": AuditedAction(_WORKSHOPS, lazy("cambió a una persona que da talleres")),
    "speaker retired": AuditedAction(_WORKSHOPS, lazy("retiró a una persona que da talleres")),
    "speaker offered": AuditedAction(
        _WORKSHOPS, lazy("volvió a ofrecer a una persona que da talleres")
    ),
    # the roster
    "roster member added": AuditedAction(_WORKSHOPS, lazy("agregó a alguien al equipo")),
    "roster member changed": AuditedAction(_WORKSHOPS, lazy("cambió a alguien del equipo")),
    "roster member retired": AuditedAction(_WORKSHOPS, lazy("retiró a alguien del equipo")),
    "roster member offered": AuditedAction(_WORKSHOPS, lazy("volvió a ofrecer a alguien")),
    "roster calendar made": AuditedAction(
        _WORKSHOPS, lazy("hizo la dirección del calendario de alguien del equipo")
    ),
    "roster calendar stopped": AuditedAction(
        _WORKSHOPS, lazy("quitó la dirección del calendario de alguien del equipo")
    ),
    "member asked": AuditedAction(_WORKSHOPS, lazy("preguntó a alguien si puede ayudar")),
    "member asked again": AuditedAction(_WORKSHOPS, lazy("preguntó otra vez a alguien")),
    "member released": AuditedAction(_WORKSHOPS, lazy("quitó a alguien de un taller")),
    "member answer noted": AuditedAction(_WORKSHOPS, lazy("anotó la respuesta de alguien")),
    "member confirmed": AuditedAction(_WORKSHOPS, lazy("dijo por su enlace que sí puede")),
    "member declined": AuditedAction(_WORKSHOPS, lazy("dijo por su enlace que no puede")),
    # signing in
    "signed in": AuditedAction(_IN, lazy("inició sesión")),
    "signed out": AuditedAction(_IN, lazy("cerró sesión")),
    "wrong password": AuditedAction(_IN, lazy("escribió mal la contraseña")),
    "too many sign-ins": AuditedAction(_IN, lazy("quiso entrar demasiadas veces")),
    "wrong code": AuditedAction(_IN, lazy("escribió mal el código")),
    "used code refused": AuditedAction(_IN, lazy("dio un código que ya se había usado")),
    "too many codes tried": AuditedAction(_IN, lazy("probó demasiados códigos")),
    "paper code used": AuditedAction(_IN, lazy("entró con un código de papel")),
    "key used": AuditedAction(_IN, lazy("entró con una llave")),
    "key refused": AuditedAction(_IN, lazy("mostró una llave que no vale")),
    "second factor shown again": AuditedAction(_IN, lazy("mostró otra vez su segundo factor")),
    "named by the provider": AuditedAction(_IN, lazy("entró con la cuenta de su institución")),
    "provider's word refused": AuditedAction(_IN, lazy("vino de su institución y no pudo entrar")),
    "ended session refused": AuditedAction(_IN, lazy("usó una sesión que ya había terminado")),
    "role changed meanwhile": AuditedAction(_IN, lazy("vio que cambió lo que puede hacer")),
    # one's own
    "second factor set up": AuditedAction(_IN, lazy("puso su segundo factor")),
    "code application changed": AuditedAction(_IN, lazy("cambió la aplicación de sus códigos")),
    "paper codes printed": AuditedAction(_IN, lazy("hizo códigos de papel nuevos")),
    "key added": AuditedAction(_IN, lazy("agregó una llave")),
    "key removed": AuditedAction(_IN, lazy("quitó una llave")),
    "key renamed": AuditedAction(_IN, lazy("cambió el nombre de una llave")),
    "letters chosen": AuditedAction(_IN, lazy("eligió qué correos recibe")),
    "letters turned off": AuditedAction(_IN, lazy("dejó de recibir correos, con el enlace de uno")),
    "display name changed": AuditedAction(_IN, lazy("cambió su nombre")),
    "language chosen": AuditedAction(_IN, lazy("eligió el idioma de sus páginas")),
    "password changed": AuditedAction(_IN, lazy("cambió su contraseña")),
    "password set by link": AuditedAction(_IN, lazy("puso su contraseña con el enlace")),
    "session ended": AuditedAction(_IN, lazy("terminó una de sus sesiones")),
    "other sessions ended": AuditedAction(_IN, lazy("terminó sus otras sesiones")),
    "own calendar made": AuditedAction(_IN, lazy("hizo la dirección de su calendario")),
    "own calendar replaced": AuditedAction(_IN, lazy("cambió la dirección de su calendario")),
    "own calendar stopped": AuditedAction(_IN, lazy("quitó la dirección de su calendario")),
}

_HIGHLIGHTED: Final = frozenset({"list seen", "contact seen"})


def actions_about(about: AuditSubject | None) -> frozenset[str] | None:
    """The actions about a subject; None for all."""
    if about is None:
        return None
    return frozenset(action for action, known in ACTIONS.items() if known.about is about)


def about_words(about: AuditSubject) -> str:
    words: dict[AuditSubject, str] = {
        AuditSubject.PEOPLE: _("Contactos y listas"),
        AuditSubject.WORKSHOPS: _("Talleres"),
        AuditSubject.MONTH: _("Mes y boletín"),
        AuditSubject.NETWORK: _("Red y personal"),
        AuditSubject.SIGNING_IN: _("Entradas y cuenta"),
    }
    return words[about]


def sentence(line: AuditLine, accounts: Mapping[int, str]) -> str:
    """Returns an action in words, as «publicó el taller»; its code where it has none."""
    known = ACTIONS.get(line.action)
    if known is None:
        return line.action
    words = str(known.words)
    return words % {"whom": _account(line.details, accounts)} if "%(whom)s" in words else words


def tag(line: AuditLine) -> CardTag | None:
    """Returns a tag for entries about access to personal data; None for others."""
    if line.action in _HIGHLIGHTED:
        return CardTag(
            _("Contacto") if line.action == "contact seen" else _("Discreción"), "tag-warn"
        )
    return None


def _account(details: Details, accounts: Mapping[int, str]) -> str:
    """Returns the label of the account that the action was about."""
    return accounts.get(details.get("account", 0)) or _("una cuenta que ya no existe")


def actions_without_words(actions: Iterable[str]) -> list[str]:
    """The actions that have no words, sorted."""
    return sorted(set(actions) - ACTIONS.keys())
