"""Signing in: the password, then the second factor; and out. The other ways in, by key and by
another provider, end here too."""

from datetime import datetime

from flask import Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, TooManyRequests

from outreach import clock
from outreach.accounts import credentials, passkeys, passwords, sessions, totp
from outreach.accounts.sessions import SignedInStaff
from outreach.accounts.totp import CodeVerdict
from outreach.domain.audit import audit_log
from outreach.domain.network import staff
from outreach.domain.network.staff import StaffMember
from outreach.domain.text import clean
from outreach.errors import NotFound, Refused
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.staff.attendees import message_pages
from outreach.web.staff.auth import blueprint, totp_setup
from outreach.web.staff.bulletin import bulletin_editor
from outreach.web.staff.common.guards import (
    COOKIE,
    SENT,
    begin,
    given_back,
    is_kept,
    known,
    me,
    our_path,
    page,
    proof_page,
    remember,
    require,
    server_key,
    signed,
    still_kept,
)
from outreach.web.staff.common.permissions import Scope, requires, rule_of
from outreach.web.staff.months import figures_entry
from outreach.web.staff.scheduling import month_planner
from outreach.web.staff.workshops import translations, workshop_edit

SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")
# Each also says the names of those after it.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


@blueprint.get("/entrar")
@requires(Scope.PUBLIC)
def sign_in_form() -> ResponseReturnValue:
    back = our_path(request.args.get("volver", ""))
    if signed() is not None:
        return redirect(back, 303)
    return entrance_page(back=back)


@blueprint.post("/entrar")
@requires(Scope.PUBLIC)
def sign_in() -> ResponseReturnValue:
    """With `email` and `password`; with `code` too, or with `code` alone after them."""
    half = known()
    if "password" not in request.form and "code" in request.form and half and not half.is_whole:
        return _given(half)
    count()
    email = clean(request.form.get("email", ""))
    typed = request.form.get("password", "")
    with store().read() as session:
        who = staff.find(session, email)
    stored = who.password if who is not None and who.disabled_at is None else None
    # Outside any transaction: it takes 30 ms, and as long for an account that does not exist.
    if not passwords.is_right(typed, stored) or who is None:
        with store().change() as session:
            # An address that nobody has may be a password in the wrong field: it is not written.
            audit_log.record(session, who.id if who else None, "wrong password", now=clock.now())
        return entrance_page(
            422, email=email, message=_("Correo o contraseña incorrectos."), kept=still_kept()
        )
    better = passwords.hashed(typed) if stored and passwords.is_outdated(stored) else None
    token = start(who, better=better)
    remember(token)
    half = known()
    assert half is not None
    if request.form.get("code"):
        return _given(half, token)
    back = our_path(request.form.get("volver", ""))
    if still_kept():
        return begin(code_page(half, back=back, kept=still_kept()), token)
    return begin(redirect("/org/codigo" + asking_back(back), 303), token)


@blueprint.get("/codigo")
@requires(Scope.HALF_SIGNED_IN)
def code_form() -> ResponseReturnValue:
    who, back = known(), our_path(request.args.get("volver", ""))
    if who is None or who.is_whole:
        return redirect(back, 303)
    return code_page(who, back=back, kept=[])


@blueprint.post("/codigo")
@requires(Scope.HALF_SIGNED_IN)
def check_code() -> ResponseReturnValue:
    who = known()
    if who is None:
        return redirect("/org/entrar", 303)
    return go_on() if who.is_whole else _given(who)


@blueprint.get("/confirmar")
@requires(Scope.SIGNED_IN)
def confirm_form() -> ResponseReturnValue:
    return proof_page(back=our_path(request.args.get("volver", "")), kept=[])


