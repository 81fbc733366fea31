"""Sign-in with password and second factor, confirmation of the second factor, sign-out.

Sign-in with a passkey or through a provider uses `start` and `go_on` too.
"""

from datetime import datetime

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, TooManyRequests

from outreach import clock
from outreach.accounts import credentials, interrupted_forms, passkeys, passwords, sessions, totp
from outreach.accounts.interrupted_forms import KeptForm
from outreach.accounts.sessions import SignedInStaff
from outreach.accounts.totp import CodeVerdict
from outreach.domain.audit import audit_log
from outreach.domain.network import staff
from outreach.domain.network.staff import StaffMember
from outreach.domain.text import clean
from outreach.errors import NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.staff.auth import blueprint, known_browser, totp_setup
from outreach.web.staff.common.guards import (
    COOKIE,
    current_staff,
    enforce,
    local_path,
    page,
    proof_page,
    session_staff,
    set_session_cookie,
    signed_in_staff,
    use_session,
)
from outreach.web.staff.common.kept_forms import fields_of, server_key, target_of
from outreach.web.staff.common.permissions import Scope, requires, rule_of

_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")
# In this order: the user agent of each browser also contains the names of those after it.
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


@blueprint.get("/entrar")
@requires(Scope.PUBLIC)
def sign_in_form() -> ResponseReturnValue:
    back = local_path(request.args.get("volver", ""))
    if signed_in_staff() is not None:
        return redirect(back, 303)
    return sign_in_page(back=back)


