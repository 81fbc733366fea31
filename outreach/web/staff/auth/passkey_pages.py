"""Passkeys: sign-in with one, and the passkeys of the own account.

Browsers need JavaScript for passkeys; password and code work without.
"""

import json

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.accounts import passkeys, sessions
from outreach.domain.audit import audit_log
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
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
    """Answers with the options for a sign-in with a passkey, as JSON. Each request counts as an
    attempt."""
    login.count_attempt()
    with store().change() as session:
        options = passkeys.authentication_options(session, "", login.site(), now=clock.now())
    return _json(options)


@blueprint.post("/llave")
@requires(Scope.PUBLIC)
def sign_in_with_passkey() -> ResponseReturnValue:
    """Signs in with a passkey, which is both factors at once."""
    back, now = local_path(request.form.get("volver", "")), clock.now()
    with store().change() as session:
        answer = request.form.get("answer", "")
        owner_id = passkeys.authenticate(session, answer, "", login.site(), now=now)
        who = session.get(StaffMember, owner_id) if owner_id is not None else None
        is_accepted = who is not None and who.disabled_at is None
        if is_accepted:
            audit_log.record(session, owner_id, "key used", now=now)
    if who is None or not is_accepted:
        login.count_attempt()  # limits how much anybody can write in the audit log
        with store().change() as session:
            audit_log.record(session, owner_id, "key refused", now=now)
        message = _("No reconocimos esa llave. Usa otra, o entra con tu contraseña.")
        return login.sign_in_page(422, message=message)
    return login.go_on(back, login.start(who, proven_at=now, by="key"))


@blueprint.post("/codigo/reto")
@requires(Scope.HALF_SIGNED_IN)
def second_factor_challenge() -> ResponseReturnValue:
    """Answers with the options to show a passkey as the second factor of this session, as JSON."""
    who = session_staff()
    assert who is not None  # the guard has checked it
    with store().change() as session:
        options = passkeys.authentication_options(
            session, who.digest, login.site(), now=clock.now()
        )
    return _json(options)


@blueprint.get("/cuenta/llaves")
@requires(Scope.SIGNED_IN, fresh=True)
def new_passkey() -> ResponseReturnValue:
    return page("auth/passkey", named="", fault="")


@blueprint.post("/cuenta/llaves/reto")
@requires(Scope.SIGNED_IN, fresh=True)
def new_passkey_challenge() -> ResponseReturnValue:
    with store().change() as session:
        options = passkeys.registration_options(
            session,
            current_staff().organizer_id,
            current_staff().email,
            current_staff().digest,
            login.site(),
            now=clock.now(),
        )
    return _json(options)


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
        is_added = passkeys.register(
            session,
            current_staff().organizer_id,
            name,
            request.form.get("answer", ""),
            current_staff().digest,
            login.site(),
            now=now,
        )
        if is_added:
            audit_log.record(session, current_staff().organizer_id, "key added", now=now)
            mailings.notify_staff(
                session, [current_staff().organizer_id], MailingTopic.ACCOUNT, now=now
            )
    if not is_added:
        message = _("No pudimos guardar esta llave. Vuelve a intentar con el botón.")
        return page("auth/passkey", 422, named=name, fault=message)
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
