"""Set-up of the TOTP application, at the first sign-in or later, and the recovery codes."""

from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.accounts import sessions, totp
from outreach.accounts.sessions import SignedInStaff
from outreach.domain.audit import audit_log
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.errors import DataErased
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.icons import qr
from outreach.web.staff.auth import blueprint, known_browser
from outreach.web.staff.common.guards import current_staff, page, set_session_cookie, use_session
from outreach.web.staff.common.kept_forms import server_key
from outreach.web.staff.common.permissions import Scope, requires


@blueprint.get("/cuenta/aplicacion")
@requires(Scope.SIGNED_IN, fresh=True)
def totp_form() -> ResponseReturnValue:
    return offer_page(current_staff(), back="/org/cuenta")


@blueprint.post("/cuenta/aplicacion")
@requires(Scope.SIGNED_IN, fresh=True)
def change_totp() -> ResponseReturnValue:
    who, now = current_staff(), clock.now()
    secret = _offered(who)
    with store().change() as session:
        if not sessions.lock(session, who, now=now):
            return redirect("/org/entrar", 303)
        is_done = secret is not None and totp.enrol(
            session, who.organizer_id, secret, _typed(), server_key(), now=now, replaces=True
        )
        if is_done:
            audit_log.record(session, who.organizer_id, "code application changed", now=now)
            mailings.notify_staff(session, [who.organizer_id], MailingTopic.ACCOUNT, now=now)
    if not is_done:
        return offer_page(who, 422, back="/org/cuenta", fault=_wrong(), secret=secret)
    return redirect("/org/cuenta?hecho=aplicacion", 303)


@blueprint.post("/cuenta/codigos")
@requires(Scope.SIGNED_IN, fresh=True)
def print_recovery_codes() -> ResponseReturnValue:
    """Creates recovery codes; this page alone shows them."""
    who, now = current_staff(), clock.now()
    with store().change() as session:
        if not sessions.lock(session, who, now=now):
            return redirect("/org/entrar", 303)
        codes = totp.create_recovery_codes(session, who.organizer_id, server_key())
        audit_log.record(session, who.organizer_id, "paper codes printed", now=now)
        mailings.notify_staff(session, [who.organizer_id], MailingTopic.ACCOUNT, now=now)
    return page(
        "auth/recovery_codes",
        printed=codes,
        back="/org/cuenta",
        is_first=False,
        sealed=_sealed_codes(who, codes),
    )


@blueprint.post("/cuenta/codigos/archivo")
@requires(Scope.SIGNED_IN)
def download_recovery_codes() -> ResponseReturnValue:
    """Answers with the codes of the page before as a text file: phones have no printer. They are
    not stored in a readable form: the form returns them sealed for this session."""
    try:
        sealed = bytes.fromhex(request.form.get("sealed", ""))
        codes = server_key().unseal(sealed, _about_codes(current_staff()))
    except (DataErased, ValueError):
        raise PageRefused(
            _("Esos códigos ya no se guardan desde aquí. Haz otros en tu cuenta.")
        ) from None
    response = make_response(codes)
    response.mimetype = "text/plain"
    # No word of the product: the file stays on a phone that others may see.
    response.headers["Content-Disposition"] = "attachment; filename=codigos.txt"
    return response


def first(who: SignedInStaff, *, back: str) -> Response:
    """Sets up the first second factor of an account, and shows its recovery codes."""
    secret, now = _offered(who), clock.now()
    codes: list[str] = []
    token = None
    with store().change() as session:
        is_done = secret is not None and totp.enrol(
            session, who.organizer_id, secret, _typed(), server_key(), now=now
        )
        if is_done:
            token = sessions.confirm_second_factor(session, who, now=now)
            if token is None:  # the session was ended meanwhile: nothing is stored
                session.rollback()
                return make_response(redirect("/org/entrar", 303))
            codes = totp.create_recovery_codes(session, who.organizer_id, server_key())
            audit_log.record(session, who.organizer_id, "second factor set up", now=now)
            audit_log.record(
                session, who.organizer_id, "signed in", now=now, details={"by": "set up"}
            )
    if token is None:
        return offer_page(who, 422, back=back, fault=_wrong(), secret=secret)
    use_session(token)
    sealed = _sealed_codes(current_staff(), codes)
    response = page("auth/recovery_codes", printed=codes, back=back, is_first=True, sealed=sealed)
    known_browser.remember(response, who.organizer_id, now=now)
    return set_session_cookie(response, token)


def offer_page(
    who: SignedInStaff,
    status: int = 200,
    *,
    back: str,
    fault: str = "",
    secret: str | None = None,
) -> Response:
    """Shows a secret as a link for the application of this phone, in letters and as a QR code. It
    is not stored: the form returns it sealed for this session, with the first code made from it."""
    secret = secret or totp.new_secret()
    address = totp.provisioning_uri(secret, who.email, config().brand)
    return page(
        "auth/totp_setup",
        status,
        half=who,
        back=back,
        fault=fault,
        address=address,
        square=qr(address),
        letters=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        sealed=server_key().seal(secret, _about(who)).hex(),
    )


def _offered(who: SignedInStaff) -> str | None:
    try:
        return server_key().unseal(bytes.fromhex(request.form.get("sealed", "")), _about(who))
    except (DataErased, ValueError):
        return None


def _about(who: SignedInStaff) -> str:
    return f"totp offered to {who.digest}"


def _sealed_codes(who: SignedInStaff, codes: list[str]) -> str:
    return server_key().seal("\n".join(codes) + "\n", _about_codes(who)).hex()


def _about_codes(who: SignedInStaff) -> str:
    return f"recovery codes shown to {who.digest}"


def _typed() -> str:
    return request.form.get("code", "")


def _wrong() -> str:
    return _(
        "El código no coincide. La clave sigue siendo la misma: escribe el código que sale ahora."
    )
