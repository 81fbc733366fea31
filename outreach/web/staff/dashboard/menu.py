"""What is not in the frame of every page: one list of the rest, as far as one may use it."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from outreach.domain.network.staff import EVERYWHERE, Action
from outreach.i18n import gettext as _
from outreach.web.staff.common.guards import desk, may, may_anywhere, me, page


@dataclass(frozen=True)
class Place:
    address: str
    picture: str  # a name of `pictures.py`
    name: str
    is_for: str


@desk.get("/mas")
def more() -> ResponseReturnValue:
    return page("dashboard/menu", rest=_rest())


def _rest() -> list[Place]:
    found = [
        Place("/org/cuenta", "lock", _("Mi cuenta"), _("Contraseña, llaves, códigos y sesiones")),
        Place(
            "/org/mi-calendario", "calendar", _("Mi calendario"), _("Tus talleres en tu teléfono")
        ),
    ]
    found.append(Place("/org/giras", "flag", _("Consulado móvil"), _("Giras con sus paradas")))
    if own := [slug for slug in me().grants if may(Action.EDIT, slug) and slug != EVERYWHERE]:
        address = f"/org/bitacora/{min(own)}"
        found.append(Place(address, "book", _("Bitácora"), _("Quién hizo qué en tu oficina")))
    if may_anywhere(Action.DOOR):
        found += [
            Place("/org/puerta/", "phone", _("Puerta sin señal"), _("La lista en tu teléfono")),
        ]
    if may_anywhere(Action.EDIT):
        found += [
            Place(
                "/org/talleres/mes-nuevo",
                "plus",
                _("Un mes de una vez"),
                _("Muchos en una página"),
            ),
            Place("/org/traer", "upload", _("Traer talleres"), _("De una hoja o de un calendario")),
            Place("/org/sedes", "place", _("Sedes"), _("Dónde se dan los talleres")),
            Place("/org/aliados", "people", _("Con quién"), _("Quienes ayudan a darlos")),
        ]
    if may(Action.NETWORK, EVERYWHERE):
        found += [
            Place("/org/boletin", "letter", _("Boletín"), _("Lo que la red cuenta cada mes")),
            Place("/org/red", "place", _("Oficinas"), _("Las oficinas de la red")),
            Place("/org/tipos", "flag", _("Tipos de taller"), _("Lo que la red ofrece")),
            Place("/org/personal", "people", _("Personal"), _("Quién entra y qué puede hacer")),
            Place("/org/bitacora", "book", _("Bitácora de la red"), _("Quién hizo qué")),
            Place("/org/ajustes", "wrench", _("Ajustes"), _("Cómo está puesto este sitio")),
            Place("/org/datos", "lock", _("Datos"), _("Lo que todavía guardamos")),
        ]
    return found
