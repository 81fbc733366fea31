"""Who is asking, on every page under /org, and whether they may.

Nothing under /org answers without a session but what `permissions.Scope.PUBLIC` marks, no page does
more than its rule allows, and no form changes anything without the token of its session: all of it
is asked for here, so no page can forget it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from outreach import clock
from outreach.accounts import interrupted_forms, passkeys, sessions, totp
from outreach.accounts.sessions import SignedInStaff
from outreach.domain import workshops
from outreach.domain.audit import audit_log
from outreach.domain.network import offices, staff
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission, Role
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.context import config, store
from outreach.web.middleware import response_headers
from outreach.web.staff.common import kept_forms
from outreach.web.staff.common.permissions import PageRule, Scope, rule_of

COOKIE: Final = "__Host-staff"
FORM_MEMORY: Final = 1024 * 1024  # bytes, where a file may be sent
_OUR_PATH: Final = re.compile(r"/org/[A-Za-z0-9/-]*")

Answer = TypeVar("Answer", bound=BaseResponse)

staff_pages = Blueprint("staff", __name__, url_prefix="/org")


@staff_pages.before_request
def _guard() -> ResponseReturnValue | None:
    g.lang = "es"
    response_headers.keep_private()
    rule = rule_of(request.endpoint)
    if rule.scope is Scope.PUBLIC:
        return None
    who = session_staff()
    if who is None:
        return _ask_again()
    if rule.max_body_bytes is not None and who.is_proven:
        enforce(rule, request.view_args or {})
        # Before any of it is read. What is no file has to fit in memory beside one read of it.
        request.max_content_length = rule.max_body_bytes
        request.max_form_memory_size = FORM_MEMORY
    if request.method == "POST":
        # After a new sign-in in another tab, complete or not, the form of this tab is not lost.
        is_kept = kept_forms.is_kept(request.endpoint)
        if is_kept and not who.is_proven:
            return _ask_again(who)
        if is_kept and not _has_token(who):
            enforce(rule, request.view_args or {})
            return _ask_for_proof()
        require_token(who)
    if not who.is_proven:
        return None if rule.scope is Scope.HALF_SIGNED_IN else _ask_for_code()
    enforce(rule, request.view_args or {})
    if rule.is_fresh and not who.is_fresh(clock.now()):
        return _ask_for_proof()
    return None


def enforce(rule: PageRule, given: Mapping[str, str]) -> None:
    """What the policy says of a page and the parts of its address. Raises NotFound, or answers
    403, as `require_permission` does."""
    if rule.permission is None:
        return
    match rule.scope:
        case Scope.NETWORK:
            require_permission(rule.permission, ALL_OFFICES)
        case Scope.WORKSHOP:
            with store().read() as session:
                require_permission(
                    rule.permission, workshops.get_office_slug(session, given["public_id"])
                )
        case Scope.OFFICE:
            require_permission(rule.permission, given["slug"])
        case _:
            if not has_permission_anywhere(rule.permission):
                abort(403)


def session_staff() -> SignedInStaff | None:
    """Whose cookie it is, though the second factor may be to come. The cookie is read under /org
    and /q only."""
    if "signed" not in g:
        token = request.cookies.get(COOKIE)
        g.signed = _find(token) if token else None
    found: SignedInStaff | None = g.signed
    return found


def signed_in_staff() -> SignedInStaff | None:
    """Who is asking; None when nobody is signed in, or not yet with both factors."""
    who = session_staff()
    return who if who is not None and who.is_proven else None


def use_session(token: str) -> None:
    """A session that has just begun: for the rest of this answer, it is they who ask."""
    with store().read() as session:
        found = sessions.find(session, token, now=clock.now())
    g.signed = found[0] if found else None


def current_staff() -> SignedInStaff:
    who = signed_in_staff()
    assert who is not None  # the guard has seen to it
    return who


def require_token(who: SignedInStaff) -> None:
    """Another site cannot know the token of a session: a form without it is not ours."""
    if not _has_token(who):
        abort(403)


def _has_token(who: SignedInStaff) -> bool:
    return sessions.is_same_token(who.form_token, request.form.get("token"))


def has_permission(action: Permission, office: str) -> bool:
    return staff.is_allowed(current_staff().grants, action, office)


def require_permission(action: Permission, office: str) -> None:
    """Another office's things do not exist; of one's own, some may not be done."""
    if not has_permission(Permission.SEE, office):
        raise NotFound(f"office {office}")
    if not has_permission(action, office):
        abort(403)


def find_workshop(session: Session, public_id: str, action: Permission | None = None) -> Workshop:
    """A workshop one may do this to; without an action, what this page's rule says. Raises
    NotFound for another office's."""
    workshop = workshops.find(session, public_id)
    wanted = action or rule_of(request.endpoint).permission
    assert wanted is not None  # pages without an action of their own name one
    require_permission(wanted, workshop.office.slug)
    return workshop


def offices_with(session: Session, action: Permission) -> list[Office]:
    """The offices where one may do this, by the name of their city."""
    found = [each for each in offices.list_offices(session) if has_permission(action, each.slug)]
    return sorted(found, key=lambda office: office.city)


def has_permission_anywhere(action: Permission) -> bool:
    return any(
        staff.is_allowed(current_staff().grants, action, office)
        for office in current_staff().grants
    )


