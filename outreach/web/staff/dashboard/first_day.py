"""What an empty site still needs before somebody can take a place, and the packaged files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import workshops
from outreach.domain.network import kinds, offices, staff
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.imports import packaged
from outreach.web.context import config, store
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import current_staff, has_permission, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard import blueprint

OFFICES: Final = "oficinas"
KINDS: Final = "tipos"


@dataclass(frozen=True)
class FirstDayStep:
    name: str
    detail: str
    is_done: bool
    links: Sequence[tuple[str, str]] = ()  # address and words


def list_steps(session: Session) -> list[FirstDayStep]:
    """Returns the steps for whoever administers the network while there is no workshop; nothing for
    others or afterwards."""
    if not has_permission(Permission.NETWORK, ALL_OFFICES) or workshops.has_any(session):
        return []
    office_count, kind_count = len(offices.list_offices(session)), len(kinds.list_kinds(session))
    sends_mail = bool(config().smtp_url or config().mail_folder)
    can_begin = bool(office_count and kind_count)
    return [
        FirstDayStep(_("Tu cuenta"), _("Con contraseña y segundo paso."), True),
        FirstDayStep(
            _("El correo que manda los avisos"),
            _("Salen como %(sender)s.", sender=config().mail_from)
            if sends_mail
            else _("El servidor no tiene OUTREACH_SMTP_URL: los avisos esperan."),
            sends_mail,
            () if sends_mail else [("/org/ajustes", _("Ver los ajustes"))],
        ),
        _offices_step(office_count),
        _kinds_step(kind_count),
        FirstDayStep(
            _("Otra persona que administre"),
            _("Si pierdes tu teléfono, alguien más debe poder abrirte."),
            staff.count_admins(session) > 1,
            [("/org/personal/invitar", _("Invitar"))],
        ),
        FirstDayStep(
            _("El primer taller"),
            _("Escríbelo, o trae los que ya tienes en una hoja.")
            if can_begin
            else _("Primero van las oficinas y los tipos."),
            False,
            [("/org/talleres/nuevo", _("Escribir")), ("/org/traer", _("Traer"))]
            if can_begin
            else (),
        ),
    ]


def _offices_step(count: int) -> FirstDayStep:
    name = _("Las oficinas")
    if count:
        return FirstDayStep(name, _("Hay %(num)d.", num=count), True, [("/org/red", _("Verlas"))])
    number = len(packaged.read_offices())
    return FirstDayStep(
        name,
        _("Vienen las %(num)d de la red, con su ciudad y su hora. Quita las que no.", num=number),
        False,
        [
            (f"/org/empezar/{OFFICES}", _("Revisar las %(num)d", num=number)),
            ("/org/red/nueva", _("Escribir una")),
        ],
    )


def _kinds_step(count: int) -> FirstDayStep:
    name = _("Los tipos de taller")
    if count:
        return FirstDayStep(name, _("Hay %(num)d.", num=count), True, [("/org/tipos", _("Verlos"))])
    number = len(packaged.read_kinds().kinds)
    return FirstDayStep(
        name,
        _("Vienen %(num)d, con sus textos en tres idiomas. Todo se cambia después.", num=number),
        False,
        [
            (f"/org/empezar/{KINDS}", _("Revisar los %(num)d", num=number)),
            ("/org/tipos/nuevo", _("Escribir uno")),
        ],
    )


@blueprint.get("/empezar/<listing>")
@requires(Scope.NETWORK, Permission.NETWORK)
def packaged_form(listing: str) -> ResponseReturnValue:
    """Shows what the packaged file holds, before it is loaded."""
    with store().read() as session:
        if _is_filled(session, _listing_of(listing)):
            return redirect(_address_of(listing), 303)
    return _page(listing)


@blueprint.post("/empezar/<listing>")
@requires(Scope.NETWORK, Permission.NETWORK)
def load_packaged(listing: str) -> ResponseReturnValue:
    """Loads the packaged offices that are ticked, or all packaged kinds. What exists is never
    changed: once there is one, the page of the list takes over."""
    chosen = frozenset(request.form.getlist("t"))
    if request.form.get("checked") != "yes":
        return _page(listing, 422, _("Marca que ya lo revisaste."))
    if listing == OFFICES and not chosen:
        return _page(listing, 422, _("Deja al menos una oficina."))
    who, now = current_staff().organizer_id, clock.now()
    try:
        with store().change() as session:
            if not _is_filled(session, _listing_of(listing)):
                if listing == OFFICES:
                    packaged.load_offices(session, chosen, who, now=now)
                else:
                    packaged.load_kinds(session, who, now=now)
    except sa.exc.IntegrityError:  # a colleague loaded it at this moment
        return redirect(_address_of(listing), 303)
    return redirect("/org/", 303)


def _listing_of(listing: str) -> str:
    """Returns the list that an address names. Raises NotFound for any but offices and kinds."""
    if listing not in {OFFICES, KINDS}:
        raise NotFound(f"packaged {listing}")
    return listing


def _is_filled(session: Session, listing: str) -> bool:
    return bool(offices.list_offices(session) if listing == OFFICES else kinds.list_kinds(session))


def _address_of(listing: str) -> str:
    return "/org/red" if listing == OFFICES else "/org/tipos"


def _page(listing: str, status: int = 200, fault: str = "") -> Response:
    is_offices = _listing_of(listing) == OFFICES
    return page(
        "dashboard/packaged",
        status,
        listing=listing,
        offices=packaged.read_offices() if is_offices else [],
        kinds=[] if is_offices else packaged.read_kinds().kinds,
        chosen=request.form.getlist("t") if status != 200 else None,
        fault=fault,
        words=workshop_labels,
    )
