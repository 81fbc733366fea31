"""The help of a screen, and the shortcuts. `?` opens it over the screen; without a script it is the
page that the menu of the account leads to.

Each blueprint of the staff's pages has a text; a test fails for one that has none. The guide of who
runs the server (`outreach guide`) is named for administrators.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.i18n import lazy
from outreach.web.staff.common.guards import has_permission, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.search import blueprint


@dataclass(frozen=True)
class ScreenHelp:
    name: str
    steps: tuple[str, ...]  # what can be done there, a sentence each
    guide_page: str  # the page that `outreach guide` prints


_WORKSHOP: Final = ScreenHelp(
    lazy("Un taller"),
    (
        lazy("Al llenar el tipo, el día y la sede, lo demás se completa solo; se puede cambiar."),
        lazy("Lo que escribes se guarda como borrador. Nadie lo ve hasta que lo publicas."),
        lazy("Antes de avisar a las personas ves a cuántas y con qué palabras."),
        lazy("Un cambio se puede deshacer durante cinco minutos."),
    ),
    "features",
)
# The help of each blueprint, by its name below `staff`.
HELP: Final[Mapping[str, ScreenHelp]] = {
    "attendees": ScreenHelp(
        lazy("Las personas de un taller"),
        (
            lazy("«Por atender» tiene un renglón por persona: aprobar, llamar, avisar, reportar."),
            lazy("Un contacto se ve de uno en uno, y queda en la bitácora."),
            lazy("De un taller con discreción no digas por teléfono quién viene."),
        ),
        "people",
    ),
    "audit": ScreenHelp(
        lazy("Bitácora"),
        (
            lazy("Dice quién hizo qué y cuándo. Nadie puede cambiarla."),
            lazy("No guarda nombres ni contactos de quien se registró."),
        ),
        "journal",
    ),
    "auth": ScreenHelp(
        lazy("Tu cuenta"),
        (
            lazy("Pon dos formas de entrar: una llave o los códigos, y los de papel por si acaso."),
            lazy("Si no reconoces una sesión, termínala y cambia tu contraseña."),
        ),
        "people",
    ),
    "bulletin": ScreenHelp(
        lazy("Boletín"),
        (
            lazy("Los números ya están puestos; tú escribes las palabras en tres idiomas."),
            lazy("Lo que falta se dice antes de publicar."),
        ),
        "many",
    ),
    "calendar": ScreenHelp(
        lazy("Talleres"),
        (
            lazy("Un día vacío abre el formulario de un taller con ese día."),
            lazy("Arrastra un taller para cambiarlo de día u hora, o usa «Mover»."),
            lazy("En la lista eliges varios y los publicas, mueves o cancelas de una vez."),
        ),
        "features",
    ),
    "call_centre": ScreenHelp(
        lazy("Centro de llamadas"),
        (
            lazy("Las teclas 1, 2 y 3 apartan; N empieza otra llamada."),
            lazy(
                "Si se cortó antes de que oyera su código, dilo: el lugar se suelta en 30 minutos."
            ),
            lazy(
                "Con el código y el apodo se cambia o se cancela; sin ellos no se dice quién viene."
            ),
        ),
        "people",
    ),
    "checkin": ScreenHelp(
        lazy("Entrada"),
        (
            lazy("Marca a quien llega por su nombre o su código, o con la cámara del teléfono."),
            lazy("Sin señal, lleva la lista en tu teléfono con «Puerta sin señal»."),
            lazy("«Peligro en la sede» cierra la entrada y esconde la dirección."),
        ),
        "people",
    ),
    "dashboard": ScreenHelp(
        lazy("Hoy"),
        (
            lazy("Arriba está lo que espera; lo más urgente va primero."),
            lazy("En «Más» están las páginas que no caben en el menú."),
        ),
        "start",
    ),
    "figures": ScreenHelp(
        lazy("Cifras"),
        (
            lazy("Elige el año, y si las quieres por oficina, tipo, sede, día u hora."),
            lazy("Ninguna cifra deja saber de menos de cinco personas; cada tabla se puede bajar."),
        ),
        "features",
    ),
    "imports": ScreenHelp(
        lazy("Traer talleres"),
        (
            lazy("Pega o sube tu hoja como la tienes; decimos qué entendimos de cada columna."),
            lazy("Los renglones buenos se cargan ya como borradores; los demás se corrigen ahí."),
            lazy("La carga se puede deshacer."),
        ),
        "features",
    ),
    "lists": ScreenHelp(
        lazy("Listas para revisar"),
        (
            lazy("Cada lista dice qué falta en tus oficinas; desde ahí abres cada una."),
            lazy("Lo que buscas y filtras es también lo que trae el archivo."),
        ),
        "features",
    ),
    "months": ScreenHelp(
        lazy("El mes"),
        (
            lazy("Di de cada taller si se hizo y cuántas personas llegaron."),
            lazy("Cuando no falte nada, marca el mes como completo."),
        ),
        "features",
    ),
    "network": ScreenHelp(
        lazy("Sedes, organizaciones y red"),
        (
            lazy("Dos sedes que son la misma se unen; se puede deshacer durante un día."),
            lazy("Una sede retirada ya no se ofrece; sus talleres la conservan."),
        ),
        "settings",
    ),
    "recordings": ScreenHelp(
        lazy("Grabaciones"),
        (
            lazy(
                "Súbela de tu teléfono o grábala en la página, en la lengua de quien la va a oír."
            ),
            lazy("Escribe debajo lo mismo que dices: lo lee quien no oye."),
            lazy("Si el taller cambia de día o de lugar, la grabación deja de sonar."),
        ),
        "people",
    ),
    "roster": ScreenHelp(
        lazy("Ponentes e intérpretes"),
        (
            lazy("Primero sale quien está libre ese día y a esa hora."),
            lazy("La carta que pregunta sale a los cinco minutos, y no dice quién viene."),
            lazy("Si el taller se mueve, a quien dijo que sí se le pregunta otra vez."),
        ),
        "people",
    ),
    "scheduling": _WORKSHOP,
    "search": ScreenHelp(
        lazy("Buscar"),
        (
            lazy("Escribe palabras, un día («viernes 5») o el código de un volante."),
            lazy("A una persona la hallas por su código de entrada completo, en tus oficinas."),
        ),
        "people",
    ),
    "tours": ScreenHelp(
        lazy("Oficina móvil"),
        (
            lazy("Una gira tiene paradas, y cada parada sus talleres."),
            lazy("Al mover una parada se avisa solo a quienes iban a esa."),
        ),
        "features",
    ),
    "workshop_form": _WORKSHOP,
    "workshops": _WORKSHOP,
}


@blueprint.get("/ayuda")
@requires(Scope.SIGNED_IN)
def show_help() -> ResponseReturnValue:
    """Shows the help of the screen `de`, a key of HELP; for any other, that of the first page.
    `parte=1` gives the text alone, for the dialog."""
    values: dict[str, Any] = {
        # The dialog may lie over the page: an id is there only once.
        "prefix": "dialogo-" if request.args.get("parte") else "",
        "screen": HELP.get(request.args.get("de", ""), HELP["dashboard"]),
        "has_guide": has_permission(Permission.NETWORK, ALL_OFFICES),
    }
    if request.args.get("parte"):
        return make_response(render_template("staff/search/help_text.html", **values))
    return page("search/help", **values)
