"""Session, permission and form token of every request under /org, and helpers that views use.

Before a view runs, `_guard` requires a session (except for `Scope.PUBLIC`), the second factor, the
permission that the route states, and for POST the form token of the session. A view cannot forget
any of it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from outreach import clock, i18n, network_profile
from outreach.accounts import interrupted_forms, passkeys, sessions, totp
from outreach.accounts.sessions import SignedInStaff
from outreach.domain import workshops
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import offices, staff
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission, Role
from outreach.domain.roster import members
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.i18n import ngettext, pgettext
from outreach.web.context import config, store
from outreach.web.middleware import response_headers
from outreach.web.middleware.reference_cache import reference
from outreach.web.staff.common import kept_forms, pending_work
from outreach.web.staff.common.permissions import (
    FormTokenInvalid,
    PageRule,
    PermissionMissing,
    Scope,
    rule_of,
)

COOKIE: Final = "__Host-staff"
ACCOUNT_BLUEPRINT: Final = "staff.auth"  # its pages need no role
FIRST_PAGE: Final = "staff.dashboard.today"
CALLS_PATH: Final = "/org/llamada"  # the first page of the call centre
FORM_MEMORY: Final = 1024 * 1024  # bytes, for pages that accept a file
_LOCAL_PATH: Final = re.compile(r"/org/[A-Za-z0-9/-]*")

Answer = TypeVar("Answer", bound=BaseResponse)

staff_pages = Blueprint("staff", __name__, url_prefix="/org")


@staff_pages.before_request
def _guard() -> ResponseReturnValue | None:
    g.lang = staff_language()
    response_headers.keep_private()
    rule = rule_of(request.endpoint)
    if rule.scope is Scope.PUBLIC:
        return None
    who = session_staff()
    if who is None:
        return _require_sign_in()
    if rule.max_body_bytes is not None and who.is_proven:
        enforce(rule, request.view_args or {})
        # Set before the body is read. Fields that are not files are held in memory.
        request.max_content_length = rule.max_body_bytes
        request.max_form_memory_size = FORM_MEMORY
    if request.method == "POST":
        # A form of this tab is kept after a sign-in in another tab, complete or not.
        is_kept = kept_forms.is_kept(request.endpoint)
        if is_kept and not who.is_proven:
            return _require_sign_in(who)
        if is_kept and not _has_token(who):
            enforce(rule, request.view_args or {})
            return require_fresh_factor()
        require_token(who)
    if not who.is_proven:
        return None if rule.scope is Scope.HALF_SIGNED_IN else _require_code()
    enforce(rule, request.view_args or {})
    if rule.scope is Scope.SIGNED_IN and request.blueprint != ACCOUNT_BLUEPRINT:
        if request.endpoint == FIRST_PAGE and not sees_workshops() and may_take_calls():
            return redirect(CALLS_PATH, 303)
        if not sees_workshops():
            raise PermissionMissing(Permission.SEE)
    if rule.is_fresh and not who.is_fresh(clock.now()):
        return require_fresh_factor()
    return None


def staff_language() -> str:
    """The language of a staff page: that of the account; before somebody signs in, the one that the
    address asks for (`idioma`), or the network's first."""
    who = session_staff()
    wanted = request.args.get("idioma", "") if who is None else who.language
    return wanted if wanted in i18n.list_languages() else network_profile.current().staff_language


def enforce(rule: PageRule, given: Mapping[str, str]) -> None:
    """Checks the permission of a rule; `given` holds the parts of the address. Raises NotFound or
    PermissionMissing as `require_permission` does."""
    if rule.permission is None:
        return
    match rule.scope:
        case Scope.NETWORK:
            # What headquarters has is no secret: a refusal says who may open it.
            if not has_permission(rule.permission, ALL_OFFICES):
                raise PermissionMissing(rule.permission, ALL_OFFICES)
        case Scope.WORKSHOP:
            with store().read() as session:
                require_permission(
                    rule.permission, workshops.get_office_slug(session, given["public_id"])
                )
        case Scope.OFFICE:
            require_permission(rule.permission, given["slug"])
        case Scope.ACCOUNT:
            with store().read() as session:
                account = staff.get(session, int(given["organizer_id"]))
                require_permission_at_one(rule.permission, [each.office for each in account.grants])
        case Scope.MEMBER:
            with store().read() as session:
                slug = members.get_office_slug(session, int(given["member_id"]))
            if slug:
                require_permission(rule.permission, slug)
            elif not has_permission_anywhere(rule.permission):
                raise PermissionMissing(rule.permission)
        case _:
            if not has_permission_anywhere(rule.permission):
                raise PermissionMissing(rule.permission)