def log_workshop_action(
    session: Session, workshop: Workshop, action: str, detail: str = ""
) -> None:
    """Writes down that one has done this. Never with a name of who registered."""
    audit_log.record(
        session,
        current_staff().organizer_id,
        action,
        now=clock.now(),
        workshop_id=workshop.id,
        office=workshop.office.slug,
        detail=detail,
    )


def log_office_action(session: Session, office: str, action: str, detail: str = "") -> None:
    """The same of what is no workshop's: an office's, by its slug, or, by «», the network's."""
    now, who = clock.now(), current_staff().organizer_id
    audit_log.record(session, who, action, now=now, office=office, detail=detail)


def set_session_cookie(response: Answer, token: str) -> Answer:
    """The cookie of a new session. Lax, not Strict: a square read at the door opens from
    outside. `__Host-` makes browsers refuse one that another host has set."""
    response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Lax", path="/")
    return response


def page(name: str, status: int = 200, **values: Any) -> Response:
    """A page of the staff, with what its frame shows of who is asking."""
    who = signed_in_staff()
    values |= {
        "who": who,
        "frame": _frame(who) if who else {},
        "is_restored": g.get("is_restored", False),
    }
    return make_response(render_template(f"staff/{name}.html", **values), status)


def local_path(path: str) -> str:
    """A path of ours to go on to after signing in; today's page for anything else."""
    return path if _OUR_PATH.fullmatch(path) else "/org/"


def proof_page(status: int = 200, *, back: str, fault: str = "") -> Response:
    """Asks for the second factor once more, before what matters."""
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
            _note_refusal(token)
        return None
    who, is_time_to_touch = found
    if is_time_to_touch or who.has_new_rights:
        with store().change() as session:
            if is_time_to_touch:
                sessions.touch(session, who, now=now)
            if who.has_new_rights and sessions.record_rights(session, who):
                held = ", ".join(f"{role} {office}" for office, role in sorted(who.grants.items()))
                detail = held[:200]
                audit_log.record(
                    session, who.organizer_id, "role changed meanwhile", now=now, detail=detail
                )
    return who


def _note_refusal(token: str) -> None:
    """The cookie of a session that was ended: a tab left open, or somebody who took it."""
    now = clock.now()
    with store().change() as session:
        whose = sessions.record_refusal(session, token, now=now)
        if whose is not None:
            audit_log.record(session, whose, "ended session refused", now=now)


def _ask_again(half: SignedInStaff | None = None) -> ResponseReturnValue:
    """Sign in first. A long form is kept until then: of a session that ended by time, or of one
    (`half`) that lacks its second factor."""
    if request.method == "GET":
        back = local_path(request.path)
        return redirect("/org/entrar" + ("" if back == "/org/" else f"?volver={back}"), 303)
    is_long = kept_forms.is_kept(request.endpoint)
    if is_long and half is not None:
        is_kept = kept_forms.keep(half.digest, half.organizer_id, replaces_others=True)
    else:
        is_kept = is_long and kept_forms.keep_of_expired(request.cookies.get(COOKIE, ""))
    return page(
        "auth/login",
        401,
        message=_ended_words(is_long=is_long, is_kept=is_kept),
        email="",
        back=request.path if is_long else "/org/",
        provider=config().oidc.label,
    )


def _ended_words(*, is_long: bool, is_kept: bool) -> str:
    if is_kept:
        return _("Cerramos la sesión por seguridad. Entra otra vez; lo que escribiste sigue aquí.")
    if is_long:
        return _(
            "Cerramos la sesión por seguridad. Entra en otra pestaña, regresa a la página anterior "
            "de esta y envíala otra vez."
        )
    return _("Cerramos la sesión por seguridad. Entra otra vez.")


def _ask_for_code() -> ResponseReturnValue:
    """The password was right: now the second factor, and nothing else before it."""
    back = local_path(request.path) if request.method == "GET" else "/org/"
    return redirect("/org/codigo" + ("" if back == "/org/" else f"?volver={back}"), 303)


def _ask_for_proof() -> ResponseReturnValue:
    """Asks for the second factor again, since it was shown a while ago; keeps a form meanwhile."""
    if request.method == "GET":
        return redirect(f"/org/confirmar?volver={local_path(request.path)}", 303)
    kept_forms.keep(current_staff().digest, current_staff().organizer_id, replaces_others=True)
    return proof_page(401, back=local_path(request.path))


def role_names(roles: Iterable[Role]) -> str:
    there = set(roles)
    words: dict[Role, str] = {
        Role.ADMIN: _("Administra"),
        Role.ORGANIZER: _("Organiza"),
        Role.DOOR: _("Entrada"),
        Role.READER: _("Consulta"),
    }
    return ", ".join(said for role, said in words.items() if role in there)


def _frame(who: SignedInStaff) -> dict[str, Any]:
    """The words of the header, and what the navigation holds."""
    return {
        "name": _desk_name(who),
        "role": role_names(who.grants.values()),
        "may_edit": has_permission_anywhere(Permission.EDIT),
        "may_stand_at_door": has_permission_anywhere(Permission.DOOR),
        "may_network": has_permission(Permission.NETWORK, ALL_OFFICES),
    }


def _desk_name(who: SignedInStaff) -> str:
    if ALL_OFFICES in who.grants:
        return str(_("Toda la red"))
    if len(who.grants) != 1:
        return ngettext("%(num)d oficina", "%(num)d oficinas", len(who.grants))
    with store().read() as session:
        return offices.find(session, next(iter(who.grants))).city
