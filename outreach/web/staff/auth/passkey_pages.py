"""Passkeys: signing in with one, and those of one's account. Without JavaScript no browser can use
one; then the password and a code do."""

import json

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.accounts import passkeys, sessions
from outreach.domain.audit import audit_log
from outreach.domain.network.staff import StaffMember
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.auth import blueprint, login
from outreach.web.staff.common.guards import current_staff, local_path, page, session_staff
from outreach.web.staff.common.permissions import Scope, requires


@blueprint.post("/llave/reto")
@requires(Scope.PUBLIC)
def passkey_challenge() -> ResponseReturnValue:
    """What the browser of anybody needs to ask for a key. Each is an attempt to sign in."""
    login.count()
    with store().change() as session:
        asked = passkeys.authentication_options(session, "", login.site(), now=clock.now())
    return _json(asked)


@blueprint.post("/llave")
@requires(Scope.PUBLIC)
def sign_in_with_passkey() -> ResponseReturnValue:
    """A key is both factors at once."""
    back, now = local_path(request.form.get("volver", "")), clock.now()
    with store().change() as session:
        answer = request.form.get("answer", "")
        found = passkeys.authenticate(session, answer, "", login.site(), now=now)
        who = session.get(StaffMember, found) if found is not None else None
        is_in = who is not None and who.disabled_at is None
        if is_in:
            audit_log.record(session, found, "key used", now=now)
    if who is None or not is_in:
        login.count()  # or anybody could fill the journal
        with store().change() as session:
            audit_log.record(session, found, "key refused", now=now)
        said = _("No reconocimos esa llave. Usa otra, o entra con tu contraseña.")
        return login.entrance_page(422, message=said)
    return login.go_on(back, login.start(who, proven_at=now, by="key"))


@blueprint.post("/codigo/reto")
@requires(Scope.HALF_SIGNED_IN)
def second_factor_challenge() -> ResponseReturnValue:
    """The same for a session that has to show who it is."""
    who = session_staff()
    assert who is not None  # the guard has seen to it
    with store().change() as session:
        asked = passkeys.authentication_options(session, who.digest, login.site(), now=clock.now())
    return _json(asked)


@blueprint.get("/cuenta/llaves")
@requires(Scope.SIGNED_IN, fresh=True)
def new_passkey() -> ResponseReturnValue:
    return page("auth/passkey", named="", fault="")


@blueprint.post("/cuenta/llaves/reto")
@requires(Scope.SIGNED_IN, fresh=True)
def new_passkey_challenge() -> ResponseReturnValue:
    with store().change() as session:
        offered = passkeys.registration_options(
            session,
            current_staff().organizer_id,
            current_staff().email,
            current_staff().digest,
            login.site(),
            now=clock.now(),
        )
    return _json(offered)


@blueprint.post("/cuenta/llaves")
@requires(Scope.SIGNED_IN, fresh=True)
def add_passkey() -> ResponseReturnValue:
    name, now = _name(), clock.now()
    if not name:
        return page("auth/passkey", 422, named="", fault=_("Escribe un nombre para esta llave."))
    with store().change() as session:
        if not sessions.lock(session, current_staff(), now=now):
            return redirect("/org/entrar", 303)
        if len(passkeys.list_for(session, current_staff().organizer_id)) >= passkeys.MAX_PASSKEYS:
            raise PageRefused(_("Ya tienes 20 llaves. Quita una para agregar otra."))
        is_kept = passkeys.register(
            session,
            current_staff().organizer_id,
            name,
            request.form.get("answer", ""),
            current_staff().digest,
            login.site(),
            now=now,
        )
        if is_kept:
            audit_log.record(session, current_staff().organizer_id, "key added", now=now)
    if not is_kept:
        said = _("No pudimos guardar esta llave. Vuelve a intentar con el botón.")
        return page("auth/passkey", 422, named=name, fault=said)
    return redirect("/org/cuenta?hecho=llave", 303)


@blueprint.post("/cuenta/llaves/nombre")
@requires(Scope.SIGNED_IN)
def rename_passkey() -> ResponseReturnValue:
    name = _name()
    if not name:
        raise PageRefused(_("Escribe un nombre para esta llave."))
    with store().change() as session:
        if not passkeys.rename(session, current_staff().organizer_id, _key(), name):
            raise PageRefused(_("Esa llave ya no está. Mira cuáles tienes en tu cuenta."))
        audit_log.record(session, current_staff().organizer_id, "key renamed", now=clock.now())
    return redirect("/org/cuenta?hecho=nombre", 303)


@blueprint.post("/cuenta/llaves/quitar")
@requires(Scope.SIGNED_IN, fresh=True)
def remove_passkey() -> ResponseReturnValue:
    with store().change() as session:
        if not passkeys.remove(session, current_staff().organizer_id, _key()):
            raise PageRefused(_("Esa llave ya no está. Mira cuáles tienes en tu cuenta."))
        audit_log.record(session, current_staff().organizer_id, "key removed", now=clock.now())
    return redirect("/org/cuenta?hecho=quitada", 303)


def _name() -> str:
    return clean(request.form.get("name", ""))[: passkeys.MAX_NAME_LENGTH]


def _key() -> bytes:
    try:
        return bytes.fromhex(request.form.get("key", ""))
    except ValueError:
        raise NotFound("key") from None


def _json(options: object) -> Response:
    return Response(json.dumps(options), mimetype="application/json")
