"""Staff accounts: list, invitation, roles, suspension, reset."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form, ValidationError

from outreach import clock, formats
from outreach.accounts import administration, credentials, invitations
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import ALL_OFFICES, Permission, Role, StaffMember
from outreach.domain.text import clean, fold
from outreach.errors import Refusal
from outreach.i18n import current, lazy
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common.form_fields import Choice, Choices, line, required
from outreach.web.staff.common.guards import current_staff, page, role_names
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import faults_of

_ROLE_FIELD = "role-"  # prefix of the field with the role at an office: role-chicago


@dataclass(frozen=True, kw_only=True)
class StaffAccountRow:
    """One account in the list."""

    id: int
    email: str
    roles: frozenset[Role]
    role: str
    places: str
    tag: CardTag
    seen: str
    is_me: bool


class InviteForm(Form):
    email = line(254, required(lazy("Escribe su correo.")))
    role = Choice()
    places = Choices()

    def __init__(self, typed: MultiDict[str, str] | None, cities: Mapping[str, str]) -> None:
        super().__init__(typed, role=Role.ORGANIZER.value)
        self.role.choices = _role_choices()
        self.places.choices = [(ALL_OFFICES, _("Toda la red")), *cities.items()]

    def validate_email(self, field: Any) -> None:
        if not administration.is_address(field.data):
            raise ValidationError(_("Revisa el correo. Se escribe como ana@ejemplo.org"))

    def validate_places(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Elige dónde trabaja: una oficina o más."))


@blueprint.get("/personal")
@requires(Scope.NETWORK, Permission.NETWORK)
def list_staff() -> ResponseReturnValue:
    query, role = clean(request.args.get("q", ""))[:100], request.args.get("papel", "")
    now = clock.now()
    with store().read() as session:
        cities = _cities(session)
        open_links = invitations.pending(session, now=now)
        rows = [_row(each, cities, open_links, now) for each in staff.list_staff(session)]
        with_second = credentials.ids_with_second_factor(session)
    matches = [row for row in rows if fold(query) in fold(f"{row.email} {row.places}")]
    counts = Counter(each for row in matches for each in row.roles)
    shown = [row for row in matches if role not in set(Role) or Role(role) in row.roles]
    return page(
        "network/staff_accounts",
        with_second=with_second,
        rows=shown,
        total=len(matches),
        asked=query,
        role=role,
        roles=[(each.value, role_names([each]), counts[each]) for each in Role],
        abilities=_abilities(),
    )


@blueprint.get("/personal/invitar")
@requires(Scope.NETWORK, Permission.NETWORK)
def new_staff() -> ResponseReturnValue:
    with store().read() as session:
        return _invite_page(InviteForm(None, _cities(session)))


@blueprint.post("/personal/invitar")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def invite_staff() -> ResponseReturnValue:
    with store().read() as session:
        form = InviteForm(request.form, _cities(session))
    if not form.validate():
        return _invite_page(form, 422)
    try:
        with store().change() as session:
            token = administration.invite(
                session,
                form.email.data or "",
                Role(form.role.data),
                form.places.data or (),
                by=current_staff().organizer_id,
                now=clock.now(),
            )
    except Refusal as refusal:
        return _invite_page(form, 422, fault=error_messages.say(refusal))
    return _link_page((form.email.data or "").lower(), token)


@blueprint.get("/personal/<int(max=2147483647):organizer_id>")
@requires(Scope.NETWORK, Permission.NETWORK)
def edit_staff(organizer_id: int) -> ResponseReturnValue:
    return _account_page(organizer_id)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def update_staff(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            rights = _typed_rights(organizer)
            is_new = administration.change(
                session, organizer, rights, by=current_staff().organizer_id, now=clock.now()
            )
    except Refusal as refusal:
        return _account_page(organizer_id, fault=error_messages.say(refusal))
    done = "cambiada" if is_new else "igual"
    return redirect(f"/org/personal/{organizer_id}?hecho={done}", 303)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>/suspender")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def disable_staff(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            administration.disable(
                session, organizer, by=current_staff().organizer_id, now=clock.now()
            )
    except Refusal as refusal:
        return _account_page(organizer_id, fault=error_messages.say(refusal))
    return redirect(f"/org/personal/{organizer_id}?hecho=suspendida", 303)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>/reiniciar")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def reset_staff(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            token = administration.reset(
                session,
                organizer,
                by=current_staff().organizer_id,
                now=clock.now(),
                second_factor=request.form.get("second_factor") == "yes",
            )
    except Refusal as refusal:
        return _account_page(organizer_id, fault=error_messages.say(refusal))
    return _link_page(organizer.email, token, is_reset=True)


def _typed_rights(organizer: StaffMember) -> dict[str, Role]:
    """The roles in the form: at the current offices, and at one more. Raises Refusal for an unknown
    role."""
    rights: dict[str, Role] = {}
    for office, role in administration.rights_of(organizer).items():
        typed = request.form.get(f"{_ROLE_FIELD}{office}", role.value)
        if typed == "":
            continue
        rights[office] = _role(typed)
    more = request.form.get("office", "")
    if more:
        rights[more] = _role(request.form.get("role", ""))
    return rights


def _role(typed: str) -> Role:
    if typed not in set(Role):
        raise PageRefused(_("Elige un papel de la lista."))
    return Role(typed)


def _row(
    organizer: StaffMember,
    cities: Mapping[str, str],
    open_links: Mapping[int, datetime],
    now: datetime,
) -> StaffAccountRow:
    rights = administration.rights_of(organizer)
    return StaffAccountRow(
        id=organizer.id,
        email=organizer.email,
        roles=frozenset(rights.values()),
        role=role_names(rights.values()),
        places=", ".join(sorted(_place(office, cities) for office in rights)),
        tag=_tag(organizer, open_links, now),
        seen=_seen(organizer.signed_in_at, now),
        is_me=organizer.id == current_staff().organizer_id,
    )


def _tag(organizer: StaffMember, open_links: Mapping[int, datetime], now: datetime) -> CardTag:
    if organizer.disabled_at is not None:
        return CardTag(_("Suspendida"), "tag-bad")
    if organizer.password is not None:
        return CardTag(_("Activa"), "tag-good")
    if organizer.id not in open_links:
        return CardTag(_("El enlace venció"), "tag-bad")
    days = (open_links[organizer.id].date() - now.date()).days
    when = _("hoy") if days == 0 else _("mañana") if days == 1 else _("en %(num)d días", num=days)
    return CardTag(_("Invitada, vence %(when)s", when=when), "tag-warn")


def _seen(at: datetime | None, now: datetime) -> str:
    if at is None:
        return _("Nunca")
    if at.date() == now.date():
        return _("Hoy")
    pattern = formats.SHORT_DAY if at.year == now.year else formats.SHORT_DAY_WITH_YEAR
    return formats.dated(at.date(), pattern, current())


def _cities(session: Session) -> dict[str, str]:
    """The cities of the offices by slug, in the order of the cities."""
    by_city = sorted(offices.list_offices(session), key=lambda office: office.city)
    return {office.slug: office.city for office in by_city}


def _place(office: str, cities: Mapping[str, str]) -> str:
    return str(_("Toda la red")) if office == ALL_OFFICES else cities.get(office, office)


def _role_choices() -> list[tuple[str, str]]:
    return [(role.value, role_names([role])) for role in Role]


def _choices_at(office: str, has: Role) -> list[tuple[str, str]]:
    """The roles that can be given at an office, and the current one."""
    unfit = administration.OFFICE_ROLES if office == ALL_OFFICES else ()
    excluded = {role.value for role in unfit if role is not has}
    return [(value, name) for value, name in _role_choices() if value not in excluded]


def _abilities() -> list[tuple[str, str]]:
    return [
        (role_names([Role.ADMIN]), _("Oficinas, tipos, personal, cierre del mes y boletín.")),
        (role_names([Role.ORGANIZER]), _("Talleres de su oficina y quien aparta lugar en ellos.")),
        (role_names([Role.DOOR]), _("Pasa lista. No ve correos ni teléfonos.")),
        (role_names([Role.READER]), _("Talleres y cifras. No ve nombres.")),
    ]


def _invite_page(form: InviteForm, status: int = 200, fault: str = "") -> Response:
    faults = [("email", fault), *faults_of(form)] if fault else faults_of(form)
    return page("network/invite", status, form=form, faults=faults, abilities=_abilities())


def _link_page(email: str, token: str, *, is_reset: bool = False) -> Response:
    """Shows the link. This page alone does: only a hash of its token is stored."""
    address = f"{config().public_url}/org/invitacion/{token}"
    return page("network/link", email=email, address=address, is_reset=is_reset)


def _account_page(organizer_id: int, fault: str = "") -> Response:
    now = clock.now()
    with store().read() as session:
        organizer = staff.get(session, organizer_id)
        cities = _cities(session)
        open_links = invitations.pending(session, now=now)
        rights = administration.rights_of(organizer)
        row = _row(organizer, cities, open_links, now)
    given = [
        (f"{_ROLE_FIELD}{office}", _place(office, cities), role, _choices_at(office, role))
        for office, role in rights.items()
    ]
    places = [(ALL_OFFICES, _place(ALL_OFFICES, cities)), *cities.items()]
    return page(
        "network/staff_account",
        422 if fault else 200,
        row=row,
        is_disabled=organizer.disabled_at is not None,
        given=sorted(given, key=lambda each: each[1]),
        typed=request.form,
        others=[(slug, city) for slug, city in places if slug not in rights],
        roles=_role_choices(),
        abilities=_abilities(),
        fault=fault,
        done_message=_done_message(request.args.get("hecho", "")),
    )


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "cambiada": _("Cambios guardados. Cuentan desde su siguiente clic."),
        "suspendida": _("Cuenta suspendida. Desde su siguiente clic ya no entra."),
        "igual": _("No había nada que cambiar."),
    }
    return messages.get(what, "")