@blueprint.post("/confirmar")
@requires(Scope.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    now = clock.now()
    with store().change() as session:
        verdict = _check(session, me(), now=now)
        if verdict is CodeVerdict.RIGHT and sessions.prove_again(session, me(), now=now):
            audit_log.record(session, me().organizer_id, "second factor shown again", now=now)
    if verdict is CodeVerdict.RIGHT:
        return go_on()
    _count_wrong_key(verdict)
    back = our_path(request.form.get("volver", ""))
    status, fault = _said(verdict)
    return proof_page(status, back=back, kept=still_kept(), fault=fault)


@blueprint.post("/cerrar")
@requires(Scope.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    now = clock.now()
    with store().change() as session:
        sessions.end(session, request.cookies[COOKIE], now=now)
        audit_log.record(session, me().organizer_id, "signed out", now=now)
    response = redirect("/org/entrar", 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"*"'
    return response


def count() -> None:
    """Counts an attempt to sign in. Raises TooManyRequests, which is written down once."""
    try:
        rate_limits.count_sign_in()
    except TooManyRequests:
        if rate_limits.is_first_refusal():
            with store().change() as session:
                audit_log.record(session, None, "too many sign-ins", now=clock.now())
        raise


def start(
    who: StaffMember, *, better: str | None = None, proven_at: datetime | None = None, by: str = ""
) -> str:
    """A new session in place of this browser's old one, if it had one; the cookie's token. Without
    `proven_at` it is half-way; else `by` says what proved it."""
    old, now = request.cookies.get(COOKIE), clock.now()
    with store().change() as session:
        if old:
            sessions.end(session, old, now=now)
        if better:
            credentials.rehash(session, who, better)
        if proven_at is not None:
            audit_log.record(session, who.id, "signed in", now=now, detail=by)
        return sessions.start(session, who.id, now=now, device=_device(), proven_at=proven_at)


def go_on(token: str = "") -> Response:
    """Where one was, with what one had typed; with the cookie of a session that is new."""
    if token:
        remember(token)
    try:
        response = _back_again()
    except (NotFound, Refused, HTTPException):
        # What waited is not for who came in, or is gone; they are in all the same.
        response = see_other("/org/")
    if token:
        begin(response, token)
    return response


def entrance_page(
    status: int = 200,
    *,
    email: str = "",
    message: str = "",
    back: str | None = None,
    kept: list[tuple[str, str]] | None = None,
) -> Response:
    return page(
        "auth/login",
        status,
        message=message,
        email=email,
        back=our_path(request.form.get("volver", "")) if back is None else back,
        kept=kept or [],
        provider=config().oidc.label,
    )


def code_page(
    who: SignedInStaff,
    status: int = 200,
    *,
    back: str,
    kept: list[tuple[str, str]],
    fault: str = "",
) -> Response:
    """Asks for the second factor; of an account that has none, to set one up."""
    with store().read() as session:
        if not credentials.has_second_factor(session, who.organizer_id):
            return totp_setup.offer_page(who, status, back=back, kept=kept, fault=fault)
        has_codes = totp.is_enrolled(session, who.organizer_id)
        has_keys = bool(passkeys.of(session, who.organizer_id))
        shown = _shown_code(session, who)
    return page(
        "auth/code",
        status,
        half=who,
        back=back,
        kept=kept,
        fault=fault,
        has_codes=has_codes,
        has_keys=has_keys,
        shown=shown,
    )


def _given(who: SignedInStaff, token: str = "") -> ResponseReturnValue:
    """A second factor, of someone whose password was right. `token` is of a session that has only
    just begun: the browser does not have it yet."""
    with store().read() as session:
        is_new = not credentials.has_second_factor(session, who.organizer_id)
    back = our_path(request.form.get("volver", ""))
    if is_new:
        asked = totp_setup.first(who, back=back, kept=still_kept())
        return begin(asked, token) if token and "Set-Cookie" not in asked.headers else asked
    now = clock.now()
    with store().change() as session:
        verdict = _check(session, who, now=now)
        proven = sessions.prove(session, who, now=now) if verdict is CodeVerdict.RIGHT else None
        if proven:
            by = "password and key" if "answer" in request.form else "password and code"
            audit_log.record(session, who.organizer_id, "signed in", now=now, detail=by)
    if proven:
        return go_on(proven)
    if verdict is CodeVerdict.RIGHT:  # the session was ended in this very moment
        return redirect("/org/entrar", 303)
    _count_wrong_key(verdict)
    status, fault = _said(verdict)
    asked = code_page(who, status, back=back, kept=still_kept(), fault=fault)
    return begin(asked, token) if token else asked


def _check(session: Session, who: SignedInStaff, *, now: datetime) -> CodeVerdict:
    """What becomes of the code that was typed, or of the key that answered."""
    if answer := request.form.get("answer"):
        found = passkeys.recognize(session, answer, who.digest, site(), now=now)
        is_theirs = found == who.organizer_id
        action = "key used" if is_theirs else "key refused"
        audit_log.record(session, who.organizer_id, action, now=now)
        return CodeVerdict.RIGHT if is_theirs else CodeVerdict.WRONG
    typed = request.form.get("code", "")
    return totp.check(session, who.organizer_id, typed, server_key(), now=now)


def _count_wrong_key(verdict: CodeVerdict) -> None:
    """Codes are counted by themselves. After the change that used the question up and wrote it
    down: a refusal is written down too, and must take neither back."""
    if verdict is CodeVerdict.WRONG and "answer" in request.form:
        count()


def site() -> passkeys.RelyingParty:
    host = config().host.rpartition("@")[2]
    return passkeys.RelyingParty(host.partition(":")[0], config().public_url)


def _said(verdict: CodeVerdict) -> tuple[int, str]:
    if verdict is CodeVerdict.TOO_MANY:
        return 429, _("Fueron muchos intentos. Espera una hora y escribe el código de ese momento.")
    if verdict is CodeVerdict.REPLAYED:
        return 422, _("Ese código ya se usó. Espera al siguiente y escríbelo.")
    if "answer" in request.form:
        return 422, _("No reconocimos esa llave. Usa otra, o escribe tu código.")
    return 422, _("El código no coincide. Espera al siguiente y vuelve a intentar.")


def _back_again() -> Response:
    back, typed = our_path(request.form.get("volver", "")), given_back(request.form)
    if typed and is_kept(back):
        return _filled_again(back, typed)
    if SENT in request.form:
        return page("auth/continue", back=back, fields=list(typed.items(multi=True)))
    return see_other(back)


def see_other(path: str) -> Response:
    found = redirect(path, 303)
    assert isinstance(found, Response)
    return found


def _filled_again(back: str, fields: MultiDict[str, str]) -> Response:
    """The page at `back` with what was typed before the session ended, as far as one may."""
    endpoint, given = current_app.url_map.bind("").match(back, method="POST")
    require(rule_of(endpoint), given)
    if back.startswith("/org/boletin/"):
        return bulletin_editor.filled_again(back, fields)
    if back.startswith("/org/mes/"):
        return figures_entry.filled_again(back, fields)
    if back == month_planner.PATH:
        return month_planner.filled_again(fields)
    if back.endswith("/textos"):
        return translations.filled_again(back, fields)
    if back.endswith("/mensaje"):
        return message_pages.filled_again(back, fields)
    return workshop_edit.filled_again(back, fields)


def asking_back(back: str) -> str:
    return "" if back == "/org/" else f"?volver={back}"


def _shown_code(session: Session, who: SignedInStaff) -> str:
    """The demo says the code: nobody has its accounts in an application."""
    if not config().is_demo:
        return ""
    return totp.next_code(session, who.organizer_id, server_key(), now=clock.now())


def _device() -> str:
    agent = request.user_agent.string
    system = next((name for name in SYSTEMS if name in agent), "")
    browser = next((said for name, said in BROWSERS.items() if name in agent), "")
    return ", ".join(each for each in (browser, system) if each)