def session_staff() -> SignedInStaff | None:
    """The staff member of the cookie, whether or not the second factor was shown; None without a
    session. The cookie is read under /org and /q only."""
    if "signed" not in g:
        token = request.cookies.get(COOKIE)
        g.signed = _find(token) if token else None
    who: SignedInStaff | None = g.signed
    return who


def signed_in_staff() -> SignedInStaff | None:
    """The staff member who is signed in with both factors, or None."""
    who = session_staff()
    return who if who is not None and who.is_proven else None


def use_session(token: str) -> None:
    """Makes the session of this token, which has just started, the session of this request."""
    with store().read() as session:
        found = sessions.find(session, token, now=clock.now())
    g.signed = found[0] if found else None


def current_staff() -> SignedInStaff:
    """The staff member who is signed in, on pages that require it."""
    who = signed_in_staff()
    assert who is not None  # `_guard` has checked it
    return who


def require_token(who: SignedInStaff) -> None:
    """Raises FormTokenInvalid for a form without the token of its session, which another site
    cannot know."""
    if not _has_token(who):
        raise FormTokenInvalid


def _has_token(who: SignedInStaff) -> bool:
    return sessions.is_same_token(who.form_token, request.form.get("token"))


def has_permission(action: Permission, office: str) -> bool:
    """Whether the staff member has this permission at an office (slug), or at all
    (`ALL_OFFICES`)."""
    return staff.is_allowed(current_staff().grants, action, office)


def require_permission(action: Permission, office: str) -> None:
    """Raises NotFound for an office whose workshops the staff member may not see, and
    PermissionMissing when they lack the permission there."""
    if not has_permission(Permission.SEE, office):
        raise NotFound(f"office {office}")
    if not has_permission(action, office):
        raise PermissionMissing(action, office)


def require_permission_at_one(action: Permission, slugs: Iterable[str]) -> None:
    """Raises NotFound unless the staff member may see one of these offices, and PermissionMissing
    when they lack the permission at each that they see. Who administers the network needs none."""
    if has_permission(Permission.NETWORK, ALL_OFFICES):
        return
    seen = [slug for slug in slugs if has_permission(Permission.SEE, slug)]
    if not seen:
        raise NotFound("office")
    if not any(has_permission(action, slug) for slug in seen):
        raise PermissionMissing(action, seen[0])


def find_workshop(session: Session, public_id: str, action: Permission | None = None) -> Workshop:
    """The workshop, after checking the permission (without `action`: the one of the page's rule).
    Raises NotFound for an unknown workshop or one of another office, and PermissionMissing."""
    workshop = workshops.find(session, public_id)
    permission = action or rule_of(request.endpoint).permission
    assert permission is not None  # pages whose rule has none pass one
    require_permission(permission, workshop.office.slug)
    return workshop


def offices_with(session: Session, action: Permission) -> list[Office]:
    """The offices where the staff member has this permission, by the name of their city."""
    allowed = [each for each in offices.list_offices(session) if has_permission(action, each.slug)]
    return sorted(allowed, key=lambda office: office.city)


def has_permission_anywhere(action: Permission) -> bool:
    """Whether the staff member has this permission at one office at least."""
    return any(
        staff.is_allowed(current_staff().grants, action, office)
        for office in current_staff().grants
    )


def sees_workshops() -> bool:
    """Whether the staff member may see the workshops of one office at least. The call centre may
    not: its pages are its own."""
    return has_permission_anywhere(Permission.SEE)


def may_take_calls() -> bool:
    """Whether the staff member works in the call centre, for all offices."""
    return has_permission(Permission.CALLS, ALL_OFFICES)


def log_workshop_action(
    session: Session, workshop: Workshop, action: str, details: Details | None = None
) -> None:
    """Writes an action on a workshop in the audit log. `details` never hold a person's name."""
    pending_work.forget(workshop.office.slug)
    audit_log.record(
        session,
        current_staff().organizer_id,
        action,
        now=clock.now(),
        workshop_id=workshop.id,
        office=workshop.office.slug,
        details=details,
    )


def log_office_action(
    session: Session, office: str, action: str, details: Details | None = None
) -> None:
    """Writes an action on an office (slug), or on the network (empty), in the audit log."""
    audit_log.record(
        session,
        current_staff().organizer_id,
        action,
        now=clock.now(),
        office=office,
        details=details,
    )


