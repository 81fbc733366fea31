"""Signing in by another provider's word: there, and back again."""

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
from outreach.domain.network import staff
from outreach.domain.network.staff import StaffMember
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.staff.auth import blueprint, login
from outreach.web.staff.common.guards import local_path, set_session_cookie, signed_in_staff
from outreach.web.staff.common.permissions import Scope, requires

log = logging.getLogger(__name__)

# It binds the way back to the browser that went: somebody else's answer opens nothing here.
COOKIE: Final = "__Secure-oidc"


@blueprint.get("/oidc")
@requires(Scope.PUBLIC)
def oidc_start() -> ResponseReturnValue:
    """A link and not a form: the Content-Security-Policy lets no form lead to another site."""
    _require_one()
    login.count()
    who, now = signed_in_staff(), clock.now()
    try:
        endpoints = oidc.discover(config().oidc)
    except ProviderUnavailable as error:
        return _away(error)
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
        again=who is not None,
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
    _require_one()
    response = _arrived()
    response.delete_cookie(COOKIE, path="/org", secure=True, httponly=True, samesite="Lax")
    return response


def _arrived() -> Response:
    now, state = clock.now(), request.args.get("state", "")
    with store().change() as session:
        purpose = _purpose(request.cookies.get(COOKIE, ""))
        kept = webauthn_challenges.redeem(session, state.encode(), purpose, now=now)
    if kept is None:
        login.count()
        return _page_of_refusal()  # anybody can come here: it is not written down
    asked: dict[str, str] = json.loads(kept)
    code = request.args.get("code", "")
    if not code:  # they thought better of it, or are nobody there
        return _refused("no code")
    try:
        word = oidc.fetch_identity(
            config().oidc,
            oidc.discover(config().oidc),
            back=_back(),
            code=code,
            nonce=asked["nonce"],
            verifier=asked["verifier"],
            now=now,
        )
    except ProviderUnavailable as error:
        return _away(error)
    except IdentityRefused as error:
        return _refused(str(error))
    with store().read() as session:
        who = staff.find(session, word.email)
    if who is None or who.disabled_at is not None:
        return _refused("no account", who)
    return _let_in(who, word, asked, now)


def _let_in(who: StaffMember, word: OidcIdentity, asked: dict[str, str], now: datetime) -> Response:
    back, mine = local_path(asked["back"]), signed_in_staff()
    if asked["again"] and mine is not None and mine.organizer_id == who.id:
        since = datetime.fromisoformat(asked["asked_at"])
        return _proven_again(mine, word, back, since, is_asked=asked["again"] == mine.digest)
    if word.has_two_factors:
        # One that does not say when may mean hours ago: it is asked for again before what matters.
        proven_at = word.shown_at or now - 2 * sessions.FRESH
        return login.go_on(back, login.start(who, proven_at=proven_at, by="provider"))
    token = login.start(who)
    with store().change() as session:
        audit_log.record(session, who.id, "named by the provider", now=now)
    return set_session_cookie(login.see_other("/org/codigo" + login.asking_back(back)), token)


def _proven_again(
    mine: SignedInStaff, word: OidcIdentity, back: str, since: datetime, *, is_asked: bool
) -> Response:
    """Somebody who is in already had to show who they are: we had asked for it anew, and take no
    word that does not say that they did so since."""
    now = clock.now()
    if not word.has_two_factors:
        return _refused("no second factor there")
    early = since - timedelta(seconds=oidc.LEEWAY_SECONDS)
    if not is_asked or word.shown_at is None or word.shown_at < early:
        return _refused("not shown again there")
    with store().change() as session:
        sessions.refresh_second_factor(session, mine, now=min(word.shown_at, now))
        audit_log.record(session, mine.organizer_id, "second factor shown again", now=now)
    return login.go_on(back, is_sign_in=False)


def _require_one() -> None:
    if not config().oidc.label:
        abort(404)


def _back() -> str:
    return f"{config().public_url}/org/oidc/vuelta"


def _purpose(bound: str) -> str:
    return f"oidc {hashlib.sha256(bound.encode()).hexdigest()}"


def _away(error: ProviderUnavailable) -> Response:
    log.warning("the OpenID provider cannot be used: %s", str(error))  # words of ours
    said = _(
        "%(name)s no contesta. Entra con tu contraseña, o vuelve a intentar más tarde.",
        name=config().oidc.label,
    )
    return login.entrance_page(503, message=said)


def _refused(why: str, who: StaffMember | None = None) -> Response:
    """Why is for the journal: the page says the same of every account that is not here."""
    with store().change() as session:
        whose = who.id if who else None
        audit_log.record(session, whose, "provider's word refused", now=clock.now(), detail=why)
    return _page_of_refusal()


def _page_of_refusal() -> Response:
    said = _(
        "No pudimos entrar con %(name)s. Entra con tu contraseña, o pide ayuda.",
        name=config().oidc.label,
    )
    return login.entrance_page(422, message=said)
