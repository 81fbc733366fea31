"""The menu page: links to the pages that are not in the navigation, by permission."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.staff.common.guards import (
    CALLS_PATH,
    current_staff,
    has_permission,
    has_permission_anywhere,
    may_take_calls,
    offices_with,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard import blueprint


@dataclass(frozen=True)
class MenuEntry:
    address: str
    picture: str  # a name of `web.presentation.icons`
    name: str
    is_for: str


@blueprint.get("/mas")
@requires(Scope.SIGNED_IN)
def menu() -> ResponseReturnValue:
    return page("dashboard/menu", rest=list_entries())


def list_entries() -> list[MenuEntry]:
    """The pages of the menu that the staff member may open."""
    entries = [
        MenuEntry(
            "/org/cuenta", "lock", _("Mi cuenta"), _("Contraseña, llaves, códigos y sesiones")
        ),
        MenuEntry(
            "/org/mi-calendario", "calendar", _("Mi calendario"), _("Tus talleres en tu teléfono")
        ),
    ]
    entries.append(MenuEntry("/org/giras", "flag", _("Oficina móvil"), _("Giras con sus paradas")))
    entries.append(
        MenuEntry(
            "/org/listas", "check", _("Listas para revisar"), _("Lo que falta en sedes y talleres")
        )
    )
    entries.append(
        MenuEntry("/org/cifras", "bars", _("Cifras"), _("Asistencia, lugares, espera, idiomas"))
    )
    if own := [
        slug
        for slug in current_staff().grants
        if has_permission(Permission.EDIT, slug) and slug != ALL_OFFICES
    ]:
        address = f"/org/bitacora/{min(own)}"
        entries.append(MenuEntry(address, "book", _("Bitácora"), _("Quién hizo qué en tu oficina")))
    if has_permission_anywhere(Permission.DOOR):
        entries += [
            MenuEntry("/org/puerta/", "phone", _("Puerta sin señal"), _("La lista en tu teléfono")),
        ]
    if may_take_calls():
        entries.append(
            MenuEntry(
                CALLS_PATH,
                "phone",
                _("Centro de llamadas"),
                _("Apartar mientras hablas"),
            )
        )
    with store().read() as session:
        can_edit = bool(offices_with(session, Permission.EDIT))  # a new site has no office
    if can_edit:
        entries += [
            MenuEntry(
                "/org/por-atender",
                "phone",
                _("Por atender"),
                _("A quién aprobar y llamar, qué reportar y avisar"),
            ),
            MenuEntry(
                "/org/talleres/mes-nuevo",
                "plus",
                _("Un mes de una vez"),
                _("Muchos en una página"),
            ),
            MenuEntry(
                "/org/traer", "upload", _("Traer talleres"), _("De una hoja o de un calendario")
            ),
            MenuEntry("/org/sedes", "place", _("Sedes"), _("Dónde se dan los talleres")),
            MenuEntry(
                "/org/equipo",
                "people",
                _("Ponentes e intérpretes"),
                _("Quién puede, cuándo, y en qué taller"),
            ),
            MenuEntry("/org/aliados", "people", _("Con quién"), _("Quienes ayudan a darlos")),
            MenuEntry(
                "/org/textos",
                "letter",
                _("Textos de mensajes"),
                _("Lo que tu oficina escribe más de una vez"),
            ),
        ]
    is_network = has_permission(Permission.NETWORK, ALL_OFFICES)
    if has_permission_anywhere(Permission.COLLEAGUES) and not is_network:
        entries.append(
            MenuEntry("/org/personal", "people", _("Equipo"), _("Invita a quien trabaja contigo"))
        )
    if is_network:
        entries += [
            MenuEntry("/org/control", "eye", _("Red"), _("Cómo van las oficinas en el mes")),
            MenuEntry("/org/boletin", "letter", _("Boletín"), _("Lo que la red cuenta cada mes")),
            MenuEntry("/org/red", "place", _("Oficinas"), _("Las oficinas de la red")),
            MenuEntry("/org/tipos", "flag", _("Tipos de taller"), _("Lo que la red ofrece")),
            MenuEntry(
                "/org/linea/audio", "phone", _("Línea de teléfono"), _("Graba lo que dice a todos")
            ),
            MenuEntry("/org/personal", "people", _("Personal"), _("Quién entra y qué puede hacer")),
            MenuEntry("/org/bitacora", "book", _("Bitácora de la red"), _("Quién hizo qué")),
            MenuEntry("/org/ajustes", "wrench", _("Ajustes"), _("Cómo está puesto este sitio")),
            MenuEntry("/org/datos", "lock", _("Datos"), _("Lo que todavía guardamos")),
        ]
    return entries
