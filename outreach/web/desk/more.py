"""What is not in the frame of every page: one list of the rest, as far as one may use it."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from outreach.domain.organizers import EVERYWHERE, Action
from outreach.languages import gettext as _
from outreach.web.desk.staff import desk, may, may_anywhere, page


@dataclass(frozen=True)
class Place:
    address: str
    picture: str  # a name of `pictures.py`
    name: str
    is_for: str


@desk.get("/mas")
def more() -> ResponseReturnValue:
    return page("more", rest=_rest())


def _rest() -> list[Place]:
    found = [
        Place(
            "/org/mi-calendario", "calendar", _("Mi calendario"), _("Tus talleres en tu teléfono")
        ),
    ]
    if may_anywhere(Action.DOOR):
        found += [
            Place("/org/puerta/", "phone", _("Puerta sin señal"), _("La lista en tu teléfono")),
        ]
    if may_anywhere(Action.EDIT):
        found += []
    if may(Action.NETWORK, EVERYWHERE):
        found += [
            Place("/org/boletin", "letter", _("Boletín"), _("Lo que la red cuenta cada mes")),
            Place("/org/datos", "lock", _("Datos"), _("Lo que todavía guardamos")),
        ]
    return found
