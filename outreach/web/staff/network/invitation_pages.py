"""Invitations to the staff: made, sent again and withdrawn, by admins and office leads."""

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import TooManyRequests
from wtforms import Form, ValidationError

from outreach import clock
from outreach.accounts import administration
from outreach.domain.network import staff
from outreach.domain.network.staff import ALL_OFFICES, MAX_NAME_LENGTH, Permission, Role
from outreach.domain.newsletter import mailings
from outreach.errors import ErrorCode, Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.mail import delivery
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.staff.common import display_names
from outreach.web.staff.common.form_fields import Choice, Choices, line, required
from outreach.web.staff.common.guards import current_staff, page, require_permission, role_names
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import faults_of
from outreach.web.staff.network.staff_accounts import (
    ability_of,
    account_page,
    choose_letter_key,
    cities_of,
    link_page,
    managed_slugs,
    team_name,
)


class InviteForm(Form):
    """The form of an invitation. It offers an office lead only their own offices, and roles up to
    their own."""

    name = line(MAX_NAME_LENGTH)
    email = line(administration.MAX_EMAIL_LENGTH, required(lazy("Escribe su correo.")))
    role = Choice()
    places = Choices()

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        cities: Mapping[str, str],
        slugs: frozenset[str] | None,
    ) -> None:
        super().__init__(typed, role=Role.ORGANIZER.value)
        self.roles = tuple(Role) if slugs is None else administration.COLLEAGUE_ROLES
        self.role.choices = [(each.value, role_names([each])) for each in self.roles]
        self.places.choices = [
            (slug, city) for slug, city in cities.items() if slugs is None or slug in slugs
        ]
        if slugs is None:
            self.places.choices.insert(0, (ALL_OFFICES, _("Toda la red")))

    def validate_name(self, field: Any) -> None:
        if fault := display_names.fault_of(field.data):
            raise ValidationError(fault)

    def validate_email(self, field: Any) -> None:
        if not administration.is_address(field.data):
            raise ValidationError(_("Revisa el correo. Se escribe como ana@ejemplo.org"))

    def validate_places(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Elige dónde trabaja: una oficina o más."))


@blueprint.get("/personal/invitar")
@requires(Scope.CHOSEN_OFFICE, Permission.COLLEAGUES)
def new_staff() -> ResponseReturnValue:
    with store().read() as session:
        return _invite_page(session, _form(session, None))


@blueprint.post("/personal/invitar")
@requires(Scope.CHOSEN_OFFICE, Permission.COLLEAGUES, fresh=True)
def invite_staff() -> ResponseReturnValue:
    """Makes an invitation and sends its link by letter. Only where this site sends none, an admin
    gets the link."""
    for slug in request.form.getlist("places"):
        require_permission(Permission.COLLEAGUES, slug)
    with store().read() as session:
        form = _form(session, request.form)
        if not form.validate():
            return _invite_page(session, form, 422)
    try:
        letter_key = choose_letter_key()
        rate_limits.count_invitation(current_staff().organizer_id, form.email.data or "")
        with store().change() as session:
            token = administration.invite(
                session,
                form.email.data or "",
                Role(form.role.data),
                form.places.data or (),
                by=current_staff().organizer_id,
                now=clock.now(),
                name=form.name.data or "",
                letter_key=letter_key,
            )
    except (Refusal, TooManyRequests) as error:
        status, fault = _fault_of(error)
        with store().read() as session:
            return _invite_page(session, form, status, fault=fault)
    if letter_key is not None:
        return redirect("/org/personal?hecho=invitada", 303)
    return link_page((form.email.data or "").lower(), token)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>/invitacion")
@requires(Scope.ACCOUNT, Permission.COLLEAGUES, fresh=True)
def invite_staff_again(organizer_id: int) -> ResponseReturnValue:
    """Makes another link and sends it; the one before stops working. An admin gets it where no
    letter arrives."""
    who = current_staff()
    try:
        with store().read() as session:
            organizer = staff.get(session, organizer_id)
            administration.check_colleague(session, organizer, by=who.organizer_id)
            letters = mailings.list_invitation_letters(session)
            letter_key = choose_letter_key(letters.get(organizer_id))
        rate_limits.count_invitation(who.organizer_id, organizer.email)
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            token = administration.invite_again(
                session, organizer, by=who.organizer_id, now=clock.now(), letter_key=letter_key
            )
    except (Refusal, TooManyRequests) as error:
        status, fault = _fault_of(error)
        return account_page(organizer_id, fault, status)
    if letter_key is not None:
        return redirect(f"/org/personal/{organizer_id}?hecho=invitada", 303)
    return link_page(organizer.email, token)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>/retirar")
@requires(Scope.ACCOUNT, Permission.COLLEAGUES, fresh=True)
def withdraw_invitation(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            administration.withdraw(
                session,
                staff.get(session, organizer_id),
                by=current_staff().organizer_id,
                now=clock.now(),
            )
    except Refusal as refusal:
        return account_page(organizer_id, error_messages.say(refusal))
    return redirect("/org/personal?hecho=retirada", 303)


def _fault_of(error: Refusal | TooManyRequests) -> tuple[int, str]:
    """Status and words of why an invitation was refused."""
    if isinstance(error, TooManyRequests):
        return 429, _(
            "Son demasiadas invitaciones en poco tiempo. Espera un rato y vuelve a intentar."
        )
    if error.code is ErrorCode.ACCOUNT_EXISTS and managed_slugs() is not None:
        return 422, _(
            "Ya hay una cuenta con ese correo. Si no está en tu lista, pide a quien administra la "
            "red que le dé un papel en tu oficina."
        )
    return 422, error_messages.say(error)


def _form(session: Session, typed: MultiDict[str, str] | None) -> InviteForm:
    return InviteForm(typed, cities_of(session), managed_slugs())


def _invite_page(
    session: Session, form: InviteForm, status: int = 200, fault: str = ""
) -> Response:
    faults = [("email", fault), *faults_of(form)] if fault else faults_of(form)
    return page(
        "network/invite",
        status,
        form=form,
        faults=faults,
        fault=fault,
        roles=[(each.value, role_names([each]), ability_of(each)) for each in form.roles],
        team=team_name(cities_of(session), managed_slugs()),
        can_send=delivery.letter_transport(config()) is not None,
        is_network=managed_slugs() is None,
    )
