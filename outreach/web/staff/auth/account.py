"""The page «Mi cuenta»: name, sessions, password, passkeys and recovery codes of a staff member."""

from datetime import datetime, timedelta
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.accounts import credentials, passkeys, passwords, sessions, totp
from outreach.domain.audit import audit_log
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.domain.text import clean
from outreach.i18n import gettext as _
from outreach.i18n import list_languages, ngettext
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.auth import blueprint, letter_choices, login
from outreach.web.staff.common import display_names
from outreach.web.staff.common.guards import current_staff, page
from outreach.web.staff.common.permissions import Scope, requires

FEW_CODES: Final = 3  # from here on the page advises to print new recovery codes


@blueprint.get("/cuenta")
@requires(Scope.SIGNED_IN)
def account() -> ResponseReturnValue:
    return _page()


@blueprint.post("/cuenta/sesiones")
@requires(Scope.SIGNED_IN)
def end_session() -> ResponseReturnValue:
    """Ends one session by its `ref` (field `which`), or all others (field `others`)."""
    now, who = clock.now(), current_staff()
    with store().change() as session:
        if "others" in request.form:
            count = sessions.end_all(session, who.organizer_id, now=now, except_digest=who.digest)
            audit_log.record(
                session,
                who.organizer_id,
                "other sessions ended",
                now=now,
                details={"sessions": count},
            )
            return redirect("/org/cuenta?hecho=sesiones", 303)
        which = clean(request.form.get("which", ""))
        if not sessions.end_one(session, who.organizer_id, which, now=now):
            raise PageRefused(
                _("Esa sesión ya terminó. Mira las que siguen abiertas en tu cuenta.")
            )
        audit_log.record(session, who.organizer_id, "session ended", now=now)
    return redirect("/org/cuenta?hecho=sesion", 303)


@blueprint.post("/cuenta/nombre")
@requires(Scope.SIGNED_IN)
def change_name() -> ResponseReturnValue:
    """Sets the display name (field `name`); an empty one shows the address again."""
    name = clean(request.form.get("name", ""))
    if fault := display_names.fault_of(name):
        return _page(422, fault=fault, field="name")
    with store().change() as session:
        credentials.rename(session, current_staff().organizer_id, name, now=clock.now())
    return redirect("/org/cuenta?hecho=mi-nombre", 303)


@blueprint.post("/cuenta/idioma")
@requires(Scope.SIGNED_IN)
def change_language() -> ResponseReturnValue:
    """Sets the language of the pages, letters and calendar (field `language`)."""
    language = request.form.get("language", "")
    if language not in list_languages():
        raise PageRefused(_("Elige un idioma de la lista."))
    with store().change() as session:
        credentials.set_language(session, current_staff().organizer_id, language, now=clock.now())
    return redirect("/org/cuenta?hecho=idioma", 303)


@blueprint.post("/cuenta/contrasena")
@requires(Scope.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    who, now = current_staff(), clock.now()
    old, new = request.form.get("password", ""), request.form.get("new", "")
    with store().read() as session:
        stored = session.get_one(StaffMember, who.organizer_id).password
    if len(new) < passwords.MIN_LENGTH:
        return _page(422, fault=_("La contraseña es corta. Escribe 12 letras o más."), field="new")
    login.count_attempt(str(who.organizer_id))  # somebody at an open browser may not guess it
    wrong = _("Esa no es tu contraseña de ahora. Escríbela otra vez.")
    if not passwords.verify(old, stored) or stored is None:
        with store().change() as session:
            audit_log.record(session, who.organizer_id, "wrong password", now=now)
        return _page(422, fault=wrong, field="password")
    hashed = passwords.hash_password(new)
    with store().change() as session:
        # Locks the account before its sessions, in the same order as `credentials.disable`.
        is_changed = credentials.change_password(session, who.organizer_id, stored, hashed)
        is_open = sessions.lock(session, who, now=now)
        if is_changed and is_open:
            sessions.end_all(session, who.organizer_id, now=now, except_digest=who.digest)
            audit_log.record(session, who.organizer_id, "password changed", now=now)
            mailings.notify_staff(session, [who.organizer_id], MailingTopic.ACCOUNT, now=now)
        else:
            session.rollback()
    if not is_open:
        return redirect("/org/entrar", 303)
    if not is_changed:  # it was changed since it was read
        return _page(422, fault=wrong, field="password")
    return redirect("/org/cuenta?hecho=contrasena", 303)


def _page(status: int = 200, *, fault: str = "", field: str = "") -> Response:
    who, now = current_staff(), clock.now()
    with store().read() as session:
        browsers = sessions.list_browsers(session, who, now=now)
        keys = passkeys.list_for(session, who.organizer_id)
        left = totp.recovery_codes_left(session, who.organizer_id)
        letters = letter_choices.read_form(session)
        has_codes = totp.is_enrolled(session, who.organizer_id)
        has_password = session.get_one(StaffMember, who.organizer_id).password is not None
    return page(
        "auth/account",
        status,
        browsers=browsers,
        keys=keys,
        left=left,
        few=FEW_CODES,
        has_codes=has_codes,
        has_password=has_password,
        fault=fault,
        field=field,
        letters=letters,
        done_message=_done_message(request.args.get("hecho", "")),
        shortest=passwords.MIN_LENGTH,
        display_name=clean(request.form["name"]) if field == "name" else who.name,
        ago=lambda moment: ago(now - moment),
        day_of=datetime.date,
    )


def ago(since: timedelta) -> str:
    """A time span of up to twelve hours in words: «hace 5 minutos»."""
    minutes = int(since.total_seconds()) // 60
    if minutes < 1:
        return _("ahora")
    if minutes < 60:
        return ngettext("hace %(num)d minuto", "hace %(num)d minutos", minutes)
    return ngettext("hace %(num)d hora", "hace %(num)d horas", minutes // 60)


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "sesion": _("Cerramos esa sesión."),
        "sesiones": _("Cerramos todas las demás sesiones."),
        "contrasena": _("Tu contraseña cambió. Cerramos las demás sesiones."),
        "llave": _("Guardamos tu llave. Ya puedes entrar con ella."),
        "nombre": _("Cambiamos el nombre de la llave."),
        "mi-nombre": _("Guardamos tu nombre."),
        "idioma": _("Desde ahora tus páginas y tus correos salen en este idioma."),
        "quitada": _("Quitamos la llave. Ya no abre nada."),
        "correos": _("Guardamos qué correos recibes."),
        "aplicacion": _("Tu aplicación nueva ya da los códigos. La de antes ya no sirve."),
    }
    return messages.get(what, "")
