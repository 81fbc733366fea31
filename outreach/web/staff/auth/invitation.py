"""The page of an invitation link, which sets name and password. The link is no second factor: what
follows is the second step of a first sign-in, or the code of an account that has one."""

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import credentials, invitations, passwords
from outreach.domain.network import offices
from outreach.domain.network.staff import ALL_OFFICES, StaffMember
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.staff.auth import blueprint, login
from outreach.web.staff.common import display_names
from outreach.web.staff.common.guards import page, role_names, set_session_cookie
from outreach.web.staff.common.permissions import Scope, requires


@blueprint.get("/invitacion/<token>")
@requires(Scope.PUBLIC)
def invitation(token: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        _staff_member_of(session, token)
        is_opened = invitations.is_opened(session, token)
    # A browser that fetches a page in advance says so; nobody has read it yet.
    if not is_opened and request.method == "GET" and "Sec-Purpose" not in request.headers:
        with store().change() as session:
            invitations.record_opening(session, token, now=now)
    return _invitation_page(token)


@blueprint.post("/invitacion/<token>")
@requires(Scope.PUBLIC)
def accept_invitation(token: str) -> ResponseReturnValue:
    password, name = request.form.get("password", ""), clean(request.form.get("name", ""))
    with store().read() as session:
        _staff_member_of(session, token)
    if fault := _name_fault(name):
        return _invitation_page(token, fault, "name")
    if len(password) < passwords.MIN_LENGTH:
        return _invitation_page(
            token, _("La contraseña es corta. Escribe 12 letras o más."), "password"
        )
    hashed = passwords.hash_password(password)
    with store().change() as session:
        who = credentials.set_password(session, token, hashed, now=clock.now(), name=name)
        if who is None:
            raise NotFound("invitation")
    return set_session_cookie(redirect("/org/codigo", 303), login.start(who))


def _name_fault(name: str) -> str:
    if "name" in request.form and not name:
        return _("Escribe cómo te llamas.")
    return display_names.fault_of(name)


def _staff_member_of(session: Session, token: str) -> StaffMember:
    """The account of a link, in whose language the page is. Raises NotFound, alike for a link that
    is used, expired, withdrawn or unknown."""
    organizer_id = invitations.staff_id_of(session, token, now=clock.now())
    organizer = session.get(StaffMember, organizer_id) if organizer_id is not None else None
    if organizer is None or organizer.disabled_at is not None:
        raise NotFound("invitation")
    g.lang = organizer.language
    return organizer


def _invitation_page(token: str, fault: str = "", field: str = "") -> ResponseReturnValue:
    """Shows the form. A password is never shown again; a name that was typed is."""
    with store().read() as session:
        organizer = _staff_member_of(session, token)
        slugs = sorted(grant.office for grant in organizer.grants if grant.office != ALL_OFFICES)
        places = [offices.find(session, slug) for slug in slugs]
        ends_at = invitations.ends_at(session, token) or clock.now()
        role = role_names(grant.role for grant in organizer.grants)
    zone = places[0].zone if places else clock.headquarters_zone()
    there = ends_at.astimezone(zone)
    return page(
        "auth/invitation",
        422 if fault else 200,
        email=organizer.email,
        display_name=clean(request.form.get("name", organizer.name)),
        role=role,
        offices=", ".join(office.city for office in places) or _("Toda la red"),
        ends=there,
        zone=zone,
        fault=fault,
        field=field,
        shortest=passwords.MIN_LENGTH,
    )