def set_session_cookie(response: Answer, token: str) -> Answer:
    """Sets the cookie of a new session. SameSite is Lax, not Strict: a QR code read at the door
    opens a page from outside. With `__Host-` browsers refuse a cookie that another host set."""
    response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Lax", path="/")
    return response


def page(name: str, status: int = 200, **values: Any) -> Response:
    """Renders `templates/staff/NAME.html` with the frame of the staff pages."""
    return render_page(f"staff/{name}.html", status, **values)


def render_page(template: str, status: int = 200, **values: Any) -> Response:
    """Renders a template, as one of an extension, with the frame of the staff pages."""
    who = signed_in_staff()
    values |= {
        "who": who,
        "frame": _frame(who) if who else {},
        "is_restored": g.get("is_restored", False),
    }
    return make_response(render_template(template, **values), status)


def local_path(path: str) -> str:
    """Returns the path if it is one below /org to go to after signing in; else the first page."""
    return path if _LOCAL_PATH.fullmatch(path) else "/org/"


def _path_back() -> str:
    """Returns the path of this page to come back to. For a file it is the page from which the file
    is downloaded, since a download would leave the browser on the page that asked for the second
    factor."""
    path = request.path
    if "." not in path:
        return local_path(path)
    routes = current_app.create_url_adapter(request)
    for parent in (path.rpartition(".")[0], path.rpartition("/")[0]):
        if routes is not None and routes.test(parent, "GET"):
            return local_path(parent)
    return "/org/"


def proof_page(status: int = 200, *, back: str, fault: str = "") -> Response:
    """Shows the page that asks for the second factor again."""
    with store().read() as session:
        has_codes = totp.is_enrolled(session, current_staff().organizer_id)
        has_keys = bool(passkeys.list_for(session, current_staff().organizer_id))
        is_form_kept = interrupted_forms.is_waiting(
            session, current_staff().digest, now=clock.now()
        )
    return page(
        "auth/confirm",
        status,
        back=back,
        is_form_kept=is_form_kept,
        fault=fault,
        has_codes=has_codes,
        has_keys=has_keys,
        provider="" if has_codes or has_keys else config().oidc.label,
    )


def _find(token: str) -> SignedInStaff | None:
    now = clock.now()
    with store().read() as session:
        found = sessions.find(session, token, now=now)
        is_ended = found is None and sessions.is_ended(session, token)
    if found is None:
        if is_ended:
            _record_refusal(token)
        return None
    who, is_time_to_touch = found
    if is_time_to_touch or who.has_new_rights:
        with store().change() as session:
            if is_time_to_touch:
                sessions.touch(session, who, now=now)
            if who.has_new_rights and sessions.record_rights(session, who):
                audit_log.record(
                    session,
                    who.organizer_id,
                    "role changed meanwhile",
                    now=now,
                    details={"roles": dict(who.grants)},
                )
    return who


def _record_refusal(token: str) -> None:
    """Writes in the audit log that the cookie of an ended session was used: by a tab left open, or
    by somebody who copied it."""
    now = clock.now()
    with store().change() as session:
        organizer_id = sessions.record_refusal(session, token, now=now)
        if organizer_id is not None:
            audit_log.record(session, organizer_id, "ended session refused", now=now)


def _require_sign_in(half: SignedInStaff | None = None) -> ResponseReturnValue:
    """Leads to the sign-in page. A long form is kept if its session expired, or if its session
    (`half`) lacks the second factor."""
    if request.method == "GET":
        back = _path_back()
        return redirect("/org/entrar" + ("" if back == "/org/" else f"?volver={back}"), 303)
    is_long = kept_forms.is_kept(request.endpoint)
    if is_long and half is not None:
        is_kept = kept_forms.keep(half.digest, half.organizer_id, replaces_others=True)
    else:
        is_kept = is_long and kept_forms.keep_of_expired(request.cookies.get(COOKIE, ""))
    return page(
        "auth/login",
        401,
        message=_session_ended_message(is_long=is_long, is_kept=is_kept),
        email="",
        back=request.path if is_long else "/org/",
        provider=config().oidc.label,
    )


def _session_ended_message(*, is_long: bool, is_kept: bool) -> str:
    if is_kept:
        return _("Cerramos la sesión por seguridad. Entra otra vez; lo que escribiste sigue aquí.")
    if is_long:
        return _(
            "Cerramos la sesión por seguridad. Entra en otra pestaña, regresa a la página anterior "
            "de esta y envíala otra vez."
        )
    return _("Cerramos la sesión por seguridad. Entra otra vez.")