@blueprint.post("/entrar")
@requires(Scope.PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Takes `email` and `password`, optionally with `code`; or `code` alone afterwards."""
    half = session_staff()
    if "password" not in request.form and "code" in request.form and half and not half.is_proven:
        return _second_factor(half)
    email = clean(request.form.get("email", ""))
    count_attempt(email)
    typed = request.form.get("password", "")
    with store().read() as session:
        who = staff.find(session, email)
    stored = who.password if who is not None and who.disabled_at is None else None
    # Outside a transaction: hashing takes 30 ms, also for an account that does not exist.
    if not passwords.verify(typed, stored) or who is None:
        if rate_limits.is_wrong_password_logged():
            with store().change() as session:
                # An unknown address is not logged: it may be a password in the wrong field.
                whose = who.id if who else None
                audit_log.record(session, whose, "wrong password", now=clock.now())
        return sign_in_page(422, email=email, message=_("Correo o contraseña incorrectos."))
    better = passwords.hash_password(typed) if stored and passwords.is_outdated(stored) else None
    token = start(who, better=better)
    use_session(token)
    half = session_staff()
    assert half is not None
    if request.form.get("code"):
        return _second_factor(half, token)
    return set_session_cookie(redirect("/org/codigo" + back_query(_back()), 303), token)


@blueprint.get("/codigo")
@requires(Scope.HALF_SIGNED_IN)
def code_form() -> ResponseReturnValue:
    who, back = session_staff(), local_path(request.args.get("volver", ""))
    if who is None or who.is_proven:
        return redirect(back, 303)
    return code_page(who, back=back)


@blueprint.post("/codigo")
@requires(Scope.HALF_SIGNED_IN)
def check_code() -> ResponseReturnValue:
    who = session_staff()
    if who is None:
        return redirect("/org/entrar", 303)
    return go_on(_back()) if who.is_proven else _second_factor(who)


@blueprint.get("/confirmar")
@requires(Scope.SIGNED_IN)
def confirm_form() -> ResponseReturnValue:
    return proof_page(back=local_path(request.args.get("volver", "")))


@blueprint.post("/confirmar")
@requires(Scope.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    now = clock.now()
    with store().change() as session:
        verdict = _check(session, current_staff(), now=now)
        if verdict is CodeVerdict.RIGHT and sessions.refresh_second_factor(
            session, current_staff(), now=now
        ):
            audit_log.record(
                session, current_staff().organizer_id, "second factor shown again", now=now
            )
    if verdict is CodeVerdict.RIGHT:
        return go_on(_back(), is_sign_in=False)
    _count_wrong_key(verdict)
    status, fault = _verdict_message(verdict)
    return proof_page(status, back=_back(), fault=fault)


@blueprint.post("/cerrar")
@requires(Scope.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    now = clock.now()
    with store().change() as session:
        sessions.end(session, request.cookies[COOKIE], now=now)
        audit_log.record(session, current_staff().organizer_id, "signed out", now=now)
    response = redirect("/org/entrar", 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    # All but the cookies: the browser is known further on (S09).
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def count_attempt(account: str = "") -> None:
    """Counts an attempt to sign in with an account; empty where it is not known yet. Raises
    TooManyRequests, whose first time is logged."""
    browser = known_browser.find(now=clock.now())
    try:
        rate_limits.count_sign_in(account, browser=browser)
    except TooManyRequests:
        if (
            rate_limits.is_first_refusal(account, browser=browser)
            and rate_limits.is_wrong_password_logged()
        ):
            with store().change() as session:
                audit_log.record(session, None, "too many sign-ins", now=clock.now())
        raise


def start(
    who: StaffMember, *, better: str | None = None, proven_at: datetime | None = None, by: str = ""
) -> str:
    """Starts a session in place of this browser's previous one; returns the token of its cookie.
    Without `proven_at` the second factor is still to come; else `by` says how it was shown."""
    old, now = request.cookies.get(COOKIE), clock.now()
    with store().change() as session:
        if old:
            sessions.end(session, old, now=now)
        if better:
            credentials.rehash(session, who, better)
        if proven_at is not None:
            audit_log.record(session, who.id, "signed in", now=now, details={"by": by})
        return sessions.start(session, who.id, now=now, device=_device(), proven_at=proven_at)


def go_on(back: str, token: str = "", *, is_sign_in: bool = True) -> Response:
    """Leads to `back`, or shows a form that was kept until this sign-in or confirmation. With the
    `token` of a new session, the response sets its cookie and remembers the browser."""
    if token:
        use_session(token)
    response = _kept_form(back, is_sign_in=is_sign_in) or see_other(back)
    return remember_sign_in(response, token) if token else response


def remember_sign_in(response: Response, token: str) -> Response:
    """Sets the cookie of a new session that is proven, and that of its browser."""
    known_browser.remember(response, current_staff().organizer_id, now=clock.now())
    return set_session_cookie(response, token)


def sign_in_page(
    status: int = 200,
    *,
    email: str = "",
    message: str = "",
    back: str | None = None,
) -> Response:
    return page(
        "auth/login",
        status,
        message=message,
        email=email,
        back=_back() if back is None else back,
        provider=config().oidc.label,
    )


def code_page(
    who: SignedInStaff,
    status: int = 200,
    *,
    back: str,
    fault: str = "",
) -> Response:
    """Asks for the second factor; an account that has none sets one up."""
    with store().read() as session:
        if not credentials.has_second_factor(session, who.organizer_id):
            return totp_setup.offer_page(who, status, back=back, fault=fault)
        has_codes = totp.is_enrolled(session, who.organizer_id)
        has_keys = bool(passkeys.list_for(session, who.organizer_id))
        shown = _shown_code(session, who)
    return page(
        "auth/code",
        status,
        half=who,
        back=back,
        fault=fault,
        has_codes=has_codes,
        has_keys=has_keys,
        shown=shown,
    )


def _second_factor(who: SignedInStaff, token: str = "") -> ResponseReturnValue:
    """Checks the second factor after the password. `token` is that of a session whose cookie the
    browser does not have yet."""
    with store().read() as session:
        is_new = not credentials.has_second_factor(session, who.organizer_id)
    if is_new:
        response = totp_setup.first(who, back=_back())
        return (
            set_session_cookie(response, token)
            if token and "Set-Cookie" not in response.headers
            else response
        )
    now = clock.now()
    with store().change() as session:
        verdict = _check(session, who, now=now)
        proven = (
            sessions.confirm_second_factor(session, who, now=now)
            if verdict is CodeVerdict.RIGHT
            else None
        )
        if proven:
            by = "password and key" if "answer" in request.form else "password and code"
            audit_log.record(session, who.organizer_id, "signed in", now=now, details={"by": by})
    if proven:
        return go_on(_back(), proven)
    if verdict is CodeVerdict.RIGHT:  # the session was ended meanwhile
        return redirect("/org/entrar", 303)
    _count_wrong_key(verdict)
    status, fault = _verdict_message(verdict)
    response = code_page(who, status, back=_back(), fault=fault)
    return set_session_cookie(response, token) if token else response


def _check(session: Session, who: SignedInStaff, *, now: datetime) -> CodeVerdict:
    """Checks the typed code, or the passkey that answered."""
    if answer := request.form.get("answer"):
        owner_id = passkeys.authenticate(session, answer, who.digest, site(), now=now)
        is_theirs = owner_id == who.organizer_id
        action = "key used" if is_theirs else "key refused"
        audit_log.record(session, who.organizer_id, action, now=now)
        return CodeVerdict.RIGHT if is_theirs else CodeVerdict.WRONG
    typed = request.form.get("code", "")
    return totp.check(session, who.organizer_id, typed, server_key(), now=now)


def _count_wrong_key(verdict: CodeVerdict) -> None:
    """Counts a wrong passkey as an attempt (`totp` counts codes itself). Called after the
    transaction that used up the challenge, which a TooManyRequests must not roll back."""
    if verdict is CodeVerdict.WRONG and "answer" in request.form:
        who = session_staff()
        count_attempt(str(who.organizer_id) if who else "")


def site() -> passkeys.RelyingParty:
    """Returns this installation, as passkeys know it."""
    host = config().host.rpartition("@")[2]
    return passkeys.RelyingParty(host.partition(":")[0], config().public_url)


def _verdict_message(verdict: CodeVerdict) -> tuple[int, str]:
    if verdict is CodeVerdict.TOO_MANY:
        return 429, _("Fueron muchos intentos. Espera una hora y escribe el código de ese momento.")
    if verdict is CodeVerdict.REPLAYED:
        return 422, _("Ese código ya se usó. Espera al siguiente y escríbelo.")
    if "answer" in request.form:
        return 422, _("No reconocimos esa llave. Usa otra, o escribe tu código.")
    return 422, _("El código no coincide. Espera al siguiente y vuelve a intentar.")


def _back() -> str:
    return local_path(request.form.get("volver", ""))


def _kept_form(back: str, *, is_sign_in: bool) -> Response | None:
    """Returns the page of a kept form with what was typed; None without such a form. After a
    sign-in that is any long form of the staff member; after a confirmation, the form that needed
    it."""
    with store().read() as session:
        forms = list(
            interrupted_forms.list_waiting(
                session, current_staff().organizer_id, server_key(), now=clock.now()
            )
        )
    for form in forms:
        is_confirmed = form.session_digest == current_staff().digest and form.path == back
        if _is_long(form) if is_sign_in else is_confirmed:
            response = _restored(form)
            with store().change() as session:
                interrupted_forms.discard(session, form.session_digest)
            return response
    return None


def _is_long(form: KeptForm) -> bool:
    target = target_of(form.path)
    return target is not None and target.restore is not None


def _restored(form: KeptForm) -> Response | None:
    """Returns the page of a kept form; None where the subject of the form is gone, or the staff
    member may no longer send it."""
    target = target_of(form.path)
    if target is None:
        return None
    try:
        enforce(rule_of(target.endpoint), target.arguments)
        if target.restore is None:
            return page("auth/continue", back=form.path, fields=form.fields)
        g.is_restored = True
        return target.restore(fields_of(form), **target.arguments)
    except (NotFound, Refusal, HTTPException):
        g.is_restored = False
        return None


def see_other(path: str) -> Response:
    """Returns a redirect with status 303."""
    response = redirect(path, 303)
    assert isinstance(response, Response)
    return response


def back_query(back: str) -> str:
    """The query that carries `back` to the next page of the sign-in."""
    return "" if back == "/org/" else f"?volver={back}"


def _shown_code(session: Session, who: SignedInStaff) -> str:
    """The current code, in the demo only: nobody has its accounts in an application."""
    if not config().is_demo:
        return ""
    return totp.next_code(session, who.organizer_id, server_key(), now=clock.now())


def _device() -> str:
    agent = request.user_agent.string
    system = next((name for name in _SYSTEMS if name in agent), "")
    browser = next((label for name, label in _BROWSERS.items() if name in agent), "")
    return ", ".join(each for each in (browser, system) if each)
