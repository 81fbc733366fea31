"""The page of an invitation link, which sets a password. The link is no second factor."""

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import credentials, invitations, passwords
from outreach.domain.network import offices
from outreach.domain.network.staff import ALL_OFFICES, StaffMember
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.staff.auth import blueprint
from outreach.web.staff.common.guards import page, role_names
from outreach.web.staff.common.permissions import Scope, requires


@blueprint.get("/invitacion/<token>")
@requires(Scope.PUBLIC)
def invitation(token: str) -> ResponseReturnValue:
    return _invitation_page(token)


@blueprint.post("/invitacion/<token>")
@requires(Scope.PUBLIC)
def accept_invitation(token: str) -> ResponseReturnValue:
    password = request.form.get("password", "")
    with store().read() as session:
        _staff_member_of(session, token)
    if len(password) < passwords.MIN_LENGTH:
        return _invitation_page(token, _("La contraseña es corta. Escribe 12 letras o más."))
    hashed = passwords.hash_password(password)
    with store().change() as session:
        if not credentials.set_password(session, token, hashed, now=clock.now()):
            raise NotFound("invitation")
    return redirect("/org/entrar", 303)


def _staff_member_of(session: Session, token: str) -> StaffMember:
    """Raises NotFound, alike for a link that is used, expired, withdrawn or unknown."""
    organizer_id = invitations.staff_id_of(session, token, now=clock.now())
    organizer = session.get(StaffMember, organizer_id) if organizer_id is not None else None
    if organizer is None or organizer.disabled_at is not None:
        raise NotFound("invitation")
    return organizer


def _invitation_page(token: str, fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        organizer = _staff_member_of(session, token)
        slugs = sorted(grant.office for grant in organizer.grants if grant.office != ALL_OFFICES)
        places = [offices.find(session, slug) for slug in slugs]
        ends_at = invitations.ends_at(session, token) or clock.now()
        role = role_names(grant.role for grant in organizer.grants)
    there = ends_at.astimezone(places[0].zone) if places else ends_at
    return page(
        "auth/invitation",
        422 if fault else 200,
        email=organizer.email,
        role=role,
        offices=", ".join(office.city for office in places) or _("Toda la red"),
        ends=there,
        zone=places[0].zone if places else None,
        fault=fault,
        shortest=passwords.MIN_LENGTH,
    )
