"""Says inside the frame of the staff pages why a request was refused, and who can change that.

`error_pages` calls `show` for every error below 500. The permission of a page stands at its route
(`permissions`); a refusal never tells whether something of another office exists (S22).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from outreach.accounts.sessions import SignedInStaff
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.middleware import error_pages, response_headers
from outreach.web.middleware.same_origin import CrossSiteRequest
from outreach.web.staff.common import guards
from outreach.web.staff.common.permissions import FormTokenInvalid, PermissionMissing

MAX_ADMINS: Final = 3  # the addresses that a refusal names
_SECRET_FIELDS: Final = error_pages.SECRET_FIELDS | {"new", "answer", "sealed"}

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class RefusalText:
    """The texts of the page of a refusal, and what its form may send again."""

    heading: str
    reason: str
    picture: str = "alert"  # a name of `web.presentation.icons`
    needed: str = ""  # the roles that may do it, and where
    given_by: Sequence[str] = ()  # the accounts that can give such a role
    resent: Fields | None = None  # the fields of the form, to send again


def init_app(app: Flask) -> None:
    """Has errors of the staff pages shown in their frame."""
    error_pages.use_frame(app, show)


def show(
    status: int, error: Exception | None, sentence: str, typed: Fields | None
) -> ResponseReturnValue | None:
    """Returns the page of an error; None for one that is not of the staff pages. `sentence` is the
    reason where the error has one of its own, `typed` the fields that a refused form may send
    again."""
    if not (request.path == "/org" or request.path.startswith("/org/")) and not isinstance(
        error, PermissionMissing | FormTokenInvalid
    ):
        return None
    g.lang = guards.staff_language()
    response_headers.keep_private()
    who = guards.signed_in_staff()
    text = _permission_text(error, who) if isinstance(error, PermissionMissing) else None
    if text is None and isinstance(error, FormTokenInvalid):
        text = _form_text()
    if text is None and isinstance(error, CrossSiteRequest):
        text = _cross_site_text()
    if text is None:
        text = _status_text(status, who, sentence)
    if text.resent is None:
        text = replace(text, resent=typed)
    return guards.page("refused", status, refused=text)


def _permission_text(error: PermissionMissing, who: SignedInStaff | None) -> RefusalText | None:
    if who is None:
        return None
    if not who.grants:
        return _without_office()
    if staff.is_allowed(who.grants, error.permission, ALL_OFFICES):
        return RefusalText(
            _("Todavía no hay oficinas"),
            _("Primero se cargan las oficinas de la red. Empieza por la lista de Hoy."),
            "flag",
        )
    roles = [role for role, granted in PERMISSIONS.items() if error.permission in granted]
    names = _(" o ").join(guards.role_names([role]) for role in reversed(roles))
    place = _place_name(error.office, who)
    needed = _("%(roles)s en %(place)s", roles=names, place=place) if place else names
    if error.office == ALL_OFFICES and ALL_OFFICES not in who.grants:
        heading = _("Esta página es de las oficinas centrales")
        reason = _(
            "La abre quien tiene un papel en toda la red. %(account)s", account=_account(who)
        )
    elif set(who.grants.values()) == {Role.READER}:
        heading = _("Solo puedes mirar")
        reason = _(
            "Tu papel es «Consulta»: ves talleres y números, y no cambias nada. "
            "Esto es para %(what)s.",
            what=_permission_words(error.permission),
        )
    else:
        heading = _("Tu papel no alcanza")
        reason = _(
            "Esto es para %(what)s. Tu papel es «%(role)s».",
            what=_permission_words(error.permission),
            role=guards.role_names(who.grants.values()),
        )
    return RefusalText(heading, reason, "lock", needed, _admins())


def _without_office() -> RefusalText:
    return RefusalText(
        _("Falta una oficina en tu cuenta"),
        _(
            "Entraste, pero tu cuenta todavía no tiene papel en ninguna oficina. Pide que te den "
            "uno; luego vuelve a cargar la página."
        ),
        "lock",
        _("Un papel en una oficina"),
        _admins(),
    )


def _form_text() -> RefusalText:
    """Returns the text for a form whose token is from the session before another sign-in."""
    if not _is_attested():
        return RefusalText(
            _("Tu sesión cambió desde que abriste la página"),
            _("No se hizo nada. Vuelve atrás, carga la página otra vez y envía de nuevo."),
        )
    reason = _(
        "No se hizo nada: esa página se abrió con otra sesión, quizá en otra pestaña. Lo que "
        "escribiste sigue aquí; si quien entró es la misma persona, envíalo otra vez."
    )
    return RefusalText(_("Tu sesión cambió en otra pestaña"), reason, resent=_sent_fields())


def _cross_site_text() -> RefusalText:
    if _is_attested():  # an address of this site that is not the one of its settings
        return RefusalText(
            _("Esta página se abrió con otra dirección"),
            _(
                "No se hizo nada: el sitio solo recibe formularios en %(url)s. Ábrelo ahí y envía "
                "otra vez; con «atrás» vuelves a lo que escribiste.",
                url=config().public_url,
            ),
        )
    return RefusalText(
        _("Esta orden la mandó otro sitio"),
        _(
            "Tu navegador dice que no salió de una página de este sitio. No se hizo nada. Si no "
            "fuiste tú, cierra aquella página; si fuiste tú, hazlo desde aquí."
        ),
    )


def _status_text(status: int, who: SignedInStaff | None, sentence: str) -> RefusalText:
    if status == 404:
        return _not_found_text(who)
    texts: Mapping[int, tuple[str, str]] = {
        400: (
            _("No entendimos lo que llegó"),
            _("Vuelve atrás, carga la página y envía otra vez."),
        ),
        405: (
            _("Esta dirección no se abre así"),
            _("Es la de un botón. Abre la página donde está el botón y tócalo ahí."),
        ),
        409: (
            _("Eso ya no se puede hacer"),
            _("Algo cambió mientras mirabas. Vuelve atrás y mira cómo está ahora."),
        ),
        410: (_("Esto ya no está"), _("Se borró o ya terminó, y nadie puede traerlo de vuelta.")),
        413: (
            _("Es demasiado grande"),
            _("No se guardó. Vuelve atrás, quita algo y envía otra vez."),
        ),
        429: (
            _("Espera un momento"),
            _("Llegaron muchos intentos desde tu conexión. Nada se pierde por esperar."),
        ),
    }
    heading, reason = texts.get(
        status, (_("No se pudo"), _("Hay un dato que no pudimos usar. Vuelve atrás y revísalo."))
    )
    return RefusalText(heading, sentence or reason, "clock" if status == 429 else "alert")


def _not_found_text(who: SignedInStaff | None) -> RefusalText:
    heading = _("No encontramos esta página")
    if who is None:
        return RefusalText(heading, _("Entra con tu cuenta, o revisa la dirección."))
    if not who.grants:
        return _without_office()
    if ALL_OFFICES in who.grants:
        return RefusalText(heading, _("Se borró, se unió con otra o la dirección está incompleta."))
    reason = _("No existe, o es de otra oficina. %(account)s", account=_account(who))
    return RefusalText(heading, reason, given_by=_admins())


def _permission_words(permission: Permission) -> str:
    """Returns what a permission is for, as words that follow «Esto es para»."""
    words: dict[Permission, str] = {
        Permission.SEE: _("ver los talleres de una oficina"),
        Permission.EDIT: _("crear, cambiar o publicar talleres"),
        Permission.PEOPLE: _("ver quién viene"),
        Permission.CONTACTS: _("ver cómo hablar con la gente o anotarla por teléfono"),
        Permission.DOOR: _("pasar lista en la entrada"),
        Permission.EXPORT: _("descargar la lista de un taller"),
        Permission.COLLEAGUES: _("invitar y suspender a personas de una oficina"),
        Permission.AFFIRM: _("responder por lo que la página promete de una sede"),
        Permission.CALLS: _("apartar lugares en el centro de llamadas"),
        Permission.NETWORK: _("administrar la red"),
    }
    return words[permission]


def _account(who: SignedInStaff) -> str:
    """Returns where an account belongs, as «Tu cuenta es de Chicago.»"""
    names = [_place_name(office, who) for office in sorted(who.grants)]
    return _("Tu cuenta es de %(places)s.", places=", ".join(filter(None, names)))


def _place_name(office: str, who: SignedInStaff) -> str:
    """Returns the city of an office (slug), or «toda la red» for `ALL_OFFICES`. Without an office
    it is that of an account with a role at one only; otherwise empty."""
    if not office and len(who.grants) == 1:
        office = next(iter(who.grants))
    if office == ALL_OFFICES:
        return _("toda la red")
    try:
        with store().read() as session:
            return offices.find(session, office).city if office else ""
    except NotFound:
        return office


def _admins() -> Sequence[str]:
    """Returns name and address of some accounts that administer the network."""
    with store().read() as session:
        ids = staff.list_admin_ids(session)[:MAX_ADMINS]
        found = [staff.get(session, each) for each in ids]
        return [f"{each.name}, {each.email}" if each.name else each.email for each in found]


def _is_attested() -> bool:
    """Whether the browser says that a page of this site sent the form. Without that, what was sent
    is not shown: it may be somebody else's text."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _sent_fields() -> Fields | None:
    """The fields of the form, without its token; None where there are none, where one is secret, or
    a file would be missing."""
    try:
        sent = request.form
    except HTTPException:  # too large, or not a form
        return None
    if request.files or _SECRET_FIELDS & sent.keys():
        return None
    return [each for each in sent.items(multi=True) if each[0] != "token"] or None
