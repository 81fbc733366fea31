"""Sign-in through an OpenID Connect provider: the redirect there and the return."""

import hashlib
import json
import logging
import secrets
from datetime import datetime, timedelta
from typing import Final

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.accounts import oidc, sessions, webauthn_challenges
from outreach.accounts.oidc import IdentityRefused, OidcIdentity, ProviderUnavailable
from outreach.accounts.sessions import SignedInStaff
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import staff
from outreach.domain.network.staff import StaffMember
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.staff.auth import blueprint, login
from outreach.web.staff.common.guards import local_path, set_session_cookie, signed_in_staff
from outreach.web.staff.common.permissions import Scope, requires

log = logging.getLogger(__name__)

# Binds the return to the browser that started: another browser's answer is refused.
COOKIE: Final = "__Secure-oidc"


@blueprint.get("/oidc")
@requires(Scope.PUBLIC)
def oidc_start() -> ResponseReturnValue:
    """Redirects to the provider. A GET, since the Content-Security-Policy allows no form to lead to
    another site."""
    _require_provider()
    login.count_attempt()
    who, now = signed_in_staff(), clock.now()
    try:
        endpoints = oidc.discover(config().oidc)
    except ProviderUnavailable as error:
        return _unavailable_page(error)
    state, nonce, verifier, bound = (secrets.token_urlsafe(48) for _ in range(4))
    kept = {
        "nonce": nonce,
        "verifier": verifier,
        "back": local_path(request.args.get("volver", "")),
        "again": who.digest if who else "",
        "asked_at": now.isoformat(),
    }
    with store().change() as session:
        webauthn_challenges.issue(
            session, state.encode(), _purpose(bound), now=now, kept=json.dumps(kept)
        )
    there = oidc.authorization_url(
        config().oidc,
        endpoints,
        back=_back(),
        state=state,
        nonce=nonce,
        verifier=verifier,
        is_reauthentication=who is not None,
    )
    response = redirect(there, 303)
    assert isinstance(response, Response)
    response.set_cookie(
        COOKIE,
        bound,
        max_age=webauthn_challenges.LIFETIME,
        path="/org",
        secure=True,
        httponly=True,
        samesite="Lax",
    )
    return response


@blueprint.get("/oidc/vuelta")
@requires(Scope.PUBLIC)
def oidc_callback() -> ResponseReturnValue:
    _require_provider()
    response = _handle_return()
    response.delete_cookie(COOKIE, path="/org", secure=True, httponly=True, samesite="Lax")
    return response


def _handle_return() -> Response:
    now, state = clock.now(), request.args.get("state", "")
    with store().change() as session:
        purpose = _purpose(request.cookies.get(COOKIE, ""))
        kept = webauthn_challenges.redeem(session, state.encode(), purpose, now=now)
    if kept is None:
        login.count_attempt()
        return _refusal_page()  # not logged: anybody can send this
    request_data: dict[str, str] = json.loads(kept)
    code = request.args.get("code", "")
    if not code:  # they cancelled, or are unknown there
        return _refused("no code")
    try:
        identity = oidc.fetch_identity(
            config().oidc,
            oidc.discover(config().oidc),
            back=_back(),
            code=code,
            nonce=request_data["nonce"],
            verifier=request_data["verifier"],
            now=now,
        )
    except ProviderUnavailable as error:
        return _unavailable_page(error)
    except IdentityRefused as error:
        return _refused(str(error))
    with store().read() as session:
        who = staff.find(session, identity.email)
    if who is None or who.disabled_at is not None:
        return _refused("no account", who)
    return _sign_in(who, identity, request_data, now)


def _sign_in(
    who: StaffMember, identity: OidcIdentity, request_data: dict[str, str], now: datetime
) -> Response:
    back, current = local_path(request_data["back"]), signed_in_staff()
    if request_data["again"] and current is not None and current.organizer_id == who.id:
        since = datetime.fromisoformat(request_data["asked_at"])
        return _refresh_second_factor(
            current, identity, back, since, is_same_session=request_data["again"] == current.digest
        )
    if identity.has_two_factors:
        # Without a time it may have been hours ago: it does not count as fresh.
        proven_at = identity.shown_at or now - 2 * sessions.FRESH
        return login.go_on(back, login.start(who, proven_at=proven_at, by="provider"))
    token = login.start(who)
    with store().change() as session:
        audit_log.record(session, who.id, "named by the provider", now=now)
    return set_session_cookie(login.see_other("/org/codigo" + login.back_query(back)), token)


def _refresh_second_factor(
    current: SignedInStaff,
    identity: OidcIdentity,
    back: str,
    since: datetime,
    *,
    is_same_session: bool,
) -> Response:
    """Confirms the second factor of a session by a new sign-in at the provider. Its answer must say
    that both factors were shown since the request."""
    now = clock.now()
    if not identity.has_two_factors:
        return _refused("no second factor there")
    early = since - timedelta(seconds=oidc.LEEWAY_SECONDS)
    if not is_same_session or identity.shown_at is None or identity.shown_at < early:
        return _refused("not shown again there")
    with store().change() as session:
        sessions.refresh_second_factor(session, current, now=min(identity.shown_at, now))
        audit_log.record(session, current.organizer_id, "second factor shown again", now=now)
    return login.go_on(back, is_sign_in=False)


def _require_provider() -> None:
    if not config().oidc.label:
        abort(404)


def _back() -> str:
    return f"{config().public_url}/org/oidc/vuelta"


def _purpose(bound: str) -> str:
    return f"oidc {hashlib.sha256(bound.encode()).hexdigest()}"


def _unavailable_page(error: ProviderUnavailable) -> Response:
    log.warning("the OpenID provider cannot be used: %s", str(error))  # our own text
    message = _(
        "%(name)s no contesta. Entra con tu contraseña, o vuelve a intentar más tarde.",
        name=config().oidc.label,
    )
    return login.sign_in_page(503, message=message)


def _refused(reason: str, who: StaffMember | None = None) -> Response:
    """Logs the reason. The page is the same for every refusal, so that it names no account."""
    with store().change() as session:
        whose = who.id if who else None
        details: Details = {"reason": reason}
        audit_log.record(
            session, whose, "provider's word refused", now=clock.now(), details=details
        )
    return _refusal_page()


def _refusal_page() -> Response:
    message = _(
        "No pudimos entrar con %(name)s. Entra con tu contraseña, o pide ayuda.",
        name=config().oidc.label,
    )
    return login.sign_in_page(422, message=message)
