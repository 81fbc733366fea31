"""Staff accounts: list, roles, suspension, reset. An office lead sees those of their offices."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, formats
from outreach.accounts import administration, credentials, invitations
from outreach.accounts.invitations import OpenInvitation
from outreach.accounts.server_encryption import ServerEncryption
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import ALL_OFFICES, Permission, Role, StaffMember
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import Mailing
from outreach.domain.text import clean, fold
from outreach.errors import Refusal
from outreach.i18n import current
from outreach.i18n import gettext as _
from outreach.mail import delivery
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common.guards import current_staff, has_permission, page, role_names
from outreach.web.staff.common.kept_forms import server_key
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint

_ROLE_FIELD = "role-"  # prefix of the field with the role at an office: role-chicago


@dataclass(frozen=True, kw_only=True)
class StaffAccountRow:
    """One account in the list."""

    id: int
    label: str  # the display name, else the address
    email: str
    roles: frozenset[Role]
    role: str
    places: str
    tag: CardTag
    seen: str
    invitation: tuple[str, ...]  # what happened to the invitation, in phrases
    is_me: bool


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """What the rows of accounts are made from."""

    cities: Mapping[str, str]
    slugs: frozenset[str] | None  # the offices that the reader manages; None for all
    open_links: Mapping[int, OpenInvitation]
    letters: Mapping[int, Mailing]
    names: Mapping[int, str]  # all accounts, by id
    now: datetime


@blueprint.get("/personal")
@requires(Scope.CHOSEN_OFFICE, Permission.COLLEAGUES)
def list_staff() -> ResponseReturnValue:
    query, role = clean(request.args.get("q", ""))[:100], request.args.get("papel", "")
    with store().read() as session:
        everybody = staff.list_staff(session)
        listed = _listed(session, everybody)
        rows = [
            _row(each, listed)
            for each in everybody
            if listed.slugs is None or listed.slugs & administration.rights_of(each).keys()
        ]
        with_second = credentials.ids_with_second_factor(session)
    matches = [row for row in rows if fold(query) in fold(f"{row.label} {row.email} {row.places}")]
    counts = Counter(each for row in matches for each in row.roles)
    shown = [row for row in matches if role not in set(Role) or Role(role) in row.roles]
    return page(
        "network/staff_accounts",
        with_second=with_second,
        rows=shown,
        total=len(matches),
        asked=query,
        role=role,
        roles=[
            (each.value, role_names([each]), counts[each])
            for each in Role
            if listed.slugs is None or counts[each]
        ],
        team=team_name(listed.cities, listed.slugs),
        abilities=abilities(),
        done_message=_done_message(request.args.get("hecho", "")),
    )


@blueprint.get("/personal/<int(max=2147483647):organizer_id>")
@requires(Scope.ACCOUNT, Permission.COLLEAGUES)
def edit_staff(organizer_id: int) -> ResponseReturnValue:
    return account_page(organizer_id)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def update_staff(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            rights = _typed_rights(organizer)
            is_new = administration.change(
                session, organizer, rights, by=current_staff().organizer_id, now=clock.now()
            )
    except Refusal as refusal:
        return account_page(organizer_id, fault=error_messages.say(refusal))
    done = "cambiada" if is_new else "igual"
    return redirect(f"/org/personal/{organizer_id}?hecho={done}", 303)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>/suspender")
@requires(Scope.ACCOUNT, Permission.COLLEAGUES, fresh=True)
def disable_staff(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            administration.disable(
                session, organizer, by=current_staff().organizer_id, now=clock.now()
            )
    except Refusal as refusal:
        return account_page(organizer_id, fault=error_messages.say(refusal))
    return redirect(f"/org/personal/{organizer_id}?hecho=suspendida", 303)


@blueprint.post("/personal/<int(max=2147483647):organizer_id>/reiniciar")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def reset_staff(organizer_id: int) -> ResponseReturnValue:
    try:
        with store().change() as session:
            organizer = staff.get(session, organizer_id)
            letters = mailings.list_invitation_letters(session)
            letter_key = choose_letter_key(letters.get(organizer_id))
            token = administration.reset(
                session,
                organizer,
                by=current_staff().organizer_id,
                now=clock.now(),
                second_factor=request.form.get("second_factor") == "yes",
                letter_key=letter_key,
            )
    except Refusal as refusal:
        return account_page(organizer_id, fault=error_messages.say(refusal))
    if letter_key is not None:
        return redirect(f"/org/personal/{organizer_id}?hecho=reiniciada", 303)
    return link_page(organizer.email, token, is_reset=True)


def _typed_rights(organizer: StaffMember) -> dict[str, Role]:
    """The roles in the form: at the current offices, and at one more. Raises Refusal for an unknown
    role."""
    rights: dict[str, Role] = {}
    for office, role in administration.rights_of(organizer).items():
        typed = request.form.get(f"{_ROLE_FIELD}{office}", role.value)
        if typed == "":
            continue
        rights[office] = _role(typed)
    more = request.form.get("office", "")
    if more:
        rights[more] = _role(request.form.get("role", ""))
    return rights


def _role(typed: str) -> Role:
    if typed not in set(Role):
        raise PageRefused(_("Elige un papel de la lista."))
    return Role(typed)


def _listed(session: Session, everybody: Iterable[StaffMember]) -> _Listed:
    now = clock.now()
    return _Listed(
        cities=cities_of(session),
        slugs=managed_slugs(),
        open_links=invitations.pending(session, now=now),
        letters=mailings.list_invitation_letters(session),
        names={each.id: each.label for each in everybody},
        now=now,
    )


def _row(organizer: StaffMember, listed: _Listed) -> StaffAccountRow:
    """Returns the row of an account. An office lead reads in it the roles at their own offices
    only."""
    rights = {
        office: role
        for office, role in administration.rights_of(organizer).items()
        if listed.slugs is None or office in listed.slugs
    }
    return StaffAccountRow(
        id=organizer.id,
        label=organizer.label,
        email=organizer.email,
        roles=frozenset(rights.values()),
        role=role_names(rights.values()),
        places=", ".join(sorted(_place(office, listed.cities) for office in rights)),
        tag=_tag(organizer, listed.open_links, listed.now),
        seen=_seen(organizer.signed_in_at, listed.now),
        invitation=tuple(_invitation_words(organizer, listed)),
        is_me=organizer.id == current_staff().organizer_id,
    )


def _invitation_words(organizer: StaffMember, listed: _Listed) -> Iterator[str]:
    """Returns what became of an invitation while its link is open: «Invitó Ana, hoy», «Correo
    enviado», «Sin abrir»."""
    link = listed.open_links.get(organizer.id)
    if link is None:
        return
    when = _seen(link.made_at, listed.now).lower()
    who = listed.names.get(link.made_by_id or 0)
    yield (
        _("Invitó %(who)s, %(when)s", who=who, when=when) if who else _("Desde %(when)s", when=when)
    )
    letter = listed.letters.get(organizer.id)
    if letter is None or letter.made_at != link.made_at:
        yield _("Sin correo: el enlace se dio en mano")
    elif letter.is_dead:
        yield _("El correo no salió")
    else:
        yield _("Correo enviado") if letter.done_at else _("El correo sale en un momento")
    yield _("Ya lo abrió") if link.opened_at else _("Sin abrir")


def _tag(
    organizer: StaffMember, open_links: Mapping[int, OpenInvitation], now: datetime
) -> CardTag:
    if organizer.disabled_at is not None:
        return CardTag(_("Suspendida"), "tag-bad")
    if organizer.password is not None:
        return CardTag(_("Activa"), "tag-good")
    if organizer.id not in open_links:
        return CardTag(_("El enlace venció"), "tag-bad")
    days = (clock.network_day(open_links[organizer.id].ends_at) - clock.network_day(now)).days
    when = _("hoy") if days == 0 else _("mañana") if days == 1 else _("en %(num)d días", num=days)
    return CardTag(_("Invitada, vence %(when)s", when=when), "tag-warn")


def _seen(at: datetime | None, now: datetime) -> str:
    if at is None:
        return _("Nunca")
    day, today = clock.network_day(at), clock.network_day(now)
    if day == today:
        return _("Hoy")
    pattern = formats.SHORT_DAY if day.year == today.year else formats.SHORT_DAY_WITH_YEAR
    return formats.dated(day, pattern, current())


def managed_slugs() -> frozenset[str] | None:
    """The offices whose accounts this person manages; None for all."""
    if has_permission(Permission.NETWORK, ALL_OFFICES):
        return None
    return frozenset(
        slug for slug in current_staff().grants if has_permission(Permission.COLLEAGUES, slug)
    )


def team_name(cities: Mapping[str, str], slugs: frozenset[str] | None) -> str:
    """Returns «Equipo de Chicago» for an office lead, «Personal» for who administers the
    network."""
    if slugs is None:
        return str(_("Personal"))
    return _("Equipo de %(cities)s", cities=", ".join(sorted(cities.get(s, s) for s in slugs)))


def cities_of(session: Session) -> dict[str, str]:
    """The cities of the offices by slug, in the order of the cities."""
    by_city = sorted(offices.list_offices(session), key=lambda office: office.city)
    return {office.slug: office.city for office in by_city}


def _place(office: str, cities: Mapping[str, str]) -> str:
    return str(_("Toda la red")) if office == ALL_OFFICES else cities.get(office, office)


def role_choices() -> list[tuple[str, str]]:
    return [(role.value, role_names([role])) for role in Role]


def _choices_at(office: str, has: Role) -> list[tuple[str, str]]:
    """The roles that can be given at an office, and the current one."""
    unfit = administration.OFFICE_ROLES if office == ALL_OFFICES else (Role.CALLER,)
    excluded = {role.value for role in unfit if role is not has}
    return [(value, name) for value, name in role_choices() if value not in excluded]


def abilities() -> list[tuple[str, str]]:
    """The names of the roles and what each may do, highest first."""
    return [(role_names([role]), ability_of(role)) for role in Role]


def ability_of(role: Role) -> str:
    words: dict[Role, str] = {
        Role.ADMIN: _("Oficinas, tipos, personal, cierre del mes y boletín."),
        Role.LEAD: _("Lo de Organiza, y además invita y suspende a personas de su oficina."),
        Role.ORGANIZER: _("Crea, publica y reporta talleres de su oficina, y avisa a su gente."),
        Role.DOOR: _("Pasa lista. No ve correos ni teléfonos."),
        Role.READER: _("Talleres y cifras. No ve nombres."),
        Role.CALLER: _("Aparta lugares por teléfono en toda la red. No ve listas de personas."),
    }
    return words[role]


def choose_letter_key(last_letter: Mailing | None = None) -> ServerEncryption | None:
    """The key under which an invitation link is sealed for its letter, since only the mailbox gets
    it: whoever has the link can work as that person. None where no letter arrives, and an admin
    hands the link over: this site sends none, or gave up the `last_letter` and the form asks for
    the link. Raises Refusal for a lead where this site sends none."""
    can_send = delivery.letter_transport(config()) is not None
    if can_send and not (is_undeliverable(last_letter) and request.form.get("do") == "link"):
        return server_key()
    if has_permission(Permission.NETWORK, ALL_OFFICES):
        return None
    if can_send:
        return server_key()
    raise PageRefused(
        _("Este sitio no manda correos. Pide a quien administra la red que haga la invitación.")
    )


def is_undeliverable(last_letter: Mailing | None) -> bool:
    return last_letter is not None and last_letter.is_dead


def link_page(email: str, token: str, *, is_reset: bool = False) -> Response:
    """Shows the link, once."""
    address = f"{config().public_url}/org/invitacion/{token}"
    return page("network/link", email=email, address=address, is_reset=is_reset)


def account_page(organizer_id: int, fault: str = "", status: int = 422) -> Response:
    """Shows the page of an account; with a fault, why something was refused."""
    with store().read() as session:
        organizer = staff.get(session, organizer_id)
        listed = _listed(session, staff.list_staff(session))
        cities = listed.cities
        rights = administration.rights_of(organizer)
        row = _row(organizer, listed)
        hindrance = administration.find_hindrance(
            session, organizer, by=current_staff().organizer_id
        )
    given = [
        (f"{_ROLE_FIELD}{office}", _place(office, cities), role, _choices_at(office, role))
        for office, role in rights.items()
    ]
    places = [(ALL_OFFICES, _place(ALL_OFFICES, cities)), *cities.items()]
    return page(
        "network/staff_account",
        status if fault else 200,
        row=row,
        is_disabled=organizer.disabled_at is not None,
        is_unused=organizer.is_unused,
        is_network=listed.slugs is None,
        can_send=delivery.letter_transport(config()) is not None,
        is_undeliverable=is_undeliverable(listed.letters.get(organizer_id)),
        team=team_name(cities, listed.slugs),
        hindrance=error_messages.say(hindrance) if hindrance else "",
        given=sorted(given, key=lambda each: each[1]),
        typed=request.form,
        others=[(slug, city) for slug, city in places if slug not in rights],
        roles=role_choices(),
        abilities=abilities(),
        fault=fault,
        done_message=_done_message(request.args.get("hecho", "")),
    )


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "cambiada": _("Cambios guardados. Cuentan desde su siguiente clic."),
        "suspendida": _("Cuenta suspendida. Desde su siguiente clic ya no entra."),
        "igual": _("No había nada que cambiar."),
        "retirada": _("Invitación retirada. El enlace ya no sirve."),
        "invitada": _("Invitación enviada. El enlace llega solo a su correo."),
        "reiniciada": _(
            "Su contraseña de antes y sus sesiones ya no sirven. Le mandamos un enlace a su correo."
        ),
    }
    return messages.get(what, "")
