"""What the journal says, in words: «publicó el taller» for `workshop published`.

One line an action. The code of each is written where it is noted; a test reads the source, and
fails when one of them is not here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from outreach.domain.audit.audit_log import Line
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.presentation.workshop_cards import Tag


class About(StrEnum):
    """What one may look for."""

    PEOPLE = "personas"  # what somebody saw of who registered
    WORKSHOPS = "talleres"
    MONTH = "mes"
    NETWORK = "red"
    SIGNING_IN = "entradas"


@dataclass(frozen=True)
class Deed:
    about: About
    words: str  # after the name of who did it; «%(whom)s» is an account


_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_PEOPLE, _WORKSHOPS, _MONTH = About.PEOPLE, About.WORKSHOPS, About.MONTH
_NETWORK, _IN = About.NETWORK, About.SIGNING_IN

DEEDS: Final[Mapping[str, Deed]] = {
    # one workshop
    "workshop created": Deed(_WORKSHOPS, lazy("creó el taller")),
    "workshop changed": Deed(_WORKSHOPS, lazy("cambió el taller")),
    "workshop published": Deed(_WORKSHOPS, lazy("publicó el taller")),
    "workshop cancelled": Deed(_WORKSHOPS, lazy("canceló el taller")),
    "workshop deleted": Deed(_WORKSHOPS, lazy("borró un borrador")),
    "workshop reinstated": Deed(_WORKSHOPS, lazy("reactivó el taller")),
    "attendance reported": Deed(_WORKSHOPS, lazy("reportó la asistencia")),
    # its people
    "list seen": Deed(_PEOPLE, lazy("vio la lista de un taller con discreción")),
    "contact seen": Deed(_PEOPLE, lazy("vio 1 contacto")),
    "call made": Deed(_PEOPLE, lazy("anotó una llamada")),
    "answer noted": Deed(_PEOPLE, lazy("anotó si alguien viene")),
    "place given by hand": Deed(_PEOPLE, lazy("dio un lugar por teléfono")),
    "place given up by phone": Deed(_PEOPLE, lazy("quitó un lugar por teléfono")),
    "address approved": Deed(_PEOPLE, lazy("aprobó que alguien vea la dirección")),
    "approval taken back": Deed(_PEOPLE, lazy("deshizo una aprobación")),
    "letters sent again": Deed(_PEOPLE, lazy("mandó otra vez los correos")),
    "place saved by phone": Deed(_PEOPLE, lazy("apartó un lugar por teléfono")),
    "places changed": Deed(_WORKSHOPS, lazy("cambió los lugares")),
    "message sent": Deed(_PEOPLE, lazy("mandó un mensaje")),
    "list exported": Deed(_PEOPLE, lazy("bajó la lista")),
    # its door
    "door taken along": Deed(_PEOPLE, lazy("llevó la lista de la entrada en su teléfono")),
    "door sheet printed": Deed(_PEOPLE, lazy("imprimió la lista de la entrada")),
    "certificate made": Deed(_WORKSHOPS, lazy("hizo una constancia")),
    # files
    "workshops brought in": Deed(_WORKSHOPS, lazy("trajo talleres de un archivo")),
    "kinds brought in": Deed(_NETWORK, lazy("trajo tipos de taller de un archivo")),
    "figures brought in": Deed(_MONTH, lazy("trajo cifras de un archivo")),
    # the month
    "month.complete": Deed(_MONTH, lazy("dijo que su mes está completo")),
    "month.incomplete": Deed(_MONTH, lazy("dijo que a su mes le falta algo")),
    "month.remind": Deed(_MONTH, lazy("recordó a quien falta por reportar")),
    "month.close": Deed(_MONTH, lazy("cerró el mes")),
    "month.reopen": Deed(_MONTH, lazy("volvió a abrir el mes")),
    "figure.enter": Deed(_MONTH, lazy("capturó una cifra")),
    "bulletin published": Deed(_MONTH, lazy("publicó el boletín")),
    "bulletin corrected": Deed(_MONTH, lazy("empezó a corregir el boletín")),
    # the network
    "office opened": Deed(_NETWORK, lazy("agregó la oficina")),
    "office changed": Deed(_NETWORK, lazy("cambió la oficina")),
    "office closed": Deed(_NETWORK, lazy("cerró la oficina")),
    "kind added": Deed(_NETWORK, lazy("agregó un tipo de taller")),
    "kind changed": Deed(_NETWORK, lazy("cambió un tipo de taller")),
    "account invited": Deed(_NETWORK, lazy("invitó a %(whom)s")),
    "account rights changed": Deed(_NETWORK, lazy("cambió lo que puede %(whom)s")),
    "account disabled": Deed(_NETWORK, lazy("suspendió a %(whom)s")),
    "account reset": Deed(_NETWORK, lazy("hizo un enlace nuevo para %(whom)s")),
    "copy restored": Deed(_NETWORK, lazy("puso una copia anterior: faltan notas")),
    "second factor reset": Deed(
        _NETWORK, lazy("hizo un enlace nuevo para %(whom)s, también de su segundo factor")
    ),
    # the mobile consulate
    "tour created": Deed(_WORKSHOPS, lazy("creó una gira")),
    "stop added": Deed(_WORKSHOPS, lazy("agregó una parada")),
    "stop changed": Deed(_WORKSHOPS, lazy("cambió una parada")),
    "stop cancelled": Deed(_WORKSHOPS, lazy("canceló una parada")),
    "stop reinstated": Deed(_WORKSHOPS, lazy("reactivó una parada")),
    # what workshops draw on
    "venue created": Deed(_WORKSHOPS, lazy("agregó una sede")),
    "venue changed": Deed(_WORKSHOPS, lazy("cambió una sede")),
    "venue retired": Deed(_WORKSHOPS, lazy("retiró una sede")),
    "venue offered": Deed(_WORKSHOPS, lazy("volvió a ofrecer una sede")),
    "partner created": Deed(_WORKSHOPS, lazy("agregó una organización aliada")),
    "partner changed": Deed(_WORKSHOPS, lazy("cambió una organización aliada")),
    "partner retired": Deed(_WORKSHOPS, lazy("retiró una organización aliada")),
    "partner offered": Deed(_WORKSHOPS, lazy("volvió a ofrecer una organización aliada")),
    "speaker created": Deed(_WORKSHOPS, lazy("agregó a una persona que da talleres")),
    "speaker changed": Deed(_WORKSHOPS, lazy("cambió a una persona que da talleres")),
    "speaker retired": Deed(_WORKSHOPS, lazy("retiró a una persona que da talleres")),
    "speaker offered": Deed(_WORKSHOPS, lazy("volvió a ofrecer a una persona que da talleres")),
    # signing in
    "signed in": Deed(_IN, lazy("inició sesión")),
    "signed out": Deed(_IN, lazy("cerró sesión")),
    "wrong password": Deed(_IN, lazy("escribió mal la contraseña")),
    "too many sign-ins": Deed(_IN, lazy("quiso entrar demasiadas veces")),
    "wrong code": Deed(_IN, lazy("escribió mal el código")),
    "used code refused": Deed(_IN, lazy("dio un código que ya se había usado")),
    "too many codes tried": Deed(_IN, lazy("probó demasiados códigos")),
    "paper code used": Deed(_IN, lazy("entró con un código de papel")),
    "key used": Deed(_IN, lazy("entró con una llave")),
    "key refused": Deed(_IN, lazy("mostró una llave que no vale")),
    "second factor shown again": Deed(_IN, lazy("mostró otra vez su segundo factor")),
    "named by the provider": Deed(_IN, lazy("entró con la cuenta de su institución")),
    "provider's word refused": Deed(_IN, lazy("vino de su institución y no pudo entrar")),
    "ended session refused": Deed(_IN, lazy("usó una sesión que ya había terminado")),
    "role changed meanwhile": Deed(_IN, lazy("vio que cambió lo que puede hacer")),
    # one's own
    "second factor set up": Deed(_IN, lazy("puso su segundo factor")),
    "code application changed": Deed(_IN, lazy("cambió la aplicación de sus códigos")),
    "paper codes printed": Deed(_IN, lazy("hizo códigos de papel nuevos")),
    "key added": Deed(_IN, lazy("agregó una llave")),
    "key removed": Deed(_IN, lazy("quitó una llave")),
    "key renamed": Deed(_IN, lazy("cambió el nombre de una llave")),
    "password changed": Deed(_IN, lazy("cambió su contraseña")),
    "password set by link": Deed(_IN, lazy("puso su contraseña con el enlace")),
    "session ended": Deed(_IN, lazy("terminó una de sus sesiones")),
    "other sessions ended": Deed(_IN, lazy("terminó sus otras sesiones")),
    "own calendar made": Deed(_IN, lazy("hizo la dirección de su calendario")),
    "own calendar replaced": Deed(_IN, lazy("cambió la dirección de su calendario")),
    "own calendar stopped": Deed(_IN, lazy("quitó la dirección de su calendario")),
}

_TELLING: Final = frozenset({"list seen", "contact seen"})


def of(about: About | None) -> frozenset[str] | None:
    """The actions that are about that; None for all."""
    if about is None:
        return None
    return frozenset(action for action, deed in DEEDS.items() if deed.about is about)


def about_words(about: About) -> str:
    words: dict[About, str] = {
        About.PEOPLE: _("Contactos y listas"),
        About.WORKSHOPS: _("Talleres"),
        About.MONTH: _("Mes y boletín"),
        About.NETWORK: _("Red y personal"),
        About.SIGNING_IN: _("Entradas y cuenta"),
    }
    return words[about]


def sentence(line: Line, accounts: Mapping[int, str]) -> str:
    """«publicó el taller». An action that has no words is said as it is."""
    deed = DEEDS.get(line.action)
    if deed is None:
        return line.action
    words = str(deed.words)
    return words % {"whom": _account(line.detail, accounts)} if "%(whom)s" in words else words


def tag(line: Line) -> Tag | None:
    """What has to catch the eye."""
    if line.action in _TELLING:
        return Tag(_("Contacto") if line.action == "contact seen" else _("Discreción"), "etq-poco")
    return None


def _account(told: str, accounts: Mapping[int, str]) -> str:
    """The address of the account named first in «12: organizer chicago», or «account 12»."""
    found = _NUMBER.search(told)
    known = accounts.get(int(found[0])) if found else None
    return known or _("una cuenta que ya no existe")


def actions_without_words(actions: Iterable[str]) -> list[str]:
    """Those of the actions that nobody has put into words."""
    return sorted(set(actions) - DEEDS.keys())
