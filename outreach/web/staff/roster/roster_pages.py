"""The members of the roster: the list, the form of one, and their calendar's address.

Staff see the members of their own offices and those of the network; the contact of a network member
only who administers the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, i18n, network_profile
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.roster import assignments, members
from outreach.domain.roster.members import MemberDetails
from outreach.domain.roster.models import RosterMember, RosterRole
from outreach.errors import DataErased, ErrorCode, NotFound, Refusal
from outreach.formats import language_name
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.icons import qr
from outreach.web.staff.common import roster_labels, workshop_labels
from outreach.web.staff.common.acts import done_words, list_faults
from outreach.web.staff.common.guards import (
    has_permission,
    log_office_action,
    log_workshop_action,
    offices_with,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires
from outreach.web.staff.roster import blueprint, member_form
from outreach.web.staff.roster.member_form import NETWORK, MemberForm

_DONE: Final = {
    "guardado": lazy("Guardado. Ya se puede elegir en un taller."),
    "retirado": lazy("Retirado. Sus datos se borran en un año."),
    "otra-vez": lazy("Otra vez se puede elegir."),
    "quitado": lazy("La dirección ya no sirve."),
}
SHOWN_AHEAD: Final = timedelta(days=400)  # a member's page lists assignments as far as this


@dataclass(frozen=True, kw_only=True, repr=False)
class MemberRow:
    """A member in the list."""

    id: int
    name: str
    what: str
    place: str
    hours: Sequence[str]
    has_email: bool


@blueprint.get("/equipo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def list_members() -> ResponseReturnValue:
    """Lists the members, filtered by `papel`, `lengua`, `oficina` (a slug, or «red») and
    `retirados`."""
    asked_role, language = request.args.get("papel", ""), request.args.get("lengua", "")
    role = RosterRole(asked_role) if asked_role in set(RosterRole) else None
    language = language if language in i18n.SPOKEN else ""
    place, is_retired = request.args.get("oficina", ""), "retirados" in request.args
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
        found = members.list_members(
            session,
            [each.id for each in own_offices],
            role=role,
            language=language,
            is_retired=is_retired,
        )
        if place:
            found = [each for each in found if (_slug(each) or NETWORK) == place]
        rows = make_rows(found)
    return page(
        "roster/list",
        rows=rows,
        roles=[(each.value, roster_labels.role_words(each)) for each in RosterRole],
        languages=[(code, language_name(code, i18n.current())) for code in i18n.SPOKEN],
        offices=own_offices,
        role=role,
        language=language,
        place=place,
        is_retired=is_retired,
        done=done_words(_DONE),
    )


def make_rows(found: Sequence[RosterMember]) -> list[MemberRow]:
    """The rows of these members by name; without those whose data are erased."""
    details = members.open_details(key_store(), found)
    rows = [
        MemberRow(
            id=each.id,
            name=details[each.id].name,
            what=roster_labels.what_words(each),
            place=roster_labels.place_words(each),
            hours=roster_labels.availability_words(each),
            has_email=each.has_email,
        )
        for each in found
        if each.id in details
    ]
    return sorted(rows, key=lambda row: row.name.casefold())


@blueprint.get("/equipo/nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def new_member() -> ResponseReturnValue:
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
    slug = own_offices[0].slug if own_offices else NETWORK
    form = _form(
        own_offices,
        office=slug,
        role=RosterRole.SPEAKER.value,
        lang=network_profile.current().staff_language,
    )
    return _form_page(form)


@blueprint.post("/equipo/nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def create_member() -> ResponseReturnValue:
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
    form = _form(own_offices)
    if (slug := form.office.data) and slug != NETWORK:
        require_permission(Permission.EDIT, slug)
    if not form.validate():
        return _form_page(form, status=422)
    office = next((each for each in own_offices if each.slug == form.office.data), None)
    sealed = members.seal(key_store(), form.details)
    with store().change() as session:
        member = members.add(session, sealed, form.member_data(office.id if office else None))
        _log(session, office.slug if office else "", "roster member added", member)
    return redirect("/org/equipo?hecho=guardado", 303)


@blueprint.get("/equipo/<int(max=2147483647):member_id>")
@requires(Scope.MEMBER, Permission.EDIT)
def show_member(member_id: int) -> ResponseReturnValue:
    with store().read() as session:
        member = find_member(session, member_id)
        details = _read_details(member)
        if not _may_edit(member):
            return _read_only_page(session, member, details)
        form = MemberForm(None, [], is_new=False, **member_form.read_values(member, details))
        return _form_page(form, session=session, member=member, name=details.name)


@blueprint.post("/equipo/<int(max=2147483647):member_id>")
@requires(Scope.MEMBER, Permission.EDIT)
def update_member(member_id: int) -> ResponseReturnValue:
    """Saves the form of a member. With the field `do` it retires the member or offers them again
    instead."""
    with store().read() as session:
        member = _find_own(session, member_id)
    match request.form.get("do"):
        case "retire":
            return _retire(member)
        case "offer":
            return _offer(member)
    form = MemberForm(request.form, [], is_new=False)
    if not form.validate():
        with store().read() as session:
            member = _find_own(session, member_id)
            return _form_page(
                form, session=session, member=member, name=_read_details(member).name, status=422
            )
    sealed = members.seal(key_store(), form.details, member)
    with store().change() as session:
        member = _find_own(session, member_id)
        members.change(session, member, sealed, form.member_data(member.office_id))
        _log(session, _slug(member), "roster member changed", member)
    return redirect("/org/equipo?hecho=guardado", 303)


@blueprint.post("/equipo/<int(max=2147483647):member_id>/calendario")
@requires(Scope.MEMBER, Permission.EDIT)
def update_feed(member_id: int) -> ResponseReturnValue:
    """Makes a new address of the member's calendar, which this response alone shows (`do=make`), or
    revokes it, so that it stops working (`do=revoke`)."""
    what = request.form.get("do")
    with store().change() as session:
        member = _find_own(session, member_id)
        if what not in {"make", "revoke"}:
            raise PageRefused(_("Elige qué hacer con los botones de esta página."))
        details = _read_details(member)
        if member.retired_at is not None:
            raise NotFound("roster member")
        if what == "revoke":
            members.revoke_feed(member)
            _log(session, _slug(member), "roster calendar stopped", member)
            return redirect(f"/org/equipo/{member_id}?hecho=quitado", 303)
        token = members.make_feed(member, now=clock.now())
        _log(session, _slug(member), "roster calendar made", member)
        lang = member.lang
    address = f"{config().public_url}/{lang}/equipo/cal/{token}.ics"
    return page(
        "roster/feed", member_id=member_id, full_name=details.name, address=address, qr=qr(address)
    )


def find_member(session: Session, member_id: int) -> RosterMember:
    """A member of one of the own offices, or of the network. Raises NotFound."""
    own_offices = offices_with(session, Permission.EDIT)
    return members.find(session, [each.id for each in own_offices], member_id)


def _find_own(session: Session, member_id: int) -> RosterMember:
    """A member whom the staff member may change. Raises NotFound and PermissionMissing."""
    member = find_member(session, member_id)
    if not _may_edit(member):
        raise PermissionMissing(Permission.NETWORK, ALL_OFFICES)
    return member


def _may_edit(member: RosterMember) -> bool:
    if member.office is None:
        return has_permission(Permission.NETWORK, ALL_OFFICES)
    return has_permission(Permission.EDIT, member.office.slug)


def _retire(member: RosterMember) -> ResponseReturnValue:
    """Retires a member: who was asked for a workshop ahead is told that they need not come."""
    now = clock.now()
    with store().change() as session:
        current = _find_own(session, member.id)
        if current.retired_at is None:
            for workshop in assignments.release_member(session, current, now=now):
                log_workshop_action(session, workshop, "member released", {"member": current.id})
            members.retire(current, now=now)
            _log(session, _slug(current), "roster member retired", current)
    key_store().expire_by([member.key_id], members.compute_forget_day(now))
    return redirect("/org/equipo?hecho=retirado", 303)


def _offer(member: RosterMember) -> ResponseReturnValue:
    # The key first: after a crash in between the member is retired, as before.
    if not key_store().keep(member.key_id, members.ALWAYS):
        raise Refusal(ErrorCode.MEMBER_ERASED)
    with store().change() as session:
        current = _find_own(session, member.id)
        members.reinstate(current)
        _log(session, _slug(current), "roster member offered", current)
    return redirect("/org/equipo?hecho=otra-vez", 303)


def _log(session: Session, slug: str, action: str, member: RosterMember) -> None:
    log_office_action(session, slug, action, {"member": member.id})


def _slug(member: RosterMember) -> str:
    return member.office.slug if member.office is not None else ""


def _read_details(member: RosterMember) -> MemberDetails:
    """Returns name and e-mail of a member. Raises NotFound where they are erased."""
    try:
        return members.read_details(key_store(), member)
    except DataErased:
        raise NotFound("roster member") from None


def _form(own_offices: Sequence[Office], **values: Any) -> MemberForm:
    has_network = has_permission(Permission.NETWORK, ALL_OFFICES)
    typed = None if values else request.form
    return MemberForm(typed, own_offices, has_network=has_network, **values)


def _form_page(
    form: MemberForm,
    *,
    session: Session | None = None,
    member: RosterMember | None = None,
    name: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    return page(
        "roster/member",
        status,
        form=form,
        member=member,
        full_name=name,
        faults=list_faults(form),
        place=roster_labels.place_words(member) if member else "",
        dates=_list_dates(session, member) if session and member else [],
        labels=roster_labels,
        words=workshop_labels,
        done=done_words(_DONE) if status == 200 else "",
    )


def _read_only_page(
    session: Session, member: RosterMember, details: MemberDetails
) -> ResponseReturnValue:
    return page(
        "roster/network_member",
        member=member,
        full_name=details.name,
        what=roster_labels.what_words(member),
        hours=roster_labels.availability_words(member),
        words=workshop_labels,
    )


def _list_dates(session: Session, member: RosterMember) -> Sequence[object]:
    """Returns the assignments ahead, and whether each may be shown whole. A workshop of another
    office shows only its day and hour."""
    today = clock.now().date()
    return [
        (each, has_permission(Permission.SEE, each.workshop.office.slug))
        for each in assignments.list_of_member(
            session, member, first_day=today, last_day=today + SHOWN_AHEAD
        )
    ]