def _require_code() -> ResponseReturnValue:
    """Leads to the page that asks for the second factor."""
    back = _path_back() if request.method == "GET" else "/org/"
    return redirect("/org/codigo" + ("" if back == "/org/" else f"?volver={back}"), 303)


def require_fresh_factor(*, back: str = "") -> ResponseReturnValue:
    """Asks for the second factor again, since it was shown too long ago; keeps a form meanwhile.
    `back` is the page to go on with, without it this one."""
    if request.method == "GET":
        return redirect(f"/org/confirmar?volver={_path_back()}", 303)
    kept_forms.keep(current_staff().digest, current_staff().organizer_id, replaces_others=True)
    return proof_page(401, back=local_path(back or request.path))


def role_names(roles: Iterable[Role]) -> str:
    """The names of the roles, highest first, each once."""
    held = set(roles)
    names: dict[Role, str] = {
        Role.ADMIN: _("Administra"),
        Role.LEAD: _("Encabeza"),
        Role.ORGANIZER: _("Organiza"),
        Role.DOOR: pgettext("role", "Entrada"),
        Role.READER: _("Consulta"),
        Role.CALLER: _("Centro de llamadas"),
    }
    return ", ".join(name for role, name in names.items() if role in held)


def _frame(who: SignedInStaff) -> dict[str, Any]:
    """Returns what the header and the navigation show; `zone` is the clock of the reader."""
    name, zone, has_offices = _place(who)
    wide_places = _list_wide_places(has_offices=has_offices)
    return {
        "name": name,
        "initials": "".join(word[0] for word in who.label.split()[:2]).upper(),
        "wide_places": wide_places,
        "is_wide_place": any(request.path.startswith(place[1]) for place in wide_places),
        "zone": zone,
        "role": role_names(who.grants.values()),
        "has_role": sees_workshops(),
        "may_take_calls": may_take_calls(),
        "may_edit": has_offices and has_permission_anywhere(Permission.EDIT),
        "pending": pending_work.count(pending_work.own_offices(who.grants), now=clock.now()),
        "may_stand_at_door": has_permission_anywhere(Permission.DOOR),
        "may_network": has_permission(Permission.NETWORK, ALL_OFFICES),
    }


def _list_wide_places(*, has_offices: bool) -> list[tuple[str, str, str, str]]:
    """Returns address, picture and name of the pages that the navigation has room for on a wide
    screen; on a phone they are under «Más»."""
    places = []
    is_network = has_permission(Permission.NETWORK, ALL_OFFICES)
    if is_network:
        places += [
            ("wide", "/org/control", "eye", str(_("Red"))),
            ("wide", "/org/red", "flag", str(_("Oficinas"))),
            ("wide", "/org/boletin", "letter", str(_("Boletín"))),
        ]
    if has_offices:
        places.append(("wide", "/org/cifras", "bars", str(_("Cifras"))))
    if has_offices and has_permission_anywhere(Permission.EDIT):
        places.append(("wide", "/org/sedes", "place", str(_("Sedes"))))
    if has_permission_anywhere(Permission.COLLEAGUES):
        name = _("Personal") if is_network else _("Equipo")
        places.append(("wide", "/org/personal", "people", str(name)))
    return places


def _place(who: SignedInStaff) -> tuple[str, ZoneInfo | None, bool]:
    """The name of the offices of an account, their zone (that of headquarters for the whole
    network, None where they differ), and whether there are any."""
    if not sees_workshops() and may_take_calls():
        return str(_("Centro de llamadas")), reader_zone(who.grants, []), False
    known = reference().offices
    if ALL_OFFICES in who.grants:
        return str(_("Toda la red")), reader_zone(who.grants, []), bool(known)
    own = [office for office in known if office.slug in who.grants]
    zone = reader_zone(who.grants, (each.zone for each in own))
    if len(own) == 1:
        return own[0].city, zone, True
    return ngettext("%(num)d oficina", "%(num)d oficinas", len(own)), zone, bool(own)


def reader_zone(grants: Mapping[str, Role], own: Iterable[ZoneInfo]) -> ZoneInfo | None:
    """Returns the time zone of a reader with these roles: that of headquarters for the whole
    network, else that of their own offices, whose zones are given. None where these differ."""
    if ALL_OFFICES in grants:
        return clock.headquarters_zone()
    zones = set(own)
    return zones.pop() if len(zones) == 1 else None
